/* Runs made into a transfer model: fits by hand and of a truth of another form, what of a run is taken, and which runs are of no use. */
#include "analysis/least_squares.h"
#include "analysis/transfer_fit.h"
#include "bench/base/err.h"
#include "t/made_study.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void a_line_by_hand(void **state)
{
	(void)state;
	/* y = 1 + 2 x with errors of 1, -2, 1 about it: the fit is 1 + 2 x itself, since they are orthogonal to 1 and x. */
	static const double x[] = { 1, 0, 1, 1, 1, 2 }, y[] = { 1 + 1, 3 - 2, 5 + 1 };
	struct least_squares l;
	struct err e = { 0 };
	assert_int_equal(least_squares_fit(x, y, 3, 2, &l, &e), 0);
	assert_true(fabs(l.coefficients[0] - 1) < 1e-12 && fabs(l.coefficients[1] - 2) < 1e-12);
	/* Squares left 6, one degree of freedom; about the mean 3: 1 + 4 + 9. Errors sqrt(6 * 5 / 6), sqrt(6 / 2). */
	assert_true(fabs(l.residual - sqrt(6)) < 1e-12 && fabs(l.explained - (1 - 6 / 14.)) < 1e-12);
	assert_true(fabs(l.errors[0] - sqrt(5)) < 1e-12 && fabs(l.errors[1] - sqrt(3)) < 1e-12);
	assert_int_equal(least_squares_fit(x, y, 1, 2, &l, &e), -1);
	assert_string_equal(e.text, "1 row cannot say 2 coefficients: it takes one each at least");
	assert_int_equal(least_squares_fit(x, y, 2, 2, &l, &e), 0);
	assert_true(isnan(l.residual) && isnan(l.errors[0]));
}

/* A term that is always 0 gets nothing, and does not disturb the others. */
static void a_term_that_never_varies(void **state)
{
	(void)state;
	static const double x[] = { 1, 0, 0, 1, 1, 0, 1, 2, 0, 1, 3, 0 }, y[] = { 1, 3, 5, 7 };
	struct least_squares l;
	assert_int_equal(least_squares_fit(x, y, 4, 3, &l, NULL), 0);
	assert_true(fabs(l.coefficients[0] - 1) < 1e-9 && fabs(l.coefficients[1] - 2) < 1e-9);
	assert_true(l.coefficients[2] == 0);
}

/* Two directions with an angle of cosine c have singular values sqrt(1 + c), sqrt(1 - c). */
static void conditions_by_hand(void **state)
{
	(void)state;
	static const double apart[] = { 1, 0, 0, 5 }, near[] = { 1, 3, 0, 4 }, same[] = { 1, 2, 2, 4, 3, 6 },
			    none[] = { 1, 0, 2, 0 };
	assert_true(fabs(least_squares_condition(apart, 2, 2) - 1) < 1e-12);
	assert_true(fabs(least_squares_condition(near, 2, 2) - sqrt(1.6 / 0.4)) < 1e-12);
	assert_true(least_squares_condition(same, 3, 2) > 1e9);
	assert_true(isinf(least_squares_condition(none, 2, 2)));
	assert_true(isinf(least_squares_condition(apart, 1, 2)));
}

/* ---- fits ---- */

enum { RUNS_MAX = 60 };

/* Runs at 1 Gbit/s over sizes and round trips, at one dirty rate; window 0: none. A truth that is not the model's form. */
static int runs_of(struct transfer_run *runs, double dirty_per_s, double window_bytes, double per_rtt_s)
{
	static const double sizes[] = { 0.6 * 0x1p30, 0x1p30 }, rtts_ms[] = { 0.2, 6, 10, 20, 30 };
	int count = 0;
	for (int s = 0; s < 2; s++)
		for (int r = 0; r < 5; r++)
			for (int repeat = 0; repeat < 3; repeat++) {
				double rate = 1e9 / 8, rtt_s = rtts_ms[r] / 1e3, noise = 1 + 0.004 * (repeat - 1);
				if (window_bytes > 0)
					rate = fmin(rate, window_bytes / rtt_s);
				double time_s =
					(1 + sizes[s] / (rate - dirty_per_s) + per_rtt_s * rtts_ms[r]) * noise;
				runs[count++] = (struct transfer_run){ .used_bytes = sizes[s],
					                               .dirty_per_s = dirty_per_s,
					                               .rate_bits_per_s = 1e9,
					                               .rtt_ns = rtts_ms[r] * 1e6,
					                               .time_s = time_s,
					                               .lost_s = 0.3 + 0.15 * time_s };
			}
	return count;
}

static struct transfer_model model_of(const struct transfer_fit *f)
{
	struct transfer_model m = { .rate_bits_per_s = 1000000000, .fitted = true };
	memcpy(m.time, f->time.coefficients, sizeof(m.time));
	memcpy(m.lost, f->lost.coefficients, sizeof(m.lost));
	memcpy(m.measured, f->measured, sizeof(m.measured));
	return m;
}

/* Of a window and one dirty rate: the dirty term is left out, with why, and no prediction is free. */
static void a_truth_of_another_form(void **state)
{
	(void)state;
	struct transfer_run runs[RUNS_MAX];
	struct transfer_fit f;
	struct err e = { 0 };
	int count = runs_of(runs, 0x1p20, 350e3, 0);
	assert_int_equal(transfer_fit(runs, count, &f, &e), 0);
	assert_int_equal(f.runs, 30);
	assert_string_equal(f.time.left_out[3],
	                    "the runs cannot tell it from the others: the dirty rate was 1 MiB/s in "
	                    "all of them");
	assert_true(f.time.coefficients[3] == 0 && isnan(f.time.errors[3]));
	struct transfer_model m = model_of(&f);
	for (double gib = 0.01; gib < 4; gib *= 2)
		for (int rtt_ms = 0; rtt_ms <= 60; rtt_ms += 10)
			for (double dirty = 0; dirty < 64e6; dirty += 16e6) {
				int64_t used = (int64_t)(gib * 0x1p30);
				struct transfer_cost is = transfer_cost(&m, used, dirty, rtt_ms * INT64_C(1000000));
				assert_true(is.fixed >= 0 && is.link >= (double)used * 8 * 0.999 && is.lost >= 0);
			}
	/* Where it was measured it is as near as it says, and elsewhere it says so. */
	for (int i = 0; i < count; i++)
		assert_true(fabs(transfer_fitted_s(&f.time, &runs[i]) - runs[i].time_s) < 3 * f.time.residual);
	assert_int_equal(transfer_beyond(&m, 1 << 30, 0x1p20, 30000000), 0);
	assert_int_equal(transfer_beyond(&m, 1 << 30, 0, 40000000), 1 << TRANSFER_DIRTY | 1 << TRANSFER_RTT);
}

/* Round trips that cost by themselves are found, and not where they do not. */
static void a_pure_round_trip_where_asked_for(void **state)
{
	(void)state;
	struct transfer_run runs[RUNS_MAX];
	struct transfer_fit f;
	int count = runs_of(runs, 0, 0, 0.2);
	assert_int_equal(transfer_fit(runs, count, &f, NULL), 0);
	assert_string_equal(f.time.left_out[4], "");
	assert_true(fabs(f.time.coefficients[4] - 0.2) < 0.02);
	assert_string_equal(f.time.left_out[3],
	                    "the runs cannot tell it from the others: the dirty rate was 0 B/s in "
	                    "all of them");
	count = runs_of(runs, 0, 0, 0);
	assert_int_equal(transfer_fit(runs, count, &f, NULL), 0);
	assert_non_null(strstr(f.time.left_out[4], "do not ask for it"));
	assert_true(f.time.coefficients[4] == 0 && fabs(f.time.coefficients[0] - 1) < 0.1);
}

/* The runs of configs/sakurai/rtt-transfer.conf and, of rtt-dirty.conf, those with more writing: the dirty term is told apart. */
static void a_dirty_rate_that_varies(void **state)
{
	(void)state;
	struct transfer_run runs[RUNS_MAX];
	struct transfer_fit f;
	int count = runs_of(runs, 0x1p20, 0, 0.02);
	assert_int_equal(transfer_fit(runs, count, &f, NULL), 0);
	assert_string_not_equal(f.time.left_out[3], "");
	for (int i = 0; i < 8; i++) {
		struct transfer_run *r = &runs[count++];
		double rate = 1e9 / 8, noise = i % 2 ? 1.004 : 0.996;
		*r = (struct transfer_run){ .used_bytes = 0x1p30,
			                    .dirty_per_s = (i & 2 ? 24 : 8) * 0x1p20,
			                    .rate_bits_per_s = 1e9,
			                    .rtt_ns = i & 4 ? 20e6 : 0.2e6 };
		r->time_s = (1 + 0x1p30 / (rate - r->dirty_per_s) + 0.02 * r->rtt_ns / 1e6) * noise;
		r->lost_s = 0.3 + 0.15 * r->time_s;
	}
	assert_int_equal(transfer_fit(runs, count, &f, NULL), 0);
	/* A round trip costs the same whatever the memory. */
	for (int i = 0; i < TRANSFER_TERMS; i++)
		assert_true((f.time.left_out[i][0] != 0) == (i == 2));
	assert_true(fabs(f.time.coefficients[4] - 0.02) < 0.005);
	/* w / (1 - x), as 1 + k x: k is 1 at 0 and 1.25 at a fifth of the rate. */
	assert_in_range(llround(100 * f.time.coefficients[3]), 100, 130);
	assert_true(f.time.errors[3] < 0.1);
}

/* One round trip, one size: nothing is said of either, and the rest is. */
static void terms_that_never_varied(void **state)
{
	(void)state;
	struct transfer_run runs[6];
	struct transfer_fit f;
	struct err e = { 0 };
	for (int i = 0; i < 6; i++)
		runs[i] = (struct transfer_run){
			.used_bytes = 0x1p30, .rate_bits_per_s = 1e9, .rtt_ns = 1e7, .time_s = 10 + i, .lost_s = i
		};
	assert_int_equal(transfer_fit(runs, 6, &f, &e), 0);
	assert_string_equal(f.time.left_out[0],
	                    "the runs cannot tell it from the others: memory in use was 1 GiB in all of them");
	assert_string_equal(f.time.left_out[2],
	                    "the runs cannot tell it from the others: the round trip was 10 ms in all of them");
	assert_true(fabs(f.time.coefficients[1] * 8.589934592 - 12.5) < 1e-9);
	snprintf(runs[0].reason, sizeof(runs[0].reason), "it never converged");
	assert_int_equal(transfer_fit(runs, 2, &f, &e), -1);
	assert_string_equal(
		e.text,
		"1 of 2 runs left out, the first since it never converged: 1 run is of use, and a model takes "
		"4 at least: a study over memory and link.rtt has such (configs/sakurai/rtt-transfer.conf)");
}

/* ---- no move gains by what slows it ---- */

/* In [-1, 1], of a sequence of its own. */
static double chance(unsigned *seed)
{
	*seed = *seed * 1103515245 + 12345;
	return (double)(*seed >> 16 & 0x7fff) / 0x3fff - 1;
}

static void no_prediction_falls(const struct transfer_fit *f)
{
	static const double gib[] = { 0, 0.1, 0.6, 1, 2, 16, 512 }, dirty[] = { 0, 1e6, 2e7, 1e8, 1e9 };
	static const int64_t rtts_ns[] = { 0, 200000, 6000000, 20000000, 30000000, 300000000 };
	struct transfer_model m = model_of(f);
	double last[2][7][5][6];
	for (int part = 0; part < 2; part++)
		for (int term = 0; term < TRANSFER_TERMS; term++) {
			const struct transfer_part *p = part ? &f->lost : &f->time;
			assert_true(p->coefficients[term] >= 0);
			assert_true(p->coefficients[term] == 0 || !p->left_out[term][0]);
		}
	for (int g = 0; g < 7; g++)
		for (int d = 0; d < 5; d++)
			for (int r = 0; r < 6; r++) {
				struct transfer_cost cost =
					transfer_cost(&m, (int64_t)(gib[g] * 0x1p30), dirty[d], rtts_ns[r]);
				/* Sums are rounded. */
				const double is[2] = { (cost.fixed + cost.link) * (1 + 1e-12),
					               cost.lost * (1 + 1e-12) };
				for (int part = 0; part < 2; part++) {
					last[part][g][d][r] = part ? cost.lost : cost.fixed + cost.link;
					assert_true(g == 0 || is[part] >= last[part][g - 1][d][r]);
					assert_true(d == 0 || is[part] >= last[part][g][d - 1][r]);
					assert_true(r == 0 || is[part] >= last[part][g][d][r - 1]);
				}
			}
}

/* As was measured once: the round trip costs something by itself, and a little less the more memory there is. */
static void a_gain_is_not_believed(void **state)
{
	(void)state;
	struct transfer_run runs[RUNS_MAX];
	struct transfer_fit f;
	unsigned seed = 1;
	int count = runs_of(runs, 0, 0, 0);
	for (int i = 0; i < count; i++) {
		double ms = runs[i].rtt_ns / 1e6, gib = runs[i].used_bytes / 0x1p30;
		runs[i].time_s = 1 + 1.02 * runs[i].used_bytes * 8 / 1e9 + 0.0125 * ms - 0.0115 * gib * ms +
		                 0.01 * chance(&seed);
		runs[i].lost_s = 1 - 0.02 * ms;
	}
	assert_int_equal(transfer_fit(runs, count, &f, NULL), 0);
	no_prediction_falls(&f);
	assert_true(f.time.coefficients[2] == 0 && f.lost.coefficients[4] == 0);
	assert_non_null(
		strstr(f.lost.left_out[4], "no coefficient may be below 0, and the fit is best without it (-0.02"));
}

/* Whatever the runs are like: little of them, and more chance than truth. */
static void no_fit_says_that_distance_helps(void **state)
{
	(void)state;
	unsigned seed = 5;
	for (int round = 0; round < 300; round++) {
		struct transfer_run runs[RUNS_MAX];
		struct transfer_fit f;
		int count = 4 + round % 30;
		for (int i = 0; i < count; i++)
			runs[i] = (struct transfer_run){ .used_bytes = 0x1p30 * (1.2 + chance(&seed)),
				                         .dirty_per_s = round % 3 ? 1e7 * (1 + chance(&seed)) : 0,
				                         .rate_bits_per_s = 1e9,
				                         .rtt_ns = round % 4 ? 2e7 * (1 + chance(&seed)) : 1e7,
				                         .time_s = 10 + 5 * chance(&seed),
				                         .lost_s = 1 + 2 * chance(&seed) };
		assert_int_equal(transfer_fit(runs, count, &f, NULL), 0);
		no_prediction_falls(&f);
		assert_true(f.time.residual > 0 && f.lost.residual > 0);
	}
}

/* Of as many runs of each of two settings the order would decide. */
static void two_settings_of_tcp(void **state)
{
	(void)state;
	struct transfer_run runs[7] = { 0 };
	struct err e = { 0 };
	for (int i = 0; i < 7; i++)
		snprintf(runs[i].tcp, sizeof(runs[i].tcp), "%s", i % 2 ? "64M" : "1M");
	snprintf(runs[0].reason, sizeof(runs[0].reason), "it never converged");
	assert_int_equal(transfer_runs_one_tcp(runs, 7, &e), -1);
	assert_string_equal(e.text, "3 runs each have 64M, and 1M: one model is of one TCP: fit them apart");
	assert_int_equal(transfer_runs_one_tcp(runs, 6, &e), 0);
	assert_string_equal(runs[2].reason, "it has 1M, and most runs, 3, have 64M: fit them apart");
	assert_string_equal(runs[1].reason, "");
	assert_string_equal(runs[0].reason, "it never converged");
}

/* ---- runs ---- */

/* What of a run is not as of a plain one; NULL: as there. */
struct other {
	const char *mode, *fill, *status, *workload, *beside, *migration, *features, *measured, *tcp, *fault;
	double lost_s;
	const char *reason;
};

static void run_make(const char *study, int number, const struct other *o)
{
#define OR(member, plain) (o->member ? o->member : (plain))
	const char *workload = OR(workload, "intadd");
	const struct made_metric metrics[] = { { "migration_time", "migrating", "completion", 12.5e9 },
		                               { "lost_work", "migrating", workload, o->lost_s },
		                               { "baseline_rate", "migrating", workload, o->beside ? 3e9 : 7e6 },
		                               { "baseline_rate", "migrating", OR(beside, "none"), 5e6 } };
	char folder[4096];
	snprintf(folder, sizeof(folder), "%.2000s/%02d", study, number);
	mkdir(folder, 0755);
	made_file(folder, "manifest.json",
	          "{\"status\":\"%s\",\"config\":{\"link\":{\"rate\":\"100000000bit/s\",\"rtt\":\"6000000ns\","
	          "\"tcp_buffer\":\"%s\"},\"migration\":{\"mode\":\"%s\"%s},\"fault\":{\"cut\":\"%s\"}},"
	          "\"features\":{\"asked\":{%s}},\"link\":{\"asked\":{\"rate\":\"100M\"},\"measured\":{%s},"
	          "\"tcp\":{\"congestion_control\":\"cubic\"}},\"vms\":[{\"name\":\"vm1\",\"role\":\"migrating\","
	          "\"memory_bytes\":109051904,\"spare_bytes\":41943040,\"memory_fill\":\"%s\","
	          "\"workloads\":[{\"name\":\"%s\"},{\"name\":\"%s\"}]}]}\n",
	          OR(status, "complete"), OR(tcp, "64M"), OR(mode, "precopy"), OR(migration, ""), OR(fault, "0ns"),
	          OR(features, ""),
	          OR(measured, "\"goodput_bits_per_s\":90e6,\"ideal_bits_per_s\":91836734.7,\"rtt_p50_ns\":6100000"),
	          OR(fill, "random"), workload, OR(beside, "idle"));
#undef OR
	made_metrics(folder, metrics, 4);
}

static void runs_are_taken(void **state)
{
	(void)state;
	static const struct other runs_made[] = {
		{ .tcp = "1M",
		  .reason = "it has link.tcp_buffer 1M, congestion control cubic, and most runs, 4, have "
		            "link.tcp_buffer 64M, congestion control cubic: fit them apart" },
		{ .workload = "memdirty", .lost_s = 2.5, .reason = "" },
		{ .lost_s = 2.5, .reason = "" },
		{ .mode = "postcopy", .reason = "it is no pre-copy migration" },
		{ .fill = "none", .reason = "the VM's memory was not filled: what of it is used is not known" },
		{ .status = "failed", .reason = "the run is not complete" },
		{ .lost_s = NAN, .reason = "it was not there" },
		{ .features = "\"copy_disks\":\"all\"",
		  .reason = "migration.copy_disks was asked for: the model is of pre-copy without features" },
		{ .features = "\"peer2peer\":\"yes\",\"compress\":\"yes\"",
		  .reason = "migration.compress was asked for: the model is of pre-copy without features" },
		{ .features = "\"parallel\":\"4\"",
		  .reason = "migration.parallel was asked for: the model is of pre-copy without features" },
		{ .features = "\"peer2peer\":\"yes\"", .beside = "memdirty", .reason = "" },
		{ .migration = ",\"bandwidth\":\"1048576B\"",
		  .reason = "migration.bandwidth held it below the link's rate" },
		{ .tcp = "64M\",\"loss\":\"0",
		  .migration = ",\"bandwidth\":\"0B\",\"reuse\":\"no\",\"stream\":\"no\"",
		  .reason = "" },
		{ .migration = ",\"reuse\":\"yes\"",
		  .reason = "relays sent less than the VM's memory (migration.reuse)" },
		{ .migration = ",\"stream\":\"yes\"",
		  .reason = "its stream went through a relay (migration.stream)" },
		{ .tcp = "64M\",\"topology\":\"shared",
		  .migration = "},\"storage\":{\"kind\":\"iscsi\"",
		  .lost_s = 2.5,
		  .reason = "its storage was on the same link (link.topology)" },
		{ .fault = "1s", .reason = "the link was cut meanwhile (fault.cut)" },
		{ .tcp = "64M\",\"loss\":\"0.01",
		  .reason = "the link lost frames, and what that costs is in no term of the model (link.loss)" },
		{ .measured = "\"goodput_bits_per_s\":\"missing\",\"ideal_bits_per_s\":9e7,\"rtt_p50_ns\":1",
		  .reason = "the link's rate was not measured" },
		{ .measured = "\"goodput_bits_per_s\":9e7,\"ideal_bits_per_s\":9e7,\"rtt_p50_ns\":\"missing\"",
		  .reason = "the link's round trip was not measured" },
	};
	enum { MADE = sizeof(runs_made) / sizeof(*runs_made) };
	char directory[] = "/tmp/test_transfer_fit.XXXXXX", command[100];
	struct transfer_run *runs = NULL;
	struct err e = { 0 };
	int count = 0;
	assert_non_null(mkdtemp(directory));
	made_study(directory, "");
	for (int i = 0; i < MADE; i++)
		run_make(directory, i, &runs_made[i]);
	assert_int_equal(transfer_runs_read(directory, &runs, &count, &e), 0);
	assert_int_equal(count, MADE);
	assert_int_equal(transfer_runs_one_tcp(runs, count, &e), 0);
	for (int i = 0; i < MADE; i++)
		assert_string_equal(runs[i].reason, runs_made[i].reason);
	/* 98 % of what an ideal link lets through. */
	const struct transfer_run *r = &runs[1];
	assert_true(r->used_bytes == 64 << 20 && r->rtt_ns == 6.1e6);
	assert_true(fabs(r->rate_bits_per_s / 98e6 - 1) < 1e-6);
	assert_true(r->time_s == 12.5 && r->lost_s == 2.5 && r->dirty_per_s == 7e6);
	assert_true(runs[2].dirty_per_s == 0);
	/* Of two workloads only what memdirty does counts. */
	assert_true(runs[10].dirty_per_s == 5e6);
	/* A run counts once, by whatever name. */
	char other_name[100];
	snprintf(other_name, sizeof(other_name), "%s/../%s/01", directory, directory + strlen("/tmp/"));
	assert_int_equal(transfer_runs_read(other_name, &runs, &count, &e), -1);
	assert_non_null(strstr(e.text, "/01' is given twice: a run counts once"));
	assert_int_equal(count, MADE);
	free(runs);
	runs = NULL;
	count = 0;
	assert_int_equal(transfer_runs_read("/tmp", &runs, &count, &e), -1);
	snprintf(command, sizeof(command), "rm -rf %s", directory);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_by_hand),
		cmocka_unit_test(a_term_that_never_varies),
		cmocka_unit_test(conditions_by_hand),
		cmocka_unit_test(a_truth_of_another_form),
		cmocka_unit_test(a_pure_round_trip_where_asked_for),
		cmocka_unit_test(a_dirty_rate_that_varies),
		cmocka_unit_test(terms_that_never_varied),
		cmocka_unit_test(a_gain_is_not_believed),
		cmocka_unit_test(no_fit_says_that_distance_helps),
		cmocka_unit_test(two_settings_of_tcp),
		cmocka_unit_test(runs_are_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

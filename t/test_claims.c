/* Claims: intervals, formulas, rules, and studies made so that each verdict is reached. */
#include "analysis/claims.h"
#include "analysis/explanation.h"
#include "analysis/formula.h"
#include "analysis/metrics.h"
#include "analysis/study_analyze.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/base/whole_file.h"
#include "reports/csv_table.h"
#include "reports/report.h"
#include "t/made_study.h"
#include "t/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void test_interval(void **state)
{
	(void)state;
	const double values[] = { 1, NAN, 2, 3 };
	struct interval i = interval_of(values, 4);
	assert_int_equal(i.n, 3);
	assert_float_equal(i.mean, 2, 1e-12);
	/* t(0.975, 2) = 4.3027, standard error 1 / sqrt(3) */
	assert_float_equal(i.high, 2 + 4.302653 / sqrt(3), 1e-5);
	assert_float_equal(i.low, 2 - 4.302653 / sqrt(3), 1e-5);
	i = interval_of(values, 3);
	assert_float_equal(i.mean, 1.5, 1e-12);
	assert_true(isnan(i.low) && isnan(i.high));
	assert_true(isnan(interval_of(values, 0).mean));
}

static double number_of(void *context, const struct formula_term *t)
{
	int *asked = context;
	(*asked)++;
	if (strcmp(t->name, "gone") == 0)
		return NAN;
	assert_string_equal(t->words[0], "a b");
	assert_string_equal(t->words[1], "c");
	assert_int_equal(t->count, 2);
	return 5;
}

static double formula(const char *text)
{
	struct err e = { 0 };
	double value = NAN;
	int asked = 0;
	if (formula_value(text, number_of, &asked, &value, &e) < 0)
		fail_msg("%s", e.text);
	return value;
}

static void test_formula(void **state)
{
	(void)state;
	static const char *const bad[] = { "",
		                           "1 +",
		                           "(1",
		                           "f(",
		                           "f()",
		                           "f(a",
		                           "1 2",
		                           "1 / / 2",
		                           "f",
		                           ")",
		                           "f(a,,b)",
		                           "1)",
		                           "((((((((((((((((((((((((((((((((((1))))))))))))))))))))))))))))))))))" };
	int asked = 0;
	double value;
	assert_float_equal(formula("1 + 2 * 3 - 4 / 2"), 5, 0);
	assert_float_equal(formula(" (1+2)*-3 "), -9, 0);
	assert_float_equal(formula("100 * m( a b , c) / 2 - m(a b,c)"), 245, 0);
	assert_true(isnan(formula("1 + gone(x)")));
	assert_true(isnan(formula("1 / 0")));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err e = { 0 };
		assert_int_equal(formula_value(bad[i], number_of, &asked, &value, &e), -1);
	}
}

static void test_rules(void **state)
{
	(void)state;
	const struct interval above = { 3, 2, 4, 3 }, below = { -3, -4, -2, 3 }, across = { 0, -1, 1, 3 };
	const struct interval unknown = { 3, NAN, NAN, 2 };
	assert_int_equal(claim_judge(&above, 0, INFINITY), VERDICT_AGREES);
	assert_int_equal(claim_judge(&below, 0, INFINITY), VERDICT_DISAGREES);
	assert_int_equal(claim_judge(&across, 0, INFINITY), VERDICT_NOT_SHOWN);
	assert_int_equal(claim_judge(&unknown, 0, INFINITY), VERDICT_NOT_SHOWN);
	assert_int_equal(claim_judge(&above, 1, 5), VERDICT_AGREES);
	assert_int_equal(claim_judge(&above, 3, 5), VERDICT_NOT_SHOWN);
	assert_int_equal(claim_judge(&above, 5, 6), VERDICT_DISAGREES);

	const enum verdict mixed[] = { VERDICT_AGREES, VERDICT_NOT_SHOWN, VERDICT_DISAGREES };
	assert_int_equal(claim_together(mixed, 1), VERDICT_AGREES);
	assert_int_equal(claim_together(mixed, 2), VERDICT_NOT_SHOWN);
	assert_int_equal(claim_together(mixed, 3), VERDICT_DISAGREES);
	assert_int_equal(claim_together(mixed, 0), VERDICT_NOT_SHOWN);
}

/* ---- the table itself ---- */

static const struct claim_paper *checked;

static double check_term(void *context, const struct formula_term *t)
{
	static const char *const roles[] = { "", "migrating", "source-neighbour", "destination-neighbour" };
	const char *text = context;
	const struct study_key key = claim_key(checked, t);
	int known = 0;
	if (!metric_find(t->name))
		fail_msg("%s: no metric '%s'", text, t->name);
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++)
		known |= strcmp(roles[i], key.role) == 0;
	for (int i = 0; i < t->count; i++)
		known &= checked->words[i] != WORD_NONE &&
		         (checked->words[i] != WORD_RATE || key.rate_bits_per_s != MISSING);
	if (!known || (!*key.point && key.vms != 1 && key.vms != 3))
		fail_msg("%s: bad term", text);
	return 1;
}

static void check_formula(char *text)
{
	struct err e = { 0 };
	double value;
	if (formula_value(text, check_term, text, &value, &e) < 0)
		fail_msg("%s", e.text);
}

static void check_tables(const struct claim_paper *paper)
{
	char text[512];
	for (const struct paper_table *t = paper->tables; t && t->title; t++)
		for (const struct paper_cell *c = t->cells; c->row; c++)
			for (int share = 0; share < 2; share++) {
				snprintf(text, sizeof(text), "%s",
				         share        ? c->share ? c->share : ""
				         : c->formula ? c->formula
				                      : "");
				if (text[0])
					check_formula(text);
			}
}

/* Returns how many claims there are. */
static int check_claims(const struct claim_paper *paper)
{
	char formula_text[512], figure[128];
	const char *last = "";
	int claims = 0;
	checked = paper;
	for (const struct claim *c = paper->claims; c->id; c++) {
		claims += strcmp(c->id, last) != 0;
		last = c->id;
		for (int i = 0; i < claim_parts(c); i++) {
			claim_part(c, i, formula_text, sizeof(formula_text), figure, sizeof(figure));
			assert_null(strstr(formula_text, "RATE"));
			assert_true(figure[0]);
			check_formula(formula_text);
		}
	}
	check_tables(paper);
	return claims;
}

static void test_table(void **state)
{
	(void)state;
	assert_int_equal(check_claims(claim_paper_find("kuno")), 10);
	assert_int_equal(check_claims(claim_paper_find("hirofuchi")), 7);
	assert_null(claim_paper_find("nobody"));
}

/* A term's words find the run and the value; - is any. */
static void test_words(void **state)
{
	(void)state;
	const struct claim_paper *paper = claim_paper_find("hirofuchi");
	const struct formula_term term = { "moves", { "web", "-", "good" }, 3 };
	struct study_key key = claim_key(paper, &term);
	assert_string_equal(key.point, "web");
	assert_string_equal(key.vm, "");
	assert_string_equal(key.estimator, "good");
	assert_int_equal(key.rate_bits_per_s, MISSING);
	struct study_run run = { .point = "case=web rate=1G" };
	assert_true(study_run_is(&run, &key));
	key.point = "case=web";
	assert_false(study_run_is(&run, &key));
	key.point = "we";
	assert_false(study_run_is(&run, &key));
}

/* ---- whole studies ---- */

static const char *const workloads[] = { "intadd", "seqread", "memdirty" };
static const char *const rates[] = { "1G", "100M", "10M" };

/* What a study is made to show: the paper's claims, their contrary, or noise around the limits. */
enum shape { AS_CLAIMED, CONTRARY, NOISE };

/* The degradation in per cent, the rate before, and so on, of one VM as the paper says it. */
static int made_values(struct made_metric *m, int vms, int workload, int rate, enum shape shape, double jitter)
{
	static const char *const vm_roles[] = { "migrating", "destination-neighbour", "source-neighbour" };
	int good = shape == AS_CLAIMED, n = 0;
	double noise = shape == NOISE ? jitter : 0.001 * jitter;
	for (int vm = 0; vm < vms; vm++) {
		double loss = workload == 0 ? 50 - 20 * rate : workload == 1 ? 85 : 60 - 20 * rate;
		if (vms == 3 && workload == 1)
			loss = vm == 1 ? 20 : -10;
		else if (vms == 3 && vm)
			loss = vm == 1 ? 5 : 30;
		if (shape == CONTRARY)
			loss = workload == 1 && vms == 1 ? -40 : vms == 3 && workload == 1 ? 5 - loss : -loss;
		double before = vms == 3 && vm == 1 && !good ? 300 : 100;
		before *= vm == 0 && shape == CONTRARY ? 2 : 1;
		loss += 100 * noise;
		double mean = before * (1 - loss / 100), settled = good || vm ? 100 : 30;
		double slow = workload == 2 && good ? 3 : 1;
		const struct made_metric rows[] = {
			{ "degradation", vm_roles[vm], workloads[workload], loss },
			{ "baseline_rate", vm_roles[vm], workloads[workload], before },
			{ "mean_rate", vm_roles[vm], workloads[workload], mean },
			{ "settled_rate", vm_roles[vm], workloads[workload], settled * (1 + noise) },
			{ "job_time", vm_roles[vm], workloads[workload],
			  (good ? 1e10 : 1e10 * (1 + rate)) * (1 + noise) },
			{ "stopped_rate", vm_roles[vm], workloads[workload],
			  before * (good             ? 1.5
			            : shape == NOISE ? 1 + noise
			                             : 0.5) },
			{ "migration_time", vm_roles[vm], "completion",
			  1e9 * slow * (workload == 2 && shape == CONTRARY ? 0.5 : 1) * (1 + noise) },
			{ "downtime", vm_roles[vm], "stop_resume",
			  1e8 * slow * (workload == 2 && shape == CONTRARY ? 0.5 : 1) * (1 + noise) },
		};
		memcpy(m + n, rows, sizeof(rows));
		n += (int)(sizeof(rows) / sizeof(*rows));
	}
	return n;
}

static void make_study_in(const char *directory, enum shape shape, int repeats)
{
	struct made_metric m[MADE_METRICS_MAX];
	made_state = 88172645463325252u;
	made_study(directory, "kuno");
	for (int vms = 1; vms <= 3; vms += 2)
		for (int w = 0; w < 3; w++)
			for (int r = 0; r < 3; r++)
				for (int repeat = 1; repeat <= repeats; repeat++) {
					int n = made_values(m, vms, w, r, shape, 2 * made_random() - 1);
					made_study_run(directory, vms, workloads[w], rates[r], repeat, "complete", m,
					               n);
				}
}

static void make_study(enum shape shape, int repeats)
{
	make_study_in(scratch, shape, repeats);
}

static struct csv_table *claims_made(void)
{
	struct err e = { 0 };
	struct csv_table *t;
	if (analyze_study(scratch, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(csv_table_load(&t, scratch, "claims.csv", 1000, &e), 0);
	return t;
}

static void assert_claims(const struct csv_table *t, const char *claim, const char *verdict)
{
	int rows = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (claim && strcmp(csv_table_text(t, i, "claim"), claim) != 0)
			continue;
		rows++;
		if (strcmp(csv_table_text(t, i, "claim_verdict"), verdict) != 0)
			fail_msg("%s (%s): %s, not %s", csv_table_text(t, i, "claim"),
			         csv_table_text(t, i, "formula"), csv_table_text(t, i, "claim_verdict"), verdict);
	}
	assert_true(rows > 0);
}

static void test_agrees(void **state)
{
	(void)state;
	make_study(AS_CLAIMED, 3);
	struct csv_table *t = claims_made();
	static const char *const agreeing[] = { "K1", "K2", "K3", "K4", "K5", "K6", "K8", "K9", "K10" };
	for (size_t i = 0; i < sizeof(agreeing) / sizeof(*agreeing); i++)
		assert_claims(t, agreeing[i], "agrees");
	/* K9 and K7 exclude each other for I/O: vm3 gains, vm2 loses. */
	assert_claims(t, "K7", "disagrees");
	csv_table_free(t);
}

static void test_disagrees(void **state)
{
	(void)state;
	make_study(CONTRARY, 3);
	struct csv_table *t = claims_made();
	assert_claims(t, NULL, "disagrees");
	csv_table_free(t);
}

static void test_not_shown(void **state)
{
	(void)state;
	make_study(AS_CLAIMED, 2);
	struct csv_table *t = claims_made();
	assert_claims(t, NULL, "not shown");
	assert_string_equal(csv_table_text(t, 0, "reason"), "fewer than 3 repeats");
	csv_table_free(t);
	make_study(NOISE, 3);
	t = claims_made();
	assert_claims(t, "K1", "not shown");
	assert_claims(t, "K10", "not shown");
	csv_table_free(t);
}

/* A failed run is no repeat, a missing metric is told with its reason. */
static void test_missing(void **state)
{
	(void)state;
	struct made_metric gone = { "degradation", "migrating", "intadd", NAN };
	make_study(AS_CLAIMED, 4);
	made_study_run(scratch, 1, "intadd", "1G", 2, "failed", NULL, 0);
	struct csv_table *t = claims_made();
	assert_claims(t, "K1", "agrees");
	assert_string_equal(csv_table_text(t, 0, "n"), "3");
	assert_non_null(strstr(csv_table_text(t, 0, "reason"), "repeat 2 has no complete run of 1 VM, intadd"));
	csv_table_free(t);
	made_study_run(scratch, 1, "intadd", "1G", 3, "complete", &gone, 1);
	t = claims_made();
	assert_claims(t, "K1", "not shown");
	csv_table_free(t);
	assert_int_equal(analyze_study("/tmp", &(struct err){ 0 }), -1);
}

static void test_page(void **state)
{
	(void)state;
	struct err e = { 0 };
	char path[256];
	make_study(CONTRARY, 3);
	csv_table_free(claims_made());
	if (report_study(scratch, NULL, path, sizeof(path), &e) < 0)
		fail_msg("%s", e.text);
	assert_non_null(strstr(path, "/study.html"));
	char *page = whole_file_read(path, 5 << 20);
	assert_non_null(page);
	static const char *const wanted[] = {
		"at scale 1/16",
		"K10",
		"class=\"disagrees\">disagrees<",
		"degradation(1, intadd, 1G, migrating) - degradation(1, intadd, 100M",
		"Figure 11",
		"VM that stays at the source",
		"<tr><th scope=\"row\">10 Mbit/s</th><td class=\"number\">0.000 ± 0.000<",
		"54 of 72 runs complete"
	};
	static const char *const unwanted[] = { "<script", "src=", "<img", "<link", "xmlns" };
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(page, wanted[i]))
			fail_msg("not there: %s", wanted[i]);
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		assert_null(strstr(page, unwanted[i]));
	free(page);
}

/* Further runs are shown beside what does not agree, and leave its verdict. */
static void test_explained(void **state)
{
	(void)state;
	static const char *const general = "\"explains\":\"K3 K7\",\"cause\":\"a longer <queue>\"";
	struct err e = { 0 };
	char study[128], folder[160], path[256], found[256], unknown[64];
	snprintf(study, sizeof(study), "%s/study", scratch);
	snprintf(folder, sizeof(folder), "%s-explain", study);
	snprintf(path, sizeof(path), "%s/", study);
	make_study_in(study, CONTRARY, 3);
	made_study(folder, "");
	for (int repeat = 1; repeat <= 3; repeat++) {
		const struct made_metric m[] = { { "baseline_rate", "migrating", "seqread", 100 },
			                         { "mean_rate", "migrating", "seqread", 10 + 0.1 * repeat } };
		made_study_run_with(folder, general, 1, "seqread", "10M", repeat, "complete", m, 2);
		made_study_run_with(folder, "", 1, "seqread", "100M", repeat, "complete", m, 2); /* says nothing */
	}
	assert_string_equal(explanation_folder(path, found, sizeof(found)), folder);
	if (analyze_study(study, &e) < 0)
		fail_msg("%s", e.text);
	struct csv_table *t;
	assert_int_equal(csv_table_load(&t, study, "explanations.csv", 10, &e), 0);
	assert_int_equal(csv_table_rows(t), 1);
	assert_string_equal(csv_table_text(t, 0, "claim"), "K3");
	assert_string_equal(csv_table_text(t, 0, "cause"), "a longer <queue>");
	assert_string_equal(csv_table_text(t, 0, "verdict"), "agrees");
	assert_float_equal(csv_table_number(t, 0, "value"), 10.2, 1e-9);
	csv_table_free(t);
	assert_int_equal(csv_table_load(&t, study, "claims.csv", 1000, &e), 0);
	assert_claims(t, "K3", "disagrees");
	csv_table_free(t);
	if (report_study(study, NULL, path, sizeof(path), &e) < 0)
		fail_msg("%s", e.text);
	char *page = whole_file_read(path, 5 << 20);
	const char *said = strstr(page, "the same with ");
	assert_non_null(said);
	if (!strstr(said, "the same with a longer &lt;queue&gt;: 10.2 % (9.95 to 10.4), n\u00a0=\u00a03: agrees</p>"))
		fail_msg("%.200s", said);
	assert_null(strstr(said + 1, "the same with "));
	free(page);
	assert_true(explains_known("K3 K7", unknown, sizeof(unknown)));
	assert_true(explains_known("", unknown, sizeof(unknown)));
	assert_false(explains_known("K3 K17", unknown, sizeof(unknown)));
	assert_string_equal(unknown, "K17");
}

/* ---- a study of points ---- */

/* One point as the paper has it (in our sizes), or its contrary; repeats differ a little. */
static void make_point(const char *point, int contrary, int repeat)
{
	int pre = strstr(point, "precopy") != NULL, skips = strstr(point, "skip") != NULL;
	double jitter = 1 + 0.01 * repeat, slow = (pre != contrary ? 12e9 : 0.6e9) * jitter;
	slow = skips ? (contrary ? 40e9 : 2e9) * jitter : slow;
	const struct made_loop_metric m[] = {
		{ "overload_seen_time", "", "1:src", (contrary ? 40e9 : 10e9) * jitter },
		{ "overload_resolve_time", "", "1:src", slow },
		{ "overload_time", "", "src", 10e9 + slow },
		{ "gather_seen_time", "", "1", (contrary ? 1e9 : 9e9) * jitter },
		{ "moves", "vm0", "", contrary ? 0 : 2 },
		{ "moves", "vm1", "", contrary ? 2 : 0 },
		{ "move_switch_time", "vm0", "1:src-to-dst", slow },
		{ "move_time", "vm0", "1:src-to-dst", (pre != contrary ? slow : 10e9 * jitter) },
		{ "move_time", "vm0", "2:dst-to-src", (contrary ? 2 : 1) * 10e9 * jitter },
		{ "bytes_on_wire", "", "migration:src-to-dst", (contrary ? 3 : 1) * 268435456. },
		{ "node_in_use", "", "dst", 40e9 + slow },
		{ "job_time", "vm0", "dutycycle", (contrary ? 300e9 : 100e9) + slow },
	};
	made_case_run(scratch, point, repeat, m, sizeof(m) / sizeof(*m));
}

static void make_points(int contrary, int repeats)
{
	static const char *const points[] = { "staircase-postcopy", "staircase-precopy", "staircase-precopy-skip" };
	made_study(scratch, "hirofuchi");
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		for (int repeat = 1; repeat <= repeats; repeat++)
			make_point(points[i], contrary, repeat);
}

static void test_points(void **state)
{
	(void)state;
	static const char *const staircase[] = { "H1", "H2", "H3", "H7" }, *const others[] = { "H4", "H5", "H6" };
	for (int contrary = 0; contrary < 2; contrary++) {
		make_points(contrary, 3);
		struct csv_table *t = claims_made();
		for (size_t i = 0; i < sizeof(staircase) / sizeof(*staircase); i++)
			assert_claims(t, staircase[i], contrary ? "disagrees" : "agrees");
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
			assert_claims(t, others[i], "not shown");
		for (int i = 0; i < csv_table_rows(t); i++)
			if (strcmp(csv_table_text(t, i, "claim"), "H4") == 0)
				assert_non_null(
					strstr(csv_table_text(t, i, "reason"), "the study has no run of compile-"));
		csv_table_free(t);
	}
}

/* Our numbers stand in the paper's tables, or why there are none. */
static void test_tables(void **state)
{
	(void)state;
	static const char *const wanted[] = {
		"Table 1: time of a kernel compile (s)",
		"<td class=\"number paper\">257.21 (117 %)</td><td class=\"number\">72.0 ± 2.5 (120 ± 4",
		"<td class=\"number paper\">259.45 (118 %)</td><td class=\"number\">90.0",
		"Missing: the study has no run of compile-postcopy; the study has no run of compile-none.",
		"<td class=\"number paper\">-</td><td class=\"number\">-</td>",
		"<td class=\"number paper\">4119 (89.56 %)</td><td class=\"number\">800 ± 0 (80.0 ± 0.0",
		"no relocation (VM1)",
	};
	struct err e = { 0 };
	char path[256];
	made_study(scratch, "hirofuchi");
	for (int repeat = 1; repeat <= 3; repeat++) {
		const struct made_loop_metric alone = { "job_time", "vm0", "compile", 60e9 };
		const struct made_loop_metric precopy[] = { { "job_time", "vm0", "compile", 70e9 + repeat * 1e9 },
			                                    { "job_time", "vm1", "compile", 90e9 } };
		const struct made_loop_metric web[] = { { "response_count", "vm1", "good", 800 },
			                                { "responses", "vm1", "good", 80 } };
		made_case_run(scratch, "compile-alone", repeat, &alone, 1);
		made_case_run(scratch, "compile-precopy", repeat, precopy, 2);
		made_case_run(scratch, "web-postcopy", repeat, web, 2);
	}
	csv_table_free(claims_made());
	if (report_study(scratch, NULL, path, sizeof(path), &e) < 0)
		fail_msg("%s", e.text);
	char *page = whole_file_read(path, 5 << 20);
	assert_non_null(page);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(page, wanted[i]))
			fail_msg("not there: %s", wanted[i]);
	free(page);
}

static void test_points_page(void **state)
{
	(void)state;
	static const struct {
		int repeats;
		const char *wanted[4];
	} cases[] = {
		{ 3,
		  { "H1, H2, H3, H7: agrees. H4, H5, H6: not shown. Once an overload is seen, pre-copy takes longer to resolve it "
		    "than post-copy, by 11.6 s (11.3 to 11.9, n = 3)",
		    "the study has no run of compile-alone", "the study has no run of web-postcopy",
		    "metric(point of the study, VM, which)" } },
		{ 2,
		  { "by 11.6 s (no interval: n = 2)", "fewer than 3 repeats", "VMs move over 100 Mbit/s",
		    "vm0: dutycycle" } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		char path[256];
		assert_int_equal(scratch_remove(NULL) | scratch_make(NULL), 0);
		make_points(0, cases[i].repeats);
		csv_table_free(claims_made());
		if (report_study(scratch, NULL, path, sizeof(path), &e) < 0)
			fail_msg("%s", e.text);
		char *page = whole_file_read(path, 5 << 20);
		assert_non_null(page);
		for (size_t k = 0; k < sizeof(cases[i].wanted) / sizeof(*cases[i].wanted); k++)
			if (!strstr(page, cases[i].wanted[k]))
				fail_msg("not there: %s", cases[i].wanted[k]);
		free(page);
	}
}

/* Any study has an index; the claims are of one that repeats a paper. */
static void test_plain_study(void **state)
{
	(void)state;
	struct err e = { 0 };
	char path[256];
	struct made_metric m = { "degradation", "migrating", "intadd", 5 };
	made_study(scratch, "");
	made_study_run(scratch, 1, "intadd", "1G", 1, "complete", &m, 1);
	assert_int_equal(analyze_study(scratch, &e), 0);
	assert_int_equal(report_study(scratch, NULL, path, sizeof(path), &e), 0);
	assert_non_null(strstr(path, "/index.html"));
	snprintf(path, sizeof(path), "%s/claims.csv", scratch);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/study.csv", scratch);
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(report_study("/tmp", NULL, path, sizeof(path), &e), -1);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_interval), cmocka_unit_test(test_formula), cmocka_unit_test(test_rules),
		cmocka_unit_test(test_table),    IN_SCRATCH(test_agrees),        IN_SCRATCH(test_disagrees),
		IN_SCRATCH(test_not_shown),      IN_SCRATCH(test_missing),       IN_SCRATCH(test_page),
		IN_SCRATCH(test_plain_study),    cmocka_unit_test(test_words),   IN_SCRATCH(test_points),
		IN_SCRATCH(test_points_page),    IN_SCRATCH(test_explained),     IN_SCRATCH(test_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

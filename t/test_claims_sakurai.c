/* A study of times against the round trip: claims S1 and S2, and its page with what TCP carried and what was tuned. */
#include "analysis/claims.h"
#include "t/claimed.h"

static const char *const used[] = { "0.60", "1.00" };
static const int rtts_ms[] = { 0, 6, 10, 20, 30 };

/* What the kernel counts of the sender's time, in percent, and the goodput that comes of it, of what the link can carry. */
struct held {
	double peer, buffer, goodput;
};

static const struct held full = { 0.1, 0, 0.99 };

/* A run at 1 Gbit/s whose memory was so long on the wire, with the window that lets that through. */
static void made_transfer(const char *directory, const char *point, const char *general, int rtt_ms, int repeat,
                          double wire_s, struct held held)
{
	char folder[4096];
	double middle = 941e6 / 8 * held.goodput;
	const struct made_metric m[] = {
		{ "migration_time", "migrating", "completion", (1 + wire_s) * 1e9 },
		{ "transfer_time", "migrating", "", wire_s * 1e9 },
		{ "tcp_goodput", "migrating", "mean", 110e6 },
		{ "tcp_goodput", "migrating", "middle", middle + 1e6 },
		{ "tcp_connections", "migrating", "", 1 },
		{ "tcp_window", "migrating", "congestion", 5e6 },
		{ "tcp_window", "migrating", "flight", 3 << 20 },
		{ "tcp_window", "migrating", "unacked", 4 << 20 },
		{ "tcp_window", "migrating", "peer", 262144 },
		{ "tcp_rtt", "migrating", "mean", rtt_ms * 1e6 + 27e6 },
		{ "tcp_resent", "migrating", "", 12 },
		{ "tcp_limited", "migrating", "peer", held.peer },
		{ "tcp_limited", "migrating", "buffer", held.buffer },
		{ "tcp_bytes", "migrating", "acked", 536870914 },
		{ "tcp_bytes", "migrating", "resent", 2896 },
		{ "captured_goodput", "migrating", "mean", 105e6 },
		{ "captured_goodput", "migrating", "middle", middle },
		{ "captured_bytes", "migrating", "carried", 536870912 },
		{ "captured_bytes", "migrating", "resent", 1448 },
		{ "captured_bytes", "migrating", "late", 1448 },
		{ "captured_bytes", "migrating", "unseen", 0 },
		{ "captured_window", "migrating", "flight", 4e6 },
		{ "captured_window", "migrating", "peer", 262144 },
		{ "captured_window", "migrating", "least", 131072 },
	};
	snprintf(folder, sizeof(folder), "%.3000s/%.200s-%d-r%d", directory, point, rtt_ms, repeat);
	mkdir(folder, 0755);
	made_file(
		folder, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"name\":\"made\",\"question\":\"How long?\",\"point\":\"%s rtt=%dms\","
		"\"repeat\":%d,\"scale\":0.5,\"link\":{\"asked\":{\"rate\":\"1G\",\"rtt\":\"%dms\"},\"measured\":"
		"{\"ideal_bits_per_s\":941e6},\"queue_bytes\":6250000,\"tcp\":{\"congestion_control\":\"cubic\",\"wmem\":"
		"\"4096 16384 67108864\"}},\"config\":{\"experiment\":{%s}},\"migration\":{\"vm\":\"vm1\",\"mode\":"
		"\"precopy\"},\"vms\":[{\"name\":\"vm1\",\"role\":\"migrating\",\"memory_bytes\":536870912,\"workloads\":"
		"[{\"name\":\"dutycycle\",\"options\":{\"share\":\"0.1\"}}]}]}\n",
		point, rtt_ms, repeat, rtt_ms, general);
	made_metrics(folder, m, sizeof(m) / sizeof(*m));
}

/* `per_ms`: by how much of itself a transfer gets longer with each ms of RTT. */
static void make_study(double per_ms, double per_gib, int repeats)
{
	char point[64];
	made_study(scratch, "sakurai-rtt");
	for (int u = 0; u < 2; u++)
		for (int r = 0; r < 5; r++)
			for (int repeat = 1; repeat <= repeats; repeat++) {
				double gib = u ? 1 : 0.6, wire = (8 + per_gib * (gib - 1)) * (1 + 0.002 * repeat);
				snprintf(point, sizeof(point), "used=%s", used[u]);
				made_transfer(scratch, point, "", rtts_ms[r], repeat,
				              wire * (1 + per_ms * rtts_ms[r]), full);
			}
}

static void claims_follow_the_times(void **state)
{
	static const struct {
		double per_ms, per_gib;
		int repeats;
		const char *s1, *s2;
	} cases[] = { { 0.25, 8, 3, "agrees", "agrees" },
		      { 0.01, 8, 3, "disagrees", "agrees" },
		      { 0.25, -4, 3, "agrees", "disagrees" },
		      { 0.25, 8, 2, "not shown", "not shown" } };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(scratch_remove(NULL) | scratch_make(NULL), 0);
		make_study(cases[i].per_ms, cases[i].per_gib, cases[i].repeats);
		struct csv_table *t = claims_made();
		assert_claims(t, "S1", cases[i].s1);
		assert_claims(t, "S2", cases[i].s2);
		/* 1.00 GiB at 6 ms: (1 + 8 (1 + 6 per_ms)) / (1 + 8), nearly */
		assert_float_equal(csv_table_number(t, 1, "value"), (9 + 48 * cases[i].per_ms) / 9, 0.01);
		csv_table_free(t);
	}
}

static void words_name_a_round_trip(void **state)
{
	(void)state;
	const struct formula_term term = { .name = "migration_time",
		                           .words = { "1.00", "6ms", "completion" },
		                           .count = 3 };
	const struct study_key key = claim_key(claim_paper_find("sakurai-rtt"), &term);
	struct study_run run = { .point = "used=1.00 rtt=6ms", .rtt_ns = 6000000 };
	assert_string_equal(key.point, "1.00");
	assert_string_equal(key.estimator, "completion");
	assert_true(study_run_is(&run, &key));
	run.rtt_ns = 10000000;
	assert_false(study_run_is(&run, &key));
	run.rtt_ns = MISSING;
	assert_false(study_run_is(&run, &key));
}

/* What is said to be in the way: each case is a study of one point, by what its three runs had. */
static void a_bound_is_named(void **state)
{
	static const struct {
		struct held runs[3];
		const char *summary, *words;
	} cases[] = {
		{ { { 0, 0, 1 }, { 0, 0, 1.001 }, { 0.3, 0, 0.999 } },
		  "the link at 1 of 1 points.",
		  "Mbit/s, link<" },
		/* 90 % of the link, and held up all the time */
		{ { { 78, 16, 0.902 }, { 77, 16, 0.9 }, { 79, 16, 0.904 } },
		  "the receiver&#39;s window and the send buffer at 1 of 1 points.",
		  " window 78 %, send buffer 16 %<" },
		/* an interval that reaches it for its width only */
		{ { { 57, 19, 0.88 }, { 56, 20, 0.91 }, { 58, 19, 0.95 } },
		  "the receiver&#39;s window, the send buffer and the congestion window or sender at 1 of 1 points.",
		  NULL },
		{ { { 50, 0, 0.99 }, { 50, 0, 0.995 }, { 50, 0, 0.985 } },
		  "the link and the receiver&#39;s window at 1 of 1 points.",
		  NULL },
		{ { { 2, 0, 0.5 }, { 2, 0, 0.52 }, { 2, 0, 0.48 } },
		  "the congestion window or sender at 1 of 1 points.",
		  "Mbit/s, cwnd or sender 98 %<" },
	};
	struct err e = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char wanted[200];
		assert_int_equal(scratch_remove(NULL) | scratch_make(NULL), 0);
		made_study(scratch, "");
		for (int r = 0; r < 3; r++)
			made_transfer(scratch, "used=1.00", "", 0, r + 1, 9, cases[i].runs[r]);
		assert_int_equal(analyze_study(scratch, &e), 0);
		char *page = page_made(scratch);
		snprintf(wanted, sizeof(wanted), "On the wire: bound by %s", cases[i].summary);
		if (!strstr(page, wanted))
			fail_msg("not '%s' but %.200s", wanted, strstr(page, "On the wire: "));
		assert_non_null(strstr(page, "TCP: cubic, buffers of up to 64 MiB"));
		if (cases[i].words && !strstr(page, cases[i].words))
			fail_msg("not there: %s", cases[i].words);
		free(page);
	}
}

/* The page has both figures, what TCP carried, the further runs and those that were tuned. */
static void the_page_says_why(void **state)
{
	static const char *const wanted[] = {
		"S2: agrees. S1: disagrees. Time with 6 ms of RTT over that without, 0.60 GiB: 1.05 times",
		"Figures 2 and 3",
		"Figure 2: 0.60 GiB in use</td><td class=\"number\">512 MiB",
		"What the paper could not switch",
		"On the wire: bound by the link at 10 of 10 points.",
		"<h2>On the wire</h2>",
		"932 Mbit/s, link<",
		("Link of 1 Gbit/s, with a queue of 5.96 MiB (50 ms) before it. TCP: cubic, buffers of up to 64 MiB. Round "
		 "trips that TCP saw, the queue before the link included: 27 ms where 0 ms were asked for, 33 ms where 6 ms"),
		"<th class=\"number\">in flight</th>",
		"<td class=\"number\">3 MiB</td><td class=\"number\">4.77 MiB</td>",
		"<h3>From the capture</h3>",
		/* 105e6 bytes/s of 1 Gbit/s, and 0.99 x 941 Mbit/s of both */
		"<td class=\"number\">512 MiB</td><td class=\"number\">84 %</td><td class=\"number\">93.2 %</td>",
		"<td class=\"number\">93.2 %</td><td class=\"number\">99 %</td>",
		"<td class=\"number\">2.83 KiB</td><td class=\"number\">2.83 KiB</td><td class=\"number\">-2 B</td>",
		"the same with small buffers: 2.33 times",
		"metric(GiB in use, RTT)",
		">actual transfer time (s)<",
	};
	char folder[256], study[128];
	struct err e = { 0 };
	(void)state;
	make_study(0.01, 8, 3);
	snprintf(study, sizeof(study), "%s", scratch);
	snprintf(folder, sizeof(folder), "%s-explain", study);
	made_study(folder, "");
	for (int repeat = 1; repeat <= 3; repeat++)
		for (int r = 0; r < 2; r++)
			made_transfer(folder, "used=1.00 cause=buffers",
			              "\"explains\":\"S1\",\"cause\":\"small buffers\"", rtts_ms[r], repeat,
			              (8 + 12 * r) * (1 + 0.002 * repeat), (struct held){ 90, 0, 0.33 });
	csv_table_free(claims_made());
	snprintf(folder, sizeof(folder), "%s-tuning", study);
	made_study(folder, "");
	for (int repeat = 1; repeat <= 3; repeat++) {
		made_transfer(folder, "tuning=plain", "", 30, repeat, 9 + 0.1 * repeat, full);
		made_transfer(folder, "tuning=buffers-1M", "", 30, repeat, 20 + 0.1 * repeat,
		              (struct held){ 95, 0, 0.3 });
	}
	assert_int_equal(analyze_study(folder, &e), 0);
	char *page = page_made(study);
	ASSERT_HAS_ALL(page, wanted);
	free(page);
	/* The tuned ones have a page of their own, which tells who was held up by what. */
	made_file(
		folder, "plan.json",
		"{\"points\":2,\"repeats\":3,\"keys\":{\"experiment.compare\":\"tuning\",\"experiment.reference\":\"plain\"}}");
	assert_int_equal(analyze_study(folder, &e), 0);
	page = page_made(folder);
	assert_non_null(strstr(page, "by the receiver&#39;s window at 1"));
	free(page);
	folder_remove(folder);
	snprintf(folder, sizeof(folder), "%s-explain", study);
	folder_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_name_a_round_trip),
		IN_SCRATCH(claims_follow_the_times),
		IN_SCRATCH(a_bound_is_named),
		IN_SCRATCH(the_page_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

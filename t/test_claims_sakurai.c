/* A study of times against the round trip: claims S1 and S2, and its page with what TCP carried and what was tuned. */
#include "analysis/claims.h"
#include "t/claimed.h"

static const char *const used[] = { "0.60", "1.00" };
static const int rtts_ms[] = { 0, 6, 10, 20, 30 };

/* A run at 1 Gbit/s whose memory was so long on the wire, with the window that lets that through. */
static void made_transfer(const char *directory, const char *point, const char *general, int rtt_ms, int repeat,
                          double wire_s, double held_up)
{
	char folder[4096];
	const struct made_metric m[] = {
		{ "migration_time", "migrating", "completion", (1 + wire_s) * 1e9 },
		{ "transfer_time", "migrating", "", wire_s * 1e9 },
		{ "tcp_goodput", "migrating", "mean", 110e6 },
		{ "tcp_goodput", "migrating", "middle", held_up > 0 ? 40e6 : 117e6 },
		{ "tcp_connections", "migrating", "", 1 },
		{ "tcp_window", "migrating", "congestion", 5e6 },
		{ "tcp_window", "migrating", "flight", 4e6 },
		{ "tcp_window", "migrating", "peer", 262144 },
		{ "tcp_rtt", "migrating", "mean", rtt_ms * 1e6 + 2e5 },
		{ "tcp_resent", "migrating", "", 12 },
		{ "tcp_limited", "migrating", "peer", held_up },
		{ "tcp_limited", "migrating", "buffer", 0 },
		{ "tcp_bytes", "migrating", "acked", 536870914 },
		{ "tcp_bytes", "migrating", "resent", 2896 },
		{ "captured_goodput", "migrating", "mean", 105e6 },
		{ "captured_goodput", "migrating", "middle", held_up > 0 ? 39e6 : 116e6 },
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
		"{\"ideal_bits_per_s\":941e6}},\"config\":{\"experiment\":{%s}},\"migration\":{\"vm\":\"vm1\",\"mode\":"
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
				              wire * (1 + per_ms * rtts_ms[r]), 0);
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
	const struct formula_term term = { "migration_time", { "1.00", "6ms", "completion" }, 3 };
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
		"928 Mbit/s, bound by the link",
		"<h3>From the capture</h3>",
		/* 105e6 and 116e6 bytes/s of 1 Gbit/s, and of 941 Mbit/s */
		"<td class=\"number\">512 MiB</td><td class=\"number\">84 %</td><td class=\"number\">92.8 %</td>",
		"<td class=\"number\">92.8 %</td><td class=\"number\">98.6 %</td>",
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
			              (8 + 12 * r) * (1 + 0.002 * repeat), 90);
	csv_table_free(claims_made());
	snprintf(folder, sizeof(folder), "%s-tuning", study);
	made_study(folder, "");
	for (int repeat = 1; repeat <= 3; repeat++) {
		made_transfer(folder, "tuning=plain", "", 30, repeat, 9 + 0.1 * repeat, 0);
		made_transfer(folder, "tuning=buffers-1M", "", 30, repeat, 20 + 0.1 * repeat, 80);
	}
	assert_int_equal(analyze_study(folder, &e), 0);
	char *page = page_made(study);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(page, wanted[i]))
			fail_msg("not there: %s", wanted[i]);
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
		IN_SCRATCH(the_page_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Studies of VMs and rates, made so that each verdict on their claims is reached. */
#include "analysis/explanation.h"
#include "t/claimed.h"

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
	make_study(CONTRARY, 3);
	csv_table_free(claims_made());
	char *page = page_made(scratch);
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
	ASSERT_HAS_ALL(page, wanted);
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		assert_null(strstr(page, unwanted[i]));
	free(page);
}

/* More runs than were planned last, since then only a part was gone on with. */
static void test_page_of_more_runs(void **state)
{
	(void)state;
	make_study(CONTRARY, 5);
	csv_table_free(claims_made());
	char *page = page_made(scratch);
	assert_non_null(strstr(page, "90 of 90 runs complete"));
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
	char *page = page_made(study);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(test_agrees),    IN_SCRATCH(test_disagrees), IN_SCRATCH(test_not_shown),
		IN_SCRATCH(test_missing),   IN_SCRATCH(test_page),      IN_SCRATCH(test_page_of_more_runs),
		IN_SCRATCH(test_explained),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

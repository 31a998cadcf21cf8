/* What first-fit-decreasing plans for a table of cluster states; more of it, beside the other policies, in test_policies.c. */
#include "t/planned.h"

#include <unistd.h>

static void first_fit_relieves(void **state)
{
	(void)state;
	static const struct plan_case cases[] = {
		{ "above the limit", "node_worth=0s", "91 30", "0:20 0:71", "vm0>pm1" },
		{ "at it", "node_worth=0s", "90 30", "0:20 0:70", "" },
		{ "a key", "node_worth=0s cpu_limit=89%", "90 30", "0:20 0:70", "vm0>pm1" },
		{ "one that is enough, of equals the least", "node_worth=0s", "99 10", "0:39 0:30 0:30", "vm1>pm1" },
		{ "just enough", "node_worth=0s", "99 10", "0:9/1 0:50 0:40", "vm0>pm1" },
		{ "not enough alone", "node_worth=0s", "99.1 10", "0:9/1 0:50 0:40.1", "vm2>pm1" },
		{ "the cheapest", "node_worth=0s", "99 10", "0:30/1.1 0:39/1 0:30/1.2", "vm1>pm1" },
		{ "a measured cost counts more than the model's", "node_worth=0s", "99 10",
		  "0:30/1$9 0:30/1$8 0:39/4$1", "vm2>pm1" },
		{ "memory in use costs, not RAM", "node_worth=0s", "99 10", "0:30/2 0:30/8~1 0:39/4", "vm1>pm1" },
		{ "dirty memory costs when the key says so", "node_worth=0s cost_dirty=10s", "99 10",
		  "0:30!100 0:30!50 0:39!400", "vm1>pm1" },
		{ "and nothing by default", "node_worth=0s", "99 10", "0:30!100 0:30!50 0:39!400", "vm0>pm1" },
		{ "two, and the larger first to the first with room",
		  "node_worth=0s at_once=0 cpu_limit=50% cpu_fill=50%", "96 10 20", "0:26 0:30 0:40",
		  "vm2>pm1 vm0>pm2" },
		{ "none is enough: first the most CPU for its cost",
		  "node_worth=0s at_once=0 cpu_limit=50% cpu_fill=50%", "96 10 20", "0:26 0:30$3 0:40$9",
		  "vm1>pm1 vm0>pm2" },
		{ "of several nodes together", "node_worth=0s", "95 96 20 40", "0:10 0:85 1:30 1:66",
		  "vm2>pm2 vm0>pm2#1" },
		{ "none that has no place", "node_worth=0s", "99 10/0.9 30", "0:50 0:49/0.9", "vm1>pm1" },
		{ "room: up to cpu_fill", "node_worth=0s", "91 50 10", "0:20 0:71", "vm0>pm1" },
		{ "room: not above", "node_worth=0s", "91 50.1 10", "0:20 0:71", "vm0>pm2" },
		{ "room: a key", "node_worth=0s cpu_fill=60%", "91 50 10", "0:20 0:71", "vm0>pm2" },
		{ "room for its memory", "node_worth=0s", "91 10/4 10", "0:20/4 0:71", "vm0>pm1" },
		{ "no room for its memory", "node_worth=0s", "91 10/3.9 10", "0:20/4 0:71", "vm0>pm2" },
		{ "no room at all", "node_worth=0s", "91 60", "0:20 0:71", "" },
		{ "the only VM stays", "node_worth=0s", "99 10", "0:99", "" },
		{ "CPU of a VM not known", "node_worth=0s", "99 10", "0:? 0:50", "vm1>pm1" },
		{ "silent", "node_worth=0s", "91 10x 11", "0:20 0:71", "vm0>pm2" },
		{ "CPU of a node not known", "node_worth=0s", "91 ? 11", "0:20 0:71", "vm0>pm2" },
		{ "woken when none has room", "node_worth=0s", "91 60 0z", "0:20 0:71", "wake:pm2 vm0>pm2" },
		{ "an awake one first", "node_worth=0s", "91 0z 50", "0:20 0:71", "vm0>pm2" },
		{ "not woken", "node_worth=0s wake=no", "91 60 0z", "0:20 0:71", "" },
		{ "not during a move", "node_worth=0s", "91 10 50 11", "0:20 0:71 2:1>1", "" },
		{ "nor without a quiet time", "node_worth=0s quiet=0s", "91 10 50 11", "0:20 0:71 2:1>1", "" },
	};
	CHECK_CASES(&first_fit_policy, cases);
}

static void first_fit_empties(void **state)
{
	(void)state;
	static const struct plan_case cases[] = {
		{ "the least loaded node", "", "40 10", "0:40 1:10", "vm1>pm0" },
		{ "worth it", "node_worth=5.3s", "40 10", "0:40/1 1:10/1", "vm1>pm0" },
		{ "not worth it", "node_worth=5.29s", "40 10", "0:40/1 1:10/1", "" },
		{ "all of its VMs count", "node_worth=10.5s", "40 10", "0:40$99 1:5/1 1:5/1", "" },
		{ "and are worth it", "node_worth=10.6s", "40 10", "0:40/1 1:5/1 1:5/1", "vm1>pm0 vm2>pm0#1" },
		{ "the dearer node may be the other", "", "40 10", "0:40/1 1:10$61", "vm0>pm1" },
		{ "the largest first, in the first with room", "at_once=0", "60 40 25", "0:60 1:40 2:5 2:20",
		  "vm3>pm1 vm2>pm0" },
		{ "size is memory too", "at_once=0", "60 40 25/8", "0:60 1:40 2:5/6 2:20/1", "vm2>pm0 vm3>pm1" },
		{ "all or none", "", "60 60 25", "0:60 1:60 2:5 2:20", "" },
		{ "not to nodes without VMs", "", "40 0 0", "0:40", "" },
		{ "nor to sleeping ones", "", "40 0z", "0:40", "" },
		{ "several at once", "", "10 8 6", "0:10 1:8 2:6", "vm2>pm0 vm1>pm0#1" },
		{ "fill: at it", "", "60 10", "0:60 1:10", "vm1>pm0" },
		{ "fill: above", "", "60 10.1", "0:60 1:10.1", "" },
		{ "memory: fits", "", "40/2 10/1", "0:40 1:10", "vm1>pm0" },
		{ "memory: does not", "", "40/1.9 10/1", "0:40 1:10", "" },
		{ "CPU of a VM not known", "", "70 10", "0:70 1:?", "" },
		{ "silent", "", "40x 10", "0:40 1:10", "" },
		{ "a silent source", "", "40 10x", "0:40 1:10", "" },
		{ "not what a loaded node was relieved into", "", "95 10 60", "0:40 0:55 1:10 2:60", "vm0>pm1" },
	};
	CHECK_CASES(&first_fit_policy, cases);
}

/* What is planned for a cluster as it is now; why it stays must be said each time. */
static void plan_again(struct policy *p, bool explain, const char *expected)
{
	struct err e = { 0 };
	struct plan plan;
	char text[1024];
	assert_int_equal(plan_init(&plan, p->cluster, explain, &e), 0);
	if (policy_plan(p, 1000 * NS_PER_S, &plan, &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(made_plan_text(&plan, text, sizeof(text)), expected);
	assert_true(expected[0] || !explain || plan.count > 0);
	plan_free(&plan);
}

/* Who could not be helped has its turn again when there is room elsewhere. */
static void first_fit_comes_back(void **state)
{
	(void)state;
	static const struct {
		const char *options, *nodes, *vms, *expected;
		int32_t node, vm; /* that have `cpu` afterwards */
		double cpu;
	} cases[] = {
		{ "", "60 60 25", "0:60 1:60 2:5 2:20", "vm3>pm0 vm2>pm0#1", 0, 0, 0.4 },
		{ "node_worth=0s", "99 60", "0:50 0:49 1:60", "vm1>pm1", 1, 2, 0.1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err e = { 0 };
		struct cluster *c = made_cluster(cases[i].nodes, cases[i].vms, 0, NULL);
		void *options = made_options(&first_fit_policy, cases[i].options);
		struct policy *p = policy_new(&first_fit_policy, options, c, &e);
		assert_non_null(p);
		for (int times = 0; times < 4; times++)
			plan_again(p, times % 2, "");
		cluster_vm_measured(c, cases[i].vm, cases[i].cpu, INT64_C(1) << 30, NAN);
		cluster_node_measured(c, cases[i].node, NODE_ANSWERING, cases[i].cpu);
		plan_again(p, i % 2, cases[i].expected);
		policy_free(p);
		free(options);
		cluster_free(c);
	}
}

static void model_file(const char *name, const char *lost)
{
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	fprintf(file,
	        "{\"format\":2,\"kind\":\"transfer-model\",\"measured\":{\"used_bytes\":[0,1e12],"
	        "\"dirty_bytes_per_s\":[0,1e12],\"rate_bit_per_s\":[0,1e12],\"rtt_ns\":[0,1e12]},"
	        "\"time_s\":{\"coefficients\":[0,1,0,0,0]},\"lost_s\":{\"coefficients\":[%s]}}\n",
	        lost);
	fclose(file);
}

/* What a config leaves open is as its link is. */
static void costs_are_of_the_link(void **state)
{
	(void)state;
	struct err e = { 0 };
	char text[32];
	void *options = policy_options_new(&first_fit_policy, &e);
	const struct option_row *rate = option_find(first_fit_policy.options, "cost_rate"),
				*rtt = option_find(first_fit_policy.options, "cost_rtt");
	assert_false(first_fit_policy.wants_dirty_rate(options));
	policy_link_set(&first_fit_policy, options, 100000000, 20 * NS_PER_MS);
	assert_string_equal(option_get(rate, options, text, sizeof(text)), "100000000bit/s");
	assert_string_equal(option_get(rtt, options, text, sizeof(text)), "20000000ns");
	policy_link_set(&first_fit_policy, options, 10000000, 0);
	assert_string_equal(option_get(rate, options, text, sizeof(text)), "100000000bit/s");
	assert_int_equal(option_set(first_fit_policy.options, options, "cost_dirty", "1s", &e), 0);
	assert_true(first_fit_policy.wants_dirty_rate(options));
	free(options);
	policy_link_set(&threshold_policy, NULL, 10000000, 0); /* which has no such keys */
}

/* A GiB at 1 Gbit/s is 8.59 s on the wire. */
static void first_fit_counts_as_measured(void **state)
{
	(void)state;
	static const struct plan_case cases[] = {
		{ "by dirty memory only", "node_worth=0s cost_model=dirty.json", "99 10",
		  "0:30/1!100 0:30/8!0 0:39/4!400", "vm1>pm1" },
		{ "where a keys' model would say", "node_worth=0s", "99 10", "0:30/1!100 0:30/8!0 0:39/4!400",
		  "vm0>pm1" },
		{ "a measured cost still counts more", "node_worth=0s cost_model=dirty.json", "99 10",
		  "0:30/1$0!1 0:30/8!1 0:39/4!1", "vm0>pm1" },
		{ "a tenth of the wire's time", "node_worth=860ms cost_model=wire.json", "40 10", "0:40 1:10",
		  "vm1>pm0" },
		{ "is more on a slower link", "node_worth=860ms cost_model=wire.json cost_rate=900M", "40 10",
		  "0:40 1:10", "" },
		{ "0: 1G", "node_worth=860ms cost_model=wire.json cost_rate=0", "40 10", "0:40 1:10", "vm1>pm0" },
		{ "half a second each ms of a round trip", "node_worth=2s cost_model=rtt.json cost_rtt=4ms", "40 10",
		  "0:40 1:10", "vm1>pm0" },
		{ "a longer one", "node_worth=2s cost_model=rtt.json cost_rtt=5ms", "40 10", "0:40 1:10", "" },
	};
	static const char *const files[] = { "dirty.json", "wire.json", "rtt.json" };
	char directory[] = "/tmp/test_policies.XXXXXX", before[4096];
	struct err e = { 0 };
	assert_non_null(getcwd(before, sizeof(before)));
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	model_file(files[0], "0,0,0,1,0");
	model_file(files[1], "0,0.1,0,0,0");
	model_file(files[2], "0,0,0.5,0,0");
	CHECK_CASES(&first_fit_policy, cases);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		unlink(files[i]);
	void *options = made_options(&first_fit_policy, "cost_model=wire.json");
	struct cluster *c = made_cluster("0", "", 0, NULL);
	assert_null(policy_new(&first_fit_policy, options, c, &e));
	assert_int_equal(e.status, EXIT_USAGE);
	assert_string_equal(e.text, "policy 'first-fit-decreasing': cost_model: cannot read 'wire.json' as JSON");
	model_file("wire.json", "0,0.1,0,0,-0.1");
	e = (struct err){ 0 };
	assert_null(policy_new(&first_fit_policy, options, c, &e));
	assert_non_null(strstr(e.text, "'wire.json' has a coefficient below 0"));
	unlink("wire.json");
	free(options);
	cluster_free(c);
	assert_int_equal(chdir(before), 0);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_fit_relieves),           cmocka_unit_test(first_fit_empties),
		cmocka_unit_test(first_fit_counts_as_measured), cmocka_unit_test(costs_are_of_the_link),
		cmocka_unit_test(first_fit_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

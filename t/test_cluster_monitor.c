/* The cluster's monitor over a replayed table: means, what is missing, nodes that hang, a database that is locked. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "t/watched_cluster.h"

#include <math.h>

/* A node that is half busy, a VM that does something. */
#define NODE_RATE                                                                                                    \
	{                                                                                                            \
		[MONITOR_CPUS] = 1, [MONITOR_CPU_NS] = 0.5e9, [MONITOR_MEMORY] = 3e9, [MONITOR_MEMORY_TOTAL] = 8e9,  \
		[MONITOR_DISK_READ] = 10e6, [MONITOR_DISK_WRITTEN] = 5e6, [MONITOR_NET_RECEIVED] = 2e6,              \
		[MONITOR_NET_SENT] = 1e6                                                                             \
	}
#define VM_RATE(cpu)                                                                                                 \
	{                                                                                                            \
		[MONITOR_CPUS] = 2, [MONITOR_CPU_NS] = (cpu)*1e9, [MONITOR_MEMORY] = 1e8,                            \
		[MONITOR_MEMORY_TOTAL] = 2e8, [MONITOR_DISK_READ] = 4e6, [MONITOR_DISK_WRITTEN] = 0,                 \
		[MONITOR_NET_RECEIVED] = 3e5, [MONITOR_NET_SENT] = 7e5                                               \
	}

static void start(struct fixture *f, const struct monitor_replay_row *rows, int count, const char *const nodes[])
{
	struct monitor_node node[8] = { { 0 } };
	struct cluster_monitor_spec spec = {
		.source = &monitor_replay, .nodes = node, .path = f->database.path, .interval_ns = INTERVAL_NS
	};
	struct err e = { 0 };
	for (; nodes[spec.node_count]; spec.node_count++)
		node[spec.node_count].name = nodes[spec.node_count];
	assert_int_equal(monitor_replay_create(&f->replay, rows, count, &e), 0);
	spec.argument = f->replay;
	watch(f, &spec);
}

static const struct monitor_vm_view *find_vm(const struct monitor_node_view *node, const char *vm)
{
	for (int i = 0; i < node->vm_count; i++)
		if (strcmp(node->vms[i].name, vm) == 0)
			return &node->vms[i];
	return NULL;
}

static const struct monitor_vm_view *must_find_vm(const struct monitor_node_view *node, const char *vm)
{
	static const struct monitor_vm_view none;
	const struct monitor_vm_view *v = find_vm(node, vm);
	if (!v)
		fail_msg("no VM '%s' on '%s'", vm, node->name);
	return v ? v : &none;
}

static bool is_answering(const struct monitor_node_view *n)
{
	return n->answering;
}

static bool is_empty(const struct monitor_node_view *n)
{
	return n->answering && n->vm_count == 0;
}

/* Counters are whole numbers: a mean is right within a few millionths. */
static void near(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-4 * expected))
		fail_msg("%g is not %g", value, expected);
}

static void means_are_those_of_the_table(void **state)
{
	static const struct monitor_replay_row rows[] = {
		{ .node = "n0", .vm = "", .rate = NODE_RATE },
		{ .node = "n0", .vm = "a", .state = MONITOR_RUNNING, .rate = VM_RATE(0.3) },
		{ .node = "n0", .vm = "b", .state = "paused", .rate = VM_RATE(0) },
		{ .node = "n1", .vm = "", .rate = NODE_RATE },
	};
	struct fixture *f = *state;
	start(f, rows, 4, (const char *const[]){ "n0", "n1", NULL });
	const struct monitor_node_view *n = wait_for(f, "n0", is_covered);
	assert_string_equal(n->missing, "");
	near(n->cores, 1);
	near(n->mean.cpu_cores, 0.5);
	near(n->mean.memory_bytes, 3e9);
	near(n->mean.memory_total_bytes, 8e9);
	near(n->mean.disk_bytes_per_s, 15e6);
	near(n->mean.net_bytes_per_s, 3e6);
	assert_int_equal(n->vm_count, 2);
	const struct monitor_vm_view *a = must_find_vm(n, "a"), *b = must_find_vm(n, "b");
	assert_true(a->running);
	near(a->mean.cpu_cores, 0.3);
	near(a->mean.memory_total_bytes, 2e8);
	near(a->mean.disk_bytes_per_s, 4e6);
	near(a->mean.net_bytes_per_s, 1e6);
	assert_false(b->running);
	assert_string_equal(b->state, "paused");
	assert_true(b->mean.cpu_cores == 0); /* known to be 0, not missing */
	assert_int_equal(look(f, "n1")->vm_count, 0);
	struct cluster_monitor_report report = stop(f);
	assert_true(report.seconds >= 8);
	assert_int_equal(report.seconds_lost + report.writes_failed, 0);
	assert_int_equal(report.rows_missing == 0,
	                 strcmp(recorded(f, "SELECT count(*) FROM sample WHERE missing IS NOT NULL"), "0") == 0);
	assert_string_equal(recorded(f, "SELECT round(avg(cpu_cores), 3) FROM rate WHERE vm = 'a'"), "0.3");
	assert_true(report.longest_answer_ns > 0 && report.longest_write_ns >= report.longest_answer_ns);
	char text[256];
	assert_non_null(strstr(monitor_report_text(&report, text, sizeof(text)), "the longest delay"));
}

static void what_is_not_told_is_missing(void **state)
{
	static const struct monitor_replay_row rows[] = {
		{ .node = "n0",
		  .vm = "",
		  .rate = { [MONITOR_CPUS] = 1, [MONITOR_CPU_NS] = 0.5e9, [MONITOR_DISK_READ] = NAN } },
		{ .node = "n0",
		  .vm = "a",
		  .state = MONITOR_RUNNING,
		  .rate = { [MONITOR_CPU_NS] = NAN, [MONITOR_MEMORY] = NAN } },
	};
	struct fixture *f = *state;
	start(f, rows, 2, (const char *const[]){ "n0", NULL });
	const struct monitor_node_view *n = wait_for(f, "n0", is_covered);
	assert_true(n->answering);
	assert_string_equal(n->missing, "the table does not tell disk_read_bytes");
	assert_true(isnan(n->mean.disk_bytes_per_s));
	near(n->mean.cpu_cores, 0.5);
	const struct monitor_vm_view *a = must_find_vm(n, "a");
	assert_true(isnan(a->mean.cpu_cores) && isnan(a->mean.memory_bytes));
	assert_int_equal(a->mean.covered_ns, 0);
	assert_true(a->mean.net_bytes_per_s == 0);
	stop(f);
	assert_string_equal(
		recorded(f, "SELECT missing FROM sample WHERE vm = 'a' AND cpu_ns IS NULL AND disk_read_bytes = 0 "
	                    "AND head_ns IS NOT NULL"),
		"the table does not tell cpu_ns, memory_bytes");
}

/* A VM moves: both nodes have it for a while, it runs on one of them. */
static void a_vm_is_where_it_runs(void **state)
{
	static const struct monitor_replay_row rows[] = {
		{ .node = "n0", .vm = "", .rate = NODE_RATE },
		{ .node = "n1", .vm = "", .rate = NODE_RATE },
		{ .node = "n0", .vm = "a", .state = MONITOR_RUNNING, .rate = VM_RATE(0.9) },
		{ 20 * INTERVAL_NS, .node = "n1", .vm = "a", .state = "paused", .rate = VM_RATE(0.1) },
		{ 30 * INTERVAL_NS, .node = "n0", .vm = "a" },
		{ 30 * INTERVAL_NS, .node = "n1", .vm = "a", .state = MONITOR_RUNNING, .rate = VM_RATE(0.6) },
	};
	struct fixture *f = *state;
	start(f, rows, 6, (const char *const[]){ "n0", "n1", NULL });
	wait_for(f, "n0", is_empty);
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	const struct monitor_vm_view *a;
	/* The window fills with what it does there. */
	while (!(a = find_vm(look(f, "n1"), "a")) || !a->running || !(fabs(a->mean.cpu_cores - 0.6) < 1e-3)) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(INTERVAL_NS);
	}
	stop(f);
}

static void a_failing_hypervisor_has_rows_that_say_so(void **state)
{
	static const struct monitor_replay_row rows[] = {
		{ .node = "n0", .vm = "", .rate = NODE_RATE },
		{ 20 * INTERVAL_NS, .node = "n0", .vm = "", .rate = NODE_RATE, .failure = "libvirtd is dead" },
		{ .node = "n0", .vm = "a", .state = MONITOR_RUNNING, .rate = VM_RATE(0.3) },
		{ .node = "n1", .vm = "", .rate = NODE_RATE },
	};
	struct fixture *f = *state;
	start(f, rows, 4, (const char *const[]){ "n0", "n1", NULL });
	wait_for(f, "n0", is_covered);
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	while (strcmp(look(f, "n0")->missing, "libvirtd is dead") != 0) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(INTERVAL_NS);
	}
	assert_false(look(f, "n0")->answering);
	near(wait_for(f, "n0", is_covered)->mean.cpu_cores, 0.5); /* the node's own counters are read on */
	clock_sleep(2 * INTERVAL_NS);
	stop(f);
	assert_string_equal(recorded(f, "SELECT state FROM sample WHERE vm = '' AND missing = 'libvirtd is dead' "
	                                "AND cpu_ns IS NOT NULL"),
	                    MONITOR_SILENT);
	assert_string_equal(recorded(f, "SELECT state FROM sample WHERE vm = 'a' AND missing = 'libvirtd is dead' "
	                                "AND cpu_ns IS NULL AND head_ns IS NULL"),
	                    "NULL");
	assert_string_equal(
		recorded(f, "SELECT count(*) FROM sample WHERE node = 'n1' AND missing = 'libvirtd is dead'"), "0");
}

/* What was put to sleep is not called silent, as long as it does not answer. */
static void a_sleeping_node_has_a_state(void **state)
{
	static const struct monitor_replay_row rows[] = {
		{ .node = "n0", .vm = "", .rate = NODE_RATE },
		{ 20 * INTERVAL_NS, .node = "n0", .vm = "", .rate = NODE_RATE, .failure = "no route" },
		{ .node = "n1", .vm = "", .rate = NODE_RATE },
	};
	struct fixture *f = *state;
	start(f, rows, 3, (const char *const[]){ "n0", "n1", NULL });
	wait_for(f, "n0", is_silent);
	cluster_monitor_asleep(f->monitor, 0, true);
	cluster_monitor_asleep(f->monitor, 1, true);
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	while (count_seconds(f, "n0", MONITOR_ASLEEP) < 3) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(INTERVAL_NS);
	}
	assert_true(cluster_monitor_second(f->monitor) > 0);
	cluster_monitor_asleep(f->monitor, 0, false);
	int silent = count_seconds(f, "n0", MONITOR_SILENT);
	while (count_seconds(f, "n0", MONITOR_SILENT) < silent + 3) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(INTERVAL_NS);
	}
	stop(f);
	assert_int_equal(count_seconds(f, "n1", MONITOR_ASLEEP), 0);
	assert_string_equal(recorded(f, "SELECT missing FROM sample WHERE state = 'asleep'"), "no route");
}

/* A mean is of the whole window, or none: not of the half that is there so far. */
static void a_mean_is_of_the_whole_window(void **state)
{
	static const struct monitor_replay_row rows[] = { { .node = "n0", .vm = "", .rate = NODE_RATE } };
	struct fixture *f = *state;
	int known = 0, early = 0;
	start(f, rows, 1, (const char *const[]){ "n0", NULL });
	for (int64_t end_ns = clock_now_ns() + PATIENCE_NS; known < 5; clock_sleep(INTERVAL_NS / 4)) {
		const struct monitor_node_view *n = look(f, "n0");
		assert_true(clock_now_ns() < end_ns);
		known += !isnan(n->mean.cpu_cores);
		early += !isnan(n->mean.cpu_cores) && n->mean.covered_ns < WINDOW_NS - INTERVAL_NS / 2;
	}
	assert_int_equal(early, 0);
	stop(f);
}

static void a_hanging_node_delays_nobody(void **state)
{
	static const struct monitor_replay_row rows[] = {
		{ .node = "n0", .vm = "", .rate = NODE_RATE },
		{ .node = "n1", .vm = "", .rate = NODE_RATE },
		{ .node = "n1", .vm = "a", .state = MONITOR_RUNNING, .rate = VM_RATE(0.3) },
		{ 20 * INTERVAL_NS, .node = "n1", .vm = "", .rate = NODE_RATE, .delay_ns = MONITOR_REPLAY_HANG },
		{ .node = "n2", .vm = "", .rate = NODE_RATE },
	};
	struct fixture *f = *state;
	start(f, rows, 5, (const char *const[]){ "n0", "n1", "n2", NULL });
	wait_for(f, "n1", is_answering);
	wait_for(f, "n1", is_silent);
	int before = count_seconds(f, "n0", MONITOR_ANSWERING);
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	/* It hangs until it is released: whoever waited for it would wait for ever. */
	while (count_seconds(f, "n0", MONITOR_ANSWERING) < before + 30 ||
	       count_seconds(f, "n2", MONITOR_ANSWERING) < before + 30 ||
	       count_seconds(f, "n1", MONITOR_SILENT) < 20) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(INTERVAL_NS);
	}
	assert_false(look(f, "n1")->answering);
	assert_non_null(strstr(look(f, "n1")->missing, "no answer after"));
	assert_int_equal(look(f, "n1")->vm_count, 0); /* nothing is known of this window */
	assert_true(
		atoi(recorded(f, "SELECT count(*) FROM sample WHERE vm = 'a' AND missing LIKE 'no answer after%'")) >=
		20);
	monitor_replay_release(f->replay);
	wait_for(f, "n1", is_answering);
	struct cluster_monitor_report report = stop(f);
	assert_int_equal(report.seconds_lost, 0);
	assert_true(report.answers_late >= 1);
	assert_string_equal(
		recorded(f,
	                 "SELECT count(DISTINCT node) FROM sample GROUP BY due_ns HAVING count(DISTINCT node) <> 3"),
		"none");
}

/* Nobody waits for a node that hangs at the end either; its thread goes when it can. */
static void a_hanging_node_does_not_hold_the_end(void **state)
{
	static const struct monitor_replay_row rows[] = {
		{ .node = "n0", .vm = "", .rate = NODE_RATE, .delay_ns = MONITOR_REPLAY_HANG },
		{ .node = "n1", .vm = "", .rate = NODE_RATE, .delay_ns = MONITOR_REPLAY_HANG },
		{ .node = "n2", .vm = "", .rate = NODE_RATE },
	};
	struct fixture *f = *state;
	start(f, rows, 3, (const char *const[]){ "n0", "n1", "n2", NULL });
	wait_for(f, "n0", is_silent);
	stop(f);
	assert_true(count_seconds(f, "n0", MONITOR_SILENT) > 0);
	assert_int_equal(count_seconds(f, "n0", MONITOR_ANSWERING), 0);
	monitor_replay_release(f->replay);
	clock_sleep(200 * NS_PER_MS); /* the threads use the table until they are gone */
}

static void a_locked_database_loses_no_second(void **state)
{
	static const struct monitor_replay_row rows[] = {
		{ .node = "n0", .vm = "", .rate = NODE_RATE },
		{ .node = "n0", .vm = "a", .state = MONITOR_RUNNING, .rate = VM_RATE(0.3) },
	};
	struct fixture *f = *state;
	struct cluster_monitor_report report;
	sqlite3 *client;
	start(f, rows, 2, (const char *const[]){ "n0", NULL });
	wait_for(f, "n0", is_covered);
	assert_int_equal(sqlite3_open(f->database.path, &client), SQLITE_OK);
	sqlite3_busy_timeout(client, 10000);
	assert_int_equal(sqlite3_exec(client, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	do {
		clock_sleep(INTERVAL_NS);
		cluster_monitor_report(f->monitor, &report);
	} while (report.writes_failed < 2);
	assert_int_equal(sqlite3_exec(client, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(client);
	int64_t written = report.seconds;
	while (report.seconds < written + 30) {
		clock_sleep(INTERVAL_NS);
		cluster_monitor_report(f->monitor, &report);
	}
	report = stop(f);
	assert_non_null(strstr(report.trouble, "locked"));
	assert_int_equal(atoi(recorded(f, "SELECT count(DISTINCT due_ns) FROM sample")), report.seconds);
	/* Those that waited are there, unless this machine stood still for a minute of theirs. */
	if (report.seconds_lost == 0)
		assert_string_equal(
			recorded(f, "SELECT (max(due_ns) - min(due_ns)) / 20000000 + 1 - count(DISTINCT due_ns) "
		                    "FROM sample"),
			"0");
}

static void bad_specifications_are_refused(void **state)
{
	const struct fixture *f = *state;
	struct monitor_node twice[] = { { .name = "n0" }, { .name = "n0" } };
	struct cluster_monitor_spec spec = {
		.source = &monitor_replay, .nodes = twice, .node_count = 2, .path = f->database.path
	};
	struct cluster_monitor *m;
	struct err e = { 0 };
	assert_int_equal(cluster_monitor_start(&m, &spec, &e), -1);
	assert_non_null(strstr(e.text, "two nodes are named 'n0'"));
	spec.node_count = 1;
	spec.deadline_ns = 2 * NS_PER_S;
	assert_int_equal(cluster_monitor_start(&m, &spec, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	spec.deadline_ns = 0;
	spec.path = "/nowhere/at/all.sqlite";
	assert_int_equal(cluster_monitor_start(&m, &spec, &e), -1);
	assert_non_null(strstr(e.text, "/nowhere/at/all.sqlite"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(means_are_those_of_the_table, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_told_is_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vm_is_where_it_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failing_hypervisor_has_rows_that_say_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sleeping_node_has_a_state, setup, teardown),
		cmocka_unit_test_setup_teardown(a_mean_is_of_the_whole_window, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hanging_node_delays_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hanging_node_does_not_hold_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_locked_database_loses_no_second, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_specifications_are_refused, setup, teardown),
	};
	return cmocka_run_group_tests_name("cluster monitor", tests, NULL, NULL);
}

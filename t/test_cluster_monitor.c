/* The cluster's monitor over a replayed table: means, what is missing, nodes that hang, a database that is locked; and
 * what libvirt and /proc say. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"
#include "bench/placement/monitor.h"
#include "bench/placement/monitor_libvirt.h"
#include "bench/placement/monitor_local.h"
#include "bench/placement/monitor_replay.h"
#include "collectors/proc_read.h"
#include "t/scratch_database.h"

#include <math.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define INTERVAL_NS (20 * NS_PER_MS)
#define WINDOW_NS (10 * INTERVAL_NS)
#define PATIENCE_NS (60 * NS_PER_S) /* for what comes after a few intervals, unless it never does */

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

struct fixture {
	struct scratch_database database;
	struct monitor_replay *replay;
	struct cluster_monitor *monitor;
	struct monitor_view view;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	scratch_database_make(&f->database);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	monitor_view_free(&f->view);
	monitor_replay_free(f->replay);
	scratch_database_remove(&f->database);
	free(f);
	return 0;
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
	if (cluster_monitor_start(&f->monitor, &spec, &e) < 0)
		fail_msg("%s", e.text);
}

static struct cluster_monitor_report stop(struct fixture *f)
{
	struct cluster_monitor_report report;
	struct err e = { 0 };
	if (cluster_monitor_stop(f->monitor, &report, &e) < 0)
		fail_msg("%s", e.text);
	return report;
}

static const struct monitor_node_view *look(struct fixture *f, const char *node)
{
	struct err e = { 0 };
	if (cluster_monitor_view(f->monitor, WINDOW_NS, &f->view, &e) < 0)
		fail_msg("%s", e.text);
	for (int i = 0; i < f->view.node_count; i++)
		if (strcmp(f->view.nodes[i].name, node) == 0)
			return &f->view.nodes[i];
	fail_msg("no node '%s'", node);
	return NULL;
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

/* Until `holds` of the node's view. */
static const struct monitor_node_view *wait_for(struct fixture *f, const char *node,
                                                bool (*holds)(const struct monitor_node_view *))
{
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	const struct monitor_node_view *v;
	while (!holds(v = look(f, node))) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(INTERVAL_NS / 4);
	}
	return v;
}

static bool is_covered(const struct monitor_node_view *n)
{
	return n->mean.covered_ns > WINDOW_NS * 3 / 4;
}

static bool is_silent(const struct monitor_node_view *n)
{
	return !n->answering && n->missing[0] && strcmp(n->missing, "not asked yet") != 0;
}

static bool is_answering(const struct monitor_node_view *n)
{
	return n->answering;
}

static bool is_empty(const struct monitor_node_view *n)
{
	return n->answering && n->vm_count == 0;
}

static const char *recorded(const struct fixture *f, const char *sql)
{
	return ask_file(&f->database, sql);
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
	near(look(f, "n0")->mean.cpu_cores, 0.5); /* the node's own counters are read on */
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

static int count_seconds(const struct fixture *f, const char *node, const char *state)
{
	char sql[160];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM sample WHERE node = '%s' AND vm = '' AND state = '%s'", node,
	         state);
	return atoi(recorded(f, sql));
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

static void libvirt_statistics_are_understood(void **state)
{
	(void)state;
	struct monitor_reading r = { 0 };
	struct err e = { 0 };
	virTypedParameterPtr p = NULL;
	int count = 0, room = 0;
	assert_int_equal(hypervisor_init(&e), 0);
	virTypedParamsAddInt(&p, &count, &room, "state.state", VIR_DOMAIN_RUNNING);
	virTypedParamsAddULLong(&p, &count, &room, "cpu.time", 1234567890);
	virTypedParamsAddULLong(&p, &count, &room, "balloon.current", 131072);
	virTypedParamsAddULLong(&p, &count, &room, "balloon.rss", 65536);
	virTypedParamsAddUInt(&p, &count, &room, "vcpu.current", 2);
	virTypedParamsAddUInt(&p, &count, &room, "block.count", 2);
	virTypedParamsAddULLong(&p, &count, &room, "block.0.rd.bytes", 100);
	virTypedParamsAddULLong(&p, &count, &room, "block.0.wr.bytes", 10);
	virTypedParamsAddULLong(&p, &count, &room, "block.1.rd.bytes", 200);
	virTypedParamsAddUInt(&p, &count, &room, "net.count", 0);
	monitor_reading_clear(&r, "a", NULL);
	monitor_libvirt_vm(p, count, 77, &r);
	assert_string_equal(r.state, MONITOR_RUNNING);
	assert_int_equal(r.head_ns, 77);
	assert_int_equal(r.value[MONITOR_CPUS], 2);
	assert_int_equal(r.value[MONITOR_CPU_NS], 1234567890);
	assert_int_equal(r.value[MONITOR_MEMORY], 65536 * 1024);
	assert_int_equal(r.value[MONITOR_MEMORY_TOTAL], 131072 * 1024);
	assert_int_equal(r.value[MONITOR_DISK_READ], 300);
	assert_int_equal(r.value[MONITOR_DISK_WRITTEN], MONITOR_MISSING); /* of one of its disks */
	assert_int_equal(r.value[MONITOR_NET_RECEIVED], 0);               /* it has no network device */
	assert_string_equal(r.missing, "libvirt does not tell disk_written_bytes");
	virTypedParamsFree(p, count);

	monitor_reading_clear(&r, "a", NULL);
	monitor_libvirt_vm(NULL, 0, 77, &r);
	assert_null(r.state);
	assert_string_equal(r.missing, "libvirt does not tell its state");
	for (int q = 0; q < MONITOR_QUANTITIES; q++)
		assert_int_equal(r.value[q], MONITOR_MISSING);
	hypervisor_end();
}

static bool is_vda(const char *name)
{
	return strcmp(name, "vda") == 0;
}

static void proc_is_understood(void **state)
{
	(void)state;
	static const char meminfo[] = "MemTotal:        8000000 kB\nMemFree:          100000 kB\n"
				      "MemAvailable:    6000000 kB\nBuffers: 5 kB\n";
	static const char net_dev[] =
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo\n"
		"    lo:  535165    9145    0    0    0     0          0         0   535165    9145    0    0    0     0\n"
		"   up0: 1000 39823    0    0    0     0          0         0  200   22933    0    0    0     0\n"
		" mgmt0:1848886501   39823    0    0    0     0          0         0  1709933   22933    0    0    0\n"
		" br-lan: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n";
	static const char diskstats[] =
		"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		" 254       0 vda 2045834 132214 98166939 2318552 739478 320371 75972968 431226 0 280296 2824342\n"
		" 254       1 vda1 2045834 132214 98166939 2318552 739478 320371 75972968 431226 0 280296 2824342\n";
	int64_t total, available, in, out;
	assert_int_equal(meminfo_parse(meminfo, &total, &available), 0);
	assert_int_equal(total, INT64_C(8000000) * 1024);
	assert_int_equal(total - available, INT64_C(2000000) * 1024);
	assert_int_equal(meminfo_parse("MemTotal: 5 kB\n", &total, &available), -1);
	const char *const uplinks[] = { "mgmt0", "up0", "mig0", NULL };
	assert_int_equal(net_dev_parse(net_dev, uplinks, &in, &out), 0);
	assert_int_equal(in, INT64_C(1848886501) + 1000);
	assert_int_equal(out, 1709933 + 200);
	assert_int_equal(net_dev_parse("", uplinks, &in, &out), -1);
	assert_int_equal(diskstats_parse(diskstats, is_vda, &in, &out), 0);
	assert_int_equal(in, INT64_C(98166939) * 512);
	assert_int_equal(out, INT64_C(75972968) * 512);
	assert_int_equal(diskstats_parse("", is_vda, &in, &out), 0); /* a machine without disks */
	assert_int_equal(in, 0);
}

static void this_machine_has_counters(void **state)
{
	(void)state;
	const char *const devices[] = { "lo", NULL };
	struct monitor_node whole = { .name = "all", .devices = devices }, core = { .name = "one", .core = 1 };
	struct monitor_reading r = { 0 };
	struct local_counters *c;
	struct err e = { 0 };
	assert_int_equal(local_counters_open(&c, &whole, &e), 0);
	monitor_reading_clear(&r, "", NULL);
	local_counters_read(c, &r);
	assert_string_equal(r.missing, "");
	assert_int_equal(r.value[MONITOR_CPUS], sysconf(_SC_NPROCESSORS_ONLN));
	assert_in_range(r.value[MONITOR_MEMORY], 1, r.value[MONITOR_MEMORY_TOTAL]);
	local_counters_close(c);
	assert_int_equal(local_counters_open(&c, &core, &e), 0);
	int64_t last = MONITOR_MISSING;
	for (int i = 0; i < 50; i++) {
		monitor_reading_clear(&r, "", NULL);
		local_counters_read(c, &r);
		assert_true(r.value[MONITOR_CPU_NS] >= last);
		last = r.value[MONITOR_CPU_NS];
	}
	assert_int_equal(r.value[MONITOR_CPUS], 1);
	assert_int_equal(r.value[MONITOR_NET_SENT], MONITOR_MISSING);
	assert_non_null(strstr(r.missing, "no network devices are named"));
	local_counters_close(c);
}

/* One libvirtd that is not there, one that accepts and never answers. */
static void libvirt_may_be_dead_or_hang(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char hanging[160], dead[160];
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", f->database.directory);
	snprintf(hanging, sizeof(hanging), "qemu+unix:///system?socket=%s", address.sun_path);
	snprintf(dead, sizeof(dead), "qemu+unix:///system?socket=%s/none", f->database.directory);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	const char *const devices[] = { "lo", NULL };
	struct monitor_node nodes[] = { { .name = "hanging", .libvirt_uri = hanging, .devices = devices, .core = 1 },
		                        { .name = "dead", .libvirt_uri = dead, .devices = devices, .core = 1 } };
	struct cluster_monitor_spec spec = { .source = &monitor_libvirt,
		                             .nodes = nodes,
		                             .node_count = 2,
		                             .path = f->database.path,
		                             .interval_ns = INTERVAL_NS };
	struct err e = { 0 };
	if (cluster_monitor_start(&f->monitor, &spec, &e) < 0)
		fail_msg("%s", e.text);
	const struct monitor_node_view *n = wait_for(f, "dead", is_covered);
	assert_non_null(strstr(n->missing, "cannot reach libvirt"));
	assert_false(n->answering);
	assert_false(isnan(n->mean.cpu_cores));
	n = wait_for(f, "hanging", is_silent);
	assert_non_null(strstr(n->missing, "no answer after"));
	close(fd); /* what waits in it is refused */
	stop(f);
	unlink(address.sun_path);
	hypervisor_end();
	assert_true(count_seconds(f, "dead", MONITOR_SILENT) >= 8);
	assert_int_equal(count_seconds(f, "hanging", MONITOR_ANSWERING), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(means_are_those_of_the_table, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_told_is_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_vm_is_where_it_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failing_hypervisor_has_rows_that_say_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hanging_node_delays_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hanging_node_does_not_hold_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_locked_database_loses_no_second, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_specifications_are_refused, setup, teardown),
		cmocka_unit_test(libvirt_statistics_are_understood),
		cmocka_unit_test(proc_is_understood),
		cmocka_unit_test(this_machine_has_counters),
		cmocka_unit_test_setup_teardown(libvirt_may_be_dead_or_hang, setup, teardown),
	};
	return cmocka_run_group_tests_name("cluster monitor", tests, NULL, NULL);
}

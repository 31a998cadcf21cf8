/* The consolidation manager without machines: what the monitor saw put into the cluster, and the whole loop over a
 * replayed one. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/progress.h"
#include "bench/placement/cluster_line.h"
#include "bench/placement/cluster_view.h"
#include "bench/placement/consolidation.h"
#include "bench/placement/monitor_replay.h"
#include "t/logged_moves.h"
#include "t/made_cluster.h"
#include "t/scratch_database.h"

/* ---- a view -> the cluster ---- */

struct seen {
	const char *vm;
	double cpu;
	bool running;
};

/* cpu -1: it does not answer. */
static void see(struct monitor_view *view, int node, double cpu, const struct seen *vms, int count)
{
	static const char *const names[] = { "pm0", "pm1", "pm2" };
	struct monitor_node_view *n = &view->nodes[node];
	n->name = names[node];
	n->answering = cpu >= 0;
	n->mean.cpu_cores = cpu;
	n->vms = calloc((size_t)count + 1, sizeof(*n->vms));
	n->vm_count = count;
	for (int i = 0; i < count; i++) {
		snprintf(n->vms[i].name, sizeof(n->vms[i].name), "%s", vms[i].vm);
		n->vms[i].running = vms[i].running;
		n->vms[i].mean.cpu_cores = vms[i].cpu;
		n->vms[i].mean.memory_bytes = 0x1p28;
	}
}

static struct monitor_view view_begin(int nodes, int64_t due_ns)
{
	return (struct monitor_view){ .due_ns = due_ns,
		                      .node_count = nodes,
		                      .nodes = calloc((size_t)nodes, sizeof(struct monitor_node_view)) };
}

static void a_view_fills_the_cluster(void **state)
{
	(void)state;
	struct cluster *c = made_cluster("? ?", "0:? 0:? 1:?", 0, NULL);
	bool asleep[2] = { false };
	const struct cluster_view_rules all = { .asleep = asleep },
					guests = { .guests_only = true, .asleep = asleep };
	struct monitor_view view = view_begin(2, 1000);
	see(&view, 0, 0.9, (const struct seen[]){ { "vm0", 0.2, true }, { "vm1", 0.5, true } }, 2);
	see(&view, 1, 0.1, (const struct seen[]){ { "vm2", NAN, true }, { "vm0", 0.05, false } }, 2);
	cluster_vm_measured(c, 0, NAN, 0, 5e6);
	cluster_view_apply(c, &view, &all);
	assert_true(c->vms[0].dirty_per_s == 5e6); /* the monitor knows of none */
	assert_true(isnan(c->vms[1].dirty_per_s));
	assert_true(c->nodes[0].cpu == 0.9 && c->nodes[0].state == NODE_ANSWERING);
	assert_true(c->nodes[1].cpu == 0.1);
	assert_true(c->vms[0].cpu == 0.2 && c->vms[0].node == 0);
	assert_true(c->vms[1].cpu == 0.5);
	assert_true(isnan(c->vms[2].cpu));
	assert_int_equal(c->vms[0].used_bytes, 1 << 28);

	/* Of guests only; one of them is not known, and what does not run does not count. */
	cluster_view_apply(c, &view, &guests);
	assert_true(fabs(c->nodes[0].cpu - 0.7) < 1e-9);
	assert_true(isnan(c->nodes[1].cpu));

	/* Asleep it is, whatever it says. */
	asleep[1] = true;
	cluster_view_apply(c, &view, &all);
	assert_int_equal(c->nodes[1].state, NODE_ASLEEP);

	/* It would not wake: nothing is planned with it for a while. */
	const bool left_alone[2] = { false, true };
	const struct cluster_view_rules refused = { .asleep = asleep, .left_alone = left_alone };
	cluster_view_apply(c, &view, &refused);
	assert_int_equal(c->nodes[1].state, NODE_SILENT);
	assert_int_equal(c->nodes[0].state, NODE_ANSWERING);
	monitor_view_free(&view);
	cluster_free(c);
}

static void a_silent_node_keeps_its_vms(void **state)
{
	(void)state;
	struct cluster *c = made_cluster("50 50", "0:20 1:30", 0, NULL);
	bool asleep[2] = { false };
	const struct cluster_view_rules rules = { .asleep = asleep };
	struct monitor_view view = view_begin(2, 1000);
	see(&view, 0, 0.4, NULL, 0);
	see(&view, 1, -1, (const struct seen[]){ { "vm1", 0.3, true } }, 1);
	cluster_view_apply(c, &view, &rules);
	assert_int_equal(c->nodes[1].state, NODE_SILENT);
	assert_true(isnan(c->nodes[1].cpu));
	assert_int_equal(c->vms[1].node, 1);
	assert_true(isnan(c->vms[1].cpu));
	/* The other one's node answers, and does not have it: it is nowhere. */
	assert_int_equal(c->vms[0].node, CLUSTER_NONE);
	monitor_view_free(&view);
	cluster_free(c);
}

static void only_a_younger_view_places_vms(void **state)
{
	(void)state;
	struct cluster *c = made_cluster("50 50", "0:20", 0, NULL);
	bool asleep[2] = { false };
	const struct cluster_view_rules rules = { .asleep = asleep };
	struct monitor_view view = view_begin(2, 1000);
	see(&view, 0, 0.4, NULL, 0);
	see(&view, 1, 0.1, (const struct seen[]){ { "vm0", 0.3, true } }, 1);

	/* It moves: where it is says the mover. */
	cluster_move_begin(c, 0, 1, 900);
	cluster_view_apply(c, &view, &rules);
	assert_int_equal(c->vms[0].node, 0);
	assert_int_equal(c->vms[0].to, 1);

	/* Said to have failed after this view's second: the view is of the past. */
	cluster_move_end(c, 0, 1001, false);
	assert_false(cluster_view_is_current(c, &view));
	cluster_view_apply(c, &view, &rules);
	assert_int_equal(c->vms[0].node, 0);

	/* The next second shows how it really ended. */
	view.due_ns = 1001;
	assert_true(cluster_view_is_current(c, &view));
	cluster_view_apply(c, &view, &rules);
	assert_int_equal(c->vms[0].node, 1);
	monitor_view_free(&view);
	cluster_free(c);
}

static void a_cluster_is_one_line(void **state)
{
	(void)state;
	char line[100], small[12];
	struct cluster *c = made_cluster("96 1 0z 0x ?", "0:20>1 0:76 1:?", 0, NULL);
	assert_string_equal(
		cluster_line(c, line, sizeof(line)),
		"vm0 > pm1; pm0 96 % (vm0 20 %, vm1 76 %); pm1 1 % (vm2 ?); pm2 asleep; pm3 silent; pm4 ?");
	assert_string_equal(cluster_line(c, small, sizeof(small)), "vm0 > pm1; ");
	cluster_free(c);
}

static void a_line_fits_the_terminal(void **state)
{
	(void)state;
	char line[] = "settle: 3 s, vm0 > dst", accents[] = "caf\xc3\xa9s", narrow[] = "caf\xc3\xa9";
	assert_string_equal(progress_cut(line, 0), "settle: 3 s, vm0 > dst");
	assert_string_equal(progress_cut(line, 80), "settle: 3 s, vm0 > dst");
	assert_string_equal(progress_cut(line, 10), "settle: 3");
	/* A letter of two bytes takes one column. */
	assert_string_equal(progress_cut(accents, 6), "caf\xc3\xa9s");
	assert_string_equal(progress_cut(narrow, 4), "caf");
}

/* ---- the loop ---- */

#define INTERVAL_NS (40 * NS_PER_MS)
#define NODE(cores_busy)                                                                                             \
	{                                                                                                            \
		[MONITOR_CPUS] = 1, [MONITOR_CPU_NS] = (cores_busy)*1e9, [MONITOR_MEMORY] = 1e9,                     \
		[MONITOR_MEMORY_TOTAL] = 8e9                                                                         \
	}

/* Overloaded for ever, whatever is moved: pm1 seems to have vm0 as soon as it was moved there. */
static const struct monitor_replay_row overloaded[] = {
	{ .node = "pm0", .vm = "", .rate = NODE(1) },
	{ .node = "pm0", .vm = "vm0", .state = MONITOR_RUNNING, .rate = NODE(0.2) },
	{ .node = "pm0", .vm = "vm1", .state = MONITOR_RUNNING, .rate = NODE(0.8) },
	{ .node = "pm1", .vm = "", .rate = NODE(0) },
};

/* The loop is broken off so many pulses after the log has so many of this; NULL: it ends by itself. */
struct stop {
	const char *text;
	int times, pulses;
};

static atomic_int notes;
static const char *over_text; /* the load is over when the log has this; NULL: nobody asks */
static bool gather, apart;    /* and the VMs are to be together; vm1 is on the other node */

static bool is_over(void *context)
{
	(void)context;
	return log_count(over_text) > 0;
}

static struct stop stop;
static char last_line[200];
static bool moving_seen; /* at the head of a line */

static int on_pulse(void *context, const char *line, struct err *e)
{
	(void)context;
	snprintf(last_line, sizeof(last_line), "%s", line);
	moving_seen |= strncmp(line, "vm0 > pm1; ", 11) == 0;
	if (!stop.text || log_count(stop.text) < stop.times || stop.pulses-- > 0)
		return 0;
	return err_set(e, EXIT_INTERRUPTED, "interrupted");
}

static void on_note(void *context, const char *line)
{
	(void)context;
	assert_non_null(strstr(line, " s: "));
	atomic_fetch_add(&notes, 1);
}

struct looped {
	struct consolidation_result result;
	int status;
	struct err e;
};

/* The policy of the loops to come, and the round trip between the nodes. */
static const struct policy_ops *loop_policy = &threshold_policy;
static const char *loop_options = "window=1s quiet=1s";
static int64_t loop_rtt_ns = -1;

static struct looped loop_run(const char *second, int64_t duration_ns, bool dry_run, struct stop until)
{
	struct looped l = { 0 };
	struct monitor_replay *replay;
	struct scratch_database database;
	const struct policy_ops *ops = loop_policy;
	void *options = made_options(ops, loop_options);
	const int64_t rtt_ns[] = { 0, loop_rtt_ns, loop_rtt_ns, 0 };
	struct monitor_replay_row rows[4];
	const struct consolidation_node nodes[] = {
		{ { "pm0", "", "", NULL, 0 }, { .name = "pm0" }, 1, INT64_C(1) << 34 },
		{ { second, "", "", NULL, 1 }, { .name = second }, 1, INT64_C(1) << 34 },
	};
	const struct consolidation_vm vms[] = { { "vm0", 1 << 28, 0, 0 }, { "vm1", 1 << 28, apart, 0 } };
	memcpy(rows, overloaded, sizeof(rows));
	rows[3].node = second;
	if (apart)
		rows[2].node = second;
	scratch_database_make(&database);
	assert_int_equal(monitor_replay_create(&replay, rows, 4, &l.e), 0);
	log_clear();
	atomic_store(&notes, 0);
	moving_seen = false;
	atomic_store(&moved, 0);
	stop = until;
	const struct consolidation_spec spec = { .policy = ops,
		                                 .policy_options = options,
		                                 .nodes = nodes,
		                                 .node_count = 2,
		                                 .rtt_ns = loop_rtt_ns == -1 ? NULL : rtt_ns,
		                                 .vms = vms,
		                                 .vm_count = 2,
		                                 .migration = { .sink = sink },
		                                 .migrate = fake_migrate,
		                                 .source = &monitor_replay,
		                                 .source_argument = replay,
		                                 .database = database.path,
		                                 .interval_ns = INTERVAL_NS,
		                                 .duration_ns = duration_ns,
		                                 .is_over = over_text ? is_over : NULL,
		                                 .gather = gather,
		                                 .dry_run = dry_run,
		                                 .pulse = on_pulse,
		                                 .note = on_note };
	l.status = consolidation_run(&spec, &l.result, &l.e);
	monitor_replay_free(replay);
	free(options);
	scratch_database_remove(&database);
	return l;
}

static void the_loop_finds_an_overload_and_moves(void **state)
{
	(void)state;
	atomic_store(&hold, false);
	struct looped l = loop_run("pm1", PATIENCE_NS, false, (struct stop){ "move-end: arrived", 1, 0 });
	assert_int_equal(l.status, -1);
	assert_int_equal(l.e.status, EXIT_INTERRUPTED);
	log_has("vm0 pm0 plan: move to pm1: pm0 100 % >= 90 %, 2 active; vm0 20 % moves to pm1 (0 % < 30 %)\n");
	log_has("vm0 pm1 move-end: arrived");
	assert_int_equal(l.result.move_count, 1);
	assert_true(l.result.moves[0].arrived);
	assert_int_equal(l.result.plans, 1);
	assert_true(l.result.active_ns[0] > 0);
	assert_true(l.result.monitor.seconds > 0);
	consolidation_result_free(&l.result);
}

static void the_loop_ends_with_its_time(void **state)
{
	(void)state;
	struct looped l = loop_run("pm1", NS_PER_S / 2, true, (struct stop){ 0 });
	assert_int_equal(l.status, 0);
	assert_true(l.result.length_ns >= NS_PER_S / 2);
	assert_non_null(strstr(last_line, "pm0 "));
	consolidation_result_free(&l.result);
}

/* When no move goes on, and where that is asked for the VMs are together. */
static void the_loop_ends_with_the_load(void **state)
{
	(void)state;
	over_text = "consolidation: threshold";
	struct looped l = loop_run("pm1", PATIENCE_NS, false, (struct stop){ 0 });
	assert_int_equal(l.status, 0);
	assert_int_equal(l.result.move_count, 0);
	assert_true(l.result.length_ns < PATIENCE_NS);
	consolidation_result_free(&l.result);

	over_text = "move-begin";
	atomic_store(&hold, true);
	l = loop_run("pm1", PATIENCE_NS, false, (struct stop){ "move-begin", 1, 10 });
	assert_int_equal(l.e.status, EXIT_INTERRUPTED);
	atomic_store(&hold, false);
	consolidation_result_free(&l.result);

	over_text = "consolidation: threshold";
	apart = true;
	l = loop_run("pm1", PATIENCE_NS, false, (struct stop){ 0 });
	assert_int_equal(l.status, 0);
	assert_true(l.result.length_ns < PATIENCE_NS);
	consolidation_result_free(&l.result);
	gather = true;
	l = loop_run("pm1", PATIENCE_NS, false, (struct stop){ over_text, 1, 60 });
	assert_int_equal(l.e.status, EXIT_INTERRUPTED);
	consolidation_result_free(&l.result);
	gather = apart = false;
	over_text = NULL;
}

static void a_dry_run_moves_nothing(void **state)
{
	(void)state;
	struct looped l = loop_run("pm1", PATIENCE_NS, true, (struct stop){ "plan: would", 1, 20 });
	log_has("vm0 pm0 plan: would move to pm1: ");
	assert_int_equal(l.result.move_count, 0);
	assert_int_equal(atomic_load(&moved), 0);
	/* Not said again each second: only when a node did not answer in between, on a busy machine. */
	assert_in_range(atomic_load(&notes), 1, 5);
	assert_int_equal(l.result.plans, atomic_load(&notes));
	consolidation_result_free(&l.result);
}

static void a_failed_move_does_not_end_the_loop(void **state)
{
	(void)state;
	struct looped l = loop_run("bad", PATIENCE_NS, false, (struct stop){ "move-end: failed", 2, 0 });
	assert_int_equal(l.result.move_count, 2); /* it is tried again after the quiet time */
	assert_false(l.result.moves[0].arrived);
	assert_true(l.result.moves[1].begin_ns - l.result.moves[0].end_ns >= NS_PER_S);
	consolidation_result_free(&l.result);
}

/* pm0 has two VMs with a GB each of its 16 GiB. */
static void the_loop_knows_the_round_trip(void **state)
{
	(void)state;
	static const struct {
		int64_t rtt_ns;
		const char *expected;
	} cases[] = {
		{ 30 * NS_PER_MS, "the RTT to it is 30 ms > 20 ms" },
		{ -1, "vm0 stays: the RTT to pm1 is not known" },
		{ 20 * NS_PER_MS, "vm0 pm0 plan: would move to pm1: " },
	};
	loop_policy = &rtt_aware_policy;
	loop_options = "memory_threshold=1% may_overload=yes";
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		loop_rtt_ns = cases[i].rtt_ns;
		struct looped l = loop_run("pm1", PATIENCE_NS, true, (struct stop){ "pm0 plan: ", 1, 0 });
		if (!log_count("pm0 plan: "))
			fail_msg("no plan: %s", l.e.text);
		log_has(cases[i].expected);
		assert_int_equal(log_count("plan: stay: "), loop_rtt_ns != 20 * NS_PER_MS);
		consolidation_result_free(&l.result);
	}
	loop_policy = &threshold_policy;
	loop_options = "window=1s quiet=1s";
	loop_rtt_ns = -1;
}

static void an_interrupt_aborts_the_move(void **state)
{
	(void)state;
	atomic_store(&hold, true);
	struct looped l = loop_run("pm1", PATIENCE_NS, false, (struct stop){ "move-begin", 1, 0 });
	assert_int_equal(l.status, -1);
	assert_int_equal(l.e.status, EXIT_INTERRUPTED);
	assert_int_equal(l.result.move_count, 1);
	assert_true(!l.result.moves[0].arrived && l.result.moves[0].end_ns > 0);
	assert_true(moving_seen);
	atomic_store(&hold, false);
	consolidation_result_free(&l.result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_view_fills_the_cluster),
		cmocka_unit_test(a_silent_node_keeps_its_vms),
		cmocka_unit_test(only_a_younger_view_places_vms),
		cmocka_unit_test(a_cluster_is_one_line),
		cmocka_unit_test(a_line_fits_the_terminal),
		cmocka_unit_test(the_loop_finds_an_overload_and_moves),
		cmocka_unit_test(the_loop_ends_with_its_time),
		cmocka_unit_test(the_loop_ends_with_the_load),
		cmocka_unit_test(a_dry_run_moves_nothing),
		cmocka_unit_test(a_failed_move_does_not_end_the_loop),
		cmocka_unit_test(the_loop_knows_the_round_trip),
		cmocka_unit_test(an_interrupt_aborts_the_move),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

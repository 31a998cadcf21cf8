/* Plans carried out by a migration that moves nothing, and the power of nodes. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/undo.h"
#include "bench/placement/mover.h"
#include "bench/placement/node_power.h"
#include "t/logged_moves.h"
#include "t/made_cluster.h"

#include <unistd.h>

/* ---- plans ---- */

struct control {
	struct cluster *cluster;
	struct node_power *power;
	struct mover *mover;
	struct plan plan;
};

static const char *const names[] = { "pm0", "pm1", "bad", "pm3" };
static const struct mover_node to[] = {
	{ "pm0", "", "", NULL, 0 }, { "pm1", "", "", NULL, 1 }, { "bad", "", "", NULL, 2 }, { "pm3", "", "", NULL, 3 }
};

static volatile sig_atomic_t asked_for; /* by signals */
static char said[160];

/* The first line is kept. */
static int on_pulse(void *context, const char *line, struct err *e)
{
	char *first = context;
	if (!first[0])
		snprintf(first, sizeof(said), "%s", line);
	return err_set(e, EXIT_INTERRUPTED, "interrupted");
}

static void control_begin(struct control *k, const char *nodes, const char *vms, enum node_power_kind kind)
{
	struct err e = { 0 };
	log_clear();
	atomic_store(&hold, false);
	atomic_store(&moved, 0);
	atomic_store(&most_moving, 0);
	k->cluster = made_cluster(nodes, vms, 0, NULL);
	const struct node_power_spec power = { .kind = kind,
		                               .wake_delay_ns = 30 * NS_PER_MS,
		                               .names = names,
		                               .node_count = k->cluster->node_count,
		                               .sink = sink };
	assert_int_equal(node_power_new(&k->power, &power, &e), 0);
	const struct mover_spec spec = { .cluster = k->cluster,
		                         .power = k->power,
		                         .nodes = to,
		                         .patience_ns = 50 * NS_PER_MS,
		                         .migration = { .sink = sink, .interrupted = &asked_for },
		                         .migrate = fake_migrate };
	assert_int_equal(mover_new(&k->mover, &spec, &e), 0);
	assert_int_equal(plan_init(&k->plan, k->cluster, false, &e), 0);
	plan_begin(&k->plan, 1);
}

static void control_step_by_step(struct control *k)
{
	struct err e = { 0 };
	const struct mover_spec spec = { .cluster = k->cluster,
		                         .power = k->power,
		                         .nodes = to,
		                         .patience_ns = 50 * NS_PER_MS,
		                         .stage_by_stage = true,
		                         .migration = { .sink = sink },
		                         .migrate = fake_migrate };
	mover_free(k->mover);
	assert_int_equal(mover_new(&k->mover, &spec, &e), 0);
}

static void control_end(struct control *k)
{
	plan_free(&k->plan);
	mover_free(k->mover);
	node_power_free(k->power);
	cluster_free(k->cluster);
}

static void carry_out(struct control *k)
{
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	while (mover_is_busy(k->mover) && clock_now_ns() < end_ns) {
		mover_step(k->mover);
		clock_sleep(NS_PER_MS);
	}
	assert_false(mover_is_busy(k->mover));
}

static void stages_follow_each_other(void **state)
{
	(void)state;
	struct control k;
	struct err e = { 0 };
	control_begin(&k, "90 10 10 10", "0:20 0:20 0:20", NODE_POWER_NONE);
	plan_move(&k.plan, k.cluster, 0, 1);
	plan_move(&k.plan, k.cluster, 1, 3);
	assert_int_equal(k.plan.entries[1].stage, 1);
	assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
	atomic_store(&hold, true);
	atomic_store(&dirtied_pages_per_s, 1000);
	mover_step(k.mover);
	mover_step(k.mover);
	assert_int_equal(k.cluster->vms[0].to, 1);
	assert_int_equal(k.cluster->vms[1].to, CLUSTER_NONE);
	atomic_store(&hold, false);
	carry_out(&k);
	assert_int_equal(k.cluster->vms[0].node, 1);
	assert_int_equal(k.cluster->vms[1].node, 3);
	assert_true(k.cluster->vms[0].dirty_per_s == 1000 * 4096);
	assert_true(isnan(k.cluster->vms[2].dirty_per_s));
	assert_int_equal(atomic_load(&most_moving), 1);
	int count;
	const struct move_record *records = mover_records(k.mover, &count);
	assert_int_equal(count, 2);
	assert_true(records[0].arrived && records[0].end_ns > records[0].begin_ns);
	assert_true(records[1].begin_ns >= records[0].end_ns);
	log_has("vm0 pm0 move-begin: to pm1\n");
	log_has("vm0 pm1 move-end: arrived, took ");

	/* Those of a stage at the same time. Where nothing is said of dirty rates they stay. */
	atomic_store(&dirtied_pages_per_s, 0);
	plan_begin(&k.plan, 0);
	plan_move(&k.plan, k.cluster, 0, 0);
	plan_move(&k.plan, k.cluster, 1, 0);
	assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
	atomic_store(&hold, true);
	mover_step(k.mover);
	assert_int_equal(k.cluster->moves, 2);
	atomic_store(&hold, false);
	carry_out(&k);
	assert_int_equal(k.cluster->moves, 0);
	assert_int_equal(k.cluster->vms[1].node, 0);
	assert_true(k.cluster->vms[0].dirty_per_s == 1000 * 4096);
	control_end(&k);
}

static void a_failure_drops_what_stands_on_it(void **state)
{
	(void)state;
	struct control k;
	struct err e = { 0 };
	control_begin(&k, "90 10 10 10", "0:20 0:20 0:20", NODE_POWER_NONE);
	plan_move(&k.plan, k.cluster, 0, 2);
	plan_move(&k.plan, k.cluster, 1, 1);
	assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
	carry_out(&k);
	assert_int_equal(k.cluster->vms[0].node, 0);
	assert_int_equal(k.cluster->vms[1].node, 0);
	assert_int_equal(atomic_load(&moved), 0);
	log_has("vm0 pm0 move-end: failed after ");
	log_has(": it does not work\n");
	log_has("vm1 pm0 move-dropped: to pm1: a move before it failed\n");
	int count;
	const struct move_record *records = mover_records(k.mover, &count);
	assert_int_equal(count, 1);
	assert_false(records[0].arrived);
	assert_string_equal(records[0].words, "it does not work");

	/* The next plan is carried out. */
	plan_begin(&k.plan, 1);
	plan_move(&k.plan, k.cluster, 1, 1);
	assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
	carry_out(&k);
	assert_int_equal(k.cluster->vms[1].node, 1);
	control_end(&k);
}

static void nothing_goes_to_a_silent_node(void **state)
{
	(void)state;
	struct control k;
	struct err e = { 0 };
	control_begin(&k, "90 10", "0:20 0:20", NODE_POWER_NONE);
	plan_move(&k.plan, k.cluster, 0, 1);
	assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
	cluster_node_measured(k.cluster, 1, NODE_SILENT, NAN);
	carry_out(&k);
	assert_int_equal(atomic_load(&moved), 0);
	log_has("vm0 pm0 move-dropped: to pm1: the node does not answer\n");
	control_end(&k);
}

static void a_move_waits_for_the_node_it_wakes(void **state)
{
	(void)state;
	for (int answers = 0; answers < 2; answers++) {
		struct control k;
		struct err e = { 0 };
		control_begin(&k, "90 0z", "0:20 0:20", NODE_POWER_STAND_IN);
		node_power_sleep(k.power, 1, "empty for 3 s");
		assert_false(node_power_is_awake(k.power, 1));
		plan_wake(&k.plan, 1, 0);
		plan_move(&k.plan, k.cluster, 0, 1);
		assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
		mover_step(k.mover);
		mover_step(k.mover);
		assert_int_equal(k.cluster->moves, 0);
		while (!node_power_is_awake(k.power, 1)) {
			clock_sleep(NS_PER_MS);
			mover_step(k.mover);
		}
		assert_int_equal(k.cluster->moves, 0); /* it is awake and has not answered yet */
		if (answers)
			cluster_node_measured(k.cluster, 1, NODE_ANSWERING, 0);
		carry_out(&k);
		log_has(" pm1 node-sleep: stand-in, only in the books: empty for 3 s\n");
		log_has(" pm1 node-wake: stand-in, takes 0.03 s: a plan needs it\n");
		log_has(" pm1 node-awake: stand-in\n");
		assert_int_equal(atomic_load(&moved), answers);
		log_has(answers ? "vm0 pm1 move-end: arrived" : "move-dropped: to pm1: the node does not answer\n");
		control_end(&k);
	}
}

static void an_abort_ends_moves(void **state)
{
	(void)state;
	struct control k;
	struct err e = { 0 };
	control_begin(&k, "90 10 10", "0:20 0:20", NODE_POWER_NONE);
	plan_move(&k.plan, k.cluster, 0, 1);
	plan_move(&k.plan, k.cluster, 1, 1);
	assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
	atomic_store(&hold, true);
	mover_step(k.mover);
	mover_abort(k.mover);
	carry_out(&k);
	assert_int_equal(k.cluster->vms[0].node, 0);
	log_has("vm0 pm0 move-end: failed after ");
	log_has("vm1 pm0 move-dropped: to pm1: interrupted\n");
	control_end(&k);
}

/* Moves decided on old numbers are planned again; those of a relocation that has begun are not. */
static void later_stages_are_planned_again(void **state)
{
	(void)state;
	for (int same = 0; same < 2; same++) {
		struct control k;
		struct err e = { 0 };
		control_begin(&k, "90 10 10 0z", "0:20 0:20 0:20", NODE_POWER_STAND_IN);
		control_step_by_step(&k);
		node_power_sleep(k.power, 3, "");
		plan_move(&k.plan, k.cluster, 0, 1);
		plan_move(&k.plan, k.cluster, 1, 1);
		if (same)
			plan_same(&k.plan);
		plan_wake(&k.plan, 3, 2);
		plan_move(&k.plan, k.cluster, 2, 3);
		assert_int_equal(k.plan.entries[1].stage, 1);
		assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
		carry_out(&k);
		assert_int_equal(k.cluster->vms[0].node, 1);
		assert_int_equal(k.cluster->vms[1].node, same);
		assert_int_equal(k.cluster->vms[2].node, 0);
		assert_int_equal(log_count("move-postponed: to pm1: it is planned again"), !same);
		log_has("vm2 pm0 move-postponed: to pm3: it is planned again after the moves before it\n");
		assert_int_equal(log_count("node-wake"), 0);
		control_end(&k);
	}
}

/* What is in post-copy ends first; only a second signal breaks it off. */
static void an_abort_lets_postcopy_end(void **state)
{
	(void)state;
	for (int again = 0; again < 2; again++) {
		struct control k;
		struct err e = { 0 };
		int count;
		asked_for = INTERRUPT_END;
		control_begin(&k, "90 10 10", "0:20 0:20", NODE_POWER_NONE);
		plan_move(&k.plan, k.cluster, 0, 1);
		assert_int_equal(mover_take(k.mover, &k.plan, &e), 0);
		atomic_store(&hold, true);
		atomic_store(&switched, true);
		mover_step(k.mover);
		mover_abort(k.mover);
		mover_recall(k.mover, 0);
		for (int i = 0; i < 20; i++) {
			mover_step(k.mover);
			clock_sleep(NS_PER_MS);
		}
		assert_true(mover_is_busy(k.mover));
		if (again)
			asked_for = INTERRUPT_BREAK_OFF;
		else
			atomic_store(&hold, false);
		said[0] = '\0';
		mover_finish(k.mover, on_pulse, said);
		assert_non_null(strstr(said, "waiting for vm0 > pm1 ("));
		const struct move_record *records = mover_records(k.mover, &count);
		assert_int_equal(count, 1);
		assert_true(again ? records[0].lost && !records[0].arrived : records[0].arrived);
		assert_int_equal(k.cluster->vms[0].node, !again);
		atomic_store(&switched, false);
		control_end(&k);
	}
	asked_for = INTERRUPT_NONE;
}

/* ---- power ---- */

static void wait_power(struct node_power *p, int node, bool awake)
{
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	while (node_power_is_awake(p, node) != awake || node_power_is_waking(p, node)) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(NS_PER_MS);
		node_power_step(p);
	}
}

static void wait_log(struct node_power *p, const char *text)
{
	int64_t end_ns = clock_now_ns() + PATIENCE_NS;
	while (!log_count(text)) {
		assert_true(clock_now_ns() < end_ns);
		clock_sleep(NS_PER_MS);
		node_power_step(p);
	}
}

static void commands_put_nodes_to_sleep(void **state)
{
	(void)state;
	char directory[] = "/tmp/test_consolidation.XXXXXX", sleep[80], path[80];
	struct node_power *p;
	struct err e = { 0 };
	assert_non_null(mkdtemp(directory));
	snprintf(sleep, sizeof(sleep), "touch %s/$1", directory);
	snprintf(path, sizeof(path), "%s/pm1", directory);
	char wake[100];
	snprintf(wake, sizeof(wake), "rm %s/$1", directory);
	const struct node_power_spec spec = { .kind = NODE_POWER_COMMAND,
		                              .sleep = sleep,
		                              .wake = wake,
		                              .deadline_ns = PATIENCE_NS,
		                              .names = names,
		                              .node_count = 2,
		                              .sink = sink };
	log_clear();
	assert_int_equal(node_power_new(&p, &spec, &e), 0);
	node_power_sleep(p, 1, "");
	wait_log(p, "node-asleep");
	assert_int_equal(access(path, F_OK), 0);
	int64_t active_ns = node_power_active_ns(p, 1);
	assert_true(node_power_active_ns(p, 0) > active_ns);
	clock_sleep(5 * NS_PER_MS);
	assert_int_equal(node_power_active_ns(p, 1), active_ns);
	node_power_wake(p, 1, "");
	wait_power(p, 1, true);
	assert_int_equal(access(path, F_OK), -1);
	assert_true(node_power_active_ns(p, 1) > active_ns);

	/* A command that fails changes nothing. */
	log_clear();
	node_power_sleep(p, 1, "");
	wait_log(p, "node-asleep");
	unlink(path);
	log_clear();
	node_power_wake(p, 1, "");
	wait_log(p, "node-wake-failed: ");
	assert_false(node_power_is_awake(p, 1));

	/* And is not tried again at once. */
	assert_true(node_power_is_left_alone(p, 1));
	node_power_wake(p, 1, "");
	assert_false(node_power_is_waking(p, 1));
	assert_int_equal(log_count("node-wake: "), 1);

	/* At the end everything is awake again. */
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	node_power_free(p);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(path, sizeof(path), "%s/", directory);
	assert_int_equal(rmdir(directory), 0);
}

static struct undo *open_register(const char *directory)
{
	struct undo *u;
	struct err e = { 0 };
	char path[100];
	snprintf(path, sizeof(path), "%s/register", directory);
	assert_int_equal(undo_open(&u, path, &e), 0);
	return u;
}

/* Whoever undoes the register wakes what sleeps; what was woken before is not woken again. */
static void a_killed_migmeter_leaves_a_promise(void **state)
{
	(void)state;
	char directory[] = "/tmp/test_mover.XXXXXX", wake[120], path[100], line[200];
	struct node_power *p;
	struct err e = { 0 };
	assert_non_null(mkdtemp(directory));
	snprintf(wake, sizeof(wake), "echo $1 >>%s/woken", directory);
	snprintf(path, sizeof(path), "%s/register", directory);
	struct node_power_spec spec = { .kind = NODE_POWER_COMMAND,
		                        .sleep = "true",
		                        .wake = wake,
		                        .deadline_ns = PATIENCE_NS,
		                        .undo = open_register(directory),
		                        .names = names,
		                        .node_count = 2,
		                        .sink = sink };
	log_clear();
	assert_int_equal(node_power_new(&p, &spec, &e), 0);
	node_power_sleep(p, 1, "");
	/* In the register before the command has run. */
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_memory_equal(line, "command\tpm1 echo $1", 19);
	wait_log(p, "node-asleep");

	/* Another process finds it. */
	struct undo *found = open_register(directory);
	assert_int_equal(undo_run(found, &e), 0);
	undo_close(found);
	snprintf(line, sizeof(line), "%s/woken", directory);
	assert_int_equal(access(line, F_OK), 0);
	assert_int_equal(unlink(line), 0);
	node_power_free(p);
	undo_close(spec.undo);
	unlink(line);
	unlink(path);

	/* And by the end itself it is kept: nothing is left to be undone. */
	spec.undo = open_register(directory);
	assert_int_equal(node_power_new(&p, &spec, &e), 0);
	log_clear();
	node_power_sleep(p, 0, "");
	wait_log(p, "node-asleep");
	node_power_free(p);
	assert_int_equal(unlink(line), 0);
	assert_int_equal(undo_run(spec.undo, &e), 0);
	undo_close(spec.undo);
	assert_int_equal(access(line, F_OK), -1);
	assert_int_equal(rmdir(directory), 0);
}

/* One waits for the other: one after the other they would fail. */
static void the_end_wakes_all_at_once(void **state)
{
	(void)state;
	char directory[] = "/tmp/test_mover.XXXXXX", wake[300], command[60];
	struct node_power *p;
	struct err e = { 0 };
	assert_non_null(mkdtemp(directory));
	snprintf(
		wake, sizeof(wake),
		"cd %s; touch $1; for i in $(seq 600); do [ -e pm0 ] && [ -e pm1 ] && exit 0; sleep 0.1; done; exit 1",
		directory);
	const struct node_power_spec spec = { .kind = NODE_POWER_COMMAND,
		                              .sleep = "true",
		                              .wake = wake,
		                              .deadline_ns = PATIENCE_NS,
		                              .names = names,
		                              .node_count = 2,
		                              .sink = sink };
	log_clear();
	assert_int_equal(node_power_new(&p, &spec, &e), 0);
	node_power_sleep(p, 0, "");
	node_power_sleep(p, 1, "");
	node_power_free(p); /* while they fall asleep */
	assert_int_equal(log_count("node-awake"), 2);
	assert_int_equal(log_count("failed"), 0);
	snprintf(command, sizeof(command), "rm -r %s", directory);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stages_follow_each_other),
		cmocka_unit_test(a_failure_drops_what_stands_on_it),
		cmocka_unit_test(nothing_goes_to_a_silent_node),
		cmocka_unit_test(a_move_waits_for_the_node_it_wakes),
		cmocka_unit_test(an_abort_ends_moves),
		cmocka_unit_test(an_abort_lets_postcopy_end),
		cmocka_unit_test(later_stages_are_planned_again),
		cmocka_unit_test(a_killed_migmeter_leaves_a_promise),
		cmocka_unit_test(the_end_wakes_all_at_once),
		cmocka_unit_test(commands_put_nodes_to_sleep),
	};
	return virInitialize() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

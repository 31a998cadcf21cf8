/* A consolidation loop whose truth is known: what is computed of it. */
#include "t/loop_files.h"
#include "t/made_loop.h"

#include <sqlite3.h>

static double run_number(const char *name, const char *variant, const char *member)
{
	return metric_number(name, "", variant, member);
}

static void assert_gone(const char *name, const char *variant, const char *reason)
{
	assert_null(metric_member(name, "", variant, "value"));
	assert_string_equal(json_object_get_string(metric_member(name, "", variant, "reason")), reason);
}

static void make(const struct made_loop *l)
{
	made_loop(run_path, l, "", 1, "");
	analyse_well();
}

static void an_overload_is_timed(void **state)
{
	(void)state;
	const struct made_loop l = MADE_LOOP;
	make(&l);
	/* From 40 to 60.2 s; decided at 50. */
	assert_near(run_number("overload_time", "src", "value"), 20e9, 1e9, "overloaded");
	assert_true(run_number("overload_time", "src", "low") <= 20.2e9 &&
	            run_number("overload_time", "src", "high") >= 20.2e9);
	assert_near(run_number("overload_time", "dst", "value"), 0, 0, "the other node");
	assert_near(run_number("overload_seen_time", "1:src", "value"), 10e9, 0.6e9, "seen");
	assert_true(run_number("overload_seen_time", "1:src", "low") <= 10e9);
	assert_true(run_number("overload_seen_time", "1:src", "high") >= 10e9);
	assert_near(run_number("overload_resolve_time", "1:src", "value"), 10.2e9, 1, "over");
	/* Idle from 80 s on. */
	assert_near(run_number("gather_seen_time", "1", "value"), 6e9, 0.6e9, "gathered");
	assert_near(metric_number("moves", "vm0", NULL, "value"), 2, 0, "moves");
	assert_near(metric_number("moves", "vm1", NULL, "value"), 0, 0, "moves");
	assert_near(run_number("node_in_use", "src", "value"), 90e9, 1, "in use");
	assert_near(run_number("node_in_use", "dst", "value"), 46.99e9, 1e7,
	            "in use from the first move to the last");
	assert_near(run_number("second_node_in_use", "", "value"), 46.99e9, 1e7, "both");
	assert_near(run_number("nodes_at_end", "", "value"), 1, 0, "gathered");
}

/* Where two nodes are as busy, chance says which is freed: the other VM may be the one that is moved. */
static void moves_are_told_apart_by_what_they_are_for(void **state)
{
	(void)state;
	for (int other = 0; other < 2; other++) {
		struct made_loop l = MADE_LOOP;
		char more[1024] = "";
		if (other) {
			l.back.decided_s = 0;
			made_event(more, 86, "vm1", "src", "plan", "\"move to dst: both idle\"");
			made_event(more, 86.01, "vm1", "src", "move-begin", "to dst");
			made_event(more, 87, "vm1", "dst", "resume", "");
			made_event(more, 97, "vm1", "dst", "move-end", "\"arrived, took some time\"");
		}
		made_loop(run_path, &l, "", 1, more);
		for (int v = 0; v < 2; v++) {
			char name[16];
			snprintf(name, sizeof(name), "job-vm%d.csv", v);
			FILE *file = made_open(run_path, name);
			fputs("head_ns,operation,data_processed_bytes\n", file);
			for (int i = 500; i < 1000; i += 2) /* counted anew with each move */
				if (i < 610 ? !v : i >= 860 && v == other)
					fprintf(file, "%" PRId64 ",migration_out,%d\n", MADE_HEAD + i * MADE_S / 10,
					        1000 * (i < 610 ? i - 500 : 10 + i - 860));
			fclose(file);
		}
		analyse_well();
		assert_near(run_number("loop_move_time", "1:away", "value"), 10.99e9, 1, "away");
		assert_near(run_number("loop_switch_time", "1:away", "value"), 10.19e9, 1, "away");
		assert_near(run_number("loop_move_bytes", "1:away", "value"), 108e3, 0, "away");
		assert_near(run_number("loop_move_time", "1:gather", "value"), 10.99e9, 1, "gathered");
		assert_near(run_number("loop_move_bytes", "1:gather", "value"), 120e3, 0, "gathered");
		assert_near(metric_number("move_bytes", other ? "vm1" : "vm0",
		                          other ? "1:src-to-dst" : "2:dst-to-src", "value"),
		            120e3, 0, "of the VM");
		assert_near(metric_number("moved_first", "vm0", "", "value"), 1, 0, "the lighter");
		assert_near(metric_number("moved_first", "vm1", "", "value"), 0, 0, "the other");
		assert_string_equal(json_object_get_string(metric_member("loop_switch_time", "", "1:away", "reason")),
		                    "");
		assert_near(run_number("second_node_in_use", "", "value"), 46.99e9, 1e7, "both");
		assert_near(run_number("nodes_at_end", "", "value"), 1, 0, "gathered");
	}
	struct made_loop l = MADE_LOOP;
	l.away.decided_s = l.back.decided_s = 0;
	make(&l);
	assert_gone("loop_move_bytes", "1:away", "no VM was moved away from others");
	assert_gone("loop_move_time", "1:gather", "no node's VMs were gathered on another");
	assert_near(run_number("second_node_in_use", "", "value"), 0, 0, "one was enough");
}

static void what_a_policy_did_not_bring_is_missing(void **state)
{
	(void)state;
	struct made_loop l = MADE_LOOP;
	l.away.decided_s = l.back.decided_s = 0;
	make(&l);
	assert_near(run_number("overload_time", "src", "value"), 40e9, 1e9, "it lasts as long as the load");
	assert_gone("overload_seen_time", "1:src", "no move was decided meanwhile");
	assert_gone("overload_resolve_time", "1:src", "no move was decided meanwhile");
	/* It moves, but the load is over before. */
	l = (struct made_loop)MADE_LOOP;
	l.down_s = 55;
	make(&l);
	assert_near(run_number("overload_seen_time", "1:src", "value"), 10e9, 0.6e9, "seen");
	assert_gone("overload_resolve_time", "1:src", "it was over before a VM ran elsewhere");
	l = (struct made_loop)MADE_LOOP;
	l.down_s = 101;
	l.away = (struct made_move){ 50, 50, 102, 103 };
	l.back.decided_s = 0;
	make(&l);
	assert_gone("overload_resolve_time", "1:src", "the loop ended before the overload did");
	char path[128];
	snprintf(path, sizeof(path), "%s/monitor.sqlite", run_path);
	assert_int_equal(unlink(path), 0);
	analyse_well();
	assert_gone("overload_time", "", "there is no monitor.sqlite");
}

/* A killed run's log, and a folder in which there is none. */
static void the_database_is_only_read(void **state)
{
	(void)state;
	const struct made_loop l = MADE_LOOP;
	char path[128], log[128], shm[128], *words = NULL;
	struct sqlite3 *writer;
	make(&l);
	snprintf(path, sizeof(path), "%s/monitor.sqlite", run_path);
	snprintf(log, sizeof(log), "%s-wal", path);
	snprintf(shm, sizeof(shm), "%s-shm", path);
	assert_int_equal(access(log, F_OK) | access(shm, F_OK), -1);
	assert_near(run_number("overload_time", "src", "value"), 20e9, 1e9, "in place");
	/* Half of it is in the log, as it is left by who was killed. */
	assert_int_equal(sqlite3_open(path, &writer), SQLITE_OK);
	if (sqlite3_exec(writer,
	                 "PRAGMA journal_mode = WAL; CREATE TABLE t AS SELECT * FROM sample; DELETE FROM sample;"
	                 "PRAGMA wal_checkpoint(TRUNCATE); INSERT INTO sample SELECT * FROM t",
	                 NULL, NULL, &words))
		fail_msg("%s", words);
	analyse_well();
	assert_near(run_number("overload_time", "src", "value"), 20e9, 1e9, "with its log");
	sqlite3_close(writer);
	analyse_well();
	assert_int_equal(access(log, F_OK) | access(shm, F_OK), -1);
	assert_near(run_number("overload_time", "src", "value"), 20e9, 1e9, "when it was taken in");
}

static void noise_is_no_overload(void **state)
{
	(void)state;
	struct made_loop l = MADE_LOOP;
	/* Two seconds are too few, and one without VMs ends nothing. */
	l.lone_s = 2;
	l.absent_s = 44;
	make(&l);
	assert_near(run_number("overload_seen_time", "1:src", "value"), 10e9, 0.6e9, "one overload");
	assert_near(run_number("overload_time", "src", "value"), 19e9, 1.1e9, "less what is not known");
	l.lone_s = 5;
	make(&l);
	assert_near(run_number("overload_seen_time", "1:src", "value"), 10e9, 0.6e9, "the one that was answered");
	assert_near(run_number("overload_time", "src", "value"), 25e9, 2.1e9, "both");
}

/* A second of which the node says nothing is none in which nothing ran. */
static void silence_ends_nothing(void **state)
{
	(void)state;
	struct made_loop l = MADE_LOOP;
	l.silent_from_s = 44;
	l.silent_s = 5;
	make(&l);
	assert_near(run_number("overload_seen_time", "1:src", "value"), 10e9, 0.6e9, "one overload");
	assert_near(run_number("overload_resolve_time", "1:src", "value"), 10.2e9, 1, "over");
	assert_near(run_number("overload_time", "src", "value"), 14e9, 1.1e9, "what is known");
	assert_true(run_number("overload_time", "src", "high") >= 20.2e9);
	char *series = plot_text("cluster.csv");
	assert_says(series, "src,*,missing\n");
	free(series);
	/* It may have begun before anything is known again. */
	l.silent_from_s = 37;
	make(&l);
	assert_near(run_number("overload_seen_time", "1:src", "value"), 8e9, 0.6e9, "from what is known");
	assert_true(run_number("overload_seen_time", "1:src", "high") >= 10e9);
	/* A node that sleeps has nothing to say. */
	char more[1024] = "";
	made_event(more, 15, "", "src", "node-asleep", "stand-in");
	made_event(more, 35, "", "src", "node-awake", "stand-in");
	l.silent_from_s = 16;
	made_loop(run_path, &l, "", 1, more);
	analyse_well();
	assert_true(run_number("overload_time", "src", "high") < 23e9);
}

/* The policy's word makes an overload of fewer seconds than it else takes. */
static void what_was_decided_on_was_there(void **state)
{
	(void)state;
	struct made_loop l = MADE_LOOP;
	l.up_s = 49;
	l.away = (struct made_move){ 50.05, 50.05, 50.6, 61 };
	make(&l);
	assert_true(run_number("overload_seen_time", "1:src", "low") <= 1.06e9);
	assert_true(run_number("overload_seen_time", "1:src", "high") >= 3e9);
	assert_near(run_number("overload_resolve_time", "1:src", "value"), 0.55e9, 1, "over");
	assert_near(run_number("overload_time", "src", "value"), 1.6e9, 0.6e9, "short");
	assert_true(run_number("overload_time", "src", "low") < 1.6e9);
	/* No second is whole. */
	l.up_s = 49.5;
	l.away.ran_s = 50.2;
	make(&l);
	assert_near(run_number("overload_seen_time", "1:src", "value"), 0, 0, "at once");
	assert_true(run_number("overload_seen_time", "1:src", "high") >= 3e9);
	assert_near(run_number("overload_resolve_time", "1:src", "value"), 0.15e9, 1, "over");
	assert_near(run_number("overload_time", "src", "value"), 0, 0, "no second");
	assert_true(run_number("overload_time", "src", "high") >= 1e9);
	/* All VMs may be to leave it. */
	char more[1024] = "";
	l = (struct made_loop)MADE_LOOP;
	made_event(more, 50.001, "vm1", "src", "plan", "\"move to dst: both\"");
	made_loop(run_path, &l, "", 1, more);
	analyse_well();
	assert_near(run_number("overload_seen_time", "1:src", "value"), 10e9, 0.6e9, "all of them");
	/* And where nothing was, that. */
	l.up_s = 200;
	l.away.decided_s = l.back.decided_s = 0;
	make(&l);
	assert_gone("overload_seen_time", "1:src", "no overload of the node was seen");
	assert_gone("overload_resolve_time", "1:src", "no overload of the node was seen");
	assert_gone("gather_seen_time", "1", "at no time did two nodes with VMs have too little to do");
	assert_true(run_number("overload_time", "src", "high") >= 1e9);
}

/* The policy's mean covers noise right before what it decides, and only what it decides on is counted. */
static void idle_nodes_are_seen_through_noise(void **state)
{
	(void)state;
	struct made_loop l = MADE_LOOP;
	l.odd_s = 84.1;
	l.odd_length_s = 2;
	l.odd_cpu = 0.5;
	make(&l);
	assert_near(run_number("gather_seen_time", "1", "value"), 6e9, 0.6e9, "through noise");
	l.odd_s = 65;
	l.odd_length_s = 5;
	l.odd_cpu = 0.02;
	make(&l);
	assert_near(run_number("gather_seen_time", "1", "value"), 6e9, 0.6e9, "the one that was answered");
}

/* What other work takes from the VMs now and then does not end it; a load that is less does. */
static void an_overload_has_two_limits(void **state)
{
	(void)state;
	struct made_loop l = MADE_LOOP;
	l.dip = 0.8;
	make(&l);
	assert_near(run_number("overload_seen_time", "1:src", "value"), 10e9, 0.6e9, "one overload");
	assert_near(run_number("overload_time", "src", "value"), 20e9, 1e9, "all of it");
	l.dip = 0.7;
	make(&l);
	assert_near(run_number("overload_seen_time", "1:src", "value"), 1e9, 0.6e9, "the rest of it");
}

static void a_node_may_count_as_a_whole(void **state)
{
	(void)state;
	struct made_loop l = MADE_LOOP;
	l.node_cpu = "all";
	make(&l);
	/* Busy with other work, but with one active VM it is not overloaded. */
	assert_near(run_number("overload_time", "src", "value"), 20e9, 1e9, "overloaded");
}

static void what_was_asked_is_kept(void **state)
{
	(void)state;
	const struct made_loop l = MADE_LOOP;
	struct made_vm vm = {
		.name = "vm1", .length_s = 105, .interval_ns = 10 * MADE_MS, .rate = 5e8, .jitter_ms = 0.2
	};
	made_loop(run_path, &l, "", 1, "");
	made_samples(run_path, &vm);
	analyse_well();
	char *asked = plot_text("asked-vm1.csv");
	double time_s[2], percent[2];
	assert_non_null(asked);
	assert_int_equal(
		sscanf(asked, "time_s,percent\n%lf,%lf\n%lf,%lf\n", &time_s[0], &percent[0], &time_s[1], &percent[1]),
		4);
	assert_near(time_s[0], -10, 0.05, "from the first sample");
	assert_near(time_s[1], 95, 0.05, "to the last");
	assert_near(percent[0], 50, 0, "asked");
	free(asked);
	assert_null(plot_text("asked-vm0.csv")); /* which has no samples */
}

/* Work while migrating is that during the VM's own moves; where sessions are not always as many, it is held against nothing. */
static void work_is_held_against_the_moves(void **state)
{
	(void)state;
	const struct made_loop l = MADE_LOOP;
	struct made_vm vm = {
		.name = "vm0", .length_s = 105, .interval_ns = 10 * MADE_MS, .rate = 5e8, .jitter_ms = 0.2
	};
	made_loop(run_path, &l, "", 1, "");
	vm.dips[0] = (struct made_span){ 50.02, 60.99, 0.5 }; /* while it moves away */
	vm.dips[1] = (struct made_span){ 65, 80, 0.1 };       /* not of a move */
	made_samples(run_path, &vm);
	vm.name = "vm1";
	made_samples(run_path, &vm);
	analyse_well();
	assert_near(metric_number("mean_rate", "vm0", "intadd", "value"), 5e8 * (10.97 / 2 + 10.97) / 21.94, 3e6,
	            "of both moves");
	assert_near(metric_number("degradation", "vm0", "intadd", "value"), 25, 1, "of both moves");
	assert_near(metric_number("lost_work", "vm0", "intadd", "value"), 10.97 / 2, 0.2, "of both moves");
	static const char *const of_moves[] = { "mean_rate",     "lowest_rate", "degradation",
		                                "recovery_time", "lost_work",   "settled_rate" };
	for (size_t i = 0; i < sizeof(of_moves) / sizeof(*of_moves); i++) {
		assert_null(metric_member(of_moves[i], "vm1", "intadd", "value"));
		assert_string_equal(json_object_get_string(metric_member(of_moves[i], "vm1", "intadd", "reason")),
		                    "the VM did not move");
	}
	/* As many all the time; more of them from 55 s on; begun right before the baseline. */
	static const int sessions[][3] = { { 40, 40, 40 }, { 40, 40, 60 }, { 0, 40, 40 } };
	for (int ramps = 0; ramps < 3; ramps++) {
		FILE *file = made_open(run_path, "web-vm0.csv");
		fputs("head_ns,sessions\n", file);
		for (int i = 0; i < 105; i++)
			fprintf(file, "%" PRId64 ",%d\n", MADE_HEAD + i * MADE_S,
			        sessions[ramps][i < 2    ? 0
			                        : i < 55 ? 1
			                                 : 2]);
		fclose(file);
		analyse_well();
		assert_true(isnan(metric_number("degradation", "vm0", "intadd", "value")) == (ramps > 0));
		assert_true(isnan(metric_number("lost_work", "vm0", "intadd", "value")) == (ramps > 0));
		assert_false(isnan(metric_number("mean_rate", "vm0", "intadd", "value")));
	}
	assert_says(json_object_get_string(metric_member("lost_work", "vm0", "intadd", "reason")),
	            "its web sessions");
}

/* A downtime is the longest stop within the VM's own moves. */
static void stops_are_of_own_moves(void **state)
{
	(void)state;
	static const char *const estimators[] = { "guest_clock", "network", "work" };
	const struct made_loop l = MADE_LOOP;
	struct made_vm vm = { .name = "vm0",
		              .length_s = 105,
		              .interval_ns = 10 * MADE_MS,
		              .rate = 5e8,
		              .jitter_ms = 0.2,
		              .stops = { { 60.1, 60.2, 0 }, { 70, 73, 0 }, { 86.8, 87, 0 } } };
	made_loop(run_path, &l, "", 1, "");
	made_samples(run_path, &vm);
	vm.name = "vm1";
	made_samples(run_path, &vm);
	analyse_well();
	assert_near(metric_number("downtime", "vm0", "stop_resume", "value"), 100e6, 1e6, "both are as long");
	for (size_t i = 0; i < sizeof(estimators) / sizeof(*estimators); i++) {
		assert_near(metric_number("downtime", "vm0", estimators[i], "value"), 200e6, 30e6, estimators[i]);
		assert_null(metric_member("downtime", "vm1", estimators[i], "value"));
		assert_string_equal(json_object_get_string(metric_member("downtime", "vm1", estimators[i], "reason")),
		                    "the VM did not move");
	}
}

static void responses_have_classes(void **state)
{
	(void)state;
	const struct made_loop l = MADE_LOOP;
	made_loop(run_path, &l, "", 1, "");
	make_responses(run_path);
	analyse_well();
	assert_near(metric_number("responses", "vm0", "good", "value"), 80, 1e-9, "good");
	assert_near(metric_number("responses", "vm0", "tolerable", "value"), 10, 1e-9, "tolerable");
	assert_near(metric_number("responses", "vm0", "failed", "n"), 900, 0, "all");
	assert_near(metric_number("response_count", "vm0", "good", "value"), 720, 0, "as many");
	assert_near(metric_number("good_responses", "vm0", "", "value"), 80, 1e-9, "good");
	assert_near(metric_number("response_time", "vm0", "p50", "value"), 0.1e9, 0.001e9, "half");
	assert_near(metric_number("response_time", "vm0", "p95", "value"), 5e9, 0.03e9, "late");
	assert_near(metric_number("response_time", "vm0", "p99", "value"), 5e9, 0.03e9, "late");
	/* The loop begins at second 10. */
	char *bins = plot_text("responses-vm0.csv");
	assert_non_null(bins);
	assert_says(bins, "time_s,good_per_s,tolerable_per_s,failed_per_s\n2.500,8,1,1\n");
	assert_says(bins, "\n87.500,8,1,1\n");
	free(bins);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ONE(an_overload_is_timed),
		ONE(moves_are_told_apart_by_what_they_are_for),
		ONE(what_a_policy_did_not_bring_is_missing),
		ONE(silence_ends_nothing),
		ONE(the_database_is_only_read),
		ONE(what_was_decided_on_was_there),
		ONE(idle_nodes_are_seen_through_noise),
		ONE(noise_is_no_overload),
		ONE(an_overload_has_two_limits),
		ONE(a_node_may_count_as_a_whole),
		ONE(what_was_asked_is_kept),
		ONE(responses_have_classes),
		ONE(work_is_held_against_the_moves),
		ONE(stops_are_of_own_moves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

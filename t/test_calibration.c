/* Injections of known length against what the estimators make of them, and how their errors are summed up. */
#include "t/analysed.h"

#include "analysis/calibration.h"
#include "analysis/ping.h"

static const struct observer *find(const struct calibration *c, const char *name)
{
	for (int i = 0; i < c->observer_count; i++)
		if (!strcmp(c->observers[i].name, name))
			return &c->observers[i];
	fail_msg("no observer '%s'", name);
	return NULL;
}

/* How long the guest's clock stops before the STOP is stamped, and starts after the RESUME is; 0: no stamps of it. */
static double lag_s;

static void add(char *events, const char *kind, double from_s, double length_s)
{
	char detail[64];
	sprintf(detail, "%s %.0f 400000", kind, length_s * 1e9);
	made_event(events, from_s - 0.0003, "vm1", "", "inject-begin", detail);
	made_event(events, from_s + length_s + 0.0003, "vm1", "", "inject-end", detail);
	if (strcmp(kind, "stop") != 0)
		return;
	made_event(events, from_s + lag_s, "vm1", "src", "stop", "");
	made_event(events, from_s + length_s - lag_s, "vm1", "src", "resume", "");
	if (lag_s > 0) {
		made_event(events, from_s, "vm1", "", "clock-stop", "");
		made_event(events, from_s + length_s, "vm1", "", "clock-start", "");
	}
}

/* Echoes every 100 ms from second 2 to 30; those sent within from_s..to_s get no answer, or a late one. */
static void make_pings(double from_s, double to_s, int late)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/ping-vm1.csv", run_path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("interval_ns,seq,sent_ns,answered_ns\n", file);
	for (int i = 0; i < 280; i++) {
		double sent_s = 2.05 + i * 0.1, answered_s = sent_s + 0.001;
		if (sent_s > from_s && sent_s < to_s)
			answered_s = late ? to_s + 0.001 : NAN;
		if (!isnan(answered_s))
			fprintf(file, "100000000,%d,%.0f,%.0f\n", i, (double)MADE_HEAD + sent_s * 1e9,
			        (double)MADE_HEAD + answered_s * 1e9);
	}
	fclose(file);
}

static void make(void)
{
	char events[8192] = "";
	struct made_vm vm = { .name = "vm1",
		              .length_s = 30,
		              .interval_ns = 10 * MADE_MS,
		              .rate = 100,
		              .drift = 20e-6,
		              .jitter_ms = 0.2,
		              .stops = { { 12.0013, 12.0213, 0 },
		                         { 14.0047, 14.0547, 0 },
		                         { 16.0021, 16.2021, 0 },
		                         { 22.0088, 22.0288, 0 } },
		              .mute = { { 18.003, 18.103, 0 }, { 20.006, 21.006, 0 } },
		              .step_us = 100 };
	add(events, "stop", 12.0013, 0.02);
	add(events, "stop", 14.0047, 0.05);
	add(events, "stop", 16.0021, 0.2);
	add(events, "cut", 18.003, 0.1);
	add(events, "cut", 20.006, 1);
	add(events, "stop", 22.0088, 0.02);
	/* One that was cut short has no end and does not count. */
	made_event(events, 24, "vm1", "", "inject-begin", "stop 5000000000 400000");
	made_run(run_path, "none", MADE_VM1, 10, 26, 29, events);
	made_samples(run_path, &vm);
	make_pings(18.003, 18.203, 0);
}

static void test_known_injections(void **state)
{
	(void)state;
	struct run run;
	struct calibration c;
	int64_t lengths[8];
	make();
	assert_int_equal(run_read(&run, run_path, NULL), 0);
	assert_int_equal(calibration_read(&c, &run, NULL), 0);
	assert_int_equal(c.injected.count, 6);
	assert_near(c.idle_s, 8, 0.001, "idle");
	assert_int_equal(calibration_lengths(&c, "stop", lengths, 8), 3);
	assert_int_equal(lengths[0], 20 * MADE_MS);
	assert_int_equal(lengths[2], 200 * MADE_MS);
	for (int i = 0; i < c.injected.count; i++) {
		const struct injected *in = &c.injected.list[i];
		assert_near((double)in->truth_ns, (double)in->asked_ns, 0.7e6, "truth");
	}
	struct error_summary s = calibration_errors(&c, find(&c, "stop_resume"), "stop", 0, INT64_MAX);
	assert_int_equal(s.n, 4);
	assert_int_equal(s.found, 4);
	/* The head's calls took 0.4 ms, and the made one ended 0.3 ms after the resume. */
	assert_near(s.p95, 0.2e6, 0.01e6, "stop_resume");
	s = calibration_errors(&c, find(&c, "guest_clock"), "stop", 0, INT64_MAX);
	assert_int_equal(s.found, 4);
	assert_true(s.p95 < 0.5e6);
	s = calibration_errors(&c, find(&c, "network"), "stop", 0, INT64_MAX);
	assert_true(s.n == 4 && s.p95 < 7e6);
	s = calibration_errors(&c, find(&c, "work"), "stop", 0, INT64_MAX);
	assert_true(s.n == 4 && s.found == 4 && s.p95 < 12e6);
	assert_int_equal(calibration_smallest(&c, find(&c, "guest_clock"), "stop"), 20 * MADE_MS);

	/* A cut stops nothing: only who watches the network may see it. */
	s = calibration_errors(&c, find(&c, "network"), "cut", 0, INT64_MAX);
	assert_true(s.n == 2 && s.found == 2 && s.p95 < 12e6);
	assert_int_equal(calibration_errors(&c, find(&c, "guest_clock"), "cut", 0, INT64_MAX).found, 0);
	assert_int_equal(calibration_errors(&c, find(&c, "stop_resume"), "cut", 0, INT64_MAX).found, 0);
	s = calibration_errors(&c, find(&c, "work"), "cut", 0, INT64_MAX);
	assert_true(s.n == 2 && fabs(s.bias) < 5e6);
	calibration_free(&c);
	run_free(&run);
}

/* Held against when it was stopped, the guest's clock is right, and by how much that differs from the stop is told. */
static void test_clock_stamps(void **state)
{
	(void)state;
	struct run run;
	struct calibration c;
	struct error_summary s;
	lag_s = 0.003;
	make();
	lag_s = 0;
	assert_int_equal(run_read(&run, run_path, NULL), 0);
	assert_int_equal(calibration_read(&c, &run, NULL), 0);
	s = calibration_errors(&c, find(&c, "guest_clock"), "stop", 0, INT64_MAX);
	assert_true(s.n == 4 && s.p95 < 0.5e6);
	s = calibration_errors(&c, find(&c, "qemu_clock"), "stop", 0, INT64_MAX);
	assert_int_equal(s.n, 4);
	assert_near(s.bias, 6e6, 2, "QEMU's clock stands longer than its stop");
	assert_int_equal(calibration_errors(&c, find(&c, "qemu_clock"), "cut", 0, INT64_MAX).n, 0);
	calibration_free(&c);
	run_free(&run);
	make();
	assert_int_equal(run_read(&run, run_path, NULL), 0);
	assert_int_equal(calibration_read(&c, &run, NULL), 0);
	for (int i = 0; i < c.observer_count; i++)
		assert_string_not_equal(c.observers[i].name, "qemu_clock");
	calibration_free(&c);
	run_free(&run);
}

static void test_files(void **state)
{
	(void)state;
	char path[128];
	make();
	analyse_well();
	snprintf(path, sizeof(path), "%s/calibration.json", run_path);
	struct json_object *root = json_object_from_file(path), *found;
	assert_non_null(root);
	assert_int_equal(json_pointer_get(root, "/observers/guest_clock/stop/smallest_found_ns", &found), 0);
	assert_int_equal(json_object_get_int64(found), 20 * MADE_MS);
	assert_int_equal(json_pointer_get(root, "/observers/guest_clock/stop/target_met", &found), 0);
	assert_true(json_object_get_boolean(found));
	assert_int_equal(json_pointer_get(root, "/observers/network/cut/lengths/1/n", &found), 0);
	assert_int_equal(json_object_get_int(found), 1);
	json_object_put(root);
	snprintf(path, sizeof(path), "%s/calibration.csv", run_path);
	assert_int_equal(access(path, R_OK), 0);
}

/* A later run says how far its estimators were, and calls nothing a stop that they saw while idling. */
static void test_cited(void **state)
{
	(void)state;
	char file[128];
	make();
	made_file(scratch, "calibration.json",
	          "{\"run_id\":\"abc\",\"observers\":{\"network\":{\"floor_ns\":2e9,\"stop\":{\"p95_ns\":3e6}}}}");
	snprintf(file, sizeof(file), "%s/calibration.json", scratch);
	setenv("MIGMETER_CALIBRATION", file, 1);
	analyse_well();
	assert_near(metric("downtime_error", "network"), 3e6, 1, "error");
	assert_non_null(strstr(metric_reason("downtime_error", "network"), "run abc"));
	assert_non_null(strstr(metric_reason("downtime", "network"), "no stop seen"));
	assert_null(strstr(metric_reason("downtime", "work"), "no stop seen"));
	setenv("MIGMETER_CALIBRATION", "/nowhere", 1);
	assert_int_equal(analyse(), -1);
	assert_non_null(strstr(analysed_err.text, "'/nowhere'"));
	unsetenv("MIGMETER_CALIBRATION");
}

/* Errors -3 .. 6 ms by hand; the middle length is not found. */
static void test_sums(void **state)
{
	(void)state;
	static const double errors_ms[] = { -3, 1, 2, 4, 6, 0 };
	struct injected list[6] = { 0 };
	struct observation seen[6] = { 0 };
	struct calibration c = { .injected = { .list = list, .count = 6 } };
	struct observer o = { .seen = seen };
	for (int i = 0; i < 6; i++) {
		strcpy(list[i].kind, i < 5 ? "stop" : "cut");
		list[i].asked_ns = (i / 2 + 1) * 10 * MADE_MS;
		seen[i] = (struct observation){ .value_ns = 1, .error_ns = errors_ms[i] * 1e6, .found = i != 2 };
	}
	struct error_summary s = calibration_errors(&c, &o, "stop", 0, INT64_MAX);
	assert_int_equal(s.n, 5);
	assert_int_equal(s.found, 4);
	assert_near(s.bias, 2e6, 1, "bias");
	assert_near(s.sd, sqrt(46. / 4) * 1e6, 1, "sd");
	assert_near(s.p95, 5.6e6, 1, "p95"); /* 1 2 3 4 6: between the last two */
	assert_int_equal(calibration_smallest(&c, &o, "stop"), 30 * MADE_MS);
	seen[4].value_ns = NAN;
	s = calibration_errors(&c, &o, "stop", 30 * MADE_MS, INT64_MAX);
	assert_int_equal(s.n, 0);
	assert_true(isnan(s.p95) && isnan(s.bias));
	assert_int_equal(calibration_smallest(&c, &o, "stop"), -1);
}

static void check_ping(enum ping_reading reading, double from_s, double to_s, double value_ms)
{
	struct run run;
	struct pings *pings;
	struct downtime d;
	const struct downtime_window window = { .from_ns = MADE_HEAD + (int64_t)(from_s * 1e9),
		                                .to_ns = MADE_HEAD + (int64_t)(to_s * 1e9),
		                                .baseline_from_ns = MADE_HEAD + 3 * MADE_S,
		                                .baseline_to_ns = MADE_HEAD + 10 * MADE_S };
	assert_int_equal(run_read(&run, run_path, NULL), 0);
	assert_int_equal(pings_read(&pings, &run, run_vm(&run, "vm1"), NULL), 0);
	pings_downtime(pings, 100 * MADE_MS, reading, &window, &d);
	assert_near((double)d.value_ns / 1e6, value_ms, 0.001, "ping");
	assert_int_equal(d.floor_ns / 1000000, 0);
	pings_downtime(pings, 10 * MADE_MS, reading, &window, &d);
	assert_true(d.value_ns == MISSING);
	pings_free(pings);
	run_free(&run);
}

static void test_pings(void **state)
{
	(void)state;
	make();
	make_pings(18.003, 18.203, 0); /* the echoes of 18.05 and 18.15 are lost */
	check_ping(PING_LOST, 17.7, 18.6, 300);
	check_ping(PING_GAP, 17.7, 18.6, 200);
	check_ping(PING_LOST, 19, 20, 0);
	make_pings(18.003, 18.203, 1);
	check_ping(PING_LOST, 17.7, 18.6, 0);
	check_ping(PING_GAP, 17.7, 18.6, 153);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)

int main(void)
{
	const struct CMUnitTest tests[] = { ONE(test_known_injections),
		                            ONE(test_clock_stamps),
		                            ONE(test_files),
		                            ONE(test_cited),
		                            ONE(test_sums),
		                            ONE(test_pings) };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

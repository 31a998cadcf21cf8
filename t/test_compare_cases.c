/* Comparisons: which runs stand against which, and what forbids to compare them. */
#include "bench/base/point_label.h"
#include "t/compared.h"

static void assert_forbidden(const struct made_conditions *c, const char *why, const char *kind)
{
	const struct compare_options despite = { .despite = kind };
	made_set(base_path, 1, 5, &usual, 1e9, 200);
	made_set(new_path, 1, 5, c, 1e9, 200);
	compare();
	if (!strstr(compared.cases[0].why, why))
		fail_msg("'%s' does not say '%s'", compared.cases[0].why, why);
	assert_int_equal(compared.count, 0);
	assert_int_equal(compared.verdict, COMPARE_NOT);
	assert_int_equal(comparison_status(&compared), EXIT_USAGE);
	compare_with(&despite);
	assert_string_equal(compared.cases[0].why, "");
	assert_int_equal(compared.verdict, COMPARE_SAME);
}

static void another_link(void **state)
{
	(void)state;
	const struct made_conditions c = { .rate = "1000000000bit/s" };
	assert_forbidden(&c, "another link: link.asked.rate is 100000000bit/s in BASE, 1000000000bit/s in NEW",
	                 "link");
}

static void another_scale(void **state)
{
	(void)state;
	const struct made_conditions c = { .scale = 0.54 };
	assert_forbidden(&c, "another scale: scale is 1 in BASE, 0.54 in NEW", "scale|link");
}

static void another_machine(void **state)
{
	(void)state;
	const struct made_conditions c = { .cpu = "another" };
	assert_forbidden(&c, "another machine: host.cpu is a cpu in BASE, another in NEW", "machine");
}

static void another_load(void **state)
{
	(void)state;
	const struct made_conditions c = { .workload = "memdirty" };
	assert_forbidden(&c, "another load: vms.1.workloads.1.name is intadd in BASE, memdirty in NEW", "load");
}

static void mixed_among_themselves(void **state)
{
	(void)state;
	const struct made_conditions c = { .cpu = "another" };
	made_set(base_path, 1, 4, &usual, 1e9, 200);
	made_set(base_path, 5, 1, &c, 1e9, 200);
	made_set(new_path, 1, 5, &usual, 1e9, 200);
	compare();
	assert_non_null(strstr(compared.cases[0].why, "among the runs of BASE"));
}

static void versions_are_told(void **state)
{
	(void)state;
	const struct made_conditions c = { .qemu = "8.0.0", .mode = "postcopy", .flags = "\"slow\"" };
	made_set(base_path, 1, 5, &usual, 1e9, 200);
	made_set(new_path, 1, 5, &c, 1e9, 200);
	compare();
	assert_int_equal(compared.verdict, COMPARE_SAME);
	const struct condition_changes *changes = &compared.cases[0].changes;
	assert_int_equal(changes->count, 2);
	assert_string_equal(changes->list[0].what, "hypervisor.qemu");
	assert_string_equal(changes->list[0].new, "8.0.0");
	assert_null(changes->list[0].kind);
	assert_int_equal(compared.cases[0].flagged[COMPARE_NEW], 5);
	assert_int_equal(compared.cases[0].flagged[COMPARE_BASE], 0);
}

static void another_policy_is_told(void **state)
{
	(void)state;
	const struct made_conditions c = { .policy = "none", .overload = "0.8" };
	made_set(base_path, 1, 5, &usual, 1e9, 200);
	made_set(new_path, 1, 5, &c, 1e9, 200);
	compare();
	const struct condition_changes *changes = &compared.cases[0].changes;
	assert_int_equal(changes->count, 2);
	assert_string_equal(changes->list[0].what, "config.consolidate.policy");
	assert_string_equal(changes->list[0].base, "threshold");
	assert_string_equal(changes->list[0].new, "none");
	assert_string_equal(changes->list[1].what, "consolidate.policy_options.overload");
}

static void other_sessions(void **state)
{
	(void)state;
	const struct made_conditions c = { .think = "1s" };
	assert_forbidden(&c, "another load: config.sessions.think is 6s in BASE, 1s in NEW", "load");
}

/* What a loop is about is compared without being asked for. */
static void loops_are_compared(void **state)
{
	(void)state;
	static const char *const chosen[][2] = {
		{ "overload_time", "src" },
		{ "overload_seen_time", "1:src" },
		{ "overload_resolve_time", "1:src" },
		{ "loop_switch_time", "1:away" },
		{ "job_time", "compile" },
		{ "good_responses", "" },
		{ "response_time", "p95" },
	};
	const struct compare_choices none = { 0 };
	for (size_t i = 0; i < sizeof(chosen) / sizeof(*chosen); i++)
		assert_true(compare_is_chosen(&none, chosen[i][0], chosen[i][1]));
	assert_false(compare_is_chosen(&none, "node_active", "src"));
}

static void failed_runs(void **state)
{
	(void)state;
	const struct made_conditions failed = { .status = "failed", .reason = "the guest did not boot" };
	made_set(base_path, 1, 10, &usual, 1e9, 200);
	made_set(new_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 9, 2, &failed, 0, 0);
	compare(); /* a fifth: the others speak for it */
	assert_int_equal(compared.verdict, COMPARE_SAME);
	assert_int_equal(compared.cases[0].failed[COMPARE_NEW], 2);
	made_set(new_path, 8, 1, &failed, 0, 0);
	compare();
	assert_string_equal(compared.cases[0].why, "3 of 10 runs of NEW failed: the guest did not boot");
	assert_int_equal(comparison_status(&compared), EXIT_MEASURED_BAD);
	/* those of BASE are no regression */
	char swap[sizeof(base_path)];
	memcpy(swap, base_path, sizeof(swap));
	memcpy(base_path, new_path, sizeof(swap));
	memcpy(new_path, swap, sizeof(swap));
	compare();
	assert_non_null(strstr(compared.cases[0].why, "of BASE failed"));
	assert_int_equal(comparison_status(&compared), EXIT_USAGE);
	/* and do not hide those of NEW */
	made_set(new_path, 1, 3, &failed, 0, 0);
	compare();
	assert_string_equal(compared.cases[0].why, "3 of 10 runs of NEW failed: the guest did not boot");
	assert_int_equal(comparison_status(&compared), EXIT_MEASURED_BAD);
}

/* What is only told leaves room for what forbids. */
static void what_forbids_is_not_left_out(void **state)
{
	(void)state;
	struct json_object *base = json_object_new_object(), *new = json_object_new_object();
	for (int side = 0; side < 2; side++) {
		struct json_object *into = side ? new : base, *keys = json_object_new_object(),
				   *sessions = json_object_new_object();
		for (int i = 0; i < CONDITION_CHANGES_MAX + 3; i++) {
			char key[20];
			snprintf(key, sizeof(key), "key%d", i);
			json_object_object_add(keys, key, json_object_new_int(side));
		}
		json_object_object_add(sessions, "think", json_object_new_string(side ? "1s" : "6s"));
		json_object_object_add(into, "config.migration", keys);
		json_object_object_add(into, "config.sessions", sessions);
	}
	struct condition_changes changes;
	conditions_changes(&changes, base, new);
	assert_int_equal(changes.count, CONDITION_CHANGES_MAX);
	assert_int_equal(changes.left_out, 4);
	const struct condition_change *forbids = conditions_forbid(&changes, "");
	assert_non_null(forbids);
	assert_string_equal(forbids->what, "config.sessions.think");
	json_object_put(base);
	json_object_put(new);
}

/* ---- cases ---- */

static void cases_by_point(void **state)
{
	(void)state;
	const struct made_conditions cpu = { .point = "load=cpu" }, io = { .point = "load=io" },
				     old = { .point = "load=old" }, more = { .point = "load=new" };
	made_set(base_path, 1, 7, &cpu, 1e9, 200);
	made_set(base_path, 11, 7, &io, 1e9, 200);
	made_set(base_path, 21, 2, &old, 1e9, 200);
	made_set(new_path, 1, 7, &io, 0.8e9, 200);
	made_set(new_path, 11, 7, &cpu, 1e9, 200);
	made_set(new_path, 21, 2, &more, 1e9, 200);
	compare();
	assert_int_equal(compared.case_count, 4);
	assert_string_equal(compared.cases[0].label, "load=cpu");
	assert_string_equal(compared.cases[2].why, "NEW has no run of it");
	assert_string_equal(compared.cases[3].why, "BASE has no run of it");
	assert_int_equal(compared.counts[COMPARE_NOT], 2);
	for (int i = 0; i < compared.count; i++)
		if (strcmp(compared.list[i].metric, "baseline_rate") == 0)
			assert_int_equal(compared.list[i].verdict,
			                 compared.list[i].case_index == 1 ? COMPARE_REGRESSED : COMPARE_SAME);
	/* one case each: they are what is compared */
	snprintf(base_path, sizeof(base_path), "%s/one", scratch);
	snprintf(new_path, sizeof(new_path), "%s/other", scratch);
	made_set(base_path, 1, 7, &cpu, 1e9, 200);
	made_set(new_path, 1, 7, &io, 1e9, 200);
	compare();
	assert_int_equal(compared.case_count, 1);
	assert_string_equal(compared.cases[0].label, "load=cpu | load=io");
	assert_int_equal(compared.verdict, COMPARE_SAME);
}

/* Of a study that died early most cases are not there, which is no success; a case that BASE has not is none of its faults. */
static void a_case_that_new_lacks(void **state)
{
	(void)state;
	const struct compare_options whole = { .despite = "", .whole = 1 };
	const struct made_conditions points[] = { { .point = "load=cpu" },
		                                  { .point = "load=io" },
		                                  { .point = "load=web" } };
	const struct made_conditions lost = { .point = "load=io", .status = "failed", .reason = "no link" };
	const struct made_conditions died = { .point = "load=io", .status = "running" };
	for (int i = 0; i < 3; i++)
		made_set(base_path, 1 + 7 * i, 7, &points[i], 1e9, 200);
	made_set(new_path, 1, 7, &points[0], 1e9, 200);
	made_set(new_path, 8, 1, &died, 0, 0);
	compare_with(&whole);
	assert_int_equal(compared.verdict, COMPARE_SAME);
	assert_int_equal(compared.cases[1].broken + compared.cases[2].broken, 2);
	assert_string_equal(compared.cases[1].why,
	                    "NEW has no run of it: is it complete? (--partial: it need not be)");
	assert_int_equal(comparison_status(&compared), EXIT_MEASURED_BAD);
	compare(); /* it may */
	assert_int_equal(comparison_status(&compared), EXIT_DONE);
	made_set(new_path, 8, 7, &points[1], 1e9, 200);
	made_set(new_path, 15, 7, &points[2], 1e9, 200);
	made_set(new_path, 22, 7, &(struct made_conditions){ .point = "load=more" }, 1e9, 200);
	compare_with(&whole);
	assert_int_equal(comparison_status(&compared), EXIT_DONE);
	/* one that failed in BASE cannot be asked for */
	snprintf(base_path, sizeof(base_path), "%s/failed", scratch);
	snprintf(new_path, sizeof(new_path), "%s/partial", scratch);
	made_set(base_path, 1, 7, &points[0], 1e9, 200);
	made_set(base_path, 8, 7, &lost, 0, 0);
	made_set(new_path, 1, 7, &points[0], 1e9, 200);
	compare_with(&whole);
	assert_int_equal(comparison_status(&compared), EXIT_DONE);
}

/* A and B made in turn: two members of one study, for each of its other cases. */
static void points_of_one_study(void **state)
{
	(void)state;
	struct err e = { 0 };
	const struct made_conditions points[] = { { .point = "load=cpu feature=plain" },
		                                  { .point = "load=io feature=plain" },
		                                  { .point = "load=cpu feature=tls" },
		                                  { .point = "load=io feature=tls" } };
	for (int i = 0; i < 4; i++)
		made_set(base_path, 1 + 7 * i, 7, &points[i], i == 3 ? 0.8e9 : 1e9, 200);
	snprintf(new_path, sizeof(new_path), "%s", base_path);
	compare(); /* each case with itself */
	assert_int_equal(compared.case_count, 4);
	assert_int_equal(study_runs_choose(&runs[0], "feature=plain", &e), 0);
	assert_int_equal(study_runs_choose(&runs[1], "feature=tls", &e), 0);
	assert_int_equal(runs[0].count, 14);
	comparison_free(&compared);
	assert_int_equal(compare_make(&compared, &runs[0], &runs[1], &(struct compare_options){ .despite = "" }, &e),
	                 0);
	assert_int_equal(compared.case_count, 2);
	assert_string_equal(compared.cases[0].label, "load=cpu");
	assert_string_equal(compared.cases[1].label, "load=io");
	for (int i = 0; i < compared.count; i++)
		if (strcmp(compared.list[i].metric, "baseline_rate") == 0)
			assert_int_equal(compared.list[i].verdict,
			                 compared.list[i].case_index ? COMPARE_REGRESSED : COMPARE_SAME);
	assert_int_equal(study_runs_choose(&runs[1], "load=io feature=none", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_true(point_label_has("load=cpu feature=tls", "feature=tls"));
	assert_false(point_label_has("load=cpu feature=tls", "feature=t"));
	assert_true(point_label_has("", ""));
	assert_true(point_label_has("load=cpu feature=tls", "feature=none|tls load=cpu"));
	assert_true(point_label_has("load=cpu feature=none", "feature=none|tls"));
	assert_false(point_label_has("load=cpu feature=tls", "feature=none|tl|tls-2"));
	assert_false(point_label_has("load=cpu feature=tls", "feature=|"));
	assert_false(point_label_has("load=cpu feature=tls", "load=io|tls"));
	assert_false(point_label_has("load=cpu feature=tls", "cpu|tls"));
}

static void runs_and_folders(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct study_runs s;
	made_set(base_path, 1, 2, &usual, 1e9, 200);
	char one[200];
	snprintf(one, sizeof(one), "%s/001", base_path);
	assert_int_equal(study_read_any(&s, one, &e), 0);
	assert_int_equal(s.count, 1);
	study_runs_free(&s);
	assert_int_equal(study_read_any(&s, scratch, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "holds no run"));
	study_runs_free(&s);
	assert_int_equal(study_read_any(&s, "/nowhere", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	study_runs_free(&s);
	made_study(base_path, "");
	assert_int_equal(study_read_any(&s, base_path, &e), 0);
	assert_int_equal(s.count, 2);
	study_runs_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDERS(another_link),
		IN_FOLDERS(another_scale),
		IN_FOLDERS(another_machine),
		IN_FOLDERS(another_load),
		IN_FOLDERS(mixed_among_themselves),
		IN_FOLDERS(versions_are_told),
		IN_FOLDERS(another_policy_is_told),
		IN_FOLDERS(other_sessions),
		IN_FOLDERS(loops_are_compared),
		IN_FOLDERS(failed_runs),
		IN_FOLDERS(cases_by_point),
		IN_FOLDERS(runs_and_folders),
		IN_FOLDERS(points_of_one_study),
		IN_FOLDERS(a_case_that_new_lacks),
		cmocka_unit_test(what_forbids_is_not_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

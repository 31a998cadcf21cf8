/* Comparisons: every verdict, what forbids one, what is chosen, and how it is shown. */
#include "analysis/compare.h"
#include "analysis/compare_write.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/compare.h"
#include "t/analysed.h"
#include "t/made_comparison.h"

static struct study_runs runs[COMPARE_SIDES];
static struct comparison compared;
static char base_path[128], new_path[128];

static int begin(void **state)
{
	made_state = 88172645463325252u;
	if (run_make(state) < 0)
		return -1;
	snprintf(base_path, sizeof(base_path), "%s/base", scratch);
	snprintf(new_path, sizeof(new_path), "%s/new", scratch);
	return 0;
}

static int end(void **state)
{
	comparison_free(&compared);
	study_runs_free(&runs[0]);
	study_runs_free(&runs[1]);
	return run_remove(state);
}

static void compare_with(const struct compare_options *o)
{
	struct err e = { 0 };
	comparison_free(&compared);
	study_runs_free(&runs[0]);
	study_runs_free(&runs[1]);
	if (study_read_any(&runs[0], base_path, &e) < 0 || study_read_any(&runs[1], new_path, &e) < 0 ||
	    compare_make(&compared, &runs[0], &runs[1], o, &e) < 0)
		fail_msg("%s", e.text);
}

static void compare(void)
{
	const struct compare_options usual = { .despite = "" };
	compare_with(&usual);
}

static const struct compared *row_of(const char *metric_name, const char *estimator)
{
	for (int i = 0; i < compared.count; i++)
		if (strcmp(compared.list[i].metric, metric_name) == 0 &&
		    strcmp(compared.list[i].estimator, estimator) == 0)
			return &compared.list[i];
	fail_msg("%s %s was not compared", metric_name, estimator);
	return NULL;
}

static void assert_verdict(const char *metric_name, const char *estimator, enum compare_verdict verdict)
{
	const struct compared *c = row_of(metric_name, estimator);
	if (c->verdict != verdict)
		fail_msg("%s: %s, not %s; p %g, difference %g, threshold %g", metric_name,
		         compare_verdict_name(c->verdict), compare_verdict_name(verdict), c->p_holm, c->difference,
		         c->threshold);
}

static const struct made_conditions usual;

static void a_slower_workload_regressed(void **state)
{
	(void)state;
	made_set(base_path, 1, 10, &usual, 1e9, 200);
	made_set(new_path, 1, 10, &usual, 0.9e9, 200);
	compare();
	assert_int_equal(compared.verdict, COMPARE_REGRESSED);
	assert_int_equal(comparison_status(&compared), EXIT_MEASURED_BAD);
	assert_int_equal(compared.counts[COMPARE_REGRESSED], 1);
	assert_verdict("baseline_rate", "intadd", COMPARE_REGRESSED);
	assert_verdict("downtime", "stop_resume", COMPARE_SAME);
	const struct compared *c = row_of("baseline_rate", "intadd");
	assert_true(c->low < -0.1e9 + 1e7 && c->high > -0.1e9 - 1e7 && c->low < c->difference &&
	            c->difference < c->high);
	assert_near(c->p_holm, 3 * 2 / 184756., 1e-12, "p after Holm of 3"); /* converged is all equal */
	assert_int_equal(compared.tested, 3);
	/* by default neither what is not asked for nor what cannot be better */
	assert_int_equal(compared.count, 4);
}

static void the_same_set_halved(void **state)
{
	(void)state;
	made_set(base_path, 1, 5, &usual, 1e9, 200);
	made_set(new_path, 6, 5, &usual, 1e9, 200);
	compare();
	assert_int_equal(compared.verdict, COMPARE_SAME);
	assert_int_equal(comparison_status(&compared), EXIT_DONE);
	const struct compared *c = row_of("downtime", "stop_resume");
	assert_true(c->detectable > c->threshold && c->detectable < 0.3 * c->sides[COMPARE_BASE].center);
	assert_string_equal(row_of("converged", "")->reason, "all values are equal");
}

static void faster_improved(void **state)
{
	(void)state;
	made_set(base_path, 1, 8, &usual, 1e9, 200);
	made_set(new_path, 1, 8, &usual, 1.1e9, 120);
	compare();
	assert_int_equal(compared.verdict, COMPARE_IMPROVED);
	assert_int_equal(comparison_status(&compared), EXIT_DONE);
	assert_verdict("baseline_rate", "intadd", COMPARE_IMPROVED);
	assert_verdict("downtime", "stop_resume", COMPARE_IMPROVED);
}

/* What is sure but small is no regression; a threshold of one's own makes it one. */
static void small_changes_do_not_matter(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct compare_options o = { .despite = "" };
	made_set(base_path, 1, 10, &usual, 1e9, 200);
	made_set(new_path, 1, 10, &usual, 0.965e9, 200);
	compare();
	assert_verdict("baseline_rate", "intadd", COMPARE_SAME);
	assert_non_null(strstr(row_of("baseline_rate", "intadd")->reason, "less than matters"));
	assert_int_equal(compare_choose_threshold(&o.choices, "baseline_rate=2%", &e), 0);
	compare_with(&o);
	assert_verdict("baseline_rate", "intadd", COMPARE_REGRESSED);
	assert_int_equal(compare_choose_threshold(&o.choices, "50%", &e), 0); /* the last that fits counts */
	compare_with(&o);
	assert_verdict("baseline_rate", "intadd", COMPARE_SAME);
}

static void three_runs_say_how_many_are_needed(void **state)
{
	(void)state;
	made_set(base_path, 1, 3, &usual, 1e9, 200);
	made_set(new_path, 1, 3, &usual, 0.5e9, 900);
	compare();
	assert_int_equal(compared.verdict, COMPARE_SAME);
	assert_int_equal(compared.tested, 0);
	assert_int_equal(compared.needed, 5); /* 2 of 252 is at most 0.05 / 4 */
	const struct compared *c = row_of("baseline_rate", "intadd");
	assert_true(isnan(c->p_holm) && isnan(c->detectable) && isnan(c->low));
}

/* One value that differs proves nothing, but it differs. */
static void nearly_all_equal(void **state)
{
	(void)state;
	for (int i = 0; i < 12; i++) {
		char rows[512] = "";
		made_row(rows, "recovery_time", "intadd", "ns", i == 3 ? 2e7 : 0, "");
		made_compared(i % 2 ? base_path : new_path, i, &usual, rows);
	}
	compare();
	const struct compared *c = row_of("recovery_time", "intadd");
	assert_int_equal(c->verdict, COMPARE_SAME);
	assert_string_equal(c->reason, "");
	assert_true(isnan(c->p_holm));
	assert_near(c->detectable, 100e6, 50e6, "about the threshold");
}

/* ---- never converged ---- */

static void add_moody(const char *folder, int count, int never, double seconds)
{
	for (int i = 0; i < count; i++) {
		char rows[2048] = "";
		const char *why = "never converged: aborted after 60 s";
		made_row(rows, "migration_time", "completion", "ns", i < never ? NAN : (seconds + 0.01 * i) * 1e9,
		         i < never ? why : "");
		made_row(rows, "converged", "", "ratio", i >= never, i < never ? why : "");
		made_row(rows, "downtime", "stop_resume", "ns", i < never ? NAN : 3e8 + 1e6 * i,
		         i < never ? "there was no stop" : "");
		made_compared(folder, i, &usual, rows);
	}
}

static void never_converged_is_data(void **state)
{
	(void)state;
	add_moody(base_path, 10, 0, 20);
	add_moody(new_path, 10, 8, 20);
	compare();
	assert_verdict("converged", "", COMPARE_REGRESSED);
	assert_verdict("migration_time", "completion", COMPARE_REGRESSED);
	const struct compared *c = row_of("migration_time", "completion");
	assert_int_equal(c->sides[COMPARE_NEW].n, 10);
	assert_int_equal(c->sides[COMPARE_NEW].endless, 8);
	assert_true(isinf(c->sides[COMPARE_NEW].center) && isinf(c->difference));
	assert_near(row_of("converged", "")->difference, -0.8, 1e-12, "share that converged");
	/* a stop that was not is missing */
	c = row_of("downtime", "stop_resume");
	assert_int_equal(c->sides[COMPARE_NEW].missing, 8);
	assert_int_equal(c->verdict, COMPARE_SAME);
}

static void never_before_and_never_now(void **state)
{
	(void)state;
	add_moody(base_path, 6, 6, 20);
	add_moody(new_path, 6, 6, 20);
	compare();
	assert_verdict("migration_time", "completion", COMPARE_SAME);
	assert_near(row_of("migration_time", "completion")->difference, 0, 0, "difference");
	assert_verdict("downtime", "stop_resume", COMPARE_NOT);
	assert_non_null(strstr(row_of("downtime", "stop_resume")->reason, "missing in BASE: there was no stop"));
	add_moody(new_path, 6, 0, 20);
	compare();
	assert_verdict("migration_time", "completion", COMPARE_IMPROVED);
	assert_verdict("converged", "", COMPARE_IMPROVED);
}

/* ---- not comparable ---- */

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

/* What no analysis writes is no value, and no crash. */
static void odd_metrics(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"5, null, [], {}, {\"metric\":\"nothing\"}, {\"metric\":\"downtime\",\"value\":1}",
		"{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\",\"value\":NaN}",
		"{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\",\"value\":[3]}",
		"{\"metric\":\"downtime\",\"estimator\":\"network\",\"unit\":\"ns\",\"value\":1e300}",
	};
	for (int i = 0; i < 4; i++) {
		made_compared(base_path, i, &usual, rows[i]);
		made_compared(new_path, i, &usual, rows[3 - i]);
	}
	compare();
	const struct compared *c = row_of("downtime", "network");
	assert_int_equal(c->sides[COMPARE_BASE].missing, 3);
	assert_int_equal(c->verdict, COMPARE_SAME);
}

/* ---- choices ---- */

static void choices(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct compare_options o = { .despite = "" };
	made_set(base_path, 1, 6, &usual, 1e9, 200);
	made_set(new_path, 1, 6, &usual, 1e9, 200);
	assert_int_equal(compare_choose_metric(&o.choices, "worst_op_*:intadd:settle", &e), 0);
	assert_int_equal(compare_choose_metric(&o.choices, "downtime:stop_resume", &e), 0);
	compare_with(&o);
	assert_int_equal(compared.count, 2);
	o.choices.metric_count = 0;
	assert_int_equal(compare_choose_metric(&o.choices, "all", &e), 0);
	compare_with(&o);
	assert_int_equal(compared.count, 5); /* all but clock_drift, which cannot be better */
	assert_int_equal(compare_choose_metric(&o.choices, "downtme", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "did you mean 'downtime'?"));
	assert_int_equal(compare_choose_metric(&o.choices, "clock_drift", &e), -1);
	assert_non_null(strstr(e.text, "no better and no worse"));
	static const char *const bad[] = { "much", "-5%", "downtme=5%", "5000%", "5", "downtime=" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		e.status = 0;
		assert_int_equal(compare_choose_threshold(&o.choices, bad[i], &e), -1);
		assert_int_equal(e.status, EXIT_USAGE);
	}
	struct compare_choices c = { 0 };
	assert_near(compare_threshold(&c, "downtime", "network", 200e6), 20e6, 1e-3, "a tenth");
	assert_near(compare_threshold(&c, "downtime", "network", 20e6), 10e6, 1e-3, "the least");
	assert_near(compare_threshold(&c, "downtime", "network", INFINITY), 10e6, 1e-3, "of what never ends");
	compare_choose_threshold(&c, "20%", &e);
	assert_near(compare_threshold(&c, "downtime", "network", 20e6), 10e6, 1e-3, "the least stays");
	compare_choose_threshold(&c, "downtime:net*=1%", &e);
	assert_near(compare_threshold(&c, "downtime", "network", 20e6), 0.2e6, 1e-3, "of one metric");
	assert_near(compare_threshold(&c, "downtime", "work", 200e6), 40e6, 1e-3, "of the others");
}

/* ---- shown ---- */

static char *shown(const char *format)
{
	char *text = NULL;
	size_t size;
	struct err e = { 0 };
	struct json_object *doc = comparison_json(&compared, base_path, new_path);
	FILE *out = open_memstream(&text, &size);
	if (report_comparison(out, doc, format, &e) < 0)
		fail_msg("%s", e.text);
	fclose(out);
	json_object_put(doc);
	return text;
}

static void assert_shown(const char *format, const char *const wanted[])
{
	char *text = shown(format);
	for (; *wanted; wanted++)
		if (!strstr(text, *wanted))
			fail_msg("%s has no '%s':\n%s", format, *wanted, text);
	free(text);
}

static void make_all_verdicts(void)
{
	const struct made_conditions slow = { .point = "load=<slow> #1" }, gone = { .point = "load=gone" },
				     broken = { .point = "load=broken" },
				     failed = { .point = "load=broken", .status = "failed", .reason = "no & boot" };
	made_set(base_path, 1, 10, &slow, 1e9, 200);
	made_set(new_path, 1, 10, &slow, 0.9e9, 100);
	made_set(base_path, 21, 1, &gone, 1e9, 200);
	made_set(base_path, 31, 3, &broken, 1e9, 200);
	made_set(new_path, 31, 3, &failed, 1e9, 200);
	compare();
}

static void formats(void **state)
{
	(void)state;
	struct err e = { 0 };
	make_all_verdicts();
	assert_int_equal(comparison_status(&compared), EXIT_MEASURED_BAD);
	static const char *const text[] = {
		"regressed: baseline rate of vm1 (migrating): ",
		"improved: downtime, stop to resume of vm1 (migrating): ",
		"4 comparisons: 1 regressed, 1 improved, 2 no difference shown, 2 not comparable",
		"load=<slow> #1, 10 to 10 runs:",
		"difference (95 %)",
		"could have been",
		"load=gone, 1 to 0 runs: not comparable: NEW has no run of it",
		"not comparable: 3 of 3 runs of NEW failed: no & boot",
		NULL
	};
	static const char *const csv[] = { "case,metric,vm,role,estimator,unit,base,",
		                           "load=<slow> #1,baseline_rate,vm1,migrating,intadd,additions/s,",
		                           ",regressed,\n",
		                           ",improved,\n",
		                           "load=gone,,,,,,missing,0,missing,0,",
		                           ",not comparable,NEW has no run of it\n",
		                           NULL };
	static const char *const tap[] = {
		"1..6\nok 1 - load=<slow>  1: migration time, to completion of vm1 (migrating)\n",
		"\nnot ok 4 - load=<slow>  1: baseline rate of vm1 (migrating)\n# baseline rate",
		"ok 5 - load=gone: the runs can be compared # SKIP not comparable: NEW has no",
		"not ok 6 - load=broken: the runs can be compared\n# 3 of 3 runs", NULL
	};
	static const char *const junit[] = {
		"<testsuites name=\"migmeter compare\" tests=\"6\" failures=\"2\" errors=\"0\" skipped=\"1\">",
		"<testsuite name=\"load=&lt;slow&gt; #1\" tests=\"4\" failures=\"1\"",
		"<failure type=\"regressed\" message=\"baseline rate of vm1 (migrating): ",
		"<failure type=\"broken\" message=\"3 of 3 runs of NEW failed: no &amp; boot\"/>",
		"<skipped message=\"NEW has no run of it\"/>",
		NULL
	};
	static const char *const json[] = { "\"verdict\":\"regressed\"", "\"no_difference_shown\":2",
		                            "\"broken\":true", "\"method\":\"exact\"", NULL };
	assert_shown("text", text);
	assert_shown("csv", csv);
	assert_shown("tap", tap);
	assert_shown("junit", junit);
	assert_shown("json", json);
	struct json_object *doc = comparison_json(&compared, "a", "b");
	assert_int_equal(report_comparison(stderr, doc, "xml", &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	json_object_put(doc);
}

static void endless_is_shown(void **state)
{
	(void)state;
	add_moody(base_path, 10, 0, 20);
	add_moody(new_path, 10, 8, 20);
	compare();
	static const char *const text[] = {
		"regressed: migration time, to completion of vm1 (migrating): 20.0 s to never, "
		"never ends now",
		NULL
	};
	static const char *const csv[] = { ",never,10,never,", NULL };
	static const char *const json[] = { "\"center\":\"never\"", "\"difference\":\"never\"", NULL };
	assert_shown("text", text);
	assert_shown("csv", csv);
	assert_shown("json", json);
}

static void page(void **state)
{
	(void)state;
	struct err e = { 0 };
	char path[256];
	make_all_verdicts();
	struct json_object *doc = comparison_json(&compared, "<base>", "new");
	if (report_comparison_page(doc, scratch, &e) < 0)
		fail_msg("%s", e.text);
	json_object_put(doc);
	snprintf(path, sizeof(path), "%s/compare.html", scratch);
	char *text = whole_file_read(path, 5 << 20);
	assert_non_null(text);
	static const char *const wanted[] = { "BASE &lt;base&gt;, NEW new",
		                              "<b>regressed</b>: baseline rate of vm1",
		                              "class=\"disagrees\">regressed",
		                              "class=\"agrees\">improved",
		                              "aria-label=\"How the values lie\"",
		                              "<svg",
		                              "Not comparable: 3&nbsp;of 3&nbsp;runs of NEW failed" };
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(text, wanted[i]))
			fail_msg("not there: %s", wanted[i]);
	assert_null(strstr(text, "<base>"));
	free(text);
}

#define IN_FOLDERS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDERS(a_slower_workload_regressed),
		IN_FOLDERS(the_same_set_halved),
		IN_FOLDERS(faster_improved),
		IN_FOLDERS(small_changes_do_not_matter),
		IN_FOLDERS(three_runs_say_how_many_are_needed),
		IN_FOLDERS(nearly_all_equal),
		IN_FOLDERS(never_converged_is_data),
		IN_FOLDERS(never_before_and_never_now),
		IN_FOLDERS(another_link),
		IN_FOLDERS(another_scale),
		IN_FOLDERS(another_machine),
		IN_FOLDERS(another_load),
		IN_FOLDERS(mixed_among_themselves),
		IN_FOLDERS(versions_are_told),
		IN_FOLDERS(failed_runs),
		IN_FOLDERS(cases_by_point),
		IN_FOLDERS(runs_and_folders),
		IN_FOLDERS(odd_metrics),
		IN_FOLDERS(choices),
		IN_FOLDERS(formats),
		IN_FOLDERS(endless_is_shown),
		IN_FOLDERS(page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

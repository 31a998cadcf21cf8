/* Reports of fixture runs: the numbers, pictures and words that must be there. */
#include "reports/draw.h"
#include "reports/html.h"
#include "reports/run_data.h"
#include "reports/verdict.h"
#include "t/reported.h"

#include <glob.h>
#include <json-c/json.h>
#include <math.h>
#include <sys/stat.h>

static int make_fixtures(void **state)
{
	static const char *const kinds[] = { "precopy", "postcopy", "neighbours", "failed", "hostile", "long", NULL };
	(void)state;
	return report_fixtures_make(kinds);
}

/* Tags nest, attributes are quoted, no bare ampersand: enough for a reader of XML. */
static void assert_well_formed(const char *at)
{
	char open[64][32];
	int depth = 0;
	while (*at) {
		if (*at == '&') {
			size_t length = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz#0123456789");
			assert_true(length > 0 && at[1 + length] == ';');
		}
		if (*at++ != '<')
			continue;
		if (*at == '?' || *at == '!') {
			at = strchr(at, '>');
			assert_non_null(at);
			continue;
		}
		int closing = *at == '/', empty = 0;
		size_t length = strcspn(at += closing, " \t\r\n/>");
		assert_true(length > 0 && length < sizeof(open[0]));
		if (closing) {
			assert_true(depth > 0);
			depth--;
			assert_true(strncmp(open[depth], at, length) == 0 && open[depth][length] == '\0');
		} else {
			assert_true(depth < 64);
			snprintf(open[depth++], sizeof(open[0]), "%.*s", (int)length, at);
		}
		for (at += length; *at != '>'; at++) {
			assert_true(*at && *at != '<');
			if (*at == '"' || *at == '\'') {
				at = strchr(at + 1, *at);
				assert_non_null(at);
			}
			empty = *at == '/';
		}
		depth -= !closing && empty;
	}
	assert_int_equal(depth, 0);
}

static void numbers_are_readable(void **state)
{
	static const struct {
		double value;
		const char *unit, *text;
	} cases[] = {
		{ 0.2123, "s", "212 ms" },
		{ 212300000, "ns", "212 ms" },
		{ 0, "ns", "0 s" },
		{ 12.34, "s", "12.3 s" },
		{ 0.9997, "s", "1.00 s" },
		{ 134217728, "bytes", "128 MiB" },
		{ 95.1e6, "bit/s", "95.1 Mbit/s" },
		{ 17.25, "percent", "17.2 %" },
		{ 4, "count", "4" },
		{ 1.1e9, "additions/s", "1.10 G additions/s" },
		{ NAN, "s", "missing" },
		{ -0.005, "s", "-5 ms" },
	};
	char text[128];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_string_equal(value_format(cases[i].value, cases[i].unit, text, sizeof(text)), cases[i].text);
	struct shown_metric m = { .unit = "ms", .value = 330, .low = 329.8, .high = 330.2 };
	assert_string_equal(metric_format(&m, text, sizeof(text)), "330 ms (329.8 to 330.2)");
	m = (struct shown_metric){ .unit = "ns", .value = 6.1e9, .low = 6.09e9, .high = NAN };
	assert_string_equal(metric_format(&m, text, sizeof(text)), "6.10 s");
}

static void text_is_escaped(void **state)
{
	char *text = NULL;
	size_t size;
	(void)state;
	FILE *out = open_memstream(&text, &size);
	html_text(out, "<a href=\"x\">'&' \xff\xc0\xaf\x1b \xc3\xa9\xed\xa0\x80 \xef\xbf\xbd\xef\xbf\xbf");
	fclose(out);
	assert_string_equal(
		text,
		"&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39; \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
		"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	free(text);
}

static void page_says_it_all(void **state)
{
	static const char *const plots[] = { "timeline", "zoom", "downtime", "iterations", "latency" };
	(void)state;
	char *page = page_of("precopy");
	assert_self_contained(page);
	assert_true(strlen(page) < PAGE_LIMIT);
	assert_has(page, "What does a live migration");
	assert_has(page, "vm1 (intadd, 128&nbsp;MiB) moved in 12.3&nbsp;s over 100&nbsp;Mbit/s");
	assert_has(page, "lost 2.31&nbsp;s of work and kept 82.8&nbsp;% of its rate");
	assert_has(page, "no CPU counters of the destination");
	assert_has(page, "integral of (1 - rate/baseline) dt");
	/* the longest operation with its wait, and without, in one row */
	assert_has(page, "<td class=\"number\">228 ms</td><td class=\"number\">20 µs</td>");
	assert_has(page, "<td class=\"number\">7.70 ms</td></tr>");
	assert_has(page, "the KVM probe guest did not print a line within 10 s");
	assert_lacks(page, "No plot");
	assert_lacks(page, "report.html."); /* itself, half-written, is no file of the run */
	for (size_t i = 0; i < sizeof(plots) / sizeof(*plots); i++) {
		char name[64];
		struct stat st;
		snprintf(name, sizeof(name), "id=\"%s-gnuplot_canvas\"", plots[i]);
		assert_has(page, name);
		snprintf(name, sizeof(name), "plots/%s.png", plots[i]);
		assert_int_equal(stat(path_of("precopy", name), &st), 0);
		snprintf(name, sizeof(name), "plots/%s.svg", plots[i]);
		char *svg = whole_file_read(path_of("precopy", name), PAGE_LIMIT);
		assert_non_null(svg);
		assert_well_formed(svg);
		assert_lacks(svg, ":Bold");
		/* What was stolen from a node is drawn with its CPU, and not around the stop. */
		assert_int_equal(strstr(svg, "src, stolen from below") != NULL, strcmp(plots[i], "timeline") == 0);
		free(svg);
	}
	free(page);
	glob_t left = { 0 };
	glob(path_of("precopy", "plots/.draw-*"), 0, NULL, &left);
	glob(path_of("precopy", ".report.html*"), GLOB_APPEND, NULL, &left);
	assert_int_equal(left.gl_pathc, 0);
	globfree(&left);
}

static void downtimes_that_differ_are_named(void **state)
{
	(void)state;
	char *page = page_of("postcopy");
	assert_has(page,
	           "work is 5.46&nbsp;s longer than stop resume (5.45&nbsp;s of it beyond the uncertainty of both)");
	assert_lacks(page, "guest clock is ");
	assert_has(page, "link: rtt off by more than");
	assert_has(page, "collector packets.dropped: 12");
	free(page);
}

static void scale_and_neighbours_show(void **state)
{
	(void)state;
	char *page = page_of("neighbours");
	assert_self_contained(page);
	assert_has(page, "<h1>neighbours at scale 1/16</h1>");
	assert_has(page, "<text>neighbours at scale 1/16</text>");
	assert_has(page, "vm3, destination-neighbour");
	assert_has(page, "never fell below 95 % of the baseline");
	free(page);
}

static void long_run_keeps_its_extremes(void **state)
{
	struct draw_request request = { .path = path_of("long", "spike.csv"),
		                        .values = { "rate", NULL },
		                        .from_s = -INFINITY,
		                        .to_s = INFINITY };
	const char *out_path = path_of("long", "spike.data");
	struct drawn drawn;
	struct err e = { 0 };
	(void)state;
	FILE *f = fopen(request.path, "w");
	fputs("time_s,rate\n", f);
	for (int i = 0; i < 100000; i++)
		fprintf(f, i == 777 ? "%d,missing\n" : "%d,%d\n", i, i == 54321 ? 0 : i == 65432 ? 999 : 100);
	fclose(f);
	assert_int_equal(draw_series(&request, out_path, &drawn, &e), 0);
	assert_int_equal(drawn.series, 1);
	assert_int_equal(drawn.numbers, 99999);
	assert_true(drawn.highest == 999);
	char *data = whole_file_read(out_path, PAGE_LIMIT);
	assert_non_null(data);
	assert_has(data, "\n54321.000000 0 ");
	assert_has(data, "\n65432.000000 999 ");
	assert_has(data, "\n777.000000 NaN ");
	int lines = 0;
	for (const char *c = data; *c; c++)
		lines += *c == '\n';
	assert_true(lines <= 3 * DRAWN_BINS);
	free(data);
	char *page = page_of("long");
	assert_self_contained(page);
	assert_true(strlen(page) < PAGE_LIMIT / 2);
	free(page);
}

static void table_in_three_forms(void **state)
{
	(void)state;
	char *text = table_of("precopy", REPORT_TEXT);
	assert_has(text, "downtime, work                  vm1  228 ms (218 to 238)\n");
	assert_has(text, "moved in 12.3 s");
	free(text);
	text = table_of("neighbours", REPORT_CSV);
	assert_has(text, "run,metric,vm,role,estimator,value,unit,low,high,n,reason\n");
	assert_has(text, "downtime,vm1,migrating,stop_resume,0.212,s,0.2119,0.2121,1,\n");
	assert_has(text, "recovery_time,vm2,source-neighbour,,missing,s,missing,missing,1,never fell below");
	free(text);
	text = table_of("neighbours", REPORT_JSON);
	struct json_object *root = json_tokener_parse(text);
	assert_non_null(root);
	assert_string_equal(json_text(root, "status"), "complete");
	assert_true(json_object_array_length(json_at(root, "metrics")) > 10);
	json_object_put(root);
	free(text);
	text = table_of("failed", REPORT_TEXT);
	assert_has(text, "The run failed: operation failed");
	free(text);
	text = table_of("hostile", REPORT_TEXT);
	assert_lacks(text, "\x1b");
	free(text);
}

static void index_lists_all(void **state)
{
	char precopy[256], failed[256], none[256], hostile[256];
	struct err e = { 0 };
	(void)state;
	snprintf(precopy, sizeof(precopy), "%s", path_of("precopy", NULL));
	snprintf(failed, sizeof(failed), "%s", path_of("failed", NULL));
	snprintf(none, sizeof(none), "%s", path_of("none", NULL));
	snprintf(hostile, sizeof(hostile), "%s", path_of("hostile", NULL));
	const char *runs[] = { failed, none, hostile, precopy };
	mkdir(path_of("pages", NULL), 0755);
	free(page_of("precopy"));
	assert_int_equal(report_runs(runs, 4, path_of("pages", "index.html"), &e), 0);
	char *page = whole_file_read(path_of("pages", "index.html"), PAGE_LIMIT);
	assert_non_null(page);
	assert_self_contained(strstr(page, "</style>"));
	assert_has(page, "<a href=\"../precopy/report.html\">");
	assert_has(page, "load of migration failed");
	assert_has(page, "is not a run directory");
	assert_true(strstr(page, "../precopy/") < strstr(page, "load of migration failed"));
	free(page);
}

static void a_loop_says_what_it_moved(void **state)
{
	char text[1024];
	(void)state;
	struct json_object *manifest = json_tokener_parse(
		"{\"config\":{\"consolidate\":{\"policy\":\"threshold\",\"power\":\"stand-in\",\"dry_run\":\"no\"}}}");
	struct shown_metric shown[] = {
		{ "move_time", "vm0", "", "1:src-to-dst", "ns", "", 10e9, NAN, NAN, 1 },
		{ "move_switch_time", "vm0", "", "1:src-to-dst", "ns", "", 1e9, NAN, NAN, 1 },
		{ "move_time", "vm1", "", "1:src-to-dst", "ns", "the move failed", NAN, NAN, NAN, 1 },
		{ "move_switch_time", "vm1", "", "1:src-to-dst", "ns", "the move failed", NAN, NAN, NAN, 1 },
		{ "node_active", "", "", "src", "ns", "", 90e9, NAN, NAN, 1 },
		{ "node_active", "", "", "dst", "ns", "", 60e9, NAN, NAN, 1 },
	};
	struct run_data run = {
		.manifest = manifest, .status = "complete", .reason = "", .shown = shown, .shown_count = 6
	};
	assert_string_equal(verdict_format(&run, text, sizeof(text)),
	                    "Policy threshold moved vm0 from src to dst in 10 s, running there after 1 s; could not "
	                    "move vm1 from src to dst (the move failed). src was on for 90 s, dst was on for 60 s "
	                    "(sleep is a stand-in here).");
	run.shown = shown + 4;
	run.shown_count = 1;
	assert_string_equal(verdict_format(&run, text, sizeof(text)),
	                    "Policy threshold moved nothing. src was on for 90 s (sleep is a stand-in here).");
	json_object_put(manifest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_readable),      cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(page_says_it_all),          cmocka_unit_test(downtimes_that_differ_are_named),
		cmocka_unit_test(scale_and_neighbours_show), cmocka_unit_test(long_run_keeps_its_extremes),
		cmocka_unit_test(table_in_three_forms),      cmocka_unit_test(index_lists_all),
		cmocka_unit_test(a_loop_says_what_it_moved),
	};
	return cmocka_run_group_tests(tests, make_fixtures, scratch_remove);
}

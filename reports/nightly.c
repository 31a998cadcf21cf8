#include "reports/nightly.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/whole_file.h"
#include "reports/compare_view.h"
#include "reports/grid.h"
#include "reports/html.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_ROOM = 2048 };

/* What stands in the table of the cases, of the VM that moves. */
static const struct {
	const char *metric, *estimator, *label;
} columns[] = {
	{ "migration_time", "completion", "migration time" },
	{ "downtime", "stop_resume", "downtime" },
	{ "lost_work", "", "lost work" },
	{ "baseline_rate", "", "baseline rate" },
};

enum { COLUMNS = sizeof(columns) / sizeof(*columns), FIXED = 3 };

static struct json_object *case_at(struct json_object *night, int index)
{
	return json_element(night, "cases", index);
}

int report_night_has_baseline(struct json_object *night)
{
	for (int i = 0; i < json_length(night, "cases"); i++)
		if (*json_text(case_at(night, i), "baseline"))
			return 1;
	return 0;
}

static int has_several(struct json_object *night)
{
	return report_night_has_baseline(night) && !*json_text(night, "baseline");
}

/* ---- sentences ---- */

/* "2026-11-22 01:30, 24 min" */
static char *time_text(struct json_object *night, char *buffer, size_t room)
{
	int64_t began_ns = json_object_get_int64(json_at(night, "began_ns"));
	int64_t ended_ns = json_object_get_int64(json_at(night, "ended_ns"));
	time_t second = (time_t)(began_ns / NS_PER_S);
	struct tm tm;
	char day[32] = "";
	if (localtime_r(&second, &tm))
		strftime(day, sizeof(day), "%Y-%m-%d %H:%M", &tm);
	snprintf(buffer, room, "%s, %lld min", day,
	         (long long)((ended_ns - began_ns + 30 * NS_PER_S) / (60 * NS_PER_S)));
	return buffer;
}

/* The verdict, with what it means; why is said of the cases, unless there are none. */
static char *verdict_text(struct json_object *night, struct json_object *compared, char *buffer, size_t room)
{
	const char *verdict = json_text(night, "verdict"), *why = json_text(night, "why");
	int has_cases = json_length(night, "cases") > 0;
	char counts[256];
	if (strcmp(verdict, "baseline") == 0)
		snprintf(buffer, room,
		         "baseline: nothing to compare with, so the next nights are compared with this set");
	else if (strcmp(verdict, "not comparable") == 0)
		snprintf(buffer, room, "not comparable: the next nights are compared with this set");
	else if (has_cases && compared && report_night_has_baseline(night))
		snprintf(buffer, room, "%s; %s", verdict, compare_counts(compared, counts, sizeof(counts)));
	else
		snprintf(buffer, room, "%s%s%s", verdict, has_cases || !*why ? "" : "; ", has_cases ? "" : why);
	return buffer;
}

static char *runs_text(struct json_object *night, char *buffer, size_t room)
{
	const char *baseline = has_several(night) ? "of each case" : json_text(night, "baseline");
	const char *complete = json_text(night, "complete");
	snprintf(buffer, room, "%s run%s complete, %s failed, %s skipped; baseline: %s%s", complete,
	         strcmp(complete, "1") == 0 ? "" : "s", json_text(night, "failed"), json_text(night, "skipped"),
	         *baseline ? baseline : "none",
	         !*baseline                                          ? ""
	         : json_object_get_boolean(json_at(night, "pinned")) ? " (named)"
	                                                             : " (the last good set)");
	return buffer;
}

static void put_line(FILE *out, char *text)
{
	fprintf(out, "%s\n", text_tame(text));
}

/* Each sentence of a kind: what regressed, then what improved, what is missing, what to be careful about, what could not be
 * done. */
typedef void say_fn(FILE *out, const char *kind, const char *text);

static void say_changes(FILE *out, struct json_object *compared, const char *verdict, say_fn *say)
{
	char text[TEXT_ROOM];
	for (int i = 0; compared && i < comparison_count(compared); i++) {
		struct shown_comparison row = comparison_row(compared, i);
		if (!comparison_is(&row, verdict))
			continue;
		compare_sentence(&row, text, sizeof(text));
		size_t used = strlen(text);
		if (*row.case_label)
			snprintf(text + used, sizeof(text) - used, "; %s", row.case_label);
		say(out, verdict, text);
	}
}

/* What the baseline has, and no run of the night. */
static void say_missing(FILE *out, struct json_object *compared, say_fn *say)
{
	char text[TEXT_ROOM], label[256], subject[256];
	for (int i = 0; compared && i < comparison_count(compared); i++) {
		struct shown_comparison row = comparison_row(compared, i);
		if (!row.base.n || row.new.n)
			continue;
		compare_subject(&row, subject, sizeof(subject));
		snprintf(text, sizeof(text), "%s%s%s: %s%s%s", compare_label(&row, label, sizeof(label)),
		         *subject ? " of " : "", subject, row.reason, *row.case_label ? "; " : "", row.case_label);
		say(out, "missing", text);
	}
}

static void say_cautions(FILE *out, struct json_object *compared, say_fn *say)
{
	char text[TEXT_ROOM], cautions[TEXT_ROOM / 2];
	for (int i = 0; compared && i < comparison_cases(compared); i++) {
		struct json_object *of = comparison_case(compared, i);
		const char *label = json_text(of, "case"), *said = json_text(of, "new.said");
		if (*json_text(of, "why") || json_object_get_boolean(json_at(of, "alone")) ||
		    !*compare_cautions(of, cautions, sizeof(cautions)))
			continue;
		snprintf(text, sizeof(text), "%s%s%s%s%s%s", label, *label ? ": " : "", cautions, *said ? " (" : "",
		         said, *said ? ")" : "");
		say(out, "take care", text);
	}
}

static void say_baselines(FILE *out, struct json_object *night, say_fn *say)
{
	char text[TEXT_ROOM];
	for (int i = 0; i < json_length(night, "cases") && has_several(night); i++) {
		const char *label = json_text(case_at(night, i), "case");
		const char *baseline = json_text(case_at(night, i), "baseline");
		snprintf(text, sizeof(text), "%s%s%s", label, *label ? ": " : "", *baseline ? baseline : "none");
		say(out, "compared with", text);
	}
}

static void say_all(FILE *out, struct json_object *night, struct json_object *compared, say_fn *say)
{
	char text[TEXT_ROOM];
	say_changes(out, compared, "regressed", say);
	say_changes(out, compared, "improved", say);
	say_missing(out, compared, say);
	for (int i = 0; i < json_length(night, "cases"); i++) {
		const char *why = json_text(case_at(night, i), "why"), *label = json_text(case_at(night, i), "case");
		if (!*why)
			continue;
		snprintf(text, sizeof(text), "%s%s%s", label, *label ? ": " : "", why);
		say(out, json_text(case_at(night, i), "verdict"), text);
	}
	if (report_night_has_baseline(night))
		say_cautions(out, compared, say);
	say_baselines(out, night, say);
	for (int i = 0; i < json_length(night, "troubles"); i++)
		say(out, "not done", json_object_get_string(json_element(night, "troubles", i)));
}

/* ---- the table of the cases ---- */

/* "6.0 s (+0.3 %)" */
static void put_value(char *cell, struct json_object *of, struct json_object *compared, int column)
{
	const char *label = json_text(of, "case");
	char value[160], difference[160];
	snprintf(cell, GRID_CELL, "missing");
	for (int i = 0; compared && i < comparison_count(compared); i++) {
		struct shown_comparison row = comparison_row(compared, i);
		if (strcmp(row.case_label, label) != 0 || strcmp(row.metric, columns[column].metric) != 0 ||
		    strcmp(row.role, "migrating") != 0 ||
		    (*columns[column].estimator && strcmp(row.estimator, columns[column].estimator) != 0))
			continue;
		compare_side_format(&row, &row.new, value, sizeof(value));
		compare_difference(&row, difference, sizeof(difference));
		char *interval = strstr(difference, " (");
		if (interval)
			*interval = '\0';
		if (*json_text(of, "baseline"))
			snprintf(cell, GRID_CELL, "%s (%s)", value, difference);
		else
			snprintf(cell, GRID_CELL, "%s", value);
		return;
	}
}

static struct grid *cases_grid(struct json_object *night, struct json_object *compared)
{
	struct grid *g = grid_new(FIXED + COLUMNS);
	char(*cells)[GRID_CELL] = grid_row(g);
	static const char *const heads[FIXED] = { "case", "verdict", "runs" };
	for (int i = 0; cells && i < FIXED + COLUMNS; i++)
		snprintf(cells[i], GRID_CELL, "%s", i < FIXED ? heads[i] : columns[i - FIXED].label);
	for (int i = 0; i < json_length(night, "cases") && (cells = grid_row(g)); i++) {
		struct json_object *of = case_at(night, i);
		const char *label = json_text(of, "case");
		snprintf(cells[0], GRID_CELL, "%.79s", *label ? label : json_text(night, "name"));
		text_tame(cells[0]);
		snprintf(cells[1], GRID_CELL, "%s", json_text(of, "verdict"));
		snprintf(cells[2], GRID_CELL, "%s", json_text(of, "complete"));
		for (int c = 0; c < COLUMNS; c++)
			put_value(cells[FIXED + c], of, compared, c);
	}
	return g;
}

/* ---- text ---- */

static void say_text(FILE *out, const char *kind, const char *text)
{
	char line[TEXT_ROOM];
	snprintf(line, sizeof(line), "%s: %s", kind, text);
	put_line(out, line);
}

int report_night_text(FILE *out, struct json_object *night, struct json_object *compared, struct err *e)
{
	char text[TEXT_ROOM], time[64];
	struct grid *g = cases_grid(night, compared);
	snprintf(text, sizeof(text), "%s, %s", json_text(night, "name"), time_text(night, time, sizeof(time)));
	put_line(out, text);
	put_line(out, verdict_text(night, compared, text, sizeof(text)));
	put_line(out, runs_text(night, text, sizeof(text)));
	say_all(out, night, compared, say_text);
	fputc('\n', out);
	grid_text.table(out, "cases", g);
	grid_free(g);
	return fflush(out) == 0 && !ferror(out) ? 0 : err_errno(e, EXIT_CANNOT, "cannot print the summary");
}

static int write_text(struct json_object *night, struct json_object *compared, const char *folder, struct err *e)
{
	struct whole_file file = { 0 };
	if (whole_file_open(&file, folder, "summary.txt", e) < 0)
		return -1;
	return whole_file_close(&file, report_night_text(file.file, night, compared, e), e);
}

/* ---- the page ---- */

static void say_item(FILE *out, const char *kind, const char *text)
{
	fprintf(out, "<li><b>");
	html_text(out, kind);
	fputs("</b>: ", out);
	html_prose(out, text);
	fputs("</li>\n", out);
}

static void put_links(FILE *out, const char *folder)
{
	static const struct {
		const char *file, *text;
	} pages[] = {
		{ "compare/compare.html", "What changed, metric by metric" },
		{ "trend/trend.html", "Trend over the nights" },
		{ "study/study.html", "The study" },
		{ "study/index.html", "All runs" },
		{ "study/report.html", "The run" },
		{ "summary.txt", "This summary as text" },
		{ "metrics.prom", "Metrics for Prometheus" },
	};
	fputs("<ul>\n", out);
	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++) {
		char path[5000];
		snprintf(path, sizeof(path), "%s/%s", folder, pages[i].file);
		if (access(path, R_OK) == 0)
			fprintf(out, "<li><a href=\"%s\">%s</a></li>\n", pages[i].file, pages[i].text);
	}
	fputs("</ul>\n", out);
}

static void put_page(FILE *out, struct json_object *night, struct json_object *compared, const char *folder)
{
	char text[TEXT_ROOM];
	struct grid *g = cases_grid(night, compared);
	fputs("<header>\n<h1>Nightly: ", out);
	html_text(out, json_text(night, "name"));
	fputs("</h1>\n<p class=\"question\">", out);
	html_prose(out, time_text(night, text, sizeof(text)));
	fputs("; ", out);
	html_prose(out, runs_text(night, text, sizeof(text)));
	fprintf(out, "</p>\n<p class=\"verdict%s\">",
	        json_object_get_int(json_at(night, "status")) == EXIT_DONE ? "" : " failed");
	html_prose(out, verdict_text(night, compared, text, sizeof(text)));
	fputs(".</p>\n<ul>\n", out);
	say_all(out, night, compared, say_item);
	fputs("</ul>\n</header>\n", out);
	grid_html.table(out, "Cases", g);
	if (compared)
		grid_html.note(out, report_night_has_baseline(night)
		                            ? "Medians over the night's runs, and how they differ from the "
		                              "baseline's; of the VM that moves."
		                            : "Medians over the night's runs, of the VM that moves.");
	fputs("<h2>More</h2>\n", out);
	put_links(out, folder);
	grid_free(g);
}

static int write_page(struct json_object *night, struct json_object *compared, const char *folder, struct err *e)
{
	struct whole_file file = { 0 };
	if (whole_file_open(&file, folder, "index.html", e) < 0)
		return -1;
	if (html_begin(file.file, "Nightly - migmeter", e) < 0)
		return whole_file_close(&file, -1, NULL);
	put_page(file.file, night, compared, folder);
	html_end(file.file);
	return whole_file_close(&file, 0, e);
}

int report_night(struct json_object *night, struct json_object *compared, const char *folder, struct err *e)
{
	char path[5000];
	snprintf(path, sizeof(path), "%s/metrics.prom", folder);
	if (write_text(night, compared, folder, e) < 0 || report_night_metrics(night, compared, path, e) < 0)
		return -1;
	return write_page(night, compared, folder, e);
}

/* A comparison as text, CSV, JSON, TAP and JUnit XML. */
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "reports/compare.h"
#include "reports/compare_view.h"
#include "reports/grid.h"
#include "reports/html.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { TEXT_ROOM = 1024 };

/* ---- text ---- */

static void put_cell(char (*cells)[GRID_CELL], int column, char *text)
{
	if (cells)
		snprintf(cells[column], GRID_CELL, "%s", text_tame(text));
}

static void p_format(double p, char *buffer, size_t room)
{
	if (isnan(p))
		snprintf(buffer, room, "-");
	else
		snprintf(buffer, room, p < 0.001 ? "%.1e" : "%.3f", p);
}

static void fill_row(struct grid *g, const struct shown_comparison *row)
{
	char(*cells)[GRID_CELL] = grid_row(g), text[TEXT_ROOM];
	put_cell(cells, 0, compare_label(row, text, sizeof(text)));
	put_cell(cells, 1, compare_subject(row, text, sizeof(text)));
	put_cell(cells, 2, compare_side_format(row, &row->base, text, sizeof(text)));
	put_cell(cells, 3, compare_side_format(row, &row->new, text, sizeof(text)));
	put_cell(cells, 4, compare_difference(row, text, sizeof(text)));
	p_format(row->p_adjusted, text, sizeof(text));
	put_cell(cells, 5, text);
	put_cell(cells, 6, compare_outcome(row, text, sizeof(text)));
}

static void print_case(FILE *out, struct json_object *doc, struct json_object *of)
{
	static const char *const heads[] = { "metric", "of", "BASE", "NEW", "difference (95 %)", "p", "verdict" };
	char title[TEXT_ROOM], text[4 * TEXT_ROOM];
	struct grid *g = grid_new(7);
	char(*cells)[GRID_CELL] = grid_row(g);
	const char *label = json_text(of, "case"), *why = json_text(of, "why");
	for (int i = 0; i < 7; i++) {
		snprintf(text, sizeof(text), "%s", heads[i]);
		put_cell(cells, i, text);
	}
	for (int i = 0; i < comparison_count(doc); i++) {
		struct shown_comparison row = comparison_row(doc, i);
		if (comparison_is_of(&row, of))
			fill_row(g, &row);
	}
	snprintf(title, sizeof(title), "%s%s%s to %s runs", label, *label ? ", " : "", json_text(of, "base.runs"),
	         json_text(of, "new.runs"));
	text_tame(title);
	if (*why) {
		snprintf(text, sizeof(text), "%s", why);
		fprintf(out, "%s: not comparable: %s\n\n", title, text_tame(text));
	} else {
		grid_text.table(out, title, g);
	}
	if (*compare_cautions(of, text, sizeof(text)) && !*why)
		fprintf(out, "Take care: %s.\n\n", text_tame(text));
	if (*compare_changes(of, text, sizeof(text)) && !*why)
		fprintf(out, "Changed from BASE to NEW: %s.\n\n", text_tame(text));
	grid_free(g);
}

static void print_text(FILE *out, struct json_object *doc)
{
	static const char *const said[] = { "regressed", "improved" };
	char text[TEXT_ROOM], line[2 * TEXT_ROOM];
	for (size_t s = 0; s < sizeof(said) / sizeof(*said); s++)
		for (int i = 0; i < comparison_count(doc); i++) {
			struct shown_comparison row = comparison_row(doc, i);
			if (!comparison_is(&row, said[s]))
				continue;
			snprintf(line, sizeof(line), "%s: %s%s%s", said[s],
			         compare_sentence(&row, text, sizeof(text)), *row.case_label ? "; " : "",
			         row.case_label);
			fprintf(out, "%s\n", text_tame(line));
		}
	fprintf(out, "%s.\n\n", compare_counts(doc, text, sizeof(text)));
	for (int i = 0; i < comparison_cases(doc); i++)
		print_case(out, doc, comparison_case(doc, i));
}

/* ---- CSV ---- */

static void csv_number_put(FILE *out, double value)
{
	if (isinf(value))
		fputs(value > 0 ? ",never" : ",-never", out);
	else if (isnan(value))
		fputs(",missing", out);
	else
		fprintf(out, ",%.15g", value);
}

static void csv_text_put(FILE *out, const char *text)
{
	putc(',', out);
	field_text(out, text);
}

static void print_csv(FILE *out, struct json_object *doc)
{
	fputs("case,metric,vm,role,estimator,unit,base,base_n,new,new_n,difference,low,high,threshold,p,p_adjusted,"
	      "detectable,verdict,reason,base_endless,base_missing,base_unseen,new_endless,new_missing,new_unseen\n",
	      out);
	for (int i = 0; i < comparison_count(doc); i++) {
		struct shown_comparison r = comparison_row(doc, i);
		field_text(out, r.case_label);
		const char *const names[] = { r.metric, r.vm, r.role, r.estimator, r.unit };
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			csv_text_put(out, names[k]);
		csv_number_put(out, r.base.center);
		fprintf(out, ",%d", r.base.n);
		csv_number_put(out, r.new.center);
		fprintf(out, ",%d", r.new.n);
		const double numbers[] = {
			r.difference, r.low, r.high, r.threshold, r.p, r.p_adjusted, r.detectable
		};
		for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++)
			csv_number_put(out, numbers[k]);
		csv_text_put(out, r.verdict);
		csv_text_put(out, r.reason);
		fprintf(out, ",%d,%d,%d,%d,%d,%d\n", r.base.endless, r.base.missing, r.base.unseen, r.new.endless,
		        r.new.missing, r.new.unseen);
	}
	for (int i = 0; i < comparison_cases(doc); i++) {
		struct json_object *of = comparison_case(doc, i);
		if (!*json_text(of, "why"))
			continue;
		field_text(out, json_text(of, "case"));
		fputs(",,,,,,missing,0,missing,0,missing,missing,missing,missing,missing,missing,missing,"
		      "not comparable",
		      out);
		csv_text_put(out, json_text(of, "why"));
		fputs(",0,0,0,0,0,0\n", out);
	}
}

/* ---- JSON ---- */

static void print_json(FILE *out, struct json_object *doc)
{
	fprintf(out, "%s\n",
	        json_object_to_json_string_ext(doc, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* ---- TAP ---- */

static int is_broken(struct json_object *of)
{
	return json_object_get_boolean(json_at(of, "broken"));
}

/* A number sign would begin a directive. */
static void tap_put(FILE *out, const char *before, const char *text)
{
	fputs(before, out);
	for (; *text; text++)
		fputc(*text == '#' || (unsigned char)*text < 0x20 ? ' ' : *text, out);
}

static void tap_row(FILE *out, int number, const struct shown_comparison *row)
{
	char label[256], subject[256], text[TEXT_ROOM];
	int skipped = comparison_is(row, "not comparable");
	fprintf(out, "%s %d", comparison_is(row, "regressed") ? "not ok" : "ok", number);
	tap_put(out, " - ", row->case_label);
	tap_put(out, *row->case_label ? ": " : "", compare_label(row, label, sizeof(label)));
	tap_put(out, " of ", compare_subject(row, subject, sizeof(subject)));
	if (skipped)
		tap_put(out, " # SKIP not comparable: ", row->reason);
	fputc('\n', out);
	if (skipped)
		return;
	tap_put(out, "# ", compare_sentence(row, text, sizeof(text)));
	fputc('\n', out);
	tap_put(out, "# ", compare_outcome(row, text, sizeof(text)));
	fputc('\n', out);
}

static void print_tap(FILE *out, struct json_object *doc)
{
	int number = 0, count = comparison_count(doc);
	for (int i = 0; i < comparison_cases(doc); i++)
		count += *json_text(comparison_case(doc, i), "why") != '\0';
	fprintf(out, "1..%d\n", count);
	for (int i = 0; i < comparison_count(doc); i++) {
		struct shown_comparison row = comparison_row(doc, i);
		tap_row(out, ++number, &row);
	}
	for (int i = 0; i < comparison_cases(doc); i++) {
		struct json_object *of = comparison_case(doc, i);
		const char *why = json_text(of, "why");
		if (!*why)
			continue;
		fprintf(out, "%s %d", is_broken(of) ? "not ok" : "ok", ++number);
		tap_put(out, " - ", json_text(of, "case"));
		tap_put(out, *json_text(of, "case") ? ": " : "", "the runs can be compared");
		tap_put(out, is_broken(of) ? "\n# " : " # SKIP not comparable: ", why);
		fputc('\n', out);
	}
}

/* ---- JUnit XML ---- */

static void attribute(FILE *out, const char *name, const char *text)
{
	fprintf(out, " %s=\"", name);
	html_text(out, text);
	fputc('"', out);
}

static void junit_row(FILE *out, const struct shown_comparison *row)
{
	char label[256], subject[256], text[TEXT_ROOM];
	snprintf(text, sizeof(text), "%s of %s", compare_label(row, label, sizeof(label)),
	         compare_subject(row, subject, sizeof(subject)));
	fputs("    <testcase", out);
	attribute(out, "classname", *row->case_label ? row->case_label : "migmeter.compare");
	attribute(out, "name", text);
	fputs(" time=\"0\">\n", out);
	if (comparison_is(row, "regressed") || comparison_is(row, "not comparable")) {
		int failed = comparison_is(row, "regressed");
		fprintf(out, "      <%s", failed ? "failure type=\"regressed\"" : "skipped");
		attribute(out, "message", failed ? compare_sentence(row, text, sizeof(text)) : row->reason);
		fputs("/>\n", out);
	}
	fputs("      <system-out>", out);
	html_text(out, compare_sentence(row, text, sizeof(text)));
	fputs("\n", out);
	html_text(out, compare_outcome(row, text, sizeof(text)));
	fputs("</system-out>\n    </testcase>\n", out);
}

/* How many tests a case has, and how they ended. */
struct tally {
	int tests, failures, skipped;
};

static struct tally tally_of(struct json_object *doc, struct json_object *of)
{
	int why = *json_text(of, "why") != '\0', broken = is_broken(of);
	struct tally t = { why, why && broken, why && !broken };
	for (int i = 0; i < comparison_count(doc); i++) {
		struct shown_comparison row = comparison_row(doc, i);
		if (!comparison_is_of(&row, of))
			continue;
		t.tests++;
		t.failures += comparison_is(&row, "regressed");
		t.skipped += comparison_is(&row, "not comparable");
	}
	return t;
}

static void junit_case(FILE *out, struct json_object *doc, struct json_object *of)
{
	const char *label = json_text(of, "case"), *why = json_text(of, "why");
	struct tally t = tally_of(doc, of);
	fputs("  <testsuite", out);
	attribute(out, "name", *label ? label : "migmeter compare");
	fprintf(out, " tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"%d\">\n", t.tests, t.failures, t.skipped);
	for (int i = 0; i < comparison_count(doc); i++) {
		struct shown_comparison row = comparison_row(doc, i);
		if (comparison_is_of(&row, of))
			junit_row(out, &row);
	}
	if (*why) {
		fputs("    <testcase", out);
		attribute(out, "classname", *label ? label : "migmeter.compare");
		fprintf(out, " name=\"the runs can be compared\" time=\"0\">\n      <%s",
		        is_broken(of) ? "failure type=\"broken\"" : "skipped");
		attribute(out, "message", why);
		fputs("/>\n    </testcase>\n", out);
	}
	fputs("  </testsuite>\n", out);
}

static void print_junit(FILE *out, struct json_object *doc)
{
	struct tally all = { 0 };
	for (int i = 0; i < comparison_cases(doc); i++) {
		struct tally t = tally_of(doc, comparison_case(doc, i));
		all.tests += t.tests;
		all.failures += t.failures;
	}
	/* Only suites say how many were skipped: Jenkins' schema (junit-10.xsd) knows no such attribute here. */
	fprintf(out,
	        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"migmeter compare\" tests=\"%d\" "
	        "failures=\"%d\" errors=\"0\">\n",
	        all.tests, all.failures);
	for (int i = 0; i < comparison_cases(doc); i++)
		junit_case(out, doc, comparison_case(doc, i));
	fputs("</testsuites>\n", out);
}

/* ---- all ---- */

int report_comparison(FILE *out, struct json_object *doc, const char *format, struct err *e)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out, struct json_object *doc);
	} formats[] = { { "text", print_text },
		        { "csv", print_csv },
		        { "json", print_json },
		        { "tap", print_tap },
		        { "junit", print_junit } };
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++)
		if (strcmp(formats[i].name, format) == 0) {
			formats[i].print(out, doc);
			return fflush(out) == 0 && !ferror(out)
			               ? 0
			               : err_errno(e, EXIT_CANNOT, "cannot print the comparison");
		}
	return err_set(e, EXIT_USAGE, "format '%s': expected one of %s", format, COMPARE_FORMATS);
}

/* The page of a comparison. */
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/whole_file.h"
#include "reports/compare.h"
#include "reports/compare_plot.h"
#include "reports/compare_view.h"
#include "reports/gnuplot.h"
#include "reports/html.h"
#include "reports/run_data.h"
#include "reports/svg.h"

#include <dirent.h>
#include <fnmatch.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_ROOM = 4096 };

struct page {
	FILE *out;
	const char *folder;
	struct json_object *doc;
	struct picture *pictures; /* PICTURES of each case */
	struct err trouble;       /* the first; the page is written all the same */
};

/* Of a case; drawn is what gnuplot_picture_end() says. */
enum { VALUES, TIMELINES, PICTURES };
struct picture {
	char name[32];
	int drawn;
	struct err e;
};

static void put_element(FILE *out, const char *open, const char *text, const char *close)
{
	fputs(open, out);
	html_prose(out, text);
	fputs(close, out);
}

/* ---- head ---- */

static void put_said(struct page *p, const char *verdict)
{
	char text[TEXT_ROOM];
	for (int i = 0; i < comparison_count(p->doc); i++) {
		struct shown_comparison row = comparison_row(p->doc, i);
		if (!comparison_is(&row, verdict))
			continue;
		fprintf(p->out, "<li><b>%s</b>: ", verdict);
		html_prose(p->out, compare_sentence(&row, text, sizeof(text)));
		html_textf(p->out, "%s%s", *row.case_label ? "; " : "", row.case_label);
		fputs("</li>\n", p->out);
	}
}

static char *tests_format(struct json_object *doc, char *buffer, size_t room)
{
	double tests = json_number(doc, "tested");
	if (tests > 0)
		snprintf(
			buffer, room,
			"p of the two-sided Mann-Whitney test, exact for up to 56 runs, adjusted after Holm for %.0f "
			"test%s",
			tests, tests == 1 ? "" : "s");
	else
		snprintf(buffer, room,
		         "no test was made, as so few runs, or equal values, could not have passed one");
	return buffer;
}

static void put_head(struct page *p)
{
	const char *verdict = json_text(p->doc, "verdict");
	char text[TEXT_ROOM];
	put_element(p->out, "<header>\n<h1>", "What changed from BASE to NEW", "</h1>\n");
	fputs("<p class=\"question\">", p->out);
	html_textf(p->out, "BASE %s, NEW %s", json_text(p->doc, "base"), json_text(p->doc, "new"));
	fprintf(p->out, "</p>\n<p class=\"verdict%s\">", strcmp(verdict, "regressed") == 0 ? " failed" : "");
	html_prose(p->out, compare_counts(p->doc, text, sizeof(text)));
	fputs(".</p>\n<ul>\n", p->out);
	put_said(p, "regressed");
	put_said(p, "improved");
	fputs("</ul>\n<p class=\"note\">", p->out);
	html_textf(p->out,
	           "Medians over the repeats (shares: means); the difference with its 95 %% bootstrap interval (%s "
	           "resamples; of shares Newcombe's; from 5 repeats on); %s. "
	           "Regressed or improved: p at most %s and a difference of at least the threshold. "
	           "A difference that could have been: one of that size would have been shown in four of five such "
	           "comparisons. A migration that never converged counts as endless.",
	           json_text(p->doc, "resamples"), tests_format(p->doc, text, sizeof(text)),
	           json_text(p->doc, "level"));
	fputs("</p>\n</header>\n", p->out);
}

/* ---- a case ---- */

static const char *verdict_class(const struct shown_comparison *row)
{
	return comparison_is(row, "improved")    ? "agrees"
	       : comparison_is(row, "regressed") ? "disagrees"
	                                         : "not-shown";
}

static void put_cell(FILE *out, const char *class, const char *text)
{
	fprintf(out, "<td class=\"%s\">", class);
	html_prose(out, text);
	fputs("</td>", out);
}

static void put_row(struct page *p, const struct shown_comparison *row)
{
	char text[TEXT_ROOM], size[64];
	fputs("<tr><th scope=\"row\">", p->out);
	html_text(p->out, compare_label(row, text, sizeof(text)));
	fputs("</th>", p->out);
	put_cell(p->out, "", compare_subject(row, text, sizeof(text)));
	put_cell(p->out, "number side", compare_side_format(row, &row->base, text, sizeof(text)));
	put_cell(p->out, "number side", compare_side_format(row, &row->new, text, sizeof(text)));
	put_cell(p->out, "number", compare_difference(row, text, sizeof(text)));
	if (isnan(row->p_adjusted))
		snprintf(size, sizeof(size), "-");
	else
		snprintf(size, sizeof(size), row->p_adjusted < 0.001 ? "%.1e" : "%.3f", row->p_adjusted);
	put_cell(p->out, "number", size);
	put_cell(p->out, verdict_class(row), compare_outcome(row, text, sizeof(text)));
	fputs("</tr>\n", p->out);
}

static void put_table(struct page *p, struct json_object *of)
{
	fputs("<table class=\"comparison\">\n<thead><tr><th>metric</th><th>of</th><th class=\"number\">BASE</th><th "
	      "class=\"number\">NEW</th><th class=\"number\">difference (95 %)</th><th "
	      "class=\"number\">p</th><th>verdict</th></tr></thead>\n<tbody>\n",
	      p->out);
	for (int i = 0; i < comparison_count(p->doc); i++) {
		struct shown_comparison row = comparison_row(p->doc, i);
		if (comparison_is_of(&row, of))
			put_row(p, &row);
	}
	fputs("</tbody>\n</table>\n", p->out);
}

static void put_changes(struct page *p, struct json_object *of)
{
	if (!json_length(of, "changes"))
		return;
	fputs("<h3>What was another in NEW</h3>\n<table>\n<thead><tr><th>what</th><th>BASE</th><th>NEW</th></tr></thead>\n"
	      "<tbody>\n",
	      p->out);
	for (int i = 0; i < json_length(of, "changes"); i++) {
		static const char *const cells[] = { "what", "base", "new" };
		fputs("<tr>", p->out);
		for (int c = 0; c < 3; c++)
			put_cell(p->out, "", json_text(json_element(of, "changes", i), cells[c]));
		fputs("</tr>\n", p->out);
	}
	fputs("</tbody>\n</table>\n", p->out);
}

static const struct {
	const char *what, *heading;
	int (*draw)(struct gnuplot *g, struct json_object *doc, int index, const char *name, struct err *e);
} kinds[PICTURES] = {
	[VALUES] = { "values", "How the values lie", compare_draw_values },
	[TIMELINES] = { "timelines", "Work rates over time", compare_draw_timelines },
};

/* Of all cases that can be compared. */
static int pictures_draw(struct page *p, struct err *e)
{
	struct gnuplot g;
	int cases = comparison_cases(p->doc);
	p->pictures = calloc((size_t)cases * PICTURES + 1, sizeof(*p->pictures));
	if (!p->pictures)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s/compare.html'", p->folder);
	int can_draw = gnuplot_begin(&g, p->folder, &p->trouble) == 0;
	for (int i = 0; i < cases * PICTURES; i++) {
		struct picture *one = &p->pictures[i];
		int index = i / PICTURES, kind = i % PICTURES;
		snprintf(one->name, sizeof(one->name), "%s_%d", kinds[kind].what, index + 1);
		if (*json_text(comparison_case(p->doc, index), "why"))
			continue;
		if (can_draw)
			one->drawn = kinds[kind].draw(&g, p->doc, index, one->name, &one->e);
		else
			one->e = p->trouble;
	}
	if (can_draw)
		gnuplot_end(&g);
	for (int i = 0; i < cases * PICTURES && !p->trouble.status; i++)
		p->trouble = p->pictures[i].e;
	return 0;
}

static void put_picture(struct page *p, int index, int kind)
{
	const struct picture *one = &p->pictures[index * PICTURES + kind];
	if (one->drawn == 1)
		return;
	put_element(p->out, "<h3>", kinds[kind].heading, "</h3>\n");
	svg_figure(p->out, p->folder, one->name, kinds[kind].heading, one->e.text);
}

static void put_case(struct page *p, int index)
{
	struct json_object *of = comparison_case(p->doc, index);
	const char *label = json_text(of, "case"), *why = json_text(of, "why");
	char text[TEXT_ROOM];
	fputs("<section>\n<h2>", p->out);
	html_textf(p->out, "%s%s%s to %s runs", label, *label ? ", " : "", json_text(of, "base.runs"),
	           json_text(of, "new.runs"));
	fputs("</h2>\n", p->out);
	if (*compare_cautions(of, text, sizeof(text)))
		put_element(p->out, "<p class=\"warnings\">", text, "</p>\n");
	if (*why) {
		put_element(p->out, "<p>Not comparable: ", why, ".</p>\n");
	} else {
		put_table(p, of);
		for (int kind = 0; kind < PICTURES; kind++)
			put_picture(p, index, kind);
	}
	put_changes(p, of);
	fputs("</section>\n", p->out);
}

int report_comparison_page(struct json_object *doc, const char *folder, struct err *e)
{
	struct whole_file file = { 0 };
	struct page p = { .doc = doc, .folder = folder };
	if (whole_file_open(&file, folder, "compare.html", e) < 0)
		return -1;
	p.out = file.file;
	if (html_begin(file.file, "BASE to NEW - migmeter", e) < 0 || pictures_draw(&p, e) < 0) {
		whole_file_close(&file, -1, NULL);
		return -1;
	}
	put_head(&p);
	for (int i = 0; i < comparison_cases(doc); i++)
		put_case(&p, i);
	html_end(file.file);
	free(p.pictures);
	if (whole_file_close(&file, 0, e) < 0)
		return -1;
	return p.trouble.status ? err_set(e, p.trouble.status, "'%s/compare.html' is without some plots: %s", folder,
	                                  p.trouble.text)
	                        : 0;
}

static int write_csv(struct json_object *doc, const char *folder, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, folder, "comparison.csv", e) < 0)
		return -1;
	return whole_file_close(&out, report_comparison(out.file, doc, "csv", e), e);
}

/* What an earlier comparison left here is none of this one, which may have fewer cases. */
static void remove_earlier(const char *folder)
{
	char path[5000];
	snprintf(path, sizeof(path), "%s/compare.html", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/plots", folder);
	DIR *d = opendir(path);
	for (struct dirent *entry; d && (entry = readdir(d));)
		if (fnmatch("values_*.???", entry->d_name, 0) == 0 ||
		    fnmatch("timelines_*.???", entry->d_name, 0) == 0)
			unlinkat(dirfd(d), entry->d_name, 0);
	if (d)
		closedir(d);
}

int report_comparison_folder(struct json_object *doc, const char *folder, struct err *e)
{
	remove_earlier(folder);
	if (json_file_write(folder, "comparison.json", doc, e) < 0 || write_csv(doc, folder, e) < 0)
		return -1;
	return report_comparison_page(doc, folder, e);
}

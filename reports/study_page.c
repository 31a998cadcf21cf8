#include "reports/study_page.h"

#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/html.h"
#include "reports/study_section.h"
#include "reports/study_warnings.h"

#include <string.h>

static const struct study_section *const sections[] = { &paper_section,    &sweep_section, &ranking_section,
	                                                &boundary_section, &wire_section,  &continuity_section };
enum { SECTIONS = sizeof(sections) / sizeof(*sections) };

bool study_page_is_wanted(const struct study_view *v)
{
	for (int i = 0; i < SECTIONS; i++)
		if (sections[i]->is_there(v))
			return true;
	return false;
}

int study_plots_draw(const struct study_view *v, struct study_plot plots[STUDY_PLOTS_MAX], int *ret_count,
                     struct err *e)
{
	struct gnuplot g = { 0 };
	struct err own[STUDY_PLOTS_MAX] = { 0 };
	int count = 0, result = gnuplot_begin(&g, v->directory, e);
	for (int i = 0; i < SECTIONS; i++)
		if (sections[i]->is_there(v))
			count += sections[i]->plots(v, plots + count, STUDY_PLOTS_MAX - count);
	int ready = result == 0;
	for (int i = 0; ready && i < count; i++)
		study_plot_draw(&g, v, &plots[i], &own[i]);
	if (ready)
		gnuplot_end(&g);
	for (int i = 0; i < count; i++) {
		if (own[i].status && result == 0)
			result = err_set(e, own[i].status, "%s", own[i].text);
		if (!ready || own[i].status)
			snprintf(plots[i].missing, sizeof(plots[i].missing), "%.500s", ready ? own[i].text : e->text);
	}
	*ret_count = count;
	return result;
}

static const char *page_title(const struct study_view *v)
{
	const struct run_data *any = study_view_any(v);
	return v->paper ? v->paper->title : any && *any->name ? any->name : "Study";
}

/* ", 20 could not be had here" */
static void put_others(FILE *out, const struct study_view *v, const char *status, const char *words)
{
	int count = 0;
	for (int i = 0; i < v->count; i++)
		count += strcmp(v->runs[i].status, status) == 0;
	if (count)
		html_textf(out, ", %d %s", count, words);
}

/* A search's number is known at its end; and who goes on with a part of a study has planned no more than that part. */
static int runs_wanted(const struct study_view *v)
{
	return v->boundary || v->planned < v->count ? v->count : v->planned;
}

static void put_head(FILE *out, const struct study_view *v)
{
	const struct run_data *any = study_view_any(v);
	char scale[64] = "";
	fputs("<header>\n<h1>", out);
	html_textf(out, "%s%s", page_title(v), any ? scale_format(any, scale, sizeof(scale)) : "");
	fputs("</h1>\n<p class=\"question\">", out);
	html_text(out, any ? any->question : "");
	fputs("</p>\n", out);
	for (int i = 0; i < SECTIONS; i++)
		if (sections[i]->is_there(v))
			sections[i]->put_summary(out, v);
	fputs("<p class=\"tags\">\n<span>", out);
	html_textf(out, "%d of %d runs complete", v->complete, runs_wanted(v));
	put_others(out, v, "failed", "failed");
	put_others(out, v, "skipped", "could not be had here");
	fputs("</span>\n<span>", out);
	html_textf(out, "accelerator %s", any ? json_text(any->manifest, "accelerator") : "missing");
	fputs("</span>\n<span><a href=\"./index.html\">all runs</a></span>\n</p>\n", out);
	if (v->paper) {
		fputs("<p class=\"note\">", out);
		html_text(out, v->paper->cited);
		fputs("</p>\n", out);
	}
	fputs("</header>\n", out);
}

int study_page_write(const struct study_view *v, const struct study_plot *plots, int plot_count, const char *output,
                     struct err *e)
{
	struct whole_file page = { 0 };
	char title[512];
	if (whole_file_open(&page, NULL, output, e) < 0)
		return -1;
	snprintf(title, sizeof(title), "%s - migmeter", page_title(v));
	if (html_begin(page.file, title, e) < 0) {
		whole_file_close(&page, -1, NULL);
		return -1;
	}
	put_head(page.file, v);
	study_warnings_put(page.file, v);
	for (int i = 0; i < SECTIONS; i++)
		if (sections[i]->is_there(v))
			sections[i]->put(page.file, v, plots, plot_count);
	html_end(page.file);
	return whole_file_close(&page, 0, e);
}

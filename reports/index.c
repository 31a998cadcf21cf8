/* One page for several runs. */
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/html.h"
#include "reports/main_metric.h"
#include "reports/report.h"
#include "reports/run_data.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct entry {
	const char *path;
	struct run_data run;
	struct err trouble;
};

static int is_good(const struct entry *e)
{
	return e->trouble.status == 0 && strcmp(e->run.status, "complete") == 0 && !*e->run.no_result;
}

/* By name, then by directory; those without a result last. */
static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	if (is_good(a) != is_good(b))
		return is_good(b) - is_good(a);
	int names = strcmp(a->run.name ? a->run.name : "", b->run.name ? b->run.name : "");
	return names ? names : strcmp(a->path, b->path);
}

/* The path of `to` as seen from a page in directory `from` (both absolute): relative below a common part. */
static void relative_path(const char *from, const char *to, char *buffer, size_t room)
{
	size_t common = 0, used = 0;
	for (size_t i = 0; from[i] && from[i] == to[i]; i++)
		if (from[i] == '/')
			common = i + 1;
	if (strncmp(from, to, strlen(from)) == 0 && to[strlen(from)] == '/')
		common = strlen(from) + 1;
	buffer[0] = '\0';
	if (common <= strlen(from)) {
		used += (size_t)snprintf(buffer, room, "../");
		for (const char *c = from + common; *c && used < room; c++)
			if (*c == '/')
				used += (size_t)snprintf(buffer + used, room - used, "../");
	}
	if (used < room)
		snprintf(buffer + used, room - used, "%s", to + (common <= strlen(to) ? common : strlen(to)));
}

/* Attribute text of a link to a file of a run: path bytes that mean something in a URL are encoded. */
static void put_href(FILE *out, const char *page_directory, const struct entry *e, const char *file)
{
	char target[PATH_MAX], path[PATH_MAX + 64], relative[2 * PATH_MAX];
	if (!realpath(e->run.directory, target))
		snprintf(target, sizeof(target), "%s", e->run.directory);
	snprintf(path, sizeof(path), "%s/%s", target, file);
	relative_path(page_directory, path, relative, sizeof(relative));
	fputs("<a href=\"", out);
	/* A first segment with a colon would be taken for a scheme. */
	fputs(relative[0] == '.' ? "" : "./", out);
	for (const unsigned char *c = (const unsigned char *)relative; *c; c++) {
		if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
		    strchr("/._-~", *c))
			fputc(*c, out);
		else
			fprintf(out, "%%%02X", *c);
	}
	fputs("\">", out);
}

static int has_file(const struct entry *e, const char *file)
{
	char path[PATH_MAX + 64];
	snprintf(path, sizeof(path), "%s/%s", e->run.directory, file);
	return access(path, R_OK) == 0;
}

static const struct main_metric columns[] = {
	{ "migration_time", "completion", "migration time" },
	{ "downtime", "stop_resume", "downtime, stop to resume" },
	{ "downtime", "work", "downtime, work" },
	{ "lost_work", NULL, "lost work" },
	{ "degradation", NULL, "degradation" },
	{ "recovery_time", NULL, "recovery to 95 %" },
};

enum { COLUMNS = sizeof(columns) / sizeof(*columns) };

static void put_row(FILE *out, const struct entry *e, const char *page_directory)
{
	char text[128], scale[64];
	fputs("<tr><th scope=\"row\">", out);
	if (has_file(e, "report.html"))
		put_href(out, page_directory, e, "report.html");
	html_textf(out, "%s%s", e->run.name && *e->run.name ? e->run.name : e->path,
	           e->trouble.status ? "" : scale_format(&e->run, scale, sizeof(scale)));
	fputs(has_file(e, "report.html") ? "</a>" : "", out);
	if (!e->trouble.status)
		html_textf(out, " %s", json_text(e->run.manifest, "point"));
	fputs("<br><code>", out);
	html_text(out, e->path);
	fputs("</code></th>", out);
	if (!is_good(e)) {
		fprintf(out, "<td colspan=\"%d\" class=\"missing\">", COLUMNS + 1);
		if (e->trouble.status)
			html_text(out, e->trouble.text);
		else if (*e->run.no_result)
			html_text(out, e->run.no_result);
		else
			html_textf(out, "%s: %s", *e->run.status ? e->run.status : "of unknown status",
			           *e->run.reason ? e->run.reason : "the reason is missing");
		fputs("</td></tr>\n", out);
		return;
	}
	const struct shown_metric *converged = run_metric(&e->run, "converged", NULL, NULL);
	for (int i = 0; i < COLUMNS; i++) {
		const struct shown_metric *m = run_metric(&e->run, columns[i].metric, NULL, columns[i].estimator);
		int never = i == 0 && converged && converged->value == 0;
		fputs("<td class=\"number\">", out);
		html_text(out, never ? "never converged"
		                     : value_format(m ? m->value : NAN, m ? m->unit : "", text, sizeof(text)));
		fputs(m && is_no_stop(m->reason) ? "<br><small>" NO_STOP_SEEN "</small></td>" : "</td>", out);
	}
	fputs("<td>", out);
	if (has_file(e, "plots/timeline.svg")) {
		put_href(out, page_directory, e, "plots/timeline.svg");
		fputs("timeline</a>", out);
	}
	fputs("</td></tr>\n", out);
}

static int write_index(struct entry *entries, int count, const char *output, struct err *e)
{
	struct whole_file page = { 0 };
	char page_directory[PATH_MAX], parent[PATH_MAX];
	int bad = 0;
	snprintf(parent, sizeof(parent), "%s", output);
	char *slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	if (!realpath(slash ? parent : ".", page_directory))
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", output);
	if (whole_file_open(&page, NULL, output, e) < 0)
		return -1;
	if (html_begin(page.file, "Runs - migmeter", e) < 0) {
		whole_file_close(&page, -1, NULL);
		return -1;
	}
	for (int i = 0; i < count; i++)
		bad += !is_good(&entries[i]);
	fprintf(page.file,
	        "<header><h1>%d runs</h1>\n<p class=\"question\">%d with a result, %d without</p></header>\n", count,
	        count - bad, bad);
	fputs("<table class=\"index\">\n<thead><tr><th>run</th>", page.file);
	for (int i = 0; i < COLUMNS; i++) {
		fputs("<th class=\"number\">", page.file);
		html_text(page.file, columns[i].label);
		fputs("</th>", page.file);
	}
	fputs("<th>plot</th></tr></thead>\n<tbody>\n", page.file);
	for (int i = 0; i < count; i++)
		put_row(page.file, &entries[i], page_directory);
	fputs("</tbody>\n</table>\n", page.file);
	html_end(page.file);
	return whole_file_close(&page, 0, e);
}

int report_runs(const char *const runs[], int count, const char *output, struct err *e)
{
	struct entry *entries = calloc((size_t)count + 1, sizeof(*entries));
	if (!entries)
		return err_set(e, EXIT_CANNOT, "no memory for an index of %d runs", count);
	for (int i = 0; i < count; i++) {
		entries[i].path = runs[i];
		run_data_load(&entries[i].run, runs[i], &entries[i].trouble);
	}
	qsort(entries, (size_t)count, sizeof(*entries), compare_entries);
	int result = write_index(entries, count, output, e);
	for (int i = 0; i < count; i++)
		run_data_free(&entries[i].run);
	free(entries);
	return result;
}

/* What a run's page says first: the question, the answer, the numbers, the pictures. */
#include "reports/page.h"

#include "reports/calibration.h"
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/main_metric.h"
#include "reports/pages.h"
#include "reports/reuse.h"
#include "reports/run_data.h"
#include "reports/svg.h"
#include "reports/verdict.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

static void put_tag(FILE *out, const char *label, const char *value)
{
	if (!*value)
		return;
	fputs("<span>", out);
	html_textf(out, "%s %s", label, value);
	fputs("</span>\n", out);
}

void page_head(FILE *out, const struct run_data *run)
{
	char scale[64], verdict[4096];
	int bad = strcmp(run->status, "complete") != 0 || *run->no_result;
	fputs("<header>\n<h1>", out);
	html_textf(out, "%s%s", *run->name ? run->name : "A run without a name",
	           scale_format(run, scale, sizeof(scale)));
	fputs("</h1>\n<p class=\"question\">", out);
	html_text(out, *run->question ? run->question : "The question of this run is missing.");
	fprintf(out, "</p>\n<p class=\"verdict%s\">", bad ? " failed" : "");
	html_prose(out, verdict_format(run, verdict, sizeof(verdict)));
	fputs("</p>\n<p class=\"tags\">\n", out);
	put_tag(out, "status", *run->status ? run->status : "missing");
	put_tag(out, "mode", json_text(run->manifest, "migration.mode"));
	put_tag(out, "accelerator", json_text(run->manifest, "accelerator"));
	put_tag(out, "migmeter", json_text(run->manifest, "version"));
	put_tag(out, "seed", json_text(run->manifest, "seed"));
	fputs("</p>\n</header>\n", out);
}

static void put_metric_row(FILE *out, const struct run_data *run, const struct shown_metric *m,
                           const struct main_metric *main)
{
	char interval[128], value[128], label[256];
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, main_metric_label(run, main, m, label, sizeof(label)));
	fputs("</th><td class=\"number\">", out);
	html_text(out, value_format(m->value, m->unit, value, sizeof(value)));
	fputs("</td><td class=\"interval\">", out);
	interval_format(m, interval, sizeof(interval));
	html_textf(out, "%s%s%s", interval, *interval && *m->reason ? "; " : "", m->reason);
	fputs("</td></tr>\n", out);
}

static int same_vm(const struct shown_metric *m, const char *vm)
{
	return strcmp(m->vm, vm) == 0;
}

/* The main metrics of one VM ("": of the run as a whole). */
static void put_vm(FILE *out, const struct run_data *run, const char *vm)
{
	int rows = 0;
	for (int main = 0; main < main_metric_count; main++) {
		for (int i = 0; i < run->shown_count; i++) {
			const struct shown_metric *m = &run->shown[i];
			if (!same_vm(m, vm) || main_metric_find(run, m) != main)
				continue;
			if (rows++ == 0) {
				fputs("<tr class=\"group\"><th colspan=\"3\" scope=\"rowgroup\">", out);
				html_textf(out, "%s%s%s", *vm ? vm : "the run", *m->role ? ", " : "", m->role);
				fputs("</th></tr>\n", out);
			}
			put_metric_row(out, run, m, &main_metrics[main]);
		}
	}
}

void page_metrics(FILE *out, const struct run_data *run)
{
	if (run->shown_count == 0)
		return;
	fputs("<section>\n<h2>Result</h2>\n<table>\n<thead><tr><th>metric</th><th class=\"number\">value</th>"
	      "<th>uncertainty, cautions, or why it is missing</th></tr></thead>\n<tbody>\n",
	      out);
	for (int i = 0; i < run->shown_count; i++) {
		int seen = 0;
		for (int k = 0; k < i; k++)
			seen |= same_vm(&run->shown[k], run->shown[i].vm);
		if (!seen)
			put_vm(out, run, run->shown[i].vm);
	}
	fputs("</tbody>\n</table>\n</section>\n", out);
}

static void put_plot(FILE *out, const struct run_data *run, const struct plot *plot)
{
	char label[512];
	snprintf(label, sizeof(label), "%s of %s", plot->heading, run->name);
	svg_figure(out, run->directory, plot->name, label, plot->missing);
}

static void put_downtime_notes(FILE *out, const struct run_data *run)
{
	char text[4096];
	for (int i = 0; i < csv_table_rows(run->downtime); i++) {
		const char *vm = csv_table_text(run->downtime, i, "vm");
		if (i && strcmp(vm, csv_table_text(run->downtime, i - 1, "vm")) == 0)
			continue;
		verdict_downtimes(run, vm, text, sizeof(text));
		if (!*text)
			continue;
		fputs("<p>", out);
		html_textf(out, "%s%s", vm, *vm ? ": " : "");
		html_prose(out, text);
		fputs("</p>\n", out);
	}
}

static void put_latency_table(FILE *out, const struct run_data *run)
{
	static const char *const columns[] = {
		"p50_ms",         "p99_ms",         "p999_ms",         "max_ms",
		"service_p50_ms", "service_p99_ms", "service_p999_ms", "service_max_ms"
	};
	static const char *const names[] = { "p50", "p99", "p99.9", "longest" };
	enum { COLUMNS = sizeof(columns) / sizeof(*columns), NAMES = sizeof(names) / sizeof(*names) };
	const struct csv_table *t = run->latency;
	char text[64];
	if (csv_table_rows(t) == 0)
		return;
	fputs("<table class=\"latency\">\n<thead><tr><th colspan=\"3\"></th><th colspan=\"4\">from the intended "
	      "start</th><th colspan=\"4\">uncorrected: from the real begin</th></tr>\n<tr><th>VM</th><th>workload</th>"
	      "<th>phase</th>",
	      out);
	for (int c = 0; c < COLUMNS; c++)
		fprintf(out, "<th class=\"number\">%s</th>", names[c % NAMES]);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (int i = 0; i < csv_table_rows(t) && i < 200; i++) {
		fputs("<tr><td>", out);
		html_text(out, csv_table_text(t, i, "vm"));
		fputs("</td><td>", out);
		html_text(out, csv_table_text(t, i, "workload"));
		fputs("</td><td>", out);
		html_text(out, csv_table_text(t, i, "phase"));
		fputs("</td>", out);
		for (int c = 0; c < COLUMNS; c++)
			fprintf(out, "<td class=\"number\">%s</td>",
			        value_format(csv_table_number(t, i, columns[c]), "ms", text, sizeof(text)));
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
}

void page_plots(FILE *out, const struct run_data *run, const struct plot plots[PLOT_COUNT])
{
	enum {
		OF_RUN = 1,
		OF_CALIBRATION = 2,
		OF_LOOP = 4,
		OF_GROUP = 8,
		OF_STREAM = 16,
		OF_WAITS = 32,
		OF_RELAYS = 64
	};
	static const struct {
		enum plot_kind kind;
		int of;
		const char *note;
	} order[] = {
		{ PLOT_CALIBRATION, OF_CALIBRATION,
		  "Error is value less truth. Floor is the longest stop that an observer saw while the guest idled: what is "
		  "not above it is no stop found." },
		{ PLOT_CLUSTER, OF_LOOP,
		  "What the monitor saw, each second. A node's CPU is that of its core; a VM that waits for its memory, or has left, "
		  "uses some as well." },
		{ PLOT_GROUP, OF_GROUP,
		  "Dashed: the link's rate. A move that the schedule recalls is broken off, and made again later." },
		{ PLOT_DOWNTIME, OF_RUN,
		  "Each answers another question: whether the processors ran (stop resume, reported), what "
		  "the guest knows of (guest clock), whether it could be reached (network), whether it got "
		  "anything done (work). They are never merged." },
		{ PLOT_TIMELINE, OF_CALIBRATION,
		  "Red: from a stop of the VM to its resume. Time 0 is when the injections began." },
		{ PLOT_TIMELINE, OF_RUN,
		  "Red: from the stop of the VM to its resume. Time 0 is when the migration began." },
		{ PLOT_ZOOM, OF_RUN, NULL },
		{ PLOT_ITERATIONS, OF_RUN,
		  "Pre-copy ends when what is left fits the downtime limit, which it never does while the "
		  "guest dirties memory faster than it is sent." },
		{ PLOT_PAGES, OF_STREAM,
		  "Above: each page that was sent counts once, under the first name, from the top down, by which the destination had "
		  "it. Below: what "
		  "each way to send less would have left, alone, and all of them together; a page that is known costs 24 bytes, "
		  "one that is compressed its size under zstd at level 1." },
		{ PLOT_REUSE, OF_RELAYS,
		  "Between the relays a page that the far one has kept is 16 bytes of hash, everything else is compressed by zstd; "
		  "QEMU at either end sees its own stream. Above: the measured migration. Below: every move of this run, in order; "
		  "grey is the stream, blue what of it crossed the link." },
		{ PLOT_WAITS, OF_WAITS,
		  "From when QEMU saw that a vCPU waits to when the page was in its place. Dashed: the longest time in which a "
		  "workload got nothing done, which is one long wait or many after another." },
		{ PLOT_LATENCY, OF_RUN | OF_CALIBRATION,
		  "Of the longest operation in each sampling interval, in the guest's own time. Drawn from the intended "
		  "start on, so that one that comes late counts its wait; uncorrected is what a tool that waits along "
		  "would say. Where the workload keeps no pace both are the same." },
	};
	int is = run->calibration_facts                        ? OF_CALIBRATION
	         : json_at(run->manifest, "consolidate.moves") ? OF_RUN | OF_LOOP
	         : json_at(run->manifest, "group.moves")       ? OF_RUN | OF_GROUP
	                                                       : OF_RUN;
	is |= pages_watched(run) ? OF_STREAM : 0;
	is |= reuse_relayed(run) ? OF_RELAYS : 0;
	is |= json_at(run->manifest, "migration.page_waits") ? OF_WAITS : 0;
	int drawn = 0;
	for (int i = 0; i < PLOT_COUNT; i++)
		drawn += !*plots[i].missing;
	if (!drawn) {
		fputs("<section>\n<h2>Plots</h2>\n", out);
		for (int i = 0; i < PLOT_COUNT; i++)
			if (i == 0 || strcmp(plots[i].missing, plots[i - 1].missing) != 0)
				put_plot(out, run, &plots[i]);
		fputs("</section>\n", out);
		return;
	}
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		const struct plot *plot = &plots[order[i].kind];
		if (!(order[i].of & is))
			continue;
		fputs("<section>\n<h2>", out);
		html_text(out, plot->heading);
		fputs("</h2>\n", out);
		if (order[i].kind == PLOT_DOWNTIME)
			put_downtime_notes(out, run);
		if (order[i].kind == PLOT_PAGES)
			page_stream(out, run);
		if (order[i].note && !*plot->missing) {
			fputs("<p class=\"note\">", out);
			html_text(out, order[i].note);
			fputs("</p>\n", out);
		}
		/* Shares of a core are tables only. */
		if (order[i].kind != PLOT_CALIBRATION || csv_table_rows(run->calibration))
			put_plot(out, run, plot);
		if (order[i].kind == PLOT_LATENCY)
			put_latency_table(out, run);
		if (order[i].kind == PLOT_CALIBRATION)
			page_calibration(out, run);
		fputs("</section>\n", out);
	}
}

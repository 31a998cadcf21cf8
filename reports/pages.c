#include "reports/pages.h"

#include "bench/base/err.h"
#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MIB 1048576.0

enum { POINTS = 1500 };

/* From the lowest layer up. */
static const char *const layers[] = { "other", "unique", "group", "own", "sent", "disk", "kept" };
enum { LAYERS = sizeof(layers) / sizeof(*layers) };

/* As the picture names the ways of plots/pages-left.csv. */
static const char *way_label(const char *way)
{
	static const struct {
		const char *way, *label;
	} labels[] = { { "sent", "not again what did not change" },
		       { "own", "deduplication within a VM" },
		       { "group", "deduplication across the VMs" },
		       { "deduplication", "deduplication, both" },
		       { "kept", "pages kept of earlier visits" },
		       { "disk", "pages that a disk has" },
		       { "compression", "zstd" },
		       { "together", "all of it" } };
	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (strcmp(labels[i].way, way) == 0)
			return labels[i].label;
	return way;
}

int pages_watched(const struct run_data *run)
{
	return csv_table_rows(run->pages) > 0;
}

static int layers_write(struct plotting *p, FILE *data)
{
	const struct csv_table *t = p->run->pages;
	int rows = csv_table_rows(t), step = rows / POINTS + 1, any[LAYERS] = { 0 };
	for (int row = 0; row < rows; row++) {
		double sum = 0;
		if (row % step && row != rows - 1)
			continue;
		fprintf(data, "%.6f", csv_table_number(t, row, "time_s"));
		for (int i = 0; i < LAYERS; i++) {
			double bytes = csv_table_number(t, row, layers[i]);
			any[i] |= bytes > 0;
			sum += isnan(bytes) ? 0 : bytes;
			gnuplot_put_number(data, sum / MIB);
		}
		fputc('\n', data);
	}
	fputs("array LAYERS[7]\n", p->script);
	for (int i = 0; i < LAYERS; i++)
		fprintf(p->script, "LAYERS[%d] = %d\n", i + 1, any[i]);
	double first_s = fmin(0, csv_table_number(t, 0, "time_s")), last_s = csv_table_number(t, rows - 1, "time_s");
	fprintf(p->script, "FIRST = %.6f\nLAST = %.6f\n", first_s, last_s > first_s ? last_s : first_s + 1);
	return 0;
}

static void ways_write(struct plotting *p)
{
	const struct csv_table *t = p->run->pages_left;
	int rows = csv_table_rows(t);
	size_t longest = 0;
	double high = 100;
	char text[64], size[64];
	fprintf(p->script, "N = %d\narray WAY_LABEL[N]\narray WAY_PERCENT[N]\narray WAY_TEXT[N]\n", rows);
	for (int i = 0; i < rows; i++) {
		const char *label = way_label(csv_table_text(t, i, "way"));
		double percent = csv_table_number(t, i, "left_percent");
		longest = strlen(label) > longest ? strlen(label) : longest;
		high = fmax(high, percent);
		if (isnan(percent))
			snprintf(text, sizeof(text), "missing");
		else
			snprintf(text, sizeof(text), "%s, %.3g %%",
			         value_format(csv_table_number(t, i, "left_bytes"), "bytes", size, sizeof(size)),
			         percent);
		gnuplot_set_item(p->script, "WAY_LABEL", i + 1, label);
		gnuplot_set_item(p->script, "WAY_TEXT", i + 1, text);
		gnuplot_set_number_item(p->script, "WAY_PERCENT", i + 1, percent);
	}
	/* About 8.6 of the 1200 dots of the width a character. */
	fprintf(p->script, "HIGH = %.6g\nLEFT = %.3f\n", high, fmax(0.12, (8.6 * (double)longest + 24) / 1200));
}

int pages_prepare(struct plotting *p, struct err *e)
{
	if (!pages_watched(p->run) || !csv_table_rows(p->run->pages_left))
		return plot_skip(p, "the stream of this run was not watched");
	FILE *data = plot_data_open(p, e);
	if (!data)
		return -1;
	layers_write(p, data);
	ways_write(p);
	return plot_data_close(data, e);
}

/* ---- words ---- */

static void put_passage(FILE *out, const char *vm, struct json_object *stream)
{
	const char *verdict = json_text(stream, "verdict"), *reason = json_text(stream, "reason");
	char bytes[64], memory[64], away[64];
	value_format(json_number(stream, "bytes"), "bytes", bytes, sizeof(bytes));
	value_format(json_number(stream, "pages") * json_number(stream, "page_bytes"), "bytes", memory,
	             sizeof(memory));
	fputs("<p>", out);
	if (strcmp(verdict, "complete") == 0)
		html_textf(out, "%s: all %s of the stream were understood; memory of %s, machine %s.", vm, bytes,
		           memory, json_text(stream, "machine"));
	else if (strcmp(verdict, "nothing") == 0)
		html_textf(out, "%s: nothing came through the relay.", vm);
	else
		html_textf(out, "%s: of %s in the stream %s: %s.", vm, bytes,
		           strcmp(verdict, "cut-off") == 0 ? "all was understood, but it did not come to its end"
		                                           : "not all was understood",
		           *reason ? reason : "no reason is known");
	if (json_number(stream, "away_ns") > 0)
		html_textf(out, " It had left there %s before.",
		           value_format(json_number(stream, "away_ns"), "ns", away, sizeof(away)));
	if (json_number(stream, "pool_refused") > 0)
		html_text(out, " There were more different pages than are remembered: some told as new were not.");
	fputs("</p>\n", out);
}

/* With the moves before its last one: from which it was called back, or which were not measured. */
static void put_vm(FILE *out, const char *vm, struct json_object *stream)
{
	struct json_object *before = json_at(stream, "before");
	bool list = before && json_object_is_type(before, json_type_array);
	char name[96];
	for (size_t i = 0; list && i < json_object_array_length(before); i++) {
		snprintf(name, sizeof(name), "%s, move %zu", vm, i + 1);
		put_passage(out, name, json_object_array_get_idx(before, i));
	}
	put_passage(out, vm, stream);
}

/* ---- the VMs of a group ---- */

static void put_share(FILE *out, const struct run_data *run, const char *metric, const char *vm, const char *variant)
{
	const struct shown_metric *m = run_metric(run, metric, vm, variant);
	char text[64];
	fprintf(out, "<td class=\"number\">%s</td>",
	        value_format(m ? m->value : NAN, m ? m->unit : "", text, sizeof(text)));
}

/* vm "": of all. */
static void put_shares(FILE *out, const struct run_data *run, const char *vm)
{
	static const char *const ways[] = { "sent", "own", "group", "deduplication", "kept", "disk", "unique" };
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, *vm ? vm : "all");
	fputs("</th>", out);
	put_share(out, run, "stream_bytes", vm, "pages");
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		put_share(out, run, "pages_equal", vm, ways[i]);
	fputs("</tr>\n", out);
}

/* Only where analysis has sums of several VMs. */
static void put_group(FILE *out, const struct run_data *run, struct json_object *vms)
{
	if (!run_metric(run, "pages_equal", "", "group"))
		return;
	fputs("<table class=\"roles\">\n<thead><tr><th rowspan=\"2\">VM</th><th class=\"number\" rowspan=\"2\">pages as they "
	      "are</th><th colspan=\"6\">of them, equal to a page</th><th class=\"number\" rowspan=\"2\">new</th></tr>\n<tr>"
	      "<th class=\"number\">sent before</th><th class=\"number\">elsewhere in the VM</th>"
	      "<th class=\"number\">of another VM</th><th class=\"number\">of either</th>"
	      "<th class=\"number\">kept of a visit</th><th class=\"number\">on a disk</th></tr></thead>\n<tbody>\n",
	      out);
	json_object_object_foreach(vms, vm, stream)
	{
		(void)stream;
		put_shares(out, run, vm);
	}
	put_shares(out, run, "");
	fputs("</tbody>\n</table>\n<p class=\"note\">A page can be equal to several, so the shares overlap. Of two equal pages "
	      "of two VMs the one that passed first is new: the VMs that went first have less to share.</p>\n",
	      out);
}

void page_stream(FILE *out, const struct run_data *run)
{
	struct json_object *vms = json_at(run->manifest, "stream.vms");
	if (!vms || !json_object_is_type(vms, json_type_object))
		return;
	json_object_object_foreach(vms, vm, stream)
	{
		put_vm(out, vm, stream);
	}
	put_group(out, run, vms);
}

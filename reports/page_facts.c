/* What a run's page says of how the numbers came about: warnings, conditions, definitions, files. */
#include "reports/page.h"

#include "reports/csv_table.h"
#include "reports/html.h"
#include "reports/run_data.h"

#include <dirent.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { WARNINGS_ROOM = 40, EVENT_ROWS = 200 };

struct warnings {
	FILE *out;
	int count;
};

static FILE *next_warning(struct warnings *w)
{
	if (w->count++ == 0)
		fputs("<section class=\"warnings\">\n<strong>Before you trust the numbers</strong>\n<ul>\n", w->out);
	return w->out;
}

/* A collector's facts that speak of loss, when they are not zero. */
static void warn_of_loss(void *context, const char *path, struct json_object *leaf)
{
	static const char *const words[] = { "drop", "missing", "lost", "trouble", "error", "failure", "from_no_vm" };
	struct warnings *w = context;
	enum json_type type = json_object_get_type(leaf);
	int speaks = 0;
	char name[512], value[1024];
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		speaks |= strstr(path, words[i]) != NULL;
	/* A text speaks of loss only where it is the trouble itself. */
	int bad = type == json_type_string ? strstr(path, "trouble") && *json_object_get_string(leaf)
	                                   : json_object_get_double(leaf) > 0;
	if (!speaks || !bad || w->count >= WARNINGS_ROOM)
		return;
	fputs("<li>", next_warning(w));
	html_textf(w->out, "collector %s: %s", name_format(path, name, sizeof(name)),
	           fact_format(path, leaf, value, sizeof(value)));
	fputs("</li>\n", w->out);
}

static void warn_each(struct warnings *w, const char *what, struct json_object *of, const char *path)
{
	for (int i = 0; i < json_length(of, path) && w->count < WARNINGS_ROOM; i++) {
		struct json_object *item = json_element(of, path, i);
		fputs("<li>", next_warning(w));
		if (*json_text(item, "name"))
			html_textf(w->out, "%s: %s: %s", what, json_text(item, "name"), json_text(item, "reason"));
		else
			html_textf(w->out, "%s: %s", what, json_object_get_string(item));
		fputs("</li>\n", w->out);
	}
}

void page_warnings(FILE *out, const struct run_data *run)
{
	struct warnings w = { .out = out };
	if (strcmp(run->status, "complete") != 0) {
		fputs("<li>", next_warning(&w));
		html_textf(out, "the run is %s: what it kept is shown, and none of it is a result",
		           strcmp(run->status, "running") == 0 ? "not finished"
		           : *run->status                      ? run->status
		                                               : "of unknown status");
		fputs("</li>\n", out);
	} else if (!run->metrics && !*run->no_result)
		fputs("<li>there are no metrics: <code>migmeter analyze</code> makes them from the raw data</li>\n",
		      next_warning(&w));
	if (*run->no_result) {
		fputs("<li>", next_warning(&w));
		html_textf(out, "no number is shown: %s", run->no_result);
		fputs("</li>\n", out);
	}
	if (strcmp(json_text(run->manifest, "accelerator"), "tcg") == 0) {
		fputs("<li>", next_warning(&w));
		html_textf(out, "the guests' processors were emulated (TCG): %s",
		           *json_text(run->manifest, "accelerator_reason")
		                   ? json_text(run->manifest, "accelerator_reason")
		                   : "the reason is missing");
		fputs("</li>\n", out);
	}
	warn_each(&w, "link", run->manifest, "link.flags");
	warn_each(&w, "analysis", run->metrics, "warnings");
	warn_each(&w, "this machine lacks", run->manifest, "capabilities_missing");
	facts_walk(json_at(run->manifest, "collectors"), warn_of_loss, &w);
	if (w.count)
		fputs("</ul>\n</section>\n", out);
}

static void put_facts(FILE *out, const char *heading, struct json_object *object, const char *missing)
{
	fputs("<div><h3>", out);
	html_text(out, heading);
	fputs("</h3>\n<table><tbody>\n", out);
	if (html_facts(out, object) == 0) {
		fputs("<tr><td class=\"missing\">", out);
		html_text(out, missing);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

/* Asked, next to what the hypervisor says; its many parameters folded away. */
static void put_features(FILE *out, struct json_object *m)
{
	struct json_object *on = json_at(m, "features.on"), *parameters = json_at(on, "parameters");
	fputs("<div>\n", out);
	struct json_object *kept = json_at(m, "features.kept");
	put_facts(out, kept ? "features asked, and read back" : "features asked",
	          kept ? kept : json_at(m, "features.asked"), "none beyond the hypervisor's defaults");
	if (json_length(m, "features.past_libvirt"))
		put_facts(out, "set past libvirt, which is too old or has no key",
		          json_at(m, "features.past_libvirt"), "none");
	if (!parameters) {
		put_facts(out, "read back from the hypervisor", on, "missing");
	} else {
		put_facts(out, "capabilities read back", json_at(on, "capabilities"), "missing");
		fputs("<details><summary>all parameters read back</summary>\n", out);
		put_facts(out, "parameters", parameters, "none");
		fputs("</details>\n", out);
	}
	fputs("</div>\n", out);
}

static void put_collectors(FILE *out, struct json_object *collectors)
{
	if (!json_object_is_type(collectors, json_type_object) || json_object_object_length(collectors) == 0) {
		put_facts(out, "collectors", NULL, "no collector left facts");
		return;
	}
	json_object_object_foreach(collectors, name, facts)
	{
		char heading[128];
		snprintf(heading, sizeof(heading), "collector: %.100s", name);
		put_facts(out, heading, facts, "it left no facts");
	}
}

/* Members of the manifest that are numbers or texts themselves. */
static void put_plain_facts(FILE *out, const struct run_data *run)
{
	static const char *const wanted[] = { "command", "version",     "revision",           "scale",
		                              "seed",    "accelerator", "accelerator_reason", "run_id",
		                              NULL };
	fputs("<div><h3>run</h3>\n<table><tbody>\n", out);
	for (int i = 0; wanted[i]; i++) {
		const char *text = json_text(run->manifest, wanted[i]);
		char name[64];
		fputs("<tr><th scope=\"row\">", out);
		html_text(out, name_format(wanted[i], name, sizeof(name)));
		fputs("</th><td>", out);
		html_text(out, *text ? text : "missing");
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

void page_conditions(FILE *out, const struct run_data *run)
{
	struct json_object *m = run->manifest;
	fputs("<section>\n<h2>Asked, and what was on</h2>\n<div class=\"pair\">\n", out);
	put_facts(out, "asked of the migration", json_at(m, "config.migration"), "missing");
	put_features(out, m);
	put_facts(out, "link asked", json_at(m, "link.asked"), "missing");
	put_facts(out, "link measured before the run", json_at(m, "link.measured"), "missing");
	fputs("</div>\n<p class=\"note\">", out);
	html_textf(out, "The link was made by: %s.",
	           *json_text(m, "link.backend") ? json_text(m, "link.backend") : "missing");
	fputs("</p>\n</section>\n<section>\n<h2>Health of the measurement</h2>\n<div class=\"pair\">\n", out);
	put_collectors(out, json_at(m, "collectors"));
	put_facts(out, "clock pairs", json_at(m, "clock_pairs"), "missing");
	fputs("</div>\n</section>\n<section>\n<h2>The machine, the guests, the migration</h2>\n<div "
	      "class=\"pair\">\n",
	      out);
	put_plain_facts(out, run);
	put_facts(out, "machine", json_at(m, "host"), "missing");
	put_facts(out, "hypervisor", json_at(m, "hypervisor"), "missing");
	put_facts(out, "guest", json_at(m, "guest"), "missing");
	put_facts(out, "VMs", json_at(m, "vms"), "missing");
	put_facts(out, "migration", json_at(m, "migration"), "missing");
	fputs("</div>\n</section>\n", out);
}

static void put_all_metrics(FILE *out, const struct run_data *run)
{
	if (run->shown_count == 0)
		return;
	fputs("<details>\n<summary>All metrics</summary>\n<table>\n<thead><tr><th>metric</th><th>VM</th><th>role</th>"
	      "<th>estimator</th><th class=\"number\">value</th><th>interval, caution or reason</th><th "
	      "class=\"number\">n</th></tr>"
	      "</thead>\n<tbody>\n",
	      out);
	for (int i = 0; i < run->shown_count; i++) {
		const struct shown_metric *m = &run->shown[i];
		char text[256], name[128];
		fputs("<tr><td>", out);
		html_text(out, name_format(m->metric, name, sizeof(name)));
		fputs("</td><td>", out);
		html_text(out, m->vm);
		fputs("</td><td>", out);
		html_text(out, m->role);
		fputs("</td><td>", out);
		html_text(out, name_format(m->estimator, name, sizeof(name)));
		fputs("</td><td class=\"number\">", out);
		html_text(out, value_format(m->value, m->unit, text, sizeof(text)));
		fputs("</td><td>", out);
		interval_format(m, text, sizeof(text));
		html_textf(out, "%s%s%s", text, *text && *m->reason ? "; " : "", m->reason);
		fprintf(out, "</td><td class=\"number\">%d</td></tr>\n", m->n);
	}
	fputs("</tbody>\n</table>\n</details>\n", out);
}

static void put_definitions(FILE *out, const struct run_data *run)
{
	if (!json_length(run->metrics, "definitions"))
		return;
	fputs("<details>\n<summary>Definitions and "
	      "formulas</summary>\n<table>\n<thead><tr><th>metric</th><th>unit</th>"
	      "<th>formula</th><th>better</th><th>meaning</th></tr></thead>\n<tbody>\n",
	      out);
	for (int i = 0; i < json_length(run->metrics, "definitions"); i++) {
		static const char *const cells[] = { "unit", "formula", "better", "help" };
		struct json_object *row = json_element(run->metrics, "definitions", i);
		char name[128];
		fputs("<tr><th scope=\"row\">", out);
		html_text(out, name_format(json_text(row, "metric"), name, sizeof(name)));
		fputs("</th>", out);
		for (int c = 0; c < 4; c++) {
			fputs(c == 1 ? "<td class=\"formula\">" : "<td>", out);
			html_text(out, json_text(row, cells[c]));
			fputs("</td>", out);
		}
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</details>\n", out);
}

/* What happened, for a run without a timeline. */
static void put_events(FILE *out, const struct run_data *run)
{
	struct csv_table *t;
	csv_table_load(&t, run->directory, "events.csv", EVENT_ROWS, NULL);
	if (csv_table_rows(t)) {
		double begin_ns = csv_table_number(t, 0, "head_ns");
		fprintf(out,
		        "<details%s>\n<summary>Events</summary>\n<table>\n<thead><tr><th class=\"number\">s since "
		        "the first"
		        "</th><th>VM</th><th>node</th><th>event</th><th>detail</th></tr></thead>\n<tbody>\n",
		        strcmp(run->status, "complete") == 0 ? "" : " open");
		for (int i = 0; i < csv_table_rows(t); i++) {
			static const char *const cells[] = { "vm", "node", "event", "detail" };
			fprintf(out, "<tr><td class=\"number\">%.3f</td>",
			        (csv_table_number(t, i, "head_ns") - begin_ns) / 1e9);
			for (int c = 0; c < 4; c++) {
				fputs("<td>", out);
				html_text(out, csv_table_text(t, i, cells[c]));
				fputs("</td>", out);
			}
			fputs("</tr>\n", out);
		}
		fputs("</tbody>\n</table>\n", out);
		if (csv_table_rows(t) == EVENT_ROWS)
			fprintf(out, "<p class=\"note\">The first %d; all are in events.csv.</p>\n", EVENT_ROWS);
		fputs("</details>\n", out);
	}
	csv_table_free(t);
}

static int shown_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void put_files(FILE *out, const struct run_data *run, const char *below)
{
	char path[5000];
	struct dirent **entries = NULL;
	snprintf(path, sizeof(path), "%s/%s", run->directory, below);
	int count = scandir(path, &entries, shown_file, alphasort);
	for (int i = 0; i < count; i++) {
		char file[6000], size[64];
		struct stat st;
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode)) {
			fputs("<tr><td><code>", out);
			html_textf(out, "%s%s", below, entries[i]->d_name);
			fprintf(out, "</code></td><td class=\"number\">%s</td></tr>\n",
			        value_format((double)st.st_size, "bytes", size, sizeof(size)));
		}
		free(entries[i]);
	}
	free(entries);
}

void page_reference(FILE *out, const struct run_data *run)
{
	fputs("<section>\n<h2>Reference</h2>\n", out);
	put_events(out, run);
	put_all_metrics(out, run);
	put_definitions(out, run);
	fputs("<details>\n<summary>Files of the run</summary>\n<table><tbody>\n", out);
	put_files(out, run, "");
	put_files(out, run, "plots/");
	fputs("</tbody></table>\n</details>\n</section>\n", out);
}

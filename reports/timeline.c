/* The panels of the timeline and of its zoom at the switch-over; their variables are listed in timeline.gp. */
#include "bench/base/err.h"
#include "reports/csv_table.h"
#include "reports/draw.h"
#include "reports/plot.h"
#include "reports/run_data.h"
#include "reports/view.h"

#include <glob.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RATE_PANELS = 8, SILENCE_PANELS = 2 };
#define STOLEN_SEEN 0.05 /* of a core */

/* Draw the view's span into out_path. Returns the number of series; 0 also when no number is in them. */
static int draw(struct view *v, struct draw_request request, const char *out_path, struct drawn *ret)
{
	request.from_s = v->from_s;
	request.to_s = v->to_s;
	if (draw_series(&request, out_path, ret, NULL) < 0 || ret->numbers == 0)
		return 0;
	v->first_s = fmin(v->first_s, ret->first_s);
	v->last_s = fmax(v->last_s, ret->last_s);
	return ret->series;
}

/* The VM whose name begins the stem "VM-WORKLOAD"; the longest such name. */
static struct json_object *find_vm(const struct run_data *run, const char *stem)
{
	struct json_object *list = json_at(run->manifest, "vms"), *best = NULL;
	size_t longest = 0;
	for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
		struct json_object *vm = json_object_array_get_idx(list, i);
		const char *name = json_text(vm, "name");
		size_t length = strlen(name);
		if (length > longest && strncmp(stem, name, length) == 0 && (stem[length] == '-' || !stem[length])) {
			best = vm;
			longest = length;
		}
	}
	return best;
}

static void stem_of(const char *path, const char *prefix, char *stem, size_t room)
{
	const char *name = strrchr(path, '/');
	snprintf(stem, room, "%s", (name ? name + 1 : path) + strlen(prefix));
	char *dot = strrchr(stem, '.');
	if (dot)
		*dot = '\0';
}

static void plot_glob(const struct plotting *p, const char *pattern, glob_t *found)
{
	char whole[5000];
	snprintf(whole, sizeof(whole), "%s/plots/%s", p->run->directory, pattern);
	if (glob(whole, 0, NULL, found) != 0)
		memset(found, 0, sizeof(*found));
}

static void put_rate(struct view *v, int number, const char *path, const char *stem, struct json_object *vm)
{
	FILE *s = v->p->script;
	char out[5000], title[300];
	struct drawn drawn;
	snprintf(out, sizeof(out), "%s/rate-%d.data", v->p->work, number);
	struct draw_request request = { .path = path, .values = { "percent", "percent_smooth" } };
	int percent = draw(v, request, out, &drawn) > 0;
	if (!percent) {
		request.values[0] = "rate";
		request.values[1] = "rate_smooth";
		draw(v, request, out, &drawn);
	}
	const char *name = json_text(vm, "name"), *role = json_text(vm, "role");
	size_t length = strlen(name);
	if (vm)
		snprintf(title, sizeof(title), "%.80s%s%.80s%s%.60s%s", name, stem[length] ? ": " : "",
		         stem[length] ? stem + length + 1 : "", *role ? " (" : "", role, *role ? ")" : "");
	else
		snprintf(title, sizeof(title), "%.200s", stem);
	gnuplot_set_item(s, "RATE_FILE", number, out);
	gnuplot_set_item(s, "RATE_TITLE", number, title);
	fprintf(s, "RATE_PERCENT[%d] = %d\n", number, percent);
}

/* The VMs that move come first. */
static int put_rates(struct view *v)
{
	FILE *s = v->p->script;
	int count = 0;
	glob_t found;
	plot_glob(v->p, "timeline-*.csv", &found);
	int wanted = found.gl_pathc < RATE_PANELS ? (int)found.gl_pathc : RATE_PANELS;
	fprintf(s, "RATES = %d\n", wanted);
	if (wanted)
		fprintf(s, "array RATE_FILE[%d]\narray RATE_TITLE[%d]\narray RATE_PERCENT[%d]\n", wanted, wanted,
		        wanted);
	for (int moving = 1; moving >= 0; moving--) {
		for (size_t i = 0; i < found.gl_pathc && count < wanted; i++) {
			char stem[256];
			stem_of(found.gl_pathv[i], "timeline-", stem, sizeof(stem));
			struct json_object *vm = find_vm(v->p->run, stem);
			if ((strcmp(json_text(vm, "role"), "migrating") == 0) == moving)
				put_rate(v, ++count, found.gl_pathv[i], stem, vm);
		}
	}
	globfree(&found);
	return wanted;
}

/* A panel with one line a key: the link or the CPU. */
static void put_lines(struct view *v, const char *name, const struct draw_request *request, struct drawn *drawn)
{
	FILE *s = v->p->script;
	char out[5000], item[64];
	snprintf(out, sizeof(out), "%s/%s.data", v->p->work, name);
	int count = request ? draw(v, *request, out, drawn) : 0;
	fprintf(s, "%sS = %d\n", name, count);
	snprintf(item, sizeof(item), "%s_FILE", name);
	gnuplot_set_text(s, item, out);
	snprintf(item, sizeof(item), "%s_LABEL", name);
	if (count)
		fprintf(s, "array %s[%d]\n", item, count);
	for (int i = 0; i < count; i++)
		gnuplot_set_item(s, item, i + 1, drawn->label[i]);
}

/* The link that the migration crosses; all, where the manifest does not name it. */
static int wanted_link(const void *context, const char *const keys[4])
{
	const char *link = json_text(((const struct run_data *)context)->manifest, "migration.link");
	return !*link || strcmp(keys[0], link) == 0;
}

static void put_link(struct view *v)
{
	const struct run_data *run = v->p->run;
	struct drawn drawn = { .highest = NAN };
	char path[5000];
	snprintf(path, sizeof(path), "%s/plots/link.csv", run->directory);
	put_lines(v, "LINK",
	          &(struct draw_request){ .path = path,
	                                  .keys = { "link", "direction" },
	                                  .values = { "bit_per_s" },
	                                  .wanted = wanted_link,
	                                  .context = run },
	          &drawn);
	double asked = run_link_rate(run);
	double highest = fmax(drawn.highest, asked), factor = highest >= 2e9 ? 1e9 : highest >= 2e6 ? 1e6 : 1e3;
	fprintf(v->p->script, "LINK_FACTOR = %g\nLINK_ASKED = %g\n", factor, asked > 0 ? asked : 0.0);
	gnuplot_set_text(v->p->script, "LINK_UNIT", factor > 1e6 ? "Gbit/s" : factor > 1e3 ? "Mbit/s" : "kbit/s");
}

/* Whole nodes, and the threads that move the VM. */
static int wanted_cpu(const void *context, const char *const keys[4])
{
	const char *moved = run_moved_vm(context);
	return (!*keys[1] && !*keys[2]) || (strcmp(keys[2], "migration") == 0 && strcmp(keys[1], moved) == 0);
}

static void put_cpu(struct view *v)
{
	struct drawn drawn;
	char path[5000];
	snprintf(path, sizeof(path), "%s/plots/cpu.csv", v->p->run->directory);
	struct draw_request request = { .path = path,
		                        .keys = { "node", "vm", "thread" },
		                        .values = { "share" },
		                        .wanted = wanted_cpu,
		                        .context = v->p->run };
	put_lines(v, "CPU", v->zoom ? NULL : &request, &drawn);
}

/* Beside the CPU in use, where it is enough to be seen. */
static void put_stolen(struct view *v)
{
	struct drawn drawn = { .highest = NAN };
	char path[5000];
	snprintf(path, sizeof(path), "%s/plots/stolen.csv", v->p->run->directory);
	struct draw_request request = { .path = path, .keys = { "node" }, .values = { "share" } };
	put_lines(v, "STOLEN", v->zoom ? NULL : &request, &drawn);
	if (!(drawn.highest >= STOLEN_SEEN))
		fputs("STOLENS = 0\n", v->p->script);
}

static void put_silences(struct view *v)
{
	FILE *s = v->p->script;
	glob_t found;
	plot_glob(v->p, "packets-*.csv", &found);
	int wanted = found.gl_pathc < SILENCE_PANELS ? (int)found.gl_pathc : SILENCE_PANELS;
	fprintf(s, "SILENCES = %d\n", wanted);
	if (wanted)
		fprintf(s, "array SILENCE_FILE[%d]\narray SILENCE_TITLE[%d]\n", wanted, wanted);
	for (int i = 0; i < wanted; i++) {
		char out[5000], stem[256], title[400];
		struct drawn drawn;
		stem_of(found.gl_pathv[i], "packets-", stem, sizeof(stem));
		snprintf(out, sizeof(out), "%s/silence-%d.data", v->p->work, i + 1);
		snprintf(title, sizeof(title), "%s: longest silence on the wire, where it ended", stem);
		draw(v, (struct draw_request){ .path = found.gl_pathv[i], .values = { "longest_silence_ms" } }, out,
		     &drawn);
		gnuplot_set_item(s, "SILENCE_FILE", i + 1, out);
		gnuplot_set_item(s, "SILENCE_TITLE", i + 1, title);
	}
	globfree(&found);
}

static int view_prepare(struct view *v)
{
	FILE *s = v->p->script;
	v->first_s = v->last_s = NAN;
	int rates = put_rates(v);
	/* The axis is that of the work; what was counted before and after it is left out. */
	double first_s = v->first_s, last_s = v->last_s;
	put_link(v);
	put_cpu(v);
	put_stolen(v);
	put_silences(v);
	if (!rates || !(last_s > first_s))
		return plot_skip(v->p, "there is no series of work in this run%s", v->zoom ? " around the stop" : "");
	if (!v->zoom) {
		v->from_s = first_s;
		v->to_s = last_s;
	}
	view_put_marks(v);
	fprintf(s, "T0 = %.6f\nT1 = %.6f\nZOOM = %d\n", v->from_s, v->to_s, v->zoom);
	return 0;
}

int timeline_prepare(struct plotting *p, struct err *e)
{
	struct view v = { .p = p, .from_s = -INFINITY, .to_s = INFINITY };
	(void)e;
	return view_prepare(&v);
}

/* All that any estimator calls downtime of the VM that moves, and 1.5 s (or half of it) on either side. */
int zoom_prepare(struct plotting *p, struct err *e)
{
	const struct run_data *run = p->run;
	double from_s = NAN, to_s = NAN;
	(void)e;
	for (int i = 0; i < csv_table_rows(run->marks); i++) {
		const char *kind = csv_table_text(run->marks, i, "kind");
		/* A VM's first resume is its boot. */
		if (strcmp(kind, "stop") != 0 && (strcmp(kind, "resume") != 0 || isnan(from_s)))
			continue;
		from_s = fmin(from_s, csv_table_number(run->marks, i, "time_s"));
		to_s = fmax(to_s, csv_table_number(run->marks, i, "time_s"));
	}
	for (int i = 0; i < csv_table_rows(run->downtime); i++) {
		double at_s = csv_table_number(run->downtime, i, "at_s");
		double value_ms = csv_table_number(run->downtime, i, "value_ms");
		if (isnan(at_s) || !downtime_is_seen(run->downtime, i) || !view_is_moved(run, i))
			continue;
		from_s = fmin(from_s, at_s);
		to_s = fmax(to_s, at_s + value_ms / 1e3);
	}
	if (isnan(from_s) || isnan(to_s))
		return plot_skip(p, "no stop was seen in this run");
	double margin = fmax(1.5, (to_s - from_s) / 2);
	struct view v = { .p = p, .zoom = 1, .from_s = from_s - margin, .to_s = to_s + margin };
	return view_prepare(&v);
}

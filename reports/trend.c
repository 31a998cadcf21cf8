#include "reports/trend.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/whole_file.h"
#include "reports/gnuplot.h"
#include "reports/html.h"
#include "reports/run_data.h"
#include "reports/svg.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ABORTED "never converged" /* of a run that has no value for that */

enum { TEXT_ROOM = 3072 };

static size_t length_of(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

static struct json_object *item(struct json_object *object, const char *path, size_t index)
{
	return json_object_array_get_idx(json_at(object, path), index);
}

/* INFINITY: endless. */
static double value_at(struct json_object *row, const char *path)
{
	return strcmp(json_text(row, path), "never") == 0 ? INFINITY : json_number(row, path);
}

static char *value_text(double value, const char *unit, char *buffer, size_t room)
{
	if (isinf(value))
		snprintf(buffer, room, "never");
	else
		value_format(value, unit, buffer, room);
	return buffer;
}

/* "2026-11-20 22:15", UTC; "" when it is not known */
static char *day_text(struct json_object *run, char *buffer, size_t room)
{
	time_t second = (time_t)(json_object_get_int64(json_at(run, "wall_ns")) / NS_PER_S);
	struct tm utc;
	if (second <= 0 || !gmtime_r(&second, &utc) || strftime(buffer, room, "%Y-%m-%d %H:%M", &utc) == 0)
		buffer[0] = '\0';
	return buffer;
}

/* Of how many runs a member is true. */
static int count_of(struct json_object *trend, const char *member)
{
	int count = 0;
	for (size_t i = 0; i < length_of(json_at(trend, "runs")); i++)
		count += json_object_get_boolean(json_at(item(trend, "runs", i), member));
	return count;
}

/* "nightly, load=cpu: baseline_rate, 300 runs in 30 sets" */
static char *title_text(struct json_object *doc, struct json_object *trend, char *buffer, size_t room)
{
	const char *point = json_text(trend, "point"), *estimator = json_text(trend, "estimator");
	char metric[128];
	size_t runs = length_of(json_at(trend, "runs"));
	size_t sets = (size_t)json_object_get_int64(json_at(trend, "sets"));
	int unseen = count_of(trend, "unseen"), aborted = count_of(trend, "aborted"), used;
	used = snprintf(buffer, room, "%s%s%s: %s%s%s, %zu run%s", json_text(trend, "name"), *point ? ", " : "",
	                point, name_format(json_text(doc, "metric"), metric, sizeof(metric)), *estimator ? ", " : "",
	                estimator, runs, runs == 1 ? "" : "s");
	if (sets < runs && (size_t)used < room)
		used += snprintf(buffer + used, room - (size_t)used, " in %zu set%s", sets, sets == 1 ? "" : "s");
	if (unseen && (size_t)used < room)
		used += snprintf(buffer + used, room - (size_t)used, ", " NO_STOP_SEEN " in %d", unseen);
	if (aborted && (size_t)used < room)
		snprintf(buffer + used, room - (size_t)used, ", " ABORTED " in %d", aborted);
	return buffer;
}

/* "with qemu 7.2.22 to 8.0.0, link.asked.rtt 0ns to 6ms" */
static char *with_text(struct json_object *change, char *buffer, size_t room)
{
	const char *versions = json_text(change, "versions"), *conditions = json_text(change, "conditions");
	if (*versions || *conditions)
		snprintf(buffer, room, "with %s%s%s", versions, *versions && *conditions ? ", " : "", conditions);
	else
		snprintf(buffer, room, "%s changed with it",
		         json_at(change, "conditions") ? "no version and no condition" : "no version");
	return buffer;
}

/* "regressed at 2026-11-20 22:15: 1.1 G to 0.98 G additions/s (-10.1 %), p 0.005; with qemu 7.2.22 to 8.0.0" */
static char *change_text(struct json_object *trend, struct json_object *change, char *buffer, size_t room)
{
	double before = value_at(change, "before"), after = value_at(change, "after");
	const char *unit = json_text(trend, "unit");
	char day[64], from[96], to[96], share[64] = "", with[TEXT_ROOM - 512];
	if (isfinite(before) && isfinite(after) && before != 0)
		snprintf(share, sizeof(share), " (%+.1f %%)", 100 * (after - before) / fabs(before));
	snprintf(buffer, room, "%s at %s: %s to %s%s, p %.3f; %s", json_text(change, "verdict"),
	         day_text(item(trend, "runs", (size_t)json_number(change, "at")), day, sizeof(day)),
	         value_text(before, unit, from, sizeof(from)), value_text(after, unit, to, sizeof(to)), share,
	         json_number(change, "p"), with_text(change, with, sizeof(with)));
	return buffer;
}

/* ---- for a terminal and for scripts ---- */

static void put_line(FILE *out, char *text)
{
	fprintf(out, "%s\n", text_tame(text));
}

static void print_text(FILE *out, struct json_object *doc)
{
	char text[TEXT_ROOM];
	for (size_t i = 0; i < length_of(json_at(doc, "trends")); i++) {
		struct json_object *trend = item(doc, "trends", i);
		size_t changes = length_of(json_at(trend, "changes"));
		put_line(out, title_text(doc, trend, text, sizeof(text)));
		for (size_t k = 0; k < changes; k++) {
			fputs("  ", out);
			put_line(out, change_text(trend, item(trend, "changes", k), text, sizeof(text)));
		}
		if (!changes)
			fputs("  no change found\n", out);
	}
}

static void print_csv(FILE *out, struct json_object *doc)
{
	static const char *const texts[] = {
		"id", "directory", "qemu", "libvirt", "kernel", "version", "conditions"
	};
	fputs("name,point,wall_ns,value,unit,change,id,directory,qemu,libvirt,kernel,version,conditions,caution,estimator\n",
	      out);
	for (size_t i = 0; i < length_of(json_at(doc, "trends")); i++) {
		struct json_object *trend = item(doc, "trends", i);
		size_t next = 0, changes = length_of(json_at(trend, "changes"));
		for (size_t k = 0; k < length_of(json_at(trend, "runs")); k++) {
			struct json_object *run = item(trend, "runs", k), *change = item(trend, "changes", next);
			int here = next < changes && (size_t)json_number(change, "at") == k;
			next += (size_t)here;
			field_text(out, json_text(trend, "name"));
			putc(',', out);
			field_text(out, json_text(trend, "point"));
			fprintf(out, ",%s,%s,", json_text(run, "wall_ns"),
			        *json_text(run, "value") ? json_text(run, "value") : "missing");
			field_text(out, json_text(trend, "unit"));
			fprintf(out, ",%s", here ? json_text(change, "verdict") : "");
			for (size_t t = 0; t < sizeof(texts) / sizeof(*texts); t++) {
				putc(',', out);
				field_text(out, json_text(run, texts[t]));
			}
			fprintf(out, ",%s,",
			        json_object_get_boolean(json_at(run, "unseen"))    ? NO_STOP_SEEN
			        : json_object_get_boolean(json_at(run, "aborted")) ? ABORTED
			                                                           : "");
			field_text(out, json_text(trend, "estimator"));
			putc('\n', out);
		}
	}
}

int report_trend(FILE *out, struct json_object *doc, const char *format, struct err *e)
{
	if (strcmp(format, "text") == 0)
		print_text(out, doc);
	else if (strcmp(format, "csv") == 0)
		print_csv(out, doc);
	else if (strcmp(format, "json") == 0)
		fprintf(out, "%s\n",
		        json_object_to_json_string_ext(doc,
		                                       JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		return err_set(e, EXIT_USAGE, "format '%s': expected one of %s", format, TREND_FORMATS);
	return fflush(out) == 0 && !ferror(out) ? 0 : err_errno(e, EXIT_CANNOT, "cannot print the trend");
}

/* ---- the page ---- */

struct drawing {
	struct json_object *doc, *trend;
};

/* What the axis is divided by, and its name: "ms", "G additions/s". */
static double axis_unit(double highest, const char *unit, char *name, size_t room)
{
	char text[96];
	value_format(highest, unit, text, sizeof(text));
	double shown = strtod(text, NULL);
	snprintf(name, room, "%s", text + strcspn(text, " ") + (strchr(text, ' ') != NULL));
	return shown > 0 && highest > 0 ? highest / shown : 1;
}

static void put_mark(FILE *s, int number, size_t run, const char *what, const char *now)
{
	char text[160];
	snprintf(text, sizeof(text), "%s %.100s", what, now);
	fprintf(s, "MARK_AT[%d] = %zu\n", number, run + 1);
	gnuplot_set_item(s, "MARK", number, text);
}

/* Where a version is another than before, or a condition without which runs are no answer to the same question. */
static void put_marks(FILE *s, struct json_object *trend)
{
	static const char *const kinds[] = { "qemu", "libvirt", "kernel" };
	size_t runs = length_of(json_at(trend, "runs"));
	int count = 0;
	fprintf(s, "array MARK_AT[%zu]\narray MARK[%zu]\n", 4 * runs + 1, 4 * runs + 1);
	for (size_t i = 1; i < runs; i++) {
		const char *other = json_text(item(trend, "runs", i), "forbids");
		if (*other)
			put_mark(s, ++count, i, "another", other);
		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			const char *from = json_text(item(trend, "runs", i - 1), kinds[k]);
			const char *to = json_text(item(trend, "runs", i), kinds[k]);
			if (strcmp(from, to) != 0)
				put_mark(s, ++count, i, kinds[k], *to ? to : "missing");
		}
	}
	fprintf(s, "MARKS = %d\n", count);
}

/* Medians between the change points; the parts of the series. */
static void put_parts(FILE *s, struct json_object *trend, double factor)
{
	size_t changes = length_of(json_at(trend, "changes")), runs = length_of(json_at(trend, "runs"));
	fprintf(s, "PARTS = %zu\narray PART_FROM[%zu]\narray PART_TO[%zu]\narray PART[%zu]\narray WORSE[%zu]\n",
	        changes ? changes + 1 : 0, changes + 1, changes + 1, changes + 1, changes + 1);
	for (size_t i = 0; changes && i <= changes; i++) {
		struct json_object *before = item(trend, "changes", i - 1), *after = item(trend, "changes", i);
		double from = i ? json_number(before, "at") + 1 : 1;
		double to = i < changes ? json_number(after, "at") + 1 : (double)runs + 1;
		double median = i ? value_at(before, "after") : value_at(after, "before");
		fprintf(s, "PART_FROM[%zu] = %g\nPART_TO[%zu] = %g\nWORSE[%zu] = %d\n", i + 1, from - 0.5, i + 1,
		        to - 0.5, i + 1, i && strcmp(json_text(before, "verdict"), "regressed") == 0);
		gnuplot_set_number_item(s, "PART", (int)i + 1, isfinite(median) ? median / factor : NAN);
	}
}

static int prepare(const struct gnuplot *g, FILE *s, const struct drawing *d, struct err *e)
{
	char path[5000], unit[96];
	size_t runs = length_of(json_at(d->trend, "runs"));
	double highest = 0;
	int values = 0, endless = 0;
	for (size_t i = 0; i < runs; i++) {
		double value = value_at(item(d->trend, "runs", i), "value");
		values += !isnan(value);
		endless += isinf(value) != 0;
		highest = isfinite(value) ? fmax(highest, fabs(value)) : highest;
	}
	if (!values)
		return 1;
	double factor = axis_unit(highest, json_text(d->trend, "unit"), unit, sizeof(unit));
	snprintf(path, sizeof(path), "%s/trend.data", g->work);
	FILE *data = fopen(path, "we");
	if (!data)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	for (size_t i = 0; i < runs; i++) {
		struct json_object *run = item(d->trend, "runs", i);
		double value = value_at(run, "value");
		if (!isnan(value))
			fprintf(data, "%zu %.9g %d\n", i + 1, isinf(value) ? highest / factor : value / factor,
			        isinf(value) ? 1 : 2 * json_object_get_boolean(json_at(run, "unseen")));
	}
	if (fclose(data) != 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	char first[64], last[64];
	gnuplot_set_text(s, "FILE", path);
	gnuplot_set_text(s, "UNIT", unit);
	gnuplot_set_text(s, "FIRST", day_text(item(d->trend, "runs", 0), first, sizeof(first)));
	gnuplot_set_text(s, "LAST", day_text(item(d->trend, "runs", runs - 1), last, sizeof(last)));
	fprintf(s, "COUNT = %zu\nENDLESS = %d\nUNSEEN = %d\n", runs, endless, count_of(d->trend, "unseen"));
	put_marks(s, d->trend);
	put_parts(s, d->trend, factor);
	return 0;
}

static int draw(struct gnuplot *g, const struct drawing *d, const char *name, const char *title, struct err *e)
{
	FILE *s = gnuplot_picture_begin(g, name, title, e);
	return s ? gnuplot_picture_end(g, name, "trend.gp", s, prepare(g, s, d, e), e) : -1;
}

/* A trend and its picture. */
struct shown {
	struct drawing d;
	char name[32];
	int drawn; /* 1: no run has a value */
	struct err e;
};

static void draw_trend(struct gnuplot *g, struct shown *shown)
{
	char title[TEXT_ROOM];
	title_text(shown->d.doc, shown->d.trend, title, sizeof(title));
	shown->drawn = draw(g, &shown->d, shown->name, title, &shown->e);
}

/* The page stands in folder. */
static void put_trend(FILE *out, const char *folder, const struct shown *shown)
{
	const struct drawing d = shown->d;
	char title[TEXT_ROOM], text[TEXT_ROOM];
	size_t changes = length_of(json_at(d.trend, "changes"));
	title_text(d.doc, d.trend, title, sizeof(title));
	fputs("<section>\n<h2>", out);
	html_text(out, title);
	fputs("</h2>\n<ul>\n", out);
	for (size_t i = 0; i < changes; i++) {
		fputs("<li>", out);
		html_prose(out, change_text(d.trend, item(d.trend, "changes", i), text, sizeof(text)));
		fputs("</li>\n", out);
	}
	fputs(changes ? "</ul>\n" : "<li>no change found</li>\n</ul>\n", out);
	svg_figure(out, folder, shown->name, title,
	           shown->e.status     ? shown->e.text
	           : shown->drawn == 0 ? ""
	                               : "no run has a value");
	fputs("</section>\n", out);
}

static void put_head(FILE *out, struct json_object *const docs[], int count)
{
	char metric[128];
	fputs("<header>\n<h1>Trend", out);
	for (int i = 0; i < count && count <= 2; i++)
		html_textf(out, "%s%s", i ? ", " : ": ",
		           name_format(json_text(docs[i], "metric"), metric, sizeof(metric)));
	if (count > 2)
		html_textf(out, "s of %d metrics", count);
	fputs("</h1>\n<p class=\"note\">A dot is a run (a circle one in which no stop was seen); lines are the medians "
	      "between change points, found by E-Divisive with the energy distance (Matteson and James 2014): at most "
	      "one in twenty random orders of the sets between has a cut as good. A set is the runs that were made "
	      "together, such as the repeats of one night: what that night was like falls on all of them, so they are one "
	      "value, their median (of shares the mean), and it takes four sets on either side. Marks are where a version "
	      "is another than before, and where the link, the scale, the machine or the load is.</p>\n</header>\n",
	      out);
}

/* All trends of all documents, drawn; the caller frees. NULL: no memory. trouble: the first. */
static struct shown *trends_draw(struct json_object *const docs[], int count, const char *folder, int *ret_count,
                                 struct err *trouble)
{
	struct gnuplot pictures;
	size_t all = 0;
	int number = 0;
	for (int d = 0; d < count; d++)
		all += length_of(json_at(docs[d], "trends"));
	struct shown *shown = calloc(all + 1, sizeof(*shown));
	if (!shown)
		return NULL;
	int can_draw = gnuplot_begin(&pictures, folder, trouble) == 0;
	for (int d = 0; d < count; d++)
		for (size_t i = 0; i < length_of(json_at(docs[d], "trends")); i++) {
			struct shown *one = &shown[number++];
			one->d = (struct drawing){ docs[d], item(docs[d], "trends", i) };
			snprintf(one->name, sizeof(one->name), "trend_%d", number);
			if (can_draw)
				draw_trend(&pictures, one);
			else
				one->e = *trouble;
		}
	if (can_draw)
		gnuplot_end(&pictures);
	for (int i = 0; i < number && !trouble->status; i++)
		*trouble = shown[i].e;
	*ret_count = number;
	return shown;
}

int report_trend_page(struct json_object *const docs[], int count, const char *folder, struct err *e)
{
	struct whole_file file = { 0 };
	struct err trouble = { 0 };
	int number = 0;
	if (whole_file_open(&file, folder, "trend.html", e) < 0)
		return -1;
	if (html_begin(file.file, "Trend - migmeter", e) < 0) {
		whole_file_close(&file, -1, NULL);
		return -1;
	}
	struct shown *shown = trends_draw(docs, count, folder, &number, &trouble);
	if (!shown) {
		whole_file_close(&file, -1, NULL);
		return err_errno(e, EXIT_CANNOT, "cannot write '%s/trend.html'", folder);
	}
	put_head(file.file, docs, count);
	for (int i = 0; i < number; i++)
		put_trend(file.file, folder, &shown[i]);
	html_end(file.file);
	free(shown);
	if (whole_file_close(&file, 0, e) < 0)
		return -1;
	return trouble.status
	               ? err_set(e, trouble.status, "'%s/trend.html' is without some plots: %s", folder, trouble.text)
	               : 0;
}

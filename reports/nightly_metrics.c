/* A night as gauges for Prometheus. Declared in nightly.h. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/compare_view.h"
#include "reports/nightly.h"
#include "reports/run_data.h"

#include <ctype.h>
#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { NAME_ROOM = 200 };

/* The base unit of a unit: what a name ends in, and by what values are multiplied. Those that the formats know have a line
 * of their own. */
static const struct base_unit {
	const char *unit, *suffix;
	double factor;
	int known;
} units[] = {
	{ "ns", "seconds", 1e-9, 1 },
	{ "s", "seconds", 1, 1 },
	{ "bytes", "bytes", 1, 1 },
	{ "ratio", "ratio", 1, 1 },
	{ "percent", "ratio", 0.01, 1 },
	{ "ns/s", "ratio", 1e-9, 1 },
	{ "bytes/s", "bytes_per_second", 1, 0 },
	{ "s/GiB", "seconds_per_gibibyte", 1, 0 },
	{ "cores", "cores", 1, 0 },
	{ "count", "", 1, 0 },
	{ "", "", 1, 0 },
};

static const struct base_unit per_second = { "", "per_second", 1, 0 }; /* of work: in what, is a label */

/* Of work it is the unit without "/s"; of any other what is not known. */
static const struct base_unit *unit_find(const char *unit)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(units[i].unit, unit) == 0)
			return &units[i];
	return &per_second;
}

/* "migmeter_downtime_seconds" */
static char *family_name(const struct shown_comparison *row, char *buffer)
{
	const char *suffix = unit_find(row->unit)->suffix;
	size_t used =
		(size_t)snprintf(buffer, NAME_ROOM, "migmeter_%.100s%s%s", row->metric, *suffix ? "_" : "", suffix);
	for (size_t i = 0; i < used && i < NAME_ROOM - 1; i++)
		if (!isalnum((unsigned char)buffer[i]))
			buffer[i] = '_';
	return buffer;
}

/* ---- lines ---- */

static void put_family(FILE *out, const char *name, const char *unit, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
	if (*unit)
		fprintf(out, "# UNIT %s %s\n", name, unit);
}

static void put_label(FILE *out, const char *gap, const char *name, const char *value)
{
	fprintf(out, "%s%s=\"", gap, name);
	for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
		if (*c == '"' || *c == '\\')
			fputc('\\', out);
		fputc(*c < 0x20 || *c >= 0x7f ? '?' : *c, out);
	}
	fputc('"', out);
}

static void put_number(FILE *out, double value)
{
	if (isinf(value))
		fputs(value > 0 ? " +Inf\n" : " -Inf\n", out);
	else
		fprintf(out, " %.15g\n", value);
}

/* ---- the night ---- */

/* One sample of the night, with one more label or none. */
static void put_of_night(FILE *out, struct json_object *night, const char *name, const char *label, const char *value,
                         double number)
{
	fprintf(out, "%s{", name);
	put_label(out, "", "experiment", json_text(night, "name"));
	if (label)
		put_label(out, ",", label, value);
	fputc('}', out);
	put_number(out, number);
}

static void put_time(FILE *out, struct json_object *night, const char *key, const char *name, const char *help)
{
	int64_t at_ns = json_object_get_int64(json_at(night, key));
	put_family(out, name, "seconds", help);
	put_of_night(out, night, name, NULL, NULL, (double)(at_ns / NS_PER_S));
}

/* One sample of a case, with one more label. */
static void put_of_case(FILE *out, struct json_object *night, struct json_object *of, const char *name,
                        const char *label, const char *value, double number)
{
	fprintf(out, "%s{", name);
	put_label(out, "", "experiment", json_text(night, "name"));
	put_label(out, ",", "case", json_text(of, "case"));
	put_label(out, ",", label, value);
	fputc('}', out);
	put_number(out, number);
}

/* What a text of each case is, where it has one. */
static void put_texts(FILE *out, struct json_object *night, const char *key, const char *name, const char *label,
                      const char *help)
{
	put_family(out, name, "", help);
	for (int i = 0; i < json_length(night, "cases"); i++) {
		struct json_object *of = json_element(night, "cases", i);
		if (*json_text(of, key))
			put_of_case(out, night, of, name, label, json_text(of, key), 1);
	}
}

static void put_runs(FILE *out, struct json_object *night)
{
	static const char *const outcomes[] = { "complete", "failed", "skipped" };
	put_family(out, "migmeter_nightly_runs", "", "runs of the night by what became of them");
	for (int i = 0; i < json_length(night, "cases"); i++)
		for (int k = 0; k < 3; k++) {
			struct json_object *of = json_element(night, "cases", i);
			put_of_case(out, night, of, "migmeter_nightly_runs", "outcome", outcomes[k],
			            json_number(of, outcomes[k]));
		}
}

static void put_night(FILE *out, struct json_object *night)
{
	put_time(out, night, "began_ns", "migmeter_nightly_begin_timestamp_seconds", "when the night began");
	put_time(out, night, "ended_ns", "migmeter_nightly_end_timestamp_seconds", "when the night ended");
	put_family(out, "migmeter_nightly_status", "",
	           "exit status: 0 nothing regressed, 1 something did or runs failed, 3 nothing could be run");
	put_of_night(out, night, "migmeter_nightly_status", NULL, NULL, json_number(night, "status"));
	put_family(out, "migmeter_nightly_verdict", "", "1 for what the night came to");
	put_of_night(out, night, "migmeter_nightly_verdict", "verdict", json_text(night, "verdict"), 1);
	put_texts(out, night, "verdict", "migmeter_nightly_case_verdict", "verdict", "1 for what each case came to");
	put_texts(out, night, "baseline", "migmeter_nightly_baseline", "set",
	          "1 for the set that each case was compared with");
	put_runs(out, night);
}

/* ---- the metrics ---- */

typedef double value_fn(const struct shown_comparison *row);

static double value_of(const struct shown_comparison *row)
{
	return row->new.center *unit_find(row->unit)->factor;
}

/* Of something to something else; NAN where there is no number for it. */
static double change_of(const struct shown_comparison *row)
{
	double base = fabs(row->base.center);
	return isfinite(base) && base > 0 ? row->difference / base : NAN;
}

/* Of downtimes; where it is not 0 their median may be of what was no stop. */
static double unseen_of(const struct shown_comparison *row)
{
	return strcmp(row->metric, "downtime") == 0 && row->new.n ? (double)row->new.unseen / row->new.n : NAN;
}

static double regressed_of(const struct shown_comparison *row)
{
	return comparison_is(row, "not comparable") ? NAN : comparison_is(row, "regressed");
}

static void put_row(FILE *out, struct json_object *night, const struct shown_comparison *row, const char *family,
                    double value)
{
	char unit[64];
	if (isnan(value))
		return;
	fprintf(out, "%s{", family);
	put_label(out, "", "experiment", json_text(night, "name"));
	put_label(out, ",", "case", row->case_label);
	put_label(out, ",", "metric", row->metric);
	put_label(out, ",", "vm", row->vm);
	put_label(out, ",", "role", row->role);
	put_label(out, ",", "estimator", row->estimator);
	if (unit_find(row->unit) == &per_second) {
		snprintf(unit, sizeof(unit), "%.*s", (int)strcspn(row->unit, "/"), row->unit);
		put_label(out, ",", "work", unit);
	}
	fputc('}', out);
	put_number(out, value);
}

/* Each family once, with all its samples. */
static void put_values(FILE *out, struct json_object *night, struct json_object *compared)
{
	char name[NAME_ROOM], other[NAME_ROOM], help[NAME_ROOM], metric[128];
	for (int i = 0; i < comparison_count(compared); i++) {
		struct shown_comparison row = comparison_row(compared, i);
		const struct base_unit *unit = unit_find(row.unit);
		int known = 0;
		family_name(&row, name);
		for (int k = 0; k < i && !known; k++) {
			struct shown_comparison earlier = comparison_row(compared, k);
			known = strcmp(family_name(&earlier, other), name) == 0;
		}
		if (known)
			continue;
		snprintf(help, sizeof(help), "%.100s, the median of the night's runs (of a share the mean)",
		         name_format(row.metric, metric, sizeof(metric)));
		put_family(out, name, unit->known ? unit->suffix : "", help);
		for (int k = i; k < comparison_count(compared); k++) {
			struct shown_comparison one = comparison_row(compared, k);
			if (strcmp(family_name(&one, other), name) == 0)
				put_row(out, night, &one, name, value_of(&one));
		}
	}
}

static void put_all(FILE *out, struct json_object *night, struct json_object *compared, const char *family,
                    const char *unit, const char *help, value_fn *value)
{
	put_family(out, family, unit, help);
	for (int i = 0; i < comparison_count(compared); i++) {
		struct shown_comparison row = comparison_row(compared, i);
		put_row(out, night, &row, family, value(&row));
	}
}

int report_night_metrics(struct json_object *night, struct json_object *compared, const char *path, struct err *e)
{
	struct whole_file file = { 0 };
	if (whole_file_open(&file, NULL, path, e) < 0)
		return -1;
	put_night(file.file, night);
	if (compared) {
		put_values(file.file, night, compared);
		put_all(file.file, night, compared, "migmeter_no_stop_seen_ratio", "ratio",
		        "share of the night's runs whose downtime is not above its floor", unseen_of);
	}
	if (compared && report_night_has_baseline(night)) {
		put_all(file.file, night, compared, "migmeter_change_ratio", "ratio",
		        "difference from the baseline, as a share of the baseline's", change_of);
		put_all(file.file, night, compared, "migmeter_regressed", "", "1: it regressed", regressed_of);
	}
	fputs("# EOF\n", file.file);
	return whole_file_close(&file, 0, e);
}

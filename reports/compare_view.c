#include "reports/compare_view.h"

#include "reports/main_metric.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

/* ---- rows ---- */

/* A number that may be endless. */
static double number_at(struct json_object *row, const char *path)
{
	const char *text = json_text(row, path);
	return strcmp(text, "never") == 0    ? INFINITY
	       : strcmp(text, "-never") == 0 ? -INFINITY
	                                     : json_number(row, path);
}

static int count_at(struct json_object *row, const char *path)
{
	double count = json_number(row, path);
	return count >= 0 && count < 1e9 ? (int)count : 0;
}

static struct shown_side side_of(struct json_object *side)
{
	return (struct shown_side){
		.center = number_at(side, "center"),
		.n = count_at(side, "n"),
		.endless = count_at(side, "endless"),
		.missing = count_at(side, "missing"),
		.unseen = count_at(side, "unseen"),
		.values = json_at(side, "values"),
	};
}

static struct json_object *list_at(struct json_object *doc, const char *path)
{
	struct json_object *list = json_at(doc, path);
	return json_object_is_type(list, json_type_array) ? list : NULL;
}

static int length_of(struct json_object *list)
{
	return list ? (int)json_object_array_length(list) : 0;
}

int comparison_count(struct json_object *doc)
{
	return length_of(list_at(doc, "comparisons"));
}

struct shown_comparison comparison_row(struct json_object *doc, int index)
{
	struct json_object *row = json_object_array_get_idx(list_at(doc, "comparisons"), (size_t)index);
	return (struct shown_comparison){
		.case_label = json_text(row, "case"),
		.metric = json_text(row, "metric"),
		.vm = json_text(row, "vm"),
		.role = json_text(row, "role"),
		.estimator = json_text(row, "estimator"),
		.unit = json_text(row, "unit"),
		.better = json_text(row, "better"),
		.verdict = json_text(row, "verdict"),
		.vanished = json_object_get_boolean(json_at(row, "vanished")),
		.reason = json_text(row, "reason"),
		.alike = count_at(row, "alike"),
		.base = side_of(json_at(row, "base")),
		.new = side_of(json_at(row, "new")),
		.difference = number_at(row, "difference"),
		.low = number_at(row, "low"),
		.high = number_at(row, "high"),
		.threshold = json_number(row, "threshold"),
		.p = json_number(row, "p"),
		.p_adjusted = json_number(row, "p_adjusted"),
		.detectable = json_number(row, "detectable"),
	};
}

int comparison_cases(struct json_object *doc)
{
	return length_of(list_at(doc, "cases"));
}

struct json_object *comparison_case(struct json_object *doc, int index)
{
	return json_object_array_get_idx(list_at(doc, "cases"), (size_t)index);
}

int comparison_is_of(const struct shown_comparison *row, struct json_object *of)
{
	return strcmp(row->case_label, json_text(of, "case")) == 0;
}

int comparison_is(const struct shown_comparison *row, const char *verdict)
{
	return strcmp(row->verdict, verdict) == 0;
}

/* ---- texts ---- */

static void say(char *buffer, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Append. */
static void say(char *buffer, size_t room, const char *format, ...)
{
	size_t used = strlen(buffer);
	va_list args;
	va_start(args, format);
	vsnprintf(buffer + used, room - used, format, args);
	va_end(args);
}

char *compare_label(const struct shown_comparison *row, char *buffer, size_t room)
{
	char name[128];
	for (int i = 0; i < main_metric_count; i++)
		if (strcmp(main_metrics[i].metric, row->metric) == 0 &&
		    (!*main_metrics[i].estimator || strcmp(main_metrics[i].estimator, row->estimator) == 0)) {
			snprintf(buffer, room, "%s", main_metrics[i].label);
			if (row->alike > 1 && !*main_metrics[i].estimator && *row->estimator)
				say(buffer, room, " (%s)", row->estimator);
			return buffer;
		}
	snprintf(buffer, room, "%s", name_format(row->metric, name, sizeof(name)));
	if (*row->estimator)
		say(buffer, room, ", %s", name_format(row->estimator, name, sizeof(name)));
	return buffer;
}

char *compare_subject(const struct shown_comparison *row, char *buffer, size_t room)
{
	if (*row->role)
		snprintf(buffer, room, "%s (%s)", row->vm, row->role);
	else
		snprintf(buffer, room, "%s", row->vm);
	return buffer;
}

/* What has no end never comes; an amount is endless. */
static int is_time(const struct shown_comparison *row)
{
	return strcmp(row->unit, "ns") == 0;
}

char *compare_side_format(const struct shown_comparison *row, const struct shown_side *side, char *buffer,
                          size_t room)
{
	const char *endless = is_time(row) ? "never" : "endless", *gap = " (";
	if (isinf(side->center))
		snprintf(buffer, room, "%s", endless);
	else
		value_format(side->center, row->unit, buffer, room);
	if (side->endless && !isinf(side->center)) {
		say(buffer, room, "%s%s in %d of %d", gap, endless, side->endless, side->n);
		gap = ", ";
	}
	if (side->unseen) {
		say(buffer, room, "%s" NO_STOP_SEEN, gap);
		if (side->unseen < side->n)
			say(buffer, room, " in %d of %d", side->unseen, side->n);
		gap = ", ";
	}
	if (gap[0] == ',')
		say(buffer, room, ")");
	return buffer;
}

/* Two decimals of a per cent below 1 %, one below 100 %. */
static void say_share(char *buffer, size_t room, double share, const char *unit)
{
	double percent = 100 * share;
	if (isinf(share))
		say(buffer, room, "%s", share > 0 ? "never" : "-never");
	else if (fabs(percent) < 0.005)
		say(buffer, room, "0%s", unit);
	else
		say(buffer, room, "%+.*f%s", fabs(percent) < 0.995 ? 2 : fabs(percent) < 99.5 ? 1 : 0, percent, unit);
}

static void say_value(char *buffer, size_t room, double value, const char *unit)
{
	char text[96];
	say(buffer, room, "%s%s", value > 0 ? "+" : "", value_format(value, unit, text, sizeof(text)));
}

char *compare_difference(const struct shown_comparison *row, char *buffer, size_t room)
{
	double base = fabs(row->base.center);
	int in_shares = isfinite(base) && base > 0;
	buffer[0] = '\0';
	if (isnan(row->difference)) {
		snprintf(buffer, room, "missing");
	} else if (isinf(row->difference)) {
		int worse = row->difference > 0;
		if (is_time(row))
			snprintf(buffer, room, "%s", worse ? "never ends now" : "comes to an end now");
		else
			snprintf(buffer, room, "%s", worse ? "endless now" : "no longer endless");
	} else if (!in_shares) {
		say_value(buffer, room, row->difference, row->unit);
		if (isfinite(row->low) && isfinite(row->high)) {
			say(buffer, room, " (");
			say_value(buffer, room, row->low, row->unit);
			say(buffer, room, " to ");
			say_value(buffer, room, row->high, row->unit);
			say(buffer, room, ")");
		}
	} else {
		say_share(buffer, room, row->difference / base, " %");
		if (!isnan(row->low) && !isnan(row->high)) {
			say(buffer, room, " (");
			say_share(buffer, room, row->low / base, "");
			say(buffer, room, " to ");
			say_share(buffer, room, row->high / base, "");
			say(buffer, room, ")");
		}
	}
	return buffer;
}

/* "3.2 %", or in the unit where BASE is 0 */
static void say_size(const struct shown_comparison *row, double size, char *buffer, size_t room)
{
	double base = fabs(row->base.center);
	char text[96];
	if (isfinite(base) && base > 0)
		say(buffer, room, "%.3g %%", 100 * size / base);
	else
		say(buffer, room, "%s", value_format(size, row->unit, text, sizeof(text)));
}

char *compare_outcome(const struct shown_comparison *row, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s%s%s", row->verdict, *row->reason ? ": " : "", row->reason);
	if (!isnan(row->detectable)) {
		say(buffer, room, "%s ", *row->reason ? ";" : ":");
		say_size(row, row->detectable, buffer, room);
		say(buffer, room, " could have been");
	}
	return buffer;
}

char *compare_sentence(const struct shown_comparison *row, char *buffer, size_t room)
{
	char label[256], subject[256], from[128], to[128], difference[192];
	compare_subject(row, subject, sizeof(subject));
	snprintf(buffer, room, "%s%s%s: %s to %s, %s", compare_label(row, label, sizeof(label)),
	         *subject ? " of " : "", subject, compare_side_format(row, &row->base, from, sizeof(from)),
	         compare_side_format(row, &row->new, to, sizeof(to)),
	         compare_difference(row, difference, sizeof(difference)));
	return buffer;
}

char *compare_counts(struct json_object *doc, char *buffer, size_t room)
{
	static const char *const counted[][2] = { { "counts.regressed", "regressed" },
		                                  { "counts.improved", "improved" },
		                                  { "counts.no_difference_shown", "no difference shown" },
		                                  { "counts.not_comparable", "not comparable" } };
	const char *gap = ": ";
	int count = 0, few = 0;
	for (int i = 0; i < comparison_count(doc); i++) {
		struct json_object *row = json_object_array_get_idx(list_at(doc, "comparisons"), (size_t)i);
		count += !json_object_get_boolean(json_at(row, "alone"));
		few += json_object_get_boolean(json_at(row, "too_few"));
	}
	snprintf(buffer, room, "%d comparison%s", count, count == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++)
		if (count_at(doc, counted[i][0])) {
			say(buffer, room, "%s%d %s", gap, count_at(doc, counted[i][0]), counted[i][1]);
			gap = ", ";
		}
	if (few)
		say(buffer, room, "; %d of them %s too few runs to show any: %d a side are needed", few,
		    few == 1 ? "has" : "have", count_at(doc, "needed"));
	return buffer;
}

char *compare_changes(struct json_object *of, char *buffer, size_t room)
{
	struct json_object *list = list_at(of, "changes");
	buffer[0] = '\0';
	for (int i = 0; i < length_of(list); i++) {
		struct json_object *change = json_object_array_get_idx(list, (size_t)i);
		say(buffer, room, "%s%s: %s to %s", i ? "; " : "", json_text(change, "what"),
		    json_text(change, "base"), json_text(change, "new"));
	}
	if (count_at(of, "changes_left_out"))
		say(buffer, room, "; %d more", count_at(of, "changes_left_out"));
	return buffer;
}

char *compare_cautions(struct json_object *of, char *buffer, size_t room)
{
	static const struct {
		const char *count, *runs, *text;
	} cautions[] = {
		{ "new.shared", "new.runs", "of NEW are runs of BASE, too" },
		{ "base.failed", "base.runs", "of BASE failed" },
		{ "new.failed", "new.runs", "of NEW failed" },
		{ "base.skipped", "base.runs", "of BASE were skipped" },
		{ "new.skipped", "new.runs", "of NEW were skipped" },
		{ "base.link_flagged", "base.runs", "of BASE had a link that was not as asked" },
		{ "new.link_flagged", "new.runs", "of NEW had a link that was not as asked" },
		{ "base.never_converged", "base.runs", "of BASE never converged" },
		{ "new.never_converged", "new.runs", "of NEW never converged" },
		{ "base.disturbed", "base.runs", "of BASE were disturbed by other work on the machine or below it" },
		{ "new.disturbed", "new.runs", "of NEW were disturbed by other work on the machine or below it" },
		{ "base.unsteady", "base.runs", "of BASE were not steady at the end of warm-up" },
		{ "new.unsteady", "new.runs", "of NEW were not steady at the end of warm-up" },
	};
	buffer[0] = '\0';
	for (size_t i = 0; i < sizeof(cautions) / sizeof(*cautions); i++)
		if (count_at(of, cautions[i].count))
			say(buffer, room, "%s%d of %d runs %s", *buffer ? "; " : "", count_at(of, cautions[i].count),
			    count_at(of, cautions[i].runs), cautions[i].text);
	return buffer;
}

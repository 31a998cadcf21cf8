/*
 * The texts of compare_view.h.
 */
#include "reports/compare_view.h"
#include "reports/main_metric.h"
#include "reports/run_data.h"
#include "reports/sentence.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

char *compare_label(const struct shown_comparison *row, char *buffer, size_t room)
{
	char name[128];
	struct sentence s = sentence_begin(buffer, room);
	for (int i = 0; i < main_metric_count; i++)
		if (strcmp(main_metrics[i].metric, row->metric) == 0 &&
		    (!*main_metrics[i].estimator || strcmp(main_metrics[i].estimator, row->estimator) == 0)) {
			say(&s, "%s", main_metrics[i].label);
			if (row->alike > 1 && !*main_metrics[i].estimator && *row->estimator)
				say(&s, " (%s)", row->estimator);
			return buffer;
		}
	say(&s, "%s", name_format(row->metric, name, sizeof(name)));
	if (*row->estimator)
		say(&s, ", %s", name_format(row->estimator, name, sizeof(name)));
	return buffer;
}

char *compare_subject(const struct shown_comparison *row, char *buffer, size_t room)
{
	struct sentence s = sentence_begin(buffer, room);
	if (*row->role)
		say(&s, "%s (%s)", row->vm, row->role);
	else
		say(&s, "%s", row->vm);
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
	char value[96];
	struct sentence s = sentence_begin(buffer, room);
	say(&s, "%s", isinf(side->center) ? endless : value_format(side->center, row->unit, value, sizeof(value)));
	if (side->endless && !isinf(side->center)) {
		say(&s, "%s%s in %d of %d", gap, endless, side->endless, side->n);
		gap = ", ";
	}
	if (side->unseen) {
		say(&s, "%s" NO_STOP_SEEN, gap);
		if (side->unseen < side->n)
			say(&s, " in %d of %d", side->unseen, side->n);
		gap = ", ";
	}
	if (gap[0] == ',')
		say(&s, ")");
	return buffer;
}

/* Two decimals of a per cent below 1 %, one below 100 %. */
static void say_share(struct sentence *s, double share, const char *unit)
{
	double percent = 100 * share;
	if (isinf(share))
		say(s, "%s", share > 0 ? "never" : "-never");
	else if (fabs(percent) < 0.005)
		say(s, "0%s", unit);
	else
		say(s, "%+.*f%s", fabs(percent) < 0.995 ? 2 : fabs(percent) < 99.5 ? 1 : 0, percent, unit);
}

static void say_amount(struct sentence *s, double value, const char *unit)
{
	char text[96];
	say(s, "%s%s", value > 0 ? "+" : "", value_format(value, unit, text, sizeof(text)));
}

char *compare_difference(const struct shown_comparison *row, char *buffer, size_t room)
{
	double base = fabs(row->base.center);
	int in_shares = isfinite(base) && base > 0;
	struct sentence s = sentence_begin(buffer, room);
	if (isnan(row->difference)) {
		say(&s, "missing");
	} else if (isinf(row->difference)) {
		int worse = row->difference > 0;
		if (is_time(row))
			say(&s, "%s", worse ? "never ends now" : "comes to an end now");
		else
			say(&s, "%s", worse ? "endless now" : "no longer endless");
	} else if (!in_shares) {
		say_amount(&s, row->difference, row->unit);
		if (isfinite(row->low) && isfinite(row->high)) {
			say(&s, " (");
			say_amount(&s, row->low, row->unit);
			say(&s, " to ");
			say_amount(&s, row->high, row->unit);
			say(&s, ")");
		}
	} else {
		say_share(&s, row->difference / base, " %");
		if (!isnan(row->low) && !isnan(row->high)) {
			say(&s, " (");
			say_share(&s, row->low / base, "");
			say(&s, " to ");
			say_share(&s, row->high / base, "");
			say(&s, ")");
		}
	}
	return buffer;
}

/* "3.2 %", or in the unit where BASE is 0 */
static void say_size(struct sentence *s, const struct shown_comparison *row, double size)
{
	double base = fabs(row->base.center);
	char text[96];
	if (isfinite(base) && base > 0)
		say(s, "%.3g %%", 100 * size / base);
	else
		say(s, "%s", value_format(size, row->unit, text, sizeof(text)));
}

char *compare_outcome(const struct shown_comparison *row, char *buffer, size_t room)
{
	struct sentence s = sentence_begin(buffer, room);
	say(&s, "%s%s%s", row->verdict, *row->reason ? ": " : "", row->reason);
	if (!isnan(row->detectable)) {
		say(&s, "%s ", *row->reason ? ";" : ":");
		say_size(&s, row, row->detectable);
		say(&s, " could have been");
	}
	return buffer;
}

char *compare_sentence(const struct shown_comparison *row, char *buffer, size_t room)
{
	char label[256], subject[256], from[128], to[128], difference[192];
	struct sentence s = sentence_begin(buffer, room);
	compare_subject(row, subject, sizeof(subject));
	say(&s, "%s%s%s: %s to %s, %s", compare_label(row, label, sizeof(label)), *subject ? " of " : "", subject,
	    compare_side_format(row, &row->base, from, sizeof(from)),
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
	struct sentence s = sentence_begin(buffer, room);
	for (int i = 0; i < comparison_count(doc); i++) {
		struct json_object *row = json_element(doc, "comparisons", i);
		count += !json_object_get_boolean(json_at(row, "alone"));
		few += json_object_get_boolean(json_at(row, "too_few"));
	}
	say(&s, "%d comparison%s", count, count == 1 ? "" : "s");
	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++)
		if (json_count(doc, counted[i][0])) {
			say(&s, "%s%d %s", gap, json_count(doc, counted[i][0]), counted[i][1]);
			gap = ", ";
		}
	if (few)
		say(&s, "; %d of them %s too few runs to show any: %d a side are needed", few,
		    few == 1 ? "has" : "have", json_count(doc, "needed"));
	return buffer;
}

char *compare_changes(struct json_object *of, char *buffer, size_t room)
{
	struct sentence s = sentence_begin(buffer, room);
	for (int i = 0; i < json_length(of, "changes"); i++) {
		struct json_object *change = json_element(of, "changes", i);
		say(&s, "%s%s: %s to %s", i ? "; " : "", json_text(change, "what"), json_text(change, "base"),
		    json_text(change, "new"));
	}
	if (json_count(of, "changes_left_out"))
		say(&s, "; %d more", json_count(of, "changes_left_out"));
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
	struct sentence s = sentence_begin(buffer, room);
	for (size_t i = 0; i < sizeof(cautions) / sizeof(*cautions); i++)
		if (json_count(of, cautions[i].count))
			say(&s, "%s%d of %d runs %s", s.used ? "; " : "", json_count(of, cautions[i].count),
			    json_count(of, cautions[i].runs), cautions[i].text);
	return buffer;
}

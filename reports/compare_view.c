#include "reports/compare_view.h"

#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

/* A number that may be endless. */
static double number_at(struct json_object *row, const char *path)
{
	const char *text = json_text(row, path);
	return strcmp(text, "never") == 0    ? INFINITY
	       : strcmp(text, "-never") == 0 ? -INFINITY
	                                     : json_number(row, path);
}

static struct shown_side side_of(struct json_object *side)
{
	return (struct shown_side){
		.center = number_at(side, "center"),
		.n = json_count(side, "n"),
		.endless = json_count(side, "endless"),
		.missing = json_count(side, "missing"),
		.unseen = json_count(side, "unseen"),
		.values = json_at(side, "values"),
	};
}

int comparison_count(struct json_object *doc)
{
	return json_length(doc, "comparisons");
}

struct shown_comparison comparison_row(struct json_object *doc, int index)
{
	struct json_object *row = json_element(doc, "comparisons", index);
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
		.alike = json_count(row, "alike"),
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
	return json_length(doc, "cases");
}

struct json_object *comparison_case(struct json_object *doc, int index)
{
	return json_element(doc, "cases", index);
}

int comparison_is_of(const struct shown_comparison *row, struct json_object *of)
{
	return strcmp(row->case_label, json_text(of, "case")) == 0;
}

int comparison_is(const struct shown_comparison *row, const char *verdict)
{
	return strcmp(row->verdict, verdict) == 0;
}

/*
 * compare_view.h - the document of a comparison (analysis/compare_write.h) as people read it.
 */
#ifndef REPORTS_COMPARE_VIEW_H
#define REPORTS_COMPARE_VIEW_H

#include <stddef.h>
#include <stdio.h>

struct err;
struct json_object;

struct shown_side {
	double center; /* INFINITY: endless; NAN: no value */
	int n, endless, missing, unseen;
	struct json_object *values;
};

struct shown_comparison {
	const char *case_label, *metric, *vm, *role, *estimator, *unit, *better, *verdict, *reason;
	int alike;    /* so many rows of the case are of this metric and VM */
	int vanished; /* BASE's runs have it, and none of NEW */
	struct shown_side base, new;
	double difference, low, high; /* of NEW from BASE, in the unit */
	double threshold, p, p_adjusted, detectable;
};

/* Number `index` of the document's comparisons; all texts are good as long as the document. */
int comparison_count(struct json_object *doc);
struct shown_comparison comparison_row(struct json_object *doc, int index);

/* The rows of one case, by its place among the cases: the first and one behind the last. */
int comparison_cases(struct json_object *doc);
struct json_object *comparison_case(struct json_object *doc, int index);
int comparison_is_of(const struct shown_comparison *row, struct json_object *of);

int comparison_is(const struct shown_comparison *row, const char *verdict);

/* Each returns buffer.
 *	label       "downtime, network"; with the estimator where it would not say which: "baseline rate (intadd)"
 *	subject     "vm1 (migrating)", "src" for a node
 *	side        "212 ms", "never", "missing", "66 ms (no stop seen)"
 *	difference  "-10.1 % (-10.9 to -9.3)"; in the metric's unit where BASE is 0
 *	outcome     the verdict, and what else is to be said: how small a difference could have been shown
 *	sentence    "baseline rate of vm1 (migrating): 1.1 G to 0.98 G additions/s, -10.1 % (...)"
 */
char *compare_label(const struct shown_comparison *row, char *buffer, size_t room);
char *compare_subject(const struct shown_comparison *row, char *buffer, size_t room);
char *compare_side_format(const struct shown_comparison *row, const struct shown_side *side, char *buffer,
                          size_t room);
char *compare_difference(const struct shown_comparison *row, char *buffer, size_t room);
char *compare_outcome(const struct shown_comparison *row, char *buffer, size_t room);
char *compare_sentence(const struct shown_comparison *row, char *buffer, size_t room);

/* "12 comparisons: 1 regressed, 11 no difference shown; 3 of them have too few runs to show any: 6 a side are needed".
 * Returns buffer. */
char *compare_counts(struct json_object *doc, char *buffer, size_t room);

/* What was another in NEW: "hypervisor.qemu: 7.2.22 to 8.0.0; ..."; "" nothing. Returns buffer. */
char *compare_changes(struct json_object *of, char *buffer, size_t room);

/* What a reader should know before trusting a case: failed runs, links not as asked; "" nothing. Returns buffer. */
char *compare_cautions(struct json_object *of, char *buffer, size_t room);

#endif

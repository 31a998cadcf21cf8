/*
 * compare_rules.h - which metrics are compared when nobody says which, and by how much one must change to matter.
 *
 * To change either, change a row of analysis/compare_rules.c. The first row that fits a value's metric and estimator
 * counts. Which way is better is in analysis/definitions.c.
 */
#ifndef ANALYSIS_COMPARE_RULES_H
#define ANALYSIS_COMPARE_RULES_H

#include "analysis/resample.h"

struct err;

struct compare_rule {
	const char *metric, *estimator; /* patterns of fnmatch(3); NULL ends */
	double share;                   /* of the base's centre */
	double least;                   /* in the metric's unit; the larger of the two is the threshold */
	int by_default;                 /* compared when nobody says which */
	enum center center;
	/* Of a missing value the reason (a pattern) that makes it endless: worse than any value, no gap. Where there is one, the
	 * value of a migration that never converged is endless, too. NULL: none does. */
	const char *endless;
};

extern const struct compare_rule compare_rules[];

/* Never NULL: the last row fits all. */
const struct compare_rule *compare_rule_find(const char *metric, const char *estimator);

/* What a value of a run is worth: what an aborted migration has measured until it was is none of a migration. */
enum value_worth {
	VALUE_KNOWN,
	VALUE_ENDLESS, /* worse than any */
	VALUE_MISSING,
	VALUE_ABORTED, /* missing, since the migration never converged: those that did speak for themselves only */
};

/* Of one that is known, or missing for a reason, in a run whose migration never converged, or did (or had none). */
enum value_worth compare_value_worth(const char *metric, const char *estimator, int known, const char *reason,
                                     int never_converged);

/* Whether a value is missing because of what was measured (no overload was seen, the VM did not move), not since nothing was;
 * by the reason. */
int compare_is_of_data(const char *reason);

enum { COMPARE_CHOICES_MAX = 32 };

/* What is asked for: metrics, and thresholds of one's own. */
struct compare_choices {
	const char
		*metrics[COMPARE_CHOICES_MAX]; /* METRIC, METRIC:ESTIMATOR (patterns), or "all"; none: by default */
	int metric_count;
	struct {
		char metric[128]; /* the same, "" for all */
		double share;
	} thresholds[COMPARE_CHOICES_MAX]; /* the last that fits counts */
	int threshold_count;
};

/* "downtime", "downtime:network", "worst_op_*:*:migration", "all". EXIT_USAGE when no metric is called so, or none of them
 * has a better direction. The text must live as long as the choices. */
int compare_choose_metric(struct compare_choices *c, const char *text, struct err *e);

/* "5%": the share of all, their least stays. "downtime:network=20%": of these, without a least. */
int compare_choose_threshold(struct compare_choices *c, const char *text, struct err *e);

int compare_is_chosen(const struct compare_choices *c, const char *metric, const char *estimator);

/* In the metric's unit, for a base with this centre. */
double compare_threshold(const struct compare_choices *c, const char *metric, const char *estimator, double center);

#endif

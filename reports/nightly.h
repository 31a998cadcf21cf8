/*
 * nightly.h - show a night: its document (analysis/nightly_write.h) and that of its comparison, which is NULL where there
 * was nothing to compare.
 */
#ifndef REPORTS_NIGHTLY_H
#define REPORTS_NIGHTLY_H

#include <stdio.h>

struct err;
struct json_object;

/* Whether any case was compared with another set. */
int report_night_has_baseline(struct json_object *night);

/* The verdict, what changed, a table of the cases, and what was amiss. */
int report_night_text(FILE *out, struct json_object *night, struct json_object *compared, struct err *e);

/* summary.txt, index.html with links to the pages that the folder has, and metrics.prom. */
int report_night(struct json_object *night, struct json_object *compared, const char *folder, struct err *e);

/*
 * The same as gauges in the text format that Prometheus and OpenMetrics have in common, whole by rename, at path: for
 * node_exporter's textfile collector, which reads *.prom.
 *
 *	migmeter_nightly_*                          of the night: times, verdict, runs
 *	migmeter_nightly_case_verdict{case,verdict} 1: what the case came to (analysis/nightly.h)
 *	migmeter_nightly_baseline{case,set}         1: the set that it was compared with
 *	migmeter_METRIC_UNIT{case,metric,vm,role,estimator}        median over the runs (of a share: mean), in base units
 *	migmeter_no_stop_seen_ratio{the same}       of downtimes: in which share of the runs it was not above its floor
 *	migmeter_change_ratio{the same}             of it from the baseline's
 *	migmeter_regressed{the same}                1: it regressed
 */
int report_night_metrics(struct json_object *night, struct json_object *compared, const char *path, struct err *e);

#endif

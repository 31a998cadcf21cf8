/*
 * compare_write.h - a comparison as the document that everything shown of it is made from (`migmeter compare --format json`,
 * comparison.json).
 *
 *	format, base, new (folders), level, resamples, seed, tested, needed, verdict
 *	counts      how many: improved, regressed, no_difference_shown, not_comparable
 *	cases       case, base and new {runs, failed, skipped, link_flagged, unsteady, disturbed, never_converged, folders,
 *	            lost (a VM), said (why the first that failed or was skipped did), typical; of new: shared (runs that
 *	            are BASE's, too)}, why (not comparable; ""), alone (it has no BASE, and nothing was compared),
 *	            broken (runs of NEW failed, or there is none and has to be), changes [what, base, new, forbids]
 *	comparisons case, metric, vm, role, estimator, alike (rows of this metric and VM), unit, better, center ("median",
 *	            "mean"),
 *	            base and new {center, n, endless, missing, unseen (of the values: downtimes that are not above
 *	            their floor), values}, difference, low, high, share (of base's centre), threshold, p,
 *	            p_adjusted (null: no part of the family), method, detectable, verdict, too_few (whatever the
 *	            runs were, nothing could have been shown), alone, vanished (runs of BASE have it and none of NEW), reason
 *
 * Times and sizes are in `unit`. What is not known is null; what is endless is "never" (a difference "-never" where NEW
 * comes to an end and BASE did not).
 */
#ifndef ANALYSIS_COMPARE_WRITE_H
#define ANALYSIS_COMPARE_WRITE_H

#include "analysis/compare.h"

struct json_object;

/* The caller's. */
struct json_object *comparison_json(const struct comparison *c, const char *base, const char *new);

#endif

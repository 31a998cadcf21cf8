/*
 * trend.h - a metric over the runs of a history, and where it changed (analysis/change_points.h). What changes is a series of
 * sets (analysis/trend_sets.h), each with the centre of its runs, as compare takes it: of most metrics the median. The
 * document that is shown of it:
 *
 *	format, metric, estimator (as asked for; "" any), better
 *	trends   name (of the experiment), point (of its sweep), estimator, unit, sets (how many), runs [wall_ns, id, directory, qemu, libvirt, kernel, version,
 *	         set (its number), value (null: missing, "never": endless), unseen (it is a downtime not above its floor), aborted (it is
 *	         missing, since the migration never converged), conditions (what else is another than in the run before,
 *	         "link.asked.rtt 0ns to 6ms"; "" nothing, null: not known), forbids (which of them makes it another question,
 *	         as compare has it: "link"; "")], changes [at (of the runs, the first behind it), p, before, after (medians of sets),
 *	         verdict (improved, regressed, changed), versions (what changed with it, "qemu 7.2.22 to 8.0.0"; "" nothing),
 *	         conditions (as of a run)]
 */
#ifndef ANALYSIS_TREND_H
#define ANALYSIS_TREND_H

struct err;
struct history;
struct json_object;

/* metric: METRIC or METRIC:ESTIMATOR; name and point NULL: all. The caller's; NULL with EXIT_USAGE when there is no such
 * metric, or no run has it. */
struct json_object *trend_json(struct history *h, const char *metric, const char *name, const char *point,
                               struct err *e);

#endif

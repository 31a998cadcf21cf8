/*
 * boundary.h - what a study with [bisect] has found: the boundary in each block (what else varies, "mode=precopy"), every
 * value tried, and how the hypervisor's forecasts held there.
 *
 *	boundary.csv    block,state,low,high,contrary,runs
 *	                state: found (between low and high), below (not even the lowest value converged), above (even the
 *	                highest did), open (the search has not ended)
 *	tried.csv       block,at,runs,rate_unit,share,baseline_rate,migration_time,expected_downtime_error_first,.._median,.._last,
 *	                remaining_time_error_first,.._median,.._last: means over the repeats, the errors in ns, positive where
 *	                more was expected than came; missing where nothing came
 */
#ifndef ANALYSIS_BOUNDARY_H
#define ANALYSIS_BOUNDARY_H

struct err;
struct study_runs;

/* Write both files. s must have a search. */
int boundary_write(const struct study_runs *s, const char *directory, struct err *e);

#endif

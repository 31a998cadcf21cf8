#include "analysis/asked.h"

#include "analysis/cluster_series.h"
#include "analysis/schedule.h"
#include "bench/base/clock.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS_MAX = 10000 }; /* of a schedule that repeats */

/* A constant share is a step without end. */
static struct schedule schedule_of(const struct run_workload *w)
{
	struct schedule s;
	schedule_read(&s, w->schedule);
	if (!w->schedule[0]) {
		s.count = 1;
		s.steps[0].share = w->share;
		s.steps[0].length_ns = INT64_MAX;
	}
	s.repeat = w->repeats;
	return s;
}

int asked_write(const struct run *run, const struct run_vm *vm, const struct run_workload *description,
                const struct vm_samples *samples, const struct workload_samples *workload, struct err *e)
{
	int64_t origin_ns = cluster_begin_ns(run), at_ns = workload->first_guest_ns,
		last_ns = workload->last_guest_ns;
	char name[RUN_NAME_ROOM + 24];
	struct whole_file out = { 0 };
	if (origin_ns == MISSING || !description || strcmp(description->unit, "busy ns") != 0 ||
	    (!description->schedule[0] && isnan(description->share)))
		return 0;
	const struct schedule s = schedule_of(description);
	snprintf(name, sizeof(name), "plots/asked-%s.csv", vm->name);
	if (whole_file_open(&out, run->directory, name, e) < 0)
		return -1;
	fputs("time_s,percent\n", out.file);
	for (int i = 0; s.count && i < STEPS_MAX && at_ns < last_ns && (i < s.count || s.repeat); i++) {
		int64_t length_ns = s.steps[i % s.count].length_ns;
		int64_t until_ns = length_ns < last_ns - at_ns ? at_ns + length_ns : last_ns;
		for (int end = 0; end < 2; end++) {
			int64_t head_ns = clock_map_head(samples->map, end ? until_ns : at_ns);
			fprintf(out.file, "%.3f,%.2f\n", (double)(head_ns - origin_ns) / NS_PER_S,
			        100 * s.steps[i % s.count].share);
		}
		at_ns = until_ns;
	}
	return whole_file_close(&out, 0, e);
}

/*
 * trace_file.h - arrivals from a CSV file with a header: arrival_s and, each optional, work_s, memory_bytes, used_bytes, home (a
 * node, from 0) and kind (small, medium or large); what is left out or empty is drawn, or a key's. Rows in order of time. Not for
 * the simulator: when jobs were done on machines, and the interval of work_s (done_s, done_low_s, done_high_s,
 * done_n, work_low_s, work_high_s), and under which policy, as `migmeter model jobs` writes them. Any other column is an error, so
 * that no misspelt one is passed over.
 *
 * A trace is read once and shared by all points of a simulation: trace_share() it, and trace_free() it as often.
 */
#ifndef BENCH_EXPERIMENT_TRACE_FILE_H
#define BENCH_EXPERIMENT_TRACE_FILE_H

#include "bench/base/option.h"
#include "bench/placement/scenario.h"

struct err;

/* The highest of something, and the line of the file that has it; 0 where there is none. */
struct trace_most {
	int64_t value, line;
};

struct trace {
	char path[OPTION_STRING_ROOM];
	struct simulated_vm *vms; /* in order of time; home and kind -1, the others 0: not given */
	int64_t count;            /* at least 1 */
	/* What is asked of the scenario that it is for: nodes, memory of a node, and of a VM whose own is not given. */
	struct trace_most home, memory_bytes, used_bytes;
	int users;
};

/* NULL: the file cannot be read, or is none such: FILE:LINE and what is wrong. */
struct trace *trace_read(const char *path, struct err *e);

/* -1 when a VM's home is no node of the scenario, it is larger than a node, or has more in use than it is large. */
int trace_fits(const struct trace *t, const struct scenario *s, struct err *e);

struct trace *trace_share(struct trace *t);
void trace_free(struct trace *t);

#endif

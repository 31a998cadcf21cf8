/*
 * job_trace.h - a scenario that was run on machines made into a trace for the simulator, so that both can be compared.
 *
 * Of a study whose VMs all have the same job of fixed size, and all begin it at the same time: the runs with one VM say how
 * much CPU time the job takes (their job_time: alone on its node), those with several VMs which of them there are and when
 * they were done. VMs with the same job at the same node cannot be told apart, and which of them a policy moves is chance:
 * so they are told apart by the order in which they are done.
 */
#ifndef ANALYSIS_JOB_TRACE_H
#define ANALYSIS_JOB_TRACE_H

#include <stdio.h>

struct err;

/*
 * Write the trace of the study in `directory` as CSV: arrival_s,work_s,memory_bytes,used_bytes,home,done_s,done_low_s,
 * done_high_s,done_n,work_low_s,work_high_s,policy; a row a VM; home: 0 src, 1 dst; work: the mean alone, and its 95 % interval;
 * policy: that moved the VMs, where the runs say it. The columns done_* are of the first VM that was done on the machines, the
 * second, and so on: the mean over the runs and its 95 % interval; they are not about the VM of the row.
 *
 * Runs with several VMs are to be of one point: that which has the words `only`; NULL: of the only one. EXIT_USAGE when the study
 * is not such a one.
 */
int job_trace_write(const char *directory, const char *only, FILE *out, struct err *e);

#endif

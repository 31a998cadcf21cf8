/*
 * transfer_run.h - what one measured migration says for a model of transfers: its memory, dirty rate, link and round
 * trip, and the time and the lost work that came of them. Of use are plain pre-copies over the link alone: what sends
 * less or more than the memory (disks, compression, reuse), over several connections, slower than the link, or over one that
 * loses frames is not.
 */
#ifndef ANALYSIS_TRANSFER_RUN_H
#define ANALYSIS_TRANSFER_RUN_H

struct err;

struct transfer_run {
	char directory[4096 + 256];
	char reason[300]; /* why it is of no use; "" when it is */
	char real[4096];  /* the directory, by its real path */
	char tcp[100];    /* buffers and congestion control */
	double used_bytes, dirty_per_s;
	double rate_bits_per_s,
		rtt_ns;        /* as measured before; the rate by what came through, of what an ideal link lets */
	double time_s, lost_s; /* migration_time to completion, lost_work of the VM that moves */
};

/*
 * The runs of a run directory, or of all in a study: appended to *list, which is the caller's to free. -1: directory is
 * neither, one of its runs is in the list already, or memory is short. All of a VM's memory counts as used when it was filled with
 * random bytes (less what is beyond the scale); without that the run is of no use. The dirty rate is memdirty's rate in the
 * baseline, whichever of its workloads that is, else 0.
 */
int transfer_runs_read(const char *directory, struct transfer_run **list, int *count, struct err *e);

/*
 * One model is of one TCP: the setting that most runs of use have. The others become of no use. -1: two settings have as many;
 * which then, the order of the runs would decide.
 */
int transfer_runs_one_tcp(struct transfer_run *runs, int count, struct err *e);

#endif

/*
 * job.h - libvirt's job fields under our names, with the unit in the name; used for job-VM.csv while a job is active
 * and for the completed statistics in the manifest, so that one field has one name in both.
 *
 * The exception is `downtime`: what libvirt expects while the job is active is downtime_expected_ns, what it measured
 * in the end is downtime_ns.
 */
#ifndef COLLECTORS_JOB_H
#define COLLECTORS_JOB_H

#include <libvirt/libvirt.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

enum job_kind {
	JOB_NUMBER,    /* scaled */
	JOB_OPERATION, /* enum virDomainJobOperation, written as a word such as migration_out */
	JOB_FINAL,     /* text or boolean of a completed job only; not in job-VM.csv */
};

struct job_column {
	const char *field;  /* libvirt's name */
	const char *column; /* ours while the job is active */
	int64_t scale;      /* libvirt's unit in ours: 1, or 10^6 for ms in ns */
	enum job_kind kind;
	const char *completed; /* ours in completed statistics, where it differs; else NULL */
};

extern const struct job_column job_columns[];
extern const size_t job_column_count;

/* "head_ns,..." of job-VM.csv. Returns buffer. */
char *job_csv_header(char *buffer, size_t room);

/* The row of an active job, stamp first; absent fields are `missing`. Returns buffer. */
char *job_csv_row(int64_t head_ns, virTypedParameterPtr params, int count, char *buffer, size_t room);

/*
 * Statistics of a completed job as an object, under the names above; absent fields are absent, a field that libvirt
 * has and we do not know keeps libvirt's name and unit. The caller owns it (json_object_put).
 */
struct json_object *job_stats_json(virTypedParameterPtr params, int count);

/* What virDomainGetJobStats() said of the operation; VIR_DOMAIN_JOB_OPERATION_UNKNOWN where it said nothing. */
int job_operation(virTypedParameterPtr params, int count);

/* A migration of VM `name` is about to begin : look at full pace (from at most 250 ms later on). state is
 * the running collector's, or NULL; any thread. */
void job_expect(void *state, const char *name);

/* Where a migration is, for a progress line; 0 before the first answer. */
struct job_progress {
	int64_t total_bytes, remaining_bytes, sent_bytes; /* of memory */
	int64_t bytes_per_s;                              /* as libvirt says, of the last pass */
	int64_t dirty_bytes_per_s;                        /* likewise; 0 in the first pass */
};

/* The newest answer for VM `name` from the running collector's state; any thread. */
void job_last(const void *state, const char *name, struct job_progress *ret);

#endif

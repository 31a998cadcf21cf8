/*
 * sample_store.h - the samples of one workload by sequence number, whatever order they came in.
 *
 * Samples are 40-byte records in an unnamed temporary file in the run directory, at seq * 40: that sorts them, makes
 * a duplicate fall on its twin, and keeps memory flat with the length of the run (one block of 160 KiB a store).
 *
 *	sample_store_open(&store, directory, &e);
 *	sample_store_put(store, seq, &sample, &e);      // any order
 *	sample_store_rewind(store, &e);
 *	while ((got = sample_store_next(store, &sample, &e)) > 0)
 *		...                                     // ascending seq, holes left out
 */
#ifndef ANALYSIS_SAMPLE_STORE_H
#define ANALYSIS_SAMPLE_STORE_H

#include <stdint.h>

struct err;
struct sample_store;

struct stored_sample {
	int64_t guest_ns;
	int64_t head_ns; /* arrival; MISSING for one that was fetched later */
	int64_t work;
	int64_t worst_op_ns;      /* MISSING: not kept */
	int64_t worst_service_ns; /* from the real begin on; MISSING: not kept */
};

/* -1 when no temporary file can be made in the directory. */
int sample_store_open(struct sample_store **ret, const char *directory, struct err *e);

/* seq 0 .. 2^32 - 1, all values not negative (head_ns may be MISSING). Of twins the one that arrived first stays.
 * Returns 1 when it is new, 0 for a twin, -1 when it cannot be written. */
int sample_store_put(struct sample_store *store, int64_t seq, const struct stored_sample *sample, struct err *e);

/* Begin again at the lowest seq. */
int sample_store_rewind(struct sample_store *store, struct err *e);

/* 1 and the next sample, 0 at the end, -1 when it cannot be read. */
int sample_store_next(struct sample_store *store, struct stored_sample *ret, struct err *e);

/* NULL is fine. */
void sample_store_close(struct sample_store *store);

#endif

/*
 * store.h - every sample of one workload, in memory that is there before it is needed.
 *
 * One thread at a time appends (who samples, and must never wait for memory), one reserves ahead (the control thread), any
 * may read what was appended.
 */
#ifndef WORKLOADS_STORE_H
#define WORKLOADS_STORE_H

#include "bench/base/sample_wire.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

#define STORE_CHUNK_SAMPLES 8192 /* 320 KiB; 8 s at 1 ms */
#define STORE_CHUNKS 8192        /* 6.7e7 samples: 18 hours at 1 ms */

struct store {
	_Atomic uint32_t next; /* samples appended so far, the seq of the next one */
	struct sample *_Atomic chunk[STORE_CHUNKS];
};

/* Make sure that the chunk in use and the one after it are there, resident and locked. Call it before the first
 * append and then every second or so. Returns -1 when memory is short. */
int store_reserve(struct store *s, struct err *e);

/* Append; the store gives the sample its seq. Returns false, and drops it, when there is no room. */
bool store_append(struct store *s, struct sample sample);

/* Copy up to `count` samples from seq `first` on; returns how many there were. */
int store_read(const struct store *s, uint32_t first, int count, struct sample *ret);

void store_free(struct store *s);

#endif

/*
 * ping.h - downtimes as people read them from a ping, to stand beside the estimators.
 *
 *	lost   (echoes lost in a row + 1) x the interval, 0 where none was lost: the usual script
 *	gap    longest time without an answer - the interval
 *
 * An echo that waits in a queue while the VM is stopped is answered late, not lost.
 */
#ifndef ANALYSIS_PING_H
#define ANALYSIS_PING_H

#include "analysis/downtime.h"

struct err;

enum ping_reading { PING_LOST, PING_GAP };

struct pings; /* the answers of one VM */

/* 0; 1 when there is no ping-VM.csv; -1. Free with pings_free(). */
int pings_read(struct pings **ret, const struct run *run, const struct run_vm *vm, struct err *e);
void pings_free(struct pings *p); /* NULL is fine */

/* The answer for a window of any place, with the floor of its baseline. value_ns MISSING: no pings there. */
void pings_downtime(const struct pings *p, int64_t interval_ns, enum ping_reading reading,
                    const struct downtime_window *window, struct downtime *ret);

#endif

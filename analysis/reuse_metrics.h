/*
 * reuse_metrics.h - what relays with a store of pages kept off the link: reuse-NODE.csv (bench/migrate/reuse/reuse_relay.h).
 *
 * The measured migration is all connections that began at migrate-start or later; those before it, of the moves before the
 * measured one, are in plots/reuse-moves.csv only. All are told apart at the near relay, where QEMU sends.
 */
#ifndef ANALYSIS_REUSE_METRICS_H
#define ANALYSIS_REUSE_METRICS_H

#include "analysis/metrics.h"

#include <stdbool.h>

struct err;

/*
 * reuse_bytes, reuse_share, reuse_pages, reuse_zstd, reuse_store, reuse_cpu; writes
 *	plots/reuse.csv         time_s,stream_bytes,link_bytes,disk_stream_bytes,disk_link_bytes of the measured migration, so
 *	                        far: of its stream, and of disks
 *	plots/reuse-moves.csv   from,begin_s,end_s,measured,stream_bytes,link_bytes,back_bytes,pages,referenced,stored,state,
 *	                        kind: a row each connection that carried something
 * What disks that are copied along take has metrics of its own, with `disk` before their estimators.
 * No relays: nothing. *ret_there: whether there were any.
 */
int reuse_metrics(const struct run *run, struct metrics *metrics, bool *ret_there, struct err *e);

#endif

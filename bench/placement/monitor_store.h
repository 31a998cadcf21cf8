/*
 * monitor_store.h - the monitor's database: an SQLite file that any client may read while it is written (WAL).
 *
 * Its schema says itself what it holds, with units (`sqlite3 FILE .schema`); the version is PRAGMA user_version:
 *	sample       a row a second for each node (vm = '') and for each VM on it: raw, counters cumulative. A value that
 *	             could not be had is NULL, and then `missing` says why
 *	clock_pair   the head's clock beside the wall clock, every minute: times are the head's CLOCK_MONOTONIC
 *	rate         (view) what each row's counters say of the time since the node's or VM's row before: CPU in cores,
 *	             bytes per second, with wall time
 *
 * A second is in the database with all its rows or not at all, whenever the writer dies. After a power failure the last
 * seconds may be lost, and the rest is whole. Rows older than keep_ns are deleted, and their room is used again, so
 * that the file grows for keep_ns and then no more (about 110 bytes a row). The log beside it (FILE-wal) stays at some
 * 4 MiB, unless a reader keeps a transaction open.
 *
 *	monitor_store_open(&s, path, keep_ns, &e);
 *	monitor_store_begin(s, &e); monitor_store_add(s, due_ns, node, &reading, &e) ...; monitor_store_commit(s, now, &e);
 *	monitor_store_close(s);
 *
 * Used by one thread at a time.
 */
#ifndef BENCH_PLACEMENT_MONITOR_STORE_H
#define BENCH_PLACEMENT_MONITOR_STORE_H

#include "bench/placement/monitor_source.h"

struct err;
struct monitor_store;

enum { MONITOR_SCHEMA_VERSION = 1 };

/*
 * Make the file, or go on with one that was written since this machine booted. Refused, untouched, with EXIT_USAGE: a
 * file that is something else, has another schema version, or is of another boot (its times mean nothing now).
 */
int monitor_store_open(struct monitor_store **ret, const char *path, int64_t keep_ns, struct err *e);

/* One transaction. After a failure of begin, add or commit nothing of it is there, and begin may be called again, as
 * after one that was not committed; one that another client locks out fails after 0.2 s. */
int monitor_store_begin(struct monitor_store *s, struct err *e);
int monitor_store_add(struct monitor_store *s, int64_t due_ns, const char *node, const struct monitor_reading *r,
                      struct err *e);
/* now_ns: head time from which rows age. */
int monitor_store_commit(struct monitor_store *s, int64_t now_ns, struct err *e);

/* Unless another has it open, all is in the one file then, and no log beside it. NULL is fine. */
void monitor_store_close(struct monitor_store *s);

#endif

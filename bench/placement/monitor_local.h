/*
 * monitor_local.h - the own counters of a node on this machine, from /proc: none of them waits for its hypervisor.
 *
 * CPU time is of the node's core (proc_read.h says from where), network that of its devices in its namespace. Memory
 * and disks are the machine's: local nodes share them, and each shows them all.
 */
#ifndef BENCH_PLACEMENT_MONITOR_LOCAL_H
#define BENCH_PLACEMENT_MONITOR_LOCAL_H

#include "bench/placement/monitor_source.h"

struct err;
struct local_counters;

int local_counters_open(struct local_counters **ret, const struct monitor_node *node, struct err *e);
void local_counters_close(struct local_counters *c); /* NULL is fine */

/* Fill what can be read and say why the rest is missing. */
void local_counters_read(struct local_counters *c, struct monitor_reading *ret);

/*
 * The parsers of captured text, for tests; 0, or -1: it is not there.
 *	/proc/net/dev    bytes of the named devices together; one that is not there counts nothing. NULL ends
 *	/proc/diskstats  bytes of the disks that `is_disk` takes together
 */
int net_dev_parse(const char *text, const char *const *devices, int64_t *ret_received, int64_t *ret_sent);
int diskstats_parse(const char *text, bool (*is_disk)(const char *name), int64_t *ret_read, int64_t *ret_written);

#endif

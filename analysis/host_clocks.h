/*
 * host_clocks.h - wall clocks of remote nodes on head time, from clocks.csv (collectors/hosts.c).
 *
 * A reading is taken between two stamps of the head, so the clock's offset is known to half their distance: the stamp then
 * lies at the middle, +- that half. Of all readings the one serves whose half, plus what two clocks may drift apart in the time
 * to the stamp, is least; drift is bounded by 100 ppm, twice what crystals are sold for (and a fifth of how fast the kernel
 * slews a clock that is being set: a node whose time daemon corrects its clock meanwhile is off by more).
 */
#ifndef ANALYSIS_HOST_CLOCKS_H
#define ANALYSIS_HOST_CLOCKS_H

#include <stdint.h>

struct err;
struct host_clocks;

/* *ret is NULL where the run has none (its nodes are on the head); the caller frees. -1 on bad content. */
int host_clocks_read(struct host_clocks **ret, const char *directory, struct err *e);
void host_clocks_free(struct host_clocks *c);

/* Head time of a node's wall-clock stamp, and its error. -1: nothing was read of that node. */
int host_clocks_map(const struct host_clocks *c, const char *node, int64_t wall_ns, int64_t *ret_head_ns,
                    int64_t *ret_error_ns);

#endif

/*
 * reuse_pace.h - how much of what a relay takes of a VM's memory the link has to carry, at present.
 *
 * QEMU stops a VM when what is left of its memory takes no longer than its downtime limit at the pace that it sees. Through relays
 * it sees theirs: pages that the far side has go ten times as fast as the link. What is left when a pass ends is what the VM has
 * just written, which the far side has not, so that the stop takes longer than was allowed. The limit times this share is right:
 * the pace that QEMU sees times that limit is then what the link carries in the time that was allowed. (QEMU 8.2 has
 * avail-switchover-bandwidth for this, libvirt nothing.)
 */
#ifndef BENCH_MIGRATE_REUSE_REUSE_PACE_H
#define BENCH_MIGRATE_REUSE_REUSE_PACE_H

#include <stdatomic.h>
#include <stdint.h>

/* What a relay says of a connection, in memory that it shares: taken from QEMU so far, and of that pages sent as a reference. */
struct reuse_live {
	_Atomic uint64_t raw_bytes, referenced_bytes;
};

struct reuse_pace {
	int64_t from_ns; /* 0: at the beginning */
	uint64_t raw_bytes, referenced_bytes;
	double share;
};

/* From 0.05 to 1, over the last 100 ms or more, as long as QEMU looks back; 1 while nothing is known. */
double reuse_pace_look(struct reuse_pace *p, int64_t now_ns, const struct reuse_live *live);

#endif

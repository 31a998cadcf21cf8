/*
 * link_emulator.h - the helper process of a link: two TAPs, one thread a direction.
 *
 * It is started by link_create() as a fork that runs on in a session of its own; by hand it is
 *	migmeter link-emulator netns_a=PATH device_a=NAME netns_b=PATH device_b=NAME [rate=100M] [rtt=20ms] [jitter=0]
 *		[loss=1%] [queue=0] [seed=1] [core_a=0] [core_b=0] [stats=PATH]
 * and runs until SIGTERM. The TAPs are not persistent: they vanish with the process, however it ends.
 *
 * Frames pass with their virtio-net header untouched, so partial checksums stay partial, and without loss whole TCP
 * segments (up to 64 KiB) pass as one. The shape itself is in link_wire.h. A thread sleeps until 100 us before the
 * next departure and spins the rest, under SCHED_FIFO where that is allowed; how late frames left all the same is in
 * the stats (link_stats.h), written five times a second and at the end.
 */
#ifndef BENCH_TESTBED_LINK_EMULATOR_H
#define BENCH_TESTBED_LINK_EMULATOR_H

#include "bench/testbed/link.h"

/* Start it and wait until both devices are up. Registered with undo (may be NULL) before it makes them. */
int link_emulator_start(const struct link_end *a, const struct link_end *b, const struct link_shape *shape,
                        const char *stats_path, const char *log_path, struct undo *undo, pid_t *ret_pid,
                        struct err *e);

/* The hidden subcommand; argv[0] is its name. Returns an exit status. */
int link_emulator_main(int argc, char **argv);

#endif

/*
 * link_tcp.h - TCP settings that decide what a link carries, pinned in a namespace and read back.
 *
 * Distributions differ in congestion control (cubic, bbr) and in buffer limits (4 MiB cannot fill 1 Gbit/s over
 * 100 ms), and the kernel remembers ssthresh per peer from one run to the next. All three change results.
 */
#ifndef BENCH_TESTBED_LINK_TCP_H
#define BENCH_TESTBED_LINK_TCP_H

#include <stdint.h>

struct err;

/* The highest buffers unless others are asked for: half a second of 1 Gbit/s. */
#define LINK_TCP_BUFFER (INT64_C(64) << 20)

/* As read back from the namespace, in the kernel's notation. */
struct link_tcp {
	char congestion_control[32];
	char rmem[64], wmem[64]; /* "lowest initial highest", bytes */
	char no_metrics_save[8]; /* "1": nothing is remembered per peer */
};

/*
 * Pin congestion control, the highest send and receive buffer of a connection (bytes; 0: LINK_TCP_BUFFER) and no metrics
 * in namespace `netns` (path). ret may be NULL. congestion_control NULL: cubic, or reno (loss-based as well) where the
 * kernel has none. Where the machine's allowed
 * list, which is never changed, keeps it from a namespace's default, the namespace's routes name it: have the addresses
 * set before. What is on is in ret and belongs in the manifest. A name that cannot be had is EXIT_CANNOT and says what
 * can.
 */
int link_pin_tcp(const char *netns, const char *congestion_control, int64_t buffer_bytes, struct link_tcp *ret,
                 struct err *e);

/* What is on, without changing it. */
int link_read_tcp(const char *netns, struct link_tcp *ret, struct err *e);

/* Close the namespace's connections to an address, without a word to the other end. EXIT_CANNOT when one stays open. */
int link_cut_tcp(const char *netns, const char *peer, struct err *e);

#endif

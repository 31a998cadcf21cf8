/*
 * link.h - a point-to-point link of a wanted shape between two network namespaces.
 *
 *	struct link_end a = { "/run/netns/mm-src", "mm-src", "mig0", 1 }, b = { "/run/netns/mm-dst", "mm-dst", "mig0", 2 };
 *	struct link_shape shape = { .rate_bits_per_s = 100000000, .rtt_ns = 20 * NS_PER_MS };
 *	struct link *link;
 *	link_create(&link, &a, &b, &shape, LINK_AUTO, log_directory, undo, &e);
 *	...                             // the devices are there, MTU 1500, up, without address; bridge or address them
 *	link_destroy(link);             // or let undo_run() do it
 *
 * Backends (link_create picks the first that can do what is asked, or does what it is told):
 *	netem     veth pair, netem on both ends: everything; packet loss is not seeded
 *	htb       veth pair, htb with a bfifo leaf on both ends: rate only; asked for nothing at all it is a bare veth
 *	emulator  two TAPs and a helper process that moves frames between them (link_emulator.h): everything
 *
 * A frame's size on the wire is counted by netem and htb with its 14-byte Ethernet header, by the emulator with 38
 * bytes (header, FCS, preamble, gap) as on real Ethernet, so the emulator's goodput is 1.6 % lower at the same rate.
 */
#ifndef BENCH_TESTBED_LINK_H
#define BENCH_TESTBED_LINK_H

#include <stdint.h>
#include <sys/types.h>

struct err;
struct undo;

enum link_backend { LINK_AUTO, LINK_NETEM, LINK_HTB, LINK_EMULATOR };

#define LINK_MTU 1500

/* An emulated device's alias: this, "a" or "b" (its end), ":" and the path of the stats. */
#define LINK_STATS_ALIAS "link-stats:"

struct link_shape {
	int64_t rate_bits_per_s; /* each way; 0: unshaped, else 10 kbit/s .. 100 Gbit/s */
	int64_t rtt_ns;          /* whole round trip, half of it each way; 0 .. 10 s */
	int64_t jitter_ns; /* the round trip varies within rtt_ns +- jitter_ns, half of it each way; at most rtt_ns */
	double loss;       /* probability that a frame is lost, each way; 0 .. 0.5 */
	int64_t queue_bytes; /* room before the bottleneck; 0: 50 ms of rate, at least 60 kB */
	uint64_t seed;       /* repeats the emulator's loss by frame index, and its jitter */
};

struct link_end {
	const char *netns;      /* path, such as /run/netns/NAME */
	const char *netns_name; /* NAME, as `ip netns` knows it; NULL: the last part of the path */
	const char *device;     /* to be made in it, at most 15 characters */
	int core;               /* 1 + the core that does the work of sending (as in struct process_place); 0: any */
};

/* Plain data, so that it can be kept in a file and used by a later process. */
struct link {
	enum link_backend backend;
	struct link_shape shape; /* as asked, queue_bytes filled in */
	int frame_overhead;      /* bytes counted for each frame beyond its IP packet: 14 or 38 */
	char netns_a[128], netns_b[128];
	char netns_name_a[64], netns_name_b[64];
	char device_a[16], device_b[16];
	pid_t pid; /* the emulator's, else 0 */
	uint64_t start_time;
	char stats_path[256]; /* the emulator's counters, for link_stats_read(); else empty */
};

/*
 * Make the link. log_directory (absolute) gets the emulator's stats and log. What outlives the namespaces (only the
 * helper process) is registered in undo, which may be NULL. Errors: EXIT_USAGE for a shape out of range;
 * EXIT_CANNOT when the wanted backend cannot make it here, or the devices could not be made; nothing is then left.
 */
int link_create(struct link **ret, const struct link_end *a, const struct link_end *b, const struct link_shape *shape,
                enum link_backend wanted, const char *log_directory, struct undo *undo, struct err *e);

/* Remove the devices, end the helper, free; what is gone already does not matter. link may be NULL. */
void link_destroy(struct link *link);

/* "auto", "netem", "htb", "emulator". */
const char *link_backend_name(enum link_backend backend);

/* 0 when this machine has the backend (tried in a network namespace that is gone afterwards), or -1 and why not. */
int link_backend_probe(enum link_backend backend, struct err *e);

/* Refuse what is out of range (EXIT_USAGE) and put the default queue in where none is given. */
int link_check_shape(struct link_shape *shape, struct err *e);

/* The queue that queue_bytes = 0 stands for. */
int64_t link_default_queue(int64_t rate_bits_per_s);

/* Highest TCP goodput, bit/s: rate * 1448 / (1500 + frame_overhead), full frames with timestamps; 0 if unshaped. */
double link_ideal_goodput(const struct link *link);

#endif

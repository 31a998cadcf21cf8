/*
 * capture.h - what passes a device, as libpcap sees it: headers only, stamps in head time, and how much of it the
 * kernel had to drop.
 *
 *	capture_open(&c, netns, "br-lan", "tcp", 96, take, context, &e);
 *	capture_run(&worker, &c, 1, after_batch, context);  // in a collector's thread, until it is asked to end
 *	capture_facts(&c, facts);
 *	capture_close(&c);
 *
 * A sender's offload joins segments into frames of up to 64 KiB, and they pass whole: count bytes, not packets.
 */
#ifndef COLLECTORS_CAPTURE_H
#define COLLECTORS_CAPTURE_H

#include <pcap/pcap.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct json_object;
struct worker;

struct captured {
	int64_t head_ns;
	const unsigned char *bytes; /* from the Ethernet header on; valid during the call */
	size_t length;              /* of them, at most the snap length */
	size_t whole_length;        /* of the frame */
};

typedef void capture_fn(void *context, const struct captured *p);

/* Everything stamped before `before_ns` has been given; at the end of the run that is INT64_MAX. */
typedef void capture_batch_fn(void *context, int64_t before_ns);

struct capture {
	pcap_t *pcap; /* NULL: closed */
	int nanoseconds;
	int64_t wall_offset_ns; /* of the batch being handled */
	capture_fn *take;
	void *context;
	int failed;
	char trouble[PCAP_ERRBUF_SIZE];
};

/* Begin to capture on an Ethernet device of the namespace (NULL: here) what the filter of libpcap lets through. 0, or
 * -1 (EXIT_CANNOT): then it is closed. */
int capture_open(struct capture *c, const char *netns, const char *device, const char *filter, int snap_length,
                 capture_fn *take, void *context, struct err *e);

enum { CAPTURES_MAX = 16 };

/* In the worker's thread: give what comes to each one's `take`, and call after_batch now and then. */
void capture_run(struct worker *w, struct capture *captures, int count, capture_batch_fn *after_batch, void *context);

/* Packets that the kernel had no room for since it was opened; -1: not known. */
int64_t capture_drops(struct capture *c);

/* received, kernel_drops, interface_drops, ring_bytes, stamp_resolution_ns, trouble. */
void capture_facts(struct capture *c, struct json_object *facts);

void capture_close(struct capture *c);

#endif

/*
 * stream_wire.h - a record of the streams between a client and a guest (workload `stream`, collector `continuity`): what
 * its sender's number and clock were, and what the sender has received of the other direction so far. One codec and one
 * bookkeeping for both sides; a record is a datagram of UDP, or that many bytes of TCP.
 *
 * Numbers count the records of one direction from 0. What was lost is the receiver's next - received.
 */
#ifndef BENCH_BASE_STREAM_WIRE_H
#define BENCH_BASE_STREAM_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define STREAM_RECORD_BYTES 72
#define STREAM_PORT 7707         /* of UDP and TCP in the guest */
#define STREAM_TCP_EVERY 10      /* intervals of UDP records are one of TCP's */
#define STREAM_CLOSED UINT32_MAX /* retransmits of a connection that is no more, or of UDP */

enum stream_sender { STREAM_CLIENT, STREAM_GUEST };

/* What one side has received. */
struct stream_receipt {
	uint32_t received;      /* different records */
	uint32_t next;          /* highest number + 1; 0: none came */
	uint32_t reordered;     /* of those received, how many came behind a higher number */
	uint32_t duplicates;    /* not counted in received */
	int64_t newest_sent_ns; /* sender's clock, of the highest number; 0: none came */
	int64_t hole_ns; /* longest time between sending two records, one after the other, without one that came */
	int64_t hole_from_ns; /* sender's clock, of the one before it */
	uint64_t seen;        /* bit i: next - 1 - i came; not in a record */
};

struct stream_record {
	uint64_t stream; /* random, of the client: nothing else is taken for its peer */
	enum stream_sender sender;
	uint32_t number;
	int64_t sent_ns;              /* sender's CLOCK_MONOTONIC */
	uint32_t retransmits;         /* of the sender's socket, TCP_INFO; or STREAM_CLOSED */
	struct stream_receipt report; /* without `seen` */
};

void stream_record_encode(const struct stream_record *r, unsigned char bytes[STREAM_RECORD_BYTES]);

/* 0, or -1 when it is no record: wrong length, magic, version, or numbers that cannot be. *ret is then untouched. */
int stream_record_decode(const unsigned char *bytes, size_t length, struct stream_record *ret);

/* Count one that came. Records more than 64 behind the highest number count as reordered. */
void stream_take(struct stream_receipt *s, const struct stream_record *r);

#endif

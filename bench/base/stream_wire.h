/*
 * stream_wire.h - a record of the streams between a client and a guest (workload `stream`, collector `continuity`): what
 * its sender's number and clock were, and what the sender has received of the other direction so far. One codec and one
 * bookkeeping for both sides; a record is a datagram of UDP, or that many bytes of TCP.
 *
 * Numbers count the records of one direction from 0, up to STREAM_NUMBERS. What was lost is the receiver's next - received.
 *
 * A gap lies between two records that came one after the other: it has the time between sending them, which a receiver that
 * stood still does not miss, and the time between taking them by the receiver's clock, which has lateness in it, but not a
 * stop of the receiver. The client says when the longest one begins anew, by counting epochs.
 */
#ifndef BENCH_BASE_STREAM_WIRE_H
#define BENCH_BASE_STREAM_WIRE_H

#include "bench/base/seen.h"

#include <stddef.h>
#include <stdint.h>

#define STREAM_RECORD_BYTES 88
#define STREAM_NUMBERS SEEN_LIMIT /* 18.6 hours of records every millisecond */
#define STREAM_PORT 7707          /* of UDP and TCP in the guest */
#define STREAM_TCP_EVERY 10       /* intervals of UDP records are one of TCP's */
#define STREAM_CLOSED UINT32_MAX  /* retransmits of a connection that is no more, or of UDP */

enum stream_sender { STREAM_CLIENT, STREAM_GUEST };

/* What one side has received. */
struct stream_receipt {
	uint32_t received;       /* different records */
	uint32_t next;           /* highest number + 1; 0: none came */
	uint32_t reordered;      /* of those received, how many came behind a higher number */
	uint32_t duplicates;     /* not counted in received */
	int64_t newest_sent_ns;  /* sender's clock, of the highest number; 0: none came */
	uint16_t epoch;          /* of the gaps: the latest that a record came of */
	int64_t hole_ns;         /* longest time between sending the two of a gap that ended in the epoch */
	int64_t hole_from_ns;    /* sender's clock, of the record before that gap */
	int64_t silence_ns;      /* longest time between taking the two of such a gap, receiver's clock */
	int64_t silence_from_ns; /* as hole_from_ns */
};

/* The receiving side; zeroed to begin with. */
struct stream_receiver {
	struct stream_receipt receipt;
	struct seen seen; /* which numbers came */
	int64_t came_ns;  /* when the latest record was taken, receiver's clock */
};

struct stream_record {
	uint64_t stream; /* random, of the client: nothing else is taken for its peer */
	enum stream_sender sender;
	uint32_t number;
	int64_t sent_ns;      /* sender's CLOCK_MONOTONIC */
	uint32_t retransmits; /* of the sender's socket, TCP_INFO; or STREAM_CLOSED */
	uint16_t epoch;       /* the client's; of the guest, that of its report */
	struct stream_receipt report;
};

void stream_record_encode(const struct stream_record *r, unsigned char bytes[STREAM_RECORD_BYTES]);

/* 0, or -1 when it is no record: wrong length, magic, version, or numbers that cannot be. *ret is then untouched. */
int stream_record_decode(const unsigned char *bytes, size_t length, struct stream_record *ret);

/* Count one that was taken at now_ns, receiver's clock. Without memory it counts as lost. */
void stream_take(struct stream_receiver *s, const struct stream_record *r, int64_t now_ns);

/* Free what it keeps; the receipt stays. */
void stream_receiver_end(struct stream_receiver *s);

#endif

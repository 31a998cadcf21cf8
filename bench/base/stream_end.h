/*
 * stream_end.h - one end of a stream of records (stream_wire.h) on a connected socket, UDP or TCP, the same for client and
 * guest. Nothing here waits.
 */
#ifndef BENCH_BASE_STREAM_END_H
#define BENCH_BASE_STREAM_END_H

#include "bench/base/stream_wire.h"

#include <stdbool.h>

struct stream_end {
	int fd;   /* connected, does not block; -1: there is none */
	bool tcp; /* else UDP: an error is a lost datagram */
	enum stream_sender self;
	uint64_t stream;  /* 0: taken from the first record of the peer */
	uint32_t number;  /* of the next record */
	uint16_t epoch;   /* of the client's records; the guest's have that of what came */
	uint32_t stalled; /* records that TCP had no room for, and that were not numbered */
	struct stream_receiver got;
	unsigned char in[STREAM_RECORD_BYTES], out[STREAM_RECORD_BYTES];
	size_t in_used, out_left;
	char reason[96]; /* why TCP ended, or why nothing is sent any more; "" while it goes on */
};

/* Begin on this socket, made non-blocking; TCP sends each record at once. */
void stream_end_open(struct stream_end *end, int fd, bool tcp, enum stream_sender self, uint64_t stream);

/* Close; the counts stay. */
void stream_end_close(struct stream_end *end);

/* Send a record stamped now_ns. Whether it went out, or is on its way; not before the stream is known, nor when all numbers are
 * used. */
bool stream_end_send(struct stream_end *end, int64_t now_ns);

/* Take one record that has come and count it: 1; 0 when there is none; -1 once TCP has ended, with the reason. */
int stream_end_take(struct stream_end *end, struct stream_record *ret);

/* What TCP has sent again so far; STREAM_CLOSED: no connection. */
uint32_t stream_end_retransmits(const struct stream_end *end);

#endif

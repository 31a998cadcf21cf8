/*
 * link_wire.h - one direction of an emulated link: what happens to a frame, as a function of given times only.
 *
 *	departure = max(arrival, departure of the frame before) + wire bytes * 8 / rate
 *	due       = departure + delay + jitter(departure)
 *
 * Wire bytes: each TCP segment of a super-frame with its own headers, padded to 60 bytes, plus 24 (FCS, preamble,
 * gap). The queue holds what has not departed; a frame that does not fit in it any more is dropped (tail drop), except
 * that an idle wire always takes one. Loss is drawn for every frame that arrives, so that a seed repeats it by frame
 * index; a lost frame still takes its time on the wire.
 *
 * Jitter varies slowly and keeps order: a line drawn between random knots, uniform within +- jitter and 4 x jitter
 * apart (at least 1 ms), so its slope is below 1/2 and no frame can overtake another. Drawing for each frame and
 * keeping order instead would drift to delay + jitter in a dense stream, and reordering makes TCP see losses that no
 * wire makes. The standard deviation is jitter * sqrt(2) / 3.
 */
#ifndef BENCH_TESTBED_LINK_WIRE_H
#define BENCH_TESTBED_LINK_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct wire;

#define WIRE_FRAME_OVERHEAD 38                /* bytes a frame beyond its IP packet */
#define WIRE_FRAME_ROOM (10 + 14 + 4 + 65536) /* longest frame with its virtio-net header */

struct wire_shape {
	int64_t rate_bits_per_s; /* 0: no limit */
	int64_t delay_ns;        /* one way */
	int64_t jitter_ns;       /* one way, at most delay_ns */
	double loss;
	int64_t queue_bytes; /* not used without a rate */
	uint64_t seed;
};

enum wire_fate { WIRE_KEPT, WIRE_DROPPED, WIRE_LOST };

int wire_create(struct wire **ret, const struct wire_shape *shape, struct err *e);
void wire_free(struct wire *w);

/* Where the next arriving frame may be read to, WIRE_FRAME_ROOM bytes; NULL while the store is full. */
unsigned char *wire_room(struct wire *w);

/* The frame (with its virtio-net header, `length` bytes in all) that was put there arrived at now_ns. */
enum wire_fate wire_arrive(struct wire *w, size_t length, int64_t now_ns);

/* When the oldest kept frame is due; INT64_MAX: there is none. */
int64_t wire_due(const struct wire *w);

/* The oldest kept frame, its length and wire bytes; valid until wire_done() lets it go. */
const unsigned char *wire_frame(const struct wire *w, size_t *ret_length, int64_t *ret_wire_bytes);
void wire_done(struct wire *w);

/* Bytes that a frame with its virtio-net header takes on the wire. */
int64_t wire_bytes(const unsigned char *frame, size_t length);

#endif

/*
 * segment.h - TCP as it is captured: a frame taken apart and checked, and what one end of a connection has sent by the
 * sequence numbers seen (RFC 9293, window scaling RFC 7323).
 *
 *	if (segment_parse(bytes, captured, whole, &s) == 0)
 *		out ? segment_sent(&flow, &s) : segment_answered(&flow, &s);
 *
 * A captured segment may be many that the sender's offload joined: all counts are of bytes. Sequence numbers are
 * compared modulo 2^32 and followed beyond it. What a peer acknowledges and nobody saw sent was lost by the capture,
 * not by the network: it is counted apart, in `unseen`.
 */
#ifndef COLLECTORS_SEGMENT_H
#define COLLECTORS_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SEGMENT_SCALE_UNKNOWN = -1, /* not seen */
	SEGMENT_SCALE_NONE = -2,    /* the option was not sent */
};

/* So much of a frame is enough: Ethernet, IPv4 and TCP headers with all their options. */
enum { SEGMENT_SNAP_LENGTH = 14 + 60 + 60 };

struct segment {
	uint32_t source, destination; /* IPv4 addresses, host order */
	uint16_t source_port, destination_port;
	uint32_t seq, ack; /* ack: where has_ack */
	bool syn, fin, rst, has_ack;
	uint16_t window;     /* as sent, not scaled */
	int scale;           /* of a SYN: shift 0 to 14, or one of the above */
	int64_t payload;     /* bytes behind the headers */
	int64_t frame_bytes; /* Ethernet header included */
};

/* `length` bytes of a frame of `whole_length`. 0, or -1 when it is no IPv4 TCP segment whose fixed header is there, or not
 * as long as it says. */
int segment_parse(const unsigned char *bytes, size_t length, size_t whole_length, struct segment *ret);

enum { SEGMENT_HOLES = 32 };

/* From `from` up to `to`, in bytes since the connection began. */
struct segment_hole {
	int64_t from, to;
};

/* What one end has sent. Zeroed by segment_flow_begin(). */
struct segment_flow {
	/* Cumulative. payload = first + resent; first + unseen + holes = what sequence numbers went forward by. */
	int64_t segments;      /* as captured, with payload or without */
	int64_t frame_bytes;   /* of them */
	int64_t payload_bytes; /* of them */
	int64_t first_bytes;   /* payload seen for the first time */
	int64_t late_bytes;    /* of these, behind payload with higher numbers */
	int64_t resent_bytes;  /* payload that had been seen */
	int64_t unseen_bytes;  /* acknowledged, or given up as too many holes, without having been seen */
	int64_t acked_bytes;
	/* Now. */
	int64_t window_bytes; /* advertised by the peer last, behind its SYN; -1: not known */
	int64_t flight_bytes; /* sent and not acknowledged, as seen */
	/* What is needed for it. */
	int64_t ignored;               /* segments whose numbers cannot be of this connection */
	bool begun;                    /* base is known */
	uint32_t base;                 /* sequence number of byte 0 */
	int64_t next, acked, finished; /* offsets: behind the highest sent; acknowledged; of a FIN, -1: none */
	int own_scale, peer_scale;     /* enum above */
	struct segment_hole holes[SEGMENT_HOLES]; /* ascending, apart from each other */
	int hole_count;
};

void segment_flow_begin(struct segment_flow *f);

/* A segment of this end; and one of its peer. */
void segment_sent(struct segment_flow *f, const struct segment *s);
void segment_answered(struct segment_flow *f, const struct segment *s);

#endif

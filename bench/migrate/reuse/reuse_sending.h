/*
 * reuse_sending.h - what the two halves of a relay's near side share: reuse_sender.c makes frames of a stream, reuse_hearing.c
 * hears what the far side says of them. For those two only; others have reuse.h.
 */
#ifndef BENCH_MIGRATE_REUSE_REUSE_SENDING_H
#define BENCH_MIGRATE_REUSE_REUSE_SENDING_H

#include "bench/migrate/reuse/reuse_wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zstd.h>

/* Words are heard in fields, as the decoder reads: a letter, then its numbers, then hashes. */
enum hearing {
	HEAR_LETTER,
	HEAR_VERSION,
	HEAR_LENGTH,
	HEAR_HEAD,
	HEAR_HEAD_1,
	HEAR_COUNT,
	HEAR_HASH,
	HEAR_LISTED,
	HEAR_GRANT,
	HEAR_NOT_STORED,
	HEAR_ACK,
	HEAR_NAK,
	HEAR_BACK
};

/* How careful it has become: each time that the far side asks for bytes again it is one step more. */
enum trust { TRUST_ALL, TRUST_PROVED, TRUST_NOTHING };

/* A page on its way: the end of it in the stream. */
struct on_its_way {
	struct page_hash hash;
	uint64_t until;
};

struct reuse_sender {
	enum reuse_kind kind;
	struct reuse_site *site;
	struct stream_decoder *decoder;
	struct reuse_report report;
	uint64_t seed, epoch, added; /* of the far side; what it had added when it said so */
	bool greeted, same, met;     /* it has spoken; in this version; and is known */
	bool looked, listless;       /* it is known how the stream begins; no pages are recognized in it */
	bool going, ended;           /* it is sent; nothing more is taken */
	uint32_t places;             /* for pages that the far side will store */
	enum trust trust;
	uint32_t way;
	struct on_its_way *ways; /* a ring */
	size_t ways_from, ways_count;
	/* The raw bytes from `kept_from` on, to position kept_from + kept.length; decoded up to `decoded`, sent up to `sent`. */
	struct reuse_bytes kept;
	uint64_t kept_from, decoded, sent;
	uint64_t again_to;                  /* sent again up to there, as the link takes it */
	uint64_t proved, told;              /* as the receiver said; the last K */
	struct reuse_sum *sum, *proved_sum; /* of all up to `sent`, up to `proved` */
	struct reuse_bytes *frames;
	size_t back_left;     /* bytes of the return path that come next */
	uint64_t passed_over; /* bytes of words of another version */
	bool back_ended;
	ZSTD_CCtx *zstd;
	unsigned char compressed[ZSTD_COMPRESSBOUND(REUSE_LITERAL_MOST)];
	enum hearing hearing;
	uint32_t hashes_left;
	size_t want, have;
	unsigned char field[32];
};

/* It is over for this connection; the stream cannot be made whole. */
void reuse_sender_break(struct reuse_sender *s, const char *reason);

/* A frame of this letter begins. */
void reuse_sender_letter(struct reuse_sender *s, char which);

/* Raw bytes of the stream that are kept, from that position on. */
const unsigned char *reuse_sender_raw(const struct reuse_sender *s, uint64_t position);

/* The far side has all up to there: to the pages before it others may refer from now on. */
void reuse_sender_arrived(struct reuse_sender *s, uint64_t position);

/* Plain again, a piece of what was asked for. */
void reuse_sender_again(struct reuse_sender *s);

/* What can be sent now that more is known of the far side. */
void reuse_sender_go_on(struct reuse_sender *s);

/* What is heard next, and of how many bytes. */
void reuse_sender_expect(struct reuse_sender *s, enum hearing what, size_t bytes);

#endif

/*
 * reuse.h - a migration over a wide-area link without the pages that the far side has: two state machines, no I/O.
 *
 *	near the source:        raw bytes -> reuse_sender -> frames
 *	near the destination:   frames -> reuse_receiver -> the same raw bytes; words for the sender on the way back
 *
 *	reuse_receiver_create(&r, REUSE_MEMORY, there, &e);  reuse_receiver_words(r, &words);  // send them first
 *	reuse_sender_create(&s, REUSE_MEMORY, here, &e);  reuse_sender_hear(s, words ..., &frames, &back);
 *	reuse_sender_take(s, bytes, n, &frames);                                   // at most reuse_sender_room(s) of them
 *	reuse_receiver_take(r, frames ..., &raw, SIZE_MAX, &words);
 *	if (reuse_receiver_has_more(r)) reuse_receiver_words(r, &words);            // when the link has taken the last ones
 *	if (reuse_sender_has_more(s)) reuse_sender_turn(s, &frames);
 *
 * `here` and `there` are what the connections of one relay share (reuse_site.h). A page that the far side has is sent as its
 * 128-bit hash, another one compressed by zstd where that makes it smaller, and both sides store it for the next visit. Nothing of
 * the stream is given out that a running hash over all of it has not proved to be what the sender was given. Where a page is
 * missing, or the proof fails, the receiver asks for everything since the last proof again, which the sender has kept: it comes
 * without references, compressed, and from then on there are references to such pages only as were proved to have been stored by
 * this or another connection of now. Where that is asked for a second time, nothing but plain bytes are sent from there on. The raw
 * stream does not notice. The same holds, from the point where it is not understood, for a stream that decoder.h does not
 * understand: it is compressed, and that is all.
 *
 * What the far side has is asked for once, and after that what was added since. A stream waits for the answer; not so one that takes
 * post-copy up again (it does not begin with QEVM), since a VM waits for its pages: it is compressed, and that is all.
 *
 * A page is stored in a place that was granted, so that what is on its way has room. Should it not be stored all the same, the
 * sender is told, and does not refer to it.
 *
 * A disk that is copied along is carried the same way, its blocks of 4 KiB as pages: the raw stream is then what the source,
 * client of NBD, sends (nbd_decoder.h), and the server's answers are the return path.
 *
 * Frames: a letter, then numbers with the highest byte first.
 *	L length:4 bytes                literal
 *	C raw:4 length:4 bytes          literal, compressed
 *	S bytes:4096                    a page, to be stored
 *	Z length:4 bytes                a page compressed, to be stored
 *	R hash:16                       a page that the receiver has
 *	K position:8 hash:16            the running hash up to there: of something new
 *	P position:8                    everything since the last proof again
 *	E position:8                    the stream ends there; a link that ends without it has broken
 *	W position:8                    what is there, please, from that addition on; 0: all of it
 * Words:
 *	H version:4 length:4            first of all; what follows is of that version:
 *	  seed:8 epoch:8 added:8        of hashes; of additions (reuse_site.h); 0: it has nothing
 *	T count:4 hashes                these it has
 *	D position:8                    all that it had at that addition has been said
 *	G count:4                       so many places more
 *	X hash:16                       a page that was not stored
 *	A position:8                    proved so far
 *	N position:8                    again from there, please
 *	B length:4 bytes                of the return path
 *	E                               the return path has ended
 *
 * To a far side of another version nothing but L, C, K, P and E are said, and nothing but A, N, B and E are heard of it: all versions
 * have those. (Version 1 is seed:8 room:4 count:4 and so many hashes after H and its version, which are passed over.)
 */
#ifndef BENCH_MIGRATE_REUSE_REUSE_H
#define BENCH_MIGRATE_REUSE_REUSE_H

#include "bench/migrate/reuse/reuse_site.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct reuse_receiver;
struct reuse_sender;

/* What a stream is of: "memory", "disk". */
const char *reuse_kind_name(enum reuse_kind kind);

/* Bytes to be written somewhere; the caller empties it (length = 0) and at last frees .bytes. */
struct reuse_bytes {
	unsigned char *bytes;
	size_t length, room;
	bool failed; /* out of memory: bytes are missing */
};

struct reuse_report {
	uint64_t raw_bytes, frame_bytes;
	uint64_t pages, referenced, stored;  /* pages as they are; of them by hash; new in the store */
	uint64_t zstd_raw_bytes, zstd_bytes; /* of the sender: what was compressed, and how small it became */
	uint64_t resent_bytes;               /* again, since a page was missing or a proof failed */
	bool plain;                          /* it has come to plain bytes */
	bool broken;                         /* the other side does not keep to this: break the connection off */
	char reason[128];                    /* of plain, broken, or what was sent again */
};

int reuse_sender_create(struct reuse_sender **ret, enum reuse_kind kind, struct reuse_site *site, struct err *e);
void reuse_sender_free(struct reuse_sender *s);

/* Words of the receiver; what is to be sent because of them is added to frames, bytes of the return path to back. */
void reuse_sender_hear(struct reuse_sender *s, const unsigned char *words, size_t length, struct reuse_bytes *frames,
                       struct reuse_bytes *back);

/* Whether the return path has ended. */
bool reuse_sender_back_ended(const struct reuse_sender *s);

/* Whether all that was taken has been proved: only then is the sender not needed any more. */
bool reuse_sender_all_proved(const struct reuse_sender *s);

/* How many bytes of the stream may be taken now: a few before the receiver has said what it has, none while too much is not proved
 * yet. */
size_t reuse_sender_room(const struct reuse_sender *s);

/* The next bytes of the stream, whole in its order. */
void reuse_sender_take(struct reuse_sender *s, const unsigned char *bytes, size_t length, struct reuse_bytes *frames);

/* What waited for other connections, or for the link: to be called when it has taken what there was. */
bool reuse_sender_has_more(const struct reuse_sender *s);
void reuse_sender_turn(struct reuse_sender *s, struct reuse_bytes *frames);

/* The stream has ended: what was held back. */
void reuse_sender_end(struct reuse_sender *s, struct reuse_bytes *frames);

const struct reuse_report *reuse_sender_report(const struct reuse_sender *s);

int reuse_receiver_create(struct reuse_receiver **ret, enum reuse_kind kind, struct reuse_site *site, struct err *e);
void reuse_receiver_free(struct reuse_receiver *r);

/* What it has to say of itself, a piece of it: the first words, and later what it has. */
bool reuse_receiver_has_more(const struct reuse_receiver *r);
void reuse_receiver_words(struct reuse_receiver *r, struct reuse_bytes *words);

/*
 * The next frames, cut anywhere; raw: bytes of the stream that are proved are appended to it. None is begun once raw has most
 * bytes or more: few frames may stand for many bytes, and who reads raw may be slow (one proof adds at most
 * REUSE_UNPROVED_MOST). Returns how many bytes of the frames were taken; the rest is to be given again.
 */
size_t reuse_receiver_take(struct reuse_receiver *r, const unsigned char *frames, size_t length,
                           struct reuse_bytes *raw, size_t most, struct reuse_bytes *words);

/* Bytes of the return path, as words; its end. */
void reuse_back(const unsigned char *bytes, size_t length, struct reuse_bytes *words);
void reuse_back_end(struct reuse_bytes *words);

/* Whether the stream has come whole, to its end. */
bool reuse_receiver_ended(const struct reuse_receiver *r);

const struct reuse_report *reuse_receiver_report(const struct reuse_receiver *r);

#endif

/*
 * reused.h - for tests: a stream through a pair of reuse.h, over a link that is two buffers.
 *
 *	reused_begin(&u, REUSE_MEMORY, near_store, far_store);
 *	reused_pass(&u, bytes, length, piece);
 *	reused_end(&u);
 *	... u.raw is what came out ...
 *	reused_free(&u);
 *
 *	reused_begin_at(&u, REUSE_MEMORY, near_site, far_site);       // of several that share them
 */
#ifndef T_REUSED_H
#define T_REUSED_H

#include "bench/base/err.h"
#include "bench/migrate/reuse/reuse.h"

#include <stdlib.h>
#include <string.h>

struct reused {
	struct reuse_site *near, *far;
	bool own_sites;
	struct reuse_sender *sender;
	struct reuse_receiver *receiver;
	struct reuse_bytes frames, words, raw, back;
	uint64_t frames_sent;
	void (*on_frames)(struct reuse_bytes *frames, uint64_t position); /* to spoil them; may be NULL */
};

/* Both directions of the link, until nothing is left on it. piece: bytes at once. */
static inline void reused_exchange(struct reused *u, size_t piece)
{
	for (;;) {
		if (!u->words.length && reuse_receiver_has_more(u->receiver))
			reuse_receiver_words(u->receiver, &u->words);
		if (!u->frames.length)
			reuse_sender_turn(u->sender, &u->frames);
		if (!u->frames.length && !u->words.length)
			break;
		struct reuse_bytes frames = u->frames, words = u->words;
		u->frames = u->words = (struct reuse_bytes){ 0 };
		if (u->on_frames)
			u->on_frames(&frames, u->frames_sent);
		u->frames_sent += frames.length;
		for (size_t at = 0; at < frames.length; at += piece)
			reuse_receiver_take(u->receiver, frames.bytes + at,
			                    frames.length - at < piece ? frames.length - at : piece, &u->raw,
			                    SIZE_MAX, &u->words);
		for (size_t at = 0; at < words.length; at += piece)
			reuse_sender_hear(u->sender, words.bytes + at,
			                  words.length - at < piece ? words.length - at : piece, &u->frames,
			                  &u->back);
		free(frames.bytes);
		free(words.bytes);
	}
}

static inline void reused_begin_at(struct reused *u, enum reuse_kind kind, struct reuse_site *near,
                                   struct reuse_site *far)
{
	struct err e = { 0 };
	*u = (struct reused){ .near = near, .far = far };
	if (reuse_sender_create(&u->sender, kind, near, &e) < 0 ||
	    reuse_receiver_create(&u->receiver, kind, far, &e) < 0)
		abort();
	reuse_receiver_words(u->receiver, &u->words);
}

static inline void reused_begin(struct reused *u, enum reuse_kind kind, struct page_store *near,
                                struct page_store *far)
{
	struct reuse_site *near_site, *far_site;
	struct err e = { 0 };
	if (reuse_site_create(&near_site, near, &e) < 0 || reuse_site_create(&far_site, far, &e) < 0)
		abort();
	reused_begin_at(u, kind, near_site, far_site);
	u->own_sites = true;
}

static inline void reused_pass(struct reused *u, const unsigned char *bytes, size_t length, size_t piece)
{
	reused_exchange(u, piece);
	for (size_t at = 0; at < length && !reuse_sender_report(u->sender)->broken;) {
		size_t taken = length - at < piece ? length - at : piece, room = reuse_sender_room(u->sender);
		taken = taken < room ? taken : room;
		if (!taken)
			break;
		reuse_sender_take(u->sender, bytes + at, taken, &u->frames);
		reused_exchange(u, piece);
		at += taken;
	}
}

static inline void reused_end(struct reused *u)
{
	reuse_sender_end(u->sender, &u->frames);
	reused_exchange(u, 4096);
}

static inline void reused_free(struct reused *u)
{
	reuse_sender_free(u->sender);
	reuse_receiver_free(u->receiver);
	if (u->own_sites) {
		reuse_site_free(u->near);
		reuse_site_free(u->far);
	}
	free(u->frames.bytes);
	free(u->words.bytes);
	free(u->raw.bytes);
	free(u->back.bytes);
}

#endif

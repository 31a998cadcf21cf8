/* reused_streams.h - streams of a VM for the pair of reuse.h, stores for its pages, and how much of a stream goes over the link. */
#ifndef T_REUSED_STREAMS_H
#define T_REUSED_STREAMS_H

#include "bench/base/err.h"
#include "bench/migrate/reuse/reuse_wire.h"
#include "t/made_stream.h"
#include "t/reused.h"
#include "t/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { PAGES = 2000 };

static inline struct page_store *store_open(const char *name, uint32_t slots)
{
	struct page_store *s;
	struct err e = { 0 };
	char path[96];
	snprintf(path, sizeof(path), "%s/%s", scratch, name ? name : "");
	if (page_store_open(&s, name ? path : NULL, slots, name ? (uint64_t)name[0] : 5, &e) < 0)
		fail_msg("%s", e.text);
	page_store_session(s);
	return s;
}

static inline int put(struct page_store *s, enum reuse_kind kind, uint64_t what)
{
	unsigned char content[MADE_PAGE_BYTES];
	made_content(content, what);
	return page_store_put(s, kind, page_hash_of(content, sizeof(content), page_store_seed(s)), content);
}

/* A VM of so many pages, of which those from `changed` on have other content than with another `visit`. */
static inline struct made_stream vm_stream(uint64_t changed, uint64_t visit)
{
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_vm_begin(&s, PAGES);
	for (uint64_t i = 0; i < PAGES; i++) {
		made_content(content, i < changed ? i : i + visit * PAGES);
		if (i % 7 == 6)
			made_zero(&s, i % 50 ? NULL : "pc.ram", i * MADE_PAGE_BYTES);
		else
			made_page(&s, i % 50 ? NULL : "pc.ram", i * MADE_PAGE_BYTES, content);
	}
	made_vm_end(&s);
	return s;
}

static inline void assert_same(const struct reused *u, const struct made_stream *s)
{
	assert_int_equal(u->raw.length, s->length);
	assert_memory_equal(u->raw.bytes, s->bytes, s->length);
}

/* How many bytes a stream took on the link. */
static inline uint64_t passed_as(enum reuse_kind kind, const struct made_stream *s, struct page_store *near,
                                 struct page_store *far, size_t piece)
{
	struct reused u;
	reused_begin(&u, kind, near, far);
	reused_pass(&u, s->bytes, s->length, piece);
	reused_end(&u);
	assert_same(&u, s);
	assert_false(reuse_sender_report(u.sender)->plain);
	assert_false(reuse_sender_report(u.sender)->broken);
	assert_false(reuse_receiver_report(u.receiver)->broken);
	uint64_t bytes = reuse_sender_report(u.sender)->frame_bytes;
	reused_free(&u);
	return bytes;
}

static inline uint64_t passed(const struct made_stream *s, struct page_store *near, struct page_store *far,
                              size_t piece)
{
	return passed_as(REUSE_MEMORY, s, near, far, piece);
}

/* The first words of a far side. */
static inline void greeting(struct reuse_bytes *words, uint64_t version, uint64_t added)
{
	reuse_put(words, "H", 1);
	reuse_put_number(words, version, 4);
	reuse_put_number(words, REUSE_GREETING, 4);
	reuse_put_number(words, 1, 8);
	reuse_put_number(words, 7, 8);
	reuse_put_number(words, added, 8);
}

#endif

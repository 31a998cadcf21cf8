/* Connections of the same two relays: what is there for one is there for all, and so is the room. */
#include "bench/migrate/reuse/reuse_wire.h"
#include "t/reused_streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct two_sites {
	struct page_store *a, *b;
	struct reuse_site *near, *far;
};

static struct two_sites sites_open(uint32_t slots)
{
	struct two_sites x = { .a = store_open(NULL, 20000), .b = store_open(NULL, slots) };
	struct err e = { 0 };
	assert_int_equal(reuse_site_create(&x.near, x.a, &e), 0);
	assert_int_equal(reuse_site_create(&x.far, x.b, &e), 0);
	return x;
}

static void sites_close(struct two_sites *x)
{
	reuse_site_free(x->near);
	reuse_site_free(x->far);
	page_store_close(x->a);
	page_store_close(x->b);
}

static struct reuse_report passed_between(const struct two_sites *x, const struct made_stream *s)
{
	struct reused u;
	reused_begin_at(&u, REUSE_MEMORY, x->near, x->far);
	reused_pass(&u, s->bytes, s->length, 65536);
	reused_end(&u);
	assert_same(&u, s);
	struct reuse_report r = *reuse_sender_report(u.sender);
	assert_false(r.broken);
	reused_free(&u);
	return r;
}

/* What is on its way on one connection is nothing to the other one; what is proved is. */
static void connections_share_what_is_there(void **state)
{
	(void)state;
	struct two_sites x = sites_open(20000);
	struct made_stream s = vm_stream(PAGES, 0), other = vm_stream(PAGES, 0);
	struct reused u, v;
	reused_begin_at(&u, REUSE_MEMORY, x.near, x.far);
	reused_begin_at(&v, REUSE_MEMORY, x.near, x.far);
	reused_exchange(&v, 65536);
	reused_pass(&u, s.bytes, s.length / 2, 65536);
	/* As much again without an answer. */
	reuse_sender_take(u.sender, s.bytes + s.length / 2, s.length - s.length / 2, &u.frames);
	reused_pass(&v, other.bytes, other.length, 65536);
	reused_end(&v);
	assert_same(&v, &other);
	assert_in_range(reuse_sender_report(v.sender)->referenced, PAGES * 6 / 7 / 2 - 50, PAGES * 6 / 7 / 2 + 50);
	assert_int_equal(reuse_sender_report(v.sender)->resent_bytes, 0);
	reused_end(&u);
	assert_same(&u, &s);
	reused_free(&u);
	reused_free(&v);
	/* The next one is told nothing: all that was added came from here. */
	struct reuse_report r = passed_between(&x, &s);
	assert_true(r.frame_bytes < s.length / 50);
	sites_close(&x);
	free(s.bytes);
	free(other.bytes);
}

/* One connection asks; the other one waits for the same answer, or, when that never comes, asks itself. */
static void one_asks_for_all(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	for (int dies = 0; dies < 2; dies++) {
		struct two_sites x = sites_open(20000);
		struct reused u, v;
		passed_between(&x, &s);
		/* The source's relay is started again. */
		struct err e = { 0 };
		reuse_site_free(x.near);
		assert_int_equal(reuse_site_create(&x.near, x.a, &e), 0);
		reused_begin_at(&u, REUSE_MEMORY, x.near, x.far);
		reused_begin_at(&v, REUSE_MEMORY, x.near, x.far);
		reuse_sender_take(u.sender, s.bytes, 4, &u.frames);
		reuse_sender_hear(u.sender, u.words.bytes, u.words.length, &u.frames, &u.back);
		u.words.length = 0;
		assert_int_equal(u.frames.length, 9);
		reuse_sender_take(v.sender, s.bytes, 4, &v.frames);
		reuse_sender_hear(v.sender, v.words.bytes, v.words.length, &v.frames, &v.back);
		v.words.length = 0;
		assert_int_equal(v.frames.length, 0);
		assert_int_equal(reuse_sender_room(v.sender), 0);
		if (dies) {
			reused_free(&u);
		} else {
			reused_exchange(&u, 65536);
			assert_true(reuse_sender_room(u.sender) > 0);
		}
		reuse_sender_turn(v.sender, &v.frames);
		assert_int_equal(v.frames.bytes[0], dies ? 'W' : 'L');
		reused_pass(&v, s.bytes + 4, s.length - 4, 65536);
		reused_end(&v);
		assert_same(&v, &s);
		assert_int_equal(reuse_sender_report(v.sender)->stored, 0);
		reused_free(&v);
		if (!dies)
			reused_free(&u);
		sites_close(&x);
	}
	free(s.bytes);
}

static uint64_t list_bytes(const struct two_sites *x, const struct made_stream *s)
{
	struct reused u;
	uint64_t bytes = 0;
	reused_begin_at(&u, REUSE_MEMORY, x->near, x->far);
	reuse_sender_take(u.sender, s->bytes, 4, &u.frames);
	reuse_sender_hear(u.sender, u.words.bytes, u.words.length, &u.frames, &u.back);
	u.words.length = 0;
	reuse_receiver_take(u.receiver, u.frames.bytes, u.frames.length, &u.raw, SIZE_MAX, &u.words);
	u.frames.length = 0;
	size_t before = u.words.length;
	while (reuse_receiver_has_more(u.receiver))
		reuse_receiver_words(u.receiver, &u.words);
	bytes = u.words.length - before;
	reused_pass(&u, s->bytes + 4, s->length - 4, 65536);
	reused_end(&u);
	assert_same(&u, s);
	reused_free(&u);
	return bytes;
}

/* What the far side has is told once, then what it has added; and all again, when it has forgotten something. */
static void told_once(void **state)
{
	enum { MORE = 100 };
	(void)state;
	struct two_sites x = sites_open(4000);
	struct made_stream s = vm_stream(PAGES, 0);
	unsigned char content[MADE_PAGE_BYTES];
	assert_int_equal(list_bytes(&x, &s), 0);
	for (uint64_t i = 0; i < 500; i++)
		put(x.b, REUSE_MEMORY, 50000 + i);
	for (uint64_t i = 0; i < MORE; i++) {
		made_content(content, 70000 + i);
		reuse_site_keep(x.far, REUSE_MEMORY, page_hash_of(content, sizeof(content), 5), content);
	}
	/* Nothing but what came by itself is new to the one who sent the rest: but it has never asked. */
	uint32_t all = page_store_count(x.b);
	assert_in_range(list_bytes(&x, &s), 16 * all, 16 * all + 100);
	assert_int_equal(list_bytes(&x, &s), 0);
	for (uint64_t i = 0; i < MORE; i++) {
		made_content(content, 80000 + i);
		reuse_site_keep(x.far, REUSE_MEMORY, page_hash_of(content, sizeof(content), 5), content);
	}
	assert_in_range(list_bytes(&x, &s), 16 * MORE, 16 * MORE + 100);
	assert_int_equal(list_bytes(&x, &s), 0);
	reuse_site_session(x.far);
	assert_int_equal(page_store_count(x.b), 2000);
	assert_in_range(list_bytes(&x, &s), 16 * 2000, 16 * 2000 + 100);
	sites_close(&x);
	free(s.bytes);
}

/* Less room than two of them want: each has a part of it, none believes that a page is there which is not. */
static void room_is_shared(void **state)
{
	(void)state;
	struct two_sites x = sites_open(1000);
	struct made_stream s[2] = { vm_stream(0, 1), vm_stream(0, 2) };
	struct reused u[2];
	for (int i = 0; i < 2; i++)
		reused_begin_at(&u[i], REUSE_MEMORY, x.near, x.far);
	for (int pass = 0; pass < 2; pass++)
		for (size_t at = 0; at < s[0].length; at += 100000)
			for (int i = 0; i < 2; i++)
				reused_pass(&u[i], s[i].bytes + at,
				            s[0].length - at < 100000 ? s[0].length - at : 100000, 65536);
	for (int i = 0; i < 2; i++) {
		const struct reuse_report *r = reuse_sender_report(u[i].sender);
		reused_end(&u[i]);
		assert_int_equal(u[i].raw.length, 2 * s[0].length);
		assert_memory_equal(u[i].raw.bytes + s[0].length, s[i].bytes, s[0].length);
		assert_int_equal(r->resent_bytes, 0);
		assert_false(r->plain);
		assert_true(r->stored > 200);
		reused_free(&u[i]);
	}
	assert_int_equal(page_store_count(x.b), 1000);
	sites_close(&x);
	free(s[0].bytes);
	free(s[1].bytes);
}

/* A page beyond what was granted is told, and is not referred to; what came is right all the same. */
static void a_page_without_a_place(void **state)
{
	(void)state;
	struct two_sites x = sites_open(10);
	struct made_stream s = vm_stream(PAGES, 0);
	struct reused u;
	reused_begin_at(&u, REUSE_MEMORY, x.near, x.far);
	reuse_put(&u.words, "G\0\0\0\x14", 5); /* 20 more than there are */
	reused_pass(&u, s.bytes, s.length, 65536);
	reused_end(&u);
	assert_same(&u, &s);
	assert_int_equal(reuse_sender_report(u.sender)->stored, 30);
	assert_int_equal(reuse_sender_report(u.sender)->resent_bytes, 0);
	reused_free(&u);
	struct reuse_report r = passed_between(&x, &s);
	assert_int_equal(r.referenced, 10);
	assert_int_equal(r.resent_bytes, 0);
	sites_close(&x);
	free(s.bytes);
}

/* Asked again for the second time, all the rest is plain; for the third time it is the end. */
static void asked_again(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	struct two_sites x = sites_open(20000);
	struct reuse_bytes words = { 0 }, frames = { 0 }, back = { 0 };
	struct reuse_sender *sender;
	struct err e = { 0 };
	assert_int_equal(reuse_sender_create(&sender, REUSE_MEMORY, x.near, &e), 0);
	greeting(&words, REUSE_VERSION, 0);
	reuse_put(&words, "G\0\1\0\0", 5);
	reuse_sender_hear(sender, words.bytes, words.length, &frames, &back);
	reuse_sender_take(sender, s.bytes, 4, &frames);
	reuse_sender_take(sender, s.bytes + 4, s.length - 4, &frames);
	reuse_sender_end(sender, &frames);
	const struct reuse_report *r = reuse_sender_report(sender);
	uint64_t compressed = r->zstd_raw_bytes;
	for (uint64_t i = 1; i <= 3; i++) {
		words.length = frames.length = 0;
		reuse_put(&words, "N", 1);
		reuse_put_number(&words, 0, 8);
		reuse_sender_hear(sender, words.bytes, words.length, &frames, &back);
		assert_int_equal(r->broken, i == 3);
		/* Not all of it waits at once. */
		assert_true(frames.length < 300 << 10);
		while (reuse_sender_has_more(sender))
			reuse_sender_turn(sender, &frames);
		assert_int_equal(r->plain, i > 1);
		assert_int_equal(r->resent_bytes, (i > 2 ? 2 : i) * s.length);
		if (i == 3)
			break;
		assert_true(i == 1 || frames.length >= s.length);
		assert_int_equal(frames.bytes[0], 'P');
		assert_int_equal(frames.bytes[frames.length - 9], 'E');
		assert_true(i == 1 || r->zstd_raw_bytes == compressed);
		compressed = r->zstd_raw_bytes;
	}
	reuse_sender_free(sender);
	free(words.bytes);
	free(frames.bytes);
	sites_close(&x);
	free(s.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_share_what_is_there),
		cmocka_unit_test(one_asks_for_all),
		cmocka_unit_test(told_once),
		cmocka_unit_test(room_is_shared),
		cmocka_unit_test(a_page_without_a_place),
		cmocka_unit_test(asked_again),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

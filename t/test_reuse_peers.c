/* What a peer of reuse.h may be: hostile, of another version, one that has much, or that takes a migration up again. */
#include "bench/migrate/reuse/reuse_passage.h"
#include "bench/migrate/reuse/reuse_wire.h"
#include "t/reused_streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* Frames of a peer: a byte and its proof, so often. */
static void put_proofs(struct reuse_bytes *frames, struct reuse_sum *sum, uint64_t *position, int count)
{
	for (int i = 0; i < count; i++) {
		reuse_put(frames, "L\0\0\0\1a", 6);
		reuse_sum_add(sum, "a", 1);
		reuse_put(frames, "K", 1);
		reuse_put_number(frames, ++*position, 8);
		reuse_put_hash(frames, reuse_sum_now(sum));
	}
}

/* A proof of what is proved already is answered by nothing, and is the end. */
static void a_proof_of_nothing(void **state)
{
	(void)state;
	for (int proofs = 0; proofs < 2; proofs++) {
		struct page_store *far = store_open(NULL, 10);
		struct reuse_sum *sum = reuse_sum_create();
		struct reused u;
		uint64_t position = 0;
		reused_begin(&u, REUSE_MEMORY, NULL, far);
		u.words.length = 0;
		put_proofs(&u.frames, sum, &position, proofs);
		reuse_put(&u.frames, "K", 1);
		reuse_put_number(&u.frames, position, 8);
		reuse_put_hash(&u.frames, reuse_sum_now(sum));
		reuse_receiver_take(u.receiver, u.frames.bytes, u.frames.length, &u.raw, &u.words);
		assert_true(reuse_receiver_report(u.receiver)->broken);
		assert_int_equal(u.words.length, proofs * 9);
		assert_int_equal(u.raw.length, proofs);
		reuse_sum_free(sum);
		reused_free(&u);
		page_store_close(far);
	}
}

/* A peer that sends frames and never reads what it is told: after a while nothing more is taken from it. */
static void a_peer_that_never_reads(void **state)
{
	enum { PROOFS = 1000, MOST = 8 << 20 };
	(void)state;
	int qemu[2], link[2], idle = 0;
	struct page_store *far = store_open(NULL, 10);
	struct reuse_bytes frames = { 0 };
	struct reuse_sum *sum = reuse_sum_create();
	struct reuse_site *site;
	struct reuse_passage *p;
	struct err e = { 0 };
	unsigned char raw[4096];
	uint64_t position = 0, sent = 0;
	size_t at = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, qemu), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, link), 0);
	assert_int_equal(reuse_site_create(&site, far, &e), 0);
	assert_int_equal(reuse_passage_create(&p, PASSAGE_FAR, REUSE_MEMORY, qemu[1], link[1], site, &e), 0);
	while (idle < 10 && sent < MOST) {
		if (at == frames.length) {
			at = frames.length = 0;
			put_proofs(&frames, sum, &position, PROOFS);
		}
		ssize_t n = send(link[0], frames.bytes + at, frames.length - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		at += n > 0 ? (size_t)n : 0;
		sent += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		struct pollfd fds[2];
		reuse_passage_poll(p, fds);
		poll(fds, 2, 0);
		assert_int_equal(reuse_passage_serve(p, fds), PASSAGE_GOES_ON);
		while (recv(qemu[0], raw, sizeof(raw), MSG_DONTWAIT) > 0)
			;
	}
	print_message("# %llu bytes taken\n", (unsigned long long)sent);
	assert_true(sent < MOST);
	/* It goes on when the words are read. */
	while (recv(link[0], raw, sizeof(raw), MSG_DONTWAIT) > 0)
		;
	struct pollfd fds[2];
	for (int i = 0; i < 20; i++) {
		reuse_passage_poll(p, fds);
		poll(fds, 2, 0);
		assert_int_equal(reuse_passage_serve(p, fds), PASSAGE_GOES_ON);
		while (recv(qemu[0], raw, sizeof(raw), MSG_DONTWAIT) > 0 ||
		       recv(link[0], raw, sizeof(raw), MSG_DONTWAIT) > 0)
			;
	}
	assert_true(send(link[0], frames.bytes + at, frames.length - at, MSG_NOSIGNAL | MSG_DONTWAIT) > 0);
	reuse_passage_free(p);
	reuse_site_free(site);
	close(qemu[0]);
	close(link[0]);
	reuse_sum_free(sum);
	free(frames.bytes);
	page_store_close(far);
}

/* A far side that says that it has more than is worth knowing: what is beyond that is not remembered, and nothing is broken. */
static void a_far_side_that_has_much(void **state)
{
	enum { KNOWN = 1 << 18 };
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	unsigned char content[MADE_PAGE_BYTES];
	for (int beyond = 0; beyond < 2; beyond++) {
		struct page_store *near = store_open(NULL, 100);
		struct reuse_site *site;
		struct err e = { 0 };
		struct reused u = { 0 };
		assert_int_equal(reuse_site_create(&site, near, &e), 0);
		assert_int_equal(reuse_sender_create(&u.sender, REUSE_MEMORY, site, &e), 0);
		greeting(&u.words, REUSE_VERSION, 2);
		reuse_sender_take(u.sender, s.bytes, 4, &u.frames);
		reuse_sender_hear(u.sender, u.words.bytes, u.words.length, &u.frames, &u.back);
		assert_int_equal(u.frames.length, 9);
		assert_int_equal(u.frames.bytes[0], 'W');
		assert_int_equal(reuse_sender_room(u.sender), 0);
		u.words.length = 0;
		reuse_put(&u.words, "T", 1);
		reuse_put_number(&u.words, KNOWN + 10, 4);
		made_content(content, 0);
		for (uint64_t i = 0; i < KNOWN + 10; i++)
			reuse_put_hash(&u.words, i == (beyond ? KNOWN : 0) ? page_hash_of(content, sizeof(content), 1)
			                                                   : (struct page_hash){ i, i });
		reuse_put(&u.words, "D", 1);
		reuse_put_number(&u.words, 2, 8);
		reuse_sender_hear(u.sender, u.words.bytes, u.words.length, &u.frames, &u.back);
		assert_true(reuse_sender_room(u.sender) > s.length);
		reuse_sender_take(u.sender, s.bytes + 4, s.length - 4, &u.frames);
		assert_false(reuse_sender_report(u.sender)->broken);
		assert_int_equal(reuse_sender_report(u.sender)->referenced, !beyond);
		reused_free(&u);
		reuse_site_free(site);
		page_store_close(near);
	}
	free(s.bytes);
}

/* A far side of an older or of a later version gets the bytes, in frames that all versions have. */
static void other_versions(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	for (int version = 1; version < 4; version += 2) {
		struct page_store *far = store_open(NULL, 4000);
		struct reused u;
		reused_begin(&u, REUSE_MEMORY, far, far);
		u.words.length = 0;
		if (version == 1) {
			reuse_put(&u.words, "H\0\0\0\1", 5);
			reuse_put_number(&u.words, 5, 8);
			reuse_put_number(&u.words, 100, 4);
			reuse_put_number(&u.words, 300, 4);
			for (uint64_t i = 0; i < 300; i++)
				reuse_put_hash(&u.words, (struct page_hash){ i, i });
		} else {
			greeting(&u.words, (uint64_t)version, 300);
		}
		reused_pass(&u, s.bytes, s.length, 65536);
		reused_end(&u);
		assert_same(&u, &s);
		const struct reuse_report *r = reuse_sender_report(u.sender);
		assert_false(r->broken);
		assert_int_equal(r->pages, 0);
		assert_non_null(strstr(r->reason, "version"));
		assert_int_equal(page_store_count(far), 0);
		assert_true(reuse_sender_all_proved(u.sender));
		reused_free(&u);
		page_store_close(far);
	}
	free(s.bytes);
}

/* One that takes post-copy up again waits for nobody: not for what is there, nor even for a greeting. */
static void post_copy_again(void **state)
{
	(void)state;
	struct made_stream s = { 0 };
	struct reused u;
	struct page_store *far = store_open(NULL, 4000);
	made_command(&s, 11, "pc.ram", 6);
	for (int i = 0; i < 100; i++)
		made_bytes(&s, "some of it", 10);
	put(far, REUSE_MEMORY, 1);
	reused_begin(&u, REUSE_MEMORY, NULL, far);
	struct reuse_bytes words = u.words;
	u.words = (struct reuse_bytes){ 0 };
	size_t begun = reuse_sender_room(u.sender);
	reuse_sender_take(u.sender, s.bytes, begun, &u.frames);
	assert_true(reuse_sender_room(u.sender) > s.length);
	reuse_sender_take(u.sender, s.bytes + begun, s.length - begun, &u.frames);
	reuse_receiver_take(u.receiver, u.frames.bytes, u.frames.length, &u.raw, &u.words);
	assert_same(&u, &s);
	assert_false(reuse_receiver_has_more(u.receiver));
	u.frames.length = 0;
	reuse_sender_hear(u.sender, words.bytes, words.length, &u.frames, &u.back);
	reused_end(&u);
	assert_true(reuse_sender_all_proved(u.sender));
	assert_false(reuse_sender_report(u.sender)->broken);
	free(words.bytes);
	reused_free(&u);
	page_store_close(far);
	free(s.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_proof_of_nothing),       cmocka_unit_test(a_peer_that_never_reads),
		cmocka_unit_test(a_far_side_that_has_much), cmocka_unit_test(other_versions),
		cmocka_unit_test(post_copy_again),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

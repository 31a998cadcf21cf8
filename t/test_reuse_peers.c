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
#include <zstd.h>

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
		reuse_receiver_take(u.receiver, u.frames.bytes, u.frames.length, &u.raw, SIZE_MAX, &u.words);
		assert_true(reuse_receiver_report(u.receiver)->broken);
		assert_int_equal(u.words.length, proofs * 9);
		assert_int_equal(u.raw.length, proofs);
		reuse_sum_free(sum);
		reused_free(&u);
		page_store_close(far);
	}
}

/* A passage at a far relay; the ends of the two that talk to it. */
struct far_side {
	int qemu, link;
	struct page_store *store;
	struct reuse_site *site;
	struct reuse_passage *p;
};

static struct far_side far_begin(void)
{
	int qemu[2], link[2];
	struct err e = { 0 };
	struct far_side f = { .store = store_open(NULL, 10) };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, qemu), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, link), 0);
	assert_int_equal(reuse_site_create(&f.site, f.store, &e), 0);
	assert_int_equal(reuse_passage_create(&f.p, PASSAGE_FAR, REUSE_MEMORY, qemu[1], link[1], f.site, &e), 0);
	f.qemu = qemu[0];
	f.link = link[0];
	return f;
}

static void far_turn(const struct far_side *f)
{
	struct pollfd fds[2];
	reuse_passage_poll(f->p, fds);
	poll(fds, 2, 0);
	assert_int_equal(reuse_passage_serve(f->p, fds), PASSAGE_GOES_ON);
}

/* What there is for this end; how much it was. */
static uint64_t drain(int fd)
{
	static unsigned char raw[1 << 16];
	uint64_t sum = 0;
	for (ssize_t n; (n = recv(fd, raw, sizeof(raw), MSG_DONTWAIT)) > 0;)
		sum += (uint64_t)n;
	return sum;
}

static void far_end(struct far_side *f)
{
	reuse_passage_free(f->p);
	reuse_site_free(f->site);
	close(f->qemu);
	close(f->link);
	page_store_close(f->store);
}

/* A peer that sends frames and never reads what it is told: after a while nothing more is taken from it. */
static void a_peer_that_never_reads(void **state)
{
	enum { PROOFS = 1000, MOST = 8 << 20 };
	(void)state;
	int idle = 0;
	struct far_side f = far_begin();
	struct reuse_bytes frames = { 0 };
	struct reuse_sum *sum = reuse_sum_create();
	uint64_t position = 0, sent = 0;
	size_t at = 0;
	while (idle < 10 && sent < MOST) {
		if (at == frames.length) {
			at = frames.length = 0;
			put_proofs(&frames, sum, &position, PROOFS);
		}
		ssize_t n = send(f.link, frames.bytes + at, frames.length - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		at += n > 0 ? (size_t)n : 0;
		sent += n > 0 ? (size_t)n : 0;
		idle = n > 0 ? 0 : idle + 1;
		far_turn(&f);
		drain(f.qemu);
	}
	print_message("# %llu bytes taken\n", (unsigned long long)sent);
	assert_true(sent < MOST);
	/* It goes on when the words are read. */
	drain(f.link);
	for (int i = 0; i < 20; i++) {
		far_turn(&f);
		while (drain(f.qemu) + drain(f.link) > 0)
			;
	}
	assert_true(send(f.link, frames.bytes + at, frames.length - at, MSG_NOSIGNAL | MSG_DONTWAIT) > 0);
	far_end(&f);
	reuse_sum_free(sum);
	free(frames.bytes);
}

/* Zeros, 64 KiB of them a frame, and a proof for each MiB. */
static void put_zeros(struct reuse_bytes *frames, int proofs)
{
	static unsigned char zeros[REUSE_LITERAL_MOST], packed[REUSE_LITERAL_MOST];
	struct reuse_sum *sum = reuse_sum_create();
	size_t length = ZSTD_compress(packed, sizeof(packed), zeros, sizeof(zeros), 1);
	assert_false(ZSTD_isError(length));
	for (uint64_t position = 0; position < (uint64_t)proofs * REUSE_UNPROVED_MOST;) {
		reuse_put(frames, "C", 1);
		reuse_put_number(frames, sizeof(zeros), 4);
		reuse_put_number(frames, length, 4);
		reuse_put(frames, packed, length);
		reuse_sum_add(sum, zeros, sizeof(zeros));
		position += sizeof(zeros);
		if (position % REUSE_UNPROVED_MOST)
			continue;
		reuse_put(frames, "K", 1);
		reuse_put_number(frames, position, 8);
		reuse_put_hash(frames, reuse_sum_now(sum));
	}
	reuse_sum_free(sum);
}

/* Few frames that stand for many bytes, and a QEMU that does not read: they wait as frames. When it reads, it gets all of them. */
static void frames_that_stand_for_much(void **state)
{
	enum { PROOFS = 40, PATIENCE = 20, MOST = 4 << 20 };
	(void)state;
	struct far_side f = far_begin();
	struct reuse_bytes frames = { 0 };
	uint64_t came = 0, all = (uint64_t)PROOFS * REUSE_UNPROVED_MOST;
	put_zeros(&frames, PROOFS);
	assert_in_range(frames.length, 1, 60000); /* they come with one read */
	assert_int_equal(send(f.link, frames.bytes, frames.length, MSG_NOSIGNAL), frames.length);
	for (int i = 0; i < 10000 && came < all; i++) {
		far_turn(&f);
		assert_in_range(reuse_passage_report(f.p)->raw_bytes, 0, came + MOST);
		came += i < PATIENCE ? 0 : drain(f.qemu);
	}
	assert_int_equal(came, all);
	far_end(&f);
	free(frames.bytes);
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
	reuse_receiver_take(u.receiver, u.frames.bytes, u.frames.length, &u.raw, SIZE_MAX, &u.words);
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
		cmocka_unit_test(a_proof_of_nothing),
		cmocka_unit_test(a_peer_that_never_reads),
		cmocka_unit_test(frames_that_stand_for_much),
		cmocka_unit_test(a_far_side_that_has_much),
		cmocka_unit_test(other_versions),
		cmocka_unit_test(post_copy_again),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

/* The pair of reuse.h: byte for byte, with less to send on a return, and without harm when something is lost. */
#include "bench/migrate/reuse/reuse_passage.h"
#include "bench/migrate/reuse/reuse_wire.h"
#include "collectors/stream/decoder.h"
#include "t/made_nbd.h"
#include "t/reused.h"
#include "t/small_qemu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

enum { PAGES = 2000 };

static struct page_store *store_open(const char *name, uint32_t slots)
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

static int put(struct page_store *s, enum reuse_kind kind, uint64_t what)
{
	unsigned char content[MADE_PAGE_BYTES];
	made_content(content, what);
	return page_store_put(s, kind, page_hash_of(content, sizeof(content), page_store_seed(s)), content);
}

/* A VM of so many pages, of which those from `changed` on have other content than with another `visit`. */
static struct made_stream vm_stream(uint64_t changed, uint64_t visit)
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

static void assert_same(const struct reused *u, const struct made_stream *s)
{
	assert_int_equal(u->raw.length, s->length);
	assert_memory_equal(u->raw.bytes, s->bytes, s->length);
}

/* How many bytes a stream took on the link. */
static uint64_t passed_as(enum reuse_kind kind, const struct made_stream *s, struct page_store *near,
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

static uint64_t passed(const struct made_stream *s, struct page_store *near, struct page_store *far, size_t piece)
{
	return passed_as(REUSE_MEMORY, s, near, far, piece);
}

static void byte_for_byte(void **state)
{
	(void)state;
	static const size_t pieces[] = { 1, 13, 4095, 65536, 1 << 20 };
	struct made_stream s = vm_stream(PAGES, 0);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct page_store *near = store_open(NULL, 4000), *far = store_open(NULL, 4000);
		passed(&s, near, far, pieces[i]);
		page_store_close(near);
		page_store_close(far);
	}
	/* What is no stream at all. */
	struct made_stream noise = { 0 };
	for (uint64_t i = 0; i < 300; i++) {
		unsigned char content[MADE_PAGE_BYTES];
		made_content(content, i);
		made_bytes(&noise, content, i % 3 ? sizeof(content) : (size_t)(i * 13));
	}
	struct page_store *far = store_open(NULL, 10);
	passed(&noise, NULL, far, 3000);
	page_store_close(far);
	free(noise.bytes);
	free(s.bytes);
}

/* A -> B -> A with a tenth changed: the return takes a fraction of the memory; then restarts of both, and B again. */
static void a_return(void **state)
{
	(void)state;
	struct made_stream there = vm_stream(PAGES, 0), back = vm_stream(PAGES * 9 / 10, 1),
			   again = vm_stream(PAGES * 9 / 10, 2);
	struct page_store *a = store_open("a", 8000), *b = store_open("b", 8000);
	assert_true(passed(&there, a, b, 65536) > there.length * 9 / 10);
	assert_true(passed(&back, b, a, 65536) < back.length * 15 / 100);
	page_store_close(a);
	page_store_close(b);
	a = store_open("a", 8000);
	b = store_open("b", 8000);
	assert_true(passed(&again, a, b, 65536) < again.length * 15 / 100);
	page_store_close(a);
	page_store_close(b);
	free(there.bytes);
	free(back.bytes);
	free(again.bytes);
}

/* A store with room for a part of the pages: that much is saved, and nothing goes wrong. */
static void a_small_store(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	struct page_store *far = store_open(NULL, 500);
	uint64_t first = passed(&s, NULL, far, 65536);
	assert_int_equal(page_store_count(far), 500);
	uint64_t second = passed(&s, NULL, far, 65536);
	assert_in_range(first - second, 450 * MADE_PAGE_BYTES, 500 * MADE_PAGE_BYTES);
	page_store_close(far);
	free(s.bytes);
}

/* What the receiver said it has is gone when it is needed. */
static void a_lost_page(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	struct page_store *far = store_open("lost", 4000);
	struct reused u;
	char path[96];
	passed(&s, NULL, far, 65536);
	reused_begin(&u, REUSE_MEMORY, NULL, far);
	reused_exchange(&u, 65536);
	snprintf(path, sizeof(path), "%s/lost", scratch);
	FILE *file = fopen(path, "r+");
	fseek(file, -3000 * MADE_PAGE_BYTES, SEEK_END); /* in the middle of those that are used */
	for (int i = 0; i < 100000; i++)
		fputc('x', file);
	fclose(file);
	reused_pass(&u, s.bytes, s.length, 65536);
	reused_end(&u);
	assert_same(&u, &s);
	/* From there on pages are stored again, and zstd and references to those go on. */
	const struct reuse_report *r = reuse_sender_report(u.sender);
	assert_false(r->plain);
	assert_false(r->broken);
	assert_true(r->referenced > 0);
	assert_true(r->stored > 0);
	assert_in_range(r->resent_bytes, 1, 512 << 10);
	assert_int_not_equal(r->reason[0], 0);
	reused_free(&u);
	/* One was found; then all of those that were damaged are not there any more. */
	assert_true(page_store_count(far) > PAGES * 6 / 7 - 10);
	while (page_store_check_some(far))
		;
	page_store_close(far);
	/* Those that were damaged are not there any more, but for what was sent after it was found out. */
	far = store_open("lost", 4000);
	assert_false(page_store_check_some(far));
	assert_in_range(page_store_count(far), PAGES * 6 / 7 - 50, PAGES * 6 / 7 - 1);
	page_store_close(far);
	free(s.bytes);
}

/* A disk that is copied: writes of 64 KiB, and odd ones between them. Blocks from `changed` on are others with another visit. */
static struct made_stream disk_stream(uint64_t changed, uint64_t visit)
{
	enum { AT_ONCE = 16 };
	struct made_stream s = { 0 };
	unsigned char content[AT_ONCE * MADE_PAGE_BYTES];
	made_nbd_begin(&s);
	made_nbd_request(&s, MADE_NBD_WRITE_ZEROES, 0, 0, PAGES * MADE_PAGE_BYTES);
	for (uint64_t i = 0; i < PAGES; i += AT_ONCE) {
		for (uint64_t j = 0; j < AT_ONCE; j++)
			made_content(content + j * MADE_PAGE_BYTES, i + j < changed ? i + j : i + j + visit * PAGES);
		made_nbd_write(&s, i * MADE_PAGE_BYTES, content, sizeof(content));
		made_nbd_write(&s, i * MADE_PAGE_BYTES + 512, content + 512, (size_t)(i * 13 % 5000));
	}
	made_nbd_request(&s, MADE_NBD_FLUSH, 0, 0, 0);
	made_nbd_end(&s);
	return s;
}

/* There and back; and a VM whose page cache has the disk finds its blocks. */
static void a_disk(void **state)
{
	(void)state;
	static const size_t pieces[] = { 13, 4095, 65536 };
	struct made_stream there = disk_stream(PAGES, 0), back = disk_stream(PAGES * 9 / 10, 1),
			   vm = vm_stream(PAGES, 0);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct page_store *a = store_open(NULL, 8000), *b = store_open(NULL, 8000);
		uint64_t first = passed_as(REUSE_DISK, &there, a, b, pieces[i]);
		assert_int_equal(page_store_count(b), PAGES);
		assert_true(first > PAGES * MADE_PAGE_BYTES);
		assert_true(passed_as(REUSE_DISK, &there, b, a, 65536) < there.length / 10);
		assert_true(passed_as(REUSE_DISK, &back, b, a, pieces[i]) < there.length * 25 / 100);
		assert_true(passed(&vm, a, b, 65536) < vm.length / 50);
		page_store_close(a);
		page_store_close(b);
	}
	/* As what it is not, it comes through all the same. */
	struct page_store *far = store_open(NULL, 8000);
	passed(&there, NULL, far, 65536);
	passed_as(REUSE_DISK, &vm, NULL, far, 65536);
	assert_int_equal(page_store_count(far), 0);
	page_store_close(far);
	free(there.bytes);
	free(back.bytes);
	free(vm.bytes);
}

static uint64_t spoilt_at;

static void spoil(struct reuse_bytes *frames, uint64_t position)
{
	if (spoilt_at >= position && spoilt_at < position + frames->length)
		frames->bytes[spoilt_at - position] ^= 0x10;
}

/* Any byte on the link is another one: either all is made good, or it ends; never does anything else come out. */
static void a_damaged_link(void **state)
{
	(void)state;
	struct made_stream s = vm_stream(PAGES, 0);
	int good = 0, broken = 0;
	for (uint64_t at = 0; at < s.length && good + broken < 300; at += 20011) {
		struct page_store *far = store_open(NULL, 1000);
		struct reused u;
		reused_begin(&u, REUSE_MEMORY, NULL, far);
		u.on_frames = spoil;
		spoilt_at = at;
		reused_pass(&u, s.bytes, s.length, 65536);
		if (!reuse_sender_report(u.sender)->broken && !reuse_receiver_report(u.receiver)->broken)
			reused_end(&u);
		assert_true(u.raw.length <= s.length);
		assert_memory_equal(u.raw.bytes ? u.raw.bytes : s.bytes, s.bytes, u.raw.length);
		if (reuse_sender_report(u.sender)->broken || reuse_receiver_report(u.receiver)->broken) {
			broken++;
		} else {
			good += u.raw.length == s.length;
			assert_true(reuse_sender_report(u.sender)->resent_bytes > 0);
		}
		reused_free(&u);
		page_store_close(far);
	}
	assert_true(good > 200);
	free(s.bytes);
}

/* A sender takes nothing before it knows what is there, nor endlessly without a proof. */
static void room(void **state)
{
	(void)state;
	static unsigned char bytes[1 << 20];
	struct page_store *far = store_open(NULL, 10);
	struct reused u;
	reused_begin(&u, REUSE_MEMORY, NULL, far);
	size_t begun = reuse_sender_room(u.sender);
	assert_in_range(begun, 1, 16);
	reuse_sender_hear(u.sender, u.words.bytes, u.words.length, &u.frames, &u.back);
	assert_int_equal(reuse_sender_room(u.sender), begun);
	reuse_sender_take(u.sender, bytes, begun, &u.frames);
	size_t before = reuse_sender_room(u.sender) + begun, taken = begun;
	assert_true(before > sizeof(bytes));
	for (size_t room; (room = reuse_sender_room(u.sender)); taken += room) {
		room = room < sizeof(bytes) ? room : sizeof(bytes);
		reuse_sender_take(u.sender, bytes, room, &u.frames);
	}
	assert_int_equal(taken, before);
	u.words.length = 0;
	reused_exchange(&u, 65536);
	assert_int_equal(u.raw.length, taken);
	assert_int_equal(reuse_sender_room(u.sender), before);
	reused_free(&u);
	page_store_close(far);
}

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

/* The first words of a far side. */
static void greeting(struct reuse_bytes *words, uint64_t version, uint64_t added)
{
	reuse_put(words, "H", 1);
	reuse_put_number(words, version, 4);
	reuse_put_number(words, REUSE_GREETING, 4);
	reuse_put_number(words, 1, 8);
	reuse_put_number(words, 7, 8);
	reuse_put_number(words, added, 8);
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
	reuse_receiver_take(u.receiver, u.frames.bytes, u.frames.length, &u.raw, &u.words);
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

/* The return path goes between the words. */
static void the_way_back(void **state)
{
	(void)state;
	unsigned char sent[100000], piece = 1;
	struct page_store *far = store_open(NULL, 10);
	struct reused u;
	reused_begin(&u, REUSE_MEMORY, NULL, far);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (unsigned char)(i * 31 >> 3);
	for (size_t at = 0; at < sizeof(sent); piece = (unsigned char)(piece * 3 + 1)) {
		size_t length = sizeof(sent) - at < piece ? sizeof(sent) - at : piece;
		reuse_back(sent + at, length, &u.words);
		reused_pass(&u, sent, 10, 7);
		at += length;
	}
	assert_false(reuse_sender_back_ended(u.sender));
	reuse_back_end(&u.words);
	reused_exchange(&u, 3);
	assert_true(reuse_sender_back_ended(u.sender));
	reused_end(&u);
	assert_true(reuse_sender_all_proved(u.sender));
	assert_int_equal(u.back.length, sizeof(sent));
	assert_memory_equal(u.back.bytes, sent, sizeof(sent));
	reused_free(&u);
	page_store_close(far);
}

static void the_store(void **state)
{
	(void)state;
	unsigned char content[MADE_PAGE_BYTES];
	struct page_store *s, *other;
	struct stat st;
	struct err e = { 0 };
	char path[96];
	snprintf(path, sizeof(path), "%s/store", scratch);
	assert_int_equal(page_store_open(&s, path, 100, 9, &e), 0);
	page_store_session(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(page_store_open(&other, path, 100, 9, &e), -1);
	assert_non_null(strstr(e.text, "in use"));
	for (uint64_t i = 0; i < 101; i++)
		assert_int_equal(put(s, REUSE_MEMORY, i), i < 100 ? 0 : -1);
	assert_int_equal(page_store_room(s, REUSE_MEMORY), 0);
	/* In the next session half of it makes room; what was used in this one stays longest. */
	page_store_session(s);
	assert_int_equal(page_store_count(s), 50);
	int found = 0, kept = -1;
	for (int i = 0; i < 100; i++) {
		made_content(content, (uint64_t)i);
		const unsigned char *there = page_store_find(s, page_hash_of(content, sizeof(content), 9));
		found += there != NULL;
		kept = there ? i : kept;
		if (there)
			assert_memory_equal(there, content, sizeof(content));
	}
	assert_int_equal(found, 50);
	page_store_close(s);
	assert_int_equal(page_store_open(&s, path, 100, 9, &e), 0);
	assert_int_equal(page_store_count(s), 50);
	made_content(content, (uint64_t)kept);
	assert_non_null(page_store_find(s, page_hash_of(content, sizeof(content), 9)));
	page_store_close(s);
	/* Another seed or size: it begins anew. */
	assert_int_equal(page_store_open(&s, path, 100, 10, &e), 0);
	assert_int_equal(page_store_count(s), 0);
	page_store_close(s);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(page_store_open(&s, path, 100, 10, &e), -1);
	assert_non_null(strstr(e.text, "private"));
}

/* How many of so many pages, from `from` on, a kind gets into the store. */
static int put_all(struct page_store *s, enum reuse_kind kind, uint64_t from, int count)
{
	int stored = 0;
	for (int i = 0; i < count; i++)
		stored += put(s, kind, from + (uint64_t)i) == 0;
	return stored;
}

static void assert_counts(const struct page_store *s, uint32_t memory, uint32_t disks)
{
	assert_int_equal(page_store_count_of(s, REUSE_MEMORY), memory);
	assert_int_equal(page_store_count_of(s, REUSE_DISK), disks);
	assert_int_equal(page_store_count(s), memory + disks);
}

/* A disk larger than the store, copied along move after move, and what its VM's memory has beside it. */
static void a_disk_and_memory_share_the_store(void **state)
{
	(void)state;
	struct page_store *s = store_open("parts", 100);
	page_store_share(s);
	page_store_session(s);
	assert_int_equal(page_store_room(s, REUSE_DISK), 50);
	assert_int_equal(page_store_room(s, REUSE_MEMORY), 50);
	assert_int_equal(put_all(s, REUSE_DISK, 1000, 300), 50);
	assert_int_equal(page_store_room(s, REUSE_MEMORY), 50);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, 40), 40);
	assert_counts(s, 40, 50);
	/* Both come down to a quarter; the disk gets half of what is free, and not what memory leaves. */
	page_store_session(s);
	assert_counts(s, 25, 25);
	assert_int_equal(put_all(s, REUSE_DISK, 2000, 300), 25);
	assert_int_equal(put_all(s, REUSE_MEMORY, 500, 300), 25);
	assert_int_equal(put_all(s, REUSE_DISK, 3000, 1), 0);
	assert_counts(s, 50, 50);
	/* What a page came with outlives the process. */
	page_store_close(s);
	s = store_open("parts", 100);
	assert_counts(s, 25, 25);
	page_store_share(s);
	/* A page is there for both, whoever brought it. */
	page_store_session(s);
	assert_int_equal(put(s, REUSE_MEMORY, 7000), 0);
	assert_int_equal(put(s, REUSE_DISK, 7000), 0);
	assert_counts(s, 26, 25);
	page_store_close(s);
	/* Memory alone has had all of it: a disk that comes finds a quarter, and memory keeps half. */
	s = store_open(NULL, 100);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, 300), 100);
	page_store_share(s);
	page_store_session(s);
	assert_counts(s, 50, 0);
	assert_int_equal(put_all(s, REUSE_DISK, 1000, 300), 25);
	assert_int_equal(put_all(s, REUSE_MEMORY, 500, 300), 25);
	assert_counts(s, 75, 25);
	/* Memory has more: it is what is forgotten, what was used longest ago first. */
	page_store_session(s);
	assert_counts(s, 25, 25);
	assert_int_equal(put_all(s, REUSE_MEMORY, 500, 25), 25);
	assert_counts(s, 25, 25);
	page_store_close(s);
}

/* Of this process. */
static int64_t resident_bytes(void)
{
	long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %lld", &pages), 1);
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

/* Much is kept in the file, and little of it in memory, be it written, looked for, or opened again. */
static void a_store_stays_small(void **state)
{
	enum { KEPT = 8000 };
	int64_t before = resident_bytes(), most = 0;
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct page_store *s = store_open("small", 2 * KEPT);
		for (uint64_t i = 0; i < KEPT; i++) {
			/* In turn the first time, then leaping about. */
			assert_int_equal(put(s, REUSE_MEMORY, turn ? i * 1237 % KEPT : i), 0);
			most = i % 50 || resident_bytes() < most ? most : resident_bytes();
		}
		assert_int_equal(page_store_count(s), KEPT);
		page_store_close(s);
	}
	print_message("# %lld bytes more in memory at most\n", (long long)(most - before));
	assert_true(most - before < KEPT * MADE_PAGE_BYTES / 4);
}

static int64_t bytes_read(void)
{
	char line[80];
	long long bytes = -1;
	FILE *file = fopen("/proc/self/io", "re");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "rchar: %lld", &bytes);
	if (file)
		fclose(file);
	return bytes;
}

/* However many pages are there: a relay that is started again is up at once. */
static void opening_reads_no_page(void **state)
{
	(void)state;
	enum { KEPT = 4000 };
	struct page_store *s = store_open("table", 2 * KEPT);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, KEPT), KEPT);
	page_store_close(s);
	int64_t before = bytes_read();
	if (before < 0)
		skip();
	s = store_open("table", 2 * KEPT);
	assert_true(bytes_read() - before < KEPT * MADE_PAGE_BYTES / 16);
	assert_int_equal(page_store_count(s), KEPT);
	assert_false(page_store_check_some(s));
	page_store_close(s);
}

/* Somebody cuts the file short, or makes it longer again, while it is open: pages are lost, and nothing else is. */
static void a_store_that_is_cut_short(void **state)
{
	(void)state;
	enum { KEPT = 100 };
	struct page_store *s = store_open("cut", 2 * KEPT);
	char path[96];
	snprintf(path, sizeof(path), "%s/cut", scratch);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, KEPT), KEPT);
	assert_int_equal(truncate(path, 100 * MADE_PAGE_BYTES), 0);
	page_store_session(s);
	unsigned char content[MADE_PAGE_BYTES];
	int found = 0;
	for (uint64_t i = 0; i < KEPT; i++) {
		made_content(content, i);
		found += page_store_find(s, page_hash_of(content, sizeof(content), page_store_seed(s))) != NULL;
	}
	assert_in_range(found, 90, KEPT - 1);
	assert_counts(s, (uint32_t)found, 0);
	assert_int_equal(truncate(path, 0), 0);
	/* None is there now; what is put is. */
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, 2 * KEPT), 2 * KEPT);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, 2 * KEPT), 2 * KEPT);
	assert_int_equal(put_all(s, REUSE_MEMORY, 1000, 1), 0);
	assert_counts(s, 2 * KEPT, 0);
	page_store_close(s);
}

/* A disk that is too small is told at the beginning, and not by a signal later on. */
static void a_full_disk(void **state)
{
	(void)state;
	struct page_store *s;
	struct err e = { 0 };
	char path[96];
	snprintf(path, sizeof(path), "%s/disk", scratch);
	assert_int_equal(mkdir(path, 0700), 0);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", path, "tmpfs", 0, "size=1M") < 0)
		skip();
	strcat(path, "/store");
	assert_int_equal(page_store_open(&s, path, 1000, 1, &e), -1);
	assert_non_null(strstr(e.text, "no room"));
	unlink(path);
	assert_int_equal(page_store_open(&s, path, 100, 1, &e), 0);
	page_store_close(s);
	unlink(path);
	path[strlen(path) - strlen("/store")] = '\0';
	assert_int_equal(umount(path), 0);
}

/* The installed QEMU's own stream, there and back. */
static void of_qemu(void **state)
{
	(void)state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct made_stream s = { 0 };
	struct small_qemu qemu = { 0 };
	unsigned char bytes[8192];
	char arguments[160];
	struct err e = { 0 };
	if (!small_qemu_there())
		skip();
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/stream", scratch);
	snprintf(arguments, sizeof(arguments), "{\"uri\":\"unix:%s\"}", address.sun_path);
	int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 1), 0);
	int started = small_qemu_start(&qemu, "src", NULL, &e);
	int asked = started < 0
	                    ? -1
	                    : small_qemu_say(&qemu, "migrate-set-parameters", "{\"max-bandwidth\":1073741824}", &e) |
	                              small_qemu_say(&qemu, "migrate", arguments, &e);
	int fd = asked < 0 ? -1 : accept(listening, NULL, NULL);
	for (ssize_t n; fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0;)
		made_bytes(&s, bytes, (size_t)n);
	close(fd);
	close(listening);
	small_qemu_end(&qemu);
	assert_true(s.length > PATTERN_DIFFERENT * MADE_PAGE_BYTES);
	struct page_store *a = store_open(NULL, 20000), *b = store_open(NULL, 20000);
	uint64_t first = passed(&s, a, b, 8192), second = passed(&s, b, a, 8192);
	assert_true(first < s.length);
	assert_true(second * 10 < s.length);
	page_store_close(a);
	page_store_close(b);
	free(s.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(byte_for_byte),
		cmocka_unit_test(a_return),
		cmocka_unit_test(a_small_store),
		cmocka_unit_test(a_disk),
		cmocka_unit_test(a_lost_page),
		cmocka_unit_test(a_damaged_link),
		cmocka_unit_test(room),
		cmocka_unit_test(a_proof_of_nothing),
		cmocka_unit_test(a_peer_that_never_reads),
		cmocka_unit_test(a_far_side_that_has_much),
		cmocka_unit_test(other_versions),
		cmocka_unit_test(post_copy_again),
		cmocka_unit_test(connections_share_what_is_there),
		cmocka_unit_test(one_asks_for_all),
		cmocka_unit_test(told_once),
		cmocka_unit_test(room_is_shared),
		cmocka_unit_test(a_page_without_a_place),
		cmocka_unit_test(asked_again),
		cmocka_unit_test(the_way_back),
		cmocka_unit_test(the_store),
		cmocka_unit_test(a_full_disk),
		cmocka_unit_test(a_disk_and_memory_share_the_store),
		cmocka_unit_test(a_store_stays_small),
		cmocka_unit_test(opening_reads_no_page),
		cmocka_unit_test(a_store_that_is_cut_short),
		cmocka_unit_test(of_qemu),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, small_qemu_setup, scratch_remove);
}

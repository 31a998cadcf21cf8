/* The pair of reuse.h: byte for byte, with less to send on a return, and without harm when something is lost. */
#include "bench/migrate/reuse/reuse_passage.h"
#include "bench/migrate/reuse/reuse_wire.h"
#include "collectors/stream/decoder.h"
#include "t/made_nbd.h"
#include "t/reused_streams.h"
#include "t/small_qemu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

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
		cmocka_unit_test(byte_for_byte), cmocka_unit_test(a_return),     cmocka_unit_test(a_small_store),
		cmocka_unit_test(a_disk),        cmocka_unit_test(a_lost_page),  cmocka_unit_test(a_damaged_link),
		cmocka_unit_test(room),          cmocka_unit_test(the_way_back), cmocka_unit_test(of_qemu),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, small_qemu_setup, scratch_remove);
}

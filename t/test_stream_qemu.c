/* What the installed QEMU really writes: streams caught on a socket, of a VM with known pages in its memory. */
#include "collectors/stream/decoder.h"
#include "t/small_qemu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static struct small_qemu qemu;
static struct stream_decoder *decoder;
static int pattern_seen[PATTERN_PAGES], times_seen[65536];
static uint64_t ram_first;

static void on_event(void *context, enum stream_event event)
{
	(void)context;
	const struct stream_report *r = stream_decoder_report(decoder);
	ram_first = UINT64_MAX;
	for (int i = 0; event == STREAM_BLOCKS && i < r->block_count; i++)
		if (strcmp(r->blocks[i].name, "pc.ram") == 0)
			ram_first = r->blocks[i].first_page;
}

static void on_page(void *context, const struct stream_page *page)
{
	(void)context;
	unsigned char content[MADE_PAGE_BYTES];
	uint64_t of_pattern = page->number - ram_first - PATTERN_AT / MADE_PAGE_BYTES;
	assert_in_range(page->number, 0, 65535);
	times_seen[page->number]++;
	if (of_pattern >= PATTERN_PAGES)
		return;
	small_qemu_content(content, (int)of_pattern);
	pattern_seen[of_pattern]++;
	if (page->kind == STREAM_PAGE)
		assert_memory_equal(page->content, content, sizeof(content));
	else if (page->kind == STREAM_ZERO)
		assert_int_equal(content[0] | content[1], 0);
}

/* Returns what was decoded of it; the caller frees the decoder. */
static void catch_stream(const char *capability, const char *before)
{
	const struct stream_sink sink = { NULL, on_page, on_event };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned char bytes[8191];
	char arguments[160];
	struct err e = { 0 };
	memset(pattern_seen, 0, sizeof(pattern_seen));
	memset(times_seen, 0, sizeof(times_seen));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/stream", scratch);
	int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(small_qemu_start(&qemu, "src", NULL, &e), 0);
	if (capability)
		assert_int_equal(small_qemu_capability(&qemu, capability, &e), 0);
	if (before)
		assert_int_equal(small_qemu_say(&qemu, "migrate-set-parameters", before, &e), 0);
	snprintf(arguments, sizeof(arguments), "{\"uri\":\"unix:%s\"}", address.sun_path);
	assert_int_equal(small_qemu_say(&qemu, "migrate", arguments, &e), 0);
	int fd = accept(listening, NULL, NULL);
	assert_int_equal(stream_decoder_create(&decoder, &sink, &e), 0);
	for (ssize_t n; (n = read(fd, bytes, sizeof(bytes))) > 0;)
		stream_decode(decoder, bytes, (size_t)n);
	stream_decoder_end(decoder);
	close(fd);
	close(listening);
	unlink(address.sun_path);
	small_qemu_end(&qemu);
}

static void a_whole_precopy(void **state)
{
	(void)state;
	catch_stream(NULL, "{\"max-bandwidth\":1073741824}");
	const struct stream_report *r = stream_decoder_report(decoder);
	assert_string_equal(r->reason, "");
	assert_true(r->understood);
	assert_true(r->complete);
	assert_true(strncmp(r->machine, "pc", 2) == 0);
	assert_int_equal(r->page_bytes, 4096);
	assert_true(r->total_pages >= (16 << 20) / 4096);
	assert_false(r->postcopy);
	for (int i = 0; i < PATTERN_PAGES; i++)
		assert_int_equal(pattern_seen[i], 1);
	/* Nothing ran: each page of each block came once, and no other did. */
	for (uint64_t i = 0; i < r->total_pages; i++)
		assert_int_equal(times_seen[i], 1);
	assert_true(r->pages[STREAM_PAGE] >= PATTERN_DIFFERENT + PATTERN_COPIES);
	assert_true(r->pages[STREAM_ZERO] >= 1000);
	assert_int_equal(r->pages[STREAM_PAGE] + r->pages[STREAM_ZERO], r->total_pages);
	assert_true(r->bytes[STREAM_DEVICE] > 1000);
	assert_true(r->bytes[STREAM_DESCRIPTION] > 1000);
	assert_int_equal(r->bytes[STREAM_UNKNOWN], 0);
	assert_true(r->bytes[STREAM_PAGE] >= r->pages[STREAM_PAGE] * 4104);
	assert_true(r->bytes[STREAM_PAGE] <= r->pages[STREAM_PAGE] * 4104 + 1000);
	stream_decoder_free(decoder);
}

/* QEMU compresses pages itself: their number is known, their content is not. */
static void compressed_by_qemu(void **state)
{
	(void)state;
	catch_stream("compress", NULL);
	const struct stream_report *r = stream_decoder_report(decoder);
	assert_true(r->complete);
	assert_true(r->pages[STREAM_COMPRESSED] >= PATTERN_DIFFERENT);
	for (uint64_t i = 0; i < r->total_pages; i++)
		assert_int_equal(times_seen[i], 1);
	assert_int_equal(r->bytes[STREAM_UNKNOWN], 0);
	stream_decoder_free(decoder);
}

static int end_qemu(void **state)
{
	(void)state;
	small_qemu_end(&qemu);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_whole_precopy, end_qemu),
		cmocka_unit_test_teardown(compressed_by_qemu, end_qemu),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return small_qemu_there() ? cmocka_run_group_tests(tests, small_qemu_setup, scratch_remove)
	                          : small_qemu_skip();
}

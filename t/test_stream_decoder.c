/* Decoding migration streams that are made here: whole, cut anywhere, broken, and of kinds that are told, not guessed. */
#include "collectors/stream/decoder.h"
#include "collectors/stream/return_path.h"

#include "bench/base/err.h"
#include "t/made_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { PAGES = 64 };

static const struct made_block blocks[] = { { "pc.ram", 32 * MADE_PAGE_BYTES, 0 },
	                                    { "vga.vram", 16 * MADE_PAGE_BYTES, 0 } };

/* What came out. */
struct seen {
	const struct made_stream *stream;
	struct stream_report report;
	uint64_t numbers[PAGES], sums[PAGES], records;
	enum stream_kind kinds[PAGES];
	int pages, blocks_at, stopped_at, switched_at;
};

static uint64_t sum_of(const unsigned char *bytes, size_t length)
{
	uint64_t sum = 0;
	for (size_t i = 0; bytes && i < length; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static void on_page(void *context, const struct stream_page *page)
{
	struct seen *s = context;
	assert_in_range(s->pages, 0, PAGES - 1);
	if (page->content)
		assert_memory_equal(page->content, s->stream->bytes + page->content_at, MADE_PAGE_BYTES);
	s->numbers[s->pages] = page->number;
	s->kinds[s->pages] = page->kind;
	s->records += page->record_bytes;
	s->sums[s->pages++] = sum_of(page->content, MADE_PAGE_BYTES);
}

static void on_event(void *context, enum stream_event event)
{
	struct seen *s = context;
	int *at = event == STREAM_BLOCKS ? &s->blocks_at : event == STREAM_STOPPED ? &s->stopped_at : &s->switched_at;
	assert_int_equal(*at, -1);
	*at = s->pages;
}

/* In pieces of so many bytes. */
static struct seen decode(const struct made_stream *stream, size_t piece)
{
	struct seen s = { .stream = stream, .blocks_at = -1, .stopped_at = -1, .switched_at = -1 };
	const struct stream_sink sink = { &s, on_page, on_event };
	struct stream_decoder *d;
	struct err e = { 0 };
	uint64_t sum = 0, pages = 0;
	assert_int_equal(stream_decoder_create(&d, &sink, &e), 0);
	for (size_t at = 0; at < stream->length; at += piece) {
		size_t length = stream->length - at < piece ? stream->length - at : piece;
		/* Exactly as long as it is, for the sanitizer. */
		unsigned char *copy = malloc(length);
		memcpy(copy, stream->bytes + at, length);
		stream_decode(d, copy, length);
		free(copy);
	}
	stream_decoder_end(d);
	s.report = *stream_decoder_report(d);
	s.report.blocks = NULL;
	for (int i = 0; i < STREAM_KINDS; i++)
		sum += s.report.bytes[i];
	for (int i = STREAM_ZERO; i <= STREAM_COMPRESSED; i++)
		pages += s.report.bytes[i];
	assert_int_equal(sum, stream->length);
	if (s.report.understood && s.report.complete)
		assert_int_equal(s.records, pages);
	stream_decoder_free(d);
	return s;
}

static struct made_stream precopy(void)
{
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_head(&s, "pc-i440fx-7.2");
	made_command(&s, 1, "", 0);
	made_command(&s, 2, "\0\0\0\1", 4);
	made_ram_begin(&s, blocks, 2);
	made_part_begin(&s);
	for (uint64_t i = 0; i < 5; i++) {
		made_content(content, i);
		made_page(&s, i ? NULL : "pc.ram", i * MADE_PAGE_BYTES, content);
	}
	made_zero(&s, NULL, 5 * MADE_PAGE_BYTES);
	made_part_end(&s);
	made_part_begin(&s);
	made_zero(&s, "vga.vram", 15 * MADE_PAGE_BYTES);
	made_record(&s, "pc.ram", 31 * MADE_PAGE_BYTES, 0x40);
	made_bytes(&s, "\1\0\3abc", 6);
	made_record(&s, NULL, 30 * MADE_PAGE_BYTES, 0x100);
	made_bytes(&s, "\0\0\0\7seven..", 11);
	made_part_end(&s);
	made_number(&s, 3, 1);
	made_number(&s, MADE_RAM, 4);
	made_content(content, 99);
	made_page(&s, "pc.ram", 0, content);
	made_part_end(&s);
	made_end(&s);
	return s;
}

static void a_precopy(void **state)
{
	(void)state;
	static const uint64_t numbers[] = { 0, 1, 2, 3, 4, 5, 47, 31, 30, 0 };
	struct made_stream s = precopy();
	static const size_t pieces[] = { 1, 2, 3, 7, 1000, 4095, 4096, 4097, 1 << 20 };
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		struct seen seen = decode(&s, pieces[i]);
		unsigned char content[MADE_PAGE_BYTES];
		assert_true(seen.report.understood);
		assert_true(seen.report.complete);
		assert_string_equal(seen.report.reason, "");
		assert_string_equal(seen.report.machine, "pc-i440fx-7.2");
		assert_int_equal(seen.report.block_count, 2);
		assert_int_equal(seen.report.total_pages, 48);
		assert_int_equal(seen.pages, 10);
		assert_int_equal(seen.blocks_at, 0);
		assert_int_equal(seen.stopped_at, 10);
		assert_int_equal(seen.switched_at, -1);
		assert_memory_equal(seen.numbers, numbers, sizeof(numbers));
		assert_int_equal(seen.report.pages[STREAM_PAGE], 6);
		assert_int_equal(seen.report.pages[STREAM_ZERO], 2);
		assert_int_equal(seen.report.pages[STREAM_XBZRLE], 1);
		assert_int_equal(seen.report.pages[STREAM_COMPRESSED], 1);
		assert_int_equal(seen.report.bytes[STREAM_PAGE], 6 * (8 + MADE_PAGE_BYTES) + 2 * 7);
		assert_int_equal(seen.report.bytes[STREAM_XBZRLE], 8 + 7 + 3 + 3);
		assert_int_equal(seen.report.bytes[STREAM_DESCRIPTION], 5 + 33);
		/* Two sections: type, number, name, instance, version, state, footer. */
		assert_int_equal(seen.report.bytes[STREAM_DEVICE], (5 + 6 + 8 + 40 + 5) + (5 + 4 + 8 + 4000 + 5));
		made_content(content, 99);
		assert_true(seen.sums[9] == sum_of(content, sizeof(content)));
	}
	free(s.bytes);
}

static struct made_stream postcopy(void)
{
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_head(&s, "pc-q35-7.2");
	made_advise(&s, 0x1000);
	made_ram_begin(&s, blocks, 2);
	made_part_begin(&s);
	made_content(content, 1);
	made_page(&s, "pc.ram", 0, content);
	made_part_end(&s);
	made_switch(&s, "pc.ram", 0, 3 * MADE_PAGE_BYTES);
	made_part_begin(&s);
	made_page(&s, "pc.ram", 2 * MADE_PAGE_BYTES, content);
	made_page(&s, NULL, 3 * MADE_PAGE_BYTES, content);
	made_part_end(&s);
	return s;
}

static void a_postcopy(void **state)
{
	(void)state;
	struct made_stream s = postcopy();
	made_number(&s, 3, 1);
	made_number(&s, MADE_RAM, 4);
	made_part_end(&s);
	made_number(&s, 0, 1);
	for (size_t piece = 1; piece < 10000; piece += 777) {
		struct seen seen = decode(&s, piece);
		assert_true(seen.report.complete);
		assert_true(seen.report.postcopy);
		assert_int_equal(seen.pages, 3);
		assert_int_equal(seen.stopped_at, 1);
		assert_int_equal(seen.switched_at, 1);
		assert_int_equal(seen.report.discarded_bytes, 3 * MADE_PAGE_BYTES);
		assert_int_equal(seen.report.bytes[STREAM_DEVICE], 5 + (5 + 4 + 8 + 3000 + 5) + 5 + 8 + 1);
	}
	free(s.bytes);
}

/* A link breaks in a page; the next connection goes on with whole records. */
static void a_recovery(void **state)
{
	(void)state;
	struct made_stream first = postcopy(), second = { 0 };
	struct seen seen = { .stream = &second, .blocks_at = -1, .stopped_at = -1, .switched_at = -1 };
	struct stream_sink sink = { &seen, NULL, NULL };
	struct stream_decoder *d;
	struct err e = { 0 };
	made_command(&second, 1, "", 0);
	made_command(&second, 10, "\6pc.ram", 7);
	made_command(&second, 9, "", 0);
	made_part_begin(&second);
	made_zero(&second, "vga.vram", 0);
	made_part_end(&second);
	made_number(&second, 0, 1);
	assert_int_equal(stream_decoder_create(&d, &sink, &e), 0);
	stream_decode(d, first.bytes, first.length - 5000);
	stream_decoder_end(d);
	assert_false(stream_decoder_report(d)->complete);
	assert_non_null(strstr(stream_decoder_report(d)->reason, "too early"));
	stream_decoder_resume(d);
	stream_decode(d, second.bytes, second.length);
	stream_decoder_end(d);
	assert_true(stream_decoder_report(d)->complete);
	assert_int_equal(stream_decoder_report(d)->pages[STREAM_ZERO], 1);
	assert_int_equal(stream_decoder_report(d)->pages[STREAM_PAGE], 1);
	stream_decoder_free(d);
	free(first.bytes);
	free(second.bytes);
}

/* Only post-copy lists the size of pages that are larger than the host's. */
static void huge_pages(void **state)
{
	(void)state;
	static const struct made_block huge[] = { { "mem0", 4 << 20, 2 << 20 },
		                                  { "rom", 8192, 0 },
		                                  { "mem1", 2 << 20, 2 << 20 } };
	for (int count = 1; count <= 3; count++) {
		struct made_stream s = { 0 };
		made_head(&s, "virt-7.2");
		made_advise(&s, 0x201000);
		made_ram_begin(&s, huge, count);
		made_part_begin(&s);
		made_zero(&s, "mem0", 0);
		made_part_end(&s);
		made_end(&s);
		struct seen seen = decode(&s, 100);
		assert_true(seen.report.complete);
		assert_int_equal(seen.report.block_count, count);
		free(s.bytes);
	}
}

/* Larger pages of the target, and what else a configuration says. */
static void a_configuration(void **state)
{
	(void)state;
	struct made_stream s = { 0 };
	made_head(&s, "virt-7.2");
	made_number(&s, 5, 1);
	made_name(&s, "configuration/capabilities");
	made_number(&s, 1, 4);
	made_number(&s, 2, 4);
	made_name(&s, "postcopy-ram");
	made_name(&s, "");
	made_page_bits(&s, 13);
	made_ram_begin(&s, blocks, 1);
	made_part_begin(&s);
	made_zero(&s, "pc.ram", 8192);
	made_part_end(&s);
	made_end(&s);
	struct seen seen = decode(&s, 5);
	assert_true(seen.report.complete);
	assert_int_equal(seen.report.page_bytes, 8192);
	assert_int_equal(seen.report.total_pages, 16);
	assert_int_equal(seen.numbers[0], 1);
	free(s.bytes);
}

/* Decoded to where it is not understood, and told. */
static void assert_told(struct made_stream *s, const char *words)
{
	struct seen seen = decode(s, 1000);
	assert_false(seen.report.understood);
	assert_false(seen.report.complete);
	if (!strstr(seen.report.reason, words))
		fail_msg("'%s' has no '%s'", seen.report.reason, words);
	assert_true(seen.report.bytes[STREAM_UNKNOWN] > 0);
	free(s->bytes);
	*s = (struct made_stream){ 0 };
}

static void what_is_not_decoded_is_told(void **state)
{
	(void)state;
	struct made_stream s = { 0 };
	made_bytes(&s, "\x16\x03\x01\x02\x00", 5);
	assert_told(&s, "TLS");
	made_number(&s, 0x11223344, 4);
	assert_told(&s, "multifd");
	made_bytes(&s, "GET / HTTP", 10);
	assert_told(&s, "not the beginning");
	made_bytes(&s, "QEVM\0\0\0\4", 8);
	assert_told(&s, "version 4");
	made_head(&s, "pc");
	made_section(&s, 1, 9, "dirty-bitmap", 1);
	assert_told(&s, "'dirty-bitmap'");
	made_head(&s, "pc");
	made_device(&s, 9, "virtio-mem-early", 4);
	assert_told(&s, "before RAM");
	made_head(&s, "pc");
	made_section(&s, 1, 2, "ram", 5);
	assert_told(&s, "version 5");
	made_head(&s, "pc");
	made_capability(&s, "x-ignore-shared");
	assert_told(&s, "x-ignore-shared");
	static const struct {
		unsigned flags;
		const char *words;
	} records[] = { { 0x80, "RDMA" }, { 0x200, "multifd" }, { 0x400, "flags 0x400" }, { 0x0a, "flags 0xa" } };
	for (size_t i = 0; i < sizeof(records) / sizeof(*records); i++) {
		made_head(&s, "pc");
		made_ram_begin(&s, blocks, 2);
		made_part_begin(&s);
		made_record(&s, "pc.ram", 0, records[i].flags);
		assert_told(&s, records[i].words);
	}
	made_head(&s, "pc");
	made_ram_begin(&s, blocks, 2);
	made_part_begin(&s);
	made_zero(&s, "vga.vram", 16 * MADE_PAGE_BYTES);
	assert_told(&s, "beyond the end");
	made_head(&s, "pc");
	made_ram_begin(&s, blocks, 2);
	made_part_begin(&s);
	made_zero(&s, "none", 0);
	assert_told(&s, "not listed");
	made_head(&s, "pc");
	made_ram_begin(&s, blocks, 2);
	s.bytes[s.length - 1] ^= 1;
	assert_told(&s, "no footer");
}

/* Pages would be of another size than those that were counted: none of it is believed. */
static void a_configuration_comes_once(void **state)
{
	(void)state;
	unsigned char content[MADE_PAGE_BYTES];
	struct made_stream s = { 0 };
	made_content(content, 1);
	made_head(&s, "pc");
	made_ram_begin(&s, blocks, 1);
	made_configuration(&s, "pc");
	made_page_bits(&s, 10);
	made_part_begin(&s);
	made_record(&s, "pc.ram", 31 * MADE_PAGE_BYTES, 0x08);
	made_bytes(&s, content, 1024);
	assert_told(&s, "a second configuration");
	made_head(&s, "pc");
	made_configuration(&s, "pc");
	made_page_bits(&s, 16);
	assert_told(&s, "a second configuration");
	/* Nor the first one, when the blocks are known. */
	made_bytes(&s, "QEVM\0\0\0\3", 8);
	made_ram_begin(&s, blocks, 1);
	made_configuration(&s, "pc");
	made_page_bits(&s, 10);
	assert_told(&s, "after the list of RAM blocks");
}

/* What is cut off says so, and nothing else is said of it. */
static void a_stream_that_is_cut_off(void **state)
{
	(void)state;
	struct made_stream s = precopy();
	for (size_t length = 0; length<s.length; length += length> 30000 ? 37 : 1009) {
		struct made_stream part = { s.bytes, length, 0 };
		struct seen seen = decode(&part, 512);
		assert_true(seen.report.understood);
		assert_false(seen.report.complete);
		assert_int_not_equal(seen.report.reason[0], 0);
	}
	free(s.bytes);
}

/* A description's beginning that stands in device state by chance. */
static void a_false_description(void **state)
{
	(void)state;
	struct made_stream s = { 0 };
	made_head(&s, "pc");
	made_ram_begin(&s, blocks, 1);
	made_section(&s, 4, 3, "cpu", 1);
	made_bytes(&s, "\x7e\0\0\0\3\0\6\0\0\1\0{ and so on", 21);
	made_footer(&s, 3);
	made_end(&s);
	struct seen seen = decode(&s, 4096);
	assert_true(seen.report.complete);
	assert_int_equal(seen.report.bytes[STREAM_DESCRIPTION], 5 + 33);
	free(s.bytes);
}

static void the_return_path(void **state)
{
	(void)state;
	struct made_stream s = { 0 };
	made_bytes(&s, "\0\2\0\4\0\0\0\1", 8);
	made_bytes(&s, "\0\3\0\x13\0\0\0\0\0\0\x10\0\0\0\x10\0\6pc.ram", 23);
	made_bytes(&s, "\0\4\0\x0c\0\0\0\0\0\0\x20\0\0\0\x20\0", 16);
	made_bytes(&s, "\0\5\0\7\6pc.ram", 11);
	made_number(&s, 16, 8);
	made_bytes(&s, "0123456789abcdef", 16);
	made_number(&s, 0x0123456789abcdef, 8);
	made_bytes(&s, "\0\x4d\0\3abc", 7);
	made_bytes(&s, "\0\1\0\4\0\0\0\1", 8);
	for (size_t piece = 1; piece < 100; piece++) {
		struct return_path r;
		return_path_begin(&r);
		for (size_t at = 0; at < s.length; at += piece)
			return_path_decode(&r, s.bytes + at, s.length - at < piece ? s.length - at : piece);
		assert_true(r.understood);
		assert_int_equal(r.bytes, s.length);
		assert_int_equal(r.requested_bytes, 4096 + 8192);
		assert_int_equal(r.shut_value, 1);
		assert_int_equal(r.messages[RETURN_OTHER], 1);
		for (int i = RETURN_SHUT; i <= RETURN_BITMAP; i++)
			assert_int_equal(r.messages[i], 1);
	}
	struct return_path wrong;
	return_path_begin(&wrong);
	return_path_decode(&wrong, (const unsigned char *)"\0\2\0\5", 4);
	assert_false(wrong.understood);
	free(s.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_precopy),
		cmocka_unit_test(a_postcopy),
		cmocka_unit_test(a_recovery),
		cmocka_unit_test(huge_pages),
		cmocka_unit_test(a_configuration),
		cmocka_unit_test(what_is_not_decoded_is_told),
		cmocka_unit_test(a_configuration_comes_once),
		cmocka_unit_test(a_stream_that_is_cut_off),
		cmocka_unit_test(a_false_description),
		cmocka_unit_test(the_return_path),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The blocks in what a client of NBD sends: exactly those that are written whole, however it is cut; and what is not known. */
#include "bench/base/err.h"
#include "collectors/stream/nbd_decoder.h"
#include "t/made_nbd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { BLOCKS = 16 };

/* What came out. */
struct seen {
	const struct made_stream *stream;
	struct stream_report report;
	uint64_t numbers[BLOCKS], at[BLOCKS];
	int blocks;
};

static void on_page(void *context, const struct stream_page *page)
{
	struct seen *s = context;
	assert_in_range(s->blocks, 0, BLOCKS - 1);
	assert_int_equal(page->kind, STREAM_PAGE);
	assert_memory_equal(page->content, s->stream->bytes + page->content_at, MADE_PAGE_BYTES);
	s->numbers[s->blocks] = page->number;
	s->at[s->blocks++] = page->content_at;
}

/* In two parts, the second in pieces of so many bytes. */
static struct seen decode(const struct made_stream *stream, size_t first, size_t piece)
{
	struct seen s = { .stream = stream };
	const struct stream_sink sink = { &s, on_page, NULL };
	struct stream_decoder *d;
	struct err e = { 0 };
	uint64_t sum = 0;
	assert_int_equal(nbd_decoder_create(&d, &sink, &e), 0);
	for (size_t at = 0, length; at < stream->length; at += length) {
		length = at < first ? first : piece;
		length = stream->length - at < length ? stream->length - at : length;
		/* Exactly as long as it is, for the sanitizer. */
		unsigned char *copy = malloc(length);
		memcpy(copy, stream->bytes + at, length);
		stream_decode(d, copy, length);
		free(copy);
	}
	stream_decoder_end(d);
	s.report = *stream_decoder_report(d);
	for (int i = 0; i < STREAM_KINDS; i++)
		sum += s.report.bytes[i];
	assert_int_equal(sum, stream->length);
	assert_int_equal(s.report.bytes[STREAM_PAGE], (uint64_t)s.blocks * MADE_PAGE_BYTES);
	assert_int_equal(s.report.pages[STREAM_PAGE], s.blocks);
	stream_decoder_free(d);
	return s;
}

static const unsigned char *noise(void)
{
	static unsigned char bytes[5 * MADE_PAGE_BYTES];
	for (size_t i = 0; i < 5 && !bytes[0]; i++)
		made_content(bytes + i * MADE_PAGE_BYTES, i);
	return bytes;
}

/* Where a write's block lies in the stream, which ends with that write; from: of the write, so many bytes of its content. */
static uint64_t in_last(const struct made_stream *s, size_t written, size_t from)
{
	return s->length - written + from;
}

/* Writes and what else a client asks for; the truth goes into *ret. */
static struct made_stream disk_stream(struct seen *ret)
{
	static const struct {
		uint64_t offset;
		size_t length;
		int blocks;  /* that it writes whole */
		size_t from; /* the first of them, in its content */
	} writes[] = {
		{ 0, 8192, 2, 0 },
		{ 40960, 4096, 1, 0 },
		{ 100, 10000, 1, 3996 },
		{ 4000, 96 + 4096 + 10, 1, 96 },
		{ 4095, 2, 0, 0 },
		{ 8191, 1, 0, 0 },
		{ 4097, 4096, 0, 0 },
		{ 4097, 8191, 1, 4095 },
		{ 0, 4095, 0, 0 },
		{ 512, 0, 0, 0 },
		{ (UINT64_C(1) << 40) + 1, 8192, 1, 4095 },
		{ UINT64_MAX - 4095, 4096, 1, 0 },
	};
	struct made_stream s = { 0 };
	made_nbd_begin(&s);
	made_nbd_request(&s, MADE_NBD_WRITE_ZEROES, 2, 0, UINT32_MAX);
	for (size_t i = 0; i < sizeof(writes) / sizeof(*writes); i++) {
		made_nbd_write(&s, writes[i].offset, noise() + i, writes[i].length);
		for (int block = 0; block < writes[i].blocks; block++) {
			size_t from = writes[i].from + (size_t)block * MADE_PAGE_BYTES;
			ret->numbers[ret->blocks] = (writes[i].offset + from) / MADE_PAGE_BYTES;
			ret->at[ret->blocks++] = in_last(&s, writes[i].length, from);
		}
		/* Of all that has no content: how long it is matters nothing. */
		made_nbd_request(&s, i % 8 == MADE_NBD_WRITE || i % 8 == MADE_NBD_DISC ? MADE_NBD_TRIM : i % 8, 1,
		                 i << 20, 1 << 20);
	}
	made_nbd_request(&s, MADE_NBD_FLUSH, 0, 0, 0);
	made_nbd_end(&s);
	return s;
}

static void assert_seen(const struct seen *s, const struct seen *truth)
{
	assert_true(s->report.understood);
	assert_true(s->report.complete);
	assert_int_equal(s->blocks, truth->blocks);
	assert_memory_equal(s->numbers, truth->numbers, sizeof(truth->numbers));
	assert_memory_equal(s->at, truth->at, sizeof(truth->at));
}

static void whole_blocks(void **state)
{
	(void)state;
	struct seen truth = { 0 };
	struct made_stream s = disk_stream(&truth);
	assert_int_equal(truth.blocks, 8);
	struct seen seen = decode(&s, 0, s.length);
	assert_seen(&seen, &truth);
	free(s.bytes);
}

/* Cut in two at every byte, and into single bytes. */
static void cut_anywhere(void **state)
{
	(void)state;
	struct seen truth = { 0 };
	struct made_stream s = disk_stream(&truth);
	for (size_t first = 0; first < s.length; first++) {
		struct seen seen = decode(&s, first, s.length);
		assert_seen(&seen, &truth);
	}
	for (size_t piece = 1; piece < 40; piece += 6) {
		struct seen seen = decode(&s, 0, piece);
		assert_seen(&seen, &truth);
	}
	free(s.bytes);
}

static void negotiations(void **state)
{
	(void)state;
	struct made_stream s = { 0 };
	/* By the old option, which nothing follows but requests. */
	made_number(&s, 0, 4);
	made_nbd_option(&s, MADE_NBD_EXPORT_NAME, "disk", 4);
	made_nbd_write(&s, 0, noise(), MADE_PAGE_BYTES);
	made_nbd_end(&s);
	assert_int_equal(decode(&s, 0, 3).blocks, 1);
	/* The server does not have it, nor TLS; then it does. */
	s.length = 0;
	made_nbd_begin(&s);
	made_nbd_option(&s, MADE_NBD_LIST, "", 0);
	made_nbd_option(&s, MADE_NBD_STARTTLS, "", 0);
	made_nbd_option(&s, MADE_NBD_GO, noise(), 3000);
	made_nbd_option(&s, MADE_NBD_GO, "\0\0\0\4disk\0\0", 10);
	made_nbd_write(&s, 0, noise(), 3 * MADE_PAGE_BYTES);
	made_nbd_end(&s);
	struct seen seen = decode(&s, 0, 7);
	assert_int_equal(seen.blocks, 3);
	assert_true(seen.report.complete);
	free(s.bytes);
}

static void extended_headers(void **state)
{
	(void)state;
	struct made_stream s = { 0 };
	made_nbd_begin(&s);
	made_nbd_extended(&s, MADE_NBD_WRITE_ZEROES, 0, 0, UINT64_C(1) << 50);
	made_nbd_extended(&s, MADE_NBD_WRITE, MADE_NBD_PAYLOAD | 1, 4096, MADE_PAGE_BYTES);
	made_bytes(&s, noise(), MADE_PAGE_BYTES);
	made_nbd_extended(&s, MADE_NBD_BLOCK_STATUS, MADE_NBD_PAYLOAD, 0, 5000);
	made_bytes(&s, noise(), 5000);
	made_nbd_extended(&s, MADE_NBD_BLOCK_STATUS, 0, 0, 5000);
	made_nbd_extended(&s, MADE_NBD_WRITE, MADE_NBD_PAYLOAD, 100, 5 * MADE_PAGE_BYTES);
	made_bytes(&s, noise(), 5 * MADE_PAGE_BYTES);
	made_nbd_extended(&s, MADE_NBD_DISC, 0, 0, 0);
	for (size_t first = 0; first < s.length; first += 97) {
		struct seen seen = decode(&s, first, s.length);
		assert_true(seen.report.complete);
		assert_int_equal(seen.blocks, 5);
		assert_int_equal(seen.numbers[1], 1);
		assert_int_equal(seen.numbers[4], 4);
	}
	free(s.bytes);
}

/* What came before is known, nothing after it is. */
static void assert_given_up(const struct made_stream *s, int blocks, const char *words)
{
	struct seen seen = decode(s, 0, 11);
	assert_false(seen.report.understood);
	assert_false(seen.report.complete);
	assert_non_null(strstr(seen.report.reason, words));
	assert_int_equal(seen.blocks, blocks);
}

static void what_is_not_known(void **state)
{
	(void)state;
	static const struct {
		unsigned type, flags;
		bool extended;
	} requests[] = { { 8, 0, false }, { 0x101, 0, false }, { 1, 0x40, false }, { 1, 0x20, false },
		         { 8, 0, true },  { 1, 0, true },      { 4, 0x20, true },  { 7, 0x8020, true } };
	struct made_stream s = { 0 };
	for (size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
		s.length = 0;
		made_nbd_begin(&s);
		made_nbd_write(&s, 0, noise(), MADE_PAGE_BYTES);
		(requests[i].extended ? made_nbd_extended : made_nbd_request)(&s, requests[i].type, requests[i].flags,
		                                                              0, MADE_PAGE_BYTES);
		made_bytes(&s, noise(), MADE_PAGE_BYTES);
		made_nbd_write(&s, 0, noise(), MADE_PAGE_BYTES);
		assert_given_up(&s, 1, "which is not known");
	}
	s.length = 0;
	made_nbd_begin(&s);
	made_nbd_extended(&s, MADE_NBD_WRITE, MADE_NBD_PAYLOAD, 0, UINT64_C(1) << 33);
	made_bytes(&s, noise(), MADE_PAGE_BYTES);
	assert_given_up(&s, 0, "8589934592 bytes");
	s.length = 0;
	made_number(&s, 3, 4);
	made_nbd_option(&s, MADE_NBD_STARTTLS, "", 0);
	made_bytes(&s, "\x16\3\1\2\0\1\0\1", 8);
	assert_given_up(&s, 0, "TLS");
	/* Between options and requests, each where it may not be. */
	s.length = 0;
	made_nbd_begin(&s);
	made_nbd_request(&s, MADE_NBD_FLUSH, 0, 0, 0);
	made_nbd_option(&s, MADE_NBD_GO, "", 0);
	assert_given_up(&s, 0, "0x49484156");
	s.length = 0;
	made_number(&s, 3, 4);
	made_nbd_write(&s, 0, noise(), MADE_PAGE_BYTES);
	assert_given_up(&s, 0, "0x25609513");
	s.length = 0;
	made_nbd_write(&s, 0, noise(), MADE_PAGE_BYTES);
	assert_given_up(&s, 0, "0x25609513");
	free(s.bytes);
}

static void ends(void **state)
{
	(void)state;
	struct made_stream s = { 0 };
	made_nbd_begin(&s);
	made_nbd_write(&s, 0, noise(), MADE_PAGE_BYTES);
	struct seen seen = decode(&s, 0, s.length);
	assert_true(seen.report.understood);
	assert_false(seen.report.complete);
	assert_non_null(strstr(seen.report.reason, "too early"));
	made_nbd_end(&s);
	made_number(&s, 0, 1);
	assert_given_up(&s, 1, "after the end");
	free(s.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_blocks),      cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(negotiations),      cmocka_unit_test(extended_headers),
		cmocka_unit_test(what_is_not_known), cmocka_unit_test(ends),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

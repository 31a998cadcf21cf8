/*
 * Migration streams and disks over NBD: however they are cut, the same comes out, every byte is counted once, and pages lie in
 * their blocks and are what the stream has there. The first byte says how the rest is cut, and its remainder by 3 what it is.
 */
#include "bench/base/err.h"
#include "collectors/stream/nbd_decoder.h"
#include "collectors/stream/return_path.h"
#include "t/fuzz.h"
#include "t/made_nbd.h"

enum what { STREAM, RETURN_PATH, DISK, WHATS };

struct outcome {
	enum what what;
	struct stream_decoder *decoder;
	const uint8_t *bytes;
	uint64_t pages, page_bytes, sum;
};

static void on_page(void *context, const struct stream_page *page)
{
	struct outcome *o = context;
	const struct stream_report *r = stream_decoder_report(o->decoder);
	if ((o->what == STREAM && page->number >= r->total_pages) ||
	    (page->kind == STREAM_PAGE) != (page->content != NULL) ||
	    (page->content && memcmp(page->content, o->bytes + page->content_at, r->page_bytes) != 0))
		abort();
	o->pages++;
	o->page_bytes += page->record_bytes;
	o->sum = o->sum * 31 + page->number + page->content_at;
	for (uint64_t i = 0; page->content && i < r->page_bytes; i++)
		o->sum = o->sum * 31 + page->content[i];
}

static void on_event(void *context, enum stream_event event)
{
	struct outcome *o = context;
	o->sum = o->sum * 31 + (uint64_t)event;
}

static struct outcome decode(enum what what, const uint8_t *bytes, size_t length, size_t piece,
                             struct stream_report *ret)
{
	struct outcome o = { .what = what, .bytes = bytes };
	const struct stream_sink sink = { &o, on_page, on_event };
	struct err e = { 0 };
	uint64_t sum = 0;
	if ((what == DISK ? nbd_decoder_create : stream_decoder_create)(&o.decoder, &sink, &e) < 0)
		abort();
	for (size_t at = 0; at < length; at += piece) {
		size_t taken = length - at < piece ? length - at : piece;
		unsigned char *copy = malloc(taken);
		memcpy(copy, bytes + at, taken);
		stream_decode(o.decoder, copy, taken);
		free(copy);
	}
	stream_decoder_end(o.decoder);
	*ret = *stream_decoder_report(o.decoder);
	ret->blocks = NULL;
	for (int i = 0; i < STREAM_KINDS; i++)
		sum += ret->bytes[i];
	if (sum != length || (ret->complete && !ret->understood) || (ret->complete == (ret->reason[0] != '\0')))
		abort();
	stream_decoder_free(o.decoder);
	return o;
}

static void return_paths(const uint8_t *bytes, size_t length, size_t piece)
{
	struct return_path whole, cut;
	return_path_begin(&whole);
	return_path_decode(&whole, bytes, length);
	return_path_begin(&cut);
	for (size_t at = 0; at < length; at += piece)
		return_path_decode(&cut, bytes + at, length - at < piece ? length - at : piece);
	if (cut.understood != whole.understood || cut.bytes != length || whole.bytes != length ||
	    cut.requested_bytes != whole.requested_bytes ||
	    memcmp(cut.messages, whole.messages, sizeof(cut.messages)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct stream_report whole_report, cut_report;
	if (length < 2)
		return 0;
	size_t piece = 1 + *bytes / WHATS * 7u;
	enum what what = *bytes % WHATS;
	bytes++;
	length--;
	if (what == RETURN_PATH) {
		return_paths(bytes, length, piece);
		return 0;
	}
	struct outcome whole = decode(what, bytes, length, length, &whole_report);
	struct outcome cut = decode(what, bytes, length, piece, &cut_report);
	if (whole.pages != cut.pages || whole.page_bytes != cut.page_bytes || whole.sum != cut.sum ||
	    memcmp(whole_report.bytes, cut_report.bytes, sizeof(cut_report.bytes)) != 0 ||
	    memcmp(whole_report.pages, cut_report.pages, sizeof(cut_report.pages)) != 0 ||
	    whole_report.complete != cut_report.complete || strcmp(whole_report.reason, cut_report.reason) != 0)
		abort();
	return 0;
}

static void seed_back(struct made_stream *s, int which)
{
	for (int i = 0; i < 1 + which % 5; i++) {
		made_bytes(s, "\0\2\0\4\0\0\0\1\0\4\0\x0c\0\0\0\0\0\0\x20\0\0\0\x20\0", 24);
		made_bytes(s, "\0\5\0\7\6pc.ram\0\0\0\0\0\0\0\3abc\x01\x23\x45\x67\x89\xab\xcd\xef", 30);
	}
}

static void seed_forward(struct made_stream *s, int which)
{
	static const struct made_block blocks[] = { { "pc.ram", 16 * MADE_PAGE_BYTES, 0 },
		                                    { "rom", 2 * MADE_PAGE_BYTES, 0 } };
	unsigned char content[MADE_PAGE_BYTES];
	made_content(content, (uint64_t)which);
	made_head(s, "pc-i440fx-7.2");
	if (which % 4 == 1)
		made_capability(s, "postcopy-ram");
	if (which % 4)
		made_page_bits(s, 12);
	if (which % 3)
		made_advise(s, 0x1000);
	made_ram_begin(s, blocks, 2);
	made_part_begin(s);
	for (int i = 0; i < which % 30; i++)
		made_zero(s, i ? NULL : "pc.ram", (uint64_t)i % 16 * MADE_PAGE_BYTES);
	made_page(s, "rom", 0, content);
	made_record(s, NULL, 0, 0x40);
	made_bytes(s, "\1\0\3abc", 6);
	made_record(s, NULL, 0, 0x100);
	made_bytes(s, "\0\0\0\7seven..", 11);
	made_part_end(s);
	if (which % 4 == 3) { /* pages of another size from here on, says a second one */
		made_configuration(s, "pc");
		made_page_bits(s, 10 + which % 7);
		made_part_begin(s);
		made_record(s, "pc.ram", 15 * MADE_PAGE_BYTES, 0x08);
		made_bytes(s, content, 1024);
	}
	if (which % 3 == 2) {
		made_switch(s, "pc.ram", 0, MADE_PAGE_BYTES);
		made_part_begin(s);
		made_zero(s, "pc.ram", 0);
		made_part_end(s);
		made_number(s, 0, 1);
	} else {
		made_end(s);
	}
}

static void seed_disk(struct made_stream *s, int which)
{
	unsigned char content[2 * MADE_PAGE_BYTES];
	made_content(content, (uint64_t)which);
	made_content(content + MADE_PAGE_BYTES, (uint64_t)which + 1);
	made_nbd_begin(s);
	for (unsigned i = 0; i < 8; i++)
		if (i != MADE_NBD_WRITE && i != MADE_NBD_DISC)
			made_nbd_request(s, i, 0, (uint64_t)which << i, 1 << 20);
	made_nbd_write(s, (uint64_t)which * 64, content, sizeof(content));
	if (which % 2) {
		made_nbd_extended(s, MADE_NBD_BLOCK_STATUS, MADE_NBD_PAYLOAD, 0, 10);
		made_bytes(s, content, 10);
		made_nbd_extended(s, MADE_NBD_WRITE, MADE_NBD_PAYLOAD, (uint64_t)which, 4200);
		made_bytes(s, content, 4200);
	}
	made_nbd_end(s);
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	static void (*const seeds[WHATS])(struct made_stream *, int) = {
		[STREAM] = seed_forward, [RETURN_PATH] = seed_back, [DISK] = seed_disk
	};
	struct made_stream s = { 0 };
	made_number(&s, (uint64_t)which, 1);
	seeds[(which & 0xff) % WHATS](&s, which / WHATS);
	size_t length = s.length < FUZZ_ROOM ? s.length : FUZZ_ROOM;
	memcpy(buffer, s.bytes, length);
	free(s.bytes);
	return length;
}

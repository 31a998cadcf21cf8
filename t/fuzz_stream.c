/*
 * Migration streams: however they are cut, the same comes out, every byte is counted once, and pages lie in their blocks.
 * The first byte says how the rest is cut; its lowest bit, whether it is a return path.
 */
#include "bench/base/err.h"
#include "collectors/stream/decoder.h"
#include "collectors/stream/return_path.h"
#include "t/fuzz.h"
#include "t/made_stream.h"

struct outcome {
	struct stream_decoder *decoder;
	uint64_t pages, page_bytes, sum;
};

static void on_page(void *context, const struct stream_page *page)
{
	struct outcome *o = context;
	const struct stream_report *r = stream_decoder_report(o->decoder);
	if (page->number >= r->total_pages || (page->kind == STREAM_PAGE) != (page->content != NULL))
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

static struct outcome decode(const uint8_t *bytes, size_t length, size_t piece, struct stream_report *ret)
{
	struct outcome o = { 0 };
	const struct stream_sink sink = { &o, on_page, on_event };
	struct err e = { 0 };
	uint64_t sum = 0;
	if (stream_decoder_create(&o.decoder, &sink, &e) < 0)
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
	o.decoder = NULL;
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
	size_t piece = 1 + *bytes / 2 * 5u;
	bool back = *bytes & 1;
	bytes++;
	length--;
	if (back) {
		return_paths(bytes, length, piece);
		return 0;
	}
	struct outcome whole = decode(bytes, length, length, &whole_report);
	struct outcome cut = decode(bytes, length, piece, &cut_report);
	if (memcmp(&whole, &cut, sizeof(whole)) != 0 ||
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

size_t fuzz_seed(int which, unsigned char *buffer)
{
	struct made_stream s = { 0 };
	bool back = which % 4 == 3;
	made_number(&s, (uint64_t)(which & ~1) | back, 1);
	if (back)
		seed_back(&s, which);
	else
		seed_forward(&s, which);
	size_t length = s.length < FUZZ_ROOM ? s.length : FUZZ_ROOM;
	memcpy(buffer, s.bytes, length);
	free(s.bytes);
	return length;
}

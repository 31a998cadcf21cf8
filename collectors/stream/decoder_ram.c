/* RAM: the list of its blocks, then records of pages, until a record says that the section ends. */
#include "collectors/stream/decoder_state.h"

#include <stdlib.h>

enum { RAM_VERSION = 4 };

enum record_flags {
	FLAG_ZERO = 0x02,
	FLAG_MEMORY_SIZE = 0x04,
	FLAG_PAGE = 0x08,
	FLAG_END = 0x10,
	FLAG_CONTINUE = 0x20, /* of the same block as the last page */
	FLAG_XBZRLE = 0x40,
	FLAG_RDMA = 0x80,
	FLAG_COMPRESSED = 0x100,
	FLAG_MULTIFD = 0x200,
	FLAGS_OF_PAGE = FLAG_ZERO | FLAG_PAGE | FLAG_XBZRLE | FLAG_COMPRESSED,
};

enum { XBZRLE_ENCODING = 1 };

#define MEMORY_MAX (UINT64_C(1) << 48)

/* ---- the list of blocks ---- */

static stream_step block_begin;

static void blocks_known(struct stream_decoder *d)
{
	stream_count(d, STREAM_FRAME);
	stream_expect(d, stream_ram_record, 8);
	stream_say(d, STREAM_BLOCKS);
}

static void block_bytes(struct stream_decoder *d, const unsigned char *field)
{
	struct stream_report *r = &d->report;
	struct stream_block *b = &d->blocks[r->block_count];
	b->bytes = read_be64(field);
	b->first_page = r->total_pages;
	if (b->bytes > d->blocks_left || b->bytes % r->page_bytes) {
		stream_give_up(d, "RAM block '%.64s' has a size that does not fit", b->name);
		return;
	}
	d->blocks_left -= b->bytes;
	r->total_pages += b->bytes / r->page_bytes;
	r->block_count++;
	if (d->blocks_left)
		stream_expect(d, block_begin, 1);
	else
		blocks_known(d);
}

static void block_name(struct stream_decoder *d, const unsigned char *field)
{
	if (stream_name(d->blocks[d->report.block_count].name, field, d->want) < 0)
		stream_give_up(d, "a RAM block's name that is none");
	else
		stream_expect(d, block_bytes, 8);
}

/* The size of the last block's pages where they are larger than the host's. A name is never empty, and such a size
 * begins with a zero byte. */
static void block_page_size(struct stream_decoder *d, const unsigned char *field)
{
	(void)field;
	stream_expect(d, block_begin, 1);
}

static void block_begin(struct stream_decoder *d, const unsigned char *field)
{
	int count = d->report.block_count;
	if (!field[0]) {
		if (!count || !d->page_sizes)
			stream_give_up(d, "a RAM block without a name");
		else
			stream_expect(d, block_page_size, 7);
		return;
	}
	if ((count & (count - 1)) == 0) {
		struct stream_block *grown = reallocarray(d->blocks, count ? 2 * (size_t)count : 1, sizeof(*grown));
		if (grown)
			d->report.blocks = d->blocks = grown;
		if (!grown || count >= STREAM_BLOCKS_MAX) {
			stream_give_up(d, "more than %d blocks of RAM", count);
			return;
		}
	}
	stream_expect(d, block_name, field[0]);
}

static void list_begin(struct stream_decoder *d, uint64_t bytes)
{
	if (d->report.block_count || !bytes || bytes > MEMORY_MAX) {
		stream_give_up(d, "a second or impossible list of RAM blocks");
		return;
	}
	d->blocks_left = bytes;
	stream_expect(d, block_begin, 1);
}

void stream_ram_begin(struct stream_decoder *d, uint32_t version)
{
	if (version != RAM_VERSION || d->report.block_count) {
		stream_give_up(d, "RAM of version %u, or twice; only %d is known", version, RAM_VERSION);
		return;
	}
	d->ram_section_id = d->section_id;
	stream_expect(d, stream_ram_record, 8);
}

/* ---- pages ---- */

static void page_out(struct stream_decoder *d, enum stream_kind kind, const unsigned char *content,
                     unsigned char fill, size_t content_bytes)
{
	const uint64_t number = d->blocks[d->block].first_page + d->offset / d->report.page_bytes;
	if (number >= d->report.total_pages) {
		stream_give_up(d, "a page that no block has");
		return;
	}
	const struct stream_page page = {
		.kind = kind,
		.number = number,
		.content = content,
		.fill = fill,
		.record_bytes = (uint32_t)(d->pending + (content ? 0 : content_bytes)),
		.content_at = d->at - (content ? content_bytes : 0),
	};
	d->report.pages[kind]++;
	if (d->sink.page)
		d->sink.page(d->sink.context, &page);
	stream_expect(d, stream_ram_record, 8);
	stream_skip(d, content ? 0 : content_bytes, kind);
}

static void zero_page(struct stream_decoder *d, const unsigned char *field)
{
	page_out(d, STREAM_ZERO, NULL, field[0], 0);
}

static void whole_page(struct stream_decoder *d, const unsigned char *field)
{
	page_out(d, STREAM_PAGE, field, 0, d->report.page_bytes);
}

static void xbzrle_header(struct stream_decoder *d, const unsigned char *field)
{
	uint16_t length = read_be16(field + 1);
	if (field[0] != XBZRLE_ENCODING || length > d->report.page_bytes)
		stream_give_up(d, "a page as a difference of a kind that is not known");
	else
		page_out(d, STREAM_XBZRLE, NULL, 0, length);
}

static void compressed_header(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t length = read_be32(field);
	if (length > 2 * d->report.page_bytes)
		stream_give_up(d, "a compressed page of %u bytes", length);
	else
		page_out(d, STREAM_COMPRESSED, NULL, 0, length);
}

static void page_content(struct stream_decoder *d)
{
	if (d->offset >= d->blocks[d->block].bytes) {
		stream_give_up(d, "a page beyond the end of its block '%.64s'", d->blocks[d->block].name);
		return;
	}
	switch (d->flags & FLAGS_OF_PAGE) {
	case FLAG_ZERO:
		stream_expect(d, zero_page, 1);
		break;
	case FLAG_PAGE:
		stream_expect(d, whole_page, d->report.page_bytes);
		break;
	case FLAG_XBZRLE:
		stream_expect(d, xbzrle_header, 3);
		break;
	default:
		stream_expect(d, compressed_header, 4);
	}
}

static void page_block(struct stream_decoder *d, const unsigned char *field)
{
	char name[STREAM_NAME_ROOM];
	int block = -1;
	if (stream_name(name, field, d->want) == 0)
		for (block = d->report.block_count - 1; block >= 0 && strcmp(d->blocks[block].name, name) != 0;)
			block--;
	if (block < 0) {
		stream_give_up(d, "a page of a block that was not listed");
		return;
	}
	d->block = block;
	page_content(d);
}

static void page_block_length(struct stream_decoder *d, const unsigned char *field)
{
	stream_expect(d, page_block, field[0]);
}

static void page_begin(struct stream_decoder *d)
{
	if (!(d->flags & FLAG_CONTINUE))
		stream_expect(d, page_block_length, 1);
	else if (d->block < 0)
		stream_give_up(d, "a page of no block");
	else
		page_content(d);
}

void stream_ram_record(struct stream_decoder *d, const unsigned char *field)
{
	uint64_t record = read_be64(field), flags = record & (d->report.page_bytes - 1);
	unsigned page = (unsigned)flags & FLAGS_OF_PAGE;
	d->flags = (unsigned)flags;
	d->offset = record - flags;
	if (!flags && d->page_sizes & record && !(record & (record - 1)) && d->block < 0)
		stream_expect(d, stream_ram_record, 8); /* the page size of the list's last block */
	else if (flags == FLAG_END)
		stream_expect(d, stream_section_footer, 5);
	else if (flags == FLAG_MEMORY_SIZE)
		list_begin(d, d->offset);
	else if (flags & FLAG_RDMA)
		stream_give_up(d, "RDMA");
	else if (flags & FLAG_MULTIFD)
		stream_give_up(d, "multifd: pages go over other connections");
	else if (!d->report.block_count || !page || page & (page - 1) ||
	         flags & ~(uint64_t)(FLAGS_OF_PAGE | FLAG_CONTINUE))
		stream_give_up(d, "a record of RAM with the flags 0x%llx", (unsigned long long)flags);
	else
		page_begin(d);
}

#include "collectors/stream/nbd_decoder.h"

#include "collectors/stream/decoder_state.h"

enum {
	BLOCK_BYTES = 4096,
	OPTION_MAGIC = 0x49484156, /* "IHAV", and 'E', 'O', 'P', 'T' follow */
	OPTION_MAGIC_REST = 0x454f5054,
	REQUEST_MAGIC = 0x25609513,
	EXTENDED_MAGIC = 0x21e41c71,
};

enum client_flag { CLIENT_FIXED_NEWSTYLE = 1, CLIENT_NO_ZEROES = 2 };
enum option { OPTION_EXPORT_NAME = 1, OPTION_GO = 7 };
enum command { CMD_READ, CMD_WRITE, CMD_DISC, CMD_FLUSH, CMD_TRIM, CMD_CACHE, CMD_WRITE_ZEROES, CMD_BLOCK_STATUS };
/* FUA, NO_HOLE, DF, REQ_ONE, FAST_ZERO; with extended headers one that says that bytes follow. */
enum command_flag { FLAGS_KNOWN = 0x1f, FLAG_PAYLOAD = 0x20 };

#define PAYLOAD_MOST (UINT64_C(1) << 32)

static stream_step option_magic, request_magic;

static void unknown(struct stream_decoder *d, const unsigned char *field)
{
	if (stream_is_tls(field))
		stream_give_up(d, "TLS: encrypted");
	else
		stream_give_up(d, "not a message of an NBD client (0x%08x)", read_be32(field));
}

/* ---- requests ---- */

static stream_step block;

/* To the next whole block, or to the end of what is written. */
static void write_next(struct stream_decoder *d)
{
	uint64_t odd = -d->write_at % BLOCK_BYTES;
	if (d->write_left < odd + BLOCK_BYTES) {
		stream_expect(d, request_magic, 4);
		odd = d->write_left;
	} else {
		stream_expect(d, block, BLOCK_BYTES);
	}
	stream_skip(d, odd, STREAM_FRAME);
	d->write_at += odd;
	d->write_left -= odd;
}

static void block(struct stream_decoder *d, const unsigned char *field)
{
	const struct stream_page page = { .kind = STREAM_PAGE,
		                          .number = d->write_at / BLOCK_BYTES,
		                          .content = field,
		                          .record_bytes = BLOCK_BYTES,
		                          .content_at = d->at - BLOCK_BYTES };
	stream_count(d, STREAM_PAGE);
	d->report.pages[STREAM_PAGE]++;
	if (d->sink.page)
		d->sink.page(d->sink.context, &page);
	d->write_at += BLOCK_BYTES;
	d->write_left -= BLOCK_BYTES;
	write_next(d);
}

static void request_begin(struct stream_decoder *d, const unsigned char *head, uint64_t length, unsigned flags_known)
{
	unsigned flags = read_be16(head), type = read_be16(head + 2);
	bool is_write = type == CMD_WRITE;
	bool payload = flags_known & FLAG_PAYLOAD ? flags & FLAG_PAYLOAD : is_write;
	if (flags & ~flags_known || type > CMD_BLOCK_STATUS || (is_write && !payload) ||
	    (payload && ((!is_write && type != CMD_BLOCK_STATUS) || length > PAYLOAD_MOST))) {
		stream_give_up(d, "an NBD request of type %u with flags 0x%x and %llu bytes, which is not known",
		               type, flags, (unsigned long long)length);
	} else if (is_write) {
		d->write_at = read_be64(head + 12);
		d->write_left = length;
		write_next(d);
	} else if (type == CMD_DISC) {
		stream_count(d, STREAM_FRAME);
		stream_expect(d, stream_trailing, 1);
		d->report.complete = true;
	} else {
		stream_expect(d, request_magic, 4);
		stream_skip(d, payload ? length : 0, STREAM_FRAME);
	}
}

/* Flags, type, cookie, offset, length. */
static void request(struct stream_decoder *d, const unsigned char *field)
{
	request_begin(d, field, read_be32(field + 20), FLAGS_KNOWN);
}

static void extended_request(struct stream_decoder *d, const unsigned char *field)
{
	request_begin(d, field, read_be64(field + 20), FLAGS_KNOWN | FLAG_PAYLOAD);
}

static void request_magic(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t magic = read_be32(field);
	if (magic == REQUEST_MAGIC)
		stream_expect(d, request, 24);
	else if (magic == EXTENDED_MAGIC)
		stream_expect(d, extended_request, 28);
	else
		unknown(d, field);
}

/* ---- negotiation ---- */

/* Whether the server granted it shows in what the client says next. */
static void after_go(struct stream_decoder *d, const unsigned char *field)
{
	if (read_be32(field) == OPTION_MAGIC)
		option_magic(d, field);
	else
		request_magic(d, field);
}

static void option(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t which = read_be32(field + 4);
	if (read_be32(field) != OPTION_MAGIC_REST) {
		unknown(d, field);
		return;
	}
	stream_expect(d,
	              which == OPTION_GO            ? after_go
	              : which == OPTION_EXPORT_NAME ? request_magic
	                                            : option_magic,
	              4);
	stream_skip(d, read_be32(field + 8), STREAM_FRAME);
}

static void option_magic(struct stream_decoder *d, const unsigned char *field)
{
	if (read_be32(field) == OPTION_MAGIC)
		stream_expect(d, option, 12);
	else
		unknown(d, field);
}

static void client_flags(struct stream_decoder *d, const unsigned char *field)
{
	if (read_be32(field) & ~(uint32_t)(CLIENT_FIXED_NEWSTYLE | CLIENT_NO_ZEROES))
		unknown(d, field);
	else
		stream_expect(d, option_magic, 4);
}

int nbd_decoder_create(struct stream_decoder **ret, const struct stream_sink *sink, struct err *e)
{
	return stream_decoder_begin(ret, sink, client_flags, 4, e);
}

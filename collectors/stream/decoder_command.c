/* Commands of the source: what they say of post-copy, and the package that carries device state there. */
#include "collectors/stream/decoder_state.h"

enum command {
	COMMAND_POSTCOPY_ADVISE = 3,
	COMMAND_DISCARD = 6,
	COMMAND_PACKAGED = 7,
	COMMAND_COLO = 8,
};

/* The sizes of the blocks' pages, and the target's. */
static void advise(struct stream_decoder *d, const unsigned char *field)
{
	d->report.postcopy_advised = true;
	if (d->want != 16)
		return;
	/* The host's own page size is not listed with a block: only larger ones are. */
	d->page_sizes = read_be64(field) & ~UINT64_C(4095);
	d->page_sizes &= d->page_sizes - (d->page_sizes != 0); /* without the smallest, the host's */
	if (read_be64(field + 8) != d->report.page_bytes)
		stream_give_up(d, "pages of %llu bytes, after others were announced",
		               (unsigned long long)read_be64(field + 8));
}

/* Version, the block's name with its length and a zero, then pairs of start and length. */
static void discard(struct stream_decoder *d, const unsigned char *field)
{
	size_t at = d->want < 2 ? 0 : (size_t)field[1] + 3;
	if (d->want < 2 || field[0] != 0 || at > d->want || (d->want - at) % 16) {
		stream_give_up(d, "pages to forget, in a form that is not known");
		return;
	}
	for (; at < d->want; at += 16)
		d->report.discarded_bytes += read_be64(field + at + 8);
}

/* Its content begins with a command of its own, and is device state: the sections of a stream in the stream. */
static void packaged(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t length = d->want == 4 ? read_be32(field) : 0;
	if (!length || !d->report.postcopy_advised) {
		stream_give_up(d, "a package that is not post-copy's");
		return;
	}
	d->skip_package = true;
	stream_say(d, STREAM_STOPPED);
	stream_skip(d, length, STREAM_DEVICE);
}

static void command(struct stream_decoder *d, const unsigned char *field)
{
	if (d->command != COMMAND_PACKAGED)
		stream_count(d, STREAM_FRAME);
	switch (d->command) {
	case COMMAND_POSTCOPY_ADVISE:
		advise(d, field);
		break;
	case COMMAND_DISCARD:
		discard(d, field);
		break;
	case COMMAND_PACKAGED:
		packaged(d, field);
		break;
	case COMMAND_COLO:
		stream_give_up(d, "COLO");
		break;
	default: /* its length is known, and it carries no state */
		break;
	}
	stream_expect(d, stream_section_type, 1);
}

static void command_header(struct stream_decoder *d, const unsigned char *field)
{
	d->command = read_be16(field);
	stream_expect(d, command, read_be16(field + 2));
}

void stream_command_begin(struct stream_decoder *d)
{
	stream_expect(d, command_header, 4);
}

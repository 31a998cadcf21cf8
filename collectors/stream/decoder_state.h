/*
 * decoder_state.h - inside the decoder: a step reads one field and says which field comes next.
 */
#ifndef COLLECTORS_STREAM_DECODER_STATE_H
#define COLLECTORS_STREAM_DECODER_STATE_H

#include "bench/base/big_endian.h"
#include "collectors/stream/decoder.h"

#include <string.h>

enum { STREAM_SECTION_FOOTER = 0x7e };

/* Called with the field that was expected, whole. */
typedef void stream_step(struct stream_decoder *d, const unsigned char *field);

struct stream_decoder {
	struct stream_sink sink;
	struct stream_report report;
	stream_step *step;
	size_t want, have; /* bytes of the field; those of them in field[] */
	uint64_t at;       /* bytes of the stream taken so far */
	uint64_t skip;     /* bytes to pass over before the next field */
	enum stream_kind skip_kind;
	bool skip_package, skip_devices; /* what is passed over */
	uint64_t pending;                /* bytes of fields that are counted under no kind yet */
	bool ended;                      /* the end mark was read */
	/* the section that is open */
	unsigned char section_type;
	uint32_t section_id, ram_section_id;
	char section_name[STREAM_NAME_ROOM];
	bool configured;       /* the source's configuration was read, which comes once */
	uint32_t capabilities; /* of it, to be read still */
	uint16_t command;
	/* RAM */
	struct stream_block *blocks;
	uint64_t blocks_left; /* bytes of the list's blocks still to come */
	uint64_t page_sizes;  /* of the blocks, one bit each, as post-copy's advice says; 0: it was not said */
	int block;            /* of the last page; -1: none yet */
	unsigned flags;       /* of the page record that is read */
	uint64_t offset;
	/* the end of device state */
	unsigned char tail[12];
	uint64_t description_at, description_bytes; /* of the candidate; 0: none */
	/* nbd_decoder.c: what is written now, from where on the disk, and how much of it comes still */
	uint64_t write_at, write_left;
	unsigned char field[STREAM_PAGE_BYTES_MAX];
};

/* Two bytes of a handshake record of TLS 1.x. */
static inline bool stream_is_tls(const unsigned char *field)
{
	return field[0] == 0x16 && field[1] == 3;
}

static inline void stream_expect(struct stream_decoder *d, stream_step *step, size_t bytes)
{
	d->step = step;
	d->want = bytes;
}

/* Count the fields read since the last call under a kind. */
static inline void stream_count(struct stream_decoder *d, enum stream_kind kind)
{
	d->report.bytes[kind] += d->pending;
	d->pending = 0;
}

/* Pass over so many bytes before the next field; what was read counts under the same kind. */
static inline void stream_skip(struct stream_decoder *d, uint64_t bytes, enum stream_kind kind)
{
	stream_count(d, kind);
	d->skip = bytes;
	d->skip_kind = kind;
}

static inline void stream_say(struct stream_decoder *d, enum stream_event event)
{
	if (d->sink.event)
		d->sink.event(d->sink.context, event);
}

/* From here on nothing is understood. */
void stream_give_up(struct stream_decoder *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A name that was sent with its length, as a string. Returns -1 when it has a zero or control characters in it. */
int stream_name(char ret[STREAM_NAME_ROOM], const unsigned char *field, size_t length);

/* Steps that hand over to each other. */
stream_step stream_section_type, stream_section_footer, stream_ram_record;

/* A byte after the end. */
stream_step stream_trailing;

/* A decoder whose first field this step reads. */
int stream_decoder_begin(struct stream_decoder **ret, const struct stream_sink *sink, stream_step *step, size_t bytes,
                         struct err *e);

/* decoder_ram.c: whether the name is RAM's and its version known; the body of its sections begins. */
void stream_ram_begin(struct stream_decoder *d, uint32_t version);

/* decoder_command.c: the fields of a command follow its type. */
void stream_command_begin(struct stream_decoder *d);

#endif

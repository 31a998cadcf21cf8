#include "collectors/stream/decoder_state.h"

#include "bench/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAGIC = 0x5145564d, MULTIFD_MAGIC = 0x11223344, VERSION = 3 };

enum section_type {
	SECTION_EOF = 0,
	SECTION_START = 1,
	SECTION_PART = 2,
	SECTION_END = 3,
	SECTION_FULL = 4,
	SECTION_SUBSECTION = 5,
	SECTION_DESCRIPTION = 6,
	SECTION_CONFIGURATION = 7,
	SECTION_COMMAND = 8,
};

#define ENDLESS UINT64_MAX

const char *stream_kind_name(enum stream_kind kind)
{
	static const char *const names[STREAM_KINDS] = { "frame",      "zero",   "page",        "xbzrle",
		                                         "compressed", "device", "description", "unknown" };
	return names[kind];
}

void stream_give_up(struct stream_decoder *d, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(d->report.reason, sizeof(d->report.reason), format, arguments);
	va_end(arguments);
	d->report.understood = false;
	stream_skip(d, ENDLESS, STREAM_UNKNOWN);
}

int stream_name(char ret[STREAM_NAME_ROOM], const unsigned char *field, size_t length)
{
	if (length >= STREAM_NAME_ROOM)
		return -1;
	for (size_t i = 0; i < length; i++)
		if (field[i] < 0x20 || field[i] >= 0x7f)
			return -1;
	memcpy(ret, field, length);
	ret[length] = '\0';
	return 0;
}

/* ---- the head: magic, version, configuration ---- */

static stream_step configuration_part, capability_length, machine_length;

static void capability_name(struct stream_decoder *d, const unsigned char *field)
{
	if (d->want == 15 && memcmp(field, "x-ignore-shared", 15) == 0)
		stream_give_up(d, "shared memory is left out of the stream (x-ignore-shared)");
	else if (--d->capabilities)
		stream_expect(d, capability_length, 1);
	else
		stream_expect(d, configuration_part, 1);
}

static void capability_length(struct stream_decoder *d, const unsigned char *field)
{
	stream_expect(d, capability_name, field[0]);
}

static void capability_count(struct stream_decoder *d, const unsigned char *field)
{
	d->capabilities = read_be32(field);
	if (d->capabilities > 256)
		stream_give_up(d, "a configuration with %u capabilities", d->capabilities);
	else if (d->capabilities)
		stream_expect(d, capability_length, 1);
	else
		stream_expect(d, configuration_part, 1);
}

static void page_bits(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t bits = read_be32(field);
	if (bits < 10 || bits > 16) {
		stream_give_up(d, "pages of 2^%u bytes", bits);
		return;
	}
	d->report.page_bytes = UINT64_C(1) << bits;
	stream_expect(d, configuration_part, 1);
}

static void uuid(struct stream_decoder *d, const unsigned char *field)
{
	(void)field;
	stream_expect(d, configuration_part, 1);
}

static void subsection_name(struct stream_decoder *d, const unsigned char *field)
{
	static const struct {
		const char *name;
		stream_step *step;
		size_t bytes;
	} known[] = { { "configuration/target-page-bits", page_bits, 4 },
		      { "configuration/capabilities", capability_count, 4 },
		      { "configuration/uuid", uuid, 16 } };
	char name[STREAM_NAME_ROOM] = "";
	/* Its last four bytes are the subsection's version. */
	int named = stream_name(name, field, d->want - 4);
	for (size_t i = 0; named == 0 && i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(name, known[i].name) == 0) {
			stream_expect(d, known[i].step, known[i].bytes);
			return;
		}
	stream_give_up(d, "a configuration with '%.64s', which is not known", name);
}

static void subsection_length(struct stream_decoder *d, const unsigned char *field)
{
	stream_expect(d, subsection_name, field[0] + (size_t)4);
}

static void configuration_part(struct stream_decoder *d, const unsigned char *field)
{
	if (field[0] == SECTION_SUBSECTION)
		stream_expect(d, subsection_length, 1);
	else
		stream_section_type(d, field);
}

static void machine_name(struct stream_decoder *d, const unsigned char *field)
{
	if (stream_name(d->report.machine, field, d->want) < 0)
		stream_give_up(d, "a machine name that is none");
	else
		stream_expect(d, configuration_part, 1);
}

/* Once, and ahead of the blocks: all that is counted in pages is counted in those that it tells. */
static void configuration_begin(struct stream_decoder *d)
{
	if (d->configured || d->report.block_count) {
		stream_give_up(d, "a second configuration, or one after the list of RAM blocks");
		return;
	}
	d->configured = true;
	stream_expect(d, machine_length, 4);
}

static void machine_length(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t length = read_be32(field);
	if (length >= STREAM_NAME_ROOM)
		stream_give_up(d, "a machine name of %u bytes", length);
	else
		stream_expect(d, machine_name, length);
}

static void version(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t number = read_be32(field);
	if (number != VERSION)
		stream_give_up(d, "stream version %u; only %d is known", number, VERSION);
	else
		stream_expect(d, stream_section_type, 1);
}

static void magic(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t number = read_be32(field);
	if (number == MAGIC)
		stream_expect(d, version, 4);
	else if (number == MULTIFD_MAGIC)
		stream_give_up(d, "multifd: a connection with pages in a format of its own");
	else if (stream_is_tls(field))
		stream_give_up(d, "TLS: encrypted");
	else
		stream_give_up(d, "not the beginning of a migration stream (0x%08x)", number);
}

/* ---- sections ---- */

static void section_part(struct stream_decoder *d, const unsigned char *field)
{
	d->section_id = read_be32(field);
	stream_count(d, STREAM_FRAME);
	if (!d->report.block_count || d->section_id != d->ram_section_id)
		stream_give_up(d, "a part of section %u, which did not begin", d->section_id);
	else
		stream_expect(d, stream_ram_record, 8);
}

/* Instance and version: the end of a section's header. */
static void section_numbers(struct stream_decoder *d, const unsigned char *field)
{
	uint32_t number = read_be32(field + 4);
	if (d->section_type == SECTION_START && strcmp(d->section_name, "ram") == 0) {
		stream_ram_begin(d, number);
	} else if (d->section_type == SECTION_START) {
		stream_give_up(d, "a section '%.64s', whose length is not known", d->section_name);
	} else if (!d->report.block_count) {
		stream_give_up(d, "state of the device '%.64s' comes before RAM", d->section_name);
	} else {
		d->skip_devices = true;
		stream_skip(d, ENDLESS, STREAM_DEVICE);
		stream_say(d, STREAM_STOPPED);
	}
}

static void section_name(struct stream_decoder *d, const unsigned char *field)
{
	if (stream_name(d->section_name, field, d->want) < 0)
		stream_give_up(d, "a section name that is none");
	else
		stream_expect(d, section_numbers, 8);
}

/* Its number, and the length of its name. */
static void section_begin(struct stream_decoder *d, const unsigned char *field)
{
	d->section_id = read_be32(field);
	stream_expect(d, section_name, field[4]);
}

void stream_trailing(struct stream_decoder *d, const unsigned char *field)
{
	(void)field;
	d->report.complete = false;
	stream_give_up(d, "more bytes after the end of the stream");
}

static void description_length(struct stream_decoder *d, const unsigned char *field)
{
	stream_expect(d, stream_trailing, 1);
	stream_skip(d, read_be32(field), STREAM_DESCRIPTION);
}

static void after_end(struct stream_decoder *d, const unsigned char *field)
{
	if (field[0] == SECTION_DESCRIPTION)
		stream_expect(d, description_length, 4);
	else
		stream_trailing(d, field);
}

void stream_section_type(struct stream_decoder *d, const unsigned char *field)
{
	d->section_type = field[0];
	switch (d->section_type) {
	case SECTION_START:
	case SECTION_FULL:
		stream_expect(d, section_begin, 5);
		break;
	case SECTION_PART:
	case SECTION_END:
		stream_expect(d, section_part, 4);
		break;
	case SECTION_CONFIGURATION:
		configuration_begin(d);
		break;
	case SECTION_COMMAND:
		stream_command_begin(d);
		break;
	case SECTION_EOF:
		d->ended = true;
		stream_count(d, STREAM_FRAME);
		stream_expect(d, after_end, 1);
		break;
	default:
		stream_give_up(d, "a section of type 0x%02x, which is not known", d->section_type);
	}
}

void stream_section_footer(struct stream_decoder *d, const unsigned char *field)
{
	if (field[0] != STREAM_SECTION_FOOTER || read_be32(field + 1) != d->section_id) {
		stream_give_up(d, "section %u has no footer (a machine type older than QEMU 2.4?)", d->section_id);
		return;
	}
	stream_count(d, STREAM_FRAME);
	stream_expect(d, stream_section_type, 1);
}

/* ---- device state to the end ---- */

/*
 * The end of device state is the last section's footer, the end mark and a description: 7e, number, 00, 06, length,
 * '{'. The last such place counts, if the stream then ends with the description's last byte.
 */
static void devices_scan(struct stream_decoder *d, const unsigned char *bytes, size_t length)
{
	enum { TAIL = sizeof(d->tail) };
	for (size_t i = 0; i < length; i++) {
		memmove(d->tail, d->tail + 1, TAIL - 1);
		d->tail[TAIL - 1] = bytes[i];
		if (bytes[i] != '{' || d->tail[0] != STREAM_SECTION_FOOTER || d->tail[5] != SECTION_EOF ||
		    d->tail[6] != SECTION_DESCRIPTION)
			continue;
		d->description_at = d->at + i;
		d->description_bytes = read_be32(d->tail + 7);
	}
}

static void devices_end(struct stream_decoder *d)
{
	uint64_t *bytes = d->report.bytes;
	if (d->description_bytes && d->at == d->description_at + d->description_bytes) {
		uint64_t described = d->description_bytes + 5; /* with its type and its length */
		bytes[STREAM_DEVICE] -= described + 1;
		bytes[STREAM_DESCRIPTION] += described;
		bytes[STREAM_FRAME] += 1;
		d->report.complete = true;
	} else {
		snprintf(d->report.reason, sizeof(d->report.reason),
		         "the connection ends in device state, or no description of it follows");
	}
}

/* ---- bytes ---- */

static size_t pass_over(struct stream_decoder *d, const unsigned char *bytes, size_t length)
{
	size_t taken = length < d->skip ? length : (size_t)d->skip;
	if (d->skip_devices)
		devices_scan(d, bytes, taken);
	d->at += taken;
	d->skip -= d->skip == ENDLESS ? 0 : taken;
	d->report.bytes[d->skip_kind] += taken;
	if (!d->skip && d->skip_package) {
		d->skip_package = false;
		d->report.postcopy = true;
		stream_say(d, STREAM_SWITCHED);
	}
	return taken;
}

void stream_decode(struct stream_decoder *d, const unsigned char *bytes, size_t length)
{
	for (;;) {
		const unsigned char *field = bytes;
		if (d->skip) {
			size_t taken = pass_over(d, bytes, length);
			if (taken == length && d->skip)
				return;
			bytes += taken;
			length -= taken;
			continue;
		}
		size_t missing = d->want - d->have, taken = missing < length ? missing : length;
		if (d->have || taken < missing) {
			memcpy(d->field + d->have, bytes, taken);
			field = d->field;
		}
		bytes += taken;
		length -= taken;
		d->at += taken;
		d->pending += taken;
		if (taken < missing) {
			d->have += taken;
			return;
		}
		d->have = 0;
		d->step(d, field);
	}
}

void stream_decoder_end(struct stream_decoder *d)
{
	stream_count(d, d->report.understood ? STREAM_FRAME : STREAM_UNKNOWN);
	if (!d->report.understood || d->report.complete)
		return;
	if (d->skip_devices)
		devices_end(d);
	else if (d->ended && !d->skip && !d->have && (d->step == after_end || d->step == stream_trailing))
		d->report.complete = true;
	else
		snprintf(d->report.reason, sizeof(d->report.reason),
		         "the connection ends after %llu bytes, too early", (unsigned long long)d->at);
}

size_t stream_decoder_held(const struct stream_decoder *d)
{
	return d->have;
}

void stream_decoder_resume(struct stream_decoder *d)
{
	if (!d->report.understood || !d->report.postcopy)
		return;
	stream_count(d, STREAM_FRAME);
	d->skip = 0;
	d->have = 0;
	d->block = -1;
	d->report.reason[0] = '\0';
	stream_expect(d, stream_section_type, 1);
}

const struct stream_report *stream_decoder_report(const struct stream_decoder *d)
{
	return &d->report;
}

int stream_decoder_begin(struct stream_decoder **ret, const struct stream_sink *sink, stream_step *step, size_t bytes,
                         struct err *e)
{
	struct stream_decoder *d = calloc(1, sizeof(*d));
	if (!d)
		return err_set(e, EXIT_CANNOT, "no memory to decode a migration");
	d->sink = *sink;
	d->report.page_bytes = 4096;
	d->report.understood = true;
	d->block = -1;
	stream_expect(d, step, bytes);
	*ret = d;
	return 0;
}

int stream_decoder_create(struct stream_decoder **ret, const struct stream_sink *sink, struct err *e)
{
	return stream_decoder_begin(ret, sink, magic, 4, e);
}

void stream_decoder_free(struct stream_decoder *d)
{
	if (d)
		free(d->blocks);
	free(d);
}

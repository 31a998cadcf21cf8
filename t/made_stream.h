/*
 * made_stream.h - a migration stream as QEMU writes it, made here: blocks, pages, commands, device state.
 *
 *	struct made_stream s = { 0 };
 *	made_head(&s, "pc-i440fx-7.2");
 *	made_ram_begin(&s, blocks, 2);
 *	made_part_begin(&s);
 *	made_page(&s, "pc.ram", 0x1000, content);
 *	made_part_end(&s);
 *	made_end(&s);
 *	... s.bytes, s.length ...
 *	free(s.bytes);
 */
#ifndef T_MADE_STREAM_H
#define T_MADE_STREAM_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MADE_RAM = 2, MADE_PAGE_BYTES = 4096, MADE_LAST = 0, MADE_CONTINUE = 0x20 };

struct made_stream {
	unsigned char *bytes;
	size_t length, room;
};

struct made_block {
	const char *name;
	uint64_t bytes;
	uint64_t page_bytes; /* of the host, listed when it is not 0 */
};

static inline void made_bytes(struct made_stream *s, const void *bytes, size_t length)
{
	if (s->length + length > s->room) {
		s->room = 2 * (s->room + length);
		s->bytes = realloc(s->bytes, s->room);
		if (!s->bytes)
			abort();
	}
	if (length)
		memcpy(s->bytes + s->length, bytes, length);
	s->length += length;
}

/* The lowest `bytes` bytes of a number, the highest of them first. */
static inline void made_number(struct made_stream *s, uint64_t number, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--) {
		unsigned char byte = (unsigned char)(number >> 8 * i);
		made_bytes(s, &byte, 1);
	}
}

static inline void made_name(struct made_stream *s, const char *name)
{
	made_number(s, strlen(name), 1);
	made_bytes(s, name, strlen(name));
}

static inline void made_configuration(struct made_stream *s, const char *machine)
{
	made_number(s, 7, 1);
	made_number(s, strlen(machine), 4);
	made_bytes(s, machine, strlen(machine));
}

static inline void made_head(struct made_stream *s, const char *machine)
{
	made_bytes(s, "QEVM", 4);
	made_number(s, 3, 4);
	made_configuration(s, machine);
}

/* Of a configuration: the target's pages have 2^bits bytes. */
static inline void made_page_bits(struct made_stream *s, int bits)
{
	made_number(s, 5, 1);
	made_name(s, "configuration/target-page-bits");
	made_number(s, 1, 4);
	made_number(s, (uint64_t)bits, 4);
}

/* And what the source can do. */
static inline void made_capability(struct made_stream *s, const char *name)
{
	made_number(s, 5, 1);
	made_name(s, "configuration/capabilities");
	made_number(s, 1, 4);
	made_number(s, 1, 4);
	made_name(s, name);
}

static inline void made_command(struct made_stream *s, int command, const void *bytes, size_t length)
{
	made_number(s, 8, 1);
	made_number(s, (uint64_t)command, 2);
	made_number(s, length, 2);
	made_bytes(s, bytes, length);
}

static inline void made_section(struct made_stream *s, int type, uint32_t id, const char *name, uint32_t version)
{
	made_number(s, (uint64_t)type, 1);
	made_number(s, id, 4);
	made_name(s, name);
	made_number(s, 0, 4);
	made_number(s, version, 4);
}

static inline void made_footer(struct made_stream *s, uint32_t id)
{
	made_number(s, 0x7e, 1);
	made_number(s, id, 4);
}

/* RAM's records end, and its section. */
static inline void made_part_end(struct made_stream *s)
{
	made_number(s, 0x10, 8);
	made_footer(s, MADE_RAM);
}

static inline void made_ram_begin(struct made_stream *s, const struct made_block *blocks, int count)
{
	uint64_t sum = 0;
	for (int i = 0; i < count; i++)
		sum += blocks[i].bytes;
	made_section(s, 1, MADE_RAM, "ram", 4);
	made_number(s, sum | 4, 8);
	for (int i = 0; i < count; i++) {
		made_name(s, blocks[i].name);
		made_number(s, blocks[i].bytes, 8);
		if (blocks[i].page_bytes)
			made_number(s, blocks[i].page_bytes, 8);
	}
	made_part_end(s);
}

static inline void made_part_begin(struct made_stream *s)
{
	made_number(s, 2, 1);
	made_number(s, MADE_RAM, 4);
}

/* block NULL: the last page's. */
static inline void made_record(struct made_stream *s, const char *block, uint64_t offset, unsigned flags)
{
	made_number(s, offset | flags | (block ? 0 : MADE_CONTINUE), 8);
	if (block)
		made_name(s, block);
}

static inline void made_page(struct made_stream *s, const char *block, uint64_t offset, const void *content)
{
	made_record(s, block, offset, 0x08);
	made_bytes(s, content, MADE_PAGE_BYTES);
}

static inline void made_zero(struct made_stream *s, const char *block, uint64_t offset)
{
	made_record(s, block, offset, 0x02);
	made_number(s, 0, 1);
}

/* A device's section with so many bytes of state. */
static inline void made_device(struct made_stream *s, uint32_t id, const char *name, size_t bytes)
{
	made_section(s, 4, id, name, 1);
	for (size_t i = 0; i < bytes; i++)
		made_number(s, i * 7 % 251, 1);
	made_footer(s, id);
}

/* The rest of a pre-copy: devices, the end, their description. */
static inline void made_end(struct made_stream *s)
{
	static const char description[] = "{\"configuration\":{},\"devices\":[]}";
	made_device(s, 3, "timer", 40);
	made_device(s, 4, "cpu", 4000);
	made_number(s, 0, 1);
	made_number(s, 6, 1);
	made_number(s, strlen(description), 4);
	made_bytes(s, description, strlen(description));
}

/* The source will be able to switch to post-copy; page_sizes: of the blocks, one bit each. */
static inline void made_advise(struct made_stream *s, uint64_t page_sizes)
{
	struct made_stream data = { 0 };
	made_number(&data, page_sizes, 8);
	made_number(&data, MADE_PAGE_BYTES, 8);
	made_command(s, 3, data.bytes, data.length);
	free(data.bytes);
}

/* The switch to post-copy: pages to forget, then devices in a package. */
static inline void made_switch(struct made_stream *s, const char *block, uint64_t start, uint64_t bytes)
{
	struct made_stream data = { 0 }, package = { 0 };
	made_number(&data, 0, 1);
	made_name(&data, block);
	made_number(&data, 0, 1);
	made_number(&data, start, 8);
	made_number(&data, bytes, 8);
	made_command(s, 6, data.bytes, data.length);
	made_command(&package, 4, "", 0);
	made_device(&package, 5, "cpu", 3000);
	made_command(&package, 5, "", 0);
	data.length = 0;
	made_number(&data, package.length, 4);
	made_command(s, 7, data.bytes, data.length);
	made_bytes(s, package.bytes, package.length);
	free(data.bytes);
	free(package.bytes);
}

/* Incompressible, another one for another number. */
static inline void made_content(unsigned char content[MADE_PAGE_BYTES], uint64_t number)
{
	uint64_t state = number * 0x9e3779b97f4a7c15u + 1;
	for (size_t i = 0; i < MADE_PAGE_BYTES; i += 8) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(content + i, &state, 8);
	}
}

/* Like a heap, which zstd makes 3 times smaller: pointers into one region, each with a small number. */
static inline void made_heap(unsigned char content[MADE_PAGE_BYTES], uint64_t number)
{
	uint64_t words[MADE_PAGE_BYTES / 8];
	made_content(content, number);
	memcpy(words, content, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i += 2) {
		words[i] = 0xffff888000000000 + (number << 12) + words[i] % 0x80000 * 8;
		words[i + 1] = words[i + 1] % 64;
	}
	memcpy(content, words, sizeof(words));
}

/* A pre-copy of a VM whose only block is pc.ram, up to its first page; and from its last on. */
static inline void made_vm_begin(struct made_stream *s, uint64_t pages)
{
	const struct made_block block = { "pc.ram", pages * MADE_PAGE_BYTES, 0 };
	made_head(s, "pc");
	made_ram_begin(s, &block, 1);
	made_part_begin(s);
}

static inline void made_vm_end(struct made_stream *s)
{
	made_part_end(s);
	made_end(s);
}

/* A VM of such pages, of which every tenth is another one with another visit. */
static inline struct made_stream made_heap_stream(uint64_t pages, uint64_t visit)
{
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_vm_begin(&s, pages);
	for (uint64_t i = 0; i < pages; i++) {
		made_heap(content, i % 10 ? i : i + visit * pages);
		made_page(&s, "pc.ram", i * MADE_PAGE_BYTES, content);
	}
	made_vm_end(&s);
	return s;
}

#endif

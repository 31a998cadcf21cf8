/*
 * decoder.h - QEMU's migration stream, decoded while its bytes pass: what each byte is part of, and every page.
 *
 *	stream_decoder_create(&d, &sink, &e);
 *	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
 *		stream_decode(d, bytes, n);         // cut anywhere
 *	stream_decoder_end(d);
 *	... stream_decoder_report(d) ...
 *	stream_decoder_free(d);
 *
 * No I/O and no clock; memory does not grow with the stream. Every byte is counted under one kind, so that the kinds'
 * sum is the stream. Bytes come from a guest's host and are not trusted.
 *
 * Handled: stream version 3 with section footers (machine types since QEMU 2.4), RAM section version 4, pre-copy and
 * post-copy on the main channel; tested with QEMU 7.2. Source of the format: QEMU's docs/devel/migration and the reading
 * side of its migration/savevm.c and migration/ram.c.
 * Told and never guessed: TLS, multifd, RDMA, COLO, background snapshots' and other iterable sections, device state ahead
 * of RAM, shared memory that is left out; a page that QEMU has compressed or sent as a difference (xbzrle) is counted
 * as such, without its content. From the first byte that is not understood on everything is STREAM_UNKNOWN.
 *
 * Device state says nowhere how long it is. In pre-copy it comes after all of RAM and only the description of the VM
 * follows it: what comes after the first device's header is STREAM_DEVICE to the end of the stream, less a
 * description that ends exactly there. In post-copy it comes in a package that says its length.
 */
#ifndef COLLECTORS_STREAM_DECODER_H
#define COLLECTORS_STREAM_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct stream_decoder;

/* What a byte is part of. A page's record counts with its header. */
enum stream_kind {
	STREAM_FRAME,       /* headers, footers, commands, the list of RAM blocks */
	STREAM_ZERO,        /* a page of one repeated byte, nearly always 0 */
	STREAM_PAGE,        /* a page as it is */
	STREAM_XBZRLE,      /* a page as its difference to the last one sent */
	STREAM_COMPRESSED,  /* a page compressed by QEMU */
	STREAM_DEVICE,      /* devices and CPUs */
	STREAM_DESCRIPTION, /* JSON that describes device state, at the end of pre-copy */
	STREAM_UNKNOWN,
	STREAM_KINDS
};

/* "frame", "zero", "page", ... */
const char *stream_kind_name(enum stream_kind kind);

enum { STREAM_NAME_ROOM = 256, STREAM_PAGE_BYTES_MAX = 65536, STREAM_BLOCKS_MAX = 4096 };

struct stream_block {
	char name[STREAM_NAME_ROOM]; /* "pc.ram" */
	uint64_t bytes;
	uint64_t first_page; /* pages of the blocks before it: numbers the VM's pages from 0 */
};

struct stream_page {
	enum stream_kind kind;        /* ZERO, PAGE, XBZRLE, COMPRESSED */
	uint64_t number;              /* of the VM's pages, see first_page */
	const unsigned char *content; /* of a PAGE, page_bytes of the report; valid during the call. Else NULL */
	unsigned char fill;           /* of a ZERO */
	uint32_t record_bytes;        /* in the stream, header and content */
	uint64_t content_at;          /* position in the stream of the first byte after the header */
};

enum stream_event {
	STREAM_BLOCKS,  /* the list of RAM blocks is complete */
	STREAM_STOPPED, /* device state begins: the source's vCPUs stand still */
	STREAM_SWITCHED /* the package of post-copy is complete: the destination's vCPUs run */
};

struct stream_sink {
	void *context;
	void (*page)(void *context, const struct stream_page *page); /* may be NULL */
	void (*event)(void *context, enum stream_event event);       /* may be NULL */
};

struct stream_report {
	uint64_t bytes[STREAM_KINDS];
	uint64_t pages[STREAM_KINDS]; /* of the four kinds of page, with repeats */
	uint64_t page_bytes;          /* of the target: 4096 on x86 */
	const struct stream_block *blocks;
	int block_count;
	uint64_t total_pages; /* of all blocks */
	char machine[STREAM_NAME_ROOM];
	bool postcopy_advised;    /* it may become post-copy */
	bool postcopy;            /* it has become post-copy */
	uint64_t discarded_bytes; /* pages sent before the switch that the destination was told to forget */
	bool complete;            /* the end of the stream was read and understood */
	bool understood;          /* so far, or to its end */
	char reason[192];         /* why it is not understood, or not complete */
};

int stream_decoder_create(struct stream_decoder **ret, const struct stream_sink *sink, struct err *e);

/* The next bytes of the stream. */
void stream_decode(struct stream_decoder *d, const unsigned char *bytes, size_t length);

/* The connection was closed: nothing more comes. */
void stream_decoder_end(struct stream_decoder *d);

/* Bytes of a field that has not come whole yet: what they will be part of is not known. */
size_t stream_decoder_held(const struct stream_decoder *d);

/* Another connection goes on with a post-copy that broke off: from here the bytes are its. */
void stream_decoder_resume(struct stream_decoder *d);

/* Valid until the next call. */
const struct stream_report *stream_decoder_report(const struct stream_decoder *d);

void stream_decoder_free(struct stream_decoder *d);

#endif

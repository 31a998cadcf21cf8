/*
 * made_nbd.h - what a client of NBD sends, made here, into a stream of made_stream.h.
 *
 *	struct made_stream s = { 0 };
 *	made_nbd_begin(&s);
 *	made_nbd_write(&s, 4096, content, sizeof(content));
 *	made_nbd_request(&s, MADE_NBD_FLUSH, 0, 0, 0);
 *	made_nbd_end(&s);
 */
#ifndef T_MADE_NBD_H
#define T_MADE_NBD_H

#include "t/made_stream.h"

enum { MADE_NBD_EXPORT_NAME = 1, MADE_NBD_LIST = 3, MADE_NBD_STARTTLS = 5, MADE_NBD_GO = 7, MADE_NBD_STRUCTURED = 8 };
enum {
	MADE_NBD_READ,
	MADE_NBD_WRITE,
	MADE_NBD_DISC,
	MADE_NBD_FLUSH,
	MADE_NBD_TRIM,
	MADE_NBD_CACHE,
	MADE_NBD_WRITE_ZEROES,
	MADE_NBD_BLOCK_STATUS
};
enum { MADE_NBD_PAYLOAD = 0x20 };

static inline void made_nbd_option(struct made_stream *s, unsigned option, const void *bytes, size_t length)
{
	made_bytes(s, "IHAVEOPT", 8);
	made_number(s, option, 4);
	made_number(s, length, 4);
	made_bytes(s, bytes, length);
}

/* The negotiation of QEMU's client. */
static inline void made_nbd_begin(struct made_stream *s)
{
	made_number(s, 3, 4);
	made_nbd_option(s, MADE_NBD_STRUCTURED, "", 0);
	made_nbd_option(s, 10,
	                "\0\0\0\4disk\0\0\0\1\0\0\0\x0f"
	                "base:allocation",
	                31);
	made_nbd_option(s, MADE_NBD_GO, "\0\0\0\4disk\0\1\0\3", 12);
}

static inline void made_nbd_head(struct made_stream *s, uint64_t magic, unsigned type, unsigned flags,
                                 uint64_t offset)
{
	made_number(s, magic, 4);
	made_number(s, flags, 2);
	made_number(s, type, 2);
	made_bytes(s, "cookie..", 8);
	made_number(s, offset, 8);
}

static inline void made_nbd_request(struct made_stream *s, unsigned type, unsigned flags, uint64_t offset,
                                    uint64_t length)
{
	made_nbd_head(s, 0x25609513, type, flags, offset);
	made_number(s, length, 4);
}

static inline void made_nbd_extended(struct made_stream *s, unsigned type, unsigned flags, uint64_t offset,
                                     uint64_t length)
{
	made_nbd_head(s, 0x21e41c71, type, flags, offset);
	made_number(s, length, 8);
}

static inline void made_nbd_write(struct made_stream *s, uint64_t offset, const void *bytes, size_t length)
{
	made_nbd_request(s, MADE_NBD_WRITE, 0, offset, length);
	made_bytes(s, bytes, length);
}

static inline void made_nbd_end(struct made_stream *s)
{
	made_nbd_request(s, MADE_NBD_DISC, 0, 0, 0);
}

#endif

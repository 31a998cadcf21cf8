/*
 * return_path.h - what a migration's destination says to its source on the way back, decoded while it passes.
 *
 *	struct return_path r;
 *	return_path_begin(&r);
 *	return_path_decode(&r, bytes, n);       // cut anywhere
 *
 * A fixed-size state machine, like decoder.h. The messages are those of QEMU 2.5 to 10: type, length, content; the bitmap
 * of a recovery follows its message without a length of its own in it. A type that is not known is counted under 0 and
 * passed over, since its length is.
 */
#ifndef COLLECTORS_STREAM_RETURN_PATH_H
#define COLLECTORS_STREAM_RETURN_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum return_message {
	RETURN_OTHER,
	RETURN_SHUT, /* nothing more comes; its value is not 0 when the destination has failed */
	RETURN_PONG,
	RETURN_PAGES_OF, /* pages of a block that is named */
	RETURN_PAGES,    /* pages of the same block */
	RETURN_BITMAP,   /* what had arrived before a link broke */
	RETURN_RESUMED,
	RETURN_SWITCH_AGREED,
	RETURN_MESSAGES
};

struct return_path {
	uint64_t messages[RETURN_MESSAGES];
	uint64_t bytes;
	uint64_t requested_bytes; /* of pages that vCPUs waited for */
	uint32_t shut_value;
	bool understood; /* so far */
	/* own */
	int step;
	uint16_t type;
	size_t want, have;
	uint64_t skip;
	unsigned char field[16 + 256];
};

void return_path_begin(struct return_path *r);
void return_path_decode(struct return_path *r, const unsigned char *bytes, size_t length);

#endif

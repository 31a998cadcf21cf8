/*
 * disk_blocks.h - the content of a disk image in blocks of 4 KiB, holes and zeros left out.
 */
#ifndef COLLECTORS_STREAM_DISK_BLOCKS_H
#define COLLECTORS_STREAM_DISK_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct err;

enum { DISK_BLOCK_BYTES = 4096 };

/* Call each() with every aligned block that is not all zeros, in order, until it says no. Returns how many there were, -1:
 * e. */
int64_t disk_blocks(const char *path, bool (*each)(void *context, const unsigned char *block), void *context,
                    struct err *e);

#endif

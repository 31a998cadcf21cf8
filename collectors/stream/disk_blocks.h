/*
 * disk_blocks.h - the content of a disk image in blocks of 4 KiB, holes and zeros left out.
 *
 *	disk_blocks_open(&d, path, &e);
 *	while (disk_blocks_some(d, each, context))      // a MiB at a time
 *		...
 *	count = disk_blocks_close(d);
 */
#ifndef COLLECTORS_STREAM_DISK_BLOCKS_H
#define COLLECTORS_STREAM_DISK_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct disk_blocks;
struct err;

enum { DISK_BLOCK_BYTES = 4096 };

/* Takes a block; false: no more of them, please. */
typedef bool disk_block_each(void *context, const unsigned char *block);

int disk_blocks_open(struct disk_blocks **ret, const char *path, struct err *e);

/* Call each() with the next aligned blocks that are not all zeros, in order. Returns whether there may be more. */
bool disk_blocks_some(struct disk_blocks *d, disk_block_each *each, void *context);

/* How many there were; d may be NULL. */
int64_t disk_blocks_close(struct disk_blocks *d);

/* All of an image at once, until each() says no. Returns how many there were, -1: e. */
int64_t disk_blocks(const char *path, disk_block_each *each, void *context, struct err *e);

#endif

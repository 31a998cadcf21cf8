/*
 * storage.h - the shared disk of a local testbed: tgtd on the storage node, one LUN a disk, read by QEMU's libiscsi.
 *
 * Images are sparse files below the node's state directory, created to size. One that a guest shall read is filled
 * to `content_bytes` with incompressible bytes, made once a testbed.
 */
#ifndef BENCH_TESTBED_STORAGE_H
#define BENCH_TESTBED_STORAGE_H

#include "bench/testbed/node.h"

#include <stddef.h>
#include <stdint.h>

#define STORAGE_TARGET "iqn.2026-01.net.migmeter:disks"
#define STORAGE_PORT 3260

/* Start tgtd on the node's LAN address. */
int storage_start(const struct node *node, struct undo *undo, struct err *e);

/* An image of `bytes`, its first content_bytes filled from seed; complete or absent. */
int storage_image_make(const char *path, int64_t bytes, int64_t content_bytes, uint64_t seed, struct err *e);

/* Add (or, when it is served with that size, keep) LUN lun (from 1) of `bytes`, its first content_bytes filled. */
int storage_add_disk(const struct node *node, int lun, int64_t bytes, int64_t content_bytes, struct err *e);

/* The file of LUN lun. Returns buffer. */
char *storage_image_path(const struct node *node, int lun, char *buffer, size_t room);

/* LUN lun (from 1) is a fresh copy of this image file, whatever it was before; room for it is needed. */
int storage_add_image(const struct node *node, int lun, const char *image, struct err *e);

#endif

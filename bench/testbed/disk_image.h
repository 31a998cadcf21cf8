/*
 * disk_image.h - the disks of guests that run more than the one program of their initramfs: image.sh makes them from the
 * recipes in images/, storage_add_image() gives each VM a fresh copy.
 */
#ifndef BENCH_TESTBED_DISK_IMAGE_H
#define BENCH_TESTBED_DISK_IMAGE_H

#include <stddef.h>

struct err;

enum { GUEST_DISK_MIB = 2048 }; /* of any image; image.sh reads this line */

/* The path of image `name` ("compile"). EXIT_CANNOT says how it is made, when it is not there. */
int disk_image_path(const char *name, char *buffer, size_t room, struct err *e);

#endif

/*
 * own_disk.h - a disk of a node's own, that a VM takes along when it moves: a base, the same on every node, and a qcow2
 * image of what the VM has changed of it, which is empty on the nodes where the VM is not. A migration copies what both
 * make up (full) or the changes only (incremental).
 */
#ifndef BENCH_TESTBED_OWN_DISK_H
#define BENCH_TESTBED_OWN_DISK_H

#include "bench/testbed/node.h"

#include <stddef.h>
#include <stdint.h>

/* Where the node's daemon sees disk `number` (from 1), the same on every node. Returns buffer. */
char *own_disk_path(int number, char *buffer, size_t room);

/*
 * Make it anew on the node, its first changed_bytes (0: none) changed, of `bytes`, whole MiB; a base of that size that is
 * there is kept. EXIT_CANNOT: no room, or no qemu-img.
 */
int own_disk_make(const struct node *node, int number, int64_t bytes, int64_t changed_bytes, struct err *e);

#endif

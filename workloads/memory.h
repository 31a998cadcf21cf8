/*
 * memory.h - how much memory there is, and filling it, so that zero pages flatter no migration.
 */
#ifndef WORKLOADS_MEMORY_H
#define WORKLOADS_MEMORY_H

#include <stdint.h>

struct err;

#define MEMORY_RESERVE_BYTES (INT64_C(12) << 20) /* memory_fill() leaves at least this much untouched */

/* Bytes a process can have without swapping (MemAvailable of /proc/meminfo), or -1 when that cannot be read. */
int64_t memory_available_bytes(void);

/*
 * Write every free page but MEMORY_RESERVE_BYTES, or what the kernel keeps for itself, once with random content, then give the pages back: the kernel hands
 * them out zeroed, but as long as they are free they hold what was written and are not zero to a hypervisor. The first
 * empty_bytes of them are zeroed instead, whatever the boot left there: memory that shall not count.
 * progress(argument, filled, goal) is called every few MiB. *ret_filled_bytes: what was written with random content.
 */
int memory_fill(int64_t empty_bytes, void (*progress)(void *argument, int64_t filled_bytes, int64_t goal_bytes),
                void *argument, int64_t *ret_filled_bytes, struct err *e);

#endif

/*
 * machine_lock.h - one migmeter at work on a machine at a time.
 *
 * The lock is the kernel's, on a file that holds its owner's pid: it goes with the process, however that ends.
 */
#ifndef BENCH_TESTBED_MACHINE_LOCK_H
#define BENCH_TESTBED_MACHINE_LOCK_H

#include <signal.h>
#include <stdbool.h>

struct err;

#define MACHINE_HOME "/var/lib/migmeter" /* of all that outlives a process */

enum { MACHINE_OWNER_ROOM = 16 }; /* for a pid */

/* How to wait for another migmeter; a NULL pointer to it: not at all. */
struct machine_wait {
	void (*note)(const char *text);           /* told once, with the pid of the other */
	const volatile sig_atomic_t *interrupted; /* once not 0, the wait is over; NULL: only the other's end is */
};

/* Take the lock, making MACHINE_HOME. -1 with EXIT_CANNOT where another has it and is not waited for, or the machine
 * refuses; with EXIT_INTERRUPTED after an interrupted wait. */
int machine_lock_take(int *ret_fd, const struct machine_wait *wait, struct err *e);

/* Whether anybody has it now, and the pid ("?" while it is not known); without taking part. */
bool machine_lock_is_held(char owner[MACHINE_OWNER_ROOM]);

/* Give it back; clean: nothing of ours is left, and the file and MACHINE_HOME, if empty, go too. */
void machine_lock_give(int fd, bool clean);

#endif

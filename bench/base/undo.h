/*
 * undo.h - the on-disk register of every change to the system, written before the change is made.
 *
 *	undo_add(u, UNDO_NETNS, "mm-src");      // 1. promise
 *	... ip netns add mm-src ...             // 2. change
 *	undo_run(u, &e);                        // 3. take back, newest first; the file is removed when all is undone
 *
 * The file (one line an entry, appended and fsynced: kind TAB argument TAB argument2) survives SIGKILL and power
 * loss; undo_run() on a register found on disk does the same work. Undoing something that was never made, or is
 * already gone, is success; what cannot be undone twice (a command) is taken out of the register when it was undone by
 * other means. Only what is in the register is ever touched.
 */
#ifndef BENCH_BASE_UNDO_H
#define BENCH_BASE_UNDO_H

#include <stdint.h>
#include <sys/types.h>

struct err;
struct undo;

enum undo_kind {
	UNDO_NETNS,     /* name: a network namespace in /run/netns; processes inside it are ended first */
	UNDO_MOUNT,     /* path: unmounted lazily, as often as it is mounted */
	UNDO_DIRECTORY, /* path: removed if it is empty */
	UNDO_TREE,      /* path: removed with everything below it, never crossing a mount */
	UNDO_PROCESS,   /* pid, start time */
	UNDO_PIDFILE,   /* path of a pid file, name that /proc/PID/comm must have */
	UNDO_COMMAND, /* a word without blanks, then a line for sh -c, which has the word as $1; two minutes for it */
};

/* Open (creating it) the register at path. */
int undo_open(struct undo **ret, const char *path, struct err *e);

/* Promise. Safe from several threads. Returns -1 when the promise could not be written: then do not change. */
int undo_add(struct undo *u, enum undo_kind kind, const char *argument, struct err *e);

/* It was undone already: the newest such promise is none any more. */
int undo_forget(struct undo *u, enum undo_kind kind, const char *argument, struct err *e);

/* Register a process that was just started, by pid and start time. */
int undo_add_process(struct undo *u, pid_t pid, struct err *e);

/* Take everything back, newest first, and remove the register. Goes on after a failure; returns -1 with the first.
 * What could not be undone stays in the register. */
int undo_run(struct undo *u, struct err *e);

/* Close without undoing (the testbed stays up). u may be NULL. */
void undo_close(struct undo *u);

#endif

/*
 * program.h - programs of a Debian system on the guest's disk (bench/testbed/image.sh), for workloads that need more than this
 * one binary, which stays PID 1.
 *
 *	system_mount(root, &e);                       // in init
 *	program_start(&p, root, argv, &e);
 *	while (program_line(&p, 100 * NS_PER_MS, line, sizeof(line)) >= 0)
 *		...
 *	status = program_wait(&p);
 */
#ifndef WORKLOADS_PROGRAM_H
#define WORKLOADS_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* Where systems are: "" is the guest's disk /dev/vda, else a directory; "/" needs no chroot. */
int system_mount(const char *root, struct err *e);

enum { PROGRAM_LINE_ROOM = 256 };

struct program {
	pid_t pid;     /* and process group; 0: none */
	int output_fd; /* what it writes to stdout and stderr */
	size_t held;   /* bytes of a line that is not complete yet */
	char line[PROGRAM_LINE_ROOM];
};

/* Run argv (NULL ends; the program with its path) in the directory of that system. After 0, program_wait() or program_kill()
 * it. */
int program_start(struct program *p, const char *root, const char *directory, const char *const argv[],
                  struct err *e);

/* A line of its output, without newline, cut to fit; 1. Returns 0 when none came in time, -1 when there will be none. */
int program_line(struct program *p, int64_t wait_ns, char *buffer, size_t room);

/* Wait for its end; its wait status, 0 when it ended well. */
int program_wait(struct program *p);

/* Kill it and all that it started. Nothing when there is none. */
void program_kill(struct program *p);

#endif

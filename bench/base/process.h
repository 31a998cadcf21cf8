/*
 * process.h - run other programs, in a node's namespaces when asked.
 *
 * A child of process_run dies with us (PR_SET_PDEATHSIG = SIGKILL) and has a process group of its own, so that a
 * terminal's Ctrl-C does not reach it; daemons started with process_start live on and are the caller's to register
 * with the undo register and to end. What runs beside us and is looked at
 * now and then is a process_child (process_child.h).
 */
#ifndef BENCH_BASE_PROCESS_H
#define BENCH_BASE_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* Where and how a child runs; all members may be zero. */
struct process_place {
	const char *netns;              /* path of a network namespace, for example /run/netns/NAME */
	const char *mntns;              /* path of a bind-mounted mount namespace */
	const char *utsns;              /* path of a UTS namespace */
	int core;                       /* 1 + the core to pin to; 0: not pinned */
	const char *const *environment; /* "NAME=VALUE" beside what is ours, NULL ends; may be NULL */
};

/*
 * Run argv (NULL-terminated) and wait. stdout and stderr are captured together into output (may be NULL), cut at
 * room - 1. Returns 0 when it exited with 0 within the deadline; otherwise -1 with the command, its status and the
 * last line it printed. A program that is not there is EXIT_CANNOT.
 */
int process_run(const struct process_place *place, const char *const argv[], int64_t deadline_ns, char *output,
                size_t room, struct err *e);

/* The same for a command line without quoting: split at blanks after formatting. Deadline 30 s. */
int process_runf(const struct process_place *place, struct err *e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Start a program that goes on running, in a session of its own, stdin /dev/null, stdout and stderr appended to
 * log_path. Returns 0 and its pid.
 */
int process_start(const struct process_place *place, const char *const argv[], const char *log_path, pid_t *ret_pid,
                  struct err *e);

/*
 * For a child between fork() and exec(): become the program in this place, with these files as its first three. It ends
 * with the thread of `parent`, the process that made it, and hears no Ctrl-C; parent 0: it lives on.
 */
void process_become(const struct process_place *place, const char *const argv[], int in, int out, int errors,
                    pid_t parent) __attribute__((noreturn));

/* Enter the place's namespaces in the calling thread (pin too). 0, or -1. */
int process_enter(const struct process_place *place, struct err *e);

/* Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat), or 0 when it is gone: a pid with
 * its start time names a process for ever. */
uint64_t process_start_time(pid_t pid);

/* What a pid file says, or 0 when it is not there or says none. */
pid_t process_pid_file(const char *path);

/* SIGTERM, wait up to grace_ns, SIGKILL; only when the start time still matches (0: do not compare). */
void process_end(pid_t pid, uint64_t start_time, int64_t grace_ns);

#endif

/*
 * proc_read.h - CPU time of cores, processes and threads, and the machine's memory, from /proc: fills structs, knows
 * no file of ours.
 *
 * All times are cumulative ns. Text parsers are apart from the files, so that captured text can test them.
 */
#ifndef COLLECTORS_PROC_READ_H
#define COLLECTORS_PROC_READ_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

/* Up to room - 1 bytes of a file of /proc, NUL-terminated, whether it comes at once or in pieces; of one that is open,
 * from its beginning. Returns how many, or -1. */
ssize_t proc_read_file(int directory_fd, const char *path, char *buffer, size_t room);
ssize_t proc_read_open(int fd, char *buffer, size_t room);

/* Bytes of the machine, and those that can be had without swapping (MemTotal and MemAvailable of /proc/meminfo). 0, or
 * -1: they are not there. */
int proc_read_memory(int64_t *ret_total, int64_t *ret_available);
int meminfo_parse(const char *text, int64_t *ret_total, int64_t *ret_available);

/*
 * Busy time of a core, from the best source that the kernel has:
 *	CORE_SCHEDSTAT  field 7 of the core's line in /proc/schedstat, "sum of all time spent running by tasks" (the
 *	                kernel's Documentation/scheduler/sched-stats.rst): in ns, and complete up to the last task switch
 *	CORE_STAT       /proc/stat: head time less idle and iowait, which tickless kernels count exactly and print in
 *	                steps of USER_HZ (10 ms); user and system there are sampled at the tick and not used. Time
 *	                that a hypervisor below us stole counts as busy
 * The origin of either is arbitrary: only differences mean something.
 */
enum core_source { CORE_NONE, CORE_SCHEDSTAT, CORE_STAT };

enum core_source core_source_probe(void);
const char *core_source_name(enum core_source source);
int64_t core_source_resolution_ns(enum core_source source);

/* The NUL-terminated text holds all cores; now_ns is when it was read. -1: the core is not there. */
int core_busy_parse(enum core_source source, const char *text, int core, int64_t now_ns, int64_t *ret_busy_ns);

/*
 * Time that a hypervisor below this machine took from a core that had work (column steal of the core's line in /proc/stat,
 * see proc_stat(5)), in steps of USER_HZ. -1: the core is not there.
 */
int core_stolen_parse(const char *stat, int core, int64_t *ret_stolen_ns);

/* Read the source's file into buffer, NUL-terminated; returns head time at the read, or -1. */
int64_t core_source_read(enum core_source source, char *buffer, size_t room);

/* What a QEMU thread does, from its name (libvirt starts QEMU with debug-threads=on). */
enum thread_group { THREAD_VCPU, THREAD_MIGRATION, THREAD_OTHER, THREAD_GROUPS };

enum thread_group thread_group_of(const char *comm);
const char *thread_group_name(enum thread_group group);

/*
 * A process that is watched, threads included. Held by a descriptor of /proc/PID: it names this process for ever,
 * even when the pid is given to another.
 */
struct watched_process {
	pid_t pid;
	int directory_fd; /* /proc/PID; -1: none is watched */
	clockid_t clock;
	struct watched_thread *threads; /* those alive */
	int thread_count, thread_room;
	int64_t gone_ns[THREAD_GROUPS]; /* CPU time of threads that have ended, as last read */
	/* Told what a thread used since the reading before, and the core on which it ran last; NULL: nobody is. */
	void (*used)(void *context, int core, int64_t cpu_ns);
	void *context;
};

struct process_cpu {
	int64_t all_ns;                  /* the whole process, ended threads included, exact */
	int64_t group_ns[THREAD_GROUPS]; /* never falls; lacks what a thread used after it was last read */
};

/* The core on which a thread ran last, of the text of /proc/PID/task/TID/stat; -1: it does not say. */
int thread_core_parse(const char *stat);

/* Begin to watch. 0, or -1: there is no such process (any more). */
int watched_process_open(struct watched_process *p, pid_t pid, struct err *e);

/* Its CPU time, without its threads': cheap. 0, or -1: it has ended. */
int watched_process_clock(const struct watched_process *p, int64_t *ret_cpu_ns);

/* Read now. 0, or -1: the process has ended. */
int watched_process_read(struct watched_process *p, struct process_cpu *ret);

/* Also for a zeroed struct whose directory_fd is -1. */
void watched_process_close(struct watched_process *p);

#endif

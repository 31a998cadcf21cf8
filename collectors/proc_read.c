#include "collectors/proc_read.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_READS = 3 }; /* a new thread bears its maker's name until it has set its own */

struct watched_thread {
	pid_t tid;
	int name_reads, seen;
	enum thread_group group;
	int64_t cpu_ns;
};

static const char *const source_paths[] = {
	[CORE_SCHEDSTAT] = "/proc/schedstat",
	[CORE_STAT] = "/proc/stat",
};

const char *core_source_name(enum core_source source)
{
	return source == CORE_NONE ? "unsupported" : source_paths[source];
}

int64_t core_source_resolution_ns(enum core_source source)
{
	return source == CORE_STAT ? NS_PER_S / sysconf(_SC_CLK_TCK) : 1;
}

ssize_t proc_read_open(int fd, char *buffer, size_t room)
{
	size_t used = 0;
	ssize_t n = -1;
	while (used < room - 1 && (n = pread(fd, buffer + used, room - 1 - used, (off_t)used)) > 0)
		used += (size_t)n;
	buffer[used] = '\0';
	return n < 0 ? -1 : (ssize_t)used;
}

ssize_t proc_read_file(int directory_fd, const char *path, char *buffer, size_t room)
{
	int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t n = proc_read_open(fd, buffer, room);
	close(fd);
	return n;
}

int meminfo_parse(const char *text, int64_t *ret_total, int64_t *ret_available)
{
	int64_t total, available;
	const char *rest = strstr(text, "MemAvailable:");
	if (sscanf(text, "MemTotal: %" SCNd64 " kB", &total) != 1 || !rest ||
	    sscanf(rest, "MemAvailable: %" SCNd64 " kB", &available) != 1)
		return -1;
	*ret_total = total * 1024;
	*ret_available = available * 1024;
	return 0;
}

int proc_read_memory(int64_t *ret_total, int64_t *ret_available)
{
	char text[4096];
	return proc_read_file(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) < 0
	               ? -1
	               : meminfo_parse(text, ret_total, ret_available);
}

enum core_source core_source_probe(void)
{
	static const enum core_source order[] = { CORE_SCHEDSTAT, CORE_STAT };
	for (size_t i = 0; i < 2; i++) {
		char text[16384];
		int64_t busy_ns;
		int64_t now_ns = core_source_read(order[i], text, sizeof(text));
		if (now_ns >= 0 && core_busy_parse(order[i], text, 0, now_ns, &busy_ns) == 0)
			return order[i];
	}
	return CORE_NONE;
}

int64_t core_source_read(enum core_source source, char *buffer, size_t room)
{
	if (source == CORE_NONE)
		return -1;
	int64_t before = clock_now_ns();
	if (proc_read_file(AT_FDCWD, source_paths[source], buffer, room) < 0)
		return -1;
	return before + (clock_now_ns() - before) / 2;
}

/* What stands behind the core's name in either file; NULL: it is not there. */
static const char *core_line(const char *text, int core)
{
	char key[24];
	size_t length = (size_t)snprintf(key, sizeof(key), "cpu%d ", core);
	const char *line = text;
	while (line && strncmp(line, key, length) != 0) {
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return line ? line + length : NULL;
}

int core_stolen_parse(const char *stat, int core, int64_t *ret_stolen_ns)
{
	const char *line = core_line(stat, core);
	int64_t stolen;
	if (!line || sscanf(line, "%*u %*u %*u %*u %*u %*u %*u %" SCNd64, &stolen) != 1 || stolen < 0)
		return -1;
	*ret_stolen_ns = stolen * core_source_resolution_ns(CORE_STAT);
	return 0;
}

int core_busy_parse(enum core_source source, const char *text, int core, int64_t now_ns, int64_t *ret_busy_ns)
{
	const char *line = core_line(text, core);
	if (!line)
		return -1;
	if (source == CORE_SCHEDSTAT) {
		int64_t running_ns;
		if (sscanf(line, "%*u %*u %*u %*u %*u %*u %" SCNd64, &running_ns) != 1 || running_ns < 0)
			return -1;
		*ret_busy_ns = running_ns;
		return 0;
	}
	int64_t idle, iowait;
	if (source != CORE_STAT || sscanf(line, "%*u %*u %*u %" SCNd64 " %" SCNd64, &idle, &iowait) != 2)
		return -1;
	*ret_busy_ns = now_ns - (idle + iowait) * core_source_resolution_ns(CORE_STAT);
	return 0;
}

enum thread_group thread_group_of(const char *comm)
{
	/* QEMU up to 9.0 | from 9.1, util/migration thread names in migration/migration.h */
	static const char *const migration[] = {
		"live_migration", "multifd",   "postcopy/",   "return path", "bg_snapshot", "send_rp",
		"mig/",           "migration", "rdma-listen", "colo",        "COLO",
	};
	/* "CPU 0/KVM", "CPU 1/TCG", "CPU ALL/TCG" */
	if (strncmp(comm, "CPU ", 4) == 0 && strchr(comm, '/'))
		return THREAD_VCPU;
	for (size_t i = 0; i < sizeof(migration) / sizeof(migration[0]); i++)
		if (strncmp(comm, migration[i], strlen(migration[i])) == 0)
			return THREAD_MIGRATION;
	return THREAD_OTHER;
}

const char *thread_group_name(enum thread_group group)
{
	static const char *const names[THREAD_GROUPS] = { "vcpu", "migration", "other" };
	return names[group];
}

int watched_process_open(struct watched_process *p, pid_t pid, struct err *e)
{
	char path[32];
	memset(p, 0, sizeof(*p));
	p->pid = pid;
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	p->directory_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->directory_fd < 0)
		return err_errno(e, EXIT_MEASURED_BAD, "cannot watch process %d", (int)pid);
	errno = clock_getcpuclockid(pid, &p->clock);
	if (errno) {
		err_errno(e, EXIT_MEASURED_BAD, "cannot read the CPU clock of process %d", (int)pid);
		watched_process_close(p);
		return -1;
	}
	return 0;
}

void watched_process_close(struct watched_process *p)
{
	if (p->directory_fd >= 0)
		close(p->directory_fd);
	free(p->threads);
	memset(p, 0, sizeof(*p));
	p->directory_fd = -1;
}

static struct watched_thread *find_thread(struct watched_process *p, pid_t tid)
{
	for (int i = 0; i < p->thread_count; i++)
		if (p->threads[i].tid == tid)
			return &p->threads[i];
	if (p->thread_count == p->thread_room) {
		int room = p->thread_room ? 2 * p->thread_room : 32;
		struct watched_thread *more = realloc(p->threads, (size_t)room * sizeof(*more));
		if (!more)
			return NULL;
		p->threads = more;
		p->thread_room = room;
	}
	struct watched_thread *t = &p->threads[p->thread_count++];
	*t = (struct watched_thread){ .tid = tid };
	return t;
}

int thread_core_parse(const char *stat)
{
	enum { NAME_FIELD = 2, PROCESSOR_FIELD = 39 }; /* proc_pid_stat(5); the name may hold blanks and brackets */
	const char *at = strrchr(stat, ')');
	for (int field = NAME_FIELD; at && field < PROCESSOR_FIELD; field++)
		at = strchr(at + 1, ' ');
	int core;
	return at && sscanf(at, "%d", &core) == 1 ? core : -1;
}

static void tell_used(const struct watched_process *p, pid_t tid, int64_t cpu_ns)
{
	char path[64], text[1024];
	snprintf(path, sizeof(path), "task/%d/stat", (int)tid);
	if (proc_read_file(p->directory_fd, path, text, sizeof(text)) > 0)
		p->used(p->context, thread_core_parse(text), cpu_ns);
}

static void read_thread(struct watched_process *p, pid_t tid)
{
	char path[64], text[128];
	int64_t cpu_ns;
	snprintf(path, sizeof(path), "task/%d/schedstat", (int)tid);
	if (proc_read_file(p->directory_fd, path, text, sizeof(text)) < 0 || sscanf(text, "%" SCNd64, &cpu_ns) != 1)
		return;
	struct watched_thread *t = find_thread(p, tid);
	/* Less than before: a new thread was given an old one's number. */
	if (!t || cpu_ns < t->cpu_ns)
		return;
	if (p->used && cpu_ns > t->cpu_ns)
		tell_used(p, tid, cpu_ns - t->cpu_ns);
	t->seen = 1;
	t->cpu_ns = cpu_ns;
	if (t->name_reads >= NAME_READS)
		return;
	snprintf(path, sizeof(path), "task/%d/comm", (int)tid);
	if (proc_read_file(p->directory_fd, path, text, sizeof(text)) > 0) {
		t->group = thread_group_of(text);
		t->name_reads++;
	}
}

/* Returns how many threads there are; 0 when the process has ended. */
static int read_threads(struct watched_process *p)
{
	int fd = openat(p->directory_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	int count = 0;
	if (!directory) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		int tid = atoi(entry->d_name);
		if (tid <= 0)
			continue;
		count++;
		read_thread(p, tid);
	}
	closedir(directory);
	return count;
}

int watched_process_clock(const struct watched_process *p, int64_t *ret_cpu_ns)
{
	struct timespec t;
	if (clock_gettime(p->clock, &t) < 0)
		return -1;
	*ret_cpu_ns = t.tv_sec * NS_PER_S + t.tv_nsec;
	return 0;
}

int watched_process_read(struct watched_process *p, struct process_cpu *ret)
{
	/* The clock goes by pid, the threads by descriptor: while that lives, the pid was the same process. */
	if (watched_process_clock(p, &ret->all_ns) < 0)
		return -1;
	for (int i = 0; i < p->thread_count; i++)
		p->threads[i].seen = 0;
	if (read_threads(p) == 0)
		return -1;
	int alive = 0;
	for (int i = 0; i < p->thread_count; i++) {
		const struct watched_thread *thread = &p->threads[i];
		if (thread->seen)
			p->threads[alive++] = *thread;
		else
			p->gone_ns[thread->group] += thread->cpu_ns;
	}
	p->thread_count = alive;
	memcpy(ret->group_ns, p->gone_ns, sizeof(ret->group_ns));
	for (int i = 0; i < alive; i++)
		ret->group_ns[p->threads[i].group] += p->threads[i].cpu_ns;
	return 0;
}

#include "bench/base/undo.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROCESS_GRACE_NS (100 * NS_PER_MS)
#define COMMAND_LIMIT_NS (120 * NS_PER_S)

static const char *const kind_names[] = {
	[UNDO_NETNS] = "netns",         [UNDO_MOUNT] = "mount",     [UNDO_TREE] = "tree",
	[UNDO_DIRECTORY] = "directory", [UNDO_PROCESS] = "process", [UNDO_PIDFILE] = "pidfile",
	[UNDO_COMMAND] = "command",
};
static const char forget[] = "forget"; /* before the kind: the newest entry of the same words is none any more */

struct entry {
	enum undo_kind kind;
	char argument[480];
};

struct undo {
	pthread_mutex_t lock;
	int fd;
	char path[480];
};

int undo_open(struct undo **ret, const char *path, struct err *e)
{
	struct undo *u = calloc(1, sizeof(*u));
	if (!u)
		return err_errno(e, EXIT_CANNOT, "cannot open register '%s'", path);
	pthread_mutex_init(&u->lock, NULL);
	snprintf(u->path, sizeof(u->path), "%s", path);
	u->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (u->fd < 0) {
		err_errno(e, EXIT_CANNOT, "cannot open register '%s'", path);
		free(u);
		return -1;
	}
	*ret = u;
	return 0;
}

void undo_close(struct undo *u)
{
	if (!u)
		return;
	close(u->fd);
	pthread_mutex_destroy(&u->lock);
	free(u);
}

static int line_add(struct undo *u, const char *before, enum undo_kind kind, const char *argument, struct err *e)
{
	char line[512];
	int length =
		snprintf(line, sizeof(line), "%s%s%s\t%s\n", before, *before ? "\t" : "", kind_names[kind], argument);
	if (length < 0 || (size_t)length >= sizeof(line) || strlen(argument) >= sizeof(((struct entry *)0)->argument))
		return err_set(e, EXIT_CANNOT, "name too long for the register: '%.60s...'", argument);
	if (strchr(argument, '\n'))
		return err_set(e, EXIT_CANNOT, "more than a line for the register: '%.60s...'", argument);
	pthread_mutex_lock(&u->lock);
	int bad = write(u->fd, line, (size_t)length) != length || fdatasync(u->fd) < 0;
	pthread_mutex_unlock(&u->lock);
	return bad ? err_errno(e, EXIT_CANNOT, "cannot write register '%s'", u->path) : 0;
}

int undo_add(struct undo *u, enum undo_kind kind, const char *argument, struct err *e)
{
	return line_add(u, "", kind, argument, e);
}

int undo_forget(struct undo *u, enum undo_kind kind, const char *argument, struct err *e)
{
	return line_add(u, forget, kind, argument, e);
}

int undo_add_process(struct undo *u, pid_t pid, struct err *e)
{
	char text[64];
	snprintf(text, sizeof(text), "%d %llu", (int)pid, (unsigned long long)process_start_time(pid));
	return undo_add(u, UNDO_PROCESS, text, e);
}

/* ---- taking back, one function a kind; 0 also when there is nothing left to do ---- */

/* End every process whose network namespace is the named one: first politely, then for certain. */
static void end_processes_in(const char *netns_path)
{
	struct stat wanted, st;
	if (stat(netns_path, &wanted) < 0)
		return;
	for (int round = 0; round < 60; round++) {
		int found = 0;
		DIR *proc = opendir("/proc");
		if (!proc)
			return;
		for (struct dirent *d; (d = readdir(proc));) {
			char path[300];
			int pid = atoi(d->d_name);
			snprintf(path, sizeof(path), "/proc/%s/ns/net", d->d_name);
			if (pid <= 1 || pid == getpid() || stat(path, &st) < 0 || st.st_ino != wanted.st_ino ||
			    st.st_dev != wanted.st_dev || !process_start_time(pid))
				continue;
			found = 1;
			kill(pid, round < 20 ? SIGTERM : SIGKILL);
		}
		closedir(proc);
		if (!found)
			return;
		clock_sleep(10 * NS_PER_MS);
	}
}

static int undo_netns(const char *name, struct err *e)
{
	char path[300];
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	if (access(path, F_OK) < 0)
		return 0;
	end_processes_in(path);
	if (umount2(path, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT)
		return err_errno(e, EXIT_CANNOT, "cannot unmount '%s'", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_errno(e, EXIT_CANNOT, "cannot remove '%s'", path);
	return 0;
}

static int undo_mount(const char *path, struct err *e)
{
	while (umount2(path, MNT_DETACH) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		return err_errno(e, EXIT_CANNOT, "cannot unmount '%s'", path);
	return 0;
}

static int undo_tree(const char *path, struct err *e)
{
	if (tree_remove(path) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot remove '%s'", path);
	return 0;
}

static int undo_process(const char *text, struct err *e)
{
	int pid;
	unsigned long long start;
	(void)e;
	/* It has nothing to keep, its files go with the testbed; tgtd never heeds SIGTERM. */
	if (sscanf(text, "%d %llu", &pid, &start) == 2 && start)
		process_end(pid, start, PROCESS_GRACE_NS);
	return 0;
}

/* "PATH NAME": the process in the pid file, when its name is still the one we started. */
static int undo_pidfile(const char *text, struct err *e)
{
	char path[400], name[64], comm_path[64], comm[64] = "";
	(void)e;
	if (sscanf(text, "%399s %63s", path, name) != 2)
		return 0;
	pid_t pid = process_pid_file(path);
	snprintf(comm_path, sizeof(comm_path), "/proc/%d/comm", (int)pid);
	FILE *f = pid > 1 ? fopen(comm_path, "re") : NULL;
	if (!f)
		return 0;
	if (fscanf(f, "%63[^\n]", comm) == 1 && strncmp(comm, name, 15) == 0)
		process_end(pid, process_start_time(pid), 2 * NS_PER_S);
	fclose(f);
	return 0;
}

/* "NAME LINE" */
static int undo_command(const char *text, struct err *e)
{
	char name[480];
	const char *blank = strchr(text, ' ');
	if (!blank)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(blank - text), text);
	const char *const argv[] = { "/bin/sh", "-c", blank + 1, "sh", name, NULL };
	return process_run(NULL, argv, COMMAND_LIMIT_NS, NULL, 0, e);
}

static int entry_undo(const struct entry *entry, struct err *e)
{
	switch (entry->kind) {
	case UNDO_NETNS:
		return undo_netns(entry->argument, e);
	case UNDO_MOUNT:
		return undo_mount(entry->argument, e);
	case UNDO_DIRECTORY:
		/* Others may have put something there since: then it is theirs. */
		rmdir(entry->argument);
		return 0;
	case UNDO_TREE:
		return undo_tree(entry->argument, e);
	case UNDO_PROCESS:
		return undo_process(entry->argument, e);
	case UNDO_PIDFILE:
		return undo_pidfile(entry->argument, e);
	case UNDO_COMMAND:
		return undo_command(entry->argument, e);
	}
	return 0;
}

/* -1: no such kind. */
static int kind_find(const char *name)
{
	for (size_t k = 0; k < sizeof(kind_names) / sizeof(kind_names[0]); k++)
		if (strcmp(kind_names[k], name) == 0)
			return (int)k;
	return -1;
}

/* Take out the newest of these words. */
static void entry_forget(struct entry *entries, size_t *count, const struct entry *gone)
{
	for (size_t i = *count; i-- > 0;) {
		if (entries[i].kind != gone->kind || strcmp(entries[i].argument, gone->argument) != 0)
			continue;
		memmove(&entries[i], &entries[i + 1], (--*count - i) * sizeof(*entries));
		return;
	}
}

/* "KIND TAB ARGUMENT". */
static bool entry_parse(char *text, struct entry *ret)
{
	char *tab = strchr(text, '\t');
	if (!tab)
		return false;
	*tab = '\0';
	int kind = kind_find(text);
	ret->kind = (enum undo_kind)kind;
	snprintf(ret->argument, sizeof(ret->argument), "%s", tab + 1);
	return kind >= 0;
}

/* Read the register; a last line without newline (the promise was cut off, so the change was not made) is left out. */
static int entries_read(const char *path, struct entry **ret, size_t *ret_count, struct err *e)
{
	char line[512];
	struct entry *entries = NULL;
	size_t count = 0;
	FILE *f = fopen(path, "re");
	if (!f)
		return err_errno(e, EXIT_CANNOT, "cannot read register '%s'", path);
	while (fgets(line, sizeof(line), f)) {
		struct entry entry, *more;
		char *end = strchr(line, '\n');
		bool forgets = strncmp(line, forget, sizeof(forget) - 1) == 0 && line[sizeof(forget) - 1] == '\t';
		if (!end)
			continue;
		*end = '\0';
		if (!entry_parse(line + (forgets ? sizeof(forget) : 0), &entry))
			continue;
		if (forgets) {
			entry_forget(entries, &count, &entry);
		} else if ((more = realloc(entries, (count + 1) * sizeof(*entries)))) {
			entries = more;
			entries[count++] = entry;
		}
	}
	fclose(f);
	*ret = entries;
	*ret_count = count;
	return 0;
}

/* Write back what could not be undone, so that the next attempt knows it. */
static void register_rewrite(struct undo *u, const struct entry *entries, const char *failed, size_t count)
{
	if (ftruncate(u->fd, 0) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		if (failed[i])
			undo_add(u, entries[i].kind, entries[i].argument, NULL);
}

int undo_run(struct undo *u, struct err *e)
{
	struct entry *entries;
	size_t count;
	int result = 0;
	if (entries_read(u->path, &entries, &count, e) < 0)
		return -1;
	char *failed = calloc(count + 1, 1);
	if (!failed) {
		free(entries);
		return err_errno(e, EXIT_CANNOT, "cannot undo");
	}
	for (size_t i = count; i-- > 0;) {
		failed[i] = entry_undo(&entries[i], result ? NULL : e) < 0;
		if (failed[i])
			result = -1;
	}
	if (result == 0)
		unlink(u->path);
	else
		register_rewrite(u, entries, failed, count);
	free(failed);
	free(entries);
	return result;
}

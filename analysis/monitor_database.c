#include "analysis/monitor_database.h"

#include "bench/base/err.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const char name[] = "monitor.sqlite";
static const char *const suffixes[] = { "", "-wal", "-shm" };
enum { SUFFIXES = 3, COPIED = 2 };

static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t copied = in < 0 || out < 0 ? -1 : 1;
	while (copied > 0)
		copied = sendfile(out, in, NULL, 1 << 20);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return (int)copied;
}

static int open_copy(struct monitor_database *d, const char *directory, struct err *e)
{
	const char *base = getenv("TMPDIR");
	char from[4096 + 32], to[128];
	snprintf(d->copy, sizeof(d->copy), "%.40s/migmeter-XXXXXX", base && strlen(base) <= 40 ? base : "/tmp");
	if (!mkdtemp(d->copy)) {
		err_errno(e, EXIT_CANNOT, "cannot make a folder for a copy of '%s/%s'", directory, name);
		d->copy[0] = '\0';
		return -1;
	}
	for (int i = 0; i < COPIED; i++) {
		snprintf(from, sizeof(from), "%s/%s%s", directory, name, suffixes[i]);
		snprintf(to, sizeof(to), "%s/%s%s", d->copy, name, suffixes[i]);
		if (copy_file(from, to) < 0)
			return err_errno(e, EXIT_CANNOT, "cannot copy '%s' to '%s'", from, to);
	}
	snprintf(to, sizeof(to), "%s/%s", d->copy, name);
	return sqlite3_open_v2(to, &d->handle, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
	               ? 0
	               : err_set(e, EXIT_MEASURED_BAD, "cannot open '%s'", to);
}

/* Nobody writes it any more: SQLite needs no log and no lock. */
static int open_in_place(struct monitor_database *d, const char *path, struct err *e)
{
	char *uri = malloc(3 * strlen(path) + 32), *at = uri;
	if (!uri)
		return err_errno(e, EXIT_CANNOT, "cannot open '%s'", path);
	at += sprintf(at, "file:");
	for (const char *c = path; *c; c++)
		at += sprintf(at, isalnum((unsigned char)*c) || strchr("/._-", *c) ? "%c" : "%%%02X",
		              (unsigned char)*c);
	sprintf(at, "?immutable=1");
	int opened = sqlite3_open_v2(uri, &d->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK;
	free(uri);
	return opened ? 0 : err_set(e, EXIT_MEASURED_BAD, "cannot open '%s'", path);
}

int monitor_database_open(struct monitor_database *ret, const char *run_directory, struct err *e)
{
	char path[4096 + 32], log[4096 + 32];
	struct stat st;
	*ret = (struct monitor_database){ 0 };
	snprintf(path, sizeof(path), "%s/%s", run_directory, name);
	snprintf(log, sizeof(log), "%s/%s-wal", run_directory, name);
	if (access(path, F_OK) < 0)
		return 1;
	return stat(log, &st) == 0 && st.st_size > 0 ? open_copy(ret, run_directory, e) : open_in_place(ret, path, e);
}

void monitor_database_close(struct monitor_database *d)
{
	char path[128];
	sqlite3_close(d->handle);
	for (int i = 0; i < SUFFIXES && d->copy[0]; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", d->copy, name, suffixes[i]);
		unlink(path);
	}
	if (d->copy[0])
		rmdir(d->copy);
	*d = (struct monitor_database){ 0 };
}

#include "bench/base/series.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUFFER_ROOM = 64 * 1024, ROW_ROOM = 8 * 1024 };

struct series {
	pthread_mutex_t lock;
	int fd;
	int write_errno;      /* the first failure; nothing is written after it */
	int64_t rows_dropped; /* rows that came after the failure */
	int64_t flushed_ns;
	size_t used;
	char path[512];
	char buffer[BUFFER_ROOM];
};

int series_create(struct series **ret, const char *directory, const char *name, const char *header, struct err *e)
{
	struct series *s = calloc(1, sizeof(*s));
	if (!s)
		return err_errno(e, EXIT_CANNOT, "cannot keep series '%s'", name);
	pthread_mutex_init(&s->lock, NULL);
	snprintf(s->path, sizeof(s->path), "%s/%s", directory, name);
	s->fd = open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (s->fd < 0) {
		err_errno(e, EXIT_CANNOT, "cannot create '%s'", s->path);
		free(s);
		return -1;
	}
	s->flushed_ns = clock_now_ns();
	if (lseek(s->fd, 0, SEEK_END) == 0)
		series_row(s, "%s", header);
	series_flush(s);
	*ret = s;
	return 0;
}

static void flush_locked(struct series *s)
{
	size_t done = 0;
	while (!s->write_errno && done < s->used) {
		ssize_t n = write(s->fd, s->buffer + done, s->used - done);
		if (n < 0 && errno != EINTR)
			s->write_errno = errno;
		else if (n > 0)
			done += (size_t)n;
	}
	s->used = 0;
	s->flushed_ns = clock_now_ns();
}

void series_row(struct series *s, const char *format, ...)
{
	char row[ROW_ROOM];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(row, sizeof(row) - 1, format, args);
	va_end(args);
	if (length < 0)
		return;
	size_t size = (size_t)length < sizeof(row) - 2 ? (size_t)length : sizeof(row) - 2;
	row[size++] = '\n';

	pthread_mutex_lock(&s->lock);
	if (s->write_errno) {
		s->rows_dropped++;
	} else {
		if (s->used + size > BUFFER_ROOM)
			flush_locked(s);
		memcpy(s->buffer + s->used, row, size);
		s->used += size;
		if (clock_now_ns() - s->flushed_ns > NS_PER_S)
			flush_locked(s);
	}
	pthread_mutex_unlock(&s->lock);
}

void series_flush(struct series *s)
{
	pthread_mutex_lock(&s->lock);
	flush_locked(s);
	pthread_mutex_unlock(&s->lock);
}

int series_close(struct series *s, struct err *e)
{
	if (!s)
		return 0;
	int result = 0;
	series_flush(s);
	if (!s->write_errno && fsync(s->fd) < 0)
		s->write_errno = errno;
	close(s->fd);
	if (s->write_errno) {
		errno = s->write_errno;
		result = err_errno(e, EXIT_MEASURED_BAD, "cannot write '%s' (%lld rows lost)", s->path,
		                   (long long)s->rows_dropped);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
	return result;
}

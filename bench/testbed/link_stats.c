#include "bench/testbed/link_stats.h"

#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_ROOM = 16 * 1024, PER_OCTAVE = 4 };

static const char *const direction_names[2] = { "a_to_b", "b_to_a" };

/* The counters by name; the histogram comes after them. */
static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	{ "forwarded", offsetof(struct link_direction_stats, forwarded) },
	{ "bytes", offsetof(struct link_direction_stats, bytes) },
	{ "dropped", offsetof(struct link_direction_stats, dropped) },
	{ "lost", offsetof(struct link_direction_stats, lost) },
	{ "refused", offsetof(struct link_direction_stats, refused) },
	{ "late_sum_ns", offsetof(struct link_direction_stats, late_sum_ns) },
	{ "late_max_ns", offsetof(struct link_direction_stats, late_max_ns) },
};
enum { COUNTERS = sizeof(counters) / sizeof(counters[0]) };

static int64_t *counter_at(struct link_direction_stats *s, size_t i)
{
	return (int64_t *)(void *)((char *)s + counters[i].offset);
}

/* Lower edge of a bucket: 1 us * 2^(octave) * (1 + quarter/4); bucket 0 begins at 0. */
static int64_t bucket_edge_ns(int bucket)
{
	int64_t octave = INT64_C(1000) << (bucket / PER_OCTAVE);
	return bucket ? octave + octave * (bucket % PER_OCTAVE) / PER_OCTAVE : 0;
}

static int bucket_of(int64_t late_ns)
{
	if (late_ns < 1000)
		return 0;
	int octave = 63 - __builtin_clzll((unsigned long long)late_ns / 1000);
	int bucket = octave * PER_OCTAVE;
	while (bucket + 1 < LATE_BUCKETS && bucket_edge_ns(bucket + 1) <= late_ns)
		bucket++;
	return bucket < LATE_BUCKETS ? bucket : LATE_BUCKETS - 1;
}

void link_stats_add(int64_t *counter, int64_t amount)
{
	/* One writer: a plain read is its own value. */
	__atomic_store_n(counter, *counter + amount, __ATOMIC_RELAXED);
}

void link_stats_late(struct link_direction_stats *s, int64_t late_ns)
{
	if (late_ns < 0)
		late_ns = 0;
	link_stats_add(&s->late[bucket_of(late_ns)], 1);
	link_stats_add(&s->late_sum_ns, late_ns);
	if (late_ns > s->late_max_ns)
		__atomic_store_n(&s->late_max_ns, late_ns, __ATOMIC_RELAXED);
}

void link_stats_snapshot(const struct link_direction_stats *from, struct link_direction_stats *ret)
{
	/* Every member is an int64_t. */
	const int64_t *source = (const int64_t *)(const void *)from;
	int64_t *target = (int64_t *)(void *)ret;
	for (size_t i = 0; i < sizeof(*from) / sizeof(int64_t); i++)
		target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

int64_t link_stats_late_quantile(const struct link_stats *before, const struct link_stats *after, double share)
{
	int64_t count[LATE_BUCKETS], total = 0, seen = 0;
	for (int i = 0; i < LATE_BUCKETS; i++) {
		count[i] = 0;
		for (int d = 0; d < 2; d++)
			count[i] += after->direction[d].late[i] - (before ? before->direction[d].late[i] : 0);
		total += count[i];
	}
	if (total <= 0)
		return -1;
	for (int i = 0; i < LATE_BUCKETS; i++) {
		seen += count[i];
		if ((double)seen >= share * (double)total)
			return bucket_edge_ns(i + 1);
	}
	return bucket_edge_ns(LATE_BUCKETS);
}

static size_t direction_print(char *text, size_t room, const char *name, const struct link_direction_stats *s)
{
	struct link_direction_stats copy = *s;
	size_t used = 0;
	for (size_t i = 0; i < COUNTERS; i++)
		used += (size_t)snprintf(text + used, room - used, "%s.%s %" PRId64 "\n", name, counters[i].name,
		                         *counter_at(&copy, i));
	for (int i = 0; i < LATE_BUCKETS; i++)
		if (s->late[i])
			used += (size_t)snprintf(text + used, room - used, "%s.late.%d %" PRId64 "\n", name, i,
			                         s->late[i]);
	return used;
}

int link_stats_write(const char *path, const struct link_stats *s, struct err *e)
{
	char temporary[512], text[TEXT_ROOM];
	size_t used =
		(size_t)snprintf(text, sizeof(text), "head_ns %" PRId64 "\nrealtime %d\n", s->head_ns, s->realtime);
	for (int d = 0; d < 2; d++)
		used += direction_print(text + used, sizeof(text) - used, direction_names[d], &s->direction[d]);
	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", temporary);
	ssize_t n = write(fd, text, used);
	if (n >= 0 && (size_t)n != used)
		errno = ENOSPC;
	int failed = n < 0 || (size_t)n != used || rename(temporary, path) < 0;
	int saved = errno;
	close(fd);
	errno = saved;
	if (failed) {
		err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
		unlink(temporary);
		return -1;
	}
	return 0;
}

/* 0 for names that this version does not know. */
static void direction_set(struct link_direction_stats *s, const char *name, int64_t value)
{
	int bucket = -1;
	if (sscanf(name, "late.%d", &bucket) == 1 && bucket >= 0 && bucket < LATE_BUCKETS)
		s->late[bucket] = value;
	for (size_t i = 0; i < COUNTERS; i++)
		if (strcmp(name, counters[i].name) == 0)
			*counter_at(s, i) = value;
}

int link_stats_read(const char *path, struct link_stats *ret, struct err *e)
{
	struct link_stats s = { 0 };
	char line[256], name[128];
	int64_t value;
	FILE *file = fopen(path, "re");
	if (!file)
		return err_errno(e, EXIT_CANNOT, "cannot open link stats '%s'", path);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%127s %" SCNd64, name, &value) != 2) {
			fclose(file);
			return err_set(e, EXIT_CANNOT, "link stats '%s' have a bad line: '%.60s'", path, line);
		}
		if (strcmp(name, "head_ns") == 0)
			s.head_ns = value;
		else if (strcmp(name, "realtime") == 0)
			s.realtime = value == 1;
		for (int d = 0; d < 2; d++) {
			size_t prefix = strlen(direction_names[d]);
			if (strncmp(name, direction_names[d], prefix) == 0 && name[prefix] == '.')
				direction_set(&s.direction[d], name + prefix + 1, value);
		}
	}
	fclose(file);
	*ret = s;
	return 0;
}

#include "bench/testbed/daemons.h"

#include "bench/base/err.h"
#include "bench/base/process_child.h"
#include "bench/base/undo.h"

#include <stdio.h>
#include <string.h>

enum { KEPT_MOST = 64 << 10, SHOWN_MOST = 160 };

int daemons_start(struct daemons *d, const struct node *node, const char *name, const char *const argv[],
                  struct undo *undo, struct err *e)
{
	const struct process_place place = node_place(node);
	if (d->count == DAEMONS_ROOM)
		return err_set(e, EXIT_CANNOT, "cannot start '%s': a testbed has at most %d daemons", name,
		               DAEMONS_ROOM);
	struct testbed_daemon *one = &d->list[d->count];
	snprintf(one->name, sizeof(one->name), "%s", name);
	snprintf(one->node, sizeof(one->node), "%s", node->name);
	snprintf(one->log_path, sizeof(one->log_path), "%s/%s.log", node->state_directory, name);
	if (process_start(&place, argv, one->log_path, &one->pid, e) < 0)
		return -1;
	one->start_time = (int64_t)process_start_time(one->pid);
	d->count++;
	return undo_add_process(undo, one->pid, e);
}

/* The end of its log. */
static void log_read(const struct testbed_daemon *one, char *text, size_t room)
{
	FILE *log = fopen(one->log_path, "re");
	size_t length = 0;
	if (log) {
		if (fseek(log, -(long)(room - 1), SEEK_END) < 0)
			rewind(log);
		length = fread(text, 1, room - 1, log);
		fclose(log);
	}
	text[length] = '\0';
}

static void log_keep(const struct testbed_daemon *one, const char *text, const char *keep, char *ret_path,
                     size_t room)
{
	snprintf(ret_path, room, "%s/%s-%s.log", keep, one->node, one->name);
	FILE *copy = fopen(ret_path, "we");
	if (!copy)
		return;
	fputs(text, copy);
	fclose(copy);
}

static int ended(const struct testbed_daemon *one, const char *keep, struct err *e)
{
	char text[KEPT_MOST], path[4096 + 64];
	int length;
	log_read(one, text, sizeof(text));
	snprintf(path, sizeof(path), "%s", one->log_path);
	if (keep)
		log_keep(one, text, keep, path, sizeof(path));
	const char *line = process_last_line(text, SHOWN_MOST, &length);
	return err_set(e, EXIT_MEASURED_BAD, "%s of node '%s' (process %d) has ended: %.*s%s(its log: '%s')",
	               one->name, one->node, (int)one->pid, length, line, length ? " " : "", path);
}

int daemons_trouble(const struct daemons *d, const char *keep, struct err *e)
{
	for (int i = 0; i < d->count; i++) {
		const struct testbed_daemon *one = &d->list[i];
		if (!one->start_time || (int64_t)process_start_time(one->pid) != one->start_time)
			return ended(one, keep, e);
	}
	return 0;
}

#include "bench/migrate/qmp.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/unix_socket.h"

#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct qmp {
	int fd;
	int64_t patience_ns;
	size_t used;
	char buffer[65536]; /* what came and is not read yet */
	char line[65536];
};

#define PATIENCE_NS (10 * NS_PER_S)

char *qmp_path(const char *state_directory, const char *vm, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/%s.monitor", state_directory, vm);
	return buffer;
}

/* The next line that QEMU sent, in m->line: 1, or 0 when none came in time. */
static int next_line(struct qmp *m, int64_t deadline_ns)
{
	for (;;) {
		char *end = memchr(m->buffer, '\n', m->used);
		if (end) {
			snprintf(m->line, sizeof(m->line), "%.*s", (int)(end - m->buffer), m->buffer);
			m->used -= (size_t)(end + 1 - m->buffer);
			memmove(m->buffer, end + 1, m->used);
			return 1;
		}
		struct pollfd poll_fd = { .fd = m->fd, .events = POLLIN };
		int64_t left_ms = (deadline_ns - clock_now_ns()) / NS_PER_MS;
		if (left_ms <= 0 || m->used == sizeof(m->buffer) || poll(&poll_fd, 1, (int)left_ms) <= 0)
			return 0;
		ssize_t got = read(m->fd, m->buffer + m->used, sizeof(m->buffer) - m->used);
		if (got <= 0)
			return 0;
		m->used += (size_t)got;
	}
}

static int ask(struct qmp *m, const char *how, const char *command, const char *arguments,
               struct json_object **ret_answer, struct err *e)
{
	char line[1024];
	int length = snprintf(line, sizeof(line), "{\"%s\":\"%s\"%s%s}\n", how, command,
	                      arguments ? ",\"arguments\":" : "", arguments ? arguments : "");
	int64_t deadline_ns = clock_now_ns() + m->patience_ns;
	if (length >= (int)sizeof(line))
		return err_set(e, EXIT_USAGE, "the arguments of '%s' are too long", command);
	if (send(m->fd, line, (size_t)length, MSG_NOSIGNAL) != length)
		return err_errno(e, EXIT_MEASURED_BAD, "cannot tell QEMU to %s", command);
	/* Events come in between, each on a line of its own. */
	while (next_line(m, deadline_ns)) {
		if (strncmp(m->line, "{\"error\"", 8) == 0)
			return err_set(e, EXIT_MEASURED_BAD, "QEMU does not %s: %.200s", command, m->line);
		if (strncmp(m->line, "{\"return\"", 9) != 0)
			continue;
		struct json_object *root = json_tokener_parse(m->line), *value = NULL;
		if (json_object_object_get_ex(root, "return", &value) && ret_answer)
			*ret_answer = json_object_get(value);
		json_object_put(root);
		return value ? 0 : err_set(e, EXIT_MEASURED_BAD, "QEMU's answer to '%s' is no JSON", command);
	}
	return err_set(e, EXIT_MEASURED_BAD, "QEMU does not answer '%s'", command);
}

int qmp_ask(struct qmp *m, const char *command, const char *arguments, struct json_object **ret_answer, struct err *e)
{
	return ask(m, "execute", command, arguments, ret_answer, e);
}

int qmp_execute_oob(struct qmp *m, const char *command, const char *arguments, struct err *e)
{
	return ask(m, "exec-oob", command, arguments, NULL, e);
}

void qmp_patience(struct qmp *m, int64_t patience_ns)
{
	m->patience_ns = patience_ns;
}

int qmp_execute(struct qmp *m, const char *command, const char *arguments, struct err *e)
{
	return qmp_ask(m, command, arguments, NULL, e);
}

static int open_with(struct qmp **ret, const char *path, const char *capabilities, struct err *e)
{
	struct qmp *m = calloc(1, sizeof(*m));
	if (!m)
		return err_errno(e, EXIT_CANNOT, "cannot open a monitor");
	m->patience_ns = PATIENCE_NS;
	m->fd = unix_connect(path);
	if (m->fd < 0) {
		err_errno(e, EXIT_CANNOT, "cannot connect to QEMU's monitor '%s'", path);
		qmp_close(m);
		return -1;
	}
	if (qmp_execute(m, "qmp_capabilities", capabilities, e) < 0) {
		qmp_close(m);
		return -1;
	}
	*ret = m;
	return 0;
}

int qmp_open(struct qmp **ret, const char *path, struct err *e)
{
	return open_with(ret, path, NULL, e);
}

int qmp_open_oob(struct qmp **ret, const char *path, struct err *e)
{
	return open_with(ret, path, "{\"enable\":[\"oob\"]}", e);
}

void qmp_close(struct qmp *m)
{
	if (m && m->fd >= 0)
		close(m->fd);
	free(m);
}

#include "bench/base/process_child.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHOWN_MOST = 400 };

#define KILL_GRACE_NS (2 * NS_PER_S)

const char *process_last_line(const char *text, int most, int *ret_length)
{
	size_t end = strlen(text), begin;
	while (end && strchr(" \r\n", text[end - 1]))
		end--;
	for (begin = end; begin && !strchr("\r\n", text[begin - 1]);)
		begin--;
	*ret_length = end - begin < (size_t)most ? (int)(end - begin) : most;
	return text + begin;
}

static void text_keep(struct process_text *t, const char *chunk, size_t length, bool keep_end)
{
	size_t room = t->room - 1;
	if (keep_end && t->used + length > room) {
		size_t keep = length < room ? room - length : 0; /* of what is there */
		if (length > room) {
			chunk += length - room;
			length = room;
		}
		if (t->used > keep) {
			memmove(t->text, t->text + t->used - keep, keep);
			t->used = keep;
		}
	}
	if (length > room - t->used)
		length = room - t->used;
	memcpy(t->text + t->used, chunk, length);
	t->used += length;
	t->text[t->used] = '\0';
}

/* What is there, without waiting; of one that prints without end, not all at once. */
static void text_read(struct process_text *t, bool keep_end)
{
	char chunk[4096];
	for (int i = 0; t->fd >= 0 && i < 256; i++) {
		ssize_t n = read(t->fd, chunk, sizeof(chunk));
		if (n > 0) {
			text_keep(t, chunk, (size_t)n, keep_end);
		} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
			close(t->fd);
			t->fd = -1;
		} else if (errno == EAGAIN) {
			return;
		}
	}
}

static void child_read(struct process_child *c)
{
	text_read(&c->output, false);
	text_read(&c->errors, true);
}

static void text_close(struct process_text *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* A pipe whose end for reading is t->fd; the other one, or -1. */
static int text_open(struct process_text *t, char *text, size_t room)
{
	int fds[2];
	*t = (struct process_text){ .fd = -1, .text = text, .room = room };
	text[0] = '\0';
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	t->fd = fds[0];
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	return fds[1];
}

int process_child_start(struct process_child *c, const struct process_place *place, const char *const argv[],
                        char *output, size_t output_room, char *errors, size_t errors_room, struct err *e)
{
	*c = (struct process_child){ .errors = { .fd = -1 } };
	int out = text_open(&c->output, output, output_room);
	int wrong = errors && out >= 0 ? text_open(&c->errors, errors, errors_room) : out;
	int in = open(place && place->input ? place->input : "/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid(), pid = out < 0 || wrong < 0 || in < 0 ? -1 : fork();
	if (pid == 0)
		process_become(place, argv, in, out, wrong, parent);
	if (pid < 0) {
		err_errno(e, EXIT_CANNOT, "cannot run '%s'", argv[0]);
		text_close(&c->output);
		text_close(&c->errors);
	} else {
		setpgid(pid, pid); /* whichever of the two comes first */
		c->pid = pid;
	}
	if (in >= 0)
		close(in);
	if (wrong >= 0 && wrong != out)
		close(wrong);
	if (out >= 0)
		close(out);
	return pid < 0 ? -1 : 0;
}

/* It stays unreaped, so that its group's number is nobody else's. */
static bool child_exited(struct process_child *c)
{
	siginfo_t info = { 0 };
	if (!c->ended && waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
		c->ended = true;
		c->code = info.si_code;
		c->status = info.si_status;
	}
	return c->ended;
}

bool process_child_ended(struct process_child *c, int64_t wait_ns)
{
	int64_t end_ns = clock_now_ns() + wait_ns, pause_ns = 50 * NS_PER_US;
	for (;;) {
		bool exited = child_exited(c);
		child_read(c); /* after the question: then nothing is missed */
		int64_t left_ns = end_ns - clock_now_ns();
		if (exited || left_ns <= 0)
			return exited;
		if (c->output.fd >= 0 || c->errors.fd >= 0) {
			struct pollfd p[] = { { .fd = c->output.fd, .events = POLLIN },
				              { .fd = c->errors.fd, .events = POLLIN } };
			int64_t ms = left_ns / NS_PER_MS + 1;
			poll(p, 2, (int)(ms < 20 ? ms : 20));
		} else { /* it has closed its output, and may go on */
			clock_sleep(pause_ns < left_ns ? pause_ns : left_ns);
			if (pause_ns < 5 * NS_PER_MS)
				pause_ns *= 2;
		}
	}
}

int process_child_result(const struct process_child *c, const char *what, struct err *e)
{
	int length = 0;
	const char *line = c->errors.text ? process_last_line(c->errors.text, SHOWN_MOST, &length) : "";
	if (!length)
		line = process_last_line(c->output.text, SHOWN_MOST, &length);
	if (c->code == CLD_EXITED && c->status == 0)
		return 0;
	if (c->code == CLD_EXITED)
		return err_set(e, c->status == 127 ? EXIT_CANNOT : EXIT_MEASURED_BAD,
		               "%s failed with status %d: %.*s", what, c->status, length, line);
	return err_set(e, EXIT_MEASURED_BAD, "%s was ended by signal %d: %.*s", what, c->status, length, line);
}

void process_child_forget(struct process_child *c)
{
	text_close(&c->output);
	text_close(&c->errors);
	waitpid(c->pid, NULL, WNOHANG); /* one that the kernel holds does not even die, and is not waited for */
	c->pid = 0;
}

void process_child_end(struct process_child *c, int64_t grace_ns)
{
	if (!c->pid)
		return;
	if (grace_ns > 0) {
		kill(-c->pid, SIGTERM);
		process_child_ended(c, grace_ns);
	}
	kill(-c->pid, SIGKILL);
	process_child_ended(c, KILL_GRACE_NS);
	process_child_forget(c);
}

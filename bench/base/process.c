#include "bench/base/process.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILL_GRACE_NS (2 * NS_PER_S)

static int enter_namespace(const char *path, int kind, struct err *e)
{
	if (!path)
		return 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot open namespace '%s'", path);
	int result = setns(fd, kind);
	int saved = errno;
	close(fd);
	errno = saved;
	return result < 0 ? err_errno(e, EXIT_CANNOT, "cannot enter namespace '%s'", path) : 0;
}

int process_enter(const struct process_place *place, struct err *e)
{
	if (!place)
		return 0;
	/* The mount namespace last: the other two are named by paths of the old one. */
	if (enter_namespace(place->netns, CLONE_NEWNET, e) < 0 ||
	    enter_namespace(place->utsns, CLONE_NEWUTS, e) < 0 || enter_namespace(place->mntns, CLONE_NEWNS, e) < 0)
		return -1;
	if (place->core > 0) {
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET(place->core - 1, &set);
		if (sched_setaffinity(0, sizeof(set), &set) < 0)
			return err_errno(e, EXIT_CANNOT, "cannot pin to core %d", place->core - 1);
	}
	return 0;
}

static void child_main(const struct process_place *place, const char *const argv[], int in, int out, int errors)
	__attribute__((noreturn));

static void child_main(const struct process_place *place, const char *const argv[], int in, int out, int errors)
{
	struct err e = { 0 };
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	for (const char *const *name = place ? place->environment : NULL; name && *name; name++)
		putenv((char *)(uintptr_t)*name); /* it keeps the pointer and changes nothing */
	if (process_enter(place, &e) < 0) {
		dprintf(STDERR_FILENO, "%s\n", e.text);
		_exit(126);
	}
	execvp(argv[0], (char *const *)(uintptr_t)argv); /* it changes nothing; its prototype is older than const */
	dprintf(STDERR_FILENO, "cannot run '%s': %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void join(const char *const argv[], char *buffer, size_t room)
{
	size_t used = 0;
	for (; *argv && used < room; argv++)
		used += (size_t)snprintf(buffer + used, room - used, "%s%s", used ? " " : "", *argv);
}

/* The last line that is not empty; *ret_length is its length. */
static const char *last_line(const char *text, size_t *ret_length)
{
	size_t end = strlen(text), begin;
	while (end && strchr(" \r\n", text[end - 1]))
		end--;
	for (begin = end; begin && !strchr("\r\n", text[begin - 1]);)
		begin--;
	*ret_length = end - begin;
	return text + begin;
}

/* ---- a child ---- */

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
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid_t parent = getpid(), pid = out < 0 || wrong < 0 || null < 0 ? -1 : fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0); /* Ctrl-C is ours to answer: what undoes a change must not end by it */
		if (getppid() != parent)
			_exit(126);
		child_main(place, argv, null, out, wrong);
	}
	if (pid < 0) {
		err_errno(e, EXIT_CANNOT, "cannot run '%s'", argv[0]);
		text_close(&c->output);
		text_close(&c->errors);
	} else {
		setpgid(pid, pid); /* whichever of the two comes first */
		c->pid = pid;
	}
	if (null >= 0)
		close(null);
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
	size_t length = 0;
	const char *line = c->errors.text ? last_line(c->errors.text, &length) : "";
	if (!length)
		line = last_line(c->output.text, &length);
	int shown = (int)(length < 400 ? length : 400);
	if (c->code == CLD_EXITED && c->status == 0)
		return 0;
	if (c->code == CLD_EXITED)
		return err_set(e, c->status == 127 ? EXIT_CANNOT : EXIT_MEASURED_BAD,
		               "%s failed with status %d: %.*s", what, c->status, shown, line);
	return err_set(e, EXIT_MEASURED_BAD, "%s was ended by signal %d: %.*s", what, c->status, shown, line);
}

/* Forget it. One that the kernel holds does not even die: it is not waited for. */
static void child_reap(struct process_child *c)
{
	text_close(&c->output);
	text_close(&c->errors);
	waitpid(c->pid, NULL, WNOHANG);
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
	child_reap(c);
}

/* ---- and wait for it ---- */

int process_run(const struct process_place *place, const char *const argv[], int64_t deadline_ns, char *output,
                size_t room, struct err *e)
{
	char own[4096], command[512], quoted[516];
	struct process_child c;
	join(argv, command, sizeof(command));
	snprintf(quoted, sizeof(quoted), "'%s'", command);
	if (process_child_start(&c, place, argv, output ? output : own, output ? room : sizeof(own), NULL, 0, e) < 0)
		return -1;
	if (!process_child_ended(&c, deadline_ns)) {
		process_child_end(&c, 0);
		return err_set(e, EXIT_MEASURED_BAD, "'%s' did not end within %lld s", command,
		               (long long)(deadline_ns / NS_PER_S));
	}
	int result = process_child_result(&c, quoted, e);
	child_reap(&c);
	return result;
}

int process_runf(const struct process_place *place, struct err *e, const char *format, ...)
{
	char line[2048];
	const char *argv[64];
	size_t count = 0;
	va_list args;
	va_start(args, format);
	int length = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= sizeof(line))
		return err_set(e, EXIT_CANNOT, "command line too long: '%.60s...'", line);
	char *save = NULL;
	for (char *word = strtok_r(line, " ", &save); word && count < 63; word = strtok_r(NULL, " ", &save))
		argv[count++] = word;
	argv[count] = NULL;
	return process_run(place, argv, 30 * NS_PER_S, NULL, 0, e);
}

int process_start(const struct process_place *place, const char *const argv[], const char *log_path, pid_t *ret_pid,
                  struct err *e)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0 || null < 0) {
		if (null >= 0)
			close(null);
		return err_errno(e, EXIT_CANNOT, "cannot open log '%s'", log_path);
	}
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		child_main(place, argv, null, log, log);
	}
	close(null);
	close(log);
	if (pid < 0)
		return err_errno(e, EXIT_CANNOT, "cannot start '%s'", argv[0]);
	*ret_pid = pid;
	return 0;
}

uint64_t process_start_time(pid_t pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	/* The name may hold blanks and brackets: fields are counted from the last ')'. */
	char *at = strrchr(text, ')');
	unsigned long long start = 0;
	char state = 0;
	if (!at || sscanf(at + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
	                  &state, &start) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : start;
}

pid_t process_pid_file(const char *path)
{
	int pid = 0;
	FILE *f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%d", &pid) != 1 || pid < 0)
		pid = 0;
	fclose(f);
	return pid;
}

void process_end(pid_t pid, uint64_t start_time, int64_t grace_ns)
{
	uint64_t now = process_start_time(pid);
	if (pid <= 1 || !now || (start_time && now != start_time))
		return;
	int64_t end = clock_now_ns() + grace_ns;
	kill(pid, SIGTERM);
	while (process_start_time(pid) == now && clock_now_ns() < end) {
		waitpid(pid, NULL, WNOHANG);
		clock_sleep(5 * NS_PER_MS);
	}
	if (process_start_time(pid) == now)
		kill(pid, SIGKILL);
	for (int i = 0; i < 400 && process_start_time(pid) == now; i++) {
		waitpid(pid, NULL, WNOHANG);
		clock_sleep(5 * NS_PER_MS);
	}
	waitpid(pid, NULL, WNOHANG);
}

#include "bench/base/process.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process_child.h"

#include <errno.h>
#include <fcntl.h>
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

void process_become(const struct process_place *place, const char *const argv[], int in, int out, int errors,
                    pid_t parent)
{
	struct err e = { 0 };
	sigset_t none;
	if (parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0); /* Ctrl-C is ours to answer: what undoes a change must not end by it */
		if (getppid() != parent)
			_exit(126);
	}
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

int process_run(const struct process_place *place, const char *const argv[], int64_t deadline_ns, char *output,
                size_t room, struct err *e)
{
	char own[4096] = "", command[512], quoted[516];
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
	process_child_forget(&c);
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
		process_become(place, argv, null, log, log, 0);
	}
	close(null);
	close(log);
	if (pid < 0)
		return err_errno(e, EXIT_CANNOT, "cannot start '%s'", argv[0]);
	*ret_pid = pid;
	return 0;
}

int process_talk(const char *const argv[], int *ret_fd, pid_t *ret_pid, struct err *e)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot start '%s'", argv[0]);
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		process_become(NULL, argv, ends[1], ends[1], ends[1], parent);
	close(ends[1]);
	if (pid < 0) {
		err_errno(e, EXIT_CANNOT, "cannot start '%s'", argv[0]);
		close(ends[0]);
		return -1;
	}
	*ret_fd = ends[0];
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

/* A child is there until it is reaped: other threads of it may go on when its first one has ended. */
static int is_there(pid_t pid, uint64_t start_time)
{
	return waitpid(pid, NULL, WNOHANG) == 0 || process_start_time(pid) == start_time;
}

void process_end(pid_t pid, uint64_t start_time, int64_t grace_ns)
{
	uint64_t now = process_start_time(pid);
	if (pid <= 1 || !now || (start_time && now != start_time))
		return;
	int64_t end = clock_now_ns() + grace_ns;
	kill(pid, SIGTERM);
	while (is_there(pid, now) && clock_now_ns() < end)
		clock_sleep(5 * NS_PER_MS);
	if (is_there(pid, now))
		kill(pid, SIGKILL);
	for (int i = 0; i < 400 && is_there(pid, now); i++)
		clock_sleep(5 * NS_PER_MS);
}

#include "bench/base/helper.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void helper_ready(int channel)
{
	struct err none = { 0 };
	/* The parent may be gone; the helper is not. */
	send(channel, &none, sizeof(none), MSG_NOSIGNAL);
	close(channel);
}

static void child(const struct helper_spec *spec, int (*run)(void *argument, int channel, struct err *e),
                  void *argument, int channel) __attribute__((noreturn));

static void child(const struct helper_spec *spec, int (*run)(void *argument, int channel, struct err *e),
                  void *argument, int channel)
{
	struct err e = { 0 };
	sigset_t none;
	char go;
	sigemptyset(&none);
	setsid();
	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, spec->name);
	int null = open("/dev/null", O_RDONLY), log = open(spec->log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(null, STDIN_FILENO);
	dup2(log < 0 ? null : log, STDOUT_FILENO);
	dup2(log < 0 ? null : log, STDERR_FILENO);
	int own = fcntl(channel, F_DUPFD_CLOEXEC, 3);
	/* Nothing of the parent's is held open here; own may be anywhere, so close around it. */
	if (own > 3)
		close_range(3, (unsigned)own - 1, 0);
	close_range((unsigned)own + 1, ~0U, 0);
	/* Registered by now; end of file: the parent died before it could, so make nothing. */
	if (recv(own, &go, 1, 0) != 1)
		_exit(EXIT_INTERRUPTED);
	if (run(argument, own, &e) < 0) {
		send(own, &e, sizeof(e), MSG_NOSIGNAL);
		_exit(EXIT_CANNOT);
	}
	_exit(EXIT_DONE);
}

static int wait_ready(const char *words, int channel, struct err *e)
{
	struct err answer = { 0 };
	struct pollfd p = { .fd = channel, .events = POLLIN };
	if (send(channel, "g", 1, MSG_NOSIGNAL) != 1)
		return err_errno(e, EXIT_CANNOT, "%s ended at once", words);
	int64_t end = clock_now_ns() + 10 * NS_PER_S, left;
	while ((left = end - clock_now_ns()) > 0 && poll(&p, 1, (int)(left / NS_PER_MS) + 1) < 0 && errno == EINTR)
		;
	if (!(p.revents & (POLLIN | POLLHUP)))
		return err_set(e, EXIT_CANNOT, "%s did not become ready within 10 s", words);
	if (recv(channel, &answer, sizeof(answer), 0) != (ssize_t)sizeof(answer))
		return err_set(e, EXIT_CANNOT, "%s ended before it was ready", words);
	if (answer.status)
		return err_set(e, (enum exit_status)answer.status, "%s: %s", words, answer.text);
	return 0;
}

int helper_start(const struct helper_spec *spec, int (*run)(void *argument, int channel, struct err *e),
                 void *argument, pid_t *ret_pid, struct err *e)
{
	int channel[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot talk to the %s", spec->words);
	pid_t pid = fork();
	if (pid == 0) {
		close(channel[0]);
		child(spec, run, argument, channel[1]);
	}
	close(channel[1]);
	int result = -1;
	if (pid < 0)
		err_errno(e, EXIT_CANNOT, "cannot start the %s", spec->words);
	else if (!spec->undo || undo_add_process(spec->undo, pid, e) == 0)
		result = wait_ready(spec->words, channel[0], e);
	close(channel[0]);
	if (result < 0 && pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return -1;
	}
	*ret_pid = pid;
	return result;
}

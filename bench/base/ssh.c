#include "bench/base/ssh.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process_child.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WORDS_MAX = 64, SCRIPT_ROOM = 32768, ANSWER_ROOM = 65536, CONTROL_PATH_MOST = 80, SHOWN_MOST = 400 };

#define OPEN_TIMEOUT_NS (20 * NS_PER_S)
#define PUT_TIMEOUT_NS (300 * NS_PER_S)

/* What an answer ends with, on a line of its own. */
#define END_MARK "migmeter-end"

struct ssh {
	char target[256], options[512], control_path[CONTROL_PATH_MOST + 1];
	pthread_mutex_t lock;
	int fd;
	pid_t pid;
	uint64_t start_time;
	bool broken;
	unsigned long asked; /* so many times */
	char answer[ANSWER_ROOM];
};

const char *ssh_target(const struct ssh *s)
{
	return s->target;
}

/* The words of a call; `options` is cut up by it. */
static void command_make(const struct ssh *s, bool master, char *options, char *path_option, size_t room,
                         const char *command, const char *words[WORDS_MAX])
{
	const char *const fixed[] = { "ssh", "-T",
		                      "-o",  "BatchMode=yes",
		                      "-o",  "ConnectTimeout=10",
		                      "-o",  "ServerAliveInterval=5",
		                      "-o",  "ServerAliveCountMax=3",
		                      "-o",  "ControlPersist=no",
		                      "-o",  master ? "ControlMaster=yes" : "ControlMaster=no",
		                      "-o",  path_option };
	size_t count = sizeof(fixed) / sizeof(fixed[0]);
	char *save = NULL;
	snprintf(path_option, room, "ControlPath=%s", s->control_path);
	memcpy(words, fixed, sizeof(fixed));
	for (char *word = strtok_r(options, " \t", &save); word && count < WORDS_MAX - 4;
	     word = strtok_r(NULL, " \t", &save))
		words[count++] = word;
	words[count++] = "--";
	words[count++] = s->target;
	words[count++] = command;
	words[count] = NULL;
}

static int send_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t n = send(fd, text, length, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Where the end mark begins in what came, with the script's status; NULL: not there yet. */
static char *end_find(char *answer, const char *mark, int *ret_status)
{
	size_t length = strlen(mark);
	for (char *at = strchr(answer, '\n'); at; at = strchr(at + 1, '\n'))
		if (strncmp(at + 1, mark, length) == 0 && strchr(at + 1, '\n')) {
			*ret_status = atoi(at + 1 + length);
			return at;
		}
	return NULL;
}

/* Read until the mark. What is too much for the room is read and dropped, but for its end. */
static int answer_read(struct ssh *s, const char *mark, int64_t end_ns, int *ret_status)
{
	size_t used = 0;
	s->answer[0] = '\0';
	for (;;) {
		int64_t left_ns = end_ns - clock_now_ns();
		struct pollfd p = { .fd = s->fd, .events = POLLIN };
		int ready = left_ns > 0 ? poll(&p, 1, (int)(left_ns / NS_PER_MS) + 1) : 0;
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return -1;
		if (used == sizeof(s->answer) - 1) {
			size_t keep = sizeof(s->answer) / 2;
			memmove(s->answer + keep / 2, s->answer + used - keep / 2, keep / 2);
			used = keep;
		}
		ssize_t n = read(s->fd, s->answer + used, sizeof(s->answer) - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		used += (size_t)n;
		s->answer[used] = '\0';
		char *end = end_find(s->answer, mark, ret_status);
		if (end) {
			*end = '\0';
			return 0;
		}
	}
}

static int ask(struct ssh *s, const char *script, int64_t deadline_ns, struct ssh_asked *asked, int *ret_status,
               struct err *e)
{
	char text[SCRIPT_ROOM], mark[64];
	if (s->broken)
		return err_set(e, EXIT_CANNOT, "'%s' does not answer any more", s->target);
	snprintf(mark, sizeof(mark), "%s-%lu ", END_MARK, ++s->asked);
	int length = snprintf(text, sizeof(text), "{ %s\n} </dev/null 2>&1; printf '\\n%s%%d\\n' $?\n", script, mark);
	if (length < 0 || (size_t)length >= sizeof(text))
		return err_set(e, EXIT_CANNOT, "the script for '%s' is too long", s->target);
	asked->before_ns = clock_now_ns();
	if (send_all(s->fd, text, (size_t)length) == 0 &&
	    answer_read(s, mark, asked->before_ns + deadline_ns, ret_status) == 0) {
		asked->after_ns = clock_now_ns();
		return 0;
	}
	s->broken = true;
	const char *line = process_last_line(s->answer, SHOWN_MOST, &length);
	return err_set(e, EXIT_CANNOT, "'%s' does not answer: %.*s%s", s->target, length, line,
	               length ? "" : "its time is over, or the connection");
}

int ssh_ask(struct ssh *s, const char *script, int64_t deadline_ns, char *output, size_t room,
            struct ssh_asked *asked, struct err *e)
{
	struct ssh_asked unseen;
	int status = 0;
	pthread_mutex_lock(&s->lock);
	int result = ask(s, script, deadline_ns, asked ? asked : &unseen, &status, e);
	if (result == 0 && output)
		snprintf(output, room, "%s", s->answer);
	if (result == 0 && status) {
		int length;
		const char *line = process_last_line(s->answer, SHOWN_MOST, &length);
		result = err_set(e, EXIT_MEASURED_BAD, "on '%s': status %d: %.*s", s->target, status, length, line);
	}
	pthread_mutex_unlock(&s->lock);
	return result;
}

int ssh_open(struct ssh **ret, const char *target, const char *options, const char *control_path, struct err *e)
{
	static const char shell[] = "export LC_ALL=C; command -v bash >/dev/null && exec bash; exec sh";
	char words_of[sizeof((*ret)->options)], path_option[sizeof((*ret)->control_path) + 16];
	const char *argv[WORDS_MAX];
	if (!target[0] || target[0] == '-' || strlen(target) >= sizeof((*ret)->target) ||
	    strlen(options) >= sizeof((*ret)->options) || strlen(control_path) > CONTROL_PATH_MOST)
		return err_set(e, EXIT_USAGE, "'%.80s' is no target for ssh", target);
	struct ssh *s = calloc(1, sizeof(*s));
	if (!s)
		return err_errno(e, EXIT_CANNOT, "cannot reach '%s'", target);
	pthread_mutex_init(&s->lock, NULL);
	snprintf(s->target, sizeof(s->target), "%s", target);
	snprintf(s->options, sizeof(s->options), "%s", options);
	snprintf(s->control_path, sizeof(s->control_path), "%s", control_path);
	snprintf(words_of, sizeof(words_of), "%s", options);
	command_make(s, true, words_of, path_option, sizeof(path_option), shell, argv);
	if (process_talk(argv, &s->fd, &s->pid, e) < 0) {
		pthread_mutex_destroy(&s->lock);
		free(s);
		return -1;
	}
	s->start_time = process_start_time(s->pid);
	if (ssh_ask(s, ":", OPEN_TIMEOUT_NS, NULL, 0, NULL, e) < 0) {
		ssh_close(s);
		return err_prefix(e, "ssh");
	}
	*ret = s;
	return 0;
}

char *ssh_put_script(const char *path, char *buffer, size_t room)
{
	snprintf(buffer, room, "cat >'%s.part' && mv '%s.part' '%s'", path, path, path);
	return buffer;
}

int ssh_put(struct ssh *s, const char *local, const char *path, struct err *e)
{
	char options[sizeof(s->options)], path_option[sizeof(s->control_path) + 16], command[1024];
	const struct process_place place = { .input = local };
	const char *argv[WORDS_MAX];
	snprintf(options, sizeof(options), "%s", s->options);
	command_make(s, false, options, path_option, sizeof(path_option),
	             ssh_put_script(path, command, sizeof(command)), argv);
	if (process_run(&place, argv, PUT_TIMEOUT_NS, NULL, 0, e) < 0)
		return err_prefix(e, "cannot copy '%s' to '%s'", local, s->target);
	return 0;
}

void ssh_close(struct ssh *s)
{
	if (!s)
		return;
	shutdown(s->fd, SHUT_WR); /* the shell ends with its input */
	process_end(s->pid, s->start_time, NS_PER_S);
	close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

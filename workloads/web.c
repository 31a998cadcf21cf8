/*
 * web - a bank on the web: nginx with TLS before an application server, from the guest's disk. It does nothing by itself; the
 * sessions come from the head (collectors/web_sessions.h).
 *
 * Whatever serves (bench/testbed/images/web/files/srv/bank/serve) writes "request SECONDS" for each request it has answered.
 */
#include "workloads/program.h"
#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_NS (100 * NS_PER_MS) /* how soon it is seen that it shall stop */
#define SERVER_BYTES (INT64_C(48) << 20)

struct web_options {
	char root[OPTION_STRING_ROOM], program[OPTION_STRING_ROOM];
	int64_t workers, threads;
};

static const struct option_row web_options[] = {
	{ "workers", OPTION_INTEGER, offsetof(struct web_options, workers), "1", "1", "16",
	  "processes of the application server" },
	{ "threads", OPTION_INTEGER, offsetof(struct web_options, threads), "8", "1", "64",
	  "threads in each of them" },
	{ "root", OPTION_STRING, offsetof(struct web_options, root), "", NULL, NULL,
	  "directory of the system that serves; empty: the guest's disk" },
	{ "program", OPTION_STRING, offsetof(struct web_options, program), "/srv/bank/serve", NULL, NULL,
	  "what serves in that system; gets workers and threads as arguments" },
	OPTION_END,
};

struct web {
	struct program server;
	char last[PROGRAM_LINE_ROOM]; /* line that it wrote, but for requests */
};

static int64_t web_memory_bytes(const void *options)
{
	return (1 + ((const struct web_options *)options)->workers) * SERVER_BYTES;
}

/* Whether the web server here answers, and the application behind it. */
static bool answers(void)
{
	static const char request[] = "GET / HTTP/1.0\r\nHost: bank\r\n\r\n";
	const struct sockaddr_in to = { .sin_family = AF_INET,
		                        .sin_port = htons(80),
		                        .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct timeval patience = { .tv_sec = 10 };
	char answer[16] = "";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), version, status = 0;
	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
	    send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request) &&
	    recv(fd, answer, sizeof(answer) - 1, MSG_WAITALL) == sizeof(answer) - 1 &&
	    sscanf(answer, "HTTP/1.%d %d", &version, &status) != 2)
		status = 0;
	close(fd);
	return status == 200;
}

/* A line of the server's. Returns the seconds that a request took, -1: it is another line, which is kept. */
static double line_take(struct web *web, const char *line)
{
	double seconds;
	if (sscanf(line, "request %lf", &seconds) == 1 && seconds >= 0)
		return seconds;
	snprintf(web->last, sizeof(web->last), "%s", line);
	return -1;
}

/* The head's patience with the boot is the limit. */
static int wait_for_server(struct web *web, struct err *e)
{
	char line[PROGRAM_LINE_ROOM];
	while (!answers()) {
		int got;
		while ((got = program_line(&web->server, LOOK_NS, line, sizeof(line))) > 0)
			line_take(web, line);
		if (got < 0)
			return err_set(e, EXIT_CANNOT, "the web server has ended: %s", web->last);
	}
	return 0;
}

static void web_end(struct workload *w)
{
	struct web *web = w->state;
	if (web)
		program_kill(&web->server);
	free(web);
}

static int web_init(struct workload *w, struct err *e)
{
	const struct web_options *o = w->options;
	char workers[16], threads[16];
	const char *argv[] = { o->program, workers, threads, NULL };
	struct web *web = calloc(1, sizeof(*web));
	if (!web)
		return err_errno(e, EXIT_CANNOT, "state");
	w->state = web;
	snprintf(workers, sizeof(workers), "%d", (int)o->workers);
	snprintf(threads, sizeof(threads), "%d", (int)o->threads);
	snprintf(web->last, sizeof(web->last), "it said nothing");
	if (system_mount(o->root, e) == 0 && program_start(&web->server, o->root, "/", argv, e) == 0 &&
	    wait_for_server(web, e) == 0)
		return 0;
	web_end(w);
	w->state = NULL;
	return -1;
}

static void web_run(struct workload *w)
{
	struct web *web = w->state;
	char line[PROGRAM_LINE_ROOM];
	int64_t work = 0;
	int got = 0;
	while (!workload_stopped(w) && (got = program_line(&web->server, LOOK_NS, line, sizeof(line))) >= 0) {
		double seconds = got > 0 ? line_take(web, line) : -1;
		int64_t now_ns = clock_now_ns();
		if (seconds < 0)
			continue;
		workload_op_begin(w, now_ns - (int64_t)(seconds * NS_PER_S));
		workload_op_end(w, now_ns, ++work);
	}
	if (got < 0) {
		struct err e = { 0 };
		err_set(&e, EXIT_MEASURED_BAD, "web: the server has ended: %s", web->last);
		workload_fail(w, &e);
	}
}

const struct workload_ops web_workload = {
	.name = "web",
	.unit = "responses",
	.operation = "a request, from its arrival at the web server to the end of its answer",
	.help = "a bank on the web: serves the sessions that come from the head",
	.options = web_options,
	.options_size = sizeof(struct web_options),
	.image = "web",
	.memory_bytes = web_memory_bytes,
	.init = web_init,
	.run = web_run,
	.end = web_end,
};

#include "bench/base/netns.h"

#include "bench/base/err.h"
#include "bench/base/process.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

struct call {
	const char *path;
	int (*fn)(void *argument, struct err *e);
	void *argument;
	struct err *e;
	int result;
};

static void *call_main(void *argument)
{
	struct call *c = argument;
	struct process_place place = { .netns = c->path };
	c->result = process_enter(&place, c->e) < 0 ? -1 : c->fn(c->argument, c->e);
	return NULL;
}

int netns_call(const char *path, int (*fn)(void *argument, struct err *e), void *argument, struct err *e)
{
	struct call c = { path, fn, argument, e, -1 };
	pthread_t thread;
	int failed;
	if (!path)
		return fn(argument, e);
	failed = pthread_create(&thread, NULL, call_main, &c);
	if (failed) {
		errno = failed;
		return err_errno(e, EXIT_CANNOT, "cannot start a thread for namespace '%s'", path);
	}
	pthread_join(thread, NULL);
	return c.result;
}

static int socket_open(void *argument, struct err *e)
{
	const int *kind = argument;
	int fd = socket(kind[0], kind[1] | SOCK_CLOEXEC, kind[2]);
	return fd < 0 ? err_errno(e, EXIT_CANNOT, "cannot open a socket") : fd;
}

int netns_socket(const char *path, int domain, int type, int protocol, struct err *e)
{
	int kind[3] = { domain, type, protocol };
	return netns_call(path, socket_open, kind, e);
}

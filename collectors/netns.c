#include "collectors/netns.h"

#include "bench/base/err.h"
#include "bench/base/process.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

struct netns_call {
	const char *netns;
	int (*function)(void *argument, struct err *e);
	void *argument;
	struct err *e;
	int result;
};

static void *call_main(void *argument)
{
	struct netns_call *call = argument;
	struct process_place place = { .netns = call->netns };
	call->result = process_enter(&place, call->e);
	if (call->result == 0)
		call->result = call->function(call->argument, call->e);
	return NULL;
}

int netns_call(const char *netns, int (*function)(void *argument, struct err *e), void *argument, struct err *e)
{
	if (!netns)
		return function(argument, e);
	struct netns_call call = { .netns = netns, .function = function, .argument = argument, .e = e };
	pthread_t thread;
	errno = pthread_create(&thread, NULL, call_main, &call);
	if (errno)
		return err_errno(e, EXIT_CANNOT, "cannot start a thread for '%s'", netns);
	pthread_join(thread, NULL);
	return call.result;
}

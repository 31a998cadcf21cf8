#include "bench/base/process_guard.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/helper.h"
#include "bench/base/process.h"
#include "bench/base/tree.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GRACE_NS NS_PER_S /* from SIGTERM to SIGKILL */
#define LOOK_NS (10 * NS_PER_MS)

struct guarded {
	pid_t head, group;
	const char *directory;
};

static void group_end(pid_t group)
{
	int64_t end_ns = clock_now_ns() + GRACE_NS;
	kill(-group, SIGTERM);
	while (kill(-group, 0) == 0 && clock_now_ns() < end_ns)
		clock_sleep(LOOK_NS);
	kill(-group, SIGKILL);
}

/* It is ended by SIGTERM while the head lives. */
static int watch(void *argument, int channel, struct err *e)
{
	const struct guarded *g = argument;
	struct pollfd head = { .fd = (int)syscall(SYS_pidfd_open, g->head, 0), .events = POLLIN };
	if (head.fd < 0 && errno != ESRCH)
		return err_errno(e, EXIT_CANNOT, "cannot watch process %d", (int)g->head);
	helper_ready(channel);
	while (head.fd >= 0 && poll(&head, 1, -1) != 1)
		;
	group_end(g->group);
	if (g->directory)
		tree_remove(g->directory);
	return 0;
}

int process_guard_start(pid_t group, const char *directory, pid_t *ret_guard, struct err *e)
{
	const struct helper_spec spec = { .name = "migmeter-guard",
		                          .words = "guard of a command",
		                          .log_path = "/dev/null" };
	struct guarded g = { .head = getpid(), .group = group, .directory = directory };
	return helper_start(&spec, watch, &g, ret_guard, e);
}

void process_guard_end(pid_t guard)
{
	if (guard)
		process_end(guard, 0, NS_PER_S);
}

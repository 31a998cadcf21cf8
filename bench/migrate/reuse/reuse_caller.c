#include "bench/migrate/reuse/reuse_caller.h"

#include "bench/base/clock.h"
#include "bench/base/tcp.h"

#include <unistd.h>

#define ANSWER_NS (2 * NS_PER_S)   /* for an answer to come: longer than round trips are */
#define PAUSE_NS (100 * NS_PER_MS) /* after a refusal */

static void drop_other(struct reuse_caller *c)
{
	if (c->other >= 0)
		close(c->other);
	c->other = -1;
}

static void look(struct reuse_caller *c, int64_t now_ns)
{
	drop_other(c);
	c->other = c->reach(c->context);
	c->again_ns = now_ns + (c->other >= 0 ? ANSWER_NS : PAUSE_NS);
}

void reuse_caller_begin(struct reuse_caller *c, int fd, caller_reach *reach, void *context, int64_t patience_ns)
{
	int64_t now_ns = clock_now_ns();
	*c = (struct reuse_caller){
		.fd = fd, .other = -1, .reach = reach, .context = context, .until_ns = now_ns + patience_ns
	};
	look(c, now_ns);
}

void reuse_caller_end(struct reuse_caller *c)
{
	drop_other(c);
	tcp_break_off(c->fd);
}

/* Of who called only its end is heard: nothing is read yet. */
void reuse_caller_poll(const struct reuse_caller *c, struct pollfd fds[2])
{
	fds[0] = (struct pollfd){ .fd = c->fd, .events = POLLRDHUP };
	fds[1] = (struct pollfd){ .fd = c->other, .events = POLLOUT };
}

enum caller_state reuse_caller_serve(struct reuse_caller *c, const struct pollfd fds[2])
{
	int64_t now_ns = clock_now_ns();
	if (c->other >= 0 && fds[1].revents) {
		if (tcp_connected(c->other))
			return CALLER_REACHED;
		drop_other(c);
		c->again_ns = now_ns + PAUSE_NS;
	}
	/* A stream that ends here is one that was given up, and must not reach a destination that waits for the next. */
	if (fds[0].revents)
		return CALLER_LEFT;
	if (now_ns >= c->until_ns)
		return CALLER_NOBODY;
	if (now_ns >= c->again_ns)
		look(c, now_ns);
	return CALLER_WAITS;
}

/*
 * reuse_caller.h - a connection that a relay has accepted, while its other side is looked for: again and again, without blocking.
 *
 *	reuse_caller_begin(&c, fd, reach, context, patience_ns);
 *	do {
 *		reuse_caller_poll(&c, fds);
 *		poll(fds, 2, ...);
 *	} while ((state = reuse_caller_serve(&c, fds)) == CALLER_WAITS);
 *	... CALLER_REACHED: c.fd and c.other are yours; else reuse_caller_end(&c) ...
 *
 * Who connects to a relay is connected before the relay knows whether there is another side. QEMU before 8.2 that takes up a
 * broken post-copy again, and whose connection breaks before the destination has answered, stays in postcopy-recover: nothing
 * leads back, and the VM is lost. So while a far relay is down or the link is cut, such a connection is not broken off, but kept.
 */
#ifndef BENCH_MIGRATE_REUSE_REUSE_CALLER_H
#define BENCH_MIGRATE_REUSE_REUSE_CALLER_H

#include <poll.h>
#include <stdint.h>

enum caller_state { CALLER_WAITS, CALLER_REACHED, CALLER_LEFT, CALLER_NOBODY };

/* A connection that is there or on its way (tcp_connect_begin()), or -1. */
typedef int caller_reach(void *context);

struct reuse_caller {
	int fd, other;
	caller_reach *reach;
	void *context;
	int64_t again_ns, until_ns;
};

void reuse_caller_begin(struct reuse_caller *c, int fd, caller_reach *reach, void *context, int64_t patience_ns);

/* Break off what it has. */
void reuse_caller_end(struct reuse_caller *c);

void reuse_caller_poll(const struct reuse_caller *c, struct pollfd fds[2]);

/* To be called every 100 ms, too. CALLER_LEFT: who called has gone; CALLER_NOBODY: the other side has not been there for so long. */
enum caller_state reuse_caller_serve(struct reuse_caller *c, const struct pollfd fds[2]);

#endif

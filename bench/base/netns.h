/*
 * netns.h - do something inside another network namespace without moving the caller there.
 *
 * A network namespace is a thread's, and a socket or a TAP belongs for life to the namespace it was made in. So a
 * short-lived thread enters, opens, and the descriptor is used from anywhere.
 */
#ifndef BENCH_BASE_NETNS_H
#define BENCH_BASE_NETNS_H

struct err;

/* Run fn(argument, e) in namespace `path` (such as /run/netns/NAME; NULL: the machine's own) on a thread of its own
 * and wait for it. Returns what fn returned, or -1 when the namespace could not be entered. */
int netns_call(const char *path, int (*fn)(void *argument, struct err *e), void *argument, struct err *e);

/* socket(2) in that namespace, O_CLOEXEC. Returns the descriptor, or -1. */
int netns_socket(const char *path, int domain, int type, int protocol, struct err *e);

#endif

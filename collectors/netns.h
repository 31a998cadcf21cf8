/*
 * netns.h - open sockets in another network namespace without moving the calling thread.
 *
 * A socket belongs for ever to the namespace of the thread that made it and can be used from any other thread.
 */
#ifndef COLLECTORS_NETNS_H
#define COLLECTORS_NETNS_H

struct err;

/*
 * Call function(argument, e) in a thread that has entered the namespace (path; NULL: the caller's own) and wait for
 * it. Returns what it returned, or -1 when the namespace cannot be entered.
 */
int netns_call(const char *netns, int (*function)(void *argument, struct err *e), void *argument, struct err *e);

#endif

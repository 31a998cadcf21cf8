/*
 * tcp.h - TCP connections of relays, in a network namespace: IPv4, no delay of small writes, an end that can be seen to break.
 */
#ifndef BENCH_BASE_TCP_H
#define BENCH_BASE_TCP_H

#include <stdbool.h>

struct err;

/* Listen at ip (port 0: a free one, see *ret_port) in the namespace (NULL: here), without blocking. The descriptor, or -1. */
int tcp_listen(const char *netns, const char *ip, int port, int *ret_port, struct err *e);

/*
 * Of each of its connections: about so many bytes may wait to be read. Segments are short, too, since what waits at the sender is
 * a number of segments, each up to 64 KiB on a loopback.
 */
void tcp_wait_little(int listening, int bytes);

/* The next connection, or -1 when there is none. */
int tcp_accept(int listening);

/* Connect, giving up after some seconds. -1: nobody is there. */
int tcp_connect(const char *netns, const char *ip, int port);

/* The same without waiting, in the namespace of the caller: once the descriptor can be written to, tcp_connected() says whether
 * somebody was there. -1: nobody is. */
int tcp_connect_begin(const char *ip, int port);
bool tcp_connected(int fd);

/* Close so that the peer sees it broken, not ended. */
void tcp_break_off(int fd);

/* Whether errno says that it is only too early. */
bool tcp_later(void);

#endif

/*
 * unix_socket.h - Unix stream sockets by their path.
 */
#ifndef BENCH_BASE_UNIX_SOCKET_H
#define BENCH_BASE_UNIX_SOCKET_H

struct err;

/* Listen there without blocking, in place of a socket that is left there. The descriptor, or -1. */
int unix_listen(const char *path, struct err *e);

/* Connect. -1: nobody is there; errno says why. */
int unix_connect(const char *path);

#endif

/*
 * loopback.h - for C tests that need a network of their own: a fresh namespace whose lo is up, and sockets in it.
 */
#ifndef T_LOOPBACK_H
#define T_LOOPBACK_H

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Call before any thread is made. 0, or -1 where the machine does not let us. */
static inline int loopback_enter(void)
{
	struct ifreq lo = { .ifr_flags = IFF_UP };
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strcpy(lo.ifr_name, "lo");
	int result = ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
	return result;
}

/* A socket that listens at ip:port, or is connected to it; -1. */
static inline int loopback_socket(const char *ip, int port, int listening)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET, ip, &a.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (listening ? bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, 4) == 0
	              : connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

struct loopback_bytes {
	int fd;
	const unsigned char *bytes;
	size_t length;
};

/* A thread that sends them (struct loopback_bytes) in uneven pieces, and then the end; a broken connection ends it. */
static inline void *loopback_send(void *argument)
{
	const struct loopback_bytes *w = argument;
	for (size_t at = 0; at < w->length;) {
		size_t piece = w->length - at < 300011 ? w->length - at : 300011;
		ssize_t n = send(w->fd, w->bytes + at, piece, MSG_NOSIGNAL);
		if (n < 0)
			return NULL;
		at += (size_t)n;
	}
	shutdown(w->fd, SHUT_WR);
	return NULL;
}

/* What a test that cannot run prints instead of its tests. */
static inline int loopback_skip(void)
{
	printf("TAP version 13\n1..0 # SKIP no right to make a network namespace (needs root)\n");
	return 0;
}

#endif

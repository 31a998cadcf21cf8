/*
 * loopback.h - for C tests that need a network of their own: a fresh namespace whose lo is up, and a scratch folder.
 */
#ifndef T_LOOPBACK_H
#define T_LOOPBACK_H

#include <net/if.h>
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

/* What a test that cannot run prints instead of its tests. */
static inline int loopback_skip(void)
{
	printf("TAP version 13\n1..0 # SKIP no right to make a network namespace (needs root)\n");
	return 0;
}

#endif

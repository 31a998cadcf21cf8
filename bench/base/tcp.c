#include "bench/base/tcp.h"

#include "bench/base/err.h"
#include "bench/base/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64, CONNECT_S = 5 };

static struct sockaddr_in address_of(const char *ip, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	inet_pton(AF_INET, ip, &a.sin_addr);
	return a;
}

static void prepare(int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int tcp_listen(const char *netns, const char *ip, int port, int *ret_port, struct err *e)
{
	struct sockaddr_in a = address_of(ip, port);
	socklen_t length = sizeof(a);
	int on = 1, fd = netns_socket(netns, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, e);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &length) < 0) {
		err_errno(e, EXIT_CANNOT, "cannot listen at %s", ip);
		close(fd);
		return -1;
	}
	*ret_port = ntohs(a.sin_port);
	return fd;
}

void tcp_wait_little(int listening, int bytes)
{
	int segment = 3500; /* each costs the sender 4 KiB and is charged threefold (BBR) */
	setsockopt(listening, IPPROTO_TCP, TCP_MAXSEG, &segment, sizeof(segment));
	setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

int tcp_accept(int listening)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		prepare(fd);
	return fd;
}

int tcp_connect(const char *netns, const char *ip, int port)
{
	struct sockaddr_in a = address_of(ip, port);
	struct timeval patience = { .tv_sec = CONNECT_S };
	int fd = netns_socket(netns, AF_INET, SOCK_STREAM, 0, NULL);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0) {
		close(fd);
		return -1;
	}
	prepare(fd);
	return fd;
}

int tcp_connect_begin(const char *ip, int port)
{
	struct sockaddr_in a = address_of(ip, port);
	int fd = netns_socket(NULL, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, NULL);
	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	prepare(fd);
	return fd;
}

bool tcp_connected(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && !error;
}

void tcp_break_off(int fd)
{
	struct linger at_once = { .l_onoff = 1 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

bool tcp_later(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

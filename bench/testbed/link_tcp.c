#include "bench/testbed/link_tcp.h"

#include "bench/base/err.h"
#include "bench/base/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSCTL_IPV4 "/proc/sys/net/ipv4/"

/* 64 MiB: half a second of 1 Gbit/s. */
#define RMEM "4096 131072 67108864"
#define WMEM "4096 16384 67108864"

struct request {
	const char *congestion_control; /* NULL: read only; empty: the default choice */
	struct link_tcp tcp;
};

/* /proc/sys/net shows the namespace of the thread that opens it. */
static int sysctl_write(const char *name, const char *value, struct err *e)
{
	char path[128];
	snprintf(path, sizeof(path), SYSCTL_IPV4 "%s", name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, value, strlen(value));
	int saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	return n < 0 ? err_errno(e, EXIT_CANNOT, "cannot set '%s' to '%s'", path, value) : 0;
}

static int sysctl_read(const char *name, char *text, size_t room, struct err *e)
{
	char path[128];
	snprintf(path, sizeof(path), SYSCTL_IPV4 "%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, room - 1);
	int saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	if (n < 0)
		return err_errno(e, EXIT_CANNOT, "cannot read '%s'", path);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	for (char *c = text; *c; c++)
		if (*c == '\t')
			*c = ' ';
	return 0;
}

static int pin_congestion_control(const char *name, struct err *e)
{
	char list[256] = "";
	if (sysctl_write("tcp_congestion_control", name, e) == 0)
		return 0;
	/* Only the machine's own namespace may default to one that is not on the (machine-wide) allowed list. */
	if (errno == EPERM && sysctl_read("tcp_allowed_congestion_control", list, sizeof(list), NULL) == 0)
		return err_set(
			e, EXIT_CANNOT,
			"TCP congestion control '%s' is restricted on this machine, which allows %s: add it to "
			"sysctl net.ipv4.tcp_allowed_congestion_control, or choose one of these",
			name, list);
	if (errno == ENOENT && sysctl_read("tcp_available_congestion_control", list, sizeof(list), NULL) == 0)
		return err_set(e, EXIT_CANNOT, "no TCP congestion control '%s' here: the kernel has %s", name, list);
	return -1;
}

static int pin(const char *name, struct err *e)
{
	int failed = name[0] ? pin_congestion_control(name, e) < 0
	                     : pin_congestion_control("cubic", NULL) < 0 && pin_congestion_control("reno", e) < 0;
	if (failed || sysctl_write("tcp_rmem", RMEM, e) < 0 || sysctl_write("tcp_wmem", WMEM, e) < 0)
		return -1;
	return sysctl_write("tcp_no_metrics_save", "1", e);
}

static int serve(void *argument, struct err *e)
{
	struct request *r = argument;
	struct link_tcp *t = &r->tcp;
	if (r->congestion_control && pin(r->congestion_control, e) < 0)
		return -1;
	return sysctl_read("tcp_congestion_control", t->congestion_control, sizeof(t->congestion_control), e) < 0 ||
	                       sysctl_read("tcp_rmem", t->rmem, sizeof(t->rmem), e) < 0 ||
	                       sysctl_read("tcp_wmem", t->wmem, sizeof(t->wmem), e) < 0 ||
	                       sysctl_read("tcp_no_metrics_save", t->no_metrics_save, sizeof(t->no_metrics_save), e) <
	                               0
	               ? -1
	               : 0;
}

int link_pin_tcp(const char *netns, const char *congestion_control, struct link_tcp *ret, struct err *e)
{
	struct request r = { .congestion_control = congestion_control ? congestion_control : "" };
	if (netns_call(netns, serve, &r, e) < 0)
		return -1;
	if (ret)
		*ret = r.tcp;
	return 0;
}

int link_read_tcp(const char *netns, struct link_tcp *ret, struct err *e)
{
	struct request r = { .congestion_control = NULL };
	if (netns_call(netns, serve, &r, e) < 0)
		return -1;
	*ret = r.tcp;
	return 0;
}

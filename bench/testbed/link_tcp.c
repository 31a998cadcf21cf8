#include "bench/testbed/link_tcp.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SYSCTL_IPV4 "/proc/sys/net/ipv4/"

/* What a connection begins with, as the kernel's own defaults have it. */
enum { LEAST_BUFFER = 4096, FIRST_RMEM = 131072, FIRST_WMEM = 16384 };

struct request {
	const char *congestion_control;
	int64_t buffer_bytes;
	int error; /* errno of a failure */
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

/* "lowest initial highest" */
static int buffer_write(const char *name, int64_t first, int64_t highest, struct err *e)
{
	char text[64];
	snprintf(text, sizeof(text), "%d %lld %lld", LEAST_BUFFER, (long long)(first < highest ? first : highest),
	         (long long)highest);
	return sysctl_write(name, text, e);
}

/* In the namespace: its congestion control, or if that is NULL buffers and metrics. */
static int sysctl_pin(void *argument, struct err *e)
{
	struct request *r = argument;
	if (!r->congestion_control)
		return buffer_write("tcp_rmem", FIRST_RMEM, r->buffer_bytes, e) < 0 ||
		                       buffer_write("tcp_wmem", FIRST_WMEM, r->buffer_bytes, e) < 0
		               ? -1
		               : sysctl_write("tcp_no_metrics_save", "1", e);
	int result = sysctl_write("tcp_congestion_control", r->congestion_control, e);
	r->error = result < 0 ? errno : 0;
	return result;
}

/*
 * Only the machine's own namespace may default to a congestion control that is not on the (machine-wide) allowed
 * list; a route may name any that the kernel has, and connections over it use it, whichever end opened them.
 */
static int routes_pin(const char *netns, const char *name, struct err *e)
{
	const struct process_place place = { .netns = netns };
	static const char *const show[] = { "ip", "-4", "route", "show", "proto", "kernel", "scope", "link", NULL };
	char routes[4096];
	int pinned = 0;
	if (process_run(&place, show, 10 * NS_PER_S, routes, sizeof(routes), e) < 0)
		return -1;
	for (char *next, *line = strtok_r(routes, "\n", &next); line; line = strtok_r(NULL, "\n", &next), pinned++)
		if (process_runf(&place, e, "ip -4 route change %.*s congctl %s", (int)strcspn(line, "\n"), line,
		                 name) < 0)
			return -1;
	return pinned ? 0
	              : err_set(e, EXIT_CANNOT, "there is no route to name TCP congestion control '%s' for", name);
}

static int congestion_control_pin(const char *netns, const char *name, struct err *e)
{
	char list[256] = "";
	struct request r = { .congestion_control = name };
	if (netns_call(netns, sysctl_pin, &r, e) == 0)
		return 0;
	if (r.error == EPERM)
		return routes_pin(netns, name, e);
	if (r.error == ENOENT && sysctl_read("tcp_available_congestion_control", list, sizeof(list), NULL) == 0)
		return err_set(e, EXIT_CANNOT, "no TCP congestion control '%s' here: the kernel has %s", name, list);
	return -1;
}

static int serve(void *argument, struct err *e)
{
	struct link_tcp *t = argument;
	return sysctl_read("tcp_congestion_control", t->congestion_control, sizeof(t->congestion_control), e) < 0 ||
	                       sysctl_read("tcp_rmem", t->rmem, sizeof(t->rmem), e) < 0 ||
	                       sysctl_read("tcp_wmem", t->wmem, sizeof(t->wmem), e) < 0 ||
	                       sysctl_read("tcp_no_metrics_save", t->no_metrics_save, sizeof(t->no_metrics_save), e) <
	                               0
	               ? -1
	               : 0;
}

/* The word after "congctl" in the namespace's routes, if any, is what connections use. */
static void routes_read(const char *netns, struct link_tcp *t)
{
	const struct process_place place = { .netns = netns };
	static const char *const show[] = { "ip", "-4", "route", "show", NULL };
	char routes[4096];
	if (process_run(&place, show, 10 * NS_PER_S, routes, sizeof(routes), NULL) < 0)
		return;
	const char *found = strstr(routes, " congctl ");
	if (found)
		sscanf(found, " congctl %31s", t->congestion_control);
}

int link_read_tcp(const char *netns, struct link_tcp *ret, struct err *e)
{
	memset(ret, 0, sizeof(*ret));
	if (netns_call(netns, serve, ret, e) < 0)
		return -1;
	routes_read(netns, ret);
	return 0;
}

int link_pin_tcp(const char *netns, const char *congestion_control, int64_t buffer_bytes, struct link_tcp *ret,
                 struct err *e)
{
	struct request limits = { .buffer_bytes = buffer_bytes ? buffer_bytes : LINK_TCP_BUFFER };
	int failed = congestion_control ? congestion_control_pin(netns, congestion_control, e) < 0
	                                : congestion_control_pin(netns, "cubic", NULL) < 0 &&
	                                          congestion_control_pin(netns, "reno", e) < 0;
	if (failed || netns_call(netns, sysctl_pin, &limits, e) < 0)
		return -1;
	return ret ? link_read_tcp(netns, ret, e) : 0;
}

int link_cut_tcp(const char *netns, const char *peer, struct err *e)
{
	const struct process_place place = { .netns = netns };
	const char *const show[] = { "ss",          "--no-header", "--numeric", "--tcp", "state",
		                     "established", "dst",         peer,        NULL };
	char left[4096];
	int count = 0;
	/* What the kernel cannot close it skips without a word. */
	if (process_runf(&place, e, "ss --kill --tcp dst %s", peer) < 0 ||
	    process_run(&place, show, 10 * NS_PER_S, left, sizeof(left), e) < 0)
		return -1;
	for (const char *c = left; *c; c++)
		count += *c == '\n';
	return count ? err_set(e, EXIT_CANNOT,
	                       "'ss --kill' left %d TCP connections to '%s' open: it needs a kernel with "
	                       "CONFIG_INET_DIAG_DESTROY",
	                       count, peer)
	             : 0;
}

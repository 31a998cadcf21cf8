#include "bench/testbed/link.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/testbed/link_emulator.h"
#include "bench/testbed/link_veth.h"
#include "bench/testbed/link_wire.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEFAULT_QUEUE_LEAST = 60000, ETHERNET_HEADER = 14, TCP_PAYLOAD = LINK_MTU - 20 - 20 - 12 };

#define DEFAULT_QUEUE_PER_S 20 /* 50 ms */
#define TOOL_DEADLINE_NS (10 * NS_PER_S)

const char *link_backend_name(enum link_backend backend)
{
	static const char *const names[] = { "auto", "netem", "htb", "emulator" };
	return names[backend];
}

int64_t link_default_queue(int64_t rate_bits_per_s)
{
	int64_t queue = rate_bits_per_s / 8 / DEFAULT_QUEUE_PER_S;
	return queue > DEFAULT_QUEUE_LEAST ? queue : DEFAULT_QUEUE_LEAST;
}

double link_ideal_goodput(const struct link *link)
{
	return (double)link->shape.rate_bits_per_s * TCP_PAYLOAD / (LINK_MTU + link->frame_overhead);
}

int link_check_shape(struct link_shape *s, struct err *e)
{
	if (s->rate_bits_per_s != 0 && (s->rate_bits_per_s < 10000 || s->rate_bits_per_s > INT64_C(100000000000)))
		return err_set(e, EXIT_USAGE, "link rate of %lld bit/s: must be 0 or 10 kbit/s to 100 Gbit/s",
		               (long long)s->rate_bits_per_s);
	if (s->rtt_ns < 0 || s->rtt_ns > 10 * NS_PER_S)
		return err_set(e, EXIT_USAGE, "link rtt of %g ms: must be 0 to 10 s", (double)s->rtt_ns / NS_PER_MS);
	if (s->jitter_ns < 0 || s->jitter_ns > s->rtt_ns)
		return err_set(e, EXIT_USAGE, "link jitter of %g ms: must be 0 to the rtt, %g ms",
		               (double)s->jitter_ns / NS_PER_MS, (double)s->rtt_ns / NS_PER_MS);
	if (!(s->loss >= 0 && s->loss <= 0.5))
		return err_set(e, EXIT_USAGE, "link loss of %g: must be 0 to 0.5", s->loss);
	if (s->queue_bytes < 0 || s->queue_bytes > (INT64_C(1) << 30) ||
	    (s->queue_bytes > 0 && s->queue_bytes < 2 * LINK_MTU))
		return err_set(e, EXIT_USAGE, "link queue of %lld bytes: must be 0 (50 ms of rate) or %d to 2^30",
		               (long long)s->queue_bytes, 2 * LINK_MTU);
	if (!s->queue_bytes)
		s->queue_bytes = link_default_queue(s->rate_bits_per_s);
	return 0;
}

static int probe_veth(const char *tail[], const char *what, struct err *e)
{
	/* An anonymous namespace that vanishes with tc: nothing to take back. */
	const char *argv[16] = { "unshare", "--net", "tc", "qdisc", "add", "dev", "lo", "root" };
	struct err cause = { 0 };
	for (int i = 0; tail[i]; i++)
		argv[8 + i] = tail[i];
	if (process_run(NULL, argv, TOOL_DEADLINE_NS, NULL, 0, &cause) < 0)
		return err_set(e, EXIT_CANNOT, "no %s here: %s", what, cause.text);
	return 0;
}

int link_backend_probe(enum link_backend backend, struct err *e)
{
	const char *netem[] = { "netem", "limit", "10", "delay", "1ms", NULL };
	const char *htb[] = { "handle", "1:", "htb", "default", "1", NULL };
	if (backend == LINK_NETEM)
		return probe_veth(netem, "netem", e);
	if (backend == LINK_HTB)
		return probe_veth(htb, "htb", e);
	if (backend == LINK_EMULATOR) {
		int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			return err_errno(e, EXIT_CANNOT, "no link emulator here: cannot open '/dev/net/tun'");
		close(fd);
	}
	return 0;
}

static int rate_only(const struct link_shape *s)
{
	return s->rtt_ns == 0 && s->jitter_ns == 0 && s->loss == 0;
}

static int choose(enum link_backend *ret, const struct link_shape *shape, enum link_backend wanted, struct err *e)
{
	if (wanted == LINK_HTB && !rate_only(shape))
		return err_set(e, EXIT_CANNOT,
		               "link backend 'htb' shapes rate only, not rtt, jitter or loss: "
		               "use 'netem', 'emulator' or 'auto'");
	if (wanted != LINK_AUTO)
		*ret = wanted;
	else if (link_backend_probe(LINK_NETEM, NULL) == 0)
		*ret = LINK_NETEM;
	else if (rate_only(shape) && (!shape->rate_bits_per_s || link_backend_probe(LINK_HTB, NULL) == 0))
		*ret = LINK_HTB;
	else
		*ret = LINK_EMULATOR;
	/* A bare veth needs no htb. */
	if (*ret == LINK_HTB && !shape->rate_bits_per_s)
		return 0;
	if (link_backend_probe(*ret, e) < 0)
		return err_prefix(e, "link backend '%s'", link_backend_name(*ret));
	return 0;
}

static int copy_end(const struct link_end *end, char netns[128], char netns_name[64], char device[16], struct err *e)
{
	if (!end->netns || !strchr(end->netns, '/') || !end->device || !end->device[0] || strlen(end->device) > 15)
		return err_set(e, EXIT_USAGE,
		               "a link's end needs the path of a namespace and a device name of 1 to 15 characters");
	const char *name = end->netns_name ? end->netns_name : strrchr(end->netns, '/') + 1;
	if (snprintf(netns, 128, "%s", end->netns) >= 128 || snprintf(netns_name, 64, "%s", name) >= 64)
		return err_set(e, EXIT_USAGE, "network namespace name too long: '%s'", end->netns);
	snprintf(device, 16, "%s", end->device);
	return 0;
}

/* The alias tells whoever looks at the device (`ip link`, the link collector) where its counters are. */
static int set_alias(const char *netns, const char *device, const char *end, const char *stats_path, struct err *e)
{
	char alias[256];
	const char *argv[] = { "ip", "-n", netns, "link", "set", "dev", device, "alias", alias, NULL };
	snprintf(alias, sizeof(alias), "%s%s:%s", LINK_STATS_ALIAS, end, stats_path);
	return process_run(NULL, argv, TOOL_DEADLINE_NS, NULL, 0, e);
}

static int create_emulated(struct link *l, const struct link_end *a, const struct link_end *b,
                           const char *log_directory, struct undo *undo, struct err *e)
{
	char log_path[300];
	int length = snprintf(l->stats_path, sizeof(l->stats_path), "%s/link-%s-%s.stats", log_directory,
	                      l->netns_name_a, l->device_a);
	if (length > 230)
		return err_set(e, EXIT_USAGE, "path too long for link stats: '%s'", log_directory);
	snprintf(log_path, sizeof(log_path), "%s/link-%s-%s.log", log_directory, l->netns_name_a, l->device_a);
	if (link_emulator_start(a, b, &l->shape, l->stats_path, log_path, undo, &l->pid, e) < 0)
		return -1;
	l->start_time = process_start_time(l->pid);
	l->frame_overhead = WIRE_FRAME_OVERHEAD;
	if (set_alias(l->netns_name_a, l->device_a, "a", l->stats_path, e) == 0 &&
	    set_alias(l->netns_name_b, l->device_b, "b", l->stats_path, e) == 0)
		return 0;
	process_end(l->pid, l->start_time, NS_PER_S);
	return -1;
}

int link_create(struct link **ret, const struct link_end *a, const struct link_end *b, const struct link_shape *shape,
                enum link_backend wanted, const char *log_directory, struct undo *undo, struct err *e)
{
	struct link *l = calloc(1, sizeof(*l));
	if (!l)
		return err_errno(e, EXIT_CANNOT, "cannot keep a link");
	l->shape = *shape;
	l->frame_overhead = ETHERNET_HEADER;
	if (link_check_shape(&l->shape, e) < 0 || copy_end(a, l->netns_a, l->netns_name_a, l->device_a, e) < 0 ||
	    copy_end(b, l->netns_b, l->netns_name_b, l->device_b, e) < 0 ||
	    choose(&l->backend, &l->shape, wanted, e) < 0)
		goto fail;
	if (l->backend == LINK_EMULATOR ? create_emulated(l, a, b, log_directory, undo, e) < 0
	                                : link_veth_create(l, e) < 0)
		goto fail;
	*ret = l;
	return 0;
fail:
	free(l);
	return -1;
}

void link_destroy(struct link *l)
{
	if (!l)
		return;
	if (l->backend == LINK_EMULATOR)
		process_end(l->pid, l->start_time, NS_PER_S);
	else
		link_veth_destroy(l);
	free(l);
}

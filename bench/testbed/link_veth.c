#include "bench/testbed/link_veth.h"

#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/testbed/offload.h"

#include <stdio.h>

/*
 * A burst of 16 kB is 128 us at 1 Gbit/s: the shaper's timer may be that late without losing rate; above, as long. At
 * low rates at most 10 ms of rate, but a frame. A quantum of our own, since the default (a tenth of the rate in bytes)
 * makes the kernel warn.
 */
enum { HTB_QUANTUM = 60000, HTB_BURST = 16000, HTB_BURST_LEAST = 1600 };

static int64_t htb_burst(int64_t rate_bits_per_s)
{
	double bytes_per_ns = (double)rate_bits_per_s / 8e9, timer = bytes_per_ns * 128e3, slow = bytes_per_ns * 10e6;
	double burst = timer > HTB_BURST ? timer : slow < HTB_BURST ? slow : HTB_BURST;
	return (int64_t)(burst > HTB_BURST_LEAST ? burst : HTB_BURST_LEAST);
}

/* netem's limit is in packets, and what is being delayed counts too. */
static int64_t netem_limit(const struct link_shape *s)
{
	const int64_t least = 100, unshaped = 100000;
	if (!s->rate_bits_per_s)
		return unshaped;
	double bytes =
		(double)s->queue_bytes + (double)s->rate_bits_per_s / 8e9 * (double)(s->rtt_ns + s->jitter_ns) / 2;
	int64_t packets = (int64_t)(bytes / LINK_MTU) + 1;
	return packets > least ? packets : least;
}

static int shape_netem(const char *netns, const char *device, const struct link_shape *s, struct err *e)
{
	char rate[48] = "", jitter[48] = "", loss[48] = "";
	if (s->rate_bits_per_s)
		snprintf(rate, sizeof(rate), " rate %lldbit", (long long)s->rate_bits_per_s);
	if (s->jitter_ns)
		snprintf(jitter, sizeof(jitter), " %.3fus", (double)s->jitter_ns / 2e3);
	if (s->loss > 0)
		snprintf(loss, sizeof(loss), " loss %.7f%%", s->loss * 100);
	return process_runf(NULL, e, "tc -n %s qdisc add dev %s root netem limit %lld delay %.3fus%s%s%s", netns,
	                    device, (long long)netem_limit(s), (double)s->rtt_ns / 2e3, jitter, loss, rate);
}

static int shape_htb(const char *netns, const char *device, const struct link_shape *s, struct err *e)
{
	long long burst = (long long)htb_burst(s->rate_bits_per_s);
	if (process_runf(NULL, e, "tc -n %s qdisc add dev %s root handle 1: htb default 1", netns, device) < 0 ||
	    process_runf(NULL, e,
	                 "tc -n %s class add dev %s parent 1: classid 1:1 htb rate %lldbit burst %lld cburst %lld "
	                 "quantum %d",
	                 netns, device, (long long)s->rate_bits_per_s, burst, burst, HTB_QUANTUM) < 0)
		return -1;
	return process_runf(NULL, e, "tc -n %s qdisc add dev %s parent 1:1 handle 10: bfifo limit %lld", netns,
	                    device, (long long)s->queue_bytes);
}

static int set_up(const char *netns, const char *name, const char *device, const struct link *l, struct err *e)
{
	/* With loss a packet must be a frame, not a super-frame of 44. Frames that a bridge passes on are not split by this. */
	if (l->shape.loss > 0 && offload_off(netns, device, OFFLOAD_SEGMENTS, e) < 0)
		return -1;
	if (l->backend == LINK_NETEM && shape_netem(name, device, &l->shape, e) < 0)
		return -1;
	if (l->backend == LINK_HTB && l->shape.rate_bits_per_s && shape_htb(name, device, &l->shape, e) < 0)
		return -1;
	return process_runf(NULL, e, "ip -n %s link set dev %s mtu %d up", name, device, LINK_MTU);
}

int link_veth_create(const struct link *l, struct err *e)
{
	if (process_runf(NULL, e, "ip link add %s netns %s type veth peer name %s netns %s", l->device_a,
	                 l->netns_name_a, l->device_b, l->netns_name_b) < 0)
		return -1;
	if (set_up(l->netns_a, l->netns_name_a, l->device_a, l, e) == 0 &&
	    set_up(l->netns_b, l->netns_name_b, l->device_b, l, e) == 0)
		return 0;
	link_veth_destroy(l);
	return -1;
}

void link_veth_destroy(const struct link *l)
{
	process_runf(NULL, NULL, "ip -n %s link del dev %s", l->netns_name_a, l->device_a);
}

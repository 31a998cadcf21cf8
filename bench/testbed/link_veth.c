#include "bench/testbed/link_veth.h"

#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/testbed/offload.h"
#include "bench/testbed/qdisc.h"

static int shape(const char *netns, const char *device, const struct link *l, struct err *e)
{
	char lines[QDISC_LINES][QDISC_ROOM];
	int count = qdisc_shape(l->backend, &l->shape, device, lines);
	for (int i = 0; i < count; i++)
		if (process_runf(NULL, e, "tc -n %s %s", netns, lines[i]) < 0)
			return -1;
	return 0;
}

static int set_up(const char *netns, const char *name, const char *device, const struct link *l, struct err *e)
{
	/* With loss a packet must be a frame, not a super-frame of 44. Frames that a bridge passes on are not split by this. */
	if (l->shape.loss > 0 && offload_off(netns, device, OFFLOAD_SEGMENTS, e) < 0)
		return -1;
	if (shape(name, device, l, e) < 0)
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

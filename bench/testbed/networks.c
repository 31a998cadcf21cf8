#include "bench/testbed/networks.h"

#include "bench/base/err.h"
#include "bench/testbed/two_lans.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

char *network_mac(const char *ip, char buffer[18])
{
	unsigned char b[4] = { 0 };
	inet_pton(AF_INET, ip, b);
	snprintf(buffer, 18, "02:00:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3]);
	return buffer;
}

/*
 * Without spanning tree and forwarding delay, so that a port works at once; with a MAC of its own, made of its address.
 * A bridge that is given none takes the least of its ports': that of a VM's tap, perhaps, which the other node's tap of
 * the same VM has, too. What is sent to that bridge then never arrives.
 */
int network_bridge(const struct node *n, const char *bridge, const char *ip, struct err *e)
{
	char mac[18];
	if (process_runf(NULL, e, "ip -n %s link add %s address %s type bridge stp_state 0 forward_delay 0", n->netns,
	                 bridge, network_mac(ip, mac)) < 0 ||
	    process_runf(NULL, e, "ip -n %s addr add %s/24 dev %s", n->netns, ip, bridge) < 0)
		return -1;
	return process_runf(NULL, e, "ip -n %s link set %s up", n->netns, bridge);
}

int network_join(const struct node *n, const char *device, const char *bridge, struct err *e)
{
	return process_runf(NULL, e, "ip -n %s link set %s master %s up", n->netns, device, bridge);
}

static int management_make(struct testbed *t, struct err *e)
{
	const struct node *head = &t->nodes[NODE_HEAD];
	for (int i = 0; i < NODE_COUNT; i++)
		if (network_bridge(&t->nodes[i], "br-mgmt", t->nodes[i].management_ip, e) < 0)
			return -1;
	for (int i = 0; i < NODE_HEAD; i++) {
		const struct node *n = &t->nodes[i];
		char port[16];
		snprintf(port, sizeof(port), "mgmt-%s", n->name);
		if (process_runf(NULL, e, "ip link add mgmt0 netns %s type veth peer name %s netns %s", n->netns,
		                 port, head->netns) < 0 ||
		    network_join(n, "mgmt0", "br-mgmt", e) < 0 || network_join(head, port, "br-mgmt", e) < 0)
			return -1;
	}
	return 0;
}

/* ---- links ---- */

int network_link(struct testbed *t, const char *name, const struct node *a, const char *a_device, const char *near,
                 const struct node *b, const char *b_device, const char *far, struct err *e)
{
	struct testbed_link *l = &t->links[t->link_count];
	const struct link_shape shape = testbed_link_shape(&t->spec, name);
	const struct link_end ends[2] = { { a->netns_path, a->netns, a_device, a->core + 1 },
		                          { b->netns_path, b->netns, b_device, b->core + 1 } };
	if (link_create(&l->link, &ends[0], &ends[1], &shape, t->spec.backend, testbed_state_directory(), t->undo,
	                e) < 0)
		return err_prefix(e, "link '%s'", name);
	snprintf(l->name, sizeof(l->name), "%s", name);
	snprintf(l->netns_path, sizeof(l->netns_path), "%s", a->netns_path);
	snprintf(l->device, sizeof(l->device), "%s", a_device);
	snprintf(l->tx_name, sizeof(l->tx_name), "%s-to-%s", near, far);
	snprintf(l->rx_name, sizeof(l->rx_name), "%s-to-%s", far, near);
	t->link_count++;
	return 0;
}

int network_uplink(struct testbed *t, int index, struct err *e)
{
	const struct node *n = &t->nodes[index], *head = &t->nodes[NODE_HEAD];
	char name[24], port[16];
	snprintf(name, sizeof(name), "%s-uplink", n->name);
	snprintf(port, sizeof(port), "lan-%s", n->name);
	if (network_link(t, name, n, "up0", n->name, head, port, "lan", e) < 0)
		return -1;
	return network_join(head, port, "br-lan", e);
}

struct link_shape testbed_link_shape(const struct testbed_spec *spec, const char *link)
{
	struct link_shape shape = spec->shape;
	if (strcmp(link, "migration") == 0 || strcmp(link, TWO_LANS_LINK) == 0)
		return shape;
	if (spec->topology != TOPOLOGY_SHARED || spec->network == NETWORK_OVS)
		return (struct link_shape){ 0 };
	if (strcmp(link, "dst-uplink") != 0) /* the destination is the distant one */
		shape.rtt_ns = shape.jitter_ns = 0, shape.loss = 0;
	return shape;
}

const char *testbed_migration_link_name(const struct testbed_spec *spec)
{
	return spec->network == NETWORK_OVS        ? TWO_LANS_LINK
	       : spec->topology == TOPOLOGY_SHARED ? "dst-uplink"
	                                           : "migration";
}

int testbed_switch_number(int node)
{
	return node + 1;
}

const struct testbed_link *testbed_migration_link(const struct testbed *t)
{
	const char *name = testbed_migration_link_name(&t->spec);
	for (int i = 0; i < t->link_count; i++)
		if (strcmp(t->links[i].name, name) == 0)
			return &t->links[i];
	return NULL;
}

/* ---- all of them ---- */

static int lan_make(struct testbed *t, struct err *e)
{
	for (int i = 0; i < NODE_COUNT; i++)
		if (network_bridge(&t->nodes[i], "br-lan", t->nodes[i].lan_ip, e) < 0)
			return -1;
	for (int i = 0; i < NODE_HEAD; i++)
		if (network_uplink(t, i, e) < 0 || network_join(&t->nodes[i], "up0", "br-lan", e) < 0)
			return -1;
	return 0;
}

static int migration_link_make(struct testbed *t, struct err *e)
{
	const struct node *src = &t->nodes[NODE_SRC], *dst = &t->nodes[NODE_DST];
	if (t->spec.topology == TOPOLOGY_SHARED)
		return 0;
	if (network_link(t, "migration", src, "mig0", src->name, dst, "mig0", dst->name, e) < 0)
		return -1;
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		if (process_runf(NULL, e, "ip -n %s addr add %s/24 dev mig0", t->nodes[i].netns,
		                 t->nodes[i].migration_ip) < 0 ||
		    process_runf(NULL, e, "ip -n %s link set mig0 up", t->nodes[i].netns) < 0)
			return -1;
	return 0;
}

int networks_make(struct testbed *t, struct err *e)
{
	if (management_make(t, e) < 0)
		return -1;
	if (t->spec.network == NETWORK_OVS)
		return two_lans_make(t, e);
	return lan_make(t, e) < 0 ? -1 : migration_link_make(t, e);
}

#include "bench/testbed/two_lans.h"

#include "bench/base/clock.h"
#include "bench/base/data.h"
#include "bench/base/err.h"
#include "bench/testbed/link_probe.h"
#include "bench/testbed/networks.h"
#include "bench/testbed/offload.h"
#include "bench/testbed/ovs.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define ROUTER_LAN1 "10.77.4.254"
#define ROUTER_LAN2 "10.77.5.254"
#define CONTROLLER_PORT 6653
#define LANS_MTU 1600
#define TUNNEL_NS (10 * NS_PER_S)
#define CONTROLLER_NS (20 * NS_PER_S)

const char *tunnel_name(enum tunnel tunnel)
{
	static const char *const names[] = { "gre", "vxlan", "geneve" };
	return names[tunnel];
}

int tunnel_overhead(enum tunnel tunnel)
{
	return 14 + 20 + (tunnel == TUNNEL_GRE ? 8 : 16); /* GRE with a key; else UDP and 8 bytes */
}

/* A node's address in its own LAN, below the stretched one. */
static const char *own_address(int node)
{
	return node == NODE_HEAD ? "10.77.4.1" : node == NODE_SRC ? "10.77.4.2" : "10.77.5.3";
}

/* ---- LAN 1, the router, LAN 2 ---- */

/* A cable of LAN 1, whose switch is in the router. */
static int cable_make(const struct node *n, const struct node *router, struct err *e)
{
	char port[16];
	snprintf(port, sizeof(port), "lan1-%s", n->name);
	if (process_runf(NULL, e, "ip link add lan1 mtu %d netns %s type veth peer name %s mtu %d netns %s", LANS_MTU,
	                 n->netns, port, LANS_MTU, router->netns) < 0 ||
	    process_runf(NULL, e, "ip -n %s link set lan1 up", n->netns) < 0)
		return -1;
	return network_join(router, port, "br-lan1", e);
}

static int lans_make(struct testbed *t, struct node *router, struct err *e)
{
	const struct node *head = &t->nodes[NODE_HEAD], *src = &t->nodes[NODE_SRC], *dst = &t->nodes[NODE_DST];
	snprintf(router->name, sizeof(router->name), "router");
	snprintf(router->netns, sizeof(router->netns), "mm-router");
	snprintf(router->state_directory, sizeof(router->state_directory), "%s/router", testbed_state_directory());
	router->core = -1;
	if (node_create(router, 0, t->undo, e) < 0)
		return -1;
	const struct process_place inside = node_place(router);
	if (process_runf(&inside, e, "sysctl -q -w net.ipv4.ip_forward=1") < 0 ||
	    network_bridge(router, "br-lan1", ROUTER_LAN1, e) < 0 || cable_make(head, router, e) < 0 ||
	    cable_make(src, router, e) < 0 ||
	    network_link(t, TWO_LANS_LINK, dst, "lan2", "lan2", router, "lan2", "lan1", e) < 0)
		return -1;
	t->links[t->link_count - 1].link->frame_overhead += tunnel_overhead((enum tunnel)t->spec.tunnel);
	if (process_runf(NULL, e, "ip -n %s link set lan2 mtu %d", dst->netns, LANS_MTU) < 0 ||
	    process_runf(NULL, e, "ip -n %s link set lan2 mtu %d up", router->netns, LANS_MTU) < 0 ||
	    process_runf(NULL, e, "ip -n %s addr add " ROUTER_LAN2 "/24 dev lan2", router->netns) < 0 ||
	    process_runf(NULL, e, "ip -n %s addr add %s/24 dev lan1", head->netns, own_address(NODE_HEAD)) < 0)
		return -1;
	return process_runf(NULL, e, "ip -n %s route add 10.77.5.0/24 via " ROUTER_LAN1, head->netns);
}

/* Switches in user space take frames as they are: whoever sends to one completes them, and nobody joins them. */
static int frames_complete(const struct testbed *t, const struct node *router, struct err *e)
{
	const struct {
		const struct node *node;
		const char *device;
		unsigned off;
	} devices[] = {
		{ &t->nodes[NODE_HEAD], "lan-src", OFFLOAD_CHECKSUM | OFFLOAD_SEGMENTS },
		{ router, "lan1-src", OFFLOAD_CHECKSUM | OFFLOAD_SEGMENTS },
		{ router, "lan2", OFFLOAD_CHECKSUM | OFFLOAD_SEGMENTS | OFFLOAD_JOIN },
		{ &t->nodes[NODE_SRC], "up0", OFFLOAD_JOIN },
		{ &t->nodes[NODE_SRC], "lan1", OFFLOAD_JOIN },
		{ &t->nodes[NODE_DST], "lan2", OFFLOAD_JOIN },
	};
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		if (offload_off(devices[i].node->netns_path, devices[i].device, devices[i].off, e) < 0)
			return -1;
	return 0;
}

/* ---- the switches ---- */

/* The node's own address moves onto an ordinary switch, where the tunnel's frames find it. */
static int physical_make(const struct node *n, int index, const char *datapath, struct err *e)
{
	const char *port = index == NODE_SRC ? "lan1" : "lan2", *far = index == NODE_SRC ? "10.77.5" : "10.77.4";
	char mac[18];
	if (ovs_vsctl(n, e,
	              "add-br br-phy -- set bridge br-phy datapath_type=%s other_config:hwaddr=%s -- add-port br-phy "
	              "%s -- set interface br-phy mtu_request=%d",
	              datapath, network_mac(own_address(index), mac), port, LANS_MTU) < 0 ||
	    process_runf(NULL, e, "ip -n %s addr add %s/24 dev br-phy", n->netns, own_address(index)) < 0 ||
	    process_runf(NULL, e, "ip -n %s link set br-phy up", n->netns) < 0)
		return -1;
	return process_runf(NULL, e, "ip -n %s route add %s.0/24 via %s", n->netns, far,
	                    index == NODE_SRC ? ROUTER_LAN1 : ROUTER_LAN2);
}

/* What the controller's switch is known by there, and in flows.csv the node. */
static int switch_make(const struct testbed *t, int index, const char *datapath, struct err *e)
{
	const struct node *n = &t->nodes[index];
	char mac[18];
	if (ovs_vsctl(n, e,
	              "add-br br-lan -- set bridge br-lan datapath_type=%s other_config:hwaddr=%s "
	              "other_config:datapath-id=%016x other_config:disable-in-band=true fail_mode=secure",
	              datapath, network_mac(n->lan_ip, mac), (unsigned)testbed_switch_number(index)) < 0 ||
	    ovs_vsctl(n, e,
	              "add-port br-lan tun0 -- set interface tun0 type=%s options:remote_ip=%s options:key=7 "
	              "ofport_request=100",
	              tunnel_name((enum tunnel)t->spec.tunnel),
	              own_address(index == NODE_SRC ? NODE_DST : NODE_SRC)) < 0 ||
	    (index == NODE_SRC && ovs_vsctl(n, e, "add-port br-lan up0") < 0) ||
	    process_runf(NULL, e, "ip -n %s addr add %s/24 dev br-lan", n->netns, n->lan_ip) < 0 ||
	    process_runf(NULL, e, "ip -n %s link set br-lan up", n->netns) < 0)
		return -1;
	return ovs_vsctl(n, e,
	                 "set-controller br-lan tcp:%s:%d -- set controller br-lan max_backoff=1000 "
	                 "connection_mode=out-of-band",
	                 own_address(NODE_HEAD), CONTROLLER_PORT);
}

static int controller_start(struct testbed *t, struct err *e)
{
	const struct node *head = &t->nodes[NODE_HEAD];
	char application[PATH_MAX], learned[340], port[16];
	if (data_path("bench/testbed/learning_switch.py", application, sizeof(application), e) < 0)
		return -1;
	snprintf(t->learned_path, sizeof(t->learned_path), "%s/learned.csv", head->state_directory);
	snprintf(learned, sizeof(learned), "MIGMETER_LEARNED=%s", t->learned_path);
	snprintf(port, sizeof(port), "%d", CONTROLLER_PORT);
	const char *const argv[] = { "env",
		                     learned,
		                     "PYTHONDONTWRITEBYTECODE=1",
		                     "osken-manager",
		                     "--ofp-listen-host",
		                     own_address(NODE_HEAD),
		                     "--ofp-tcp-listen-port",
		                     port,
		                     application,
		                     NULL };
	return daemons_start(&t->daemons, head, "controller", argv, t->undo, e);
}

/* Until the controller has told the switch to ask it. (What ovs-vsctl says of it, is_connected, is 5 s old.) */
static int controlled_wait(const struct testbed *t, const struct node *n, struct err *e)
{
	char target[320], flows[4096] = "";
	struct err why = { 0 };
	int64_t end_ns = clock_now_ns() + CONTROLLER_NS;
	snprintf(target, sizeof(target), "unix:%s", n->flow_socket);
	const char *const ask[] = { "ovs-ofctl", "dump-flows", target, NULL };
	while (process_run(NULL, ask, 5 * NS_PER_S, flows, sizeof(flows), &why) < 0 || !strstr(flows, "CONTROLLER")) {
		if (clock_now_ns() > end_ns)
			return err_set(e, EXIT_CANNOT,
			               "the switch of node '%s' has no controller (see '%s/controller.log')", n->name,
			               t->nodes[NODE_HEAD].state_directory);
		clock_sleep(50 * NS_PER_MS);
	}
	return 0;
}

static int switches_make(struct testbed *t, struct err *e)
{
	bool kernel = ovs_kernel_datapath(t->datapath, sizeof(t->datapath));
	const char *datapath = kernel ? "system" : "netdev";
	for (int i = NODE_SRC; i <= NODE_DST; i++) {
		struct node *n = &t->nodes[i];
		if (ovs_start(n, &t->daemons, t->undo, e) < 0 || physical_make(n, i, datapath, e) < 0 ||
		    switch_make(t, i, datapath, e) < 0)
			return err_prefix(e, "switch of node '%s'", n->name);
		ovs_flow_socket(n, "br-lan", n->flow_socket, sizeof(n->flow_socket));
	}
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		if (controlled_wait(t, &t->nodes[i], e) < 0)
			return -1;
	return 0;
}

/* The first frame into a tunnel is lost while its switch asks for the router's address, and the kernel asks again after a
 * second: until something has come back. */
static int tunnel_wait(const struct testbed *t, struct err *e)
{
	const struct node *src = &t->nodes[NODE_SRC], *dst = &t->nodes[NODE_DST];
	const struct probe_path path = { src->netns_path, src->lan_ip, dst->netns_path, dst->lan_ip };
	enum { PROBES = 10 };
	int64_t rtt_ns[PROBES], end_ns = clock_now_ns() + TUNNEL_NS + 4 * t->spec.shape.rtt_ns;
	int came;
	while ((came = probe_round_trips(&path, PROBES, 5 * NS_PER_MS, 50 * NS_PER_MS + t->spec.shape.rtt_ns, rtt_ns,
	                                 e)) == 0)
		if (clock_now_ns() > end_ns)
			return err_set(
				e, EXIT_CANNOT,
				"nothing comes back through the %s tunnel from src to dst: see "
				"'%s/ovs-vswitchd.log' and that of dst, or try another link.tunnel (gre, vxlan, "
				"geneve); with link.loss it may have been lost",
				tunnel_name((enum tunnel)t->spec.tunnel), src->state_directory);
	return came < 0 ? -1 : 0;
}

int two_lans_make(struct testbed *t, struct err *e)
{
	const struct node *head = &t->nodes[NODE_HEAD], *sto = &t->nodes[NODE_STO];
	struct node router = { 0 };
	/* The links first: a port that is made again under a switch is dead. */
	if (lans_make(t, &router, e) < 0 || controller_start(t, e) < 0 ||
	    network_bridge(head, "br-lan", head->lan_ip, e) < 0 ||
	    network_bridge(sto, "br-lan", sto->lan_ip, e) < 0 || network_uplink(t, NODE_SRC, e) < 0 ||
	    network_uplink(t, NODE_STO, e) < 0 || network_join(sto, "up0", "br-lan", e) < 0 ||
	    frames_complete(t, &router, e) < 0)
		return -1;
	return switches_make(t, e) < 0 ? -1 : tunnel_wait(t, e);
}

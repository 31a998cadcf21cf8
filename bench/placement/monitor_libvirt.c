/*
 * monitor_libvirt.c - readings from libvirt: one bulk call a second and node (virConnectGetAllDomainStats()).
 *
 * A node on this machine (its URI names no host) is read from /proc, and goes on being read when its libvirtd does not
 * answer; of another one libvirt tells CPU time and memory, and neither disks nor network.
 *
 * Its thread waits in the call for as long as libvirtd takes, which the monitor is made for: libvirt has no deadlines.
 * A daemon that went away is noticed at once, one that hangs after some 20 s (hypervisor_open()); one connection a node
 * is tried again every second. With NOWAIT a VM whose QEMU is busy lacks what only QEMU knows, and holds up nobody.
 */
#include "bench/placement/monitor_source.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"
#include "bench/placement/monitor_libvirt.h"
#include "bench/placement/monitor_local.h"
#include "bench/testbed/testbed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct libvirt_node {
	char uri[320];
	virConnectPtr connection;     /* NULL: not open */
	struct local_counters *local; /* NULL: on another machine */
};

struct monitor_node monitor_local_node(const struct node *node)
{
	return (struct monitor_node){
		.name = node->name,
		.libvirt_uri = node->libvirt_uri,
		.netns = node->netns_path,
		.devices = testbed_uplinks,
		.core = node->core + 1,
	};
}

static int64_t number(virTypedParameterPtr params, int count, const char *name)
{
	const virTypedParameter *p = virTypedParamsGet(params, count, name);
	if (!p)
		return MONITOR_MISSING;
	switch (p->type) {
	case VIR_TYPED_PARAM_INT:
		return p->value.i;
	case VIR_TYPED_PARAM_UINT:
		return p->value.ui;
	case VIR_TYPED_PARAM_LLONG:
		return p->value.l;
	case VIR_TYPED_PARAM_ULLONG:
		return p->value.ul > INT64_MAX ? MONITOR_MISSING : (int64_t)p->value.ul;
	default:
		return MONITOR_MISSING;
	}
}

/* GROUP.0.FIELD + GROUP.1.FIELD ... of all GROUP.count; missing where one is. */
static int64_t sum(virTypedParameterPtr params, int count, const char *group, const char *field)
{
	char name[64];
	snprintf(name, sizeof(name), "%s.count", group);
	int64_t members = number(params, count, name), all = members == MONITOR_MISSING ? MONITOR_MISSING : 0;
	for (int64_t i = 0; i < members && all != MONITOR_MISSING; i++) {
		snprintf(name, sizeof(name), "%s.%d.%s", group, (int)i, field);
		int64_t one = number(params, count, name);
		all = one == MONITOR_MISSING ? MONITOR_MISSING : all + one;
	}
	return all;
}

static int64_t kibibytes(virTypedParameterPtr params, int count, const char *name)
{
	int64_t value = number(params, count, name);
	return value == MONITOR_MISSING ? value : value * 1024;
}

void monitor_libvirt_vm(virTypedParameterPtr params, int count, int64_t head_ns, struct monitor_reading *ret)
{
	static const char *const states[] = {
		[VIR_DOMAIN_NOSTATE] = "no state",       [VIR_DOMAIN_RUNNING] = MONITOR_RUNNING,
		[VIR_DOMAIN_BLOCKED] = "blocked",        [VIR_DOMAIN_PAUSED] = "paused",
		[VIR_DOMAIN_SHUTDOWN] = "shutting down", [VIR_DOMAIN_SHUTOFF] = "shut off",
		[VIR_DOMAIN_CRASHED] = "crashed",        [VIR_DOMAIN_PMSUSPENDED] = "suspended",
	};
	int64_t state = number(params, count, "state.state");
	if (state >= 0 && state < (int64_t)(sizeof(states) / sizeof(states[0])))
		ret->state = states[state];
	ret->head_ns = head_ns;
	ret->value[MONITOR_CPUS] = number(params, count, "vcpu.current");
	ret->value[MONITOR_CPU_NS] = number(params, count, "cpu.time");
	ret->value[MONITOR_MEMORY] = kibibytes(params, count, "balloon.rss");
	ret->value[MONITOR_MEMORY_TOTAL] = kibibytes(params, count, "balloon.current");
	ret->value[MONITOR_DISK_READ] = sum(params, count, "block", "rd.bytes");
	ret->value[MONITOR_DISK_WRITTEN] = sum(params, count, "block", "wr.bytes");
	ret->value[MONITOR_NET_RECEIVED] = sum(params, count, "net", "rx.bytes");
	ret->value[MONITOR_NET_SENT] = sum(params, count, "net", "tx.bytes");
	if (!ret->state)
		snprintf(ret->missing, sizeof(ret->missing), "libvirt does not tell its state");
	monitor_reading_explain(ret, "libvirt");
}

static int reach(struct libvirt_node *n, struct err *e)
{
	if (n->connection && virConnectIsAlive(n->connection) != 1) {
		virConnectClose(n->connection);
		n->connection = NULL;
	}
	return n->connection ? 0 : hypervisor_open_once(&n->connection, n->uri, e);
}

static int node_cpu(virConnectPtr connection, int64_t *ret_ns)
{
	int count = 0;
	int64_t busy_ns = 0, known = 0;
	if (virNodeGetCPUStats(connection, VIR_NODE_CPU_STATS_ALL_CPUS, NULL, &count, 0) < 0 || count <= 0)
		return -1;
	virNodeCPUStatsPtr stats = calloc((size_t)count, sizeof(*stats));
	if (stats && virNodeGetCPUStats(connection, VIR_NODE_CPU_STATS_ALL_CPUS, stats, &count, 0) == 0)
		for (int i = 0; i < count; i++)
			if (strcmp(stats[i].field, VIR_NODE_CPU_STATS_USER) == 0 ||
			    strcmp(stats[i].field, VIR_NODE_CPU_STATS_KERNEL) == 0) {
				busy_ns += (int64_t)stats[i].value;
				known++;
			}
	free(stats);
	if (known != 2)
		return -1;
	*ret_ns = busy_ns;
	return 0;
}

static void libvirt_read_node(void *state, int64_t deadline_ns, struct monitor_reading *ret)
{
	(void)deadline_ns;
	struct libvirt_node *n = state;
	struct err e = { 0 };
	virNodeInfo info;
	int64_t total, available;
	if (n->local) {
		local_counters_read(n->local, ret);
		return;
	}
	if (reach(n, &e) < 0) {
		snprintf(ret->missing, sizeof(ret->missing), "%s", e.text);
		return;
	}
	int64_t before_ns = clock_now_ns();
	node_cpu(n->connection, &ret->value[MONITOR_CPU_NS]);
	ret->head_ns = before_ns + (clock_now_ns() - before_ns) / 2;
	if (virNodeGetInfo(n->connection, &info) == 0)
		ret->value[MONITOR_CPUS] = info.cpus;
	if (hypervisor_memory(n->connection, &total, &available) == 0) {
		ret->value[MONITOR_MEMORY_TOTAL] = total;
		ret->value[MONITOR_MEMORY] = total - available;
	}
	monitor_reading_explain(ret, "libvirt");
}

static int libvirt_read_vms(void *state, int64_t deadline_ns, struct monitor_answer *ret, struct err *e)
{
	(void)deadline_ns;
	struct libvirt_node *n = state;
	const unsigned stats = VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON |
	                       VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK;
	virDomainStatsRecordPtr *records;
	if (reach(n, e) < 0)
		return -1;
	int64_t before_ns = clock_now_ns();
	int count = virConnectGetAllDomainStats(n->connection, stats, &records,
	                                        VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE |
	                                                VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
	if (count < 0)
		return hypervisor_error(e, "libvirt does not say how its VMs do");
	int64_t head_ns = before_ns + (clock_now_ns() - before_ns) / 2;
	int result = 0;
	for (int i = 0; i < count && result == 0; i++) {
		struct monitor_reading *r = monitor_answer_add(ret, virDomainGetName(records[i]->dom));
		if (r)
			monitor_libvirt_vm(records[i]->params, records[i]->nparams, head_ns, r);
		else
			result = err_errno(e, EXIT_CANNOT, "no room for %d VMs", count);
	}
	virDomainStatsRecordListFree(records);
	return result;
}

static void libvirt_close(void *state)
{
	struct libvirt_node *n = state;
	if (n->connection)
		virConnectClose(n->connection);
	local_counters_close(n->local);
	free(n);
}

static int libvirt_open(const struct monitor_node *node, const void *argument, void **ret_state, struct err *e)
{
	(void)argument;
	struct libvirt_node *n = calloc(1, sizeof(*n));
	if (!n)
		return err_errno(e, EXIT_CANNOT, "cannot watch node '%s'", node->name);
	snprintf(n->uri, sizeof(n->uri), "%s", node->libvirt_uri);
	if (hypervisor_init(e) < 0 ||
	    (hypervisor_uri_is_local(n->uri) && local_counters_open(&n->local, node, e) < 0)) {
		libvirt_close(n);
		return -1;
	}
	*ret_state = n;
	return 0;
}

const struct monitor_source_ops monitor_libvirt = {
	.name = "libvirt",
	.open = libvirt_open,
	.read_node = libvirt_read_node,
	.read_vms = libvirt_read_vms,
	.close = libvirt_close,
};

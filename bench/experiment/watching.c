#include "bench/experiment/watching.h"

#include "bench/base/err.h"
#include "bench/experiment/guests.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

/* Of its workload `stream`: the client keeps time with it. 0: it has none. */
static int64_t stream_interval_ns(const struct experiment_vm *vm)
{
	for (int i = 0; i < VM_WORKLOADS_MAX && vm->workloads[i]; i++) {
		const struct option_row *row = option_find(vm->workloads[i]->options, "interval");
		if (vm->workloads[i] == &stream_workload && row)
			return *(const int64_t *)(const void *)((const char *)vm->workload_options[i] + row->offset);
	}
	return 0;
}

static void watch_fill(struct watching *w, const struct experiment *x, const struct testbed *t, uint64_t run_id,
                       const char *run_directory)
{
	const struct node *head = &t->nodes[NODE_HEAD];
	int nodes = 0;
	for (int i = 0; i < NODE_COUNT; i++) {
		const struct node *n = &t->nodes[i];
		const struct remote_host *remote = remote_testbed_host(t, i);
		if (!n->name[0])
			continue;
		w->nodes[nodes++] = (struct watched_node){
			.name = n->name,
			.netns = n->netns_path[0] ? n->netns_path : NULL,
			.core = n->core,
			.libvirt_uri = n->libvirt_uri[0] ? n->libvirt_uri : NULL,
			.qemu_pid_directory = n->qemu_pid_directory[0] ? n->qemu_pid_directory : NULL,
			.flow_socket = n->flow_socket[0] ? n->flow_socket : NULL,
			.switch_number = testbed_switch_number(i),
			.migration_ip = i == NODE_SRC || i == NODE_DST ? n->migration_ip : NULL,
			.ssh = remote ? remote->ssh : NULL,
			.device = remote && remote->spec->device[0] ? remote->spec->device : NULL,
		};
	}
	for (int i = 0; i < x->vm_count; i++) {
		const struct experiment_vm *vm = &x->vms[i];
		w->vms[i] = (struct watched_vm){
			.name = vm->name,
			.domain = experiment_domain(vm),
			.index = i,
			.node = vm->node,
			.management_ip = guest_address(x, MANAGEMENT_NETWORK, i, w->management_ips[i],
			                               sizeof(w->management_ips[i])),
			.data_ip = guest_address(x, LAN_NETWORK, i, w->data_ips[i], sizeof(w->data_ips[i])),
			.data_mac = guest_mac(2, i, w->data_macs[i], sizeof(w->data_macs[i])),
			.stream_interval_ns = stream_interval_ns(vm),
			.sessions = vm->sessions,
			.migrating = experiment_moves(x, vm),
		};
		for (int k = 0; k < VM_WORKLOADS_MAX && vm->workloads[k]; k++)
			w->vms[i].workloads[k] = vm->workloads[k]->name;
	}
	for (int i = 0; i < t->link_count; i++)
		w->links[i] = (struct watched_link){ t->links[i].name, t->links[i].netns_path, t->links[i].device,
			                             t->links[i].tx_name, t->links[i].rx_name };
	w->watch = (struct watch){
		.directory = run_directory,
		.run_id = run_id,
		.head_netns = head->netns_path[0] ? head->netns_path : NULL,
		.management_ip = head->management_ip,
		.data_device = t->spec.remote ? x->remote.data_device : "br-lan",
		.nodes = w->nodes,
		.node_count = nodes,
		.vms = w->vms,
		.vm_count = x->vm_count,
		.links = w->links,
		.link_count = t->link_count,
		.learned_path = t->learned_path[0] ? t->learned_path : NULL,
		.sample_interval_ns = x->collect.sample_interval_ns,
		.job_interval_ns = x->collect.job_interval_ns,
		.cpu_interval_ns = x->collect.cpu_interval_ns,
		.link_interval_ns = x->collect.link_interval_ns,
		.tcp_interval_ns = x->collect.tcp_interval_ns,
		.packet_bin_ns = x->collect.packet_bin_ns,
		.flow_interval_ns = x->collect.flow_interval_ns,
		.web = &x->sessions,
		.seed = x->general.seed,
	};
}

/* Each kind of node has collectors of its own for its counters, which write the same files; one that cannot be asked, none. */
static bool is_of_kind(const struct collector_ops *ops, const struct testbed *t)
{
	if (t->spec.outside && (ops == &cpu_collector || ops == &link_collector || ops == &job_collector))
		return false;
	return ops == &hosts_collector                           ? t->remote != NULL
	       : ops == &cpu_collector || ops == &link_collector ? t->remote == NULL
	                                                         : true;
}

int watching_start(struct watching *w, const struct experiment *x, const struct testbed *t, uint64_t run_id,
                   const char *run_directory, watching_sink *sink, void *context, struct err *e)
{
	memset(w, 0, sizeof(*w));
	watch_fill(w, x, t, run_id, run_directory);
	w->watch.event = sink;
	w->watch.event_context = context;
	for (int i = 0; collectors[i]; i++) {
		if (!x->collect.on[i] || !is_of_kind(collectors[i], t))
			continue;
		if (collectors[i]->start(&w->watch, &w->states[i], e) < 0) {
			w->states[i] = NULL;
			watching_stop(w, NULL, NULL);
			return err_prefix(e, "collector '%s'", collectors[i]->name);
		}
		if (collectors[i] == &samples_collector)
			w->samples = w->states[i];
		if (collectors[i] == &job_collector)
			w->job = w->states[i];
		if (collectors[i] == &web_sessions_collector)
			w->web = w->states[i];
		if (collectors[i] == &continuity_collector)
			w->continuity = w->states[i];
	}
	return 0;
}

int watching_stop(struct watching *w, struct json_object *facts, struct err *e)
{
	struct err first = { 0 }, one;
	w->samples = NULL;
	w->job = NULL;
	w->web = NULL;
	w->continuity = NULL;
	for (int i = 0; collectors[i]; i++) {
		if (!w->states[i])
			continue;
		struct json_object *own = json_object_new_object();
		memset(&one, 0, sizeof(one));
		if (collectors[i]->stop(w->states[i], own, &one) < 0 && !first.status)
			first = one;
		w->states[i] = NULL;
		if (facts)
			json_object_object_add(facts, collectors[i]->name, own);
		else
			json_object_put(own);
	}
	return first.status ? err_set(e, first.status, "%s", first.text) : 0;
}

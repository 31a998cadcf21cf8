#include "bench/experiment/run_facts.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/ssh.h"
#include "bench/experiment/guests.h"
#include "bench/testbed/link_tcp.h"
#include "bench/testbed/two_lans.h"

#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

static struct json_object *text(const char *value)
{
	return json_object_new_string(value);
}

/* Every option of a table by name, as a user would write it. */
static struct json_object *options_json(const struct option_row *rows, const void *from)
{
	struct json_object *into = json_object_new_object();
	char value[OPTION_STRING_ROOM];
	for (; rows && rows->name; rows++)
		json_object_object_add(into, rows->name, text(option_get(rows, from, value, sizeof(value))));
	return into;
}

static struct json_object *vm_json(const struct experiment *x, int index)
{
	const struct experiment_vm *vm = &x->vms[index];
	struct json_object *into = json_object_new_object(), *list = json_object_new_array();
	char ip[16];
	json_object_object_add(into, "name", text(vm->name));
	json_object_object_add(into, "index", json_object_new_int(index));
	json_object_object_add(into, "role", text(experiment_role(x, vm)));
	json_object_object_add(into, "node", text(vm->node));
	json_object_object_add(into, "memory_bytes", json_object_new_int64(vm->memory_bytes));
	json_object_object_add(into, "spare_bytes", json_object_new_int64(vm->spare_bytes));
	json_object_object_add(into, "disk_bytes", json_object_new_int64(vm->disk_bytes));
	json_object_object_add(into, "vcpus", json_object_new_int64(vm->vcpus));
	json_object_object_add(into, "memory_fill", text(vm->fill == FILL_RANDOM ? "random" : "none"));
	json_object_object_add(into, "data_ip", text(guest_address(x, LAN_NETWORK, index, ip, sizeof(ip))));
	json_object_object_add(into, "sessions", text(vm->sessions));
	json_object_object_add(into, "sample_interval_ns", json_object_new_int64(x->collect.sample_interval_ns));
	for (int w = 0; w < VM_WORKLOADS_MAX && vm->workloads[w]; w++) {
		struct json_object *one = json_object_new_object();
		json_object_object_add(one, "name", text(vm->workloads[w]->name));
		json_object_object_add(one, "unit", text(vm->workloads[w]->unit));
		json_object_object_add(one, "options",
		                       options_json(vm->workloads[w]->options, vm->workload_options[w]));
		json_object_array_add(list, one);
	}
	json_object_object_add(into, "workloads", list);
	return into;
}

void run_facts_experiment(struct run_directory *d, const struct run_order *order, uint64_t run_id)
{
	const struct experiment *x = order->experiment;
	const struct experiment_vm *moving = experiment_moving_vm(x);
	struct json_object *vms = json_object_new_array();
	char id[24];
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)run_id);
	run_directory_set(d, "name", text(x->general.name));
	run_directory_set(d, "question", text(x->general.question));
	run_directory_set(d, "point", text(order->label));
	run_directory_set(d, "repeat", json_object_new_int64(order->repeat));
	run_directory_set(d, "command", text(order->command_line));
	run_directory_set(d, "run_id", text(id));
	run_directory_set(d, "seed", json_object_new_int64(x->general.seed));
	run_directory_set(d, "scale", json_object_new_double(x->scale));
	for (const struct experiment_section *s = experiment_sections; s->name; s++)
		if (strcmp(s->name, "vm") != 0) {
			char path[80];
			snprintf(path, sizeof(path), "config.%s", s->name);
			run_directory_set(d, path, options_json(s->rows, (const char *)x + s->offset));
		}
	for (int i = 0; i < x->vm_count; i++)
		json_object_array_add(vms, vm_json(x, i));
	run_directory_set(d, "vms", vms);
	run_directory_set(d, "features.asked", feature_asked(&x->features));
	run_directory_set(d, "migration.mode",
	                  text(x->migration.mode == MODE_PRECOPY    ? "precopy"
	                       : x->migration.mode == MODE_POSTCOPY ? "postcopy"
	                                                            : "none"));
	if (moving) {
		run_directory_set(d, "migration.vm", text(moving->name));
		run_directory_set(d, "migration.source", text(moving->node));
		run_directory_set(d, "migration.destination", text(strcmp(moving->node, "src") == 0 ? "dst" : "src"));
	}
	if (x->consolidate.ops)
		run_directory_set(d, "consolidate.policy_options",
		                  options_json(x->consolidate.ops->options, x->consolidate.policy_options));
	const struct testbed_spec spec = experiment_testbed(x);
	run_directory_set(d, "migration.link", text(testbed_migration_link_name(&spec)));
}

void run_facts_host(struct run_directory *d)
{
	struct utsname u;
	struct sysinfo info;
	char line[256], model[200] = "missing";
	uname(&u);
	run_directory_set(d, "host.kernel", text(u.release));
	run_directory_set(d, "host.machine", text(u.machine));
	run_directory_set(d, "host.cores", json_object_new_int64(sysconf(_SC_NPROCESSORS_ONLN)));
	if (sysinfo(&info) == 0)
		run_directory_set(d, "host.memory_bytes",
		                  json_object_new_int64((int64_t)info.totalram * info.mem_unit));
	FILE *f = fopen("/proc/cpuinfo", "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "model name : %199[^\n]", model) == 1)
			break;
	if (f)
		fclose(f);
	run_directory_set(d, "host.cpu", text(model));
}

/* What was looked for and is not here, so that something else took its place. */
static void capability_missing(struct run_directory *d, const char *what, const char *why)
{
	char path[80];
	snprintf(path, sizeof(path), "capabilities_missing.%s", what);
	run_directory_set(d, path, text(why));
}

struct host_load host_load_now(void)
{
	struct host_load load = { 0 };
	long long ticks[8] = { 0 };
	FILE *f = fopen("/proc/stat", "re");
	if (f && fscanf(f, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &ticks[0], &ticks[1], &ticks[2], &ticks[3],
	                &ticks[4], &ticks[5], &ticks[6], &ticks[7]) == 8)
		for (int i = 0; i < 8; i++) {
			load.all += ticks[i];
			load.busy += i == 3 || i == 4 ? 0 : ticks[i]; /* idle, waiting for a disk */
		}
	if (f)
		fclose(f);
	return load;
}

void run_facts_load(struct run_directory *d, struct host_load since)
{
	struct host_load now = host_load_now();
	if (since.all && now.all > since.all)
		run_directory_set(
			d, "host.busy_share",
			json_object_new_double((double)(now.busy - since.busy) / (double)(now.all - since.all)));
}

void run_facts_guest(struct run_directory *d, const struct guest_boot *boot, int accelerator)
{
	if (!boot->kvm && accelerator != ACCELERATOR_TCG)
		capability_missing(d, "kvm", boot->accelerator_reason);
	run_directory_set(d, "accelerator", text(boot->kvm ? "kvm" : "tcg"));
	run_directory_set(d, "accelerator_reason", text(boot->accelerator_reason));
	run_directory_set(d, "guest.kernel", text(boot->kernel_version));
}

void run_facts_link(struct run_directory *d, const struct testbed *t, const struct link_measured *m)
{
	const struct testbed_link *l = testbed_migration_link(t);
	const struct option_row *rows = experiment_section_rows("link");
	struct experiment_link asked = { .topology = t->spec.topology,
		                         .backend = t->spec.backend,
		                         .network = t->spec.network,
		                         .tunnel = t->spec.tunnel,
		                         .shape = t->spec.shape,
		                         .tcp_buffer_bytes = t->spec.tcp_buffer_bytes };
	struct json_object *flags = json_object_new_array();
	struct link_tcp tcp;
	struct err why = { 0 };
	if (!t->remote && t->spec.backend == LINK_AUTO && l->link->backend != LINK_NETEM &&
	    link_backend_probe(LINK_NETEM, &why) < 0)
		capability_missing(d, "netem", why.text);
	snprintf(asked.congestion_control, sizeof(asked.congestion_control), "%s", t->spec.congestion_control);
	run_directory_set(d, "link.asked", options_json(rows, &asked));
	run_directory_set(d, "link.backend", text(link_backend_name(l->link->backend)));
	if (t->datapath[0]) {
		run_directory_set(d, "link.switch.datapath", text(t->datapath));
		run_directory_set(d, "link.switch.controller", text("os-ken, learning_switch.py"));
		run_directory_set(d, "link.switch.tunnel_overhead_bytes",
		                  json_object_new_int(tunnel_overhead((enum tunnel)t->spec.tunnel)));
	}
	run_directory_set(d, "link.queue_bytes", json_object_new_int64(l->link->shape.queue_bytes));
	run_directory_set(d, "link.frame_overhead_bytes", json_object_new_int(l->link->frame_overhead));
	run_directory_set(d, "link.measured.goodput_bits_per_s",
	                  isnan(m->goodput_bits_per_s) ? text("missing")
	                                               : json_object_new_double(m->goodput_bits_per_s));
	run_directory_set(d, "link.measured.ideal_bits_per_s", json_object_new_double(m->ideal_bits_per_s));
	bool timed = m->rtt_p50_ns >= 0;
	run_directory_set(d, "link.measured.rtt_p50_ns",
	                  timed ? json_object_new_int64(m->rtt_p50_ns) : text("missing"));
	run_directory_set(d, "link.measured.rtt_p99_ns",
	                  timed ? json_object_new_int64(m->rtt_p99_ns) : text("missing"));
	run_directory_set(d, "link.measured.probes_sent", json_object_new_int(m->probes_sent));
	run_directory_set(d, "link.measured.probes_lost", json_object_new_int(m->probes_lost));
	if (m->reason[0])
		json_object_array_add(flags, text(m->reason));
	run_directory_set(d, "link.flags", flags);
	if (!t->remote && link_read_tcp(t->nodes[NODE_SRC].netns_path, &tcp, NULL) == 0) {
		run_directory_set(d, "link.tcp.congestion_control", text(tcp.congestion_control));
		run_directory_set(d, "link.tcp.rmem", text(tcp.rmem));
		run_directory_set(d, "link.tcp.wmem", text(tcp.wmem));
	}
}

void run_facts_remote(struct run_directory *d, const struct testbed *t)
{
	static const struct {
		const char *name, *script;
	} asked[] = {
		{ "kernel", "uname -r" },
		{ "machine", "uname -m" },
		{ "cores", "getconf _NPROCESSORS_ONLN" },
		{ "cpu", "sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1" },
		{ "tcp.congestion_control", /* that of a route is what connections over it use */
		  "c=$(ip -4 route show | sed -n 's/.* congctl \\([^ ]*\\).*/\\1/p' | head -n 1); [ -n \"$c\" ] || "
		  "read -r c </proc/sys/net/ipv4/tcp_congestion_control; echo \"$c\"" },
		{ "tcp.rmem", "cat /proc/sys/net/ipv4/tcp_rmem | tr '\\t' ' '" },
		{ "tcp.wmem", "cat /proc/sys/net/ipv4/tcp_wmem | tr '\\t' ' '" },
	};
	for (int i = NODE_SRC; t->remote && i <= NODE_DST; i++)
		for (size_t k = 0; k < sizeof(asked) / sizeof(asked[0]); k++) {
			char answer[300] = "missing", path[80];
			snprintf(path, sizeof(path), "nodes.%s.%s", t->nodes[i].name, asked[k].name);
			ssh_ask(remote_testbed_host(t, i)->ssh, asked[k].script, 10 * NS_PER_S, answer,
			        sizeof(answer), NULL, NULL);
			answer[strcspn(answer, "\n")] = '\0';
			bool number = answer[0] && strlen(answer) == strspn(answer, "0123456789");
			run_directory_set(d, path,
			                  number ? json_object_new_int64(strtoll(answer, NULL, 10)) : text(answer));
		}
}

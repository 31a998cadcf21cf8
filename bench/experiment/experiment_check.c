#include "bench/experiment/experiment_check.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/remote_config.h"
#include "bench/placement/consolidation.h"
#include "collectors/web_schedule.h"

#include <stdio.h>
#include <string.h>

#define KEEP_LEAST_NS (3600 * NS_PER_S)

/* What kernel and agent of our guests need to run at all. As its header says the kernel unpacks itself in 52 MiB from 16 MiB
 * on, with the initramfs (2 MiB) above that: 72 MiB boot, 64 do not. The rest is for the agent, which keeps every sample. */
enum { OWN_LOWEST = 96 << 20 };

int64_t experiment_memory_needed(const struct experiment_vm *vm)
{
	int64_t need = vm->domain[0] ? 0 : OWN_LOWEST;
	for (int i = 0; i < VM_WORKLOADS_MAX && vm->workloads[i]; i++)
		need += workload_memory_bytes(vm->workloads[i], vm->workload_options[i]);
	return need;
}

static int memory_check(const struct experiment *x, const struct experiment_vm *vm, struct err *e)
{
	const int64_t need = experiment_memory_needed(vm), mib = 1 << 20;
	if (vm->memory_bytes >= need)
		return 0;
	return err_set(e, EXIT_USAGE, "VM '%s' has %lld MiB of memory%s and needs at least %lld MiB%s%s", vm->name,
	               (long long)(vm->memory_bytes / mib), x->scale != 1 ? " (after --scale)" : "",
	               (long long)((need + mib - 1) / mib), vm->domain[0] ? "" : ": 96 MiB for its kernel and agent",
	               vm->domain[0] || need == OWN_LOWEST ? "" : ", the rest for its workload");
}

static int vm_check(const struct experiment *x, const struct experiment_vm *vm, struct err *e)
{
	if (strcmp(vm->node, "src") != 0 && strcmp(vm->node, "dst") != 0)
		return err_set(e, EXIT_USAGE, "VM '%s': node '%s' is neither src nor dst", vm->name, vm->node);
	for (int i = 0; i < VM_WORKLOADS_MAX && vm->workloads[i]; i++) {
		if (workload_check(vm->workloads[i], vm->workload_options[i], e) < 0)
			return err_prefix(e, "VM '%s', workload '%s'", vm->name, vm->workloads[i]->name);
		if (strcmp(vm->workloads[i]->name, "seqread") == 0 && (!vm->disk_bytes || !x->storage.kind))
			return err_set(
				e, EXIT_USAGE,
				"VM '%s' reads a disk but has none: set its disk = SIZE and [storage] kind = iscsi or copy",
				vm->name);
	}
	if (memory_check(x, vm, e) < 0)
		return -1;
	if (vm->disk_bytes && !x->storage.kind)
		return err_set(e, EXIT_USAGE,
		               "VM '%s' has a disk, but [storage] kind is none: set it to iscsi or copy", vm->name);
	if (vm->image && x->storage.kind != STORAGE_ISCSI)
		return err_set(e, EXIT_USAGE, "VM '%s' has a disk made from an image: set [storage] kind = iscsi",
		               vm->name);
	return 0;
}

static int sessions_check(const struct experiment *x, const struct experiment_vm *vm, struct err *e)
{
	struct web_schedule unused;
	bool web = false;
	if (!vm->sessions[0])
		return 0;
	for (int i = 0; i < VM_WORKLOADS_MAX && vm->workloads[i]; i++)
		web |= strcmp(vm->workloads[i]->name, "web") == 0;
	if (!web)
		return err_set(e, EXIT_USAGE, "VM '%s' has sessions but no workload 'web'", vm->name);
	if (x->sessions.tolerable_ns < x->sessions.good_ns)
		return err_set(e, EXIT_USAGE, "sessions.tolerable is below sessions.good");
	if (x->sessions.timeout_ns < x->sessions.tolerable_ns)
		return err_set(
			e, EXIT_USAGE,
			"sessions.timeout is below sessions.tolerable: a response would be given up while it is "
			"still tolerable");
	if (web_schedule_parse(vm->sessions, &unused, e) < 0)
		return err_prefix(e, "VM '%s', sessions", vm->name);
	return 0;
}

static struct experiment_vm *vm_find(struct experiment *x, const char *name, const char *key, struct err *e)
{
	const char *names[VMS_MAX];
	for (int i = 0; i < x->vm_count; i++) {
		names[i] = x->vms[i].name;
		if (strcmp(names[i], name) == 0)
			return &x->vms[i];
	}
	const char *near = nearest_name(name, names, (size_t)x->vm_count);
	err_set(e, EXIT_USAGE, "%s: there is no VM '%s'%s%s%s", key, name, near ? ", did you mean '" : "",
	        near ? near : "", near ? "'?" : "");
	return NULL;
}

static int features_check(const struct experiment *x, bool disks, struct err *e)
{
	const struct feature_also also = experiment_feature_also(x);
	return feature_check(&x->features, &also, disks, e);
}

/* One VM moves, which there must be. */
static int moving_check(struct experiment *x, struct err *e)
{
	if (!x->migration.vm[0])
		snprintf(x->migration.vm, sizeof(x->migration.vm), "%s", x->vms[0].name);
	const struct experiment_vm *vm = vm_find(x, x->migration.vm, "migration.vm", e);
	return vm ? features_check(x, experiment_copies(x, vm), e) : -1;
}

/* A loop that waits for all jobs: a workload without one would be waited for to no end. */
static int jobs_check(const struct experiment *x, struct err *e)
{
	for (int i = 0; i < x->vm_count; i++)
		for (int w = 0; w < VM_WORKLOADS_MAX && x->vms[i].workloads[w]; w++) {
			const struct workload_ops *ops = x->vms[i].workloads[w];
			if (!ops->has_job || !ops->has_job(x->vms[i].workload_options[w]))
				return err_set(e, EXIT_USAGE,
				               "consolidate.until = %s, but workload '%s' of VM '%s' has no job and "
				               "never ends: give it one, or set until = duration",
				               x->consolidate.until == UNTIL_JOBS ? "jobs" : "gathered", ops->name,
				               x->vms[i].name);
		}
	return 0;
}

int64_t experiment_keep_ns(const struct experiment *x)
{
	const struct experiment_consolidate *k = &x->consolidate;
	/* The last move may begin at the end, and take twice its time in post-copy. */
	int64_t whole_ns = k->duration_ns + 2 * x->migration.timeout_ns + x->general.settle_ns;
	return k->keep_ns ? k->keep_ns : whole_ns > KEEP_LEAST_NS ? whole_ns : KEEP_LEAST_NS;
}

/* Any VM may move, whenever the policy says so. */
static int loop_check(const struct experiment *x, struct err *e)
{
	const struct experiment_consolidate *k = &x->consolidate;
	bool disks = false;
	if (x->migration.mode == MODE_NONE)
		return err_set(e, EXIT_USAGE,
		               "migration.mode = none leaves consolidate.policy nothing to do: to "
		               "move nothing, set consolidate.policy = none");
	if (x->migration.vm[0])
		return err_set(e, EXIT_USAGE, "migration.vm cannot be set where consolidate.policy decides");
	if (x->migration.sent_limit > 0 || x->fault.cut_ns)
		return err_set(e, EXIT_USAGE, "%s is for one migration, and consolidate.policy makes several",
		               x->fault.cut_ns ? "fault.cut" : "migration.sent_limit");
	if (k->power == NODE_POWER_COMMAND && (!k->sleep[0] || !k->wake[0]))
		return err_set(e, EXIT_USAGE, "consolidate.power = command needs consolidate.sleep and .wake");
	policy_link_set(k->ops, k->policy_options, x->link.shape.rate_bits_per_s, x->link.shape.rtt_ns);
	if (k->until != UNTIL_DURATION && jobs_check(x, e) < 0)
		return -1;
	if (k->keep_ns && k->keep_ns < k->duration_ns)
		return err_set(
			e, EXIT_USAGE,
			"consolidate.keep is shorter than consolidate.duration: what the monitor saw first would be "
			"gone at the end; set it to 0 to keep all");
	if (consolidation_check(k->ops, k->policy_options, e) < 0)
		return err_prefix(e, "consolidate");
	for (int i = 0; i < x->vm_count; i++)
		disks |= experiment_copies(x, &x->vms[i]);
	return features_check(x, disks, e);
}

/* The VMs that group.vms names: on one node, which they leave. */
static int group_choose(struct experiment *x, struct err *e)
{
	char text[OPTION_STRING_ROOM], *save = NULL;
	const char *node = NULL;
	snprintf(text, sizeof(text), "%s", x->group.vms);
	for (int i = 0; i < x->vm_count && strcmp(text, "all") == 0; i++)
		x->group.moves[i] = true;
	for (char *name = strtok_r(text, ", ", &save); name && strcmp(x->group.vms, "all") != 0;
	     name = strtok_r(NULL, ", ", &save)) {
		const struct experiment_vm *vm = vm_find(x, name, "group.vms", e);
		if (!vm)
			return -1;
		x->group.moves[vm - x->vms] = true;
	}
	for (int i = 0; i < x->vm_count; i++) {
		if (!x->group.moves[i])
			continue;
		if (node && strcmp(node, x->vms[i].node) != 0)
			return err_set(e, EXIT_USAGE, "group.vms: '%s' is on node %s, and others are on node %s",
			               x->vms[i].name, x->vms[i].node, node);
		node = x->vms[i].node;
	}
	return node ? 0 : err_set(e, EXIT_USAGE, "group.vms names no VM");
}

static int group_check(struct experiment *x, struct err *e)
{
	bool disks = false;
	if (group_choose(x, e) < 0)
		return -1;
	if (x->consolidate.ops)
		return err_set(e, EXIT_USAGE, "group.vms and consolidate.policy cannot both say what moves");
	if (x->migration.mode == MODE_NONE || x->migration.vm[0])
		return err_set(e, EXIT_USAGE, "migration.%s cannot be set where group.vms says what moves",
		               x->migration.vm[0] ? "vm" : "mode = none");
	if (x->migration.sent_limit > 0 || x->fault.cut_ns)
		return err_set(e, EXIT_USAGE, "%s is for one migration, and group.vms makes several",
		               x->fault.cut_ns ? "fault.cut" : "migration.sent_limit");
	if (!x->collect.on[COLLECTOR_JOB])
		return err_set(e, EXIT_USAGE, "group.vms needs collect.job = yes, which tells what was sent");
	for (int i = 0; i < x->vm_count; i++)
		disks |= experiment_copies(x, &x->vms[i]);
	return features_check(x, disks, e);
}

/* The relay takes the place of the destination's QEMU, for memory only. */
static int stream_check(const struct experiment *x, struct err *e)
{
	if (!x->migration.stream && x->migration.stream_kept[0])
		return err_set(e, EXIT_USAGE, "migration.stream_kept needs migration.stream = yes");
	if (!x->migration.stream)
		return 0;
	if (x->migration.mode == MODE_NONE || x->consolidate.ops)
		return err_set(e, EXIT_USAGE, "migration.stream watches one migration, or a group's: %s",
		               x->consolidate.ops ? "consolidate.policy has VMs come and go"
		                                  : "migration.mode = none makes none");
	if (x->features.tunnelled || x->features.copy_disks)
		return err_set(e, EXIT_USAGE, "migration.stream cannot watch a migration with migration.%s",
		               x->features.tunnelled ? "tunnelled" : "copy_disks");
	return 0;
}

/* The relays take the place of the destination's QEMU, too. */
static int reuse_check(const struct experiment *x, struct err *e)
{
	const struct experiment_migration *m = &x->migration;
	const char *other = x->consolidate.ops       ? "consolidate.policy"
	                    : experiment_is_group(x) ? "group.vms"
	                    : m->mode == MODE_NONE   ? "migration.mode = none"
	                                             : NULL;
	if (m->reuse_store[0] && !m->reuse)
		return err_set(e, EXIT_USAGE, "migration.reuse_store needs migration.reuse = yes");
	if (m->reuse && m->driver == DRIVER_EXEC)
		return err_set(e, EXIT_USAGE, "migration.reuse needs migration.driver = libvirt");
	if (other && m->moves_before)
		return err_set(e, EXIT_USAGE, "migration.moves_before is for one VM that moves, not with %s", other);
	if (m->reuse && m->mode == MODE_NONE)
		return err_set(e, EXIT_USAGE, "migration.reuse has nothing to do with migration.mode = none");
	if (!m->reuse)
		return 0;
	if (x->features.copy_disks && x->features.tls)
		return err_set(
			e, EXIT_USAGE,
			"migration.reuse cannot carry disks of a migration with migration.tls: they go through Unix "
			"sockets, for which libvirt has no TLS");
	other = x->features.parallel ? "parallel" : x->features.postcopy_preempt ? "postcopy_preempt" : NULL;
	if (other)
		return err_set(e, EXIT_USAGE,
		               "migration.reuse cannot be had with migration.%s: then pages go over several "
		               "connections, whose order relays do not keep and in which they recognise no page",
		               other);
	other = m->stream ? "stream" : x->features.tunnelled ? "tunnelled" : NULL;
	return other ? err_set(e, EXIT_USAGE, "migration.reuse cannot be had with migration.%s", other) : 0;
}

/* Commands are handed the mode and the limits; all else that this program asks a hypervisor for they must know themselves. */
static int driver_check(const struct experiment *x, struct err *e)
{
	const struct experiment_migration *m = &x->migration;
	const char *given = m->start[0] ? "start" : m->state[0] ? "state" : m->cancel[0] ? "cancel" : NULL;
	if (m->driver != DRIVER_EXEC)
		return given ? err_set(e, EXIT_USAGE, "migration.%s needs migration.driver = exec", given) : 0;
	if (!m->start[0])
		return err_set(e, EXIT_USAGE,
		               "migration.driver = exec needs migration.start, the command that moves a VM");
	for (const struct feature *f = features; f->key; f++)
		if (feature_is_asked(f, &x->features))
			return err_set(
				e, EXIT_USAGE,
				"migration.%s cannot be asked for with migration.driver = exec: have the command "
				"of migration.start ask for it",
				f->key);
	if (m->sent_limit > 0 || m->stream || m->page_waits)
		return err_set(e, EXIT_USAGE, "migration.%s needs migration.driver = libvirt",
		               m->stream       ? "stream"
		               : m->page_waits ? "page_waits"
		                               : "sent_limit");
	return 0;
}

static int waits_check(const struct experiment *x, struct err *e)
{
	if (!x->migration.page_waits || (x->migration.mode == MODE_POSTCOPY && experiment_moving_vm(x)))
		return 0;
	return err_set(e, EXIT_USAGE,
	               "migration.page_waits watches one VM in post-copy: set migration.mode = postcopy%s",
	               experiment_moving_vm(x) ? "" : ", and no group.vms or consolidate.policy");
}

int experiment_check(struct experiment *x, struct err *e)
{
	if (!x->vm_count)
		return err_set(e, EXIT_USAGE, "the config has no VM: add a section [vm vm1]");
	for (int i = 0; i < x->vm_count; i++)
		if (vm_check(x, &x->vms[i], e) < 0 || sessions_check(x, &x->vms[i], e) < 0)
			return -1;
	if (!x->collect.on[COLLECTOR_SAMPLES])
		return err_set(e, EXIT_USAGE,
		               "collect.samples cannot be off: without samples the run cannot follow its guests");
	if (experiment_link_check(&x->link, e) < 0 || remote_config_check(x, e) < 0)
		return -1;
	if (x->migration.suspend_ns && x->migration.mode != MODE_NONE)
		return err_set(e, EXIT_USAGE,
		               "migration.suspend stops a VM that does not move: set migration.mode = none");
	if (x->migration.sent_limit > 0 && !x->collect.on[COLLECTOR_JOB])
		return err_set(e, EXIT_USAGE,
		               "migration.sent_limit needs collect.job = yes, which tells what was sent");
	int moves = experiment_is_group(x) ? group_check(x, e)
	            : x->consolidate.ops   ? loop_check(x, e)
	                                   : moving_check(x, e);
	if (moves < 0 || stream_check(x, e) < 0 || driver_check(x, e) < 0 || waits_check(x, e) < 0 ||
	    reuse_check(x, e) < 0)
		return -1;
	for (int i = 0; i < x->vm_count; i++)
		if (experiment_copies(x, &x->vms[i]) && !x->features.copy_disks)
			return err_set(e, EXIT_USAGE,
			               "VM '%s' moves, and its disk must move along ([storage] kind = copy): set "
			               "migration.copy_disks",
			               x->vms[i].name);
	return 0;
}

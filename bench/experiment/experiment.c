#include "bench/experiment/experiment.h"

#include "bench/base/err.h"
#include "bench/experiment/experiment_check.h"
#include "bench/experiment/simulated.h"
#include "bench/testbed/disk_image.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Option sizes that --scale multiplies; memory and disk of a VM are scaled beside them. */
static const struct {
	const char *workload, *key;
} scaled_keys[] = {
	{ "intadd", "job" },      { "seqread", "span" },    { "seqread", "total" },
	{ "memdirty", "region" }, { "memcheck", "region" },
};

static struct experiment_vm *vm_named(struct experiment *x, const char *name, struct err *e)
{
	for (int i = 0; i < x->vm_count; i++)
		if (strcmp(x->vms[i].name, name) == 0)
			return &x->vms[i];
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_') {
			err_set(e, EXIT_USAGE, "'%s' is no name for a VM: letters, digits, - and _", name);
			return NULL;
		}
	if (!name[0] || strlen(name) > 32 || x->vm_count == VMS_MAX) {
		err_set(e, EXIT_USAGE,
		        !name[0]                 ? "a VM needs a name: [vm NAME]"
		        : x->vm_count == VMS_MAX ? "more than 16 VMs"
		                                 : "the VM's name is longer than 32 characters");
		return NULL;
	}
	for (const struct experiment_section *s = experiment_sections; s->name; s++)
		if (strcmp(s->name, name) == 0 || strcmp(name, "src") == 0 || strcmp(name, "dst") == 0) {
			err_set(e, EXIT_USAGE, "a VM cannot be called '%s': that is another thing's name", name);
			return NULL;
		}
	struct experiment_vm *vm = &x->vms[x->vm_count++];
	snprintf(vm->name, sizeof(vm->name), "%s", name);
	for (const struct experiment_section *s = experiment_sections; s->name; s++)
		if (strcmp(s->name, "vm") == 0 && option_defaults(s->rows, vm, e) < 0)
			return NULL;
	return vm;
}

static const struct experiment_section *section_find(const char *name, struct err *e)
{
	const char *names[16];
	size_t count = 0;
	for (const struct experiment_section *s = experiment_sections; s->name; s++) {
		if (strcmp(s->name, name) == 0)
			return s;
		names[count++] = s->name;
	}
	if (simulated_section_rows(name)) {
		err_set(e, EXIT_USAGE,
		        "section [%s] is of a simulation, for 'migmeter simulate', and not of an experiment on machines",
		        name);
		return NULL;
	}
	const char *near = nearest_name(name, names, count);
	err_set(e, EXIT_USAGE, "unknown section [%s]%s%s%s", name, near ? ", did you mean [" : "", near ? near : "",
	        near ? "]?" : "");
	return NULL;
}

/* The workloads of "NAME+NAME". */
static int vm_workloads_find(struct experiment_vm *vm, struct err *e)
{
	char text[OPTION_STRING_ROOM], *save = NULL;
	int count = 0;
	snprintf(text, sizeof(text), "%s", vm->workload);
	for (char *name = strtok_r(text, "+ ", &save); name; name = strtok_r(NULL, "+ ", &save)) {
		if (count == VM_WORKLOADS_MAX)
			return err_set(e, EXIT_USAGE, "more than %d workloads in VM '%s'", VM_WORKLOADS_MAX,
			               vm->name);
		const struct workload_ops *ops = workload_find(name, e);
		if (!ops)
			return -1;
		for (int i = 0; i < count; i++)
			if (vm->workloads[i] == ops)
				return err_set(e, EXIT_USAGE, "workload '%s' stands twice in VM '%s'", name,
				               vm->name);
		vm->workloads[count] = ops;
		vm->workload_options[count] = workload_options_new(ops, e);
		if (!vm->workload_options[count++])
			return -1;
	}
	return count ? 0
	             : err_set(e, EXIT_USAGE, "VM '%s' has no workload: 'idle' is the one that does nothing",
	                       vm->name);
}

/* The disk of a VM whose workload brings its own: a copy of an image, of the image's size. */
static int image_choose(struct experiment_vm *vm, struct err *e)
{
	for (int i = 0; i < VM_WORKLOADS_MAX && vm->workloads[i]; i++) {
		const struct workload_ops *ops = vm->workloads[i];
		if (ops->image && (vm->image || vm->disk_bytes))
			return err_set(e, EXIT_USAGE,
			               "VM '%s': workload '%s' brings its own disk, so there can be no other one",
			               vm->name, ops->name);
		if (ops->image)
			vm->image = ops->image;
	}
	if (vm->image)
		vm->disk_bytes = (int64_t)GUEST_DISK_MIB << 20;
	return 0;
}

/* Where the config says what a VM runs. */
static const char *workload_place(const struct config_file *c, const struct experiment_vm *vm)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->entries[i].section, "vm") == 0 && strcmp(c->entries[i].subject, vm->name) == 0 &&
		    strcmp(c->entries[i].key, "workload") == 0)
			return c->entries[i].where;
	return "by default";
}

/* WORKLOAD.KEY = value: kept when the VM runs that workload; checked in any case, so that a sweep over workloads works. */
static int workload_key_set(struct experiment_vm *vm, const struct config_entry *entry, struct err *e)
{
	char name[64];
	size_t length = strcspn(entry->key, ".");
	snprintf(name, sizeof(name), "%.*s", (int)length, entry->key);
	const struct workload_ops *ops = workload_find(name, e);
	if (!ops)
		return -1;
	for (int i = 0; i < VM_WORKLOADS_MAX && vm->workloads[i]; i++)
		if (vm->workloads[i] == ops)
			return option_set(ops->options, vm->workload_options[i], entry->key + length + 1,
			                  entry->value, e);
	void *unused = workload_options_new(ops, e);
	int result = unused ? option_set(ops->options, unused, entry->key + length + 1, entry->value, e) : -1;
	free(unused);
	return result;
}

static int policy_choose(struct experiment_consolidate *k, struct err *e)
{
	if (!k->policy[0])
		return 0;
	k->ops = policy_find(k->policy, e);
	k->policy_options = k->ops ? policy_options_new(k->ops, e) : NULL;
	return k->policy_options ? 0 : err_prefix(e, "consolidate.policy");
}

static int entry_apply(struct experiment *x, const struct config_entry *entry, bool named_keys, struct err *e)
{
	const struct experiment_section *s = section_find(entry->section, e);
	if (!s)
		return -1;
	bool is_vm = strcmp(s->name, "vm") == 0, has_named = is_vm || strcmp(s->name, "consolidate") == 0;
	if (!is_vm && entry->subject[0])
		return err_set(e, EXIT_USAGE, "section [%s] takes no name", entry->section);
	struct experiment_vm *vm = is_vm ? vm_named(x, entry->subject, e) : NULL;
	if (is_vm && !vm)
		return -1;
	bool named = has_named && strchr(entry->key, '.');
	if (named != named_keys)
		return 0;
	if (named)
		return is_vm ? workload_key_set(vm, entry, e)
		             : policy_key_set(x->consolidate.ops, x->consolidate.policy_options, entry->key,
		                              entry->value, e);
	if (is_vm)
		return option_set(s->rows, vm, entry->key, entry->value, e);
	if (strcmp(s->name, "migration") == 0 && option_find(feature_rows, entry->key))
		return option_set(feature_rows, &x->features, entry->key, entry->value, e);
	return option_set(s->rows, (char *)x + s->offset, entry->key, entry->value, e);
}

static int defaults_fill(struct experiment *x, struct err *e)
{
	for (const struct experiment_section *s = experiment_sections; s->name; s++)
		if (strcmp(s->name, "vm") != 0 && option_defaults(s->rows, (char *)x + s->offset, e) < 0)
			return -1;
	return option_defaults(feature_rows, &x->features, e);
}

/* A guest too small to run after the scaling has the memory it needs, and what is beyond the scale stays empty. */
static void memory_scale(struct experiment_vm *vm, double scale)
{
	int64_t scaled = (int64_t)((double)vm->memory_bytes * scale) >> 20 << 20, need = experiment_memory_needed(vm);
	vm->memory_bytes = scaled > need ? scaled : (need + (1 << 20) - 1) >> 20 << 20;
	vm->spare_bytes = vm->memory_bytes - scaled;
}

static void scale_apply(struct experiment *x, double scale)
{
	x->scale = scale;
	if (scale == 1)
		return;
	for (int i = 0; i < x->vm_count; i++) {
		struct experiment_vm *vm = &x->vms[i];
		vm->disk_bytes = (int64_t)((double)vm->disk_bytes * scale) >> 20 << 20;
		for (int w = 0; w < VM_WORKLOADS_MAX && vm->workloads[w]; w++)
			for (size_t k = 0; k < sizeof(scaled_keys) / sizeof(scaled_keys[0]); k++) {
				const struct option_row *row =
					option_find(vm->workloads[w]->options, scaled_keys[k].key);
				if (!row || strcmp(vm->workloads[w]->name, scaled_keys[k].workload) != 0)
					continue;
				int64_t *value = (int64_t *)(void *)((char *)vm->workload_options[w] + row->offset);
				*value = (int64_t)((double)*value * scale);
				if (row->type == OPTION_SIZE)
					*value &= ~INT64_C(4095);
			}
		memory_scale(vm, scale);
	}
}

static void vm_clear(struct experiment_vm *vm)
{
	for (int w = 0; w < VM_WORKLOADS_MAX; w++) {
		free(vm->workload_options[w]);
		vm->workload_options[w] = NULL;
	}
}

/* Only the first ones, where experiment.vms says how many. */
static int vms_choose(struct experiment *x, struct err *e)
{
	if (x->general.vms > x->vm_count)
		return err_set(e, EXIT_USAGE, "experiment.vms = %lld, but the config has %d VM%s",
		               (long long)x->general.vms, x->vm_count, x->vm_count == 1 ? "" : "s");
	while (x->general.vms && x->vm_count > x->general.vms)
		vm_clear(&x->vms[--x->vm_count]);
	return 0;
}

int experiment_build(struct experiment *x, const struct config_file *c, double scale, struct err *e)
{
	memset(x, 0, sizeof(*x));
	if (defaults_fill(x, e) < 0)
		return -1;
	/* A VM's workload, and the policy, must be known before the keys that belong to it: two passes. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < c->count; i++)
			if (entry_apply(x, &c->entries[i], pass == 1, e) < 0) {
				experiment_free(x);
				return err_prefix(e, "%s", c->entries[i].where);
			}
		for (int i = 0; pass == 0 && i < x->vm_count; i++)
			if (vm_workloads_find(&x->vms[i], e) < 0) {
				err_prefix(e, "%s", workload_place(c, &x->vms[i]));
				experiment_free(x);
				return -1;
			}
		if (pass == 0 && policy_choose(&x->consolidate, e) < 0) {
			experiment_free(x);
			return -1;
		}
	}
	scale_apply(x, scale);
	int result = vms_choose(x, e);
	for (int i = 0; result == 0 && i < x->vm_count; i++) {
		if (x->vms[i].domain[0]) /* its memory is what its owner made of it */
			x->vms[i].fill = FILL_NONE;
		result = image_choose(&x->vms[i], e);
	}
	if (result < 0 || experiment_check(x, e) < 0) {
		experiment_free(x);
		return -1;
	}
	return 0;
}

void experiment_free(struct experiment *x)
{
	for (int i = 0; i < x->vm_count; i++)
		vm_clear(&x->vms[i]);
	free(x->consolidate.policy_options);
	x->consolidate.policy_options = NULL;
}

int experiment_link_check(const struct experiment_link *l, struct err *e)
{
	struct link_shape shape = l->shape;
	if (l->network == NETWORK_OVS && l->topology != TOPOLOGY_SHARED)
		return err_set(e, EXIT_USAGE,
		               "link.network = ovs has one link, between the two LANs, for all traffic: set "
		               "link.topology = shared");
	return link_check_shape(&shape, e);
}

struct testbed_spec experiment_link_testbed(const struct experiment_link *l)
{
	struct testbed_spec spec = { .topology = l->topology,
		                     .backend = l->backend,
		                     .network = l->network,
		                     .tunnel = l->tunnel,
		                     .shape = l->shape,
		                     .tcp_buffer_bytes = l->tcp_buffer_bytes };
	if (strcmp(l->congestion_control, "auto") != 0)
		snprintf(spec.congestion_control, sizeof(spec.congestion_control), "%.31s", l->congestion_control);
	return spec;
}

struct testbed_spec experiment_testbed(const struct experiment *x)
{
	struct testbed_spec spec = experiment_link_testbed(&x->link);
	spec.storage = x->storage.kind == STORAGE_ISCSI;
	spec.tls = x->features.tls;
	spec.pinned = x->hosts.pinned;
	spec.shape.seed = (uint64_t)x->general.seed;
	spec.remote = x->hosts.kind != HOSTS_LOCAL ? &x->remote : NULL;
	spec.outside = x->hosts.kind == HOSTS_OUTSIDE;
	return spec;
}

bool experiment_is_group(const struct experiment *x)
{
	return x->group.vms[0] != '\0';
}

bool experiment_moves(const struct experiment *x, const struct experiment_vm *vm)
{
	if (x->migration.mode == MODE_NONE)
		return false;
	if (experiment_is_group(x))
		return x->group.moves[vm - x->vms];
	return x->consolidate.ops || strcmp(vm->name, x->migration.vm) == 0;
}

bool experiment_rescues(const struct experiment *x)
{
	return x->features.postcopy_recover_ns && x->hosts.kind == HOSTS_LOCAL && !x->migration.page_waits &&
	       !x->consolidate.ops && !experiment_is_group(x);
}

bool experiment_copies(const struct experiment *x, const struct experiment_vm *vm)
{
	return x->storage.kind == STORAGE_COPY && vm->disk_bytes && experiment_moves(x, vm);
}

struct feature_also experiment_feature_also(const struct experiment *x)
{
	const struct experiment_migration *m = &x->migration;
	return (struct feature_also){ .postcopy = m->mode == MODE_POSTCOPY,
		                      .downtime_limit_ns = m->downtime_limit_ns,
		                      .bandwidth_bytes_per_s = m->bandwidth_bytes_per_s };
}

const struct experiment_vm *experiment_moving_vm(const struct experiment *x)
{
	for (int i = 0; !x->consolidate.ops && !experiment_is_group(x) && i < x->vm_count; i++)
		if (experiment_moves(x, &x->vms[i]))
			return &x->vms[i];
	return NULL;
}

const char *experiment_domain(const struct experiment_vm *vm)
{
	return vm->domain[0] ? vm->domain : vm->name;
}

const char *experiment_role(const struct experiment *x, const struct experiment_vm *vm)
{
	const struct experiment_vm *moving = NULL;
	if (x->consolidate.ops)
		return "roaming";
	if (experiment_moves(x, vm))
		return "migrating";
	for (int i = 0; i < x->vm_count && !moving; i++)
		moving = experiment_moves(x, &x->vms[i]) ? &x->vms[i] : NULL;
	if (!moving)
		return "bystander";
	return strcmp(vm->node, moving->node) == 0 ? "source-neighbour" : "destination-neighbour";
}

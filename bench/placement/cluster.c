#include "bench/placement/cluster.h"

#include "bench/base/err.h"
#include "bench/base/line_array.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cluster_new(struct cluster **ret, struct err *e)
{
	static const int64_t here = 0;
	struct cluster *c = calloc(1, sizeof(*c));
	if (!c)
		return err_errno(e, EXIT_CANNOT, "no memory for a cluster");
	c->vm_free = CLUSTER_NONE;
	c->moved_ns = INT64_MIN;
	c->names_used = 1; /* 0: no name was given */
	if (cluster_sites_set(c, 1, &here, e) < 0) {
		cluster_free(c);
		return -1;
	}
	*ret = c;
	return 0;
}

void cluster_free(struct cluster *c)
{
	if (!c)
		return;
	max_tree_free(&c->room);
	free(c->nodes);
	free(c->vms);
	free(c->rtt_ns);
	free(c->names);
	free(c->changed);
	free(c);
}

int cluster_sites_set(struct cluster *c, int32_t sites, const int64_t *rtt_ns, struct err *e)
{
	size_t cells = (size_t)sites * (size_t)sites;
	int64_t *copy = malloc(cells * sizeof(*copy));
	if (!copy)
		return err_errno(e, EXIT_CANNOT, "no memory for the distances of %d sites", sites);
	memcpy(copy, rtt_ns, cells * sizeof(*copy));
	free(c->rtt_ns);
	c->rtt_ns = copy;
	c->sites = sites;
	return 0;
}

_Static_assert(sizeof(struct cluster_node) == 64 && sizeof(struct cluster_vm) == 64, "a cache line each");

/* Make room for one more in an array that doubles, of cache lines. */
static int grow(void **array, int32_t *room, int32_t count, size_t size, struct err *e)
{
	if (count < *room)
		return 0;
	int32_t wanted = *room ? 2 * *room : 16;
	void *larger = line_array_grow(*array, (size_t)count * size, (size_t)wanted * size);
	if (!larger)
		return err_errno(e, EXIT_CANNOT, "no memory for a cluster of %d", wanted);
	*array = larger;
	*room = wanted;
	return 0;
}

static int name_keep(struct cluster *c, const char *name, uint32_t *ret, struct err *e)
{
	*ret = 0;
	if (!name)
		return 0;
	size_t needed = strlen(name) + 1;
	if (needed > c->names_room - c->names_used || !c->names) {
		size_t room = 2 * (c->names_used + needed) + 64;
		char *names = room < INT32_MAX ? realloc(c->names, room) : NULL;
		if (!names)
			return err_errno(e, EXIT_CANNOT, "no memory for the name '%s'", name);
		c->names = names;
		c->names_room = (uint32_t)room;
	}
	memcpy(c->names + c->names_used, name, needed);
	*ret = c->names_used;
	c->names_used += (uint32_t)needed;
	return 0;
}

static void room_set(struct cluster *c, int32_t node)
{
	bool answering = c->nodes[node].state == NODE_ANSWERING;
	max_tree_set(&c->room, node, answering ? (double)cluster_free_bytes(c, node) : MAX_TREE_OUT, 0);
}

void cluster_touch(struct cluster *c, int32_t node)
{
	if (node == CLUSTER_NONE)
		return;
	room_set(c, node);
	if (c->nodes[node].changed)
		return;
	c->nodes[node].changed = true;
	c->changed[c->changed_count++] = node;
}

int32_t cluster_take_changed(struct cluster *c)
{
	if (c->changed_count == 0)
		return CLUSTER_NONE;
	int32_t node = c->changed[--c->changed_count];
	c->nodes[node].changed = false;
	return node;
}

/* Arrays beside the nodes: an entry each. */
static int indices_grow(struct cluster *c, struct err *e)
{
	struct max_tree larger;
	int32_t *changed = realloc(c->changed, (size_t)c->node_room * sizeof(*changed));
	if (!changed)
		return err_errno(e, EXIT_CANNOT, "no memory for a cluster of %d", c->node_room);
	c->changed = changed;
	if (max_tree_init(&larger, c->node_room, 1, e) < 0)
		return -1;
	max_tree_free(&c->room);
	c->room = larger;
	for (int32_t i = 0; i < c->node_count; i++)
		room_set(c, i);
	return 0;
}

int32_t cluster_node_add(struct cluster *c, const char *name, double cores, int64_t memory_bytes, int32_t site,
                         struct err *e)
{
	struct cluster_node n = { .cores = cores, .cpu = NAN, .memory_bytes = memory_bytes, .site = site };
	n.first_vm = CLUSTER_NONE;
	if (site < 0 || site >= c->sites)
		return err_set(e, EXIT_USAGE, "node '%s' is at site %d, and there are %d", name ? name : "", site,
		               c->sites);
	if (!(cores > 0) || memory_bytes <= 0)
		return err_set(e, EXIT_USAGE, "node '%s' has no cores or no memory", name ? name : "");
	if (grow((void **)&c->nodes, &c->node_room, c->node_count, sizeof(*c->nodes), e) < 0)
		return -1;
	if (c->node_room > c->room.leaves && indices_grow(c, e) < 0)
		return -1;
	if (name_keep(c, name, &n.name, e) < 0)
		return -1;
	c->nodes[c->node_count] = n;
	cluster_touch(c, c->node_count);
	return c->node_count++;
}

int32_t cluster_vm_add(struct cluster *c, const char *name, int64_t memory_bytes, int32_t home, struct err *e)
{
	struct cluster_vm v = { .cpu = NAN, .dirty_per_s = NAN, .cost_s = NAN, .memory_bytes = memory_bytes };
	v.used_bytes = memory_bytes;
	v.home = home;
	v.node = v.to = v.next = v.previous = CLUSTER_NONE;
	v.there = true;
	uint32_t kept;
	if (name_keep(c, name, &kept, e) < 0)
		return -1;
	v.name = kept & INT32_MAX;
	int32_t vm = c->vm_free;
	if (vm != CLUSTER_NONE) {
		c->vm_free = c->vms[vm].next;
	} else {
		if (grow((void **)&c->vms, &c->vm_room, c->vm_count, sizeof(*c->vms), e) < 0)
			return -1;
		vm = c->vm_count++;
	}
	c->vms[vm] = v;
	return vm;
}

void cluster_vm_remove(struct cluster *c, int32_t vm)
{
	cluster_vm_put(c, vm, CLUSTER_NONE);
	c->vms[vm].there = false;
	c->vms[vm].next = c->vm_free;
	c->vm_free = vm;
}

/* The VM's RAM and memory in use come to a node, or with sign -1 leave it. */
static void bytes_add(struct cluster *c, int32_t vm, int32_t node, int taken_sign, int used_sign)
{
	c->nodes[node].taken_bytes += taken_sign * c->vms[vm].memory_bytes;
	c->nodes[node].used_bytes += used_sign * c->vms[vm].used_bytes;
}

static void unlink_vm(struct cluster *c, int32_t vm)
{
	struct cluster_vm *v = &c->vms[vm];
	struct cluster_node *n = &c->nodes[v->node];
	if (v->previous == CLUSTER_NONE)
		n->first_vm = v->next;
	else
		c->vms[v->previous].next = v->next;
	if (v->next != CLUSTER_NONE)
		c->vms[v->next].previous = v->previous;
	n->vms--;
	cluster_touch(c, v->node);
	v->node = v->next = v->previous = CLUSTER_NONE;
}

static void link_vm(struct cluster *c, int32_t vm, int32_t node)
{
	struct cluster_vm *v = &c->vms[vm];
	struct cluster_node *n = &c->nodes[node];
	v->node = node;
	v->next = n->first_vm;
	if (v->next != CLUSTER_NONE)
		c->vms[v->next].previous = vm;
	n->first_vm = vm;
	n->vms++;
	cluster_touch(c, node);
}

/* No move any more: the bytes are where the VM is. */
static void move_forget(struct cluster *c, int32_t vm)
{
	struct cluster_vm *v = &c->vms[vm];
	if (v->to == CLUSTER_NONE)
		return;
	bytes_add(c, vm, v->to, -1, -1);
	bytes_add(c, vm, v->node, 0, 1);
	c->nodes[v->to].moves--;
	c->nodes[v->node].moves--;
	c->moves--;
	cluster_touch(c, v->to);
	cluster_touch(c, v->node);
	v->to = CLUSTER_NONE;
}

void cluster_vm_put(struct cluster *c, int32_t vm, int32_t node)
{
	struct cluster_vm *v = &c->vms[vm];
	move_forget(c, vm);
	if (v->node == node)
		return;
	if (v->node != CLUSTER_NONE) {
		bytes_add(c, vm, v->node, -1, -1);
		unlink_vm(c, vm);
	}
	if (node != CLUSTER_NONE) {
		bytes_add(c, vm, node, 1, 1);
		link_vm(c, vm, node);
	}
}

void cluster_move_begin(struct cluster *c, int32_t vm, int32_t to, int64_t now_ns)
{
	struct cluster_vm *v = &c->vms[vm];
	assert(v->node != CLUSTER_NONE && v->to == CLUSTER_NONE && v->node != to);
	v->to = to;
	bytes_add(c, vm, to, 1, 1);
	bytes_add(c, vm, v->node, 0, -1);
	c->nodes[to].moves++;
	c->nodes[v->node].moves++;
	c->moves++;
	c->moved_ns = now_ns;
	cluster_touch(c, to);
	cluster_touch(c, v->node);
}

void cluster_move_end(struct cluster *c, int32_t vm, int64_t now_ns, bool arrived)
{
	int32_t to = c->vms[vm].to;
	c->moved_ns = now_ns;
	move_forget(c, vm);
	if (arrived && to != CLUSTER_NONE)
		cluster_vm_put(c, vm, to);
}

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

void cluster_node_measured(struct cluster *c, int32_t node, enum node_state state, double cpu)
{
	struct cluster_node *n = &c->nodes[node];
	if (n->state == state && same(n->cpu, cpu))
		return;
	n->state = state;
	n->cpu = cpu;
	cluster_touch(c, node);
}

void cluster_vm_measured(struct cluster *c, int32_t vm, double cpu, int64_t used_bytes, double dirty_per_s)
{
	struct cluster_vm *v = &c->vms[vm];
	int32_t counted = v->to != CLUSTER_NONE ? v->to : v->node;
	if (counted != CLUSTER_NONE)
		c->nodes[counted].used_bytes += used_bytes - v->used_bytes;
	v->cpu = cpu;
	v->used_bytes = used_bytes;
	v->dirty_per_s = dirty_per_s;
	cluster_touch(c, v->node);
	cluster_touch(c, v->to);
}

void cluster_vm_cost(struct cluster *c, int32_t vm, double lost_work_s)
{
	c->vms[vm].cost_s = lost_work_s;
	cluster_touch(c, c->vms[vm].node);
}

int32_t cluster_first_with_room(const struct cluster *c, int64_t memory_bytes)
{
	return c->node_count ? max_tree_first(&c->room, (double)memory_bytes, 0) : CLUSTER_NONE;
}

static const char *name_of(const struct cluster *c, uint32_t name, const char *kind, int32_t index, char *buffer)
{
	if (name)
		return c->names + name;
	snprintf(buffer, CLUSTER_NAME, "%s%d", kind, index);
	return buffer;
}

const char *cluster_node_name(const struct cluster *c, int32_t node, char buffer[CLUSTER_NAME])
{
	return name_of(c, c->nodes[node].name, "pm", node, buffer);
}

const char *cluster_vm_name(const struct cluster *c, int32_t vm, char buffer[CLUSTER_NAME])
{
	return name_of(c, c->vms[vm].name, "vm", vm, buffer);
}

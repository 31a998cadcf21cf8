#include "bench/placement/cluster_line.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

struct line {
	char *text;
	size_t used, room;
};

static void put(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct line *l, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(l->text + l->used, l->room - l->used, format, args);
	va_end(args);
	l->used = length < 0 || (size_t)length >= l->room - l->used ? l->room - 1 : l->used + (size_t)length;
}

static void put_cpu(struct line *l, const char *name, double share)
{
	isnan(share) ? put(l, "%s ?", name) : put(l, "%s %.0f %%", name, share * 100);
}

static void put_node(struct line *l, const struct cluster *c, int32_t node)
{
	const struct cluster_node *n = &c->nodes[node];
	char buffer[CLUSTER_NAME];
	const char *name = cluster_node_name(c, node, buffer), *before = " (";
	if (n->state == NODE_ANSWERING)
		put_cpu(l, name, n->cpu / n->cores);
	else
		put(l, "%s %s", name, n->state == NODE_ASLEEP ? "asleep" : "silent");
	for (int32_t i = 0; n->vms && i < c->vm_count; i++) {
		if (!c->vms[i].there || c->vms[i].node != node)
			continue;
		put(l, "%s", before);
		put_cpu(l, cluster_vm_name(c, i, buffer), c->vms[i].cpu);
		before = ", ";
	}
	put(l, "%s", n->vms ? ")" : "");
}

char *cluster_line(const struct cluster *c, char *buffer, size_t room)
{
	struct line l = { buffer, 0, room };
	char vm[CLUSTER_NAME], node[CLUSTER_NAME];
	buffer[0] = '\0';
	for (int32_t i = 0; i < c->vm_count; i++)
		if (c->vms[i].there && c->vms[i].to != CLUSTER_NONE)
			put(&l, "%s > %s; ", cluster_vm_name(c, i, vm), cluster_node_name(c, c->vms[i].to, node));
	for (int32_t i = 0; i < c->node_count; i++) {
		put(&l, "%s", i ? "; " : "");
		put_node(&l, c, i);
	}
	return buffer;
}

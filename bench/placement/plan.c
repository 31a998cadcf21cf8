#include "bench/placement/plan.h"

#include "bench/base/err.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int plan_init(struct plan *p, const struct cluster *c, bool explain, struct err *e)
{
	*p = (struct plan){ .explain = explain, .node_count = c->node_count };
	p->deltas = calloc((size_t)c->node_count + 1, sizeof(*p->deltas));
	p->touched = malloc(((size_t)c->node_count + 1) * sizeof(*p->touched));
	if (!p->deltas || !p->touched) {
		plan_free(p);
		return err_set(e, EXIT_CANNOT, "no memory for a plan of %d nodes", c->node_count);
	}
	plan_begin(p, 0);
	return 0;
}

void plan_free(struct plan *p)
{
	free(p->entries);
	free(p->deltas);
	free(p->touched);
	free(p->text);
	*p = (struct plan){ 0 };
}

void plan_begin(struct plan *p, int64_t at_once)
{
	p->count = p->moves = p->touched_count = p->relocation = 0;
	p->text_used = 1; /* 0: no reason */
	p->at_once = at_once;
	p->failed = p->more = false;
	p->turns = 0;
	/* Deltas of other rounds count as empty; when the number comes round again they must be. */
	if (++p->round == 0) {
		memset(p->deltas, 0, (size_t)p->node_count * sizeof(*p->deltas));
		p->round = 1;
	}
}

static struct plan_delta *delta(struct plan *p, int32_t node)
{
	struct plan_delta *d = &p->deltas[node];
	if (d->round != p->round)
		*d = (struct plan_delta){ .round = p->round };
	if (!d->touched)
		p->touched[p->touched_count++] = node;
	d->touched = true;
	return d;
}

const struct plan_delta *plan_delta(const struct plan *p, int32_t node)
{
	static const struct plan_delta none;
	return p && p->deltas[node].round == p->round ? &p->deltas[node] : &none;
}

void plan_touch(struct plan *p, int32_t node)
{
	delta(p, node);
}

int64_t plan_free_bytes(const struct plan *p, const struct cluster *c, int32_t node)
{
	return cluster_free_bytes(c, node) - plan_delta(p, node)->taken_bytes;
}

static void add(struct plan *p, struct plan_entry entry)
{
	if (p->count == p->entry_room) {
		int32_t room = p->entry_room ? 2 * p->entry_room : 64;
		struct plan_entry *larger = realloc(p->entries, (size_t)room * sizeof(*larger));
		if (!larger) {
			p->failed = true;
			return;
		}
		p->entries = larger;
		p->entry_room = room;
	}
	p->entries[p->count++] = entry;
}

/* The first stage in which one more move may touch the node. */
static int32_t stage_open(const struct plan *p, const struct plan_delta *d)
{
	return d->stage + (p->at_once && d->in_stage >= p->at_once);
}

static void stage_enter(struct plan_delta *d, int32_t stage)
{
	d->in_stage = d->stage == stage ? d->in_stage + 1 : 1;
	d->stage = stage;
}

void plan_move(struct plan *p, const struct cluster *c, int32_t vm, int32_t to)
{
	const struct cluster_vm *v = &c->vms[vm];
	struct plan_delta *source = delta(p, v->node), *destination = delta(p, to);
	int32_t stage = stage_open(p, source), also = stage_open(p, destination);
	stage = stage > also ? stage : also;
	stage_enter(source, stage);
	stage_enter(destination, stage);
	double cpu = isnan(v->cpu) ? 0 : v->cpu;
	source->cpu -= cpu;
	source->used_bytes -= v->used_bytes;
	source->vms--;
	destination->cpu += cpu;
	destination->used_bytes += v->used_bytes;
	destination->taken_bytes += v->memory_bytes;
	destination->vms++;
	p->moves++;
	add(p, (struct plan_entry){ PLAN_MOVE, vm, v->node, to, stage, ++p->relocation, 0 });
}

void plan_same(struct plan *p)
{
	if (!p->failed)
		p->entries[p->count - 1].relocation = --p->relocation;
}

void plan_wake(struct plan *p, int32_t node, int32_t vm)
{
	delta(p, node)->woken = true;
	add(p, (struct plan_entry){ PLAN_WAKE, vm, CLUSTER_NONE, node, 0, 0, 0 });
}

void plan_stay(struct plan *p, int32_t node, int32_t vm)
{
	if (p->explain)
		add(p, (struct plan_entry){ PLAN_STAY, vm, node, CLUSTER_NONE, 0, 0, 0 });
}

void plan_say(struct plan *p, const char *format, ...)
{
	if (!p->explain || p->count == 0 || p->failed)
		return;
	for (;;) {
		va_list args;
		va_start(args, format);
		size_t left = p->text_room - p->text_used;
		int length = vsnprintf(p->text ? p->text + p->text_used : NULL, p->text ? left : 0, format, args);
		va_end(args);
		if (length < 0)
			return;
		if (p->text && (size_t)length < left) {
			p->entries[p->count - 1].why = p->text_used;
			p->text_used += (size_t)length + 1;
			return;
		}
		size_t room = 2 * (p->text_room + (size_t)length) + 1024;
		char *larger = realloc(p->text, room);
		if (!larger) {
			p->failed = true;
			return;
		}
		p->text = larger;
		p->text_room = room;
	}
}

const char *plan_why(const struct plan *p, int32_t entry)
{
	return p->entries[entry].why ? p->text + p->entries[entry].why : "";
}

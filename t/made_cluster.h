/*
 * made_cluster.h - a cluster from a line of text, and a plan as one.
 *
 *	nodes	CPU[*CORES][/GIB][@SITE][z|x]	CPU in % of its cores, ? not known; z asleep, x silent; else 1 core, 64 GiB
 *	VMs	NODE:CPU[/GIB][~GIB][>NODE][$S][!MIB]	CPU in % of a core; ~ in use, > moves there, $ cost, ! dirty a second;
 *						else 1 GiB, all in use. NODE "-": it waits
 *	plan	vm0>pm1 wake:pm2 vm1>pm2#1	#: not in the first stage
 */
#ifndef T_MADE_CLUSTER_H
#define T_MADE_CLUSTER_H

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/policy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double made_number(const char **text)
{
	char *end;
	if (**text == '?') {
		++*text;
		return NAN;
	}
	double number = strtod(*text, &end);
	assert_true(end > *text);
	*text = end;
	return number;
}

/* A number that may follow a mark. */
static double made_after(const char **text, char mark, double otherwise)
{
	if (**text != mark)
		return otherwise;
	++*text;
	return made_number(text);
}

static int64_t made_bytes(double gib)
{
	return llround(gib * 0x1p30);
}

static void made_node(struct cluster *c, const char **text)
{
	double cpu = made_number(text), cores = made_after(text, '*', 1), gib = made_after(text, '/', 64);
	int32_t site = (int32_t)made_after(text, '@', 0);
	enum node_state state = **text == 'z' ? NODE_ASLEEP : **text == 'x' ? NODE_SILENT : NODE_ANSWERING;
	*text += state != NODE_ANSWERING;
	int32_t node = cluster_node_add(c, NULL, cores, made_bytes(gib), site, NULL);
	assert_true(node >= 0);
	cluster_node_measured(c, node, state, cpu / 100 * cores);
}

static void made_vm(struct cluster *c, const char **text)
{
	int32_t node = CLUSTER_NONE;
	if (**text == '-')
		++*text;
	else
		node = (int32_t)made_number(text);
	assert_int_equal(*(*text)++, ':');
	double cpu = made_number(text) / 100, gib = made_after(text, '/', 1), used = made_after(text, '~', gib);
	int32_t vm = cluster_vm_add(c, NULL, made_bytes(gib), CLUSTER_NONE, NULL);
	assert_true(vm >= 0);
	cluster_vm_put(c, vm, node);
	int32_t to = (int32_t)made_after(text, '>', CLUSTER_NONE);
	if (to != CLUSTER_NONE)
		cluster_move_begin(c, vm, to, 0);
	cluster_vm_cost(c, vm, made_after(text, '$', NAN));
	cluster_vm_measured(c, vm, cpu, made_bytes(used), made_after(text, '!', NAN) * 0x1p20);
}

/* rtt_ms: sites x sites, NULL: one site. */
__attribute__((unused)) static struct cluster *made_cluster(const char *nodes, const char *vms, int32_t sites,
                                                            const int *rtt_ms)
{
	struct cluster *c;
	int64_t rtt_ns[64];
	assert_int_equal(cluster_new(&c, NULL), 0);
	for (int32_t i = 0; i < sites * sites; i++)
		rtt_ns[i] = rtt_ms[i] * NS_PER_MS;
	if (sites > 0)
		assert_int_equal(cluster_sites_set(c, sites, rtt_ns, NULL), 0);
	for (; *nodes; nodes += strspn(nodes, " "))
		made_node(c, &nodes);
	for (; *vms; vms += strspn(vms, " "))
		made_vm(c, &vms);
	return c;
}

/* "KEY=VALUE KEY=VALUE"; free() it. */
__attribute__((unused)) static void *made_options(const struct policy_ops *ops, const char *text)
{
	struct err e = { 0 };
	char copy[256], *rest = NULL;
	void *options = policy_options_new(ops, &e);
	assert_non_null(options);
	snprintf(copy, sizeof(copy), "%s", text ? text : "");
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		char *value = strchr(word, '=');
		assert_non_null(value);
		*value = '\0';
		if (option_set(ops->options, options, word, value + 1, &e) < 0)
			fail_msg("%s", e.text);
	}
	return options;
}

__attribute__((unused)) static char *made_plan_text(const struct plan *plan, char *text, size_t room)
{
	size_t used = 0;
	text[0] = '\0';
	for (int32_t i = 0; i < plan->count; i++) {
		const struct plan_entry *m = &plan->entries[i];
		if (m->kind == PLAN_STAY)
			continue;
		if (m->kind == PLAN_WAKE)
			used += (size_t)snprintf(text + used, room - used, "%swake:pm%d", used ? " " : "", m->to);
		else
			used += (size_t)snprintf(text + used, room - used, "%svm%d>pm%d", used ? " " : "", m->vm,
			                         m->to);
		if (m->stage)
			used += (size_t)snprintf(text + used, room - used, "#%d", m->stage);
		assert_true(used < room);
	}
	return text;
}

/* The aggregates of each node, counted again. */
__attribute__((unused)) static void check_books(const struct cluster *c)
{
	int32_t moves = 0;
	for (int32_t n = 0; n < c->node_count; n++) {
		int64_t taken = 0, used = 0;
		int32_t vms = 0, node_moves = 0, listed = 0;
		for (int32_t i = 0; i < c->vm_count; i++) {
			const struct cluster_vm *v = &c->vms[i];
			if (!v->there)
				continue;
			vms += v->node == n;
			node_moves += v->to != CLUSTER_NONE && (v->node == n || v->to == n);
			taken += v->node == n || v->to == n ? v->memory_bytes : 0;
			used += (v->to == CLUSTER_NONE ? v->node : v->to) == n ? v->used_bytes : 0;
		}
		for (int32_t i = c->nodes[n].first_vm; i != CLUSTER_NONE; i = c->vms[i].next, listed++)
			assert_int_equal(c->vms[i].node, n);
		assert_int_equal(listed, vms);
		assert_int_equal(c->nodes[n].vms, vms);
		assert_int_equal(c->nodes[n].moves, node_moves);
		assert_int_equal(c->nodes[n].taken_bytes, taken);
		assert_int_equal(c->nodes[n].used_bytes, used);
		moves += node_moves;
	}
	assert_int_equal(c->moves, moves / 2);
}

#endif

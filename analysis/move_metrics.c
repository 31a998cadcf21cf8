#include "analysis/move_metrics.h"

#include "analysis/cluster_series.h"
#include "analysis/loop_moves.h"
#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct moves {
	const struct run *run;
	struct loop_move *list;
	int64_t *bytes; /* of each move, as the hypervisor said last before its end; MISSING: it never did */
	int count;
	const char *vm; /* whose job is read */
	struct metrics *metrics;
};

/* ---- of each move ---- */

enum { HEAD, PROCESSED, COLUMNS };
static const struct series_column job_columns[COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[PROCESSED] = { "data_processed_bytes", COLUMN_INTEGER, 1 },
};

static int on_job_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)e;
	struct moves *m = context;
	int64_t at_ns = cells[HEAD].integer, bytes = cells[PROCESSED].integer;
	for (int i = 0; i < m->count && at_ns != MISSING && bytes >= 0; i++) {
		const struct loop_move *move = &m->list[i];
		if (strcmp(move->begin->vm, m->vm) == 0 && move->end && at_ns >= move->begin->head_ns &&
		    at_ns <= move->end->head_ns)
			m->bytes[i] = bytes;
	}
	return 0;
}

static int read_bytes(struct moves *m, struct err *e)
{
	char name[RUN_NAME_ROOM + 16];
	for (int i = 0; i < m->count; i++)
		m->bytes[i] = MISSING;
	for (int i = 0; i < m->run->vm_count; i++) {
		m->vm = m->run->vms[i].name;
		snprintf(name, sizeof(name), "job-%s.csv", m->vm);
		if (series_read(m->run->directory, name, job_columns, COLUMNS, on_job_row, m, NULL, e) < 0)
			return -1;
	}
	return 0;
}

/* The reason is told where there is no value. */
static void put(struct moves *m, const char *name, const struct run_vm *vm, const char *variant, double value,
                const char *why_missing)
{
	metrics_put(m->metrics, name, vm, variant, value, isnan(value) ? why_missing : NULL);
}

/* By its VM, or by its role, whichever VM it was. */
static void put_move(struct moves *m, int index, int by_role)
{
	static const char *const names[2][3] = { { "move_time", "move_switch_time", "move_bytes" },
		                                 { "loop_move_time", "loop_switch_time", "loop_move_bytes" } };
	const struct loop_move *move = &m->list[index];
	const struct run_vm *vm = by_role ? NULL : run_vm(m->run, move->begin->vm);
	const char *why = loop_move_why(move), *const *name = names[by_role];
	int64_t begin_ns = move->begin->head_ns, bytes = m->bytes[index];
	char variant[3 * RUN_NAME_ROOM];
	if (by_role)
		snprintf(variant, sizeof(variant), "%d:%s", move->number_of_role, loop_role_name(move->role));
	else
		snprintf(variant, sizeof(variant), "%d:%s-to-%s", move->number, move->begin->node, move->to);
	put(m, name[0], vm, variant, why ? NAN : (double)(move->end->head_ns - begin_ns), why);
	put(m, name[1], vm, variant, why || !move->resumed ? NAN : (double)(move->resumed->head_ns - begin_ns),
	    why ? why : "no resume event on the other node");
	put(m, name[2], vm, variant, why ? NAN : metric_of(bytes),
	    why ? why : "its job was not watched (job-VM.csv)");
}

/* The first of a role that the loop never had is missed, so that a claim about it says why. */
static void put_roles(struct moves *m)
{
	static const char *const names[] = { "loop_move_time", "loop_switch_time", "loop_move_bytes" };
	static const char *const none[LOOP_ROLES] = { "no VM was moved away from others",
		                                      "no node's VMs were gathered on another" };
	int had[LOOP_ROLES] = { 0 };
	for (int i = 0; i < m->count; i++) {
		put_move(m, i, 1);
		had[m->list[i].role] = 1;
	}
	for (int role = 0; role < LOOP_ROLES; role++)
		for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !had[role]; i++) {
			char variant[16];
			snprintf(variant, sizeof(variant), "1:%s", loop_role_name((enum loop_role)role));
			metrics_put(m->metrics, names[i], NULL, variant, NAN, none[role]);
		}
}

/* ---- of each VM ---- */

static void put_vm(struct moves *m, const struct run_vm *vm)
{
	const struct loop_move *away = NULL;
	int arrived = 0;
	for (int i = 0; i < m->count; i++) {
		const struct loop_move *move = &m->list[i];
		arrived += move->arrived && strcmp(move->begin->vm, vm->name) == 0;
		if (!away && move->role == ROLE_AWAY)
			away = move;
	}
	metrics_put(m->metrics, "moves", vm, "", arrived, NULL);
	put(m, "moved_first", vm, "", away ? strcmp(away->begin->vm, vm->name) == 0 : NAN,
	    "no VM was moved away from others");
}

/* ---- of the nodes ---- */

struct use {
	const char *node;
	int users; /* VMs that are on it, come to it or leave it */
	int64_t sum_ns;
};

struct uses {
	struct use *list;
	int count, busy; /* busy: those with users */
	int64_t from_ns, two_ns;
};

static void change(struct uses *u, const char *node, int by)
{
	for (int i = 0; i < u->count; i++)
		if (strcmp(u->list[i].node, node) == 0) {
			u->busy -= u->list[i].users > 0;
			u->list[i].users += by;
			u->busy += u->list[i].users > 0;
		}
}

/* Up to now it was as it is. */
static void pass(struct uses *u, int64_t to_ns)
{
	for (int i = 0; i < u->count; i++)
		u->list[i].sum_ns += u->list[i].users > 0 ? to_ns - u->from_ns : 0;
	u->two_ns += u->busy > 1 ? to_ns - u->from_ns : 0;
	u->from_ns = to_ns;
}

/* A move takes its target too from its begin on, and one side less from its end on. */
static void follow(const struct moves *m, struct uses *u, int64_t end_ns)
{
	for (int i = 0; i < m->run->vm_count; i++)
		change(u, m->run->vms[i].node, 1);
	for (int i = 0; i < m->run->event_count && m->run->events[i].head_ns <= end_ns; i++) {
		const struct run_event *event = &m->run->events[i];
		for (int k = 0; k < m->count && strncmp(event->event, "move-", 5) == 0; k++) {
			const struct loop_move *move = &m->list[k];
			if (event != move->begin && event != move->end)
				continue;
			if (event->head_ns > u->from_ns)
				pass(u, event->head_ns);
			change(u, event == move->begin || !move->arrived ? move->to : move->begin->node,
			       event == move->begin ? 1 : -1);
		}
	}
	pass(u, end_ns);
}

static void put_nodes(struct moves *m, struct json_object *active)
{
	int64_t begin_ns = cluster_begin_ns(m->run), end_ns = cluster_end_ns(m->run);
	struct uses u = { .from_ns = begin_ns };
	int known = begin_ns != MISSING && end_ns != MISSING && begin_ns <= end_ns;
	u.list = calloc((size_t)json_object_object_length(active) + 1, sizeof(*u.list));
	if (!u.list) {
		m->metrics->out_of_memory = 1;
		return;
	}
	json_object_object_foreach(active, node, ns)
	{
		u.list[u.count++].node = node;
		metrics_put(m->metrics, "node_active", NULL, node, (double)json_object_get_int64(ns), NULL);
	}
	if (known)
		follow(m, &u, end_ns);
	for (int i = 0; i < u.count && known; i++)
		metrics_put(m->metrics, "node_in_use", NULL, u.list[i].node, (double)u.list[i].sum_ns, NULL);
	if (known) {
		metrics_put(m->metrics, "second_node_in_use", NULL, "", (double)u.two_ns, NULL);
		metrics_put(m->metrics, "nodes_at_end", NULL, "", u.busy, NULL);
	}
	free(u.list);
}

static void put_all(struct moves *m)
{
	struct json_object *active;
	for (int i = 0; i < m->count; i++)
		put_move(m, i, 0);
	if (json_pointer_get(m->run->manifest, "/consolidate/active_ns", &active) != 0 ||
	    !json_object_is_type(active, json_type_object))
		return;
	put_roles(m);
	for (int i = 0; i < m->run->vm_count; i++)
		put_vm(m, &m->run->vms[i]);
	put_nodes(m, active);
}

int move_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	struct moves m = { .run = run, .metrics = metrics };
	m.list = loop_moves(run, &m.count);
	m.bytes = calloc((size_t)m.count + 1, sizeof(*m.bytes));
	int result = m.list && m.bytes ? read_bytes(&m, e) : err_errno(e, EXIT_CANNOT, "cannot keep the moves");
	if (result == 0)
		put_all(&m);
	free(m.list);
	free(m.bytes);
	return result;
}

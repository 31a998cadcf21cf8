#include "analysis/loop_moves.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is(const struct run_event *event, const char *name)
{
	return strcmp(event->event, name) == 0;
}

const char *loop_role_name(enum loop_role role)
{
	static const char *const names[LOOP_ROLES] = { "away", "gather" };
	return names[role];
}

void loop_move_span(const struct run *run, const struct loop_move *move, int64_t last_ns, int64_t *ret_from_ns,
                    int64_t *ret_to_ns)
{
	int64_t begin_ns = move->begin->head_ns, end_ns = move->end ? move->end->head_ns : last_ns;
	const struct run_event *start = run_event(run, "migrate-start", move->begin->vm, begin_ns),
			       *done = run_event(run, "migrate-done", move->begin->vm, begin_ns);
	*ret_from_ns = start && start->head_ns < end_ns ? start->head_ns : begin_ns;
	*ret_to_ns = done && done->head_ns < end_ns ? done->head_ns : end_ns;
}

const char *loop_move_why(const struct loop_move *move)
{
	return move->arrived ? NULL : move->end ? "the move failed" : "the move did not end";
}

int loop_is(const struct run *run)
{
	struct json_object *loop = NULL;
	return json_pointer_get(run->manifest, "/consolidate", &loop) == 0 &&
	       json_object_is_type(loop, json_type_object);
}

int loop_is_decision(const struct run_event *event)
{
	return is(event, "plan") && strncmp(event->detail, "move to ", 8) == 0;
}

/* Whether the VM is on the node before it is moved again, given the last of its move-ends, which name the node. */
static int is_on(const struct run_vm *vm, const struct run_event *ended, const char *node)
{
	return strcmp(ended ? ended->node : vm->node, node) == 0;
}

/* The last move-end of each VM up to an event, NULL: none; the caller frees. */
static const struct run_event **last_ends(const struct run *run, int index)
{
	const struct run_event **ends = calloc((size_t)run->vm_count + 1, sizeof(*ends));
	for (int i = 0; ends && i <= index; i++)
		for (int v = 0; is(&run->events[i], "move-end") && v < run->vm_count; v++)
			if (strcmp(run->events[i].vm, run->vms[v].name) == 0)
				ends[v] = &run->events[i];
	return ends;
}

/* Whether it was decided to move the VM as well, before any move began. */
static int is_decided_too(const struct run *run, int index, const char *vm)
{
	for (int step = -1; step <= 1; step += 2)
		for (int i = index + step; i >= 0 && i < run->event_count; i += step) {
			const struct run_event *event = &run->events[i];
			if (is(event, "move-begin") || is(event, "move-end"))
				break;
			if (loop_is_decision(event) && strcmp(event->vm, vm) == 0 &&
			    strcmp(event->node, run->events[index].node) == 0)
				return 1;
		}
	return 0;
}

enum loop_role loop_role_of(const struct run *run, const struct run_event *decision)
{
	int index = (int)(decision - run->events), stays = 0;
	const struct run_event **ends = last_ends(run, index);
	for (int i = 0; ends && i < run->vm_count; i++) {
		const struct run_vm *vm = &run->vms[i];
		stays |= strcmp(vm->name, decision->vm) != 0 && is_on(vm, ends[i], decision->node) &&
		         !is_decided_too(run, index, vm->name);
	}
	free(ends);
	return stays ? ROLE_AWAY : ROLE_GATHER;
}

static void read_move(const struct run *run, int index, struct loop_move *move)
{
	const struct run_event *begin = &run->events[index], *decision = begin;
	const struct run_event *resumed = run_event(run, "resume", begin->vm, begin->head_ns);
	move->begin = begin;
	move->end = run_event(run, "move-end", begin->vm, begin->head_ns);
	move->arrived = move->end && strncmp(move->end->detail, "arrived", 7) == 0;
	while (resumed && strcmp(resumed->node, begin->node) == 0)
		resumed = run_event(run, "resume", begin->vm, resumed->head_ns + 1);
	move->resumed = resumed && move->end && resumed->head_ns > move->end->head_ns ? NULL : resumed;
	for (int i = 0; i < index; i++)
		if (loop_is_decision(&run->events[i]) && strcmp(run->events[i].vm, begin->vm) == 0 &&
		    strcmp(run->events[i].node, begin->node) == 0)
			decision = &run->events[i];
	move->role = loop_role_of(run, decision);
}

struct loop_move *loop_moves(const struct run *run, int *ret_count)
{
	struct loop_move *moves = calloc((size_t)run->event_count + 1, sizeof(*moves));
	int count = 0;
	for (int i = 0; moves && i < run->event_count; i++) {
		struct loop_move *move = &moves[count];
		if (!is(&run->events[i], "move-begin") || sscanf(run->events[i].detail, "to %63s", move->to) != 1)
			continue;
		read_move(run, i, move);
		move->number = move->number_of_role = 1;
		for (int k = 0; k < count; k++) {
			move->number += strcmp(moves[k].begin->vm, move->begin->vm) == 0;
			move->number_of_role += moves[k].role == move->role;
		}
		count++;
	}
	*ret_count = count;
	return moves;
}

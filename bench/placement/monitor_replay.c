#include "bench/placement/monitor_replay.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct monitor_replay {
	pthread_mutex_t lock;
	pthread_cond_t released;
	bool none_hangs;
	int64_t start_ns;
	const struct monitor_replay_row *rows;
	int64_t *until_ns; /* of each row: where the next of the same takes over */
	int count;
};

struct replayed_node {
	struct monitor_replay *replay;
	char name[MONITOR_NAME_ROOM];
};

int monitor_replay_create(struct monitor_replay **ret, const struct monitor_replay_row *rows, int count,
                          struct err *e)
{
	struct monitor_replay *r = calloc(1, sizeof(*r));
	if (!r || !(r->until_ns = calloc((size_t)count + 1, sizeof(*r->until_ns)))) {
		free(r);
		return err_errno(e, EXIT_CANNOT, "cannot replay %d rows", count);
	}
	for (int i = 0; i < count; i++) {
		r->until_ns[i] = INT64_MAX;
		for (int k = i + 1; k < count && r->until_ns[i] == INT64_MAX; k++)
			if (strcmp(rows[i].node, rows[k].node) == 0 && strcmp(rows[i].vm, rows[k].vm) == 0)
				r->until_ns[i] = rows[k].from_ns;
	}
	pthread_mutex_init(&r->lock, NULL);
	clock_condition_init(&r->released);
	r->rows = rows;
	r->count = count;
	r->start_ns = clock_now_ns();
	*ret = r;
	return 0;
}

void monitor_replay_release(struct monitor_replay *r)
{
	pthread_mutex_lock(&r->lock);
	r->none_hangs = true;
	pthread_cond_broadcast(&r->released);
	pthread_mutex_unlock(&r->lock);
}

void monitor_replay_free(struct monitor_replay *r)
{
	if (!r)
		return;
	pthread_cond_destroy(&r->released);
	pthread_mutex_destroy(&r->lock);
	free(r->until_ns);
	free(r);
}

static int replay_open(const struct monitor_node *node, const void *argument, void **ret_state, struct err *e)
{
	struct replayed_node *n = calloc(1, sizeof(*n));
	if (!n)
		return err_errno(e, EXIT_CANNOT, "cannot replay node '%s'", node->name);
	n->replay = (struct monitor_replay *)(uintptr_t)argument;
	snprintf(n->name, sizeof(n->name), "%s", node->name);
	*ret_state = n;
	return 0;
}

static void replay_close(void *state)
{
	free(state);
}

/* Go on from what earlier rows of the same counted to an instant of row i. */
static void play(const struct monitor_replay *replay, int i, int64_t at_ns, struct monitor_reading *ret)
{
	const struct monitor_replay_row *row = &replay->rows[i];
	double lasted_s =
		(double)((at_ns < replay->until_ns[i] ? at_ns : replay->until_ns[i]) - row->from_ns) / NS_PER_S;
	for (int q = 0; q < MONITOR_QUANTITIES; q++) {
		int64_t *value = &ret->value[q];
		bool counts = monitor_quantities[q].cumulative;
		if (isnan(row->rate[q]))
			*value = MONITOR_MISSING;
		else
			*value = (counts && *value != MONITOR_MISSING ? *value : 0) +
			         (int64_t)(row->rate[q] * (counts ? lasted_s : 1));
	}
	ret->head_ns = replay->start_ns + at_ns;
	ret->missing[0] = '\0';
	monitor_reading_explain(ret, "the table");
}

static void replay_read_node(void *state, int64_t deadline_ns, struct monitor_reading *ret)
{
	(void)deadline_ns;
	const struct replayed_node *n = state;
	const struct monitor_replay *replay = n->replay;
	int64_t at_ns = clock_now_ns() - replay->start_ns;
	for (int i = 0; i < replay->count; i++)
		if (!replay->rows[i].vm[0] && replay->rows[i].from_ns <= at_ns &&
		    strcmp(replay->rows[i].node, n->name) == 0)
			play(replay, i, at_ns, ret);
}

/* Take the time that the node's row says. The row is one of now. */
static void hang(struct monitor_replay *replay, const struct monitor_replay_row *row)
{
	int64_t now_ns = clock_now_ns();
	struct timespec until =
		clock_to_timespec(row->delay_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + row->delay_ns);
	pthread_mutex_lock(&replay->lock);
	while (!replay->none_hangs && pthread_cond_timedwait(&replay->released, &replay->lock, &until) == 0)
		;
	pthread_mutex_unlock(&replay->lock);
}

static int replay_read_vms(void *state, int64_t deadline_ns, struct monitor_answer *ret, struct err *e)
{
	(void)deadline_ns;
	const struct replayed_node *n = state;
	struct monitor_replay *replay = n->replay;
	int64_t at_ns = clock_now_ns() - replay->start_ns;
	for (int i = 0; i < replay->count; i++) {
		const struct monitor_replay_row *row = &replay->rows[i];
		if (row->from_ns > at_ns || strcmp(row->node, n->name) != 0)
			continue;
		bool now = at_ns < replay->until_ns[i];
		if (!row->vm[0]) {
			if (now && row->delay_ns)
				hang(replay, row);
			if (now && row->failure)
				return err_set(e, EXIT_MEASURED_BAD, "%s", row->failure);
			continue;
		}
		struct monitor_reading *r = NULL;
		for (int k = 0; k < ret->vm_count && !r; k++)
			if (strcmp(ret->vms[k].vm, row->vm) == 0)
				r = &ret->vms[k];
		if (!row->state) {
			/* It left: the last one takes its place. */
			if (r)
				*r = ret->vms[--ret->vm_count];
			continue;
		}
		if (!r && !(r = monitor_answer_add(ret, row->vm)))
			return err_errno(e, EXIT_CANNOT, "no room for another VM");
		r->state = row->state;
		play(replay, i, at_ns, r);
	}
	return 0;
}

const struct monitor_source_ops monitor_replay = {
	.name = "replay",
	.open = replay_open,
	.read_node = replay_read_node,
	.read_vms = replay_read_vms,
	.close = replay_close,
};

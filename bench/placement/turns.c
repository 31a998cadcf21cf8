#include "bench/placement/turns.h"

#include "bench/base/err.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/* Refused ones stand below everybody else, the longest ago first. */
static double refused_key(double serial)
{
	return -0x1p40 - serial;
}

static bool is_refused(const struct turns *t, int32_t node)
{
	double key = max_tree_key(&t->tree, node, 0);
	return key <= refused_key(1) && key != MAX_TREE_OUT;
}

int turns_init(struct turns *t, int32_t count, struct err *e)
{
	*t = (struct turns){ 0 };
	t->urgency = malloc(((size_t)count + 1) * sizeof(*t->urgency));
	t->list = malloc(((size_t)count + 1) * sizeof(*t->list));
	if (!t->urgency || !t->list) {
		turns_free(t);
		return err_set(e, EXIT_CANNOT, "no memory for a queue of %d", count);
	}
	for (int32_t i = 0; i < count; i++)
		t->urgency[i] = NAN;
	if (max_tree_init(&t->tree, count, 1, e) == 0)
		return 0;
	turns_free(t);
	return -1;
}

void turns_free(struct turns *t)
{
	max_tree_free(&t->tree);
	free(t->urgency);
	free(t->list);
	*t = (struct turns){ 0 };
}

void turns_set(struct turns *t, int32_t node, double urgency)
{
	max_tree_set(&t->tree, node, urgency, 0);
}

int32_t turns_next(const struct turns *t)
{
	int32_t node = max_tree_top(&t->tree);
	return node >= 0 && max_tree_key(&t->tree, node, 0) > refused_key(t->begun_at + 1) ? node : -1;
}

void turns_refuse(struct turns *t, int32_t node)
{
	if (isnan(t->urgency[node]))
		t->list[t->count++] = node;
	if (isnan(t->urgency[node]) || !is_refused(t, node))
		t->urgency[node] = max_tree_key(&t->tree, node, 0);
	turns_set(t, node, refused_key(++t->refusals));
}

void turns_begin(struct turns *t)
{
	t->begun_at = t->refusals;
}

void turns_end(struct turns *t)
{
	if (turns_next(t) >= 0)
		return;
	while (t->count > 0) {
		int32_t node = t->list[--t->count];
		if (is_refused(t, node))
			turns_set(t, node, t->urgency[node]);
		t->urgency[node] = NAN;
	}
}

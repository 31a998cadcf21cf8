#include "bench/placement/aside.h"

#include "bench/base/err.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { TURNS_TO_VAIN = 20 };

int aside_init(struct aside *a, int32_t count, struct err *e)
{
	*a = (struct aside){ .urgency = calloc((size_t)count + 1, sizeof(*a->urgency)) };
	if (!a->urgency)
		return err_set(e, EXIT_CANNOT, "no memory for a queue of %d", count);
	if (turns_init(&a->queue, count, e) == 0 && max_tree_init(&a->needs, count, 2, e) == 0)
		return 0;
	aside_free(a);
	return -1;
}

void aside_free(struct aside *a)
{
	turns_free(&a->queue);
	max_tree_free(&a->needs);
	free(a->urgency);
	*a = (struct aside){ 0 };
}

void aside_set(struct aside *a, int32_t node, double urgency)
{
	a->urgency[node] = urgency;
	max_tree_set(&a->needs, node, MAX_TREE_OUT, MAX_TREE_OUT);
	turns_set(&a->queue, node, urgency);
}

void aside_put(struct aside *a, int32_t node, double cores, double bytes)
{
	a->vain--;
	turns_set(&a->queue, node, MAX_TREE_OUT);
	max_tree_set(&a->needs, node, fmax(-cores, -DBL_MAX), fmax(-bytes, -DBL_MAX));
}

void aside_begin(struct aside *a, int64_t turns, double most_cores, double most_bytes)
{
	a->left = turns;
	a->vain = turns / TURNS_TO_VAIN + 1;
	turns_begin(&a->queue);
	for (int32_t node; !a->waiting && (node = max_tree_first(&a->needs, -most_cores, -most_bytes)) >= 0;)
		aside_set(a, node, a->urgency[node]);
}

void aside_end(struct aside *a)
{
	a->waiting = turns_next(&a->queue) >= 0;
	turns_end(&a->queue);
}

int32_t aside_next(struct aside *a)
{
	return a->vain > 0 && a->left-- > 0 ? turns_next(&a->queue) : -1;
}

void aside_refuse(struct aside *a, int32_t node)
{
	turns_refuse(&a->queue, node);
}

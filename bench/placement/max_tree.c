#include "bench/placement/max_tree.h"

#include "bench/base/err.h"

#include <stdbool.h>
#include <stdlib.h>

int max_tree_init(struct max_tree *t, int32_t count, int32_t keys, struct err *e)
{
	int32_t leaves = 1;
	while (leaves < count)
		leaves *= 2;
	size_t numbers = 2 * (size_t)leaves * (size_t)keys;
	double *max = malloc(numbers * sizeof(*max));
	if (!max)
		return err_errno(e, EXIT_CANNOT, "no memory for an index of %d", count);
	for (size_t i = 0; i < numbers; i++)
		max[i] = MAX_TREE_OUT;
	*t = (struct max_tree){ .leaves = leaves, .keys = keys, .max = max };
	return 0;
}

void max_tree_free(struct max_tree *t)
{
	free(t->max);
	*t = (struct max_tree){ 0 };
}

static void set_one(struct max_tree *t, int32_t thing, int32_t key, double value)
{
	int64_t i = t->leaves + thing;
	double *max = t->max + key;
	if (max[i * t->keys] == value)
		return;
	max[i * t->keys] = value;
	while (i > 1) {
		double other = max[(i ^ 1) * t->keys];
		i /= 2;
		value = value > other ? value : other;
		if (max[i * t->keys] == value)
			return;
		max[i * t->keys] = value;
	}
}

void max_tree_set(struct max_tree *t, int32_t thing, double first, double second)
{
	set_one(t, thing, 0, first);
	if (t->keys > 1)
		set_one(t, thing, 1, second);
}

int32_t max_tree_top(const struct max_tree *t)
{
	double top = t->max[t->keys];
	if (top == MAX_TREE_OUT)
		return -1;
	int64_t i = 1;
	while (i < t->leaves)
		i = t->max[2 * i * t->keys] == top ? 2 * i : 2 * i + 1;
	return (int32_t)(i - t->leaves);
}

static bool has(const struct max_tree *t, int64_t i, double first, double second)
{
	const double *max = t->max + i * t->keys;
	return max[0] != MAX_TREE_OUT && max[0] >= first && (t->keys == 1 || max[1] >= second);
}

int32_t max_tree_first(const struct max_tree *t, double first, double second)
{
	int64_t i = 1;
	if (!has(t, i, first, second))
		return -1;
	while (i < t->leaves) {
		i *= 2;
		/* Without enough: the next part to the right, up as long as this was a right one. */
		while (!has(t, i, first, second)) {
			while (i & 1)
				i /= 2;
			if (i == 0)
				return -1;
			i++;
		}
	}
	return (int32_t)(i - t->leaves);
}

#include "bench/placement/max_tree.h"

#include "bench/base/err.h"
#include "bench/base/line_array.h"

#include <stdbool.h>
#include <stdlib.h>

enum { WIDE = 8 };

int max_tree_init(struct max_tree *t, int32_t count, int32_t keys, struct err *e)
{
	*t = (struct max_tree){ .leaves = count, .keys = keys };
	int64_t entries = count > 0 ? count : 1;
	do {
		t->level[t->levels++] = t->size;
		entries = (entries + WIDE - 1) / WIDE;
		t->size += entries * WIDE;
	} while (entries > 1);
	size_t numbers = (size_t)t->size * (size_t)keys;
	t->max = line_array(numbers * sizeof(*t->max));
	if (!t->max)
		return err_errno(e, EXIT_CANNOT, "no memory for an index of %d", count);
	for (size_t i = 0; i < numbers; i++)
		t->max[i] = MAX_TREE_OUT;
	return 0;
}

void max_tree_free(struct max_tree *t)
{
	free(t->max);
	*t = (struct max_tree){ 0 };
}

static double higher(double a, double b)
{
	return a > b ? a : b;
}

static double highest_of(const double *group)
{
	return higher(higher(higher(group[0], group[1]), higher(group[2], group[3])),
	              higher(higher(group[4], group[5]), higher(group[6], group[7])));
}

/* Only where the highest of a group falls are the others of it looked at. */
static void set_one(struct max_tree *t, int64_t i, int32_t key, double value)
{
	double *numbers = t->max + key * t->size;
	for (int32_t level = 0;; level++, i /= WIDE) {
		double *at = numbers + t->level[level], was = at[i];
		if (was == value)
			return;
		at[i] = value;
		if (level + 1 == t->levels)
			return;
		double highest = numbers[t->level[level + 1] + i / WIDE];
		if (value >= highest)
			continue;
		if (was < highest)
			return;
		value = highest_of(at + i / WIDE * WIDE);
	}
}

void max_tree_set(struct max_tree *t, int32_t thing, double first, double second)
{
	/* What is out is out with both: the second is not looked at. */
	if (first == MAX_TREE_OUT && max_tree_key(t, thing, 0) == MAX_TREE_OUT)
		return;
	set_one(t, thing, 0, first);
	if (t->keys > 1)
		set_one(t, thing, 1, first == MAX_TREE_OUT ? first : second);
}

double max_tree_highest(const struct max_tree *t, int32_t key)
{
	const double *root = t->max + key * t->size + t->level[t->levels - 1];
	double top = MAX_TREE_OUT;
	for (int k = 0; k < WIDE; k++)
		top = fmax(top, root[k]);
	return top;
}

int32_t max_tree_top(const struct max_tree *t)
{
	int64_t i = 0;
	double top = max_tree_highest(t, 0);
	if (top == MAX_TREE_OUT)
		return -1;
	for (int32_t level = t->levels - 1; level >= 0; level--)
		for (i *= WIDE; t->max[t->level[level] + i] != top;)
			i++;
	return (int32_t)i;
}

static bool has(const struct max_tree *t, int32_t level, int64_t i, double first, double second)
{
	const double *max = t->max + t->level[level] + i;
	return max[0] != MAX_TREE_OUT && max[0] >= first && (t->keys == 1 || max[t->size] >= second);
}

/* From entry i of a level on. */
static int32_t search(const struct max_tree *t, int32_t level, int64_t i, double first, double second)
{
	for (int looks = 0; t->keys == 1 || looks < MAX_TREE_LOOKS; looks++) {
		if (has(t, level, i, first, second)) {
			if (level-- == 0)
				return (int32_t)i;
			i *= WIDE;
			continue;
		}
		/* The next one, that of the level above where these have come to their end. */
		for (i++; i % WIDE == 0; i /= WIDE)
			if (++level == t->levels)
				return -1;
	}
	return -1;
}

int32_t max_tree_first(const struct max_tree *t, double first, double second)
{
	return search(t, t->levels - 1, 0, first, second);
}

int32_t max_tree_first_from(const struct max_tree *t, int32_t from, double first, double second)
{
	return from < t->leaves ? search(t, 0, from, first, second) : -1;
}

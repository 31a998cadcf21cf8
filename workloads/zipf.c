#include "workloads/zipf.h"

#include "bench/base/err.h"
#include "workloads/random.h"

#include <math.h>
#include <stdlib.h>

struct cell {
	uint32_t keep; /* the cell's own rank when a draw of 32 bits is not above it */
	uint32_t other;
};

struct zipf {
	uint64_t ranks;
	struct cell cells[];
};

/* Vose's set-up: cells with too little are topped up from cells with too much; weight[] is used up. */
static void fill_cells(struct zipf *z, double *weight, uint32_t *stack)
{
	uint64_t n = z->ranks, small = 0, large = n; /* two stacks in one array, growing towards each other */
	for (uint64_t i = 0; i < n; i++) {
		if (weight[i] < 1)
			stack[small++] = (uint32_t)i;
		else
			stack[--large] = (uint32_t)i;
	}
	while (small > 0 && large < n) {
		uint32_t poor = stack[--small], rich = stack[large++];
		z->cells[poor] = (struct cell){ (uint32_t)(weight[poor] * 0x1p32), rich };
		weight[rich] -= 1 - weight[poor];
		if (weight[rich] < 1)
			stack[small++] = rich;
		else
			stack[--large] = rich;
	}
	/* What is left is 1 but for rounding. */
	while (small > 0) {
		uint32_t i = stack[--small];
		z->cells[i] = (struct cell){ UINT32_MAX, i };
	}
	while (large < n) {
		uint32_t i = stack[large++];
		z->cells[i] = (struct cell){ UINT32_MAX, i };
	}
}

int zipf_new(struct zipf **ret, uint64_t ranks, double exponent, struct err *e)
{
	if (ranks < 1 || ranks > UINT64_C(1) << 31)
		return err_set(e, EXIT_USAGE, "a Zipf table has 1 to 2^31 ranks");
	struct zipf *z = malloc(sizeof(*z) + ranks * sizeof(struct cell));
	double *weight = malloc(ranks * sizeof(*weight));
	uint32_t *stack = malloc(ranks * sizeof(*stack));
	if (!z || !weight || !stack) {
		free(z);
		free(weight);
		free(stack);
		return err_errno(e, EXIT_CANNOT, "table of %llu ranks", (unsigned long long)ranks);
	}
	z->ranks = ranks;
	double sum = 0;
	for (uint64_t i = 0; i < ranks; i++)
		sum += weight[i] = pow((double)(i + 1), -exponent);
	for (uint64_t i = 0; i < ranks; i++)
		weight[i] *= (double)ranks / sum;
	fill_cells(z, weight, stack);
	free(weight);
	free(stack);
	*ret = z;
	return 0;
}

uint64_t zipf_rank(const struct zipf *z, uint64_t *random)
{
	uint64_t rank = random_below(random, z->ranks);
	const struct cell *cell = &z->cells[rank];
	return random_next(random) >> 32 <= cell->keep ? rank : cell->other;
}

void zipf_free(struct zipf *z)
{
	free(z);
}

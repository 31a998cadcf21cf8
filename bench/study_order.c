#include "bench/study_order.h"

#include "bench/base/err.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stddef.h>

int study_order_block(long *order, long points, int64_t seed, long repeat, int shuffled, struct err *e)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	if (!random)
		return err_errno(e, EXIT_CANNOT, "cannot draw the order of %ld runs", points);
	for (long i = 0; i < points; i++)
		order[i] = i;
	gsl_rng_set(random, (unsigned long)(seed + repeat));
	if (shuffled)
		gsl_ran_shuffle(random, order, (size_t)points, sizeof(*order));
	gsl_rng_free(random);
	return 0;
}

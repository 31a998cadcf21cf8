#include "analysis/error_summary.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

struct error_summary error_summary_of(double *errors, int n)
{
	struct error_summary s = { .n = n, .bias = NAN, .sd = NAN, .p95 = NAN };
	if (n > 0)
		s.bias = gsl_stats_mean(errors, 1, (size_t)n);
	if (n > 1)
		s.sd = gsl_stats_sd(errors, 1, (size_t)n);
	for (int i = 0; i < n; i++)
		errors[i] = fabs(errors[i]);
	if (n > 0) {
		gsl_sort(errors, 1, (size_t)n);
		s.p95 = gsl_stats_quantile_from_sorted_data(errors, 1, (size_t)n, 0.95);
	}
	return s;
}

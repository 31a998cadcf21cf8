#include "analysis/least_squares.h"

#include "bench/base/err.h"

#include <gsl/gsl_multifit.h>
#include <gsl/gsl_statistics.h>
#include <math.h>

int least_squares_fit(const double *x, const double *y, int rows, int terms, struct least_squares *ret, struct err *e)
{
	double left;
	if (rows < terms)
		return err_set(e, EXIT_USAGE, "%d runs are too few to fit %d coefficients", rows, terms);
	gsl_matrix_const_view of_x = gsl_matrix_const_view_array(x, (size_t)rows, (size_t)terms);
	gsl_vector_const_view of_y = gsl_vector_const_view_array(y, (size_t)rows);
	gsl_vector *c = gsl_vector_alloc((size_t)terms);
	gsl_matrix *covariance = gsl_matrix_alloc((size_t)terms, (size_t)terms);
	gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc((size_t)rows, (size_t)terms);
	int failed = !c || !covariance || !work ||
	             gsl_multifit_linear(&of_x.matrix, &of_y.vector, c, covariance, &left, work) != 0;
	*ret = (struct least_squares){ .residual = NAN, .explained = NAN };
	for (int i = 0; i < terms && !failed; i++) {
		ret->coefficients[i] = gsl_vector_get(c, (size_t)i);
		ret->errors[i] = rows > terms ? sqrt(gsl_matrix_get(covariance, (size_t)i, (size_t)i)) : NAN;
	}
	if (!failed && rows > terms)
		ret->residual = sqrt(left / (rows - terms));
	double about_mean = failed ? 0 : gsl_stats_tss(y, 1, (size_t)rows);
	if (about_mean > 0)
		ret->explained = 1 - left / about_mean;
	gsl_multifit_linear_free(work);
	gsl_matrix_free(covariance);
	gsl_vector_free(c);
	return failed ? err_set(e, EXIT_CANNOT, "no memory to fit %d runs", rows) : 0;
}

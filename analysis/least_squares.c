#include "analysis/least_squares.h"

#include "bench/base/err.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit.h>
#include <gsl/gsl_statistics.h>
#include <math.h>

/* Columns to length 1. */
static void scale(gsl_matrix *of)
{
	for (size_t i = 0; i < of->size2; i++) {
		gsl_vector_view column = gsl_matrix_column(of, i);
		double length = gsl_blas_dnrm2(&column.vector);
		if (length > 0)
			gsl_vector_scale(&column.vector, 1 / length);
	}
}

double least_squares_condition(const double *x, int rows, int terms)
{
	double condition = INFINITY;
	if (rows < terms || terms < 1)
		return condition;
	gsl_matrix_const_view of_x = gsl_matrix_const_view_array(x, (size_t)rows, (size_t)terms);
	gsl_matrix *a = gsl_matrix_alloc((size_t)rows, (size_t)terms),
		   *v = gsl_matrix_alloc((size_t)terms, (size_t)terms);
	gsl_vector *s = gsl_vector_alloc((size_t)terms);
	if (a && v && s && gsl_matrix_memcpy(a, &of_x.matrix) == 0) {
		scale(a);
		if (gsl_linalg_SV_decomp_jacobi(a, v, s) == 0 && gsl_vector_get(s, (size_t)terms - 1) > 0)
			condition = gsl_vector_get(s, 0) / gsl_vector_get(s, (size_t)terms - 1);
	}
	gsl_vector_free(s);
	gsl_matrix_free(v);
	gsl_matrix_free(a);
	return condition;
}

int least_squares_fit(const double *x, const double *y, int rows, int terms, struct least_squares *ret, struct err *e)
{
	double left;
	if (rows < terms)
		return err_set(e, EXIT_USAGE, "%d row%s cannot say %d coefficients: it takes one each at least", rows,
		               rows == 1 ? "" : "s", terms);
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

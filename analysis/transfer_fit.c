#include "analysis/transfer_fit.h"

#include "analysis/least_squares.h"
#include "bench/base/err.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TERM_ONE, TERM_WIRE, TERM_USED_RTT, TERM_DIRTY, TERM_RTT };

const char *const transfer_term_names[TRANSFER_TERMS] = { "1", "used / rate", "used x RTT (GiB ms)",
	                                                  "used / rate x dirty / rate", "RTT (ms)" };

/* In what order terms are taken. */
static const int order[TRANSFER_TERMS] = { TERM_WIRE, TERM_ONE, TERM_USED_RTT, TERM_DIRTY, TERM_RTT };

struct rows {
	double *terms, *packed; /* count x TRANSFER_TERMS; those of some terms, without gaps */
	double *time_s, *lost_s;
	int count;
	struct transfer_range measured[TRANSFER_INPUTS];
};

static const double *pack(struct rows *r, const int *terms, int count)
{
	for (int i = 0; i < r->count; i++)
		for (int k = 0; k < count; k++)
			r->packed[i * count + k] = r->terms[i * TRANSFER_TERMS + terms[k]];
	return r->packed;
}

/* What of its inputs did not vary, since that is mostly why a term is not to be told from others. */
static void say_same(const struct rows *r, int term, char *text, size_t room)
{
	static const enum transfer_input depends[TRANSFER_TERMS] = { [TERM_ONE] = TRANSFER_USED,
		                                                     [TERM_WIRE] = TRANSFER_USED,
		                                                     [TERM_USED_RTT] = TRANSFER_RTT,
		                                                     [TERM_DIRTY] = TRANSFER_DIRTY,
		                                                     [TERM_RTT] = TRANSFER_RTT };
	static const char *const names[TRANSFER_INPUTS] = { "memory in use", "the dirty rate", "the rate",
		                                            "the round trip" };
	const struct transfer_range *range = &r->measured[depends[term]];
	char is[100];
	text[0] = '\0';
	if (range->high <= range->low * 1.05)
		snprintf(text, room, ": %s was %s in all of them", names[depends[term]],
		         transfer_range_words(depends[term], range, is, sizeof(is)));
}

/* The terms that the runs can tell apart. Returns how many; of the others it is said why. */
static int choose(struct rows *r, int *terms, char left_out[TRANSFER_TERMS][200])
{
	int count = 0;
	for (int i = 0; i < TRANSFER_TERMS; i++) {
		char same[160];
		terms[count] = order[i];
		double condition = r->count > count + 1
		                           ? least_squares_condition(pack(r, terms, count + 1), r->count, count + 1)
		                           : NAN;
		if (condition <= LEAST_SQUARES_CONDITION) {
			count++;
			continue;
		}
		say_same(r, order[i], same, sizeof(same));
		if (isnan(condition))
			snprintf(left_out[order[i]], 200, "%d runs are too few for it", r->count);
		else if (isinf(condition) || condition > 1e9)
			snprintf(left_out[order[i]], 200, "the runs cannot tell it from the others%s", same);
		else
			snprintf(left_out[order[i]], 200,
			         "the runs can hardly tell it from the others (condition number %.3g > %g)%s",
			         condition, LEAST_SQUARES_CONDITION, same);
	}
	return count;
}

/* Half of the 95 % interval of a coefficient. */
static double half_of(const struct least_squares *l, int i, int runs, int count)
{
	return gsl_cdf_tdist_Pinv(0.975, runs - count) * l->errors[i];
}

/* Of the terms that are taken only where they are asked for, the one whose interval has 0 the deepest in it; -1: none has. */
static int weakest(const struct least_squares *l, const int *terms, int count, int runs)
{
	double strength = INFINITY;
	int is = -1;
	for (int i = 0; i < count; i++) {
		double half = half_of(l, i, runs, count), size = fabs(l->coefficients[i]);
		if (terms[i] == TERM_ONE || terms[i] == TERM_WIRE || size > half)
			continue;
		if (is < 0 || size / half < strength) {
			is = i;
			strength = half > 0 ? size / half : 0;
		}
	}
	return is;
}

static int subset(const int *terms, int count, unsigned set, int *ret)
{
	int size = 0;
	for (int i = 0; i < count; i++)
		if (set & 1U << i)
			ret[size++] = terms[i];
	return size;
}

/* Squares left by a fit of some terms; NAN where one of its coefficients is below 0, or it fails. */
static double left_by(struct rows *r, const double *y, const int *terms, int count)
{
	struct least_squares l;
	double sum = 0;
	if (count == 0) {
		for (int i = 0; i < r->count; i++)
			sum += y[i] * y[i];
		return sum;
	}
	if (least_squares_fit(pack(r, terms, count), y, r->count, count, &l, NULL) < 0)
		return NAN;
	for (int i = 0; i < count; i++)
		if (l.coefficients[i] < 0)
			return NAN;
	return l.residual * l.residual * (r->count - count);
}

/*
 * Which terms the least squares without a coefficient below 0 have above it (Lawson, Hanson, "Solving Least Squares Problems",
 * 1974, chapter 23). These are the least squares of those terms alone: with so few all choices are looked at.
 */
static unsigned not_negative(struct rows *r, const double *y, const int *terms, int count)
{
	double least = INFINITY;
	unsigned best = 0;
	for (unsigned set = 0; set < 1U << count; set++) {
		int some[TRANSFER_TERMS], size = subset(terms, count, set, some);
		double left = left_by(r, y, some, size);
		if (left < least) {
			least = left;
			best = set;
		}
	}
	return best;
}

static void part_take(const struct rows *r, const double *y, const struct least_squares *l, const int *terms,
                      int count, struct transfer_part *ret)
{
	ret->residual = l->residual;
	ret->explained = l->explained;
	for (int i = 0; i < TRANSFER_TERMS; i++)
		ret->errors[i] = NAN;
	for (int i = 0; i < count; i++) {
		ret->coefficients[terms[i]] = l->coefficients[i];
		ret->errors[terms[i]] = l->errors[i];
	}
	if (count > 0)
		return;
	/* Nothing is left: what is predicted is 0. */
	double squares = 0;
	for (int i = 0; i < r->count; i++)
		squares += y[i] * y[i];
	ret->residual = sqrt(squares / r->count);
	ret->explained = NAN;
}

static int part_fit(struct rows *r, const double *y, const int *chosen, int count, struct transfer_part *ret,
                    struct err *e)
{
	int terms[TRANSFER_TERMS];
	struct least_squares l = { 0 };
	memcpy(terms, chosen, sizeof(terms));
	while (count > 0) {
		if (least_squares_fit(pack(r, terms, count), y, r->count, count, &l, e) < 0)
			return -1;
		int weak = weakest(&l, terms, count, r->count);
		unsigned all = (1U << count) - 1,
			 set = weak < 0 ? not_negative(r, y, terms, count) : all & ~(1U << weak);
		for (int i = 0; i < count; i++)
			if (!(set & 1U << i))
				snprintf(ret->left_out[terms[i]], 200, "%s (%.3g +- %.3g)",
				         weak < 0 ? "no coefficient may be below 0, and the fit is best without it"
				                  : "the runs do not ask for it",
				         l.coefficients[i], half_of(&l, i, r->count, count));
		if (set == all)
			break;
		count = subset(terms, count, set, terms);
	}
	part_take(r, y, &l, terms, count, ret);
	return 0;
}

static void row_add(struct rows *r, const struct transfer_run *run)
{
	const double inputs[TRANSFER_INPUTS] = { [TRANSFER_USED] = run->used_bytes,
		                                 [TRANSFER_DIRTY] = run->dirty_per_s,
		                                 [TRANSFER_RATE] = run->rate_bits_per_s,
		                                 [TRANSFER_RTT] = run->rtt_ns };
	for (int i = 0; i < TRANSFER_INPUTS; i++) {
		struct transfer_range *m = &r->measured[i];
		m->low = r->count ? fmin(m->low, inputs[i]) : inputs[i];
		m->high = r->count ? fmax(m->high, inputs[i]) : inputs[i];
	}
	transfer_terms(run->rate_bits_per_s, run->used_bytes, run->dirty_per_s, run->rtt_ns,
	               r->terms + r->count * TRANSFER_TERMS);
	r->time_s[r->count] = run->time_s;
	r->lost_s[r->count++] = run->lost_s;
}

static int too_few(const struct rows *r, const struct transfer_run *runs, int count, struct err *e)
{
	err_set(e, EXIT_USAGE,
	        "%d run%s of use, and a model takes %d at least: a study over memory and link.rtt has such "
	        "(configs/sakurai/rtt-transfer.conf)",
	        r->count, r->count == 1 ? " is" : "s are", TRANSFER_FIT_RUNS);
	for (int i = 0; i < count; i++)
		if (runs[i].reason[0])
			return err_prefix(e, "%d of %d runs left out, the first since %s", count - r->count, count,
			                  runs[i].reason);
	return -1;
}

static int fit(struct rows *r, const struct transfer_run *runs, int count, struct transfer_fit *ret, struct err *e)
{
	int terms[TRANSFER_TERMS];
	for (int i = 0; i < count; i++)
		if (!runs[i].reason[0])
			row_add(r, &runs[i]);
	if (r->count < TRANSFER_FIT_RUNS)
		return too_few(r, runs, count, e);
	int chosen = choose(r, terms, ret->time.left_out);
	memcpy(ret->lost.left_out, ret->time.left_out, sizeof(ret->lost.left_out));
	memcpy(ret->measured, r->measured, sizeof(ret->measured));
	ret->runs = r->count;
	return part_fit(r, r->time_s, terms, chosen, &ret->time, e) < 0
	               ? -1
	               : part_fit(r, r->lost_s, terms, chosen, &ret->lost, e);
}

int transfer_fit(const struct transfer_run *runs, int count, struct transfer_fit *ret, struct err *e)
{
	size_t rows = (size_t)count + 1;
	struct rows r = { .terms = calloc(rows * TRANSFER_TERMS, sizeof(double)),
		          .packed = calloc(rows * TRANSFER_TERMS, sizeof(double)),
		          .time_s = calloc(rows, sizeof(double)),
		          .lost_s = calloc(rows, sizeof(double)) };
	*ret = (struct transfer_fit){ 0 };
	int result = r.terms && r.packed && r.time_s && r.lost_s
	                     ? fit(&r, runs, count, ret, e)
	                     : err_set(e, EXIT_CANNOT, "no memory for %d runs", count);
	free(r.terms);
	free(r.packed);
	free(r.time_s);
	free(r.lost_s);
	return result;
}

double transfer_fitted_s(const struct transfer_part *part, const struct transfer_run *run)
{
	double terms[TRANSFER_TERMS], sum = 0;
	transfer_terms(run->rate_bits_per_s, run->used_bytes, run->dirty_per_s, run->rtt_ns, terms);
	for (int i = 0; i < TRANSFER_TERMS; i++)
		sum += part->coefficients[i] * terms[i];
	return sum;
}

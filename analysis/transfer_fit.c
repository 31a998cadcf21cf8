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

static int part_fit(struct rows *r, const double *y, const int *terms, int count, struct transfer_part *ret,
                    struct err *e)
{
	struct least_squares l;
	int last = count - 1;
	if (least_squares_fit(pack(r, terms, count), y, r->count, count, &l, e) < 0)
		return -1;
	double half = gsl_cdf_tdist_Pinv(0.975, r->count - count) * l.errors[last];
	if (terms[last] == TERM_RTT && !(fabs(l.coefficients[last]) > half)) {
		snprintf(ret->left_out[TERM_RTT], 200, "the runs do not ask for it (%.3g +- %.3g)",
		         l.coefficients[last], half);
		return part_fit(r, y, terms, last, ret, e);
	}
	ret->residual = l.residual;
	ret->explained = l.explained;
	for (int i = 0; i < TRANSFER_TERMS; i++)
		ret->errors[i] = NAN;
	for (int i = 0; i < count; i++) {
		ret->coefficients[terms[i]] = l.coefficients[i];
		ret->errors[terms[i]] = l.errors[i];
	}
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

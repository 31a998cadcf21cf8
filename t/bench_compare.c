/*
 * What comparisons of real runs are worth: how often one of two sets of the same runs is called different (false alarms), and
 * how often a loss of 10 % of work and a change of downtime by 50 ms are found. Prints one JSON object with its goals.
 *
 *	bench_compare [RESULTS [N [ROUNDS]]]      default: $MIGMETER_RESULTS or results/kuno, 10 runs a side, 1000 rounds
 *
 * Runs are drawn from those of one case, all default metrics of the moving VM together; where a case has fewer than 2 N
 * runs, from all cases: each run is taken as its values over its case's medians, and put onto the medians of the case.
 */
#include "analysis/compare.h"
#include "analysis/compare_judge.h"
#include "analysis/study.h"
#include "bench/base/err.h"

#include <fnmatch.h>
#include <gsl/gsl_rng.h>
#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { METRICS_MAX = 24, RUNS_MAX = 1000, N_MAX = 28 };

struct run_values {
	int case_index;
	double value[METRICS_MAX]; /* NAN: missing; divided by the case's median where that is above 0 */
};

struct pool {
	const struct compare_rule *rules[METRICS_MAX];
	int metrics, count, cases;
	struct run_values runs[RUNS_MAX];
	char labels[RUNS_MAX][300];
	double medians[RUNS_MAX][METRICS_MAX];
	int sizes[RUNS_MAX]; /* runs of each case */
};

static double value_of(const struct study_run *run, const struct compare_rule *rule)
{
	struct json_object *value;
	for (size_t i = 0; i < json_object_array_length(run->metrics); i++) {
		struct json_object *row = json_object_array_get_idx(run->metrics, i);
		const char *metric = json_object_get_string(json_object_object_get(row, "metric"));
		const char *estimator = json_object_get_string(json_object_object_get(row, "estimator"));
		const char *role = json_object_get_string(json_object_object_get(row, "role"));
		if (strcmp(metric, rule->metric) == 0 && fnmatch(rule->estimator, estimator, 0) == 0 &&
		    strcmp(role, "migrating") == 0)
			return json_object_object_get_ex(row, "value", &value) && value
			               ? json_object_get_double(value)
			               : NAN;
	}
	return NAN;
}

static int case_of(struct pool *p, const char *label)
{
	for (int i = 0; i < p->cases; i++)
		if (strcmp(p->labels[i], label) == 0)
			return i;
	snprintf(p->labels[p->cases], sizeof(p->labels[0]), "%s", label);
	return p->cases++;
}

static void read_pool(struct pool *p, const struct study_runs *s)
{
	for (const struct compare_rule *r = compare_rules; r->metric; r++)
		if (r->by_default && r->center == CENTER_MEDIAN)
			p->rules[p->metrics++] = r;
	for (int i = 0; i < s->count && p->count < RUNS_MAX; i++) {
		if (!s->runs[i].metrics)
			continue;
		struct run_values *run = &p->runs[p->count++];
		run->case_index = case_of(p, s->runs[i].point);
		p->sizes[run->case_index]++;
		for (int m = 0; m < p->metrics; m++)
			run->value[m] = value_of(&s->runs[i], p->rules[m]);
	}
}

/* Values over their case's median. About a median of n values of their own they lie too close: they are spread as a sample of
 * n lies about the truth. */
static void scale_pool(struct pool *p)
{
	double *list = calloc(RUNS_MAX, sizeof(*list));
	for (int c = 0; list && c < p->cases; c++)
		for (int m = 0; m < p->metrics; m++) {
			int n = 0;
			for (int i = 0; i < p->count; i++)
				if (p->runs[i].case_index == c && !isnan(p->runs[i].value[m]))
					list[n++] = p->runs[i].value[m];
			double median = center_of((struct sample){ list, n }, CENTER_MEDIAN);
			double widen = n > 1 ? sqrt(n / (n - 1.0)) : NAN;
			p->medians[c][m] = median;
			for (int i = 0; i < p->count; i++)
				if (p->runs[i].case_index == c)
					p->runs[i].value[m] =
						median > 0 ? 1 + widen * (p->runs[i].value[m] / median - 1) : NAN;
		}
	free(list);
}

/* What is done to NEW. */
struct injected {
	const char *metric; /* NULL: all are looked at, and nothing is done */
	double factor, add; /* the metric's values times factor, plus add */
};

struct trial {
	const struct pool *p;
	gsl_rng *random;
	struct comparison c;
	struct compared list[METRICS_MAX];
	double values[METRICS_MAX][COMPARE_SIDES][N_MAX];
};

static const struct run_values *draw(const struct trial *t, int case_index, int n)
{
	int alone = t->p->sizes[case_index] >= 2 * n;
	for (;;) {
		unsigned long i = gsl_rng_uniform_int(t->random, (unsigned long)t->p->count);
		if (!alone || t->p->runs[i].case_index == case_index)
			return &t->p->runs[i];
	}
}

static int has_metric(const char *metric, const char *name)
{
	return metric && fnmatch(metric, name, 0) == 0;
}

/* Draw both sides of a case, n runs each, and compare them. */
static int compare_once(struct trial *t, int case_index, int n, const struct injected *in)
{
	const struct compare_choices usual = { 0 };
	const struct pool *p = t->p;
	t->c = (struct comparison){ .list = t->list, .count = p->metrics };
	for (int m = 0; m < p->metrics; m++) {
		t->list[m] = (struct compared){ .better = metric_find(p->rules[m]->metric)->better };
		snprintf(t->list[m].metric, sizeof(t->list[m].metric), "%s", p->rules[m]->metric);
		for (int side = 0; side < COMPARE_SIDES; side++)
			t->list[m].sides[side].values = t->values[m][side];
	}
	for (int side = 0; side < COMPARE_SIDES; side++)
		for (int i = 0; i < n; i++) {
			const struct run_values *run = draw(t, case_index, n);
			for (int m = 0; m < p->metrics; m++) {
				double value = run->value[m] * p->medians[case_index][m];
				if (side == COMPARE_NEW && has_metric(in->metric, p->rules[m]->metric))
					value = value * in->factor + in->add;
				if (!isnan(value))
					t->list[m].sides[side].values[t->list[m].sides[side].n++] = value;
			}
		}
	for (int m = 0; m < p->metrics; m++) {
		struct compared *c = &t->list[m];
		struct sample base = { c->sides[COMPARE_BASE].values, c->sides[COMPARE_BASE].n };
		c->threshold = compare_threshold(&usual, p->rules[m]->metric, p->rules[m]->estimator,
		                                 center_of(base, CENTER_MEDIAN));
		if (compare_measure(c) < 0)
			return -1;
	}
	return compare_judge(&t->c);
}

/* The share of rounds in which a metric of the pattern (NULL: any) is called regressed, or (any) improved. */
static double share_found(struct trial *t, int n, int rounds, const struct injected *in)
{
	int found = 0;
	gsl_rng_set(t->random, 1);
	for (int r = 0; r < rounds; r++) {
		int hit = 0;
		if (compare_once(t, r % t->p->cases, n, in) < 0)
			return NAN;
		for (int m = 0; m < t->p->metrics; m++) {
			enum compare_verdict v = t->list[m].verdict;
			hit |= in->metric ? v == COMPARE_REGRESSED && has_metric(in->metric, t->list[m].metric)
			                  : v == COMPARE_REGRESSED || v == COMPARE_IMPROVED;
		}
		found += hit;
	}
	return (double)found / rounds;
}

/* The least n a side that finds it in 90 %; 0: not even N_MAX. */
static int runs_needed(struct trial *t, int rounds, const struct injected *in)
{
	for (int n = 4; n <= N_MAX; n++)
		if (share_found(t, n, rounds, in) >= 0.9)
			return n;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct injected none = { NULL, 1, 0 }, slower = { "*_rate", 0.9, 0 },
				     stop = { "downtime", 1, 50e6 };
	const char *set = getenv("MIGMETER_RESULTS"), *folder = argc > 1 ? argv[1] : set ? set : "results/kuno";
	int n = argc > 2 ? atoi(argv[2]) : 10, rounds = argc > 3 ? atoi(argv[3]) : 1000;
	struct err e = { 0 };
	struct study_runs s = { 0 };
	if (argc == 1 && !set && access(folder, R_OK) < 0) {
		printf("{\"skipped\":\"no runs: give a folder of them, or MIGMETER_RESULTS\"}\n");
		return 0;
	}
	if (n < 3 || n > N_MAX || rounds < 1 || study_read_any(&s, folder, &e) < 0) {
		err_report(&e);
		fprintf(stderr, "usage: bench_compare [RESULTS [N, 3 to %d [ROUNDS]]]\n", N_MAX);
		return 2;
	}
	struct pool *p = calloc(1, sizeof(*p));
	struct trial *t = calloc(1, sizeof(*t));
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	if (!p || !t || !random)
		return 3;
	read_pool(p, &s);
	scale_pool(p);
	t->p = p;
	t->random = random;
	if (!p->count) {
		fprintf(stderr, "bench_compare: '%s' has no run with metrics\n", folder);
		return 2;
	}
	double alarms = share_found(t, n, rounds, &none);
	double work = share_found(t, n, rounds, &slower), down = share_found(t, n, rounds, &stop);
	printf("{\"runs\":%d,\"cases\":%d,\"metrics\":%d,\"n\":%d,\"rounds\":%d,\"false_alarms\":%.4f,"
	       "\"work_loss_10_percent_found\":%.4f,\"work_loss_needs_n\":%d,\"downtime_50_ms_found\":%.4f,"
	       "\"downtime_needs_n\":%d,\"goals\":{\"false_alarms\":0.05,\"work_loss_10_percent_found\":0.9,"
	       "\"downtime_50_ms_found\":0.9}}\n",
	       p->count, p->cases, p->metrics, n, rounds, alarms, work, runs_needed(t, rounds / 5 + 1, &slower), down,
	       runs_needed(t, rounds / 5 + 1, &stop));
	gsl_rng_free(random);
	free(t);
	free(p);
	study_runs_free(&s);
	return !(alarms <= 0.05);
}

/*
 * What comparisons of real runs are worth: how often one of two sets of the same runs is called different (false alarms), and
 * how often a loss of 10 % of work and a change of downtime by 50 ms are found. Prints one JSON object with its goals, and
 * for each case how many runs a side it takes to find either in nine of ten comparisons (">28": none of the numbers that were
 * tried is enough; null: it is below the threshold of every such metric there).
 *
 *	bench_compare [RESULTS [N [ROUNDS]]]      default: $MIGMETER_RESULTS or results/kuno, 10 runs a side, 1000 rounds
 *
 * Runs are drawn with replacement from those of one case (at least 3), all default metrics of the moving VM together.
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

enum { METRICS_MAX = 24, RUNS_MAX = 1000, N_MAX = 28, CASE_LEAST = 3 };

struct run_values {
	double value[METRICS_MAX]; /* NAN: missing */
};

struct runs_of_case {
	char label[300];
	struct run_values runs[RUNS_MAX];
	int count;
	double centers[METRICS_MAX];
};

struct pool {
	const struct compare_rule *rules[METRICS_MAX];
	struct runs_of_case *cases;
	int metrics, count;
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

static struct runs_of_case *case_of(struct pool *p, const char *label)
{
	for (int i = 0; i < p->count; i++)
		if (strcmp(p->cases[i].label, label) == 0)
			return &p->cases[i];
	snprintf(p->cases[p->count].label, sizeof(p->cases[0].label), "%s", label);
	return &p->cases[p->count++];
}

/* About a mean of n values of their own they lie too close: they are spread as a sample of n lies about the truth. */
static void spread(struct runs_of_case *c, int m)
{
	double list[RUNS_MAX];
	int n = 0;
	for (int i = 0; i < c->count; i++)
		if (!isnan(c->runs[i].value[m]))
			list[n++] = c->runs[i].value[m];
	c->centers[m] = center_of((struct sample){ list, n }, CENTER_MEAN);
	for (int i = 0; i < c->count; i++)
		c->runs[i].value[m] = c->centers[m] + sqrt(n / (n - 1.0)) * (c->runs[i].value[m] - c->centers[m]);
}

static int read_pool(struct pool *p, const struct study_runs *s)
{
	int kept = 0;
	p->cases = calloc((size_t)s->count + 1, sizeof(*p->cases));
	for (const struct compare_rule *r = compare_rules; r->metric; r++)
		if (r->by_default && r->center == CENTER_MEDIAN)
			p->rules[p->metrics++] = r;
	for (int i = 0; p->cases && i < s->count; i++) {
		struct runs_of_case *c = s->runs[i].metrics ? case_of(p, s->runs[i].point) : NULL;
		for (int m = 0; c && c->count < RUNS_MAX && m < p->metrics; m++)
			c->runs[c->count].value[m] = value_of(&s->runs[i], p->rules[m]);
		if (c && c->count < RUNS_MAX)
			c->count++;
	}
	for (int i = 0; i < p->count; i++)
		if (p->cases[i].count >= CASE_LEAST) {
			p->cases[kept] = p->cases[i];
			for (int m = 0; m < p->metrics; m++)
				spread(&p->cases[kept], m);
			kept++;
		}
	p->count = kept;
	return kept;
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

static int has_metric(const char *metric, const char *name)
{
	return metric && fnmatch(metric, name, 0) == 0;
}

/* Draw both sides of a case, n runs each, and compare them. */
static int compare_once(struct trial *t, const struct runs_of_case *of, int n, const struct injected *in)
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
			const struct run_values *run =
				&of->runs[gsl_rng_uniform_int(t->random, (unsigned long)of->count)];
			for (int m = 0; m < p->metrics; m++) {
				double value = run->value[m];
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
static double share_found(struct trial *t, const struct runs_of_case *of, int n, int rounds,
                          const struct injected *in)
{
	int found = 0;
	for (int r = 0; r < rounds; r++) {
		int hit = 0;
		if (compare_once(t, of, n, in) < 0)
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

/* The least n a side that finds it in 90 %; 0: not even N_MAX. Found so often with n, it takes no more, or more. */
static int runs_needed(struct trial *t, const struct runs_of_case *of, int n, double found, int rounds,
                       const struct injected *in)
{
	for (int i = found >= 0.9 ? 4 : n + 1; i <= N_MAX; i++)
		if ((i == n && found >= 0.9) || share_found(t, of, i, rounds, in) >= 0.9)
			return i;
	return 0;
}

/* Whether it is at least the threshold of one of its metrics. */
static int matters(const struct pool *p, const struct runs_of_case *of, const struct injected *in)
{
	const struct compare_choices usual = { 0 };
	for (int m = 0; m < p->metrics; m++)
		if (has_metric(in->metric, p->rules[m]->metric) &&
		    fabs(of->centers[m] * (in->factor - 1) + in->add) >
		            compare_threshold(&usual, p->rules[m]->metric, p->rules[m]->estimator, of->centers[m]))
			return 1;
	return 0;
}

static const struct injected nothing = { NULL, 1, 0 };
static const struct {
	const char *name;
	struct injected in;
} injections[] = { { "work_loss_10_percent", { "*_rate", 0.9, 0 } }, { "downtime_50_ms", { "downtime", 1, 50e6 } } };
enum { INJECTIONS = sizeof(injections) / sizeof(*injections) };

static void print_case(struct trial *t, const struct runs_of_case *of, int n, int rounds,
                       const double found[INJECTIONS])
{
	printf("{\"case\":\"%s\",\"runs\":%d", of->label, of->count);
	for (int i = 0; i < INJECTIONS; i++) {
		const char *name = injections[i].name;
		if (isnan(found[i])) {
			printf(",\"%s_found\":null,\"%s_needs_n\":null", name, name);
			continue;
		}
		int needed = runs_needed(t, of, n, found[i], rounds, &injections[i].in);
		printf(",\"%s_found\":%.3f,\"%s_needs_n\":", name, found[i], name);
		needed ? printf("%d", needed) : printf("\">%d\"", N_MAX);
	}
	putchar('}');
}

static int prove(struct trial *t, int n, int rounds)
{
	const struct pool *p = t->p;
	double alarms = 0, sums[INJECTIONS] = { 0 };
	int each = rounds / p->count + 1, counts[INJECTIONS] = { 0 };
	printf("{\"n\":%d,\"rounds\":%d,\"metrics\":%d,\"cases\":[", n, each * p->count, p->metrics);
	for (int c = 0; c < p->count; c++) {
		double found[INJECTIONS];
		alarms += share_found(t, &p->cases[c], n, each, &nothing) / p->count;
		for (int i = 0; i < INJECTIONS; i++) {
			found[i] = NAN;
			if (!matters(p, &p->cases[c], &injections[i].in))
				continue;
			found[i] = share_found(t, &p->cases[c], n, each, &injections[i].in);
			sums[i] += found[i];
			counts[i]++;
		}
		fputs(c ? "," : "", stdout);
		print_case(t, &p->cases[c], n, 100, found);
	}
	printf("],\"false_alarms\":%.4f", alarms);
	for (int i = 0; i < INJECTIONS; i++)
		printf(",\"%s_found\":%.4f", injections[i].name, counts[i] ? sums[i] / counts[i] : 0);
	printf(",\"goals\":{\"false_alarms\":0.05,\"work_loss_10_percent_found\":0.9,\"downtime_50_ms_found\":0.9}}\n");
	return alarms <= 0.05 ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *set = getenv("MIGMETER_RESULTS"), *folder = argc > 1 ? argv[1] : set ? set : "results/kuno";
	int n = argc > 2 ? atoi(argv[2]) : 10, rounds = argc > 3 ? atoi(argv[3]) : 1000, status = 2;
	struct err e = { 0 };
	struct study_runs s = { 0 };
	struct pool p = { 0 };
	if (argc == 1 && !set && access(folder, R_OK) < 0) {
		printf("{\"skipped\":\"no runs: give a folder of them, or MIGMETER_RESULTS\"}\n");
		return 0;
	}
	struct trial *t = calloc(1, sizeof(*t));
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	if (n < 3 || n > N_MAX || rounds < 1 || !t)
		fprintf(stderr, "usage: bench_compare [RESULTS [N, 3 to %d [ROUNDS]]]\n", N_MAX);
	else if (study_read_any(&s, folder, &e) < 0)
		err_report(&e);
	else if (read_pool(&p, &s) == 0)
		fprintf(stderr, "bench_compare: '%s' has no case with %d runs that have metrics\n", folder,
		        CASE_LEAST);
	else {
		gsl_rng_set(random, 1);
		t->p = &p;
		t->random = random;
		status = prove(t, n, rounds);
	}
	gsl_rng_free(random);
	free(t);
	free(p.cases);
	study_runs_free(&s);
	return status;
}

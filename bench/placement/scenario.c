#include "bench/placement/scenario.h"

#include "bench/base/err.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

double scenario_line_weight(int64_t distance, int64_t sites, int index, int count)
{
	double place = sites > 2 ? (double)(distance - 1) / (double)(sites - 2) * (count - 1) : 0;
	return exp2(-fabs(index - place));
}

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix64(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* That of murmur3, which maps 32 bits one to one, 0 to 0. */
static uint32_t mix32(uint32_t z)
{
	z = (z ^ z >> 16) * UINT32_C(0x85ebca6b);
	z = (z ^ z >> 13) * UINT32_C(0xc2b2ae35);
	return z ^ z >> 16;
}

unsigned long scenario_seed(int64_t seed, int64_t run)
{
	uint64_t from = mix64((uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 1);
	return mix32((uint32_t)(1 + (from % UINT32_MAX + (uint64_t)run) % UINT32_MAX));
}

/* One of `count` by their weights. */
static int choose(gsl_rng *random, const double *weights, int count)
{
	double sum = 0;
	for (int i = 0; i < count; i++)
		sum += weights[i];
	double at = gsl_rng_uniform(random) * sum;
	for (int i = 0; i < count - 1; i++)
		if ((at -= weights[i]) < 0)
			return i;
	return count - 1;
}

static int64_t rtt_draw(const struct scenario_drawn *d, int64_t distance)
{
	const struct scenario *s = d->scenario;
	double weights[SCENARIO_RTT_CHOICES];
	for (int i = 0; i < s->rtt_choice_count; i++)
		weights[i] = s->rtt == SCENARIO_RTT_LINE
		                     ? scenario_line_weight(distance, s->sites, i, s->rtt_choice_count)
		                     : 1;
	return s->rtt_choices_ns[choose(d->random, weights, s->rtt_choice_count)];
}

static void rtts_draw(struct scenario_drawn *d)
{
	const struct scenario *s = d->scenario;
	for (int64_t i = 0; i < s->sites; i++)
		for (int64_t k = i + 1; k < s->sites; k++)
			d->rtt_ns[i * s->sites + k] = d->rtt_ns[k * s->sites + i] = rtt_draw(d, k - i);
}

int scenario_begin(struct scenario_drawn *d, const struct scenario *s, int64_t seed, int64_t run, struct err *e)
{
	size_t cells = (size_t)s->sites * (size_t)s->sites;
	*d = (struct scenario_drawn){ .scenario = s };
	d->rtt_ns = calloc(cells, sizeof(*d->rtt_ns));
	d->random = gsl_rng_alloc(gsl_rng_taus2);
	if (!d->rtt_ns || !d->random)
		return err_set(e, EXIT_CANNOT, "no memory for a simulation of %lld sites", (long long)s->sites);
	gsl_rng_set(d->random, scenario_seed(seed, run));
	if (s->rtt != SCENARIO_RTT_GIVEN)
		rtts_draw(d);
	else
		for (size_t i = 0; i < cells; i++)
			d->rtt_ns[i] = s->rtt_given_ns[i];
	return 0;
}

void scenario_end(struct scenario_drawn *d)
{
	free(d->rtt_ns);
	if (d->random)
		gsl_rng_free(d->random);
	*d = (struct scenario_drawn){ 0 };
}

static int kind_draw(const struct scenario_drawn *d)
{
	const struct scenario *s = d->scenario;
	double weights[SCENARIO_KINDS];
	if (s->order == SCENARIO_ORDER_CYCLIC)
		return (int)(d->count % SCENARIO_KINDS);
	for (int i = 0; i < SCENARIO_KINDS; i++)
		weights[i] = s->kinds[i].weight;
	return choose(d->random, weights, SCENARIO_KINDS);
}

static int32_t home_draw(const struct scenario_drawn *d)
{
	const struct scenario *s = d->scenario;
	int64_t nodes = s->sites * s->nodes_per_site;
	if (s->home == SCENARIO_HOME_ANY)
		return CLUSTER_NONE;
	if (s->home == SCENARIO_HOME_RANDOM)
		return (int32_t)gsl_rng_uniform_int(d->random, (unsigned long)nodes);
	/* The sites in turn, and of a site its nodes in turn. */
	int64_t site = d->count % s->sites, within = d->count / s->sites % s->nodes_per_site;
	return (int32_t)(site * s->nodes_per_site + within);
}

static double work_draw(const struct scenario_drawn *d, double mean_ns)
{
	if (d->scenario->length == SCENARIO_LENGTH_FIXED)
		return mean_ns;
	return fmax(gsl_ran_exponential(d->random, mean_ns), 1);
}

bool scenario_next(void *drawn, struct simulated_vm *ret)
{
	struct scenario_drawn *d = drawn;
	const struct scenario *s = d->scenario;
	if (d->count == s->vms)
		return false;
	const struct simulated_vm *given = s->arrival == SCENARIO_TRACE ? &s->trace[d->count] : NULL;
	int kind = given && given->kind >= 0 ? given->kind : kind_draw(d);
	int32_t home = given && given->home >= 0 ? given->home : home_draw(d);
	const struct scenario_kind *k = &s->kinds[kind];
	double work_ns = given && given->work_ns > 0 ? given->work_ns : work_draw(d, (double)k->work_ns);
	*ret = (struct simulated_vm){ .arrival_ns = given ? given->arrival_ns : (int64_t)d->clock_ns,
		                      .work_ns = fmax(work_ns * s->work_scale, 1),
		                      .memory_bytes = given && given->memory_bytes > 0 ? given->memory_bytes
		                                                                       : s->vm_memory_bytes,
		                      .dirty_per_s = (double)s->dirty_per_s,
		                      .home = home,
		                      .kind = kind };
	ret->used_bytes =
		given && given->used_bytes > 0 ? given->used_bytes : (int64_t)((double)ret->memory_bytes * k->used);
	d->count++;
	d->clock_ns += s->arrival == SCENARIO_EXPONENTIAL ? gsl_ran_exponential(d->random, (double)s->interval_ns)
	                                                  : (double)s->interval_ns;
	return true;
}

struct simulation scenario_simulation(struct scenario_drawn *d)
{
	const struct scenario *s = d->scenario;
	return (struct simulation){ .sites = (int32_t)s->sites,
		                    .rtt_ns = d->rtt_ns,
		                    .nodes_per_site = (int32_t)s->nodes_per_site,
		                    .node_cores = s->node_cores,
		                    .node_memory_bytes = s->node_memory_bytes,
		                    .in_turn = s->in_turn,
		                    .arrival = scenario_next,
		                    .arrivals = d };
}

/*
 * scenario.h - what happens to a simulated cluster: its sites and their distances, and which VM with which job comes
 * when. What is left to chance is drawn from the seed and the number of the run alone, before any policy is asked, so
 * that policies are compared on the same arrivals, jobs and distances.
 *
 *	scenario_begin(&d, &scenario, seed, run, &e);	draws the distances
 *	simulation.rtt_ns = d.rtt_ns; .arrival = scenario_next; .arrivals = &d;
 *	simulate(&simulation, ...); scenario_end(&d);
 */
#ifndef BENCH_PLACEMENT_SCENARIO_H
#define BENCH_PLACEMENT_SCENARIO_H

#include "bench/placement/simulator.h"

enum scenario_rtt {
	SCENARIO_RTT_RANDOM, /* each pair of sites one of the choices, all as likely */
	SCENARIO_RTT_LINE,   /* sites on a line: see scenario_line_weight() */
	SCENARIO_RTT_GIVEN,
};
enum scenario_arrival { SCENARIO_FIXED, SCENARIO_EXPONENTIAL, SCENARIO_TRACE };
enum scenario_home { SCENARIO_HOME_RANDOM, SCENARIO_HOME_CYCLIC, SCENARIO_HOME_ANY };
enum scenario_order { SCENARIO_ORDER_RANDOM, SCENARIO_ORDER_CYCLIC };
enum scenario_length { SCENARIO_LENGTH_FIXED, SCENARIO_LENGTH_EXPONENTIAL };
enum { SCENARIO_KINDS = 3, SCENARIO_RTT_CHOICES = 16 };

/* One kind of job: small, medium, large. */
struct scenario_kind {
	int64_t work_ns; /* CPU time, or its mean */
	double used;     /* share of the VM's memory that is in use */
	double weight;   /* how likely, against the others; with order cyclic every one comes in turn */
};

struct scenario {
	int64_t sites, nodes_per_site;
	double node_cores;
	int64_t node_memory_bytes;
	int rtt; /* enum scenario_rtt */
	int64_t rtt_choices_ns[SCENARIO_RTT_CHOICES];
	int rtt_choice_count;
	const int64_t *rtt_given_ns;      /* sites x sites */
	int arrival, home;                /* enum scenario_arrival, scenario_home */
	int64_t vms, interval_ns;         /* interval: between arrivals, or its mean */
	bool in_turn;                     /* see simulator.h */
	int64_t vm_memory_bytes;          /* of all, but those of a trace */
	int64_t dirty_per_s;              /* bytes that a VM writes a second, for the transfer model */
	const struct simulated_vm *trace; /* of `vms` arrivals; of home and kind -1: drawn */
	struct scenario_kind kinds[SCENARIO_KINDS];
	double work_scale; /* all jobs are so many times as long */
	int order, length; /* enum scenario_order, scenario_length */
};

/*
 * How likely two sites at `distance` (1 .. sites - 1, in sites) have choice `index` of `count`, in rising order, against
 * the other choices: the nearest sites most likely the lowest, the farthest the highest,
 *
 *	2 ^ -|index - (distance - 1) / (sites - 2) * (count - 1)|
 *
 * which the paper that this is for does not print.
 */
double scenario_line_weight(int64_t distance, int64_t sites, int index, int count);

/*
 * What GSL's generator (taus2) is set to, which takes 32 bits: for runs of one seed never the same twice, and never 0, which
 * it takes for 1. Two seeds may come to have some of their runs in common, at different numbers.
 */
unsigned long scenario_seed(int64_t seed, int64_t run);

struct scenario_drawn {
	const struct scenario *scenario;
	int64_t *rtt_ns; /* sites x sites */
	void *random;
	int64_t count;   /* VMs so far */
	double clock_ns; /* of the next arrival */
};

/* 0, or -1 when memory is short. scenario_end() frees it in any case. */
int scenario_begin(struct scenario_drawn *d, const struct scenario *s, int64_t seed, int64_t run, struct err *e);
bool scenario_next(void *drawn, struct simulated_vm *ret);
void scenario_end(struct scenario_drawn *d);

/* The simulation of what was drawn; policy and the like are the caller's to fill in. */
struct simulation scenario_simulation(struct scenario_drawn *d);

#endif

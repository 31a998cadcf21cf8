/*
 * simulated.h - what a config of `migmeter simulate` says (one point of its sweep), checked, in base units.
 *
 * Its keys are option rows as those of an experiment, in sections of their own; only how a policy is named, with its
 * keys as POLICY.KEY, is the same in [simulate] as in an experiment's [consolidate].
 */
#ifndef BENCH_EXPERIMENT_SIMULATED_H
#define BENCH_EXPERIMENT_SIMULATED_H

#include "bench/base/option.h"
#include "bench/experiment/config_file.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/trace_file.h"
#include "bench/placement/group_link.h"
#include "bench/placement/scenario.h"

enum simulated_plans { PLANS_CHANGES, PLANS_ARRIVALS };
enum simulated_cpu { CPU_NOW, CPU_WINDOW };

struct simulated_general {
	char name[OPTION_STRING_ROOM], question[OPTION_STRING_ROOM], study[OPTION_STRING_ROOM];
	char policy[OPTION_STRING_ROOM], reference[OPTION_STRING_ROOM];
	int64_t runs, first, seed, interval_ns;
	int64_t baseline_ns;
	int plans, cpu; /* enum simulated_plans, simulated_cpu */
};

/* What scenario.h has not as keys: texts that are read into it. */
struct simulated_texts {
	char rtt_choices[OPTION_STRING_ROOM], rtt_matrix[OPTION_LONG_ROOM], trace[OPTION_STRING_ROOM];
	char model[OPTION_STRING_ROOM];
};

/* A group that leaves its node for another one, instead of a cluster (bench/placement/group_link.h); [transfer] has the link. */
struct simulated_evacuation {
	int64_t vms; /* 0: a cluster is simulated */
	int64_t memory_low_bytes, memory_high_bytes, dirty_high_per_s, free_bytes, rtt_ns;
	double idle;
	bool dirty_known;
	int64_t lose_bytes, kept_rate, growth;
	struct group_schedule_options schedule;
};

struct simulated_config {
	struct simulated_general general;
	struct simulated_evacuation evacuation;
	struct scenario scenario;
	struct transfer_model transfer;
	struct simulated_texts texts;
	const struct policy_ops *policy;
	void *policy_options;  /* owned */
	int64_t *rtt_given_ns; /* owned */
	struct trace *trace;   /* shared by the points that have the same */
};

/* All sections; name NULL ends. Offsets are in struct simulated_config. */
extern const struct experiment_section simulated_sections[];

/* The keys of one section, or NULL. */
const struct option_row *simulated_section_rows(const char *name);

/*
 * Fill and check one from entries without lists; simulated_free() it. Errors name file, line, key, the nearest name. A trace that
 * one of `count` others has already is shared.
 */
int simulated_build(struct simulated_config *x, const struct config_file *c, const struct simulated_config *others,
                    long count, struct err *e);
void simulated_free(struct simulated_config *x);

#endif

/* Every key of a simulation's config, a row a key. */
#include "bench/experiment/simulated.h"

#include <stddef.h>

#define GENERAL(member) offsetof(struct simulated_config, general.member)
#define SCENARIO(member) offsetof(struct simulated_config, scenario.member)
#define TRANSFER(member) offsetof(struct simulated_config, transfer.member)
#define TEXT(member) offsetof(struct simulated_config, texts.member)

static const struct option_row simulate_rows[] = {
	{ "name", OPTION_STRING, GENERAL(name), "simulation", NULL, NULL,
	  "short name; the results folder is called after it" },
	{ "question", OPTION_STRING, GENERAL(question), "", NULL, NULL, "what is asked, for the page's head" },
	{ "study", OPTION_STRING, GENERAL(study), "", NULL, NULL,
	  "the tables it repeats (sakurai-three-sites, sakurai-five-sites): their claims are judged" },
	{ "policy", OPTION_STRING, GENERAL(policy), "none", NULL, NULL,
	  "which VMs move when and where ('migmeter list policies'), a list to compare them" },
	{ "reference", OPTION_STRING, GENERAL(reference), "none", NULL, NULL,
	  "the policy that the others are measured against" },
	{ "runs", OPTION_INTEGER, GENERAL(runs), "1000", "1", "1000000",
	  "runs of each point, each with other chances" },
	{ "first", OPTION_INTEGER, GENERAL(first), "5", "1", "1000000",
	  "of the first so many runs the means stand beside those of all: as many as the paper had" },
	{ "seed", OPTION_INTEGER, GENERAL(seed), "1", "0", NULL, "seed of all chances" },
	{ "interval", OPTION_DURATION, GENERAL(interval_ns), "1s", "1ms", "24h",
	  "between two plans, in simulated time" },
	{ "plans", OPTION_CHOICE, GENERAL(plans), "changes", "changes|arrivals", NULL,
	  "when a policy plans: after every change, or once for each VM that comes" },
	{ "cpu", OPTION_CHOICE, GENERAL(cpu), "now", "now|window", NULL,
	  "what it knows of CPU: that of the moment, or the mean over its window, as the monitor of machines has it" },
	{ "baseline", OPTION_DURATION, GENERAL(baseline_ns), "0s", "0s", "24h",
	  "VMs run so long before anything is watched or planned, as in an experiment" },
	OPTION_END
};

static const struct option_row sites_rows[] = {
	{ "count", OPTION_INTEGER, SCENARIO(sites), "1", "1", "1000", "sites" },
	{ "rtt", OPTION_CHOICE, SCENARIO(rtt), "random", "random|line|given", NULL,
	  "round trips between sites; line: sites on a line, the farther the higher most likely" },
	{ "rtt_choices", OPTION_STRING, TEXT(rtt_choices), "6ms 10ms 20ms 30ms", NULL, NULL,
	  "what is drawn from, in rising order" },
	{ "rtt_matrix", OPTION_LONG, TEXT(rtt_matrix), "", NULL, NULL,
	  "for given: row by row, such as '0ms 6ms | 6ms 0ms'; further rows may stand on lines that begin with a blank" },
	OPTION_END
};

static const struct option_row nodes_rows[] = {
	{ "per_site", OPTION_INTEGER, SCENARIO(nodes_per_site), "1", "1", "1000000", "nodes at each site" },
	{ "cores", OPTION_FRACTION, SCENARIO(node_cores), "4", "0.01", "10000",
	  "of a node, shared fairly by its VMs; as many as VMs fit: nothing is shared" },
	{ "memory", OPTION_SIZE, SCENARIO(node_memory_bytes), "12G", "1M", "1024T", "of a node, for VMs" },
	OPTION_END
};

static const struct option_row vms_rows[] = {
	{ "count", OPTION_INTEGER, SCENARIO(vms), "20", "1", "100000000",
	  "VMs that come; a trace has its own number" },
	{ "memory", OPTION_SIZE, SCENARIO(vm_memory_bytes), "2G", "1M", "1024T", "RAM of a VM" },
	{ "dirty", OPTION_SIZE, SCENARIO(dirty_per_s), "0", "0", "1T",
	  "memory that a VM writes a second (for a fitted transfer model)" },
	{ "arrival", OPTION_CHOICE, SCENARIO(arrival), "fixed", "fixed|exponential|trace", NULL,
	  "fixed: one each interval; exponential: that is the mean of the times between" },
	{ "interval", OPTION_DURATION, SCENARIO(interval_ns), "10min", "1us", "8760h", "between two arrivals" },
	{ "in_turn", OPTION_BOOLEAN, SCENARIO(in_turn), "no", NULL, NULL,
	  "a VM that waits holds up those after it: the interval counts from the start of the VM before" },
	{ "trace", OPTION_STRING, TEXT(trace), "", NULL, NULL,
	  "CSV file: arrival_s and, each optional, work_s, memory_bytes, used_bytes, home, kind" },
	{ "home", OPTION_CHOICE, SCENARIO(home), "random", "random|cyclic|any", NULL,
	  "node that a VM is asked to start on; cyclic: the sites in turn; any: the first with room" },
	OPTION_END
};

/* clang-format off */
#define KIND(name, index, work) \
	{ name, OPTION_DURATION, SCENARIO(kinds[index].work_ns), work, "1us", "87600h", "CPU time of a " name " job" }, \
	{ name "_used", OPTION_FRACTION, SCENARIO(kinds[index].used), "1", "0.001", "1", \
	  "share of its VM's memory that is in use" }, \
	{ name "_weight", OPTION_FRACTION, SCENARIO(kinds[index].weight), "1", "0", "1000000", \
	  "how likely it is, against the others" }
/* clang-format on */

static const struct option_row jobs_rows[] = {
	KIND("small", 0, "1h"),
	KIND("medium", 1, "2h"),
	KIND("large", 2, "4h"),
	{ "scale", OPTION_FRACTION, SCENARIO(work_scale), "1", "0.000001", "1000000",
	  "all jobs are so many times as long" },
	{ "length", OPTION_CHOICE, SCENARIO(length), "fixed", "fixed|exponential", NULL,
	  "exponential: the times above are means" },
	{ "order", OPTION_CHOICE, SCENARIO(order), "random", "random|cyclic", NULL, "which kind comes next" },
	OPTION_END
};

static const struct option_row transfer_rows[] = {
	{ "rate", OPTION_RATE, TRANSFER(rate_bits_per_s), "1G", "1K", "100T", "of the link that VMs move over" },
	{ "shared", OPTION_BOOLEAN, TRANSFER(shared), "yes", NULL, NULL,
	  "moves at the same time share the rate of the link from a site to another, within a site that of the way out of a "
	  "node; no: each has it for itself" },
	{ "window", OPTION_SIZE, TRANSFER(window_bytes), "0", "0", "1T",
	  "bytes in flight at most, so that no more than window / RTT goes through; 0: no limit" },
	{ "setup", OPTION_DURATION, TRANSFER(setup_ns), "1s", "0s", "24h", "time that any move takes" },
	{ "downtime", OPTION_DURATION, TRANSFER(downtime_ns), "300ms", "0s", "24h", "stop of the VM" },
	{ "slowdown", OPTION_FRACTION, TRANSFER(slowdown), "0.15", "0", "1",
	  "share of its work that a VM loses while it moves" },
	{ "model", OPTION_STRING, TEXT(model), "", NULL, NULL,
	  "file that 'migmeter model fit' wrote: in place of window, setup, downtime and slowdown" },
	OPTION_END
};

#define EVACUATION(member) offsetof(struct simulated_config, evacuation.member)
static const struct option_row evacuation_rows[] = {
	{ "vms", OPTION_INTEGER, EVACUATION(vms), "0", "0", "100000",
	  "that move from one node to another as a schedule says; 0: none, a cluster is simulated" },
	{ "memory", OPTION_SIZE, EVACUATION(memory_low_bytes), "1G", "1M", "1T", "in use by a VM, at least" },
	{ "memory_most", OPTION_SIZE, EVACUATION(memory_high_bytes), "4G", "1M", "1T",
	  "at most; all between are as likely" },
	{ "dirty_most", OPTION_SIZE, EVACUATION(dirty_high_per_s), "2M", "0", "1T",
	  "that a VM writes a second, at most" },
	{ "idle", OPTION_FRACTION, EVACUATION(idle), "0.5", "0", "1", "share of the VMs that write nothing" },
	{ "dirty_known", OPTION_BOOLEAN, EVACUATION(dirty_known), "yes", NULL, NULL,
	  "the schedule knows beforehand how much they write" },
	{ "free", OPTION_SIZE, EVACUATION(free_bytes), "1024T", "1M", "1048576T", "the destination's memory" },
	{ "rtt", OPTION_DURATION, EVACUATION(rtt_ns), "0ms", "0ms", "10s", "round trip between the two" },
	{ "lose_after", OPTION_SIZE, EVACUATION(lose_bytes), "0", "0", "1T",
	  "a connection that has sent so much loses some; 0: none does" },
	{ "lose_rate", OPTION_SIZE, EVACUATION(kept_rate), "3M", "1K", "1T",
	  "and then goes on with so much a second" },
	{ "lose_growth", OPTION_SIZE, EVACUATION(growth), "500K", "0", "1T", "which grows by so much a second" },
	GROUP_SCHEDULE_ROWS(struct simulated_config, evacuation.schedule.),
	OPTION_END
};

const struct experiment_section simulated_sections[] = {
	{ "simulate", simulate_rows, 0, "a simulation: policies, runs; a policy's keys as POLICY.KEY" },
	{ "sites", sites_rows, 0, "where the simulated nodes are" },
	{ "nodes", nodes_rows, 0, "the simulated nodes" },
	{ "vms", vms_rows, 0, "the VMs that come" },
	{ "jobs", jobs_rows, 0, "what they compute" },
	{ "transfer", transfer_rows, 0, "what a move takes and costs" },
	{ "evacuation", evacuation_rows, 0, "a group that moves as one task, instead of a cluster" },
	{ NULL, NULL, 0, NULL },
};

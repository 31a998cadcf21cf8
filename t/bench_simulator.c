/*
 * bench_simulator.c - how fast the simulator is and what it takes: VMs that come, compute, move and go, ten a node and
 * nearly all at the same time. Prints JSON.
 *
 * usage: bench_simulator [POLICY...]     (none; and rtt-aware, for which a fifth of the nodes comes to be loaded)
 *
 * A million VMs on 100,000 nodes, on one core: the goals are 2 million events a second of CPU and 300 bytes a VM. Events are
 * arrivals, ends of jobs, ends of moves, and plans. Bytes are what the process grew by, at its highest, for each VM that
 * was there at the same time; nodes, indices and the plan are in them. Cost is n log n when `n_log_n`, the time of an
 * event divided by log2 of the VMs, does not grow from 10,000 VMs on; above some 100,000 the processor's caches are too
 * small for them and it does.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/scenario.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOAL_EVENTS_PER_S 2e6
#define GOAL_BYTES_PER_VM 300.0

enum { SITES = 10, VMS_EACH = 10, SIZES = 3, REPEATS = 3 };

static const int64_t node_counts[SIZES] = { 1000, 10000, 100000 };

struct figures {
	struct simulated sums;
	double seconds, bytes;
};

/* Arrivals within an hour and jobs of one to four hours of a core, 4 cores a node: the last come before the first go. */
static struct scenario scenario_of(int64_t nodes)
{
	struct scenario s = { .sites = SITES,
		              .nodes_per_site = nodes / SITES,
		              .node_cores = 4,
		              .node_memory_bytes = INT64_C(30) << 30,
		              .rtt = SCENARIO_RTT_LINE,
		              .rtt_choices_ns = { 6 * NS_PER_MS, 10 * NS_PER_MS, 20 * NS_PER_MS, 30 * NS_PER_MS },
		              .rtt_choice_count = 4,
		              .arrival = SCENARIO_EXPONENTIAL,
		              .home = SCENARIO_HOME_RANDOM,
		              .vms = nodes * VMS_EACH,
		              .interval_ns = 3600 * NS_PER_S / (nodes * VMS_EACH),
		              .vm_memory_bytes = INT64_C(2) << 30,
		              .work_scale = 1,
		              .length = SCENARIO_LENGTH_EXPONENTIAL };
	for (int i = 0; i < SCENARIO_KINDS; i++)
		s.kinds[i] = (struct scenario_kind){ 3600 * NS_PER_S << i, 1, 1 };
	return s;
}

/* Of this process, in bytes: "VmRSS" or, at its highest, "VmHWM". */
static double memory_bytes(const char *what)
{
	char line[128];
	double kib = NAN;
	FILE *f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtod(line + strlen(what) + 1, NULL);
	if (f)
		fclose(f);
	return kib * 1024;
}

/* Of this process: a machine with other work slows it less than the clock on the wall says. */
static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / NS_PER_S;
}

static int once(const struct policy_ops *policy, int64_t nodes, struct figures *ret, struct err *e)
{
	struct scenario s = scenario_of(nodes);
	struct scenario_drawn d;
	void *options = policy_options_new(policy, e);
	double before = memory_bytes("VmRSS");
	int result = options ? scenario_begin(&d, &s, 1, 0, e) : -1;
	if (result == 0) {
		struct simulation one = scenario_simulation(&d);
		one.policy = policy;
		one.policy_options = options;
		one.transfer = (struct transfer_model){ .rate_bits_per_s = 10 * NS_PER_S, .slowdown = 0.15 };
		one.interval_ns = NS_PER_S;
		double start_s = cpu_s();
		result = simulate(&one, &ret->sums, e);
		ret->seconds = cpu_s() - start_s;
		ret->bytes = memory_bytes("VmHWM") - before;
		scenario_end(&d);
	}
	free(options);
	return result;
}

/* In a process of its own, whose memory is that run's; the fastest of a few. */
static int measure(const struct policy_ops *policy, int64_t nodes, struct figures *best, struct err *e)
{
	*best = (struct figures){ .seconds = INFINITY };
	for (int i = 0; i < REPEATS; i++) {
		struct figures f = { 0 };
		int ends[2], status = -1;
		if (pipe(ends) < 0)
			return err_errno(e, EXIT_CANNOT, "no pipe");
		pid_t child = fork();
		if (child == 0) {
			status = once(policy, nodes, &f, e);
			if (status < 0)
				err_report(e);
			_exit(status == 0 && write(ends[1], &f, sizeof(f)) == sizeof(f) ? 0 : 1);
		}
		close(ends[1]);
		bool read_all = child > 0 && read(ends[0], &f, sizeof(f)) == sizeof(f);
		close(ends[0]);
		if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0 || !read_all)
			return err_set(e, EXIT_MEASURED_BAD, "a run of policy '%s' failed", policy->name);
		if (f.seconds < best->seconds)
			*best = f;
	}
	return 0;
}

static void print(const struct policy_ops *policy, int64_t nodes, const struct figures *f, bool first)
{
	double events = (double)f->sums.events, vms = (double)(nodes * VMS_EACH);
	printf("%s\n  {\"policy\": \"%s\", \"nodes\": %" PRId64 ", \"vms\": %.0f, \"vms_at_once\": %" PRId64
	       ", \"events\": %.0f, \"moves\": %" PRId64
	       ", \"cpu_seconds\": %.3f, \"events_per_s\": %.0f, \"bytes_per_vm\": %.0f, \"ns_per_event\": %.0f, "
	       "\"n_log_n\": %.2f}",
	       first ? "" : ",", policy->name, nodes, vms, f->sums.highest_vms, events, f->sums.moves, f->seconds,
	       events / f->seconds, f->bytes / (double)f->sums.highest_vms, f->seconds / events * 1e9,
	       f->seconds / events * 1e9 / log2(vms));
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const char *const usual[] = { "none", "rtt-aware" };
	int count = argc > 1 ? argc - 1 : 2;
	double slowest = INFINITY, largest = 0;
	struct err e = { 0 };
	printf("{\"benchmark\": \"simulator\", \"runs\": [");
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		const struct policy_ops *policy = policy_find(argc > 1 ? argv[1 + i] : usual[i], &e);
		for (int k = 0; policy && k < SIZES; k++) {
			struct figures f = { 0 };
			if (measure(policy, node_counts[k], &f, &e) < 0)
				return err_report(&e);
			print(policy, node_counts[k], &f, i == 0 && k == 0);
			if (k == SIZES - 1) {
				slowest = fmin(slowest, (double)f.sums.events / f.seconds);
				largest = fmax(largest, f.bytes / (double)f.sums.highest_vms);
			}
		}
		if (!policy)
			return err_report(&e);
	}
	printf("],\n  \"events_per_s\": %.0f, \"events_per_s_goal\": %.0f, \"bytes_per_vm\": %.0f, "
	       "\"bytes_per_vm_goal\": %.0f}\n",
	       slowest, GOAL_EVENTS_PER_S, largest, GOAL_BYTES_PER_VM);
	return slowest >= GOAL_EVENTS_PER_S && largest <= GOAL_BYTES_PER_VM ? EXIT_DONE : EXIT_MEASURED_BAD;
}

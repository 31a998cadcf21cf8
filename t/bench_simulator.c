/*
 * bench_simulator.c - how fast the simulator is and what it takes: VMs that come, compute, move and go, ten a node and
 * nearly all at the same time. Prints JSON.
 *
 * usage: bench_simulator [POLICY...]     (none; and rtt-aware, for which a fifth of the nodes comes to be loaded)
 *
 * A million VMs on 100,000 nodes, on one core: the goals are 2 million events a second of CPU and 300 bytes a VM. Events are
 * arrivals, ends of jobs, moves that come to their link or end, and plans. Bytes are what the process grew by, at its highest,
 * for each VM that was there at the same time; nodes, indices and the plan are in them.
 *
 * The cost is to grow as n log n. `n_log_n` is the time in ns over n log2 n of the n events; `exponent` is p of time = a (n log2 n)^p,
 * fitted to five sizes by least squares of the logarithms, with its standard error. p is 1 where memory is all the same to the
 * processor, and above it since 10,000 VMs fit into its caches and a million do not; time that grows as n^1.5 has p = 1.4, as
 * n^2 p = 1.9. So the goal is 1.2.
 */
#include "analysis/least_squares.h"
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
#define GOAL_EXPONENT 1.2

enum { SITES = 10, VMS_EACH = 10, SIZES = 5, REPEATS = 3 };

static const int64_t node_counts[SIZES] = { 1000, 3160, 10000, 31600, 100000 };

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
		one.transfer =
			(struct transfer_model){ .rate_bits_per_s = 10 * NS_PER_S, .shared = true, .slowdown = 0.15 };
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

static double n_log_n(const struct figures *f)
{
	double events = (double)f->sums.events;
	return events * log2(events);
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
	       f->seconds * 1e9 / n_log_n(f));
	fflush(stdout);
}

/* p of time = a (n log2 n)^p, and its standard error. */
static int exponent_fit(const struct figures *sizes, double *ret, double *ret_error, struct err *e)
{
	double x[SIZES][2], y[SIZES];
	struct least_squares l;
	for (int i = 0; i < SIZES; i++) {
		x[i][0] = 1;
		x[i][1] = log(n_log_n(&sizes[i]));
		y[i] = log(sizes[i].seconds);
	}
	if (least_squares_fit(x[0], y, SIZES, 2, &l, e) < 0)
		return -1;
	*ret = l.coefficients[1];
	*ret_error = l.errors[1];
	return 0;
}

/* The worst of all policies. */
struct worst {
	double events_per_s, bytes_per_vm, exponent;
};

/* All sizes with one policy; its fit is added to `fits`. */
static int policy_measure(const char *name, bool first, FILE *fits, struct worst *worst, struct err *e)
{
	const struct policy_ops *policy = policy_find(name, e);
	struct figures sizes[SIZES];
	double exponent, error;
	if (!policy)
		return -1;
	for (int i = 0; i < SIZES; i++) {
		if (measure(policy, node_counts[i], &sizes[i], e) < 0)
			return -1;
		print(policy, node_counts[i], &sizes[i], first && i == 0);
	}
	if (exponent_fit(sizes, &exponent, &error, e) < 0)
		return -1;
	const struct figures *largest = &sizes[SIZES - 1];
	fprintf(fits, "%s{\"policy\": \"%s\", \"exponent\": %.3f, \"standard_error\": %.3f}", first ? "" : ", ", name,
	        exponent, error);
	worst->events_per_s = fmin(worst->events_per_s, (double)largest->sums.events / largest->seconds);
	worst->bytes_per_vm = fmax(worst->bytes_per_vm, largest->bytes / (double)largest->sums.highest_vms);
	worst->exponent = fmax(worst->exponent, exponent);
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const usual[] = { "none", "rtt-aware" };
	int count = argc > 1 ? argc - 1 : 2;
	struct worst worst = { .events_per_s = INFINITY };
	struct err e = { 0 };
	char *fits_text = NULL;
	size_t length;
	FILE *fits = open_memstream(&fits_text, &length);
	if (!fits)
		return EXIT_CANNOT;
	printf("{\"benchmark\": \"simulator\", \"runs\": [");
	fflush(stdout);
	for (int i = 0; i < count; i++)
		if (policy_measure(argc > 1 ? argv[1 + i] : usual[i], i == 0, fits, &worst, &e) < 0)
			return err_report(&e);
	fclose(fits);
	bool fast = worst.events_per_s >= GOAL_EVENTS_PER_S, small = worst.bytes_per_vm <= GOAL_BYTES_PER_VM,
	     ordered = worst.exponent <= GOAL_EXPONENT;
	printf("],\n  \"fits\": [%s],\n  \"events_per_s\": %.0f, \"events_per_s_goal\": %.0f, \"events_per_s_met\": %s, "
	       "\"bytes_per_vm\": %.0f, \"bytes_per_vm_goal\": %.0f, \"bytes_per_vm_met\": %s, "
	       "\"exponent\": %.3f, \"exponent_goal\": %.1f, \"n_log_n_met\": %s}\n",
	       fits_text, worst.events_per_s, GOAL_EVENTS_PER_S, fast ? "true" : "false", worst.bytes_per_vm,
	       GOAL_BYTES_PER_VM, small ? "true" : "false", worst.exponent, GOAL_EXPONENT,
	       ordered ? "true" : "false");
	free(fits_text);
	return fast && small && ordered ? EXIT_DONE : EXIT_MEASURED_BAD;
}

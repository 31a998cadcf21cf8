/*
 * bench_observer.c - what watching costs the work that is watched: a guest that adds integers, on a testbed of its own,
 * in blocks with and without sampling and collectors, one after the other in one boot. Prints JSON.
 *
 * usage: bench_observer [all|guest|host [PAIRS [BLOCK_MS]]]     (all, 40 pairs of blocks of 500 ms)
 *
 *	all    sampling at 10 ms and all collectors, against none
 *	guest  sampling and heartbeats only        host   collectors on the head only, the guest sampling all the time
 *
 * A block's rate is work by guest time between the samples at its borders: a block without sampling has a few samples
 * at each border, and nothing between. Changing over is in no block. loss_percent is the median over the pairs of
 * 1 - rate watched / rate alone, with its 95 % interval from order statistics: neighbours on the machine make outliers
 * of some pairs, which would rule a mean. Blocks of a pair are neighbours, so that what drifts cancels.
 * HELLO, one a second, goes on in both. head_cpu_percent_of_core is this process in the watched blocks.
 */
#include "analysis/vm_samples.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/guests.h"
#include "bench/experiment/run.h"
#include "bench/experiment/run_directory.h"
#include "bench/experiment/watching.h"
#include "bench/migrate/hypervisor.h"
#include "t/scratch.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAIRS_MAX = 500 };
#define SETTLE_NS (160 * NS_PER_MS) /* longer than the agent keeps samples to itself */
#define PULSE_NS (15 * NS_PER_MS)

struct block {
	uint32_t from_seq, to_seq; /* samples at its borders */
	int64_t cpu_ns, lasted_ns; /* of this process */
	double rate;
};

struct bench {
	bool toggle_guest, toggle_host;
	int pairs;
	int64_t block_ns;
	struct config_file config;
	struct experiment x, head_only, guest_only; /* the same with some of the collectors */
	struct testbed testbed;
	struct guest_boot boot;
	virConnectPtr connection;
	struct watching guest, head;
	bool testbed_open, guest_on, head_on;
	char directory[64], head_directory[96];
	double first_sample_s;
	struct block alone[PAIRS_MAX], watched[PAIRS_MAX];
};

static double seconds_since(int64_t from_ns)
{
	return (double)(clock_now_ns() - from_ns) / NS_PER_S;
}

static int64_t own_cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t interval_ns(const struct bench *b)
{
	return b->x.collect.sample_interval_ns;
}

static uint32_t newest(const struct bench *b)
{
	struct samples_progress p;
	samples_last_work(b->guest.samples, 0, 0, &p);
	return p.seq;
}

/* ---- making and ending ---- */

static int experiment_make(struct bench *b, struct experiment *x, struct err *e)
{
	return experiment_build(x, &b->config, 1, e);
}

static int read_config(struct bench *b, const char *path, struct err *e)
{
	static const char *const keys[] = { "vm.workload=intadd", "vm.memory_fill=none", "hosts.accelerator=tcg" };
	if (config_file_read(&b->config, path, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (config_override(&b->config, keys[i], e) < 0)
			return -1;
	if (experiment_make(b, &b->x, e) < 0 || experiment_make(b, &b->head_only, e) < 0 ||
	    experiment_make(b, &b->guest_only, e) < 0)
		return -1;
	for (int i = 0; collectors[i]; i++) {
		b->guest_only.collect.on[i] = collectors[i] == &samples_collector;
		b->head_only.collect.on[i] = collectors[i] != &samples_collector && collectors[i] != &ping_collector;
	}
	return 0;
}

static int guest_make(struct bench *b, struct err *e)
{
	const struct node *src = &b->testbed.nodes[NODE_SRC];
	struct samples_progress p = { 0 };
	if (guests_prepare(&b->boot, &b->x, testbed_state_directory(), e) < 0 || hypervisor_init(e) < 0 ||
	    hypervisor_open(&b->connection, src->libvirt_uri, e) < 0 ||
	    watching_start(&b->guest, &b->guest_only, &b->testbed, 1, b->directory, NULL, NULL, e) < 0)
		return -1;
	b->guest_on = true;
	int64_t start_ns = clock_now_ns(), deadline_ns = start_ns + 60 * NS_PER_S;
	if (guest_start(&b->x, 0, &b->boot, &b->testbed, src, b->connection, 1, b->directory, e) < 0 ||
	    samples_wait_state(b->guest.samples, 0, AGENT_READY, deadline_ns, e) < 0)
		return -1;
	samples_start_agents(b->guest.samples);
	while (!p.samples && clock_now_ns() < deadline_ns) {
		clock_sleep(NS_PER_MS);
		samples_last_work(b->guest.samples, 0, 0, &p);
	}
	b->first_sample_s = seconds_since(start_ns);
	return samples_wait_state(b->guest.samples, 0, AGENT_RUNNING, deadline_ns, e);
}

static int head_set(struct bench *b, bool on, struct err *e)
{
	int result = 0;
	if (b->head_on && !on)
		result = watching_stop(&b->head, NULL, e);
	if (!b->head_on && on)
		result = watching_start(&b->head, &b->head_only, &b->testbed, 1, b->head_directory, NULL, NULL, e);
	b->head_on = on && result == 0;
	return result;
}

static int end(struct bench *b, struct err *e)
{
	int result = head_set(b, false, e);
	if (b->connection)
		hypervisor_destroy_domain(b->connection, b->x.vms[0].name, NULL);
	if (b->guest_on && watching_stop(&b->guest, NULL, result ? NULL : e) < 0)
		result = -1;
	if (b->connection)
		virConnectClose(b->connection);
	if (b->testbed_open && testbed_close(&b->testbed, result ? NULL : e) < 0)
		result = -1;
	return result;
}

/* ---- blocks ---- */

/* A few samples, then none; when it returns they have arrived. */
static void pulse(struct bench *b)
{
	samples_pace(b->guest.samples, interval_ns(b));
	clock_sleep(PULSE_NS);
	samples_pace(b->guest.samples, 0);
	clock_sleep(SETTLE_NS);
}

static int block_run(struct bench *b, struct block *block, bool watched, struct err *e)
{
	bool sampling = watched || !b->toggle_guest;
	if (head_set(b, watched && b->toggle_host, e) < 0)
		return -1;
	samples_pace(b->guest.samples, sampling ? interval_ns(b) : 0);
	clock_sleep(SETTLE_NS);
	if (!sampling)
		pulse(b);
	block->from_seq = newest(b);
	int64_t from_ns = clock_now_ns(), cpu_ns = own_cpu_ns();
	clock_sleep(b->block_ns);
	block->cpu_ns = own_cpu_ns() - cpu_ns;
	block->lasted_ns = clock_now_ns() - from_ns;
	block->to_seq = newest(b);
	if (!sampling) {
		pulse(b);
		block->to_seq++;
	}
	return run_interrupted ? err_set(e, EXIT_INTERRUPTED, "interrupted") : 0;
}

static int blocks_run(struct bench *b, struct err *e)
{
	clock_sleep(NS_PER_S);
	for (int i = 0; i < b->pairs; i++)
		if (block_run(b, &b->watched[i], true, e) < 0 || block_run(b, &b->alone[i], false, e) < 0)
			return -1;
	samples_stop_agents(b->guest.samples);
	if (samples_wait_state(b->guest.samples, 0, AGENT_DONE, clock_now_ns() + 5 * NS_PER_S, e) < 0)
		return -1;
	return samples_fetch_missing(b->guest.samples, clock_now_ns() + 10 * NS_PER_S, e) == 0 ? 0 : -1;
}

/* ---- figures ---- */

static void block_rate(struct block *block, const struct stored_sample *samples)
{
	const struct stored_sample *from = &samples[block->from_seq], *to = &samples[block->to_seq];
	block->rate = (double)(to->work - from->work) / (double)(to->guest_ns - from->guest_ns);
}

static int rates(struct bench *b, struct err *e)
{
	struct vm_samples all;
	if (vm_samples_read(&all, b->directory, NULL, b->x.vms[0].name, e) != 0)
		return -1;
	int64_t count = all.workloads[0].last_seq + 1, n = 0;
	struct stored_sample *samples = calloc((size_t)count, sizeof(*samples));
	int got = samples ? sample_store_rewind(all.workloads[0].store, e) : -1;
	while (got >= 0 && n < count && (got = sample_store_next(all.workloads[0].store, &samples[n], e)) > 0)
		n++;
	for (int i = 0; i < b->pairs && n == count; i++) {
		block_rate(&b->watched[i], samples);
		block_rate(&b->alone[i], samples);
	}
	free(samples);
	vm_samples_free(&all);
	return n == count ? 0 : err_set(e, EXIT_MEASURED_BAD, "samples are missing");
}

/* The interval of a median from place `rank` to the same from the end has at least 95 %, whatever the distribution. */
static size_t sign_rank(size_t n)
{
	size_t rank = 0;
	while (rank + 1 < n / 2 && gsl_cdf_binomial_P((unsigned)rank, 0.5, (unsigned)n) <= 0.025)
		rank++;
	return rank && gsl_cdf_binomial_P((unsigned)rank, 0.5, (unsigned)n) > 0.025 ? rank - 1 : rank;
}

static void print(const struct bench *b, const char *what)
{
	double loss[PAIRS_MAX], cpu = 0, lasted = 0;
	size_t n = (size_t)b->pairs;
	for (size_t i = 0; i < n; i++) {
		loss[i] = 100 * (1 - b->watched[i].rate / b->alone[i].rate);
		cpu += (double)b->watched[i].cpu_ns;
		lasted += (double)b->watched[i].lasted_ns;
	}
	double mean = gsl_stats_mean(loss, 1, n);
	gsl_sort(loss, 1, n);
	size_t rank = sign_rank(n);
	printf("{\"benchmark\": \"observer\", \"watched\": \"%s\", \"interval_ms\": %.0f, \"pairs\": %zu, \"block_ms\": %.0f, "
	       "\"loss_percent\": %.2f, \"low\": %.2f, \"high\": %.2f, \"mean_loss_percent\": %.2f, "
	       "\"head_cpu_percent_of_core\": %.2f, "
	       "\"guest_start_to_sample_s\": %.2f, \"goals\": {\"loss_percent\": 1, \"head_cpu_percent_of_core\": 2, "
	       "\"guest_start_to_sample_s\": 4}}\n",
	       what, (double)interval_ns(b) / NS_PER_MS, n, (double)b->block_ns / NS_PER_MS,
	       gsl_stats_median_from_sorted_data(loss, 1, n), loss[rank], loss[n - 1 - rank], mean,
	       100 * cpu / lasted, b->first_sample_s);
}

static int bench_run(struct bench *b, struct err *e)
{
	struct testbed_spec spec = { .shape = b->x.link.shape, .backend = b->x.link.backend, .pinned = true };
	struct err later = { 0 };
	if (testbed_open(&b->testbed, &spec, NULL, NULL, e) < 0)
		return -1;
	b->testbed_open = true;
	int result = guest_make(b, e) < 0 || blocks_run(b, e) < 0 ? -1 : 0;
	if (end(b, &later) < 0 && result == 0)
		result = err_set(e, later.status, "%s", later.text);
	return result == 0 ? rates(b, e) : -1;
}

int main(int argc, char **argv)
{
	static struct bench b;
	struct err e = { 0 };
	const char *what = argc > 1 ? argv[1] : "all";
	b.toggle_guest = strcmp(what, "host") != 0;
	b.toggle_host = strcmp(what, "guest") != 0;
	b.pairs = argc > 2 ? atoi(argv[2]) : 40;
	b.block_ns = (argc > 3 ? atoi(argv[3]) : 500) * NS_PER_MS;
	if ((strcmp(what, "all") != 0 && b.toggle_guest == b.toggle_host) || b.pairs < 3 || b.pairs > PAIRS_MAX ||
	    b.block_ns < 100 * NS_PER_MS) {
		fprintf(stderr, "usage: bench_observer [all|guest|host [PAIRS 3..%d [BLOCK_MS, at least 100]]]\n",
		        PAIRS_MAX);
		return EXIT_USAGE;
	}
	snprintf(b.directory, sizeof(b.directory), "/tmp/bench_observer.XXXXXX");
	if (!mkdtemp(b.directory))
		return EXIT_CANNOT;
	snprintf(b.head_directory, sizeof(b.head_directory), "%s/head", b.directory);
	run_catch_signals();
	int result = directory_make(b.head_directory, &e);
	if (result == 0 && (result = read_config(&b, "configs/quick.conf", &e)) == 0)
		result = bench_run(&b, &e);
	folder_remove(b.directory);
	if (result == 0)
		print(&b, what);
	return result < 0 ? err_report(&e) : EXIT_DONE;
}

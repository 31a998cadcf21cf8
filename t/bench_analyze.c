/*
 * bench_analyze - how fast a long run is analysed and reported, and that memory does not grow with it. Prints JSON.
 *
 *	bench_analyze [DIRECTORY [SECONDS]]
 *
 * Makes two runs of three VMs at 10 ms below DIRECTORY (the second four times as long, 3600 s by default), analyses
 * each in a process of its own, reports the long one, and times the reader alone. DIRECTORY is created, and the runs are left in it; without
 * one they are made in a temporary folder that is removed.
 */
#include "analysis/analyze.h"
#include "analysis/series_read.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "reports/report.h"
#include "t/made_run.h"
#include "t/scratch.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const vms[] = { "vm1", "vm2", "vm3" };
static const char *const roles[] = { "migrating", "source-neighbour", "destination-neighbour" };

static void make_counters(const char *directory, double length_s)
{
	static const char *const nodes[] = { "src", "dst", "storage", "head" };
	static const char *const threads[] = { "", "vcpu", "migration", "other" };
	FILE *cpu = made_open(directory, "cpu.csv"), *link = made_open(directory, "link.csv");
	fputs("head_ns,node,vm,thread,cpu_ns\n", cpu);
	fputs("head_ns,link,direction,bytes,packets,drops\n", link);
	for (int64_t i = 0; (double)i * 0.1 < length_s; i++) {
		int64_t at = MADE_HEAD + i * 100 * MADE_MS;
		for (int n = 0; n < 4; n++)
			fprintf(cpu, "%" PRId64 ",%s,,,%" PRId64 "\n", at, nodes[n], i * 90 * MADE_MS);
		for (int v = 0; v < 3; v++)
			for (int t = 0; t < 4; t++)
				fprintf(cpu, "%" PRId64 ",src,%s,%s,%" PRId64 "\n", at, vms[v], threads[t],
				        i * (20 + t) * MADE_MS);
		for (int d = 0; d < 2; d++)
			fprintf(link, "%" PRId64 ",migration,%s,%" PRId64 ",%" PRId64 ",0\n", at,
			        d ? "dst-to-src" : "src-to-dst", i * (d ? 9000 : 1200000), i * 900);
	}
	fclose(cpu);
	fclose(link);
}

static void make_job(const char *directory, double from_s, double to_s)
{
	FILE *job = made_open(directory, "job-vm1.csv");
	fputs("head_ns,memory_iteration,memory_processed_bytes,memory_remaining_bytes,memory_dirty_rate_pages_per_s,"
	      "memory_page_size_bytes,memory_bps_bytes_per_s,downtime_expected_ns\n",
	      job);
	for (double t = from_s; t < to_s; t += 0.05)
		fprintf(job, "%" PRId64 ",%d,%.0f,%.0f,900,4096,12000000,%d\n", MADE_HEAD + (int64_t)(t * 1e9),
		        1 + (int)((t - from_s) / 4), (t - from_s) * 12e6, 64e6 + 1e6 * fmod(to_s - t, 4), 240000000);
	fclose(job);
}

static void make_run(const char *directory, double length_s)
{
	char events[4096] = "", json[4096] = "";
	double from_s = length_s / 2, stop_s = from_s + 18, done_s = from_s + 19;
	made_event(events, from_s, "vm1", "src", "migrate-start", "");
	made_event(events, stop_s, "vm1", "src", "stop", "");
	made_event(events, stop_s + 0.2, "vm1", "dst", "resume", "");
	made_event(events, done_s, "vm1", "src", "migrate-done", "");
	for (int v = 0; v < 3; v++)
		sprintf(json + strlen(json),
		        "%s{\"name\":\"%s\",\"role\":\"%s\",\"node\":\"src\",\"memory_bytes\":134217728,"
		        "\"workloads\":[{\"name\":\"intadd\",\"unit\":\"additions\"}]}",
		        v ? "," : "", vms[v], roles[v]);
	made_run(directory, "precopy", json, from_s, done_s, length_s, events);
	for (int v = 0; v < 3; v++) {
		struct made_vm vm = { .name = vms[v],
			              .length_s = length_s,
			              .interval_ns = 10 * MADE_MS,
			              .rate = 1.1e9,
			              .drift = 20e-6,
			              .jitter_ms = 0.2,
			              .loss = 0.002,
			              .step_us = 2500 };
		if (v == 0)
			vm.stops[0] = (struct made_span){ stop_s, stop_s + 0.2, 0 };
		vm.dips[0] = (struct made_span){ from_s, stop_s, 0.8 };
		made_samples(directory, &vm);
	}
	make_counters(directory, length_s);
	make_job(directory, from_s, done_s);
}

static double seconds_since(int64_t from_ns)
{
	return (double)(clock_now_ns() - from_ns) / NS_PER_S;
}

/* Analyse in a child, so that its peak memory is its own. */
static int measure(const char *directory, double *ret_s, long *ret_kib)
{
	int64_t from_ns = clock_now_ns();
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = { 0 };
		_exit(analyze_run(directory, &e) < 0 ? err_report(&e) : 0);
	}
	int status = 1;
	struct rusage usage;
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return -1;
	*ret_s = seconds_since(from_ns);
	*ret_kib = usage.ru_maxrss;
	return status == 0 ? 0 : -1;
}

static int64_t sum;

static int add_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)context, (void)e;
	sum += cells[1].integer + cells[2].integer;
	return 0;
}

static double reader_bytes_per_s(const char *directory, struct series_facts *facts)
{
	static const struct series_column wanted[] = {
		{ "workload", COLUMN_TEXT, 0 },
		{ "seq", COLUMN_INTEGER, 0 },
		{ "guest_ns", COLUMN_INTEGER, 0 },
		{ "head_ns", COLUMN_INTEGER, 0 },
		{ "work", COLUMN_INTEGER, 0 },
		{ "worst_op_ns", COLUMN_INTEGER, 0 },
		{ "worst_service_ns", COLUMN_INTEGER, 0 },
	};
	double best = 0;
	for (int i = 0; i < 5; i++) {
		int64_t from_ns = clock_now_ns();
		if (series_read(directory, "samples-vm1.csv", wanted, 7, add_row, NULL, facts, NULL) != 0)
			return -1;
		double rate = (double)facts->bytes / seconds_since(from_ns);
		if (rate > best)
			best = rate;
	}
	return best;
}

int main(int argc, char **argv)
{
	double length_s = argc > 2 ? atof(argv[2]) : 3600, s[2];
	long kib[2];
	char directory[2][4096];
	char temporary[] = "/tmp/bench-analyze-XXXXXX";
	const char *base = argc > 1 ? argv[1] : mkdtemp(temporary);
	if (!base || length_s < 200) {
		fprintf(stderr, "usage: bench_analyze [DIRECTORY [SECONDS, at least 200]]\n");
		return 2;
	}
	mkdir(base, 0755);
	for (int i = 0; i < 2; i++) {
		snprintf(directory[i], sizeof(directory[i]), "%.4000s/%s", base, i ? "long" : "short");
		make_run(directory[i], i ? length_s : length_s / 4);
		if (measure(directory[i], &s[i], &kib[i]) < 0) {
			fprintf(stderr, "bench_analyze: cannot analyse '%s'\n", directory[i]);
			return 1;
		}
	}
	struct err e = { 0 };
	struct stat page = { 0 };
	int64_t report_ns = clock_now_ns();
	if (report_run(directory[1], NULL, &e) < 0)
		return err_report(&e);
	double report_s = seconds_since(report_ns);
	snprintf(directory[0], sizeof(directory[0]), "%.4000s/long/report.html", base);
	if (stat(directory[0], &page) < 0)
		return 1;
	struct series_facts facts = { 0 };
	double reader = reader_bytes_per_s(directory[1], &facts);
	printf("{\"run_s\":%.0f,\"samples\":%" PRId64 ",\"reader_mb_per_s\":%.0f,\"analyze_s\":%.2f,"
	       "\"report_s\":%.2f,\"html_mb\":%.2f,\"peak_kib\":%ld,\"quarter_analyze_s\":%.2f,\"quarter_peak_kib\":%ld,\"goals\":{\"reader_mb_per_s\":"
	       "200,"
	       "\"analyze_s\":2,\"report_s\":10,\"html_mb\":5}}\n",
	       length_s, 3 * facts.rows, reader / 1e6, s[1], report_s, (double)page.st_size / 1e6, kib[1], s[0],
	       kib[0]);
	if (argc < 2)
		folder_remove(base);
	return reader < 0;
}

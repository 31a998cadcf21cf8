#include "analysis/analyze.h"

#include "analysis/asked.h"
#include "analysis/calibration.h"
#include "analysis/cited.h"
#include "analysis/cluster_metrics.h"
#include "analysis/coarse.h"
#include "analysis/continuity_metrics.h"
#include "analysis/group_metrics.h"
#include "analysis/host_metrics.h"
#include "analysis/job_metrics.h"
#include "analysis/json_field.h"
#include "analysis/latency.h"
#include "analysis/metrics_write.h"
#include "analysis/move_metrics.h"
#include "analysis/response_metrics.h"
#include "analysis/results.h"
#include "analysis/reuse_metrics.h"
#include "analysis/stream_metrics.h"
#include "analysis/switch_over.h"
#include "analysis/timeline.h"
#include "analysis/vm_downtimes.h"
#include "analysis/wait_metrics.h"
#include "analysis/warmup_metrics.h"
#include "analysis/work_metrics.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#define NOTABLE_BYTES 10e6

struct analysis {
	struct run run;
	struct metrics metrics;
	struct vm_downtimes downtimes;
	FILE *latency_plot;
	struct cited cited;
	char never[96]; /* "never converged: aborted after 60 s"; "" of any other */
};

static void put_times(struct analysis *a)
{
	const struct run *run = &a->run;
	const struct run_vm *vm = run_vm(run, run->moved);
	if (!vm)
		return;
	int64_t from_ns = run->migrate_start_ns;
	int called = run_event(run, "migrate-start", NULL, MISSING) != NULL;
	int64_t late_ns = run_fact(run, "/migration/end_error_ns"); /* its end was asked for now and then only */
	const struct run_event *resume = switch_over_find(run, vm, from_ns).resume,
			       *released = run_event(run, "source-released", vm->name, from_ns);
	if (run->converged == 0 && run->migrate_end_ns != MISSING)
		snprintf(a->never, sizeof(a->never), "never converged: aborted after %.3g s",
		         (double)(run->migrate_end_ns - from_ns) / 1e9);
	else if (run->converged == 0)
		snprintf(a->never, sizeof(a->never), "never converged");
	const struct {
		const char *variant, *reason;
		int64_t at_ns;
	} times[] = {
		{ "completion", "no migrate-done event", run->migrate_done_ns },
		{ "switch_over", "no resume event on the destination", resume ? resume->head_ns : MISSING },
		{ "source_released", "no source-released event", released ? released->head_ns : MISSING },
	};
	for (int i = 0; i < 3; i++) {
		struct metric_value *v = metrics_add(&a->metrics, "migration_time", vm, "%s", times[i].variant);
		if (called && times[i].at_ns != MISSING)
			v->value = (double)(times[i].at_ns - from_ns);
		else
			snprintf(v->reason, sizeof(v->reason), "%s",
			         *a->never ? a->never
			         : called  ? times[i].reason
			                   : "no migrate-start event");
		if (i == 0 && late_ns > 0 && !isnan(v->value)) {
			v->low = v->value - (double)late_ns;
			v->high = v->value;
		}
	}
	metrics_put(&a->metrics, "converged", vm, "", run->converged < 0 ? NAN : run->converged,
	            run->converged < 0 ? "the migration failed"
	            : *a->never        ? a->never
	                               : NULL);
}

static const struct run_workload *describe(const struct run_vm *vm, const char *name)
{
	for (int i = 0; i < vm->workload_count; i++)
		if (!strcmp(vm->workloads[i].name, name))
			return &vm->workloads[i];
	return NULL;
}

static int has_samples(const struct vm_samples *samples, const char *workload)
{
	int i = 0;
	while (i < samples->count && strcmp(samples->workloads[i].name, workload) != 0)
		i++;
	return i < samples->count;
}

/* What the guest took, by its own word, and what is there of it; w NULL: nothing is. */
static void put_counts(struct analysis *a, const struct run_vm *vm, const char *workload,
                       const struct workload_samples *w, const char *reason)
{
	const struct run_workload *said = describe(vm, workload);
	int64_t expected = w ? w->last_seq + 1 : MISSING, got = w ? w->got : 0;
	if (said && said->samples_taken > expected)
		expected = said->samples_taken;
	metrics_put(&a->metrics, "samples_expected", vm, workload, metric_of(expected),
	            expected == MISSING ? "the manifest does not say how many" : NULL);
	metrics_put(&a->metrics, "samples_got", vm, workload, w ? (double)got : NAN, reason);
	if (said && said->samples_kept > got)
		metrics_warn(&a->metrics, "samples-%s.csv has %lld of the %lld samples of '%s' that the run kept",
		             vm->name, (long long)got, (long long)said->samples_kept, workload);
}

static void put_sampling(struct analysis *a, const struct run_vm *vm, const struct vm_samples *samples)
{
	char none[RUN_NAME_ROOM + 40];
	snprintf(none, sizeof(none), "samples-%s.csv has none of them", vm->name);
	for (int i = 0; i < vm->workload_count; i++)
		if (!has_samples(samples, vm->workloads[i].name))
			put_counts(a, vm, vm->workloads[i].name, NULL, none);
	for (int i = 0; i < samples->count; i++) {
		const struct workload_samples *w = &samples->workloads[i];
		int64_t slots = (w->last_guest_ns - w->first_guest_ns) / vm->sample_interval_ns + 1;
		int64_t missed = vm->slots_missed >= 0 ? vm->slots_missed : slots - (w->last_seq + 1);
		put_counts(a, vm, w->name, w,
		           samples->lines_dropped ? "the file's last line was cut short and dropped" : NULL);
		metrics_put(&a->metrics, "samples_fetched", vm, w->name, (double)w->fetched, NULL);
		metrics_put(&a->metrics, "slots_missed", vm, w->name, missed > 0 ? (double)missed : 0, NULL);
	}
	if (!samples->map)
		return;
	metrics_put(&a->metrics, "clock_error", vm, "", (double)clock_map_uncertainty_ns(samples->map), NULL);
	metrics_put(&a->metrics, "clock_drift", vm, "", clock_map_drift(samples->map), NULL);
}

/* Everything that comes from the samples of one workload. */
static int workload_metrics(struct analysis *a, const struct run_vm *vm, const struct vm_samples *samples, int number,
                            struct err *e)
{
	const struct workload_samples *w = &samples->workloads[number];
	struct vm_downtimes *d = &a->downtimes;
	int64_t last_ns = samples->map ? clock_map_head(samples->map, w->last_guest_ns) : 0;
	double baseline_rate = NAN;
	char estimator[RUN_NAME_ROOM + 8];
	snprintf(estimator, sizeof(estimator), number ? "work:%s" : "work", w->name);
	if (work_metrics(&a->run, vm, describe(vm, w->name), samples, w, d->windows, d->count, &a->metrics, d->found,
	                 &baseline_rate, e) < 0)
		return -1;
	for (int i = 0; samples->map && i < d->count; i++)
		downtime_sampled_until(&a->run, vm, &d->windows[i], last_ns, &d->found[i]);
	vm_downtimes_put(d, estimator);
	if (latency_metrics(&a->run, vm, samples, w, &a->metrics, a->latency_plot, e) < 0)
		return -1;
	if (coarse_write(&a->run, vm, samples, w, e) < 0 ||
	    asked_write(&a->run, vm, describe(vm, w->name), samples, w, e) < 0)
		return -1;
	return timeline_write(&a->run, vm, samples, w, baseline_rate, e);
}

/* A VM without usable samples: each thing they would have told is missing, and why. */
static void put_no_samples(struct analysis *a, const struct run_vm *vm, const char *reason)
{
	static const char *const told[] = { "baseline_rate", "mean_rate",    "lowest_rate",
		                            "degradation",   "lost_work",    "recovery_time",
		                            "rate_after",    "settled_rate", "settled_share" };
	vm_downtimes_put_missing(&a->downtimes, "work", reason);
	for (int w = 0; w < vm->workload_count; w++)
		for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
			metrics_put(&a->metrics, told[i], vm, vm->workloads[w].name, NAN, reason);
}

static int vm_metrics(struct analysis *a, const struct run_vm *vm, struct err *e)
{
	struct vm_samples samples = { 0 };
	char reason[300] = "";
	int read = vm_samples_read(&samples, a->run.directory, &a->run, vm->name, e);
	if (read < 0)
		return -1;
	if (read == 1)
		snprintf(reason, sizeof(reason), "there is no samples-%s.csv", vm->name);
	else if (!samples.map)
		snprintf(reason, sizeof(reason), "%s", samples.clock_reason);
	int result = vm_downtimes_begin(&a->downtimes, vm, e);
	if (result == 0)
		result = vm_downtimes_events(&a->downtimes, &samples, reason[0] ? reason : NULL, e);
	if (reason[0] && result == 0)
		put_no_samples(a, vm, reason);
	for (int i = 0; !reason[0] && i < samples.count && result == 0; i++)
		result = workload_metrics(a, vm, &samples, i, e);
	put_sampling(a, vm, &samples);
	if (result == 0)
		result = continuity_metrics(&a->run, vm, &samples, &a->metrics, e);
	vm_samples_free(&samples);
	return result;
}

/* The last thing that a complete run notes is the phase "end". */
static void check_events(struct analysis *a)
{
	int ended = strcmp(a->run.status, "complete") != 0;
	for (int i = a->run.event_count - 1; i >= 0 && !ended; i--)
		ended = !strcmp(a->run.events[i].event, "phase") && !strcmp(a->run.events[i].detail, "end");
	if (!ended)
		metrics_warn(&a->metrics, "events.csv was cut short: the run is complete, but its end is not in it");
}

/* What commands were asked for, nobody can look up. */
static void check_commands(struct analysis *a)
{
	if (strcmp(json_text_at(a->run.manifest, "/config/migration/driver"), "exec") == 0)
		metrics_warn(
			&a->metrics,
			"commands moved the VM: what mode, limits and features they really used is not read back");
}

/* Of a loop whose monitor did not keep its second. */
static void check_monitor(struct analysis *a)
{
	int64_t lost = run_fact(&a->run, "/consolidate/monitor_seconds_lost"),
		failed = run_fact(&a->run, "/consolidate/monitor_writes_failed"),
		late = run_fact(&a->run, "/consolidate/monitor_answers_late");
	if (lost > 0 || failed > 0)
		metrics_warn(&a->metrics, "the monitor lost %lld seconds, and %lld writes to its database failed",
		             (long long)(lost > 0 ? lost : 0), (long long)(failed > 0 ? failed : 0));
	if (late > 0)
		metrics_warn(
			&a->metrics,
			"%lld of the nodes' answers came to the monitor too late: what they say is missing, for the policy too",
			(long long)late);
}

/* What did not cross the link was not held up by it. */
static void check_way(struct analysis *a, double link_bytes)
{
	double sent = metric_of(run_fact(&a->run, "/migration/completed/data_processed_bytes"));
	if (sent > NOTABLE_BYTES && link_bytes < sent / 2)
		metrics_warn(
			&a->metrics,
			"the hypervisor says that it sent %.3g MB, and %.3g MB crossed the link: the migration went "
			"another way",
			sent / 1e6, link_bytes / 1e6);
}

static int all_metrics(struct analysis *a, struct err *e)
{
	double moved_bytes = NAN;
	bool relayed;
	check_commands(a);
	check_events(a);
	check_monitor(a);
	put_times(a);
	if (group_metrics(&a->run, &a->metrics, e) < 0)
		return -1;
	warmup_metrics(&a->run, &a->metrics);
	if (move_metrics(&a->run, &a->metrics, e) < 0 || cluster_metrics(&a->run, &a->metrics, e) < 0)
		return -1;
	for (int i = 0; i < a->run.vm_count; i++)
		if (vm_metrics(a, &a->run.vms[i], e) < 0 ||
		    response_metrics(&a->run, &a->run.vms[i], &a->metrics, e) < 0)
			return -1;
	group_lost_metrics(&a->run, &a->metrics);
	if (link_metrics(&a->run, &a->metrics, &moved_bytes, e) < 0)
		return -1;
	if (tcp_metrics(&a->run, &a->metrics, e) < 0 || segment_metrics(&a->run, &a->metrics, e) < 0 ||
	    job_metrics(&a->run, a->downtimes.came_ns, &a->metrics, e) < 0 ||
	    stream_metrics(&a->run, &a->metrics, e) < 0 || wait_metrics(&a->run, &a->metrics, e) < 0 ||
	    reuse_metrics(&a->run, &a->metrics, &relayed, e) < 0)
		return -1;
	if (!relayed)
		check_way(a, moved_bytes);
	if (stolen_metrics(&a->run, &a->metrics, e) < 0)
		return -1;
	return cpu_metrics(&a->run, moved_bytes, &a->metrics, e);
}

/* The two tables that many VMs and workloads add to. */
static int with_plots(struct analysis *a, struct err *e)
{
	struct whole_file latency = { 0 }, downtime = { 0 };
	const char *directory = a->run.directory;
	if (whole_file_open(&latency, directory, "plots/latency.csv", e) < 0)
		return -1;
	if (whole_file_open(&downtime, directory, "plots/downtime.csv", e) < 0) {
		whole_file_close(&latency, -1, NULL);
		return -1;
	}
	a->latency_plot = latency.file;
	a->downtimes.plot = downtime.file;
	fputs(latency_columns, latency.file);
	fputs("vm,estimator,value_ms,low_ms,high_ms,floor_ms,at_s\n", downtime.file);
	int result = marks_write(&a->run, e);
	if (result == 0)
		result = all_metrics(a, e);
	/* A failed run's stop, if there was one, is no downtime of a migration. */
	int complete = !strcmp(a->run.status, "complete");
	int put_latency = whole_file_close(&latency, result, result == 0 ? e : NULL);
	int put_downtimes = whole_file_close(&downtime, result == 0 && complete ? 0 : -1, result == 0 ? e : NULL);
	return result == 0 && put_latency == 0 && (put_downtimes == 0 || !complete) ? 0 : -1;
}

static int finish(struct analysis *a, struct err *e)
{
	struct metrics none = { 0 };
	const struct run *run = &a->run;
	char reason[640] = "";
	int complete = !strcmp(run->status, "complete");
	if (a->metrics.out_of_memory) {
		errno = ENOMEM;
		return err_errno(e, EXIT_CANNOT, "cannot keep the metrics");
	}
	if (!complete)
		snprintf(reason, sizeof(reason), "%s",
		         run->reason[0] ? run->reason
		         : !strcmp(run->status, "running")
		                 ? "the run did not finish: it was killed, or is still running"
		                 : "the run did not complete");
	const struct metrics *shown = complete ? &a->metrics : &none;
	if (metrics_write_csv(run, shown, e) < 0)
		return -1;
	return metrics_write_json(run, complete ? "complete" : "failed", reason, shown, e);
}

static int compute(struct analysis *a, struct err *e)
{
	char plots[4096 + 16];
	snprintf(plots, sizeof(plots), "%s/plots", a->run.directory);
	if (results_remove(a->run.directory, e) < 0)
		return -1;
	if (mkdir(plots, 0755) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot make '%s'", plots);
	if (with_plots(a, e) < 0 || calibration_write(&a->run, e) < 0)
		return -1;
	return finish(a, e);
}

/* Instead of results: why there are none. */
static void put_failure(const char *run_directory, const char *why)
{
	struct run unread = { .migrate_start_ns = MISSING };
	const struct metrics none = { 0 };
	snprintf(unread.directory, sizeof(unread.directory), "%s", run_directory);
	results_remove(run_directory, NULL);
	metrics_write_csv(&unread, &none, NULL);
	metrics_write_json(&unread, "unanalysed", why, &none, NULL);
}

int analyze_run(const char *run_directory, struct err *e)
{
	struct analysis a = { 0 };
	a.downtimes = (struct vm_downtimes){
		.run = &a.run, .metrics = &a.metrics, .cited = &a.cited, .never = a.never, .came_ns = MISSING
	};
	struct err why = { 0 };
	int result = run_read(&a.run, run_directory, &why);
	if (result == 0)
		result = cited_read(&a.cited, &why);
	if (result == 0)
		result = compute(&a, &why);
	if (result < 0 && why.status != EXIT_USAGE)
		put_failure(run_directory, why.text);
	if (result < 0)
		err_set(e, why.status, "%s", why.text);
	vm_downtimes_free(&a.downtimes);
	cited_free(&a.cited);
	metrics_free(&a.metrics);
	run_free(&a.run);
	return result;
}

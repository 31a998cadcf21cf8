#include "reports/verdict.h"

#include "reports/csv_table.h"
#include "reports/run_data.h"
#include "reports/sentence.h"
#include "reports/verdict_many.h"

#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* "vm1 (intadd, 128 MiB)" */
static void say_vm(struct sentence *s, const struct run_data *run, const char *name)
{
	struct json_object *vm = run_vm_row(run, name), *list = json_at(vm, "workloads");
	double memory = json_number(vm, "memory_bytes");
	const char *gap = " (";
	char text[96];
	say(s, "%s", *name ? name : "the VM");
	for (size_t i = 0; list && json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
	     i++) {
		struct json_object *workload = json_object_array_get_idx(list, i);
		say(s, "%s%s", gap,
		    json_object_is_type(workload, json_type_string) ? json_object_get_string(workload)
		                                                    : json_text(workload, "name"));
		gap = ", ";
	}
	if (!isnan(memory)) {
		say(s, "%s%s", gap, value_format(memory, "bytes", text, sizeof(text)));
		gap = ", ";
	}
	say(s, "%s", *gap == ',' ? ")" : "");
}

static void say_link(struct sentence *s, const struct run_data *run)
{
	char text[96];
	double rate = run_link_rate(run);
	if (rate > 0)
		say(s, " over %s", value_format(rate, "bit/s", text, sizeof(text)));
}

/* " after a link cut of 5 s and 1 recovery" */
static void say_faults(struct sentence *s, const struct run_data *run)
{
	double cut_s = mark_time(run->marks, "cut", -INFINITY), restored_s = mark_time(run->marks, "restored", cut_s);
	double recoveries = json_number(run->manifest, "migration.recoveries");
	char text[96];
	if (!isnan(cut_s))
		say(s, " after a link cut");
	if (!isnan(restored_s))
		say(s, " of %s", value_format(restored_s - cut_s, "s", text, sizeof(text)));
	if (recoveries > 0)
		say(s, " %s %.0f recover%s", isnan(cut_s) ? "after" : "and", recoveries,
		    recoveries == 1 ? "y" : "ies");
}

/* "stopped 0.21 s", by the estimator nearest to the vCPUs that has a value. */
static void say_stop(struct sentence *s, const struct run_data *run, const char *vm)
{
	static const char *const order[] = { "stop_resume", "guest_clock", "reported", "network" };
	const struct shown_metric *first = NULL, *m;
	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
		m = run_metric(run, "downtime", vm, order[i]);
		if (m && !isnan(m->value)) {
			char name[64];
			if (is_no_stop(m->reason)) {
				say(s, "%s (%s)", m->reason, name_format(order[i], name, sizeof(name)));
				return;
			}
			say(s, "it was stopped for ");
			say_value(s, m, "");
			if (i)
				say(s, " by %s", name_format(order[i], name, sizeof(name)));
			return;
		}
		first = first ? first : m;
	}
	say(s, "it was stopped for ");
	say_value(s, first, "a time that nothing measured");
}

/* recovers: it was stopped, so that it can be asked when it was back. */
static void say_work(struct sentence *s, const struct run_data *run, const char *vm, int moves, int recovers)
{
	const struct shown_metric *lost = run_metric(run, "lost_work", vm, NULL);
	const struct shown_metric *loss = run_metric(run, "degradation", vm, NULL);
	const struct shown_metric *recovery = run_metric(run, "recovery_time", vm, NULL);
	char text[96];
	struct json_object *workloads = json_at(run_vm_row(run, vm), "workloads");
	if (lost && loss && isnan(lost->value) && isnan(loss->value) && *lost->reason &&
	    strcmp(lost->reason, loss->reason) == 0) {
		say(s, "; how much work it lost is missing: %s.", lost->reason);
		return;
	}
	say(s, ", ");
	say_lost(s, lost);
	/* Of several, the first speaks; the table has all. */
	if (lost && *lost->estimator && json_object_is_type(workloads, json_type_array) &&
	    json_object_array_length(workloads) > 1)
		say(s, " (%s)", lost->estimator);
	say(s, " and kept ");
	if (loss && !isnan(loss->value))
		say(s, "%s", value_format(100 - loss->value, "%", text, sizeof(text)));
	else
		say_value(s, loss, "an unknown share");
	say(s, " of its rate %s", !recovers ? "meanwhile" : moves ? "while moving" : "in the time measured");
	if (!recovers) {
		say(s, ".");
		return;
	}
	say(s, "; ");
	if (recovery && !isnan(recovery->value)) {
		say(s, "it was back at 95 %% after ");
		say_value(s, recovery, "");
	} else if (recovery && *recovery->reason) {
		say(s, "recovery to 95 %%: %s", recovery->reason);
	} else {
		say(s, "when it was back at 95 %% is missing");
	}
	say(s, ".");
}

/* "0.31 ms (guest clock)": the 95th percentile over all stops of 10 ms and more. */
static void say_error(struct sentence *s, const struct run_data *run, const char *before, const char *observer,
                      const char *words)
{
	char path[128], text[96];
	snprintf(path, sizeof(path), "observers.%s.stop.p95_ns", observer);
	double p95_ns = json_number(run->calibration_facts, path);
	if (!isnan(p95_ns))
		say(s, "%s%s (%s)", before, value_format(p95_ns, "ns", text, sizeof(text)), words);
}

/* What was injected on purpose, and how far the observers are from it. */
static void say_calibration(struct sentence *s, const struct run_data *run)
{
	double stops = json_number(run->calibration_facts, "observers.stop_resume.stop.n");
	double work = json_number(run->calibration_facts, "shares.taken.work.p95");
	double duty = json_number(run->calibration_facts, "shares.duty.work.p95");
	if (stops > 0) {
		say(s, "In 95 %% of %.0f stops of 10 ms or more the error was at most", stops);
		say_error(s, run, " ", "guest_clock", "guest clock");
		say_error(s, run, ", ", "network", "network");
		say_error(s, run, ", ", "work", "work");
		say_error(s, run, "; of a ping ", "ping_10ms_gap", "every 10 ms");
		say_error(s, run, ", ", "ping_100ms_gap", "100 ms");
		say_error(s, run, ", ", "ping_200ms_gap", "200 ms");
		say(s, ".");
	}
	if (!isnan(work))
		say(s, "%sOf CPU taken away, 95 %% of the losses of work were within %.1f percentage points",
		    s->used ? " " : "", 100 * work);
	if (!isnan(duty))
		say(s, "; of duty cycles, the busy time within %.1f", 100 * duty);
	say(s, "%s", isnan(work) ? "" : ".");
}

char *verdict_format(const struct run_data *run, char *buffer, size_t room)
{
	struct sentence s = sentence_begin(buffer, room);
	const char *vm = run_moved_vm(run);
	static const struct {
		const char *status, *words;
	} ends[] = { { "failed", "failed" }, { "interrupted", "was interrupted" }, { "skipped", "was skipped" } };
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (strcmp(run->status, ends[i].status) == 0) {
			bool same = strcmp(run->reason, run->status) == 0;
			say(&s, "The run %s%s%s.", ends[i].words, same ? "" : ": ",
			    same           ? ""
			    : *run->reason ? run->reason
			                   : "the reason is missing");
			return buffer;
		}
	if (strcmp(run->status, "running") == 0) {
		say(&s, "The run did not finish: it was killed, or is still running.");
		return buffer;
	}
	if (*run->no_result) {
		say(&s, "No result: %s.", run->no_result);
		return buffer;
	}
	if (run->shown_count == 0) {
		say(&s, "No metrics: the run is %s and has not been analysed.",
		    *run->status ? run->status : "of unknown status");
		return buffer;
	}
	if (run->calibration_facts) {
		say_calibration(&s, run);
		return buffer;
	}
	if (*json_text(run->manifest, "config.consolidate.policy")) {
		verdict_loop(&s, run);
		return buffer;
	}
	if (json_at(run->manifest, "group.moves")) {
		verdict_group(&s, run);
		return buffer;
	}
	const struct shown_metric *time = run_metric(run, "migration_time", NULL, "completion");
	int moves = *vm && strcmp(json_text(run->manifest, "migration.mode"), "none") != 0;
	if (!*vm)
		vm = run->shown[0].vm;
	say_vm(&s, run, vm);
	const struct shown_metric *converged = run_metric(run, "converged", NULL, NULL);
	if (converged && converged->value == 0) {
		say(&s, " could not move");
		say_link(&s, run);
		say_faults(&s, run);
		say(&s, " (%s)", converged->reason);
		say_work(&s, run, vm, moves, 0);
		return buffer;
	}
	if (moves) {
		say(&s, " moved in ");
		say_value(&s, time, "an unknown time");
		say_link(&s, run);
		say_faults(&s, run);
	} else {
		say(&s, " did not move");
	}
	say(&s, "; ");
	say_stop(&s, run, vm);
	say_work(&s, run, vm, moves, 1);
	return buffer;
}

/* Ends of the interval of an estimator; one without an interval is known to its floor, and what is not above its floor
 * is no stop seen: anything up to it. */
static int interval(const struct csv_table *t, int row, double *low, double *high)
{
	double value = csv_table_number(t, row, "value_ms"), floor = csv_table_number(t, row, "floor_ms");
	*low = csv_table_number(t, row, "low_ms");
	*high = csv_table_number(t, row, "high_ms");
	if (isnan(*low))
		*low = value - floor;
	if (isnan(*high))
		*high = value + floor;
	if (isnan(value))
		return 0;
	if (!downtime_is_seen(t, row)) {
		*low = 0;
		*high = fmax(*high, floor);
	}
	return !isnan(*low) && !isnan(*high);
}

char *verdict_downtimes(const struct run_data *run, const char *vm, char *buffer, size_t room)
{
	const struct csv_table *t = run->downtime;
	struct sentence s = sentence_begin(buffer, room);
	int first = -1, compared = 0, differ = 0, seen = 0;
	double low0 = 0, high0 = 0, low, high;
	char name[96], name0[96], by[96], least[96];
	for (int i = 0; i < csv_table_rows(t); i++) {
		if ((vm && strcmp(csv_table_text(t, i, "vm"), vm) != 0) || !interval(t, i, &low, &high))
			continue;
		seen += downtime_is_seen(t, i);
		if (first < 0) {
			first = i;
			low0 = low;
			high0 = high;
			name_format(csv_table_text(t, i, "estimator"), name0, sizeof(name0));
			continue;
		}
		compared++;
		if (low <= high0 && high >= low0)
			continue;
		double gap = csv_table_number(t, i, "value_ms") - csv_table_number(t, first, "value_ms");
		say(&s, "%s%s is %s %s than %s (%s of it beyond the uncertainty of both)",
		    differ ? "; " : "Beyond their uncertainty, ",
		    name_format(csv_table_text(t, i, "estimator"), name, sizeof(name)),
		    value_format(fabs(gap), "ms", by, sizeof(by)), gap > 0 ? "longer" : "shorter", name0,
		    value_format(gap > 0 ? low - high0 : low0 - high, "ms", least, sizeof(least)));
		differ++;
	}
	if (differ)
		say(&s, ".");
	else if (compared && !seen)
		say(&s, "No stop was seen: none of the downtimes is above its floor.");
	else if (compared)
		say(&s, "The downtimes agree within their uncertainty.");
	return buffer;
}

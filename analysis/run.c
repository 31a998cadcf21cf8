#include "analysis/run.h"

#include "analysis/host_clocks.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/quantity.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 1 << 20, SAMPLE_INTERVAL_MS = 10, EVENT_ERROR_US = 100 };

static void copy_text(struct json_object *from, const char *key, char *to, size_t room)
{
	struct json_object *value;
	if (json_object_object_get_ex(from, key, &value) && value)
		snprintf(to, room, "%s", json_object_get_string(value));
}

static int64_t integer_of(struct json_object *from, const char *key)
{
	struct json_object *value;
	if (!json_object_object_get_ex(from, key, &value) || !json_object_is_type(value, json_type_int))
		return MISSING;
	return json_object_get_int64(value);
}

int64_t run_fact(const struct run *run, const char *path)
{
	struct json_object *value;
	if (json_pointer_get(run->manifest, path, &value) != 0 || !json_object_is_type(value, json_type_int))
		return MISSING;
	return json_object_get_int64(value);
}

/* Array member, NULL when it is none. */
static struct json_object *array_of(struct json_object *from, const char *key)
{
	struct json_object *value;
	if (!json_object_object_get_ex(from, key, &value) || !json_object_is_type(value, json_type_array))
		return NULL;
	return value;
}

static void read_workloads(struct run_vm *vm, struct json_object *list)
{
	size_t count = list ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < count && vm->workload_count < RUN_WORKLOADS_MAX; i++) {
		struct run_workload *w = &vm->workloads[vm->workload_count++];
		struct json_object *from = json_object_array_get_idx(list, i);
		w->job_done_guest_ns = w->samples_kept = w->samples_taken = MISSING;
		w->share = NAN;
		if (json_object_is_type(from, json_type_string)) {
			snprintf(w->name, sizeof(w->name), "%s", json_object_get_string(from));
			continue;
		}
		copy_text(from, "name", w->name, sizeof(w->name));
		copy_text(from, "unit", w->unit, sizeof(w->unit));
		struct json_object *options;
		char repeat[8] = "", share[32] = "", delay[32] = "";
		if (!json_object_object_get_ex(from, "options", &options))
			continue;
		copy_text(options, "schedule", w->schedule, sizeof(w->schedule));
		copy_text(options, "share", share, sizeof(share));
		fraction_parse(share, &w->share, NULL);
		copy_text(options, "delay", delay, sizeof(delay));
		duration_parse(delay, &w->delay_ns, NULL);
		copy_text(options, "repeat", repeat, sizeof(repeat));
		w->repeats = !strcmp(repeat, "yes") || !strcmp(repeat, "true");
	}
}

static int read_vms(struct run *run, struct err *e)
{
	struct json_object *list = array_of(run->manifest, "vms");
	size_t count = list ? json_object_array_length(list) : 0;
	run->vms = calloc(count ? count : 1, sizeof(*run->vms));
	if (!run->vms)
		return err_errno(e, EXIT_CANNOT, "cannot keep %zu VMs", count);
	for (size_t i = 0; i < count; i++) {
		struct run_vm *vm = &run->vms[run->vm_count];
		struct json_object *from = json_object_array_get_idx(list, i);
		copy_text(from, "name", vm->name, sizeof(vm->name));
		copy_text(from, "role", vm->role, sizeof(vm->role));
		copy_text(from, "node", vm->node, sizeof(vm->node));
		if (!vm->name[0] || strchr(vm->name, '/'))
			return err_set(e, EXIT_MEASURED_BAD, "manifest.json: VM %zu has no usable name", i);
		vm->slots_missed = vm->last_packet_ns = MISSING;
		vm->memory_bytes = integer_of(from, "memory_bytes");
		vm->sample_interval_ns = integer_of(from, "sample_interval_ns");
		if (vm->sample_interval_ns <= 0)
			vm->sample_interval_ns = SAMPLE_INTERVAL_MS * NS_PER_MS;
		read_workloads(vm, array_of(from, "workloads"));
		run->vm_count++;
	}
	return 0;
}

static struct json_object *array_at(const struct run *run, const char *path, size_t *ret_count)
{
	struct json_object *list;
	int found = json_pointer_get(run->manifest, path, &list) == 0 && json_object_is_type(list, json_type_array);
	*ret_count = found ? json_object_array_length(list) : 0;
	return found ? list : NULL;
}

static struct run_vm *vm_named(const struct run *run, const char *name)
{
	for (int i = 0; i < run->vm_count; i++)
		if (!strcmp(run->vms[i].name, name))
			return &run->vms[i];
	return NULL;
}

/* The workload of the VM that `from` names, or NULL. */
static struct run_workload *workload_of(struct run_vm *vm, struct json_object *from)
{
	char name[RUN_NAME_ROOM] = "";
	copy_text(from, "workload", name, sizeof(name));
	for (int w = 0; w < vm->workload_count; w++)
		if (!strcmp(vm->workloads[w].name, name))
			return &vm->workloads[w];
	return NULL;
}

static void read_counts(struct run_vm *vm, struct json_object *list)
{
	size_t count = list ? json_object_array_length(list) : 0;
	for (size_t i = 0; i < count; i++) {
		struct json_object *from = json_object_array_get_idx(list, i);
		struct run_workload *w = workload_of(vm, from);
		int64_t kept = integer_of(from, "samples"), missing = integer_of(from, "missing_samples");
		if (!w || kept < 0 || missing < 0 || kept > UINT32_MAX || missing > UINT32_MAX)
			continue;
		w->samples_kept = kept;
		w->samples_taken = kept + missing;
	}
}

/* Of the samples collector: vms: [{vm, slots_missed, workloads: [{workload, samples, missing_samples}]}],
 * jobs: [{vm, workload, done_guest_ns}] */
static void read_agents(struct run *run)
{
	size_t count;
	struct json_object *list = array_at(run, "/collectors/samples/vms", &count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *from = json_object_array_get_idx(list, i);
		char name[RUN_NAME_ROOM] = "";
		copy_text(from, "vm", name, sizeof(name));
		struct run_vm *vm = vm_named(run, name);
		if (!vm)
			continue;
		vm->slots_missed = integer_of(from, "slots_missed");
		read_counts(vm, array_of(from, "workloads"));
	}
	list = array_at(run, "/collectors/samples/jobs", &count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *from = json_object_array_get_idx(list, i);
		char name[RUN_NAME_ROOM] = "";
		copy_text(from, "vm", name, sizeof(name));
		struct run_vm *vm = vm_named(run, name);
		struct run_workload *w = vm ? workload_of(vm, from) : NULL;
		if (w)
			w->job_done_guest_ns = integer_of(from, "done_guest_ns");
	}
}

/* Of the packets collector: vms: [{vm, last_packet_head_ns}] */
static void read_packets(struct run *run)
{
	size_t count;
	struct json_object *list = array_at(run, "/collectors/packets/vms", &count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *from = json_object_array_get_idx(list, i);
		char name[RUN_NAME_ROOM] = "";
		copy_text(from, "vm", name, sizeof(name));
		struct run_vm *vm = vm_named(run, name);
		if (vm)
			vm->last_packet_ns = integer_of(from, "last_packet_head_ns");
	}
}

static int read_manifest(struct run *run, struct err *e)
{
	run->manifest = json_file_read(run->directory, "manifest.json");
	if (!json_object_is_type(run->manifest, json_type_object))
		return errno == ENOENT || errno == ENOTDIR
		               ? err_set(e, EXIT_USAGE, "'%s' is not a run directory: it has no manifest.json",
		                         run->directory)
		               : err_set(e, EXIT_MEASURED_BAD,
		                         "cannot read '%s/manifest.json': it is not a JSON object", run->directory);
	int64_t format = integer_of(run->manifest, "format");
	if (format != 1)
		return err_set(e, EXIT_MEASURED_BAD, "'%s/manifest.json' has format %lld, this program reads 1",
		               run->directory, format == MISSING ? 0LL : (long long)format);
	copy_text(run->manifest, "status", run->status, sizeof(run->status));
	copy_text(run->manifest, "reason", run->reason, sizeof(run->reason));
	copy_text(run->manifest, "run_id", run->id, sizeof(run->id));

	struct json_object *migration;
	if (json_object_object_get_ex(run->manifest, "migration", &migration)) {
		copy_text(migration, "mode", run->mode, sizeof(run->mode));
		copy_text(migration, "vm", run->moved, sizeof(run->moved));
		copy_text(migration, "source", run->source, sizeof(run->source));
		copy_text(migration, "destination", run->destination, sizeof(run->destination));
		copy_text(migration, "link", run->link, sizeof(run->link));
	}
	run->event_error_ns = run_fact(run, "/migration/event_error_ns");
	if (run->event_error_ns < 0)
		run->event_error_ns = EVENT_ERROR_US * NS_PER_US;
	if (read_vms(run, e) < 0)
		return -1;
	read_agents(run);
	read_packets(run);
	return 0;
}

enum { HEAD, VM, NODE, EVENT, DETAIL, EVENT_COLUMNS };
static const struct series_column event_columns[EVENT_COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 }, [VM] = { "vm", COLUMN_TEXT, 0 },
	[NODE] = { "node", COLUMN_TEXT, 0 },       [EVENT] = { "event", COLUMN_TEXT, 0 },
	[DETAIL] = { "detail", COLUMN_TEXT, 1 },
};

static int on_event(void *context, const struct series_cell *cells, struct err *e)
{
	struct run *run = context;
	const char *name = cells[EVENT].text;
	if (cells[HEAD].integer == MISSING || !strncmp(name, "lifecycle", 9) || !strncmp(name, "job-", 4))
		return 0;
	if (run->event_count == EVENTS_MAX)
		return err_set(e, EXIT_MEASURED_BAD, "events.csv: more than %d events", EVENTS_MAX);
	if ((run->event_count & (run->event_count - 1)) == 0) { /* room for the next power of two */
		size_t room = run->event_count ? 2 * (size_t)run->event_count : 1;
		struct run_event *more = realloc(run->events, room * sizeof(*more));
		if (!more)
			return err_errno(e, EXIT_CANNOT, "cannot keep the events");
		run->events = more;
	}
	struct run_event *event = &run->events[run->event_count++];
	event->head_ns = cells[HEAD].integer;
	snprintf(event->vm, sizeof(event->vm), "%.63s", cells[VM].text);
	snprintf(event->node, sizeof(event->node), "%.63s", cells[NODE].text);
	snprintf(event->event, sizeof(event->event), "%.63s", name);
	snprintf(event->detail, sizeof(event->detail), "%.127s", cells[DETAIL].text);
	return 0;
}

/* A stop or resume of a remote node was stamped on arrival, and has its own clock's stamp beside it. */
static int map_stamps(struct run *run, struct err *e)
{
	struct host_clocks *clocks;
	int64_t worst[2] = { 0, 0 }; /* of the source, and of others */
	bool any = false, all = true;
	if (host_clocks_read(&clocks, run->directory, e) < 0)
		return -1;
	for (int i = 0; i < run->event_count; i++) {
		struct run_event *event = &run->events[i];
		int64_t head_ns, error_ns;
		long long wall_ns;
		if (sscanf(event->detail, "wall_ns %lld", &wall_ns) != 1 ||
		    (strcmp(event->event, "stop") != 0 && strcmp(event->event, "resume") != 0))
			continue;
		any = true;
		if (wall_ns < 0 || wall_ns >= SERIES_LIMIT ||
		    host_clocks_map(clocks, event->node, wall_ns, &head_ns, &error_ns) < 0) {
			all = false;
			continue;
		}
		int64_t *worst_ns = &worst[strcmp(event->node, run->source) != 0];
		event->head_ns = head_ns;
		*worst_ns = error_ns > *worst_ns ? error_ns : *worst_ns;
	}
	host_clocks_free(clocks);
	if (any)
		run->event_error_ns = all ? worst[0] + worst[1] : MISSING;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct run_event *x = a, *y = b;
	return (x->head_ns > y->head_ns) - (x->head_ns < y->head_ns);
}

/* A phase lasts to the next phase row; the row `end` is no phase. */
static int find_phases(struct run *run, struct err *e)
{
	run->phases = calloc((size_t)run->event_count + 1, sizeof(*run->phases));
	if (!run->phases)
		return err_errno(e, EXIT_CANNOT, "cannot keep the phases");
	struct run_phase *open = NULL;
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *event = &run->events[i];
		if (open)
			open->end_ns = event->head_ns;
		if (strcmp(event->event, "phase") != 0)
			continue;
		open = NULL;
		if (strcmp(event->detail, "end") != 0) {
			open = &run->phases[run->phase_count++];
			snprintf(open->name, sizeof(open->name), "%.63s", event->detail);
			open->start_ns = open->end_ns = event->head_ns;
		}
	}
	return 0;
}

/* An injection is stamped with the middle of the call that made it: the call's begin. */
static int64_t injection_ns(const struct run_event *begin)
{
	long long call_ns;
	return sscanf(begin->detail, "%*s %*s %lld", &call_ns) == 1 && call_ns > 0 && call_ns < SERIES_LIMIT
	               ? begin->head_ns - call_ns / 2
	               : begin->head_ns;
}

/* Where VMs move several times, what comes after all of it counts from the last one. */
static const struct run_event *last_event(const struct run *run, const char *event)
{
	const struct run_event *last = NULL;
	for (int i = 0; i < run->event_count; i++)
		if (strcmp(run->events[i].event, event) == 0)
			last = &run->events[i];
	return last;
}

static void find_instants(struct run *run)
{
	const struct run_phase *migration = run_phase(run, "migration"), *settle = run_phase(run, "settle");
	const struct run_event *start = run_event(run, "migrate-start", NULL, MISSING);
	const struct run_event *done = last_event(run, "migrate-done");
	const struct run_event *injected =
		start ? NULL : run_event(run, "inject-begin", NULL, migration ? migration->start_ns : MISSING);
	run->migrate_start_ns = start       ? start->head_ns
	                        : injected  ? injection_ns(injected)
	                        : migration ? migration->start_ns
	                                    : MISSING;
	run->migrate_done_ns = done ? done->head_ns : MISSING;
	struct json_object *converged = NULL;
	json_pointer_get(run->manifest, "/migration/converged", &converged);
	run->converged = json_object_is_type(converged, json_type_boolean) ? json_object_get_boolean(converged)
	                 : done                                            ? 1
	                                                                   : -1;
	run->migrate_end_ns = done ? done->head_ns : migration ? migration->end_ns : MISSING;
	run->observed_until_ns = settle             ? settle->end_ns
	                         : run->event_count ? run->events[run->event_count - 1].head_ns
	                                            : MISSING;
}

int run_read(struct run *run, const char *directory, struct err *e)
{
	memset(run, 0, sizeof(*run));
	snprintf(run->directory, sizeof(run->directory), "%s", directory);
	if (read_manifest(run, e) < 0 ||
	    series_read(directory, "events.csv", event_columns, EVENT_COLUMNS, on_event, run, NULL, e) < 0 ||
	    map_stamps(run, e) < 0) {
		run_free(run);
		return -1;
	}
	if (run->event_count)
		qsort(run->events, (size_t)run->event_count, sizeof(*run->events), by_time);
	if (find_phases(run, e) < 0) {
		run_free(run);
		return -1;
	}
	find_instants(run);
	return 0;
}

void run_free(struct run *run)
{
	json_object_put(run->manifest);
	free(run->vms);
	free(run->phases);
	free(run->events);
	memset(run, 0, sizeof(*run));
}

const struct run_phase *run_phase(const struct run *run, const char *name)
{
	const struct run_phase *longest = NULL;
	for (int i = 0; i < run->phase_count; i++) {
		const struct run_phase *p = &run->phases[i];
		if (!strcmp(p->name, name) &&
		    (!longest || p->end_ns - p->start_ns > longest->end_ns - longest->start_ns))
			longest = p;
	}
	return longest;
}

const struct run_event *run_event(const struct run *run, const char *event, const char *vm, int64_t from_ns)
{
	for (int i = 0; i < run->event_count; i++) {
		const struct run_event *have = &run->events[i];
		if (have->head_ns >= from_ns && !strcmp(have->event, event) &&
		    (!vm || !have->vm[0] || !strcmp(have->vm, vm)))
			return have;
	}
	return NULL;
}

const struct run_vm *run_vm(const struct run *run, const char *name)
{
	return vm_named(run, name);
}

int run_is_remote(const struct run *run)
{
	struct json_object *kind = NULL;
	json_pointer_get(run->manifest, "/config/hosts/kind", &kind);
	return kind && strcmp(json_object_get_string(kind), "remote") == 0;
}

int run_node_cores(const struct run *run, const char *node)
{
	char path[RUN_NAME_ROOM + 20];
	snprintf(path, sizeof(path), "/nodes/%s/cores", node);
	int64_t cores = run_is_remote(run) ? run_fact(run, path) : 1;
	return cores > 0 && cores <= INT_MAX ? (int)cores : 1;
}

double run_ideal_goodput(const struct run *run)
{
	struct json_object *ideal;
	if (json_pointer_get(run->manifest, "/link/measured/ideal_bits_per_s", &ideal) != 0 ||
	    !(json_object_get_double(ideal) > 0))
		return NAN;
	return json_object_get_double(ideal);
}

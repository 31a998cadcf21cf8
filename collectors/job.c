/*
 * job.c - libvirt's statistics of the migration while it is active, for each VM that moves.
 *
 * Writes job-VM.csv (head_ns and the columns of job.h), a row each job_interval_ns while an outgoing job is active or
 * said to come (job_expect()), and else looks four times a second: each look costs the head and the node some CPU;
 * head_ns is the middle of the call. One thread and one set of connections a VM, so that a slow answer for one does
 * not delay another. The VM is asked for where it was last seen running, and looked for on the other nodes once it
 * runs there no more: a VM may move several times. A connection that broke is opened again, at most once a second.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/series.h"
#include "collectors/collector.h"
#include "collectors/job.h"
#include "collectors/worker.h"

#include <json-c/json.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECONNECT_NS NS_PER_S
#define IDLE_NS (250 * NS_PER_MS)    /* between looks while nothing is going on */
#define SEARCH_NS (250 * NS_PER_MS)  /* between looks at nodes where the VM does not run */
#define STOP_GRACE_NS (5 * NS_PER_S) /* a libvirtd that hangs keeps its caller */

struct job_node {
	char *name, *uri;
};

struct job_vm {
	struct job *job;
	const struct job_node *nodes;
	int node_count;
	int64_t interval_ns;
	char name[128];        /* of the VM */
	char domain_name[256]; /* what libvirt calls it */
	struct worker worker;
	int started;
	pthread_mutex_t lock;
	struct series *series;      /* with the lock; NULL: the watch is over */
	virConnectPtr *connections; /* one a node, NULL: not open */
	int node;                   /* where it is asked for */
	virDomainPtr domain;        /* there; NULL: not found yet */
	int64_t not_before_ns;      /* no call before this */
	int64_t calls, call_ns, longest_call_ns, rows, errors, connections_failed;
	char trouble[512];    /* the last one */
	bool active;          /* the last answer was of a job */
	atomic_bool expected; /* one is about to begin */
	/* for job_last() */
	atomic_llong total_bytes, remaining_bytes, sent_bytes, bytes_per_s, dirty_pages_per_s, page_bytes;
};

/* All of it copies: a thread that libvirt holds outlives the watch, and the last one out frees. */
struct job {
	atomic_int users;       /* threads, and the watch */
	struct job_node *nodes; /* those with libvirt */
	int node_count;
	struct job_vm *vms; /* those that move */
	int vm_count;
};

/* Libvirt prints errors unless somebody takes them. */
static void keep_quiet(void *data, virErrorPtr error)
{
	(void)data;
	(void)error;
}

static void note_trouble(struct job_vm *j)
{
	const char *text = virGetLastErrorMessage();
	snprintf(j->trouble, sizeof(j->trouble), "node '%s': %s", j->nodes[j->node].name, text ? text : "");
}

static void forget_domain(struct job_vm *j)
{
	if (j->domain)
		virDomainFree(j->domain);
	j->domain = NULL;
}

static void disconnect(struct job_vm *j, int node)
{
	if (j->connections[node])
		virConnectClose(j->connections[node]);
	j->connections[node] = NULL;
}

/* It does not run here: look at the next node that has libvirt. */
static void look_elsewhere(struct job_vm *j)
{
	forget_domain(j);
	j->node = (j->node + 1) % j->node_count;
	j->not_before_ns = clock_now_ns() + SEARCH_NS;
}

static int find_domain(struct job_vm *j)
{
	virConnectPtr *connection = &j->connections[j->node];
	if (j->domain)
		return 0;
	if (*connection && virConnectIsAlive(*connection) != 1)
		disconnect(j, j->node);
	if (!*connection)
		*connection = virConnectOpen(j->nodes[j->node].uri);
	if (!*connection) {
		note_trouble(j);
		j->connections_failed++;
		look_elsewhere(j);
		j->not_before_ns = clock_now_ns() + RECONNECT_NS;
		return -1;
	}
	j->domain = virDomainLookupByName(*connection, j->domain_name);
	if (!j->domain || virDomainIsActive(j->domain) != 1) {
		look_elsewhere(j);
		return -1;
	}
	return 0;
}

static void handle_error(struct job_vm *j)
{
	int code = virGetLastErrorCode();
	/* Its end on this node is no trouble: it moved, or was stopped. */
	if (code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_OPERATION_INVALID) {
		look_elsewhere(j);
		return;
	}
	note_trouble(j);
	j->errors++;
	forget_domain(j);
	disconnect(j, j->node);
	j->not_before_ns = clock_now_ns() + RECONNECT_NS;
}

static void note_progress(atomic_llong *into, virTypedParameterPtr params, int count, const char *field)
{
	unsigned long long value = 0;
	if (virTypedParamsGetULLong(params, count, field, &value) == 1)
		atomic_store(into, (long long)value);
}

static void write_row(struct job_vm *j, const char *row)
{
	pthread_mutex_lock(&j->lock);
	if (j->series)
		series_row(j->series, "%s", row);
	j->rows++;
	pthread_mutex_unlock(&j->lock);
}

static void poll_job(struct job_vm *j)
{
	virTypedParameterPtr params = NULL;
	int count = 0, type = VIR_DOMAIN_JOB_NONE;
	char row[2048];
	if (clock_now_ns() < j->not_before_ns || find_domain(j) < 0)
		return;
	int64_t before_ns = clock_now_ns();
	int status = virDomainGetJobStats(j->domain, &type, &params, &count, 0);
	int64_t length_ns = clock_now_ns() - before_ns;
	j->calls++;
	j->call_ns += length_ns;
	if (length_ns > j->longest_call_ns)
		j->longest_call_ns = length_ns;
	if (status < 0) {
		handle_error(j);
		return;
	}
	int operation = job_operation(params, count);
	bool active = (type == VIR_DOMAIN_JOB_BOUNDED || type == VIR_DOMAIN_JOB_UNBOUNDED) &&
	              (operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT ||
	               operation == VIR_DOMAIN_JOB_OPERATION_UNKNOWN);
	if (j->active && !active)
		atomic_store(&j->expected, false);
	j->active = active;
	if (active) {
		write_row(j, job_csv_row(before_ns + length_ns / 2, params, count, row, sizeof(row)));
		note_progress(&j->total_bytes, params, count, VIR_DOMAIN_JOB_MEMORY_TOTAL);
		note_progress(&j->remaining_bytes, params, count, VIR_DOMAIN_JOB_MEMORY_REMAINING);
		note_progress(&j->sent_bytes, params, count, VIR_DOMAIN_JOB_MEMORY_PROCESSED);
		note_progress(&j->bytes_per_s, params, count, VIR_DOMAIN_JOB_MEMORY_BPS);
		note_progress(&j->page_bytes, params, count, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE);
		note_progress(&j->dirty_pages_per_s, params, count, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE);
	}
	virTypedParamsFree(params, count);
}

static void job_release(struct job *job)
{
	if (atomic_fetch_sub(&job->users, 1) > 1)
		return;
	for (int i = 0; i < job->vm_count; i++) {
		if (job->vms[i].started && job->vms[i].worker.stop_fd >= 0)
			close(job->vms[i].worker.stop_fd);
		pthread_mutex_destroy(&job->vms[i].lock);
		free(job->vms[i].connections);
	}
	for (int i = 0; i < job->node_count; i++) {
		free(job->nodes[i].name);
		free(job->nodes[i].uri);
	}
	free(job->nodes);
	free(job->vms);
	free(job);
}

static void *job_main(void *argument)
{
	struct job_vm *j = argument;
	int64_t next_ns = clock_now_ns();
	while (!worker_sleep_until(&j->worker, next_ns)) {
		poll_job(j);
		bool idle = !j->active && !atomic_load(&j->expected) && j->interval_ns < IDLE_NS;
		next_ns = worker_next_tick(next_ns, idle ? IDLE_NS : j->interval_ns);
	}
	forget_domain(j);
	for (int i = 0; i < j->node_count; i++)
		disconnect(j, i);
	job_release(j->job);
	return NULL;
}

static int copy_nodes(struct job *job, const struct watch *watch, struct err *e)
{
	job->nodes = calloc((size_t)watch->node_count + 1, sizeof(*job->nodes));
	for (int i = 0; job->nodes && i < watch->node_count; i++) {
		if (!watch->nodes[i].libvirt_uri)
			continue;
		struct job_node *node = &job->nodes[job->node_count++];
		node->name = strdup(watch->nodes[i].name);
		node->uri = strdup(watch->nodes[i].libvirt_uri);
		if (!node->name || !node->uri)
			return err_errno(e, EXIT_CANNOT, "cannot start collector 'job'");
	}
	return job->nodes ? 0 : err_errno(e, EXIT_CANNOT, "cannot start collector 'job'");
}

static int start_vm(struct job *job, const struct watch *watch, const struct watched_vm *vm, struct err *e)
{
	struct job_vm *j = &job->vms[job->vm_count++];
	char file[256], header[2048];
	snprintf(j->name, sizeof(j->name), "%s", vm->name);
	snprintf(j->domain_name, sizeof(j->domain_name), "%s", vm->domain ? vm->domain : vm->name);
	pthread_mutex_init(&j->lock, NULL);
	j->job = job;
	j->nodes = job->nodes;
	j->node_count = job->node_count;
	j->interval_ns = watch->job_interval_ns;
	j->node = -1;
	for (int i = 0; i < j->node_count; i++)
		if (strcmp(j->nodes[i].name, vm->node) == 0)
			j->node = i;
	if (j->node < 0)
		return err_set(e, EXIT_CANNOT, "node '%s' of VM '%s' has no libvirt to ask", vm->node, vm->name);
	j->connections = calloc((size_t)j->node_count, sizeof(*j->connections));
	if (!j->connections)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'job'");
	snprintf(file, sizeof(file), "job-%s.csv", vm->name);
	if (series_create(&j->series, watch->directory, file, job_csv_header(header, sizeof(header)), e) < 0)
		return -1;
	atomic_fetch_add(&job->users, 1);
	if (worker_start(&j->worker, "mm-job", job_main, j, e) < 0) {
		atomic_fetch_sub(&job->users, 1);
		return -1;
	}
	j->started = 1;
	return 0;
}

static struct json_object *vm_facts(const struct job_vm *j, int stuck)
{
	struct json_object *one = json_object_new_object();
	const char *trouble = stuck ? "libvirt did not answer to the end" : j->trouble;
	fact_text(one, "vm", j->name);
	fact_number(one, "rows", j->rows);
	fact_number(one, "calls", j->calls);
	if (j->calls)
		fact_number(one, "mean_call_ns", j->call_ns / j->calls);
	fact_number(one, "longest_call_ns", j->longest_call_ns);
	fact_number(one, "errors", j->errors);
	fact_number(one, "connections_failed", j->connections_failed);
	if (trouble[0])
		fact_text(one, "trouble", trouble);
	return one;
}

/* Ends what was started, adds facts unless NULL; a thread that hangs keeps what it uses until it ends. */
static int job_end(struct job *job, struct json_object *facts, struct err *e)
{
	struct json_object *vms = facts ? json_object_new_array() : NULL;
	int result = 0;
	for (int i = 0; i < job->vm_count; i++) {
		struct job_vm *j = &job->vms[i];
		int stuck = j->started && worker_stop(&j->worker, STOP_GRACE_NS) < 0;
		if (facts)
			json_object_array_add(vms, vm_facts(j, stuck));
		pthread_mutex_lock(&j->lock);
		result |= series_close(j->series, result ? NULL : e);
		j->series = NULL;
		pthread_mutex_unlock(&j->lock);
	}
	if (facts)
		json_object_object_add(facts, "vms", vms);
	job_release(job);
	return result;
}

static int job_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct job *job = calloc(1, sizeof(*job));
	if (!job)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'job'");
	atomic_init(&job->users, 1);
	job->vms = calloc((size_t)watch->vm_count + 1, sizeof(*job->vms));
	if (!job->vms || watch->job_interval_ns <= 0) {
		err_set(e, EXIT_USAGE, "job interval must be above 0");
		goto fail;
	}
	if (copy_nodes(job, watch, e) < 0)
		goto fail;
	virSetErrorFunc(NULL, keep_quiet);
	if (virInitialize() < 0) {
		err_set(e, EXIT_CANNOT, "cannot use libvirt: %s", virGetLastErrorMessage());
		goto fail;
	}
	for (int i = 0; i < watch->vm_count; i++)
		if (watch->vms[i].migrating && start_vm(job, watch, &watch->vms[i], e) < 0)
			goto fail;
	*ret_state = job;
	return 0;
fail:
	job_end(job, NULL, NULL);
	return -1;
}

static int job_stop(void *state, struct json_object *facts, struct err *e)
{
	return job_end(state, facts, e);
}

void job_last(const void *state, const char *name, struct job_progress *ret)
{
	const struct job *job = state;
	memset(ret, 0, sizeof(*ret));
	for (int i = 0; job && i < job->vm_count; i++)
		if (strcmp(job->vms[i].name, name) == 0)
			*ret = (struct job_progress){
				atomic_load(&job->vms[i].total_bytes), atomic_load(&job->vms[i].remaining_bytes),
				atomic_load(&job->vms[i].sent_bytes), atomic_load(&job->vms[i].bytes_per_s),
				atomic_load(&job->vms[i].dirty_pages_per_s) * atomic_load(&job->vms[i].page_bytes)
			};
}

/* What is known of a move before is not of this one. */
static void expect(struct job_vm *j)
{
	atomic_store(&j->sent_bytes, 0);
	atomic_store(&j->remaining_bytes, 0);
	atomic_store(&j->dirty_pages_per_s, 0);
	atomic_store(&j->expected, true);
}

void job_expect(void *state, const char *name)
{
	struct job *job = state;
	for (int i = 0; job && i < job->vm_count; i++)
		if (strcmp(job->vms[i].name, name) == 0)
			expect(&job->vms[i]);
}

const struct collector_ops job_collector = {
	.name = "job",
	.files = "job-VM.csv",
	.help = "libvirt's statistics of the migration while it is active",
	.start = job_start,
	.stop = job_stop,
};

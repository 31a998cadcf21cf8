/*
 * cpu.c - CPU time of nodes, of the VMs on them, of what inside QEMU used it, of what serves the run beside them, and what of
 * the nodes' time a hypervisor below took.
 *
 * Writes cpu.csv (head_ns,node,vm,thread,cpu_ns), cumulative, every cpu_interval_ns:
 *	vm and thread empty   busy time of the node's core, from an arbitrary origin
 *	thread empty          the QEMU process of the VM on that node; begins anew when another process takes over
 *	thread = vcpu, migration, other: the part of its threads with such names (see proc_read.h); what a thread used
 *	                      after its last reading is missing there, so that the three may be below the whole
 *	vm empty              thread is the name of a service (see services.h): what those of that name used of the
 *	                      node's core, from an arbitrary origin. Runs of older versions have no such rows
 * The process of a VM is found by its pid file on each node, so that the destination's shows while it is incoming.
 *
 * Writes stolen.csv (head_ns,node,stolen_ns), cumulative, once a second: see core_stolen_parse() in proc_read.h.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/process.h"
#include "bench/base/series.h"
#include "collectors/collector.h"
#include "collectors/proc_read.h"
#include "collectors/services.h"
#include "collectors/worker.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STOLEN_INTERVAL_NS NS_PER_S /* /proc/stat takes a large machine a millisecond */

/* A VM as it may run on a node. */
struct resident {
	const struct watched_node *node;
	const struct watched_vm *vm;
	char pid_path[512];
	struct stat pid_file; /* as it was when it was read last */
	struct watched_process process;
};

struct cpu {
	const struct watch *watch;
	struct worker worker;
	struct series *series, *stolen;
	int64_t next_stolen_ns;
	enum core_source source;
	int64_t *busy_ns; /* of each node, as last written */
	struct resident *residents;
	int resident_count;
	struct services *services;
	int64_t ticks, ticks_missed, unreadable_cores, processes, stale_pid_files;
	char text[256 * 1024]; /* /proc/stat of a large machine */
};

/* Wall time at which a process began, from ticks since boot. */
static int64_t process_began_wall_ns(pid_t pid)
{
	struct timespec boot;
	uint64_t ticks = process_start_time(pid);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	int64_t since_boot_ns = boot.tv_sec * NS_PER_S + boot.tv_nsec;
	return ticks ? clock_wall_ns() - since_boot_ns + (int64_t)ticks * (NS_PER_S / sysconf(_SC_CLK_TCK))
	             : INT64_MAX;
}

/* Take up the process that the pid file names, when the file is there and has changed. */
static void follow_pid_file(struct cpu *c, struct resident *r)
{
	struct stat now;
	if (stat(r->pid_path, &now) < 0 ||
	    (now.st_ino == r->pid_file.st_ino && now.st_mtim.tv_sec == r->pid_file.st_mtim.tv_sec &&
	     now.st_mtim.tv_nsec == r->pid_file.st_mtim.tv_nsec && now.st_size == r->pid_file.st_size))
		return;
	pid_t pid = process_pid_file(r->pid_path);
	if (pid <= 0)
		return; /* just being written: at the next tick */
	r->pid_file = now;
	if (r->process.directory_fd >= 0 && r->process.pid == pid)
		return;
	watched_process_close(&r->process);
	/* A process younger than the file is not the one that wrote it: the number was given again. */
	int64_t written_ns = now.st_mtim.tv_sec * NS_PER_S + now.st_mtim.tv_nsec;
	if (watched_process_open(&r->process, pid, NULL) == 0 &&
	    process_began_wall_ns(pid) <= written_ns + NS_PER_S) {
		c->processes++;
		return;
	}
	watched_process_close(&r->process);
	c->stale_pid_files++;
}

static void read_resident(struct cpu *c, struct resident *r)
{
	struct process_cpu cpu;
	follow_pid_file(c, r);
	if (r->process.directory_fd < 0)
		return;
	int64_t now_ns = clock_now_ns();
	if (watched_process_read(&r->process, &cpu) < 0) {
		watched_process_close(&r->process);
		return;
	}
	const char *node = r->node->name, *vm = r->vm->name;
	series_row(c->series, "%" PRId64 ",%s,%s,,%" PRId64, now_ns, node, vm, cpu.all_ns);
	for (int g = 0; g < THREAD_GROUPS; g++)
		series_row(c->series, "%" PRId64 ",%s,%s,%s,%" PRId64, now_ns, node, vm,
		           thread_group_name((enum thread_group)g), cpu.group_ns[g]);
}

static void read_cores(struct cpu *c)
{
	int64_t busy_ns, now_ns = core_source_read(c->source, c->text, sizeof(c->text));
	for (int i = 0; i < c->watch->node_count; i++) {
		const struct watched_node *node = &c->watch->nodes[i];
		if (node->core < 0)
			continue;
		if (now_ns < 0 || core_busy_parse(c->source, c->text, node->core, now_ns, &busy_ns) < 0) {
			c->unreadable_cores++;
			continue;
		}
		/* Idle time that is printed in steps makes busy time fall by up to a step: cumulative means never. */
		if (c->ticks == 1 || busy_ns > c->busy_ns[i])
			c->busy_ns[i] = busy_ns;
		series_row(c->series, "%" PRId64 ",%s,,,%" PRId64, now_ns, node->name, c->busy_ns[i]);
	}
}

static void read_stolen(struct cpu *c)
{
	int64_t stolen_ns, now_ns = core_source_read(CORE_STAT, c->text, sizeof(c->text));
	for (int i = 0; now_ns >= 0 && i < c->watch->node_count; i++) {
		const struct watched_node *node = &c->watch->nodes[i];
		if (node->core >= 0 && core_stolen_parse(c->text, node->core, &stolen_ns) == 0)
			series_row(c->stolen, "%" PRId64 ",%s,%" PRId64, now_ns, node->name, stolen_ns);
	}
	c->next_stolen_ns = clock_now_ns() + STOLEN_INTERVAL_NS;
}

static void read_services(struct cpu *c)
{
	const struct service_use *uses;
	int64_t now_ns = clock_now_ns();
	int count = services_read(c->services, &uses);
	for (int i = 0; i < count; i++) {
		char name[2 * sizeof(uses->name) + 3];
		series_row(c->series, "%" PRId64 ",%s,,%s,%" PRId64, now_ns, c->watch->nodes[uses[i].node].name,
		           field_text_copy(uses[i].name, name, sizeof(name)), uses[i].cpu_ns);
	}
}

static void *cpu_main(void *argument)
{
	struct cpu *c = argument;
	int64_t interval_ns = c->watch->cpu_interval_ns, next_ns = clock_now_ns(), last_ns;
	while (!worker_sleep_until(&c->worker, next_ns)) {
		c->ticks++;
		read_cores(c);
		for (int i = 0; i < c->resident_count; i++)
			read_resident(c, &c->residents[i]);
		read_services(c);
		if (clock_now_ns() >= c->next_stolen_ns)
			read_stolen(c);
		last_ns = next_ns;
		next_ns = worker_next_tick(last_ns, interval_ns);
		c->ticks_missed += (next_ns - last_ns) / interval_ns - 1;
	}
	read_stolen(c); /* the end of the run is in the series */
	return NULL;
}

static int list_residents(struct cpu *c, struct err *e)
{
	const struct watch *watch = c->watch;
	c->residents = calloc((size_t)watch->node_count * (size_t)watch->vm_count + 1, sizeof(*c->residents));
	c->busy_ns = calloc((size_t)watch->node_count + 1, sizeof(*c->busy_ns));
	c->services = services_open(watch->nodes, watch->node_count);
	if (!c->residents || !c->busy_ns || !c->services)
		return err_errno(e, EXIT_CANNOT, "cannot watch the CPU time of %d VMs", watch->vm_count);
	for (int n = 0; n < watch->node_count; n++) {
		const struct watched_node *node = &watch->nodes[n];
		for (int v = 0; node->qemu_pid_directory && v < watch->vm_count; v++) {
			struct resident *r = &c->residents[c->resident_count++];
			r->node = node;
			r->vm = &watch->vms[v];
			r->process.directory_fd = -1;
			int length = snprintf(r->pid_path, sizeof(r->pid_path), "%s/%s.pid", node->qemu_pid_directory,
			                      r->vm->name);
			if (length < 0 || (size_t)length >= sizeof(r->pid_path))
				return err_set(e, EXIT_USAGE, "path too long: '%s'", r->pid_path);
		}
	}
	return 0;
}

static int cpu_free(struct cpu *c, struct err *e)
{
	for (int i = 0; i < c->resident_count; i++)
		watched_process_close(&c->residents[i].process);
	int result = series_close(c->series, e);
	if (series_close(c->stolen, result ? NULL : e) < 0)
		result = -1;
	services_close(c->services);
	free(c->residents);
	free(c->busy_ns);
	free(c);
	return result;
}

static int cpu_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct cpu *c = calloc(1, sizeof(*c));
	if (!c)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'cpu'");
	c->watch = watch;
	c->source = core_source_probe();
	if (watch->cpu_interval_ns <= 0) {
		err_set(e, EXIT_USAGE, "CPU interval must be above 0");
		goto fail;
	}
	if (list_residents(c, e) < 0 ||
	    series_create(&c->series, watch->directory, "cpu.csv", "head_ns,node,vm,thread,cpu_ns", e) < 0 ||
	    series_create(&c->stolen, watch->directory, "stolen.csv", "head_ns,node,stolen_ns", e) < 0 ||
	    worker_start(&c->worker, "mm-cpu", cpu_main, c, e) < 0)
		goto fail;
	*ret_state = c;
	return 0;
fail:
	cpu_free(c, NULL);
	return -1;
}

static int cpu_stop(void *state, struct json_object *facts, struct err *e)
{
	struct cpu *c = state;
	if (worker_stop(&c->worker, 10 * NS_PER_S) < 0)
		return err_set(e, EXIT_MEASURED_BAD, "collector 'cpu' does not end");
	fact_text(facts, "core_source", core_source_name(c->source));
	fact_number(facts, "core_resolution_ns", core_source_resolution_ns(c->source));
	fact_number(facts, "ticks", c->ticks);
	fact_number(facts, "ticks_missed", c->ticks_missed);
	fact_number(facts, "processes", c->processes);
	fact_number(facts, "stale_pid_files", c->stale_pid_files);
	fact_number(facts, "unreadable_cores", c->unreadable_cores);
	services_facts(c->services, facts);
	return cpu_free(c, e);
}

const struct collector_ops cpu_collector = {
	.name = "cpu",
	.files = "cpu.csv stolen.csv",
	.help = "CPU time of nodes, VMs, QEMU's vCPU and migration threads, the nodes' services, and what was stolen of it",
	.start = cpu_start,
	.stop = cpu_stop,
};

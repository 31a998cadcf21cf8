/*
 * hosts.c - what the collectors `cpu` and `link` tell of this machine, of remote nodes: through a shell on each, asked once
 * a tick. It answers from /proc and /sys by its own built-ins, so that no process is started there.
 *
 * Writes, with the columns of those two (thread is always empty):
 *	cpu.csv     busy time of all cores of a node together, and of each VM's QEMU, in steps of the kernel's USER_HZ
 *	            (10 ms); the time that a hypervisor below stole counts as busy
 *	stolen.csv  that time, of all cores of a node together
 *	link.csv    counters of the source's interface that migrations pass
 *	clocks.csv  node,head_before_ns,wall_ns,head_after_ns: the node's own wall clock, read between two stamps of
 *	            head time, for the stamps that its QEMU gives (analysis/host_clocks.h)
 * The counters' head_ns is the middle of the asking, whose length is among the facts.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/series.h"
#include "bench/base/ssh.h"
#include "collectors/collector.h"
#include "collectors/hosts.h"
#include "collectors/worker.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOSTS_MAX = 2, ANSWER_ROOM = 8192, SCRIPT_ROOM = 4096 };

#define LEAST_INTERVAL_NS (200 * NS_PER_MS) /* between two ticks: each asks a node twice */
#define ASK_NS (10 * NS_PER_S)
#define NS_PER_TICK (10 * NS_PER_MS) /* USER_HZ is 100 wherever Linux is */

/* bash knows the time by itself. */
static const char clock_script[] = "if [ -n \"$EPOCHREALTIME\" ]; then echo \"$EPOCHREALTIME\"; else date +%s.%N; fi";

struct host {
	const struct watched_node *node;
	bool has_link;
	int64_t asked, failed, longest_ns, clock_least_ns;
};

struct hosts {
	const struct watch *watch;
	struct worker worker;
	struct series *cpu, *stolen, *link, *clocks;
	struct host hosts[HOSTS_MAX];
	int count;
	int64_t interval_ns, ticks_missed;
	char script[SCRIPT_ROOM], trouble[256];
};

int host_clock_parse(const char *text, int64_t *ret_wall_ns)
{
	long long seconds;
	int at = 0;
	if (sscanf(text, "%lld%n", &seconds, &at) != 1 || (text[at] != '.' && text[at] != ','))
		return -1;
	const char *digits = text + at + 1;
	size_t length = strspn(digits, "0123456789");
	if (length == 0 || length > 9 || seconds < 0 || seconds > INT64_C(9000000000))
		return -1;
	int64_t part = strtoll(digits, NULL, 10);
	for (size_t i = length; i < 9; i++)
		part *= 10;
	*ret_wall_ns = seconds * NS_PER_S + part;
	return 0;
}

int host_busy_parse(const char *line, int64_t *ret_busy_ns, int64_t *ret_stolen_ns)
{
	long long user, nice, system, idle, iowait, irq, softirq, steal;
	if (strncmp(line, "cpu ", 4) != 0 || /* of all cores: "cpu0" is one */
	    sscanf(line, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &user, &nice, &system, &idle, &iowait, &irq,
	           &softirq, &steal) != 8)
		return -1;
	*ret_busy_ns = (user + nice + system + irq + softirq + steal) * NS_PER_TICK;
	*ret_stolen_ns = steal * NS_PER_TICK;
	return 0;
}

int host_process_parse(const char *stat, int64_t *ret_cpu_ns)
{
	/* The name may hold blanks and brackets: fields are counted from the last ')'. */
	const char *at = strrchr(stat, ')');
	long long user, system;
	if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld", &user, &system) != 2)
		return -1;
	*ret_cpu_ns = (user + system) * NS_PER_TICK;
	return 0;
}

/* A line of the answer: "cpu ...", "link TX...", "vm INDEX STAT". */
static void take_line(struct hosts *h, struct host *host, int64_t now_ns, const char *line)
{
	long long c[6];
	int64_t value, stolen_ns;
	int vm, at = 0;
	if (host_busy_parse(line, &value, &stolen_ns) == 0) {
		series_row(h->cpu, "%" PRId64 ",%s,,,%" PRId64, now_ns, host->node->name, value);
		series_row(h->stolen, "%" PRId64 ",%s,%" PRId64, now_ns, host->node->name, stolen_ns);
	} else if (sscanf(line, "vm %d %n", &vm, &at) == 1 && vm >= 0 && vm < h->watch->vm_count &&
	           host_process_parse(line + at, &value) == 0) {
		series_row(h->cpu, "%" PRId64 ",%s,%s,,%" PRId64, now_ns, host->node->name, h->watch->vms[vm].name,
		           value);
	} else if (host->has_link && sscanf(line, "link %lld %lld %lld %lld %lld %lld", &c[0], &c[1], &c[2], &c[3],
	                                    &c[4], &c[5]) == 6) {
		const struct watched_link *l = &h->watch->links[0];
		series_row(h->link, "%" PRId64 ",%s,%s,%lld,%lld,%lld", now_ns, l->name, l->tx_name, c[0], c[1],
		           c[2]);
		series_row(h->link, "%" PRId64 ",%s,%s,%lld,%lld,%lld", now_ns, l->name, l->rx_name, c[3], c[4],
		           c[5]);
	}
}

static void read_clock(struct hosts *h, struct host *host)
{
	char answer[100];
	struct ssh_asked asked;
	int64_t wall_ns;
	if (ssh_ask(host->node->ssh, clock_script, ASK_NS, answer, sizeof(answer), &asked, NULL) < 0 ||
	    host_clock_parse(answer, &wall_ns) < 0)
		return;
	int64_t took_ns = asked.after_ns - asked.before_ns;
	if (!host->clock_least_ns || took_ns < host->clock_least_ns)
		host->clock_least_ns = took_ns;
	series_row(h->clocks, "%s,%" PRId64 ",%" PRId64 ",%" PRId64, host->node->name, asked.before_ns, wall_ns,
	           asked.after_ns);
}

static void read_host(struct hosts *h, struct host *host)
{
	char answer[ANSWER_ROOM], *save = NULL;
	struct ssh_asked asked;
	struct err e = { 0 };
	read_clock(h, host);
	host->asked++;
	if (ssh_ask(host->node->ssh, h->script, ASK_NS, answer, sizeof(answer), &asked, &e) < 0) {
		if (!host->failed++)
			snprintf(h->trouble, sizeof(h->trouble), "%.255s", e.text);
		return;
	}
	int64_t took_ns = asked.after_ns - asked.before_ns;
	if (took_ns > host->longest_ns)
		host->longest_ns = took_ns;
	for (char *line = strtok_r(answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		take_line(h, host, asked.before_ns + took_ns / 2, line);
}

static void *hosts_main(void *argument)
{
	struct hosts *h = argument;
	int64_t next_ns = clock_now_ns(), last_ns;
	while (!worker_sleep_until(&h->worker, next_ns)) {
		for (int i = 0; i < h->count; i++)
			read_host(h, &h->hosts[i]);
		last_ns = next_ns;
		next_ns = worker_next_tick(last_ns, h->interval_ns);
		h->ticks_missed += (next_ns - last_ns) / h->interval_ns - 1;
	}
	for (int i = 0; i < h->count; i++) /* the end of the run is in the series */
		read_host(h, &h->hosts[i]);
	return NULL;
}

/* Both nodes answer the same; one has no such interface, or VM, and leaves its line out. */
static int script_make(struct hosts *h, const char *device, struct err *e)
{
	size_t room = sizeof(h->script), used;
	used = (size_t)snprintf(
		h->script, room,
		"while read -r a; do case $a in 'cpu '*) echo \"$a\"; break;; esac; done </proc/stat\n");
	if (device)
		used += (size_t)snprintf(
			h->script + used, room - used,
			"s=/sys/class/net/%s/statistics\n"
			"if [ -d $s ]; then l=link; for f in tx_bytes tx_packets tx_dropped rx_bytes rx_packets "
			"rx_dropped; do read -r a <$s/$f; l=\"$l $a\"; done; echo \"$l\"; fi\n",
			device);
	for (int i = 0; i < h->watch->vm_count && used < room; i++) {
		const struct watched_vm *vm = &h->watch->vms[i];
		used += (size_t)snprintf(h->script + used, room - used,
		                         "p=; f='/run/libvirt/qemu/%s.pid'; [ -r \"$f\" ] && read -r p <\"$f\"; "
		                         "[ -n \"$p\" ] && [ -r /proc/$p/stat ] && read -r a </proc/$p/stat && "
		                         "echo \"vm %d $a\"\n",
		                         vm->domain ? vm->domain : vm->name, i);
	}
	if (used + 2 < room)
		used += (size_t)snprintf(h->script + used, room - used, ":");
	return used < room ? 0 : err_set(e, EXIT_CANNOT, "too many VMs for the collector 'hosts'");
}

static int hosts_free(struct hosts *h, struct err *e)
{
	int result = 0;
	struct series *const all[] = { h->cpu, h->stolen, h->link, h->clocks };
	for (int i = 0; i < 4; i++)
		if (series_close(all[i], result ? NULL : e) < 0)
			result = -1;
	free(h);
	return result;
}

static int hosts_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct hosts *h = calloc(1, sizeof(*h));
	const char *device = NULL;
	if (!h)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'hosts'");
	h->watch = watch;
	h->interval_ns = watch->cpu_interval_ns > LEAST_INTERVAL_NS ? watch->cpu_interval_ns : LEAST_INTERVAL_NS;
	for (int i = 0; i < watch->node_count && h->count < HOSTS_MAX; i++)
		if (watch->nodes[i].ssh) {
			struct host *host = &h->hosts[h->count];
			host->node = &watch->nodes[i];
			host->has_link = h->count++ == 0 && host->node->device && watch->link_count;
			device = host->has_link ? host->node->device : device;
		}
	if (script_make(h, device, e) < 0 ||
	    series_create(&h->cpu, watch->directory, "cpu.csv", "head_ns,node,vm,thread,cpu_ns", e) < 0 ||
	    series_create(&h->stolen, watch->directory, "stolen.csv", "head_ns,node,stolen_ns", e) < 0 ||
	    series_create(&h->link, watch->directory, "link.csv", "head_ns,link,direction,bytes,packets,drops", e) <
	            0 ||
	    series_create(&h->clocks, watch->directory, "clocks.csv", "node,head_before_ns,wall_ns,head_after_ns",
	                  e) < 0 ||
	    worker_start(&h->worker, "mm-hosts", hosts_main, h, e) < 0) {
		hosts_free(h, NULL);
		return -1;
	}
	*ret_state = h;
	return 0;
}

static int hosts_stop(void *state, struct json_object *facts, struct err *e)
{
	struct hosts *h = state;
	if (worker_stop(&h->worker, 60 * NS_PER_S) < 0)
		return err_set(e, EXIT_MEASURED_BAD, "collector 'hosts' does not end");
	fact_number(facts, "interval_ns", h->interval_ns);
	fact_number(facts, "ticks_missed", h->ticks_missed);
	for (int i = 0; i < h->count; i++) {
		struct json_object *one = json_object_new_object();
		fact_number(one, "asked", h->hosts[i].asked);
		fact_number(one, "failed", h->hosts[i].failed);
		fact_number(one, "longest_ns", h->hosts[i].longest_ns);
		fact_number(one, "clock_round_trip_least_ns", h->hosts[i].clock_least_ns);
		json_object_object_add(facts, h->hosts[i].node->name, one);
	}
	if (h->trouble[0])
		fact_text(facts, "trouble", h->trouble);
	return hosts_free(h, e);
}

const struct collector_ops hosts_collector = {
	.name = "hosts",
	.files = "cpu.csv stolen.csv link.csv clocks.csv",
	.help = "of remote nodes: CPU time, link counters and clocks, over ssh",
	.start = hosts_start,
	.stop = hosts_stop,
};

/*
 * made_loop.h - make the run of a consolidation loop whose truth is known: vm0 asks 20 % of a core, vm1 50 %, then 100 %,
 * then nothing; both are on src until vm0 is moved to dst, and in the end back. Times are seconds of the run.
 */
#ifndef T_MADE_LOOP_H
#define T_MADE_LOOP_H

#include "bench/base/err.h"
#include "bench/placement/monitor_store.h"
#include "t/made_run.h"

#include <unistd.h>

struct made_move {
	double decided_s, begin_s, ran_s, end_s; /* decided 0: there is no move */
};

struct made_loop {
	double begin_s, up_s, down_s, end_s; /* of the loop, and in it of vm1's 100 % */
	struct made_move away, back;
	double lone_s;     /* vm1 asks 100 % for this long from 5 s after the begin on too */
	double dip;        /* so much of the core have both together from 5 s after up_s on for 4 s; 0: all */
	int silent_from_s; /* from then on src does not answer for so many seconds; 0: never */
	int silent_s;
	int seconds_lost, answers_late;      /* by the monitor's report */
	double odd_s, odd_length_s, odd_cpu; /* vm1 uses this for so long from then on; odd_s 0: never */
	int absent_s;                        /* then the VMs are not there, by an answer; 0: never */
	const char *node_cpu; /* guests, or all: then half of a core more is in use on src while vm1 asks 100 % */
};

#define MADE_LOOP                                                                                                    \
	{                                                                                                            \
		.begin_s = 10, .up_s = 40, .down_s = 80, .end_s = 100, .away = { 50, 50, 60.2, 61 },                 \
		.back = { 86, 86, 87, 97 }, .node_cpu = "guests"                                                     \
	}

static int made_went(const struct made_move *m, double at_s, double t)
{
	return m->decided_s > 0 && t >= at_s;
}

/* Whether vm0 runs on dst, and whether a process of it is on the node. */
static int made_on_dst(const struct made_loop *l, double t)
{
	return made_went(&l->away, l->away.ran_s, t) && !made_went(&l->back, l->back.ran_s, t);
}

static int made_is_there(const struct made_loop *l, int node, double t)
{
	int on_dst = made_went(&l->away, l->away.begin_s, t) && !made_went(&l->back, l->back.end_s, t);
	int on_src = !made_went(&l->away, l->away.end_s, t) || made_went(&l->back, l->back.begin_s, t);
	return node ? on_dst : on_src;
}

/* CPU of a VM on a node: they share the core of src. */
static double made_cpu(const struct made_loop *l, int vm, int node, double t)
{
	int up = (t >= l->up_s && t < l->down_s) || (t >= l->begin_s + 5 && t < l->begin_s + 5 + l->lone_s);
	if (vm == 0)
		return made_on_dst(l, t) == node ? 0.2 : 0;
	if (node == 1)
		return 0;
	if (l->odd_s > 0 && t >= l->odd_s && t < l->odd_s + l->odd_length_s)
		return l->odd_cpu;
	if (l->dip > 0 && t >= l->up_s + 5 && t < l->up_s + 9)
		return l->dip - 0.2;
	return up ? (made_on_dst(l, t) ? 0.98 : 0.8) : t >= l->down_s ? 0.02 : 0.5;
}

static struct monitor_reading made_reading(const char *vm, const char *state, int64_t head_ns, double cpu_s)
{
	struct monitor_reading r = { .state = state, .head_ns = head_ns };
	snprintf(r.vm, sizeof(r.vm), "%s", vm);
	r.value[MONITOR_CPUS] = 1;
	r.value[MONITOR_CPU_NS] = (int64_t)llround(cpu_s * 1e9);
	return r;
}

__attribute__((unused)) static void made_monitor(const char *directory, const struct made_loop *l)
{
	static const char *const nodes[] = { "src", "dst" }, *const vms[] = { "vm0", "vm1" };
	struct monitor_store *store;
	struct err e = { 0 };
	char path[4096];
	double cpu[2][3] = { { 0 } };
	snprintf(path, sizeof(path), "%.3000s/monitor.sqlite", directory);
	unlink(path);
	int failed = monitor_store_open(&store, path, INT64_C(1) << 60, &e) < 0;
	for (int i = 0; !failed && i <= (int)(l->end_s * 100); i++) {
		double t = i / 100.;
		int64_t due_ns = MADE_HEAD + i * 10 * MADE_MS;
		for (int n = 0; n < 2; n++)
			for (int v = 0; v < 2; v++) {
				/* A process that comes anew counts anew. */
				cpu[n][v] = v || made_is_there(l, n, t) ? cpu[n][v] + 0.01 * made_cpu(l, v, n, t) : 0;
				cpu[n][2] += 0.01 * made_cpu(l, v, n, t);
			}
		cpu[0][2] += t >= l->up_s && t < l->down_s && strcmp(l->node_cpu, "all") == 0 ? 0.005 : 0;
		if (i % 100 || t < l->begin_s)
			continue;
		failed |= monitor_store_begin(store, &e) < 0;
		for (int n = 0; n < 2; n++) {
			int silent = n == 0 && l->silent_from_s && i >= 100 * l->silent_from_s &&
			             i < 100 * (l->silent_from_s + l->silent_s);
			struct monitor_reading r = made_reading("", silent ? MONITOR_SILENT : MONITOR_ANSWERING,
			                                        due_ns + MADE_MS, cpu[n][2]);
			snprintf(r.missing, sizeof(r.missing), "%s", silent ? "no answer" : "");
			failed |= monitor_store_add(store, due_ns, nodes[n], &r, &e) < 0;
			for (int v = 0; v < 2; v++) {
				int runs = v ? n == 0 : made_on_dst(l, t) == n;
				int absent = silent || (l->absent_s && i == 100 * l->absent_s);
				r = made_reading(vms[v], runs ? MONITOR_RUNNING : "paused", due_ns + MADE_MS,
				                 cpu[n][v]);
				if ((v ? n == 0 : made_is_there(l, n, t)) && !absent)
					failed |= monitor_store_add(store, due_ns, nodes[n], &r, &e) < 0;
			}
		}
		failed |= monitor_store_commit(store, due_ns, &e) < 0;
	}
	if (failed) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	monitor_store_close(store);
}

static void made_move_events(char *events, const struct made_move *m, const char *from, const char *to)
{
	char text[80];
	if (!(m->decided_s > 0))
		return;
	snprintf(text, sizeof(text), "\"move to %s: src 100 %% >= 90 %%, 2 active\"", to);
	made_event(events, m->decided_s, "vm0", from, "plan", text);
	snprintf(text, sizeof(text), "to %s", to);
	made_event(events, m->begin_s + 0.01, "vm0", from, "move-begin", text);
	made_event(events, m->begin_s + 0.02, "vm0", from, "migrate-start", "");
	made_event(events, m->ran_s - 0.1, "vm0", from, "stop", "");
	made_event(events, m->ran_s, "vm0", to, "resume", "");
	made_event(events, m->end_s - 0.01, "vm0", from, "migrate-done", "");
	made_event(events, m->end_s, "vm0", to, "move-end", "\"arrived, took some time\"");
}

#define MADE_ROAMING(name, share)                                                                                    \
	"{\"name\":\"" name "\",\"role\":\"roaming\",\"node\":\"src\",\"memory_bytes\":134217728,\"workloads\":"     \
	"[{\"name\":\"intadd\",\"unit\":\"busy ns\",\"options\":{\"share\":\"" share "\",\"schedule\":\"\"}}]}"

#define MADE_MOVE(vm, from, to) "{\"vm\":\"" vm "\",\"from\":\"" from "\",\"to\":\"" to "\"}"

/* manifest, events and database; further events may be added. */
__attribute__((unused)) static void made_loop(const char *directory, const struct made_loop *l, const char *point,
                                              int repeat, const char *more)
{
	char events[8192] = "", moves[200];
	made_event(events, l->begin_s, "", "", "consolidation", "threshold");
	made_move_events(events, &l->away, "src", "dst");
	made_move_events(events, &l->back, "dst", "src");
	strcat(events, more);
	snprintf(moves, sizeof(moves), "%s%s%s", l->away.decided_s > 0 ? MADE_MOVE("vm0", "src", "dst") : "",
	         l->away.decided_s > 0 && l->back.decided_s > 0 ? "," : "",
	         l->back.decided_s > 0 ? MADE_MOVE("vm0", "dst", "src") : "");
	made_run(directory, "precopy", "", l->begin_s, l->end_s, l->end_s + 5, events);
	made_file(
		directory, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"name\":\"made\",\"question\":\"How soon?\",\"point\":\"%s\","
		"\"repeat\":%d,\"accelerator\":\"tcg\",\"vms\":[" MADE_ROAMING("vm0", "0.2") "," MADE_ROAMING(
			"vm1",
			"0.5") "],\"link\":{\"asked\":{\"rate\":\"100000000bit/s\"}},\"migration\":{\"mode\":"
			       "\"precopy\",\"link\":\"migration\"},\"config\":{\"sessions\":{\"think\":\"3s\"},\"consolidate\":{\"policy\":\"threshold\",\"power\":"
			       "\"stand-in\",\"dry_run\":\"no\",\"node_cpu\":\"%s\"}},\"consolidate\":{\"policy_options\":{\"overload\":"
			       "\"0.9\",\"active\":\"0.05\",\"idle\":\"0.3\"},\"moves\":[%s],\"length_ns\":%.0f,\"monitor_seconds_lost\":%d,\"monitor_answers_late\":%d,\"active_ns\":{\"src\":1,"
			       "\"dst\":1}}}\n",
		point, repeat, l->node_cpu, moves, (l->end_s - l->begin_s) * 1e9, l->seconds_lost, l->answers_late);
	made_monitor(directory, l);
}

#endif

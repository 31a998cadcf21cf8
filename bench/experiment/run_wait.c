/* Waiting in a run, with progress. Declared in run_state.h. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/ssh.h"
#include "bench/experiment/console.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_state.h"

#include <stdio.h>
#include <string.h>

int run_interrupted_or_lost(struct run *r, struct err *e)
{
	if (run_interrupted)
		return err_set(e, EXIT_INTERRUPTED, "interrupted");
	if (!atomic_load(&r->vm_lost))
		return r->testbed_open ? testbed_trouble(&r->testbed, r->directory.path, e) : 0;
	char line[300];
	run_fetch_consoles(r);
	console_line(r->directory.path, r->lost_vm, false, line, sizeof(line));
	return err_set(e, EXIT_MEASURED_BAD, "%s%s%s", r->lost_words, line[0] ? ": " : "", line);
}

static void work_tick(struct run *r, const char *detail)
{
	char text[160];
	size_t used = (size_t)snprintf(text, sizeof(text), "%.60s", detail);
	for (int i = 0; i < r->x->vm_count && used < sizeof(text) - 40; i++) {
		struct samples_progress p;
		samples_last_work(r->watching.samples, i, 0, &p);
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %lld samples", used ? ", " : "",
		                         r->x->vms[i].name, (long long)p.samples);
	}
	progress_tick(text);
}

int run_pause_saying(void *context, int64_t duration_ns, const char *detail, struct err *e)
{
	struct run *r = context;
	int64_t end = clock_now_ns() + duration_ns;
	while (clock_now_ns() < end) {
		int64_t left = end - clock_now_ns();
		if (run_interrupted_or_lost(r, e) < 0)
			return -1;
		clock_sleep(left < 50 * NS_PER_MS ? left : 50 * NS_PER_MS);
		work_tick(r, detail);
	}
	return 0;
}

int run_pause(struct run *r, int64_t duration_ns, struct err *e)
{
	return run_pause_saying(r, duration_ns, "", e);
}

/* A remote node's QEMU wrote them there: the source's first, then the destination's. */
void run_fetch_consoles(struct run *r)
{
	static char text[60000];
	for (int v = 0; r->testbed_open && r->testbed.remote && v < r->x->vm_count; v++) {
		char path[700], script[900];
		const char *vm = r->x->vms[v].name;
		snprintf(path, sizeof(path), "%s/console-%s.log", r->directory.path, vm);
		FILE *f = fopen(path, "we");
		for (int i = NODE_SRC; f && i <= NODE_DST; i++) {
			snprintf(script, sizeof(script), "tail -c 50000 '%s/console-%s.log'", r->x->remote.directory,
			         vm);
			if (ssh_ask(remote_testbed_host(&r->testbed, i)->ssh, script, 10 * NS_PER_S, text,
			            sizeof(text), NULL, NULL) == 0)
				fputs(text, f);
		}
		if (f)
			fclose(f);
	}
}

/* What guests that say nothing on the network said on their consoles, if anything. */
static void console_words(struct run *r, struct err *e)
{
	run_fetch_consoles(r);
	for (int i = 0; i < r->x->vm_count; i++) {
		char line[300];
		size_t used = strlen(e->text);
		if (console_line(r->directory.path, r->x->vms[i].name, true, line, sizeof(line))[0])
			snprintf(e->text + used, sizeof(e->text) - used, " (last line on the console of '%s': %s)",
			         r->x->vms[i].name, line);
	}
}

int run_wait_agents(struct run *r, enum agent_state state, int64_t timeout_ns, struct err *e)
{
	int64_t end = clock_now_ns() + timeout_ns;
	for (;;) {
		char detail[200] = "";
		int there = 0, failed = 0;
		for (int i = 0; i < r->x->vm_count; i++) {
			struct samples_agent a;
			samples_agent_state(r->watching.samples, i, &a);
			there += a.heard && a.state >= state && a.state != AGENT_FAILED;
			failed += a.heard && a.state == AGENT_FAILED;
			if (a.heard && a.state < state)
				snprintf(detail, sizeof(detail), "%s: %s", r->x->vms[i].name, a.detail);
		}
		if (there == r->x->vm_count)
			return 0;
		/* At the deadline, or when an agent gave up, this only fetches the words. */
		if (failed || clock_now_ns() > end) {
			samples_wait_state(r->watching.samples, SAMPLES_ALL_VMS, state, clock_now_ns(), e);
			console_words(r, e);
			return -1;
		}
		if (run_interrupted_or_lost(r, e) < 0)
			return -1;
		clock_sleep(20 * NS_PER_MS);
		progress_tick(detail);
	}
}

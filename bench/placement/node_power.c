#include "bench/placement/node_power.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/undo.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define RETRY_NS (10 * NS_PER_S) /* after a first failure */
#define RETRY_HIGHEST_NS (300 * NS_PER_S)
#define STEP_NS (20 * NS_PER_MS)
#define TELL_NS (5 * NS_PER_S)

enum power_state { AWAKE, FALLING_ASLEEP, ASLEEP, WAKING };

struct powered_node {
	const struct node_power *power;
	const char *name, *command;
	enum power_state state;
	int64_t since_ns;  /* of the state */
	int64_t active_ns; /* before it */
	bool promised;     /* in the register: it is to be woken */
	bool last;         /* woken for the end */
	int64_t retry_ns;  /* left alone until then */
	int64_t pause_ns;  /* for so long; 0: nothing failed last */
	pthread_t thread;  /* runs the command, while the state is in between */
	bool threaded;
	atomic_bool over; /* the command has ended, with what follows */
	int result;
	struct err e;
};

struct node_power {
	struct node_power_spec spec;
	struct powered_node *nodes;
};

int node_power_new(struct node_power **ret, const struct node_power_spec *spec, struct err *e)
{
	struct node_power *p = calloc(1, sizeof(*p));
	if (p)
		p->nodes = calloc((size_t)spec->node_count + 1, sizeof(*p->nodes));
	if (!p || !p->nodes) {
		free(p);
		return err_errno(e, EXIT_CANNOT, "cannot keep the power of %d nodes", spec->node_count);
	}
	p->spec = *spec;
	for (int i = 0; i < spec->node_count; i++) {
		p->nodes[i].power = p;
		p->nodes[i].name = spec->names[i];
		p->nodes[i].since_ns = clock_now_ns();
	}
	*ret = p;
	return 0;
}

static bool is_on(enum power_state state)
{
	return state != ASLEEP;
}

static void say(const struct powered_node *n, const char *event, const char *detail)
{
	const struct node_power_spec *spec = &n->power->spec;
	spec->sink(spec->context, clock_now_ns(), "", n->name, event, detail);
}

static void enter(struct powered_node *n, enum power_state state)
{
	int64_t now_ns = clock_now_ns();
	if (is_on(n->state))
		n->active_ns += now_ns - n->since_ns;
	n->state = state;
	n->since_ns = now_ns;
}

static void *command_main(void *argument)
{
	struct powered_node *n = argument;
	const char *const argv[] = { "/bin/sh", "-c", n->command, "sh", n->name, NULL };
	n->result = process_run(NULL, argv, n->power->spec.deadline_ns, NULL, 0, &n->e);
	atomic_store(&n->over, true);
	return NULL;
}

static void command_begin(struct powered_node *n, const char *command)
{
	n->command = command;
	n->result = 0;
	n->e = (struct err){ 0 };
	atomic_store(&n->over, false);
	errno = pthread_create(&n->thread, NULL, command_main, n);
	n->threaded = errno == 0;
	if (!n->threaded) {
		n->result = err_errno(&n->e, EXIT_CANNOT, "cannot start a thread for '%s'", command);
		atomic_store(&n->over, true);
	}
}

/* The register's words for waking it. */
static char *promise_of(const struct powered_node *n, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s %s", n->name, n->power->spec.wake);
	return buffer;
}

static int promise(struct powered_node *n, struct err *e)
{
	char words[600];
	struct undo *undo = n->power->spec.undo;
	if (undo && !n->promised && undo_add(undo, UNDO_COMMAND, promise_of(n, words, sizeof(words)), e) < 0)
		return -1;
	n->promised = true;
	return 0;
}

/* It is awake again. Not written: it is woken once more, which is told then. */
static void promise_kept(struct powered_node *n)
{
	char words[600];
	struct undo *undo = n->power->spec.undo;
	if (undo && n->promised)
		undo_forget(undo, UNDO_COMMAND, promise_of(n, words, sizeof(words)), NULL);
	n->promised = false;
}

static void leave_alone(struct powered_node *n)
{
	int64_t first_ns = n->power->spec.retry_ns ? n->power->spec.retry_ns : RETRY_NS;
	n->pause_ns = !n->pause_ns                         ? first_ns
	              : n->pause_ns < RETRY_HIGHEST_NS / 2 ? 2 * n->pause_ns
	                                                   : RETRY_HIGHEST_NS;
	n->retry_ns = clock_now_ns() + n->pause_ns;
}

/* "stand-in, takes 5 s: for vm0, ..." */
static void say_begin(const struct powered_node *n, const char *event, const char *how, const char *why)
{
	char detail[400];
	snprintf(detail, sizeof(detail), "%s: %s", how, why);
	say(n, event, detail);
}

void node_power_sleep(struct node_power *p, int node, const char *why)
{
	struct powered_node *n = &p->nodes[node];
	struct err e = { 0 };
	if (p->spec.kind == NODE_POWER_NONE || n->state != AWAKE || clock_now_ns() < n->retry_ns)
		return;
	if (p->spec.kind == NODE_POWER_COMMAND && promise(n, &e) < 0) {
		leave_alone(n);
		say(n, "node-sleep-failed", e.text);
		return;
	}
	enter(n, FALLING_ASLEEP);
	say_begin(n, "node-sleep", p->spec.kind == NODE_POWER_STAND_IN ? "stand-in, only in the books" : "command",
	          why);
	if (p->spec.kind == NODE_POWER_COMMAND)
		command_begin(n, p->spec.sleep);
	node_power_step(p);
}

static void wake_begin(struct powered_node *n, const char *why)
{
	const struct node_power_spec *spec = &n->power->spec;
	char how[80] = "command";
	enter(n, WAKING);
	if (spec->kind == NODE_POWER_STAND_IN)
		snprintf(how, sizeof(how), "stand-in, takes %.3g s", (double)spec->wake_delay_ns / NS_PER_S);
	say_begin(n, "node-wake", how, why);
	if (spec->kind == NODE_POWER_COMMAND)
		command_begin(n, spec->wake);
}

void node_power_wake(struct node_power *p, int node, const char *why)
{
	struct powered_node *n = &p->nodes[node];
	if (n->state != ASLEEP || clock_now_ns() < n->retry_ns)
		return;
	wake_begin(n, why);
	node_power_step(p);
}

/* Whether what began in this state has ended. */
static bool is_over(const struct powered_node *n)
{
	const struct node_power_spec *spec = &n->power->spec;
	if (spec->kind == NODE_POWER_COMMAND)
		return atomic_load(&n->over);
	return n->state == FALLING_ASLEEP || clock_now_ns() - n->since_ns >= spec->wake_delay_ns;
}

static void node_step(struct powered_node *n)
{
	bool sleeps = n->state == FALLING_ASLEEP;
	if ((!sleeps && n->state != WAKING) || !is_over(n))
		return;
	if (n->threaded)
		pthread_join(n->thread, NULL);
	n->threaded = false;
	if (n->result < 0) {
		leave_alone(n);
		enter(n, sleeps ? AWAKE : ASLEEP);
		say(n, sleeps ? "node-sleep-failed" : "node-wake-failed", n->e.text);
		return;
	}
	n->pause_ns = n->retry_ns = 0;
	if (!sleeps)
		promise_kept(n);
	enter(n, sleeps ? ASLEEP : AWAKE);
	say(n, sleeps ? "node-asleep" : "node-awake",
	    n->power->spec.kind == NODE_POWER_STAND_IN ? "stand-in" : "command");
}

void node_power_step(struct node_power *p)
{
	for (int i = 0; i < p->spec.node_count; i++)
		node_step(&p->nodes[i]);
}

bool node_power_is_awake(const struct node_power *p, int node)
{
	return p->nodes[node].state == AWAKE;
}

bool node_power_is_waking(const struct node_power *p, int node)
{
	return p->nodes[node].state == WAKING;
}

bool node_power_is_left_alone(const struct node_power *p, int node)
{
	const struct powered_node *n = &p->nodes[node];
	return n->state == ASLEEP && clock_now_ns() < n->retry_ns;
}

int64_t node_power_active_ns(const struct node_power *p, int node)
{
	const struct powered_node *n = &p->nodes[node];
	return n->active_ns + (is_on(n->state) ? clock_now_ns() - n->since_ns : 0);
}

static bool is_between(const struct powered_node *n)
{
	return n->state == FALLING_ASLEEP || n->state == WAKING;
}

/* Also a node that failed to go to sleep may be half asleep. */
static bool is_to_be_woken(const struct powered_node *n)
{
	return !is_between(n) && !n->last && (n->promised || n->state == ASLEEP);
}

static void tell_waiting(const struct node_power *p)
{
	for (int i = 0; p->spec.tell && i < p->spec.node_count; i++) {
		const struct powered_node *n = &p->nodes[i];
		char words[300];
		snprintf(words, sizeof(words), "waiting for %s to %s (%.0f s of %.0f s)", n->name,
		         n->state == WAKING ? "wake" : "fall asleep",
		         (double)(clock_now_ns() - n->since_ns) / NS_PER_S, (double)p->spec.deadline_ns / NS_PER_S);
		if (is_between(n))
			p->spec.tell(p->spec.tell_context, words);
	}
}

/* Each command ends by its deadline. */
static void wake_all(struct node_power *p)
{
	int64_t told_ns = clock_now_ns();
	for (bool waits = true; waits;) {
		waits = false;
		node_power_step(p);
		for (int i = 0; i < p->spec.node_count; i++) {
			struct powered_node *n = &p->nodes[i];
			if (is_to_be_woken(n)) {
				n->last = true;
				wake_begin(n, "the end of the loop");
			}
			waits |= is_between(n);
		}
		if (waits && clock_now_ns() - told_ns >= TELL_NS) {
			told_ns = clock_now_ns();
			tell_waiting(p);
		}
		if (waits)
			clock_sleep(STEP_NS);
	}
}

void node_power_free(struct node_power *p)
{
	if (!p)
		return;
	if (p->spec.kind == NODE_POWER_COMMAND)
		wake_all(p);
	free(p->nodes);
	free(p);
}

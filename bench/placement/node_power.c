#include "bench/placement/node_power.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum power_state { AWAKE, FALLING_ASLEEP, ASLEEP, WAKING };

struct powered_node {
	const struct node_power *power;
	const char *name, *command;
	enum power_state state;
	int64_t since_ns;  /* of the state */
	int64_t active_ns; /* before it */
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

void node_power_sleep(struct node_power *p, int node)
{
	struct powered_node *n = &p->nodes[node];
	if (p->spec.kind == NODE_POWER_NONE || n->state != AWAKE)
		return;
	enter(n, FALLING_ASLEEP);
	say(n, "node-sleep", p->spec.kind == NODE_POWER_STAND_IN ? "stand-in, only in the books" : "command");
	if (p->spec.kind == NODE_POWER_COMMAND)
		command_begin(n, p->spec.sleep);
	node_power_step(p);
}

void node_power_wake(struct node_power *p, int node)
{
	struct powered_node *n = &p->nodes[node];
	char detail[80] = "command";
	if (n->state != ASLEEP)
		return;
	enter(n, WAKING);
	if (p->spec.kind == NODE_POWER_STAND_IN)
		snprintf(detail, sizeof(detail), "stand-in, takes %.3g s", (double)p->spec.wake_delay_ns / NS_PER_S);
	say(n, "node-wake", detail);
	if (p->spec.kind == NODE_POWER_COMMAND)
		command_begin(n, p->spec.wake);
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
		enter(n, sleeps ? AWAKE : ASLEEP);
		say(n, sleeps ? "node-sleep-failed" : "node-wake-failed", n->e.text);
		return;
	}
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

int64_t node_power_active_ns(const struct node_power *p, int node)
{
	const struct powered_node *n = &p->nodes[node];
	return n->active_ns + (is_on(n->state) ? clock_now_ns() - n->since_ns : 0);
}

/* A command's thread ends by its deadline. */
static void wait_command(struct powered_node *n)
{
	if (n->threaded)
		pthread_join(n->thread, NULL);
	n->threaded = false;
	node_step(n);
}

void node_power_free(struct node_power *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->spec.node_count; i++) {
		wait_command(&p->nodes[i]);
		if (p->spec.kind == NODE_POWER_COMMAND)
			node_power_wake(p, i);
	}
	for (int i = 0; i < p->spec.node_count; i++)
		wait_command(&p->nodes[i]);
	free(p->nodes);
	free(p);
}

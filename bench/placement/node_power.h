/*
 * node_power.h - empty nodes are put to sleep and woken again: by commands, or on a local testbed by a stand-in that only
 * keeps the books, with a wake delay that is stated in every event.
 *
 *	node_power_new(&p, &spec, &e);
 *	node_power_sleep(p, node, why); node_power_wake(p, node, why);	begin; nobody waits for them
 *	node_power_step(p);					now and then: notices what has ended
 *	node_power_free(p);					what sleeps is woken, as it was before
 *
 * Events, on the node: node-sleep and node-wake when they begin, node-asleep and node-awake when they have ended,
 * node-sleep-failed and node-wake-failed with the words; detail says what does it ("stand-in, ...", "command"), and of the first
 * two why, with the numbers.
 *
 * That a node is to be woken is in the undo register before it is put to sleep, and until it is awake: a killed migmeter
 * leaves it to whoever undoes the register. A node whose command failed is left alone for 10 s, after each failure twice as
 * long, up to 5 min.
 */
#ifndef BENCH_PLACEMENT_NODE_POWER_H
#define BENCH_PLACEMENT_NODE_POWER_H

#include "bench/migrate/events.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct node_power;
struct undo;

enum node_power_kind { NODE_POWER_NONE, NODE_POWER_STAND_IN, NODE_POWER_COMMAND };

struct node_power_spec {
	enum node_power_kind kind;
	const char *sleep, *wake; /* for NODE_POWER_COMMAND: given to sh -c, with the node's name as $1 */
	int64_t wake_delay_ns;    /* of the stand-in */
	int64_t deadline_ns;      /* for a command */
	int64_t retry_ns;         /* after a first failure; 0: 10 s */
	struct undo *undo;        /* for NODE_POWER_COMMAND; NULL: nothing is registered, for tests */
	const char *const *names; /* of the nodes */
	int node_count;
	event_sink sink;
	void *context;
	void (*tell)(void *context, const char *words); /* now and then while commands are waited for; may be NULL */
	void *tell_context;
};

/* All nodes are awake. The spec's pointers live as long. NODE_POWER_NONE: nothing ever sleeps. */
int node_power_new(struct node_power **ret, const struct node_power_spec *spec, struct err *e);

/* Notice what has ended. */
void node_power_step(struct node_power *p);

/* Begin; does nothing unless the node is awake, or asleep, and while it is left alone. */
void node_power_sleep(struct node_power *p, int node, const char *why);
void node_power_wake(struct node_power *p, int node, const char *why);

/* Neither asleep nor on its way there or back. */
bool node_power_is_awake(const struct node_power *p, int node);
/* On its way back. */
bool node_power_is_waking(const struct node_power *p, int node);

/* It would not wake, and is not to be asked again yet. */
bool node_power_is_left_alone(const struct node_power *p, int node);

/* How long the node has been on: from the start, the time asleep left out, waking included. */
int64_t node_power_active_ns(const struct node_power *p, int node);

/* Wake what sleeps, and what failed to go to sleep, all at the same time; wait for the commands (twice their deadline at most)
 * with words, and free. What does not wake stays in the register. p may be NULL. */
void node_power_free(struct node_power *p);

#endif

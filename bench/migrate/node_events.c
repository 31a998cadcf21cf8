#include "bench/migrate/node_events.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"
#include "collectors/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define LOOK_NS (NS_PER_S / 5)
#define OPEN_NS (5 * NS_PER_S) /* for one attempt, which close may have to wait for */
#define GRACE_NS (2 * OPEN_NS)

struct node_events {
	const struct node_listening *how;
	const char *uri, *node;
	event_sink sink;
	void *context;
	struct worker worker;
	void *listening; /* the thread's own; NULL: nothing is heard */
	int64_t heard_ns;
};

/* ---- through libvirt ---- */

struct listening {
	virConnectPtr connection;
	struct events *events;
};

static void libvirt_close(void *listening)
{
	struct listening *l = listening;
	events_close(l->events);
	virConnectClose(l->connection);
	free(l);
}

static int libvirt_open(void **ret, const char *uri, const char *node, event_sink sink, void *context, struct err *e)
{
	struct listening *l = calloc(1, sizeof(*l));
	if (!l)
		return err_set(e, EXIT_CANNOT, "cannot watch events: out of memory");
	if (hypervisor_open_within(&l->connection, uri, OPEN_NS, e) < 0) {
		free(l);
		return -1;
	}
	if (events_open(&l->events, l->connection, node, sink, context, e) < 0) {
		libvirt_close(l);
		return -1;
	}
	*ret = l;
	return 0;
}

/* libvirt's own knowledge: nobody is asked. */
static bool libvirt_is_alive(void *listening)
{
	const struct listening *l = listening;
	return virConnectIsAlive(l->connection) == 1;
}

static const struct node_listening by_libvirt = { libvirt_open, libvirt_is_alive, libvirt_close };

/* ---- the thread ---- */

static void say(const struct node_events *n, const char *event, const char *detail)
{
	n->sink(n->context, clock_now_ns(), "", n->node, event, detail);
}

static void look(struct node_events *n)
{
	struct err e = { 0 };
	char detail[80];
	if (n->listening && n->how->is_alive(n->listening)) {
		n->heard_ns = clock_now_ns();
		return;
	}
	if (n->listening) {
		n->how->close(n->listening);
		n->listening = NULL;
		say(n, "events-lost", "its daemon does not answer any more");
	}
	if (n->how->open(&n->listening, n->uri, n->node, n->sink, n->context, &e) < 0) {
		n->listening = NULL;
		return;
	}
	snprintf(detail, sizeof(detail), "missed those of %.3g s", (double)(clock_now_ns() - n->heard_ns) / NS_PER_S);
	n->heard_ns = clock_now_ns();
	say(n, "events-again", detail);
}

static void *node_events_main(void *argument)
{
	struct node_events *n = argument;
	for (int64_t at_ns = clock_now_ns(); !worker_sleep_until(&n->worker, at_ns);
	     at_ns = worker_next_tick(at_ns, LOOK_NS))
		look(n);
	return NULL;
}

int node_events_open(struct node_events **ret, const char *uri, const char *node, const struct node_listening *how,
                     event_sink sink, void *context, struct err *e)
{
	struct node_events *n = calloc(1, sizeof(*n));
	if (!n)
		return err_set(e, EXIT_CANNOT, "cannot watch events: out of memory");
	*n = (struct node_events){
		.how = how ? how : &by_libvirt, .uri = uri, .node = node, .sink = sink, .context = context
	};
	if (n->how->open(&n->listening, uri, node, sink, context, e) < 0) {
		free(n);
		return -1;
	}
	n->heard_ns = clock_now_ns();
	if (worker_start(&n->worker, "mm-events", node_events_main, n, e) < 0) {
		n->how->close(n->listening);
		free(n);
		return -1;
	}
	*ret = n;
	return 0;
}

void node_events_close(struct node_events *n)
{
	if (!n)
		return;
	if (worker_stop(&n->worker, GRACE_NS) < 0)
		return; /* libvirt holds its thread, which uses n */
	if (n->listening)
		n->how->close(n->listening);
	free(n);
}

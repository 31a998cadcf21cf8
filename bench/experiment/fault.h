/*
 * fault.h - break the migration link on purpose: for a time it carries nothing and the migration's connections are gone.
 *
 * Packets that get lost are TCP's business, and a few seconds of that nobody above TCP notices; so the connections are
 * reset as well, on both nodes. Events: link-cut and link-restored.
 */
#ifndef BENCH_EXPERIMENT_FAULT_H
#define BENCH_EXPERIMENT_FAULT_H

#include "bench/experiment/experiment.h"
#include "bench/migrate/events.h"
#include "bench/testbed/testbed.h"

struct fault;

/* Ready a cut as x->fault says; nothing happens before fault_trigger(). *ret is NULL when no cut is asked for. */
int fault_start(struct fault **ret, const struct experiment *x, const struct testbed *t, event_sink sink,
                void *context, struct err *e);

/* From this moment x->fault.cut_after counts; only the first call does. Any thread; f may be NULL. */
void fault_trigger(struct fault *f);

/* Restore the link if it is cut, and free. Returns -1 with the reason when a cut or its end did not work. */
int fault_end(struct fault *f, struct err *e);

#endif

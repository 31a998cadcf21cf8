/*
 * injection.h - what is known, done to a VM: stops of its vCPUs, cuts of its network, CPU taken away.
 *
 *	stop   the monitor's stop and cont; QEMU stamps both itself
 *	cut    the port behind which the VM's data NIC is drops everything; the VM runs on
 *	cpu    a thread takes a share of the node's core (cpu_thief.h); the node must be pinned to one
 *
 * Each is two events of the VM, stamped with the middle of the call that begins or ends it:
 *	inject-begin   detail "KIND LENGTH_NS CALL_NS CPU_NS": what, how long as asked, how long the call took, and of
 *	               kind cpu the CPU time to take, else 0
 *	inject-end     the same, with the CPU time that was taken; absent where the injection was cut short
 * and, with the stamps of clock_trace.h where QEMU has them:
 *	clock-stop, clock-start   of the guest's clock
 */
#ifndef BENCH_EXPERIMENT_INJECTION_H
#define BENCH_EXPERIMENT_INJECTION_H

#include "bench/testbed/port.h"

#include <stdint.h>

struct clock_trace;
struct cpu_thief;
struct err;
struct qmp;
struct node;
struct run_directory;
struct testbed;

enum injection_kind { INJECT_STOP, INJECT_CUT, INJECT_CPU, INJECTION_KINDS };
extern const char *const injection_names[INJECTION_KINDS];

struct injection {
	enum injection_kind kind;
	int64_t length_ns;
	double share;     /* cpu: of the core */
	int64_t pause_ns; /* before it */
};

struct injection_plan {
	struct injection *list;
	int count;
};

/*
 * Each of `count` points `repeat` times, in random order, with random pauses of 0.9 to 1.3 s so that no sampling grid is
 * in step; the same seed gives the same plan. Free with injection_plan_free().
 */
int injection_plan_make(struct injection_plan *ret, const struct injection *points, int count, int repeat,
                        int64_t seed, struct err *e);
void injection_plan_free(struct injection_plan *plan);

/* How long it takes, calls not counted. */
int64_t injection_plan_duration_ns(const struct injection_plan *plan);

struct injector {
	/* set by the caller */
	struct run_directory *directory;
	/* Wait for a time and say `detail` meanwhile; -1 ends the injections. */
	int (*pause)(void *context, int64_t duration_ns, const char *detail, struct err *e);
	void *context;
	/* set by injector_open() */
	const char *vm;
	struct qmp *monitor;       /* of the VM */
	struct clock_trace *trace; /* NULL: QEMU has none */
	struct port port;          /* behind which the VM's data NIC is */
	int core;                  /* of the VM's node; -1: it has none of its own */
	struct cpu_thief *thief;   /* while CPU is taken */
};

/* The ways into a VM on a node of the testbed. injector_close() it in any case. */
int injector_open(struct injector *in, const struct testbed *t, const struct node *node, const char *vm,
                  struct err *e);
void injector_close(struct injector *in);

/* Whatever happens, the VM runs, its port is open and nobody takes its CPU afterwards, if that can be had. */
int injection_run(struct injector *in, const struct injection_plan *plan, struct err *e);

#endif

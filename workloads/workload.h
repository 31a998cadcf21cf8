/*
 * workload.h - a workload loads the guest and publishes what it got done.
 *
 * To add one: write workloads/NAME.c that ends with its `const struct workload_ops NAME_workload`, declare it below
 * and add it to the table in workloads/workload.c. It is then in the guest binary, in `migmeter list workloads`, a
 * value of `workload = NAME` in a [vm] section, and its option rows are config keys there.
 *
 * Rules for a workload:
 * - It publishes through struct workload only: `work` is cumulative, in the workload's unit, and moves at least a few
 *   times a millisecond where it can; every operation is bracketed by workload_op_begin(), or _paced(), and
 *   workload_op_end().
 * - An operation is 200 us or longer where the workload can choose (calibrate in init), so that reading the clock
 *   costs nothing beside it, also where the clock is emulated.
 * - Between operations longer than a few milliseconds it says workload_offer(): a sample that is due is then taken by
 *   the load itself, and nobody need be woken for it. workload_op_end() does.
 * - Pacing uses absolute deadlines. After a stall the missed slots are dropped and counted, never caught up.
 * - Content written to memory is random, so that neither zero pages nor compression flatter a result.
 * - Only CLOCK_MONOTONIC and CPU clocks: they stand still while the VM is stopped.
 */
#ifndef WORKLOADS_WORKLOAD_H
#define WORKLOADS_WORKLOAD_H

#include "bench/base/option.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct workload_ops;

/* When samples are wanted next, and who takes them (workloads/sampler.c). */
struct sampling {
	_Atomic int64_t due_ns;                      /* INT64_MAX: never */
	void (*take)(void *context, int64_t now_ns); /* called from any thread, never waits */
	void *context;
};

/* One workload of a guest. The workload's thread writes it, who samples reads it, no lock between them. */
struct workload {
	const struct workload_ops *ops;
	void *options;             /* ops->options_size bytes, filled through ops->options */
	void *state;               /* made by ops->init */
	struct sampling *sampling; /* NULL: nobody samples it */

	_Atomic int64_t work;             /* cumulative, in ops->unit */
	_Atomic int64_t worst_op_ns;      /* longest operation that ended since it was taken last */
	_Atomic int64_t op_start_ns;      /* of the operation going on, the intended one; 0: none */
	_Atomic int64_t op_begin_ns;      /* when it really began */
	_Atomic int64_t worst_service_ns; /* as worst_op_ns, from the real begin on */
	_Atomic int64_t job_done_ns;      /* when a fixed-size job ended; -1: none, or still running */
	_Atomic int64_t slots_missed;     /* slots that a paced workload dropped */
	_Atomic bool stop;                /* run() returns soon after it is set */
	_Atomic bool failed;              /* set last, after `failure` */
	char failure[128];
};

struct workload_ops {
	const char *name;
	const char *unit;      /* of work: "additions", "bytes", "busy ns", ... */
	const char *operation; /* what one operation is, whose latency is kept */
	const char *help;      /* one line */
	const struct option_row *options;
	size_t options_size;
	/* It runs programs of this disk image (bench/testbed/disk_image.h), which becomes the VM's disk. NULL: none. */
	const char *image;
	/* Options that are fine one by one but not together; needs no state. NULL: nothing to check. */
	int (*check)(const void *options, struct err *e);
	/* Whether it ends by itself, as workload_job_done() then says. NULL: it never does. */
	bool (*has_job)(const void *options);
	/* Memory it will take beyond a few KiB, in bytes. NULL: none. */
	int64_t (*memory_bytes)(const void *options);
	/* Allocate, open, calibrate; long work is fine here, it is done before sampling. 0, or -1 and nothing is left. */
	int (*init)(struct workload *w, struct err *e);
	/* The load, in a thread of its own, until w->stop or the end of its job. NULL: it has none. */
	void (*run)(struct workload *w);
	/* Called before each sample, at now_ns for the slot deadline_ns. Must not block. May be NULL. */
	void (*sampled)(struct workload *w, int64_t deadline_ns, int64_t now_ns);
	/* Free what init made. NULL: nothing to free. */
	void (*end)(struct workload *w);
};

extern const struct workload_ops intadd_workload;
extern const struct workload_ops seqread_workload;
extern const struct workload_ops memdirty_workload;
extern const struct workload_ops memcheck_workload;
extern const struct workload_ops dutycycle_workload;
extern const struct workload_ops compile_workload;
extern const struct workload_ops web_workload;
extern const struct workload_ops stream_workload;
extern const struct workload_ops idle_workload;

/* All of them; NULL ends. */
extern const struct workload_ops *const workloads[];

/* The workload called name, or NULL with *e naming the nearest. */
const struct workload_ops *workload_find(const char *name, struct err *e);

/* A zeroed options block with the defaults in it; free() it. NULL when memory is short. */
void *workload_options_new(const struct workload_ops *ops, struct err *e);

/* Everything ops->check has to say, 0 when it has no such function. */
int workload_check(const struct workload_ops *ops, const void *options, struct err *e);

/* Bytes of memory it will take (0 when it takes next to nothing). */
int64_t workload_memory_bytes(const struct workload_ops *ops, const void *options);

/* Make the counters ready and call ops->init. options must live until workload_end(). */
int workload_init(struct workload *w, const struct workload_ops *ops, void *options, struct err *e);

/* Free what workload_init() made (not the options). */
void workload_end(struct workload *w);

/* An operation that is paced begins, at begin_ns instead of start_ns, its intended start. */
static inline void workload_op_begin_paced(struct workload *w, int64_t start_ns, int64_t begin_ns)
{
	atomic_store_explicit(&w->op_begin_ns, begin_ns, memory_order_relaxed);
	atomic_store_explicit(&w->op_start_ns, start_ns, memory_order_release);
}

/* One that is not. */
static inline void workload_op_begin(struct workload *w, int64_t start_ns)
{
	workload_op_begin_paced(w, start_ns, start_ns);
}

/* A good moment for a sample, should one be due at now_ns: the counters are right. True: that has taken some time. */
static inline bool workload_offer(struct workload *w, int64_t now_ns)
{
	if (!w->sampling || now_ns < atomic_load_explicit(&w->sampling->due_ns, memory_order_relaxed))
		return false;
	w->sampling->take(w->sampling->context, now_ns);
	return true;
}

/* It ended at now_ns and the counter stands at `work`. Returns when the next one may begin: now, or behind a sample. */
int64_t workload_op_end(struct workload *w, int64_t now_ns, int64_t work);

/* The job is complete. */
void workload_job_done(struct workload *w, int64_t now_ns);

/* It cannot go on; run() then returns. The text is kept, cut to fit. */
void workload_fail(struct workload *w, const struct err *e);

static inline bool workload_stopped(struct workload *w)
{
	return atomic_load_explicit(&w->stop, memory_order_relaxed);
}

/*
 * Take the longest operation since the last call: the longest that ended, or the one still going on at now_ns if
 * that is longer; from the intended start on, and in *ret_service_ns from the real begin on, which is not longer. Only
 * who takes a sample calls this, one at a time.
 */
int64_t workload_take_worst(struct workload *w, int64_t now_ns, int64_t *ret_service_ns);

/*
 * Slots of a paced loop: sleep until the next slot's intended start, and return it. Slots whose time is over entirely
 * are dropped and added to *missed, so the slot returned is the one that time is in.
 */
struct slots {
	int64_t next_ns;
	int64_t woke_ns; /* when the last one really began */
	int64_t length_ns;
};

/* The first slot starts now. */
void slots_begin(struct slots *s, int64_t length_ns);
int64_t slots_next(struct slots *s, _Atomic int64_t *missed);

/* As slots_next(), at now_ns, which is not before next_ns: no sleep. */
int64_t slots_enter(struct slots *s, int64_t now_ns, _Atomic int64_t *missed);

/* Do `count` integer additions that the compiler cannot remove. */
void additions(int64_t count);

/* How many additions take about duration_ns here, undisturbed; at least 1000. Takes some 15 times duration_ns. */
int64_t additions_calibrate(int64_t duration_ns);

#endif

/* intadd - integer additions at full speed; with a fixed number of them there is a time of completion. */
#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <stdlib.h>

#define CHUNK_NS (300 * NS_PER_US)

struct intadd_options {
	int64_t job;
	bool repeat;
};

static const struct option_row intadd_options[] = {
	{ "job", OPTION_INTEGER, offsetof(struct intadd_options, job), "0", "0", NULL,
	  "number of additions after which it ends; 0: never" },
	{ "repeat", OPTION_BOOLEAN, offsetof(struct intadd_options, repeat), "no", NULL, NULL,
	  "go on after the job, whose end is told all the same" },
	OPTION_END,
};

static int intadd_init(struct workload *w, struct err *e)
{
	int64_t *chunk = malloc(sizeof(*chunk));
	if (!chunk)
		return err_errno(e, EXIT_CANNOT, "state");
	*chunk = additions_calibrate(CHUNK_NS);
	w->state = chunk;
	return 0;
}

static void intadd_run(struct workload *w)
{
	const struct intadd_options *options = w->options;
	int64_t chunk = *(const int64_t *)w->state, work = 0, begin = clock_now_ns();
	while (!workload_stopped(w)) {
		int64_t count = options->job > work && options->job - work < chunk ? options->job - work : chunk;
		workload_op_begin(w, begin);
		additions(count);
		work += count;
		int64_t now = clock_now_ns();
		begin = workload_op_end(w, now, work);
		if (work == options->job) {
			workload_job_done(w, now);
			if (!options->repeat)
				return;
		}
	}
}

static void intadd_end(struct workload *w)
{
	free(w->state);
}

static bool intadd_has_job(const void *options)
{
	return ((const struct intadd_options *)options)->job > 0;
}

const struct workload_ops intadd_workload = {
	.name = "intadd",
	.unit = "additions",
	.operation = "a chunk of additions (about 0.3 ms when calibrated)",
	.help = "adds integers at full speed: pure CPU",
	.options = intadd_options,
	.options_size = sizeof(struct intadd_options),
	.has_job = intadd_has_job,
	.init = intadd_init,
	.run = intadd_run,
	.end = intadd_end,
};

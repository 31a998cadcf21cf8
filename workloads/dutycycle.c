/*
 * dutycycle - busy for a share of each period, constant or after a schedule.
 *
 * Busy time is work done: additions, in the time that so many of them take on this CPU undisturbed (calibrated at the start).
 * No clock of the guest could say it. While another VM has the core both its monotonic clock and its CPU clocks run on, and what
 * was stolen would count as busy. So 20 % beside a VM that takes all it can get is still 20 % of a core's work, later
 * within the period; what does not fit into the period is lost, and counts as lost.
 */
#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_NS (300 * NS_PER_US)
#define STEPS_MAX 64

struct dutycycle_options {
	double share;
	int64_t period_ns;
	bool repeat;
	char schedule[OPTION_STRING_ROOM];
};

static const struct option_row dutycycle_options[] = {
	{ "share", OPTION_FRACTION, offsetof(struct dutycycle_options, share), "50%", "0", "1",
	  "busy part of each period, in work of an undisturbed core, for ever (without a schedule)" },
	{ "schedule", OPTION_STRING, offsetof(struct dutycycle_options, schedule), "", NULL, NULL,
	  "steps PERCENT:TIME, as 0:60,50:60,100:60,50:60,0:60 (seconds); its end is the end of the job" },
	{ "repeat", OPTION_BOOLEAN, offsetof(struct dutycycle_options, repeat), "no", NULL, NULL,
	  "begin the schedule again at its end" },
	{ "period", OPTION_DURATION, offsetof(struct dutycycle_options, period_ns), "100ms", "5ms", "10s",
	  "length of a period" },
	OPTION_END,
};

struct step {
	int64_t busy_ns; /* of each period */
	int64_t periods;
};

struct schedule {
	struct step steps[STEPS_MAX];
	size_t count;
	int64_t chunk; /* additions */
};

static int step_parse(const char *text, int64_t period_ns, struct step *ret, struct err *e)
{
	int64_t length_ns;
	double share;
	char percent[32], time[32], more;
	if (sscanf(text, " %31[^: ] : %31[^ ] %c", percent, time, &more) != 2)
		return err_set(e, EXIT_USAGE, "step '%s' is not PERCENT:TIME", text);
	if (fraction_parse(percent, &share, e) < 0 || duration_parse(time, &length_ns, e) < 0)
		return -1;
	if (!strchr(percent, '%'))
		share /= 100;
	if (share > 1)
		return err_set(e, EXIT_USAGE, "'%s' is more than 100 percent", percent);
	if (length_ns < period_ns)
		return err_set(e, EXIT_USAGE, "step of '%s' is shorter than a period", time);
	*ret = (struct step){ (int64_t)(share * (double)period_ns), length_ns / period_ns };
	return 0;
}

static int schedule_parse(const struct dutycycle_options *options, struct schedule *ret, struct err *e)
{
	char text[OPTION_STRING_ROOM], *rest = text, *part;
	memcpy(text, options->schedule, sizeof(text));
	ret->count = 0;
	if (!text[0]) {
		ret->steps[ret->count++] =
			(struct step){ (int64_t)(options->share * (double)options->period_ns), INT64_MAX };
		return 0;
	}
	while ((part = strsep(&rest, ","))) {
		if (ret->count == STEPS_MAX)
			return err_set(e, EXIT_USAGE, "schedule has more than %d steps", STEPS_MAX);
		if (step_parse(part, options->period_ns, &ret->steps[ret->count++], e) < 0)
			return err_prefix(e, "schedule");
	}
	return 0;
}

static int dutycycle_check(const void *options, struct err *e)
{
	struct schedule unused;
	return schedule_parse(options, &unused, e);
}

static int dutycycle_init(struct workload *w, struct err *e)
{
	struct schedule *schedule = calloc(1, sizeof(*schedule));
	if (!schedule)
		return err_errno(e, EXIT_CANNOT, "state");
	if (schedule_parse(w->options, schedule, e) < 0) {
		free(schedule);
		return -1;
	}
	schedule->chunk = additions_calibrate(CHUNK_NS);
	w->state = schedule;
	return 0;
}

/* Work of busy_ns, or as much of it as the period holds. */
static void burn(struct workload *w, int64_t chunk, int64_t busy_ns, int64_t end_ns, int64_t *work)
{
	int64_t now = clock_now_ns();
	for (int64_t left = busy_ns; left > 0 && now < end_ns && !workload_stopped(w);) {
		int64_t part = left < CHUNK_NS ? left : CHUNK_NS;
		additions(chunk * part / CHUNK_NS);
		left -= part;
		*work += part;
		atomic_store_explicit(&w->work, *work, memory_order_relaxed);
		now = clock_now_ns();
		if (workload_offer(w, now))
			now = clock_now_ns();
	}
}

static void dutycycle_run(struct workload *w)
{
	const struct dutycycle_options *options = w->options;
	const struct schedule *schedule = w->state;
	struct slots slots;
	int64_t work = 0;
	slots_begin(&slots, options->period_ns);
	do {
		for (size_t i = 0; i < schedule->count; i++) {
			const struct step *step = &schedule->steps[i];
			for (int64_t k = 0; k < step->periods; k++) {
				int64_t start = slots_next(&slots, &w->slots_missed);
				if (workload_stopped(w))
					return;
				workload_op_begin_paced(w, start, slots.woke_ns);
				burn(w, schedule->chunk, step->busy_ns, start + options->period_ns, &work);
				workload_op_end(w, clock_now_ns(), work);
			}
		}
	} while (options->repeat);
	workload_job_done(w, clock_now_ns());
}

static void dutycycle_end(struct workload *w)
{
	free(w->state);
}

static bool dutycycle_has_job(const void *options)
{
	const struct dutycycle_options *o = options;
	return o->schedule[0] && !o->repeat;
}

const struct workload_ops dutycycle_workload = {
	.name = "dutycycle",
	.unit = "busy ns", /* of the undisturbed CPU */
	.operation = "the busy part of a period, from the period's start on",
	.help = "work for a share of a core in each 100 ms, after a schedule if one is given",
	.options = dutycycle_options,
	.options_size = sizeof(struct dutycycle_options),
	.has_job = dutycycle_has_job,
	.check = dutycycle_check,
	.init = dutycycle_init,
	.run = dutycycle_run,
	.end = dutycycle_end,
};

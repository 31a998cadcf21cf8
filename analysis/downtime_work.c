/* The workload stood still: longest time on the head's clock without advance of its work counter. */
#include "analysis/downtime.h"
#include "analysis/schedule.h"

#include "bench/base/clock.h"

#include <math.h>
#include <stdio.h>

/*
 * The counter was seen to stand from `stood_from` to a sample at head_ns that had `advance` more. Part of that time it
 * did work: at least one interval's worth is taken for that, and more where the sampling itself had a hole (the agent
 * waited for a page while the workload ran on), as much as the advance takes at the baseline's rate.
 */
static int64_t worked_ns(const struct downtime_work *d, int64_t guest_ns, double advance)
{
	int64_t worked = d->interval_ns, hole = guest_ns - d->sample_guest_ns - d->interval_ns;
	double takes = d->baseline_rate > 0 ? advance / d->baseline_rate * NS_PER_S : NAN;
	if (hole > 0 && takes > (double)worked)
		worked = takes < (double)(worked + hole) ? (int64_t)takes : worked + hole;
	if (d->schedule)
		worked += schedule_idle_ns(d->schedule, d->stood_guest_ns, guest_ns);
	return worked;
}

static void keep_longest(struct downtime *longest, int64_t value_ns, int64_t interval_ns, int64_t at_ns)
{
	if (value_ns < 0)
		value_ns = 0;
	if (longest->value_ns != MISSING && value_ns <= longest->value_ns)
		return;
	*longest = downtime_missing;
	longest->value_ns = value_ns;
	longest->low_ns = value_ns > interval_ns ? value_ns - interval_ns : 0;
	longest->high_ns = value_ns + interval_ns;
	longest->at_ns = at_ns;
}

/* Sort a standstill in: a window's, the baseline's, or nobody's. */
static void stood(struct downtime_work *d, int64_t until_ns, int64_t value_ns)
{
	const struct downtime_window *w = d->windows;
	int64_t from_ns = d->stood_from_ns;
	if (d->until_ns != MISSING && from_ns + d->interval_ns >= d->until_ns)
		return;
	while (d->first_window < d->window_count && w[d->first_window].to_ns <= from_ns)
		d->first_window++;
	for (int i = d->first_window; i < d->window_count && w[i].from_ns < until_ns; i++)
		keep_longest(&d->found[i], value_ns, d->interval_ns, from_ns);
	if (from_ns >= w->baseline_from_ns && until_ns <= w->baseline_to_ns)
		keep_longest(&d->usual, value_ns, d->interval_ns, from_ns);
}

static void begin(struct downtime_work *d)
{
	d->begun = 1;
	d->usual = downtime_missing;
	for (int i = 0; i < d->window_count; i++)
		d->found[i] = downtime_missing;
}

void downtime_work_add(struct downtime_work *d, int64_t head_ns, int64_t guest_ns, int64_t work)
{
	if (!d->begun) {
		begin(d);
	} else if (work > d->last_work) {
		int64_t worked = worked_ns(d, guest_ns, (double)(work - d->last_work));
		stood(d, head_ns, head_ns - d->stood_from_ns - worked);
	} else {
		d->sample_ns = head_ns;
		d->sample_guest_ns = guest_ns;
		return;
	}
	d->stood_from_ns = d->sample_ns = head_ns;
	d->stood_guest_ns = d->sample_guest_ns = guest_ns;
	d->last_work = work;
}

/* As far as the samples go, or its job; one that was standing when the observation ended stands at least this long. */
static void stands_still(struct downtime_work *d)
{
	int last = d->window_count - 1, ended = d->until_ns != MISSING && d->until_ns < d->sample_ns;
	int64_t before = d->found[last].value_ns, end_ns = ended ? d->until_ns : d->sample_ns;
	if (end_ns - d->stood_from_ns <= 2 * d->interval_ns)
		return;
	stood(d, end_ns,
	      ended ? end_ns - d->stood_from_ns : end_ns - d->stood_from_ns - worked_ns(d, d->sample_guest_ns, 0));
	if (!ended && d->found[last].value_ns != before)
		snprintf(d->found[last].reason, sizeof(d->found[last].reason),
		         "it did not advance again before its last sample: at least this long");
}

void downtime_work_finish(struct downtime_work *d)
{
	int any = d->begun;
	if (!any)
		begin(d);
	else
		stands_still(d);
	for (int i = 0; i < d->window_count; i++) {
		struct downtime *found = &d->found[i];
		found->floor_ns = d->usual.value_ns;
		if (found->value_ns == MISSING)
			snprintf(found->reason, sizeof(found->reason),
			         any ? "the workload had no samples, or had ended its job, while migrating"
			             : "no samples of the workload");
	}
}

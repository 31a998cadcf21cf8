#include "analysis/clock_bins.h"

#include "bench/base/clock.h"

static const int64_t first_width_ns = 100 * NS_PER_MS;
static const int64_t lead_ns =
	10 * NS_PER_S; /* older than the first sample, or quicker than it, by so much at most */

void clock_bins_clear(struct clock_bins *b)
{
	b->width_ns = first_width_ns;
	b->used = 0;
	b->votes = 0;
	for (int k = 0; k < CLOCK_BINS; k++)
		b->bins[k].guest_ns = -1;
}

static void keep_quicker(struct clock_bin *into, const struct clock_bin *from)
{
	if (from->guest_ns >= 0 && (into->guest_ns < 0 || from->delta_ns < into->delta_ns))
		*into = *from;
}

static void double_width(struct clock_bins *b)
{
	for (int k = 0; k < CLOCK_BINS / 2; k++) {
		struct clock_bin both = b->bins[2 * k];
		keep_quicker(&both, &b->bins[2 * k + 1]);
		b->bins[k] = both;
	}
	for (int k = CLOCK_BINS / 2; k < CLOCK_BINS; k++)
		b->bins[k].guest_ns = -1;
	b->width_ns *= 2;
	b->used = (b->used + 1) / 2;
}

/* Of two samples the one that came later: its clock may have stood still and may drift, but not go back or leap. */
static int agrees_with_held(const struct clock_bins *b, int64_t guest_ns, int64_t head_ns)
{
	int64_t head = head_ns - b->held_head_ns, guest = guest_ns - b->held_guest_ns;
	if (head < 0) {
		head = -head;
		guest = -guest;
	}
	return guest >= -lead_ns && guest <= head + head / 100 + lead_ns;
}

static void hold(struct clock_bins *b, int64_t guest_ns, int64_t head_ns)
{
	clock_bins_clear(b);
	b->held_guest_ns = guest_ns;
	b->held_head_ns = head_ns;
	b->base_ns = guest_ns > lead_ns ? guest_ns - lead_ns : 0;
}

void clock_bins_add(struct clock_bins *b, int64_t guest_ns, int64_t head_ns)
{
	if (b->votes && !agrees_with_held(b, guest_ns, head_ns)) {
		b->votes--;
		return;
	}
	if (!b->votes)
		hold(b, guest_ns, head_ns);
	b->votes++;
	if (guest_ns < b->base_ns)
		return;
	while ((guest_ns - b->base_ns) / b->width_ns >= CLOCK_BINS)
		double_width(b);
	int k = (int)((guest_ns - b->base_ns) / b->width_ns);
	const struct clock_bin sample = { guest_ns, head_ns - guest_ns };
	keep_quicker(&b->bins[k], &sample);
	if (k >= b->used)
		b->used = k + 1;
}

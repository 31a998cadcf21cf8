#include "analysis/clock_map.h"

#include "analysis/clock_bins.h"
#include "analysis/series_read.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

enum {
	BINS = CLOCK_BINS,
	STEPS = 4096,
	ROUGH_LAG_BINS = 8,
	FINE_LAG_BINS = 20,
	LEAST_SLOPES = 20,
	MERGE_BINS = 3,
	SCATTER_BINS = 20,
	LEVEL_BINS = 5,
};
static const int64_t hint_error_ns = 5 * NS_PER_MS; /* QEMU stops the clock a little before it stamps the stop */
static const double bend_per_s = 100e3;             /* ns/s */
static const double floor_error_ns = 0.1e6;         /* the difference of two shortest delays is never known better */
static const double leap_ns = 1e9;                  /* quicker than all others by that much: a false stamp */

struct step_place {
	int before, after;           /* last bin of the old level, first bin of the new */
	int64_t last_old, first_new; /* guest stamps of the samples next to the stop, -1: not seen */
	int64_t hinted;              /* between them, as the hypervisor says, -1: nothing */
	double middle;               /* a residual above it is of the new level */
};

struct clock_map {
	struct clock_bins bins;
	int64_t reference_delta_ns;
	double drift;          /* ns of delta per ns of guest time */
	double least_residual; /* what is below it has a false stamp */
	double step_least_ns;
	int64_t uncertainty_ns;
	int step_count;
	struct clock_step steps[STEPS];
	struct step_place places[STEPS];
	double residual[BINS]; /* delta less reference and drift; NAN: empty */
	double level[BINS];    /* the envelope of it */
	double rise[BINS];     /* envelope after bin k less envelope up to bin k */
};

int clock_map_open(struct clock_map **ret, struct err *e)
{
	struct clock_map *map = calloc(1, sizeof(*map));
	if (!map)
		return err_errno(e, EXIT_CANNOT, "cannot keep a clock map");
	clock_bins_clear(&map->bins);
	*ret = map;
	return 0;
}

void clock_map_close(struct clock_map *map)
{
	free(map);
}

void clock_map_add(struct clock_map *map, int64_t guest_ns, int64_t head_ns)
{
	clock_bins_add(&map->bins, guest_ns, head_ns);
}

/*
 * The drift is the median slope between bins some way apart; pairs on both sides of a step found before are left out,
 * and steps not found yet lift few.
 */
static void fit_drift(struct clock_map *map, int lag, double *scratch)
{
	size_t n = 0;
	int s = 0; /* steps before bin k */
	for (int k = 0; k + lag < map->bins.used; k++) {
		const struct clock_bin *a = &map->bins.bins[k], *b = a + lag;
		while (s < map->step_count && map->places[s].after <= k)
			s++;
		int spans_step = s < map->step_count && map->places[s].before < k + lag;
		if (a->guest_ns >= 0 && b->guest_ns > a->guest_ns && !spans_step)
			scratch[n++] = (double)(b->delta_ns - a->delta_ns) / (double)(b->guest_ns - a->guest_ns);
	}
	if (n < LEAST_SLOPES)
		return;
	double drift = gsl_stats_median(scratch, 1, n);
	if (fabs(drift) < 1e-2) /* no clock is as wrong as that: stops all over, or hostile stamps */
		map->drift = drift;
}

static double residual_of(const struct clock_map *map, int64_t guest_ns, int64_t delta_ns)
{
	return (double)(delta_ns - map->reference_delta_ns) - map->drift * (double)(guest_ns - map->bins.base_ns);
}

/*
 * Fewer bins than make a level, far below all others, are of a clock that leapt ahead: their samples have false stamps.
 */
static void drop_leaps(struct clock_map *map, double *scratch)
{
	double lowest[LEVEL_BINS];
	size_t n = 0;
	for (int k = 0; k < map->bins.used; k++)
		if (!isnan(map->residual[k]))
			scratch[n++] = map->residual[k];
	map->least_residual = -INFINITY;
	if (n < 4 * LEVEL_BINS) /* too few to tell */
		return;
	gsl_sort_smallest(lowest, LEVEL_BINS, scratch, 1, n);
	map->least_residual = lowest[LEVEL_BINS - 1] - leap_ns;
	for (int k = 0; k < map->bins.used; k++)
		if (map->residual[k] < map->least_residual)
			map->residual[k] = NAN;
}

/* The lower of a residual and a level that may have bent upwards since; NAN is none. */
static double lower(double residual, double bent)
{
	return isnan(bent) || residual < bent ? residual : bent;
}

/* level[k] from both sides, within bins first..last. */
static void envelope(struct clock_map *map, int first, int last, double bend)
{
	double run = NAN;
	for (int k = first; k <= last; k++)
		map->level[k] = run = lower(map->residual[k], run + bend);
	run = NAN;
	for (int k = last; k >= first; k--)
		map->level[k] = run = lower(map->level[k], run + bend);
}

/*
 * A stop is where even the quickest of all later samples is later than the envelope so far. Walk once, begin the
 * envelope anew behind each stop.
 */
static void find_steps(struct clock_map *map, double bend)
{
	double *after = map->level; /* envelope of everything behind k, filled from the end */
	double run = NAN;
	int seen = 0; /* a few late samples at the very end are no new level */
	for (int k = map->bins.used - 1; k >= 0; k--) {
		after[k] = seen >= LEVEL_BINS ? run : NAN;
		run = lower(map->residual[k], run + bend);
		seen += !isnan(map->residual[k]);
	}
	double before = NAN;
	for (int k = 0; k < map->bins.used; k++) {
		before = lower(map->residual[k], before + bend);
		map->rise[k] = after[k] - before;
		if (!(map->rise[k] > map->step_least_ns) || map->step_count == STEPS)
			continue;
		/* Late samples of the old level may fill some bins more: the stop is behind them. */
		int last = k;
		for (int j = k + 1; j < map->bins.used && j <= k + MERGE_BINS; j++)
			if (after[j] > after[last] + map->step_least_ns)
				last = j;
		map->places[map->step_count] = (struct step_place){ .before = k,
			                                            .after = last + 1,
			                                            .last_old = -1,
			                                            .first_new = -1,
			                                            .hinted = -1,
			                                            .middle = (before + after[last]) / 2 };
		map->steps[map->step_count++].size_ns = (int64_t)(after[last] - before);
		for (; k < last; k++)
			map->rise[k] = 0;
		map->rise[last] = after[last] - before;
		before = NAN;
	}
}

/* Median height of the bins' quickest samples over the envelope, over up to `count` bins from k in a direction. */
static double scatter(const struct clock_map *map, int k, int direction, int stop, int count, double *scratch)
{
	size_t n = 0;
	for (; k != stop && n < (size_t)count; k += direction)
		if (!isnan(map->residual[k]))
			scratch[n++] = map->residual[k] - map->level[k];
	return n ? gsl_stats_median(scratch, 1, n) : 0;
}

/* The bin that the envelope just before (direction -1) or behind (1) a stop rests on; k itself when all are empty. */
static int resting_bin(const struct clock_map *map, int k, int direction, int stop, double bend)
{
	int best = k;
	double least = NAN;
	for (int j = k; j != stop; j += direction) {
		double height = map->residual[j] + bend * abs(j - k);
		if (height < least || (isnan(least) && !isnan(height))) {
			least = height;
			best = j;
		}
	}
	return best;
}

/*
 * The size is between the samples that the envelopes rest on, not between the envelopes: those bend for the worst
 * drift, and where no sample came for seconds after the stop that would make it longer. The bend is in the interval.
 */
static void size_step(struct clock_map *map, int s, double bend, double *scratch)
{
	struct clock_step *step = &map->steps[s];
	const struct step_place *p = &map->places[s];
	int from = s ? map->places[s - 1].after : 0;
	int to = s + 1 < map->step_count ? map->places[s + 1].before + 1 : map->bins.used;
	int old = resting_bin(map, p->before, -1, from - 1, bend), new = resting_bin(map, p->after, 1, to, bend);
	double bent = bend * (new - old);
	if (!isnan(map->residual[old]) && !isnan(map->residual[new]))
		step->size_ns = (int64_t)(map->residual[new] - map->residual[old]);
	step->low_ns = step->size_ns -
	               (int64_t)(scatter(map, p->after, 1, to, SCATTER_BINS, scratch) + bent + floor_error_ns);
	step->high_ns = step->size_ns + (int64_t)(scatter(map, p->before, -1, from - 1, SCATTER_BINS, scratch) +
	                                          bent + floor_error_ns);
}

/* How much the quickest samples of neighbouring bins differ: a stop lifts few of the differences. */
static double roughness(const struct clock_map *map, double *scratch)
{
	size_t n = 0;
	for (int k = 1; k < map->bins.used; k++)
		if (!isnan(map->residual[k]) && !isnan(map->residual[k - 1]))
			scratch[n++] = fabs(map->residual[k] - map->residual[k - 1]);
	return n ? gsl_stats_median(scratch, 1, n) : 0;
}

int clock_map_build(struct clock_map *map, struct err *e)
{
	int begin = 0;
	while (begin < map->bins.used && map->bins.bins[begin].guest_ns < 0)
		begin++;
	if (begin == map->bins.used)
		return err_set(e, EXIT_MEASURED_BAD, "no sample has an arrival stamp");
	double *scratch = malloc(BINS * sizeof(*scratch));
	if (!scratch)
		return err_errno(e, EXIT_CANNOT, "cannot build a clock map");
	double bend = bend_per_s * (double)map->bins.width_ns / NS_PER_S;
	map->reference_delta_ns = map->bins.bins[begin].delta_ns;
	/* First roughly, over pairs so near that stops lift few; then with the stops known. */
	for (int pass = 0; pass < 2; pass++) {
		fit_drift(map, pass ? FINE_LAG_BINS : ROUGH_LAG_BINS, scratch);
		map->step_count = 0;
		for (int k = 0; k < map->bins.used; k++) {
			const struct clock_bin *bin = &map->bins.bins[k];
			map->residual[k] = bin->guest_ns < 0 ? NAN : residual_of(map, bin->guest_ns, bin->delta_ns);
		}
		drop_leaps(map, scratch);
		map->step_least_ns = fmax((double)CLOCK_STEP_LEAST_NS, 5 * roughness(map, scratch));
		find_steps(map, bend);
	}

	int first = 0;
	for (int s = 0; s <= map->step_count; s++) {
		int last = s < map->step_count ? map->places[s].after - 1 : map->bins.used - 1;
		envelope(map, first, last, bend);
		first = last + 1;
	}
	for (int s = 0; s < map->step_count; s++)
		size_step(map, s, bend, scratch);
	map->uncertainty_ns = (int64_t)(scatter(map, 0, 1, map->bins.used, BINS, scratch) + floor_error_ns);
	free(scratch);
	return 0;
}

int clock_map_is_leap(const struct clock_map *map, int64_t guest_ns, int64_t head_ns)
{
	return residual_of(map, guest_ns, head_ns - guest_ns) < map->least_residual;
}

void clock_map_locate(struct clock_map *map, int64_t guest_ns, int64_t head_ns)
{
	int low = 0, high = map->step_count; /* the first step whose region does not end before the sample */
	while (low < high) {
		int middle = (low + high) / 2;
		if (map->bins.base_ns + (map->places[middle].after + 1) * map->bins.width_ns <= guest_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == map->step_count || guest_ns < map->bins.base_ns + map->places[low].before * map->bins.width_ns)
		return;
	struct step_place *p = &map->places[low];
	if (clock_map_is_leap(map, guest_ns, head_ns))
		return;
	if (residual_of(map, guest_ns, head_ns - guest_ns) < p->middle) {
		if (guest_ns > p->last_old)
			p->last_old = guest_ns;
	} else if (p->first_new < 0 || guest_ns < p->first_new || p->first_new <= p->last_old) {
		p->first_new = guest_ns;
	}
}

/* Head time with the level of bins first..last only. */
static int64_t map_within(const struct clock_map *map, int64_t guest_ns, int first, int last)
{
	double place = (double)(guest_ns - map->bins.base_ns) / (double)map->bins.width_ns - 0.5;
	int k = place <= first ? first : place >= last ? last : (int)place;
	double share = k == last ? 0 : fmin(1, fmax(0, place - k));
	double level = map->level[k] + (k == last ? 0 : share * (map->level[k + 1] - map->level[k]));
	return guest_ns + map->reference_delta_ns +
	       (int64_t)(map->drift * (double)(guest_ns - map->bins.base_ns) + level);
}

static int first_bin(const struct clock_map *map, int segment)
{
	return segment ? map->places[segment - 1].after : 0;
}

static int last_bin(const struct clock_map *map, int segment)
{
	return segment < map->step_count ? map->places[segment].after - 1 : map->bins.used - 1;
}

void clock_map_hint(struct clock_map *map, int64_t stop_ns)
{
	for (int s = 0; s < map->step_count; s++) {
		struct step_place *p = &map->places[s];
		if (p->last_old < 0 || p->first_new <= p->last_old)
			continue;
		int64_t delta_ns = map_within(map, p->last_old, first_bin(map, s), last_bin(map, s)) - p->last_old;
		int64_t guest_ns = stop_ns - delta_ns;
		if (guest_ns > p->last_old - hint_error_ns && guest_ns < p->first_new + hint_error_ns)
			p->hinted = guest_ns <= p->last_old   ? p->last_old + 1
			            : guest_ns < p->first_new ? guest_ns
			                                      : p->first_new - 1;
	}
}

/* Where a step is, in guest time. */
static int64_t place_of(const struct clock_map *map, const struct step_place *p)
{
	if (p->last_old < 0)
		return map->bins.base_ns + p->after * map->bins.width_ns;
	if (p->hinted >= 0)
		return p->hinted;
	return p->first_new > p->last_old ? p->last_old + (p->first_new - p->last_old) / 2 : p->last_old + 1;
}

void clock_map_finish(struct clock_map *map)
{
	for (int s = 0; s < map->step_count; s++) {
		struct clock_step *step = &map->steps[s];
		step->guest_ns = place_of(map, &map->places[s]);
		step->stop_ns = map_within(map, step->guest_ns, first_bin(map, s), last_bin(map, s));
		step->resume_ns = map_within(map, step->guest_ns, first_bin(map, s + 1), last_bin(map, s + 1));
	}
}

int64_t clock_map_head(const struct clock_map *map, int64_t guest_ns)
{
	int low = 0, high = map->step_count; /* number of steps before the instant */
	while (low < high) {
		int middle = (low + high) / 2;
		if (map->steps[middle].guest_ns < guest_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return map_within(map, guest_ns, first_bin(map, low), last_bin(map, low));
}

int64_t clock_map_uncertainty_ns(const struct clock_map *map)
{
	return map->uncertainty_ns;
}

double clock_map_drift(const struct clock_map *map)
{
	return map->drift * NS_PER_S;
}

const struct clock_step *clock_map_steps(const struct clock_map *map, int *ret_count)
{
	*ret_count = map->step_count;
	return map->steps;
}

int64_t clock_map_largest_rise(const struct clock_map *map, int64_t from_ns, int64_t to_ns, int64_t *ret_at_ns)
{
	int64_t largest = MISSING;
	for (int k = 0; k + 1 < map->bins.used; k++) {
		int64_t at = clock_map_head(map, map->bins.base_ns + (k + 1) * map->bins.width_ns);
		if (at < from_ns || at > to_ns || isnan(map->rise[k]))
			continue;
		int64_t rise = map->rise[k] > 0 ? (int64_t)map->rise[k] : 0;
		if (largest == MISSING || rise > largest) {
			largest = rise;
			*ret_at_ns = at;
		}
	}
	return largest;
}

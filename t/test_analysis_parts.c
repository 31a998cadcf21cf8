/* The parts that estimators are made of: clock map, sample store, histogram, curve, schedule; each against its truth. */
#include "analysis/clock_map.h"
#include "analysis/curve.h"
#include "analysis/histogram.h"
#include "analysis/sample_store.h"
#include "analysis/schedule.h"
#include "analysis/series_read.h"
#include "bench/base/err.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S INT64_C(1000000000)

static uint64_t state64 = 88172645463325252u;

static double uniform(void)
{
	state64 ^= state64 << 13;
	state64 ^= state64 >> 7;
	state64 ^= state64 << 17;
	return (double)(state64 >> 11) / 9007199254740992.0;
}

struct stop {
	int64_t guest_ns, length_ns;
};

static const int64_t guest_0 = 5 * S, head_0 = INT64_C(77) * 3600 * S;

/* The truth: head time of a guest instant. */
static int64_t true_head(int64_t guest_ns, double drift, const struct stop *stops, int count)
{
	int64_t head_ns = head_0 + guest_ns - guest_0 + (int64_t)((double)(guest_ns - guest_0) * drift);
	for (int i = 0; i < count; i++)
		if (guest_ns >= stops[i].guest_ns)
			head_ns += stops[i].length_ns;
	return head_ns;
}

struct stamps {
	int64_t guest_ns, head_ns; /* head MISSING: lost */
};

/* The map of some samples, in the two passes that it wants, but for the end. */
static struct clock_map *located_map_of(const struct stamps *samples, int n)
{
	struct clock_map *map;
	struct err e = { 0 };
	assert_int_equal(clock_map_open(&map, &e), 0);
	for (int i = 0; i < n; i++)
		if (samples[i].head_ns != MISSING)
			clock_map_add(map, samples[i].guest_ns, samples[i].head_ns);
	assert_int_equal(clock_map_build(map, &e), 0);
	for (int i = 0; i < n; i++)
		if (samples[i].head_ns != MISSING)
			clock_map_locate(map, samples[i].guest_ns, samples[i].head_ns);
	return map;
}

static struct clock_map *map_of(const struct stamps *samples, int n)
{
	struct clock_map *map = located_map_of(samples, n);
	clock_map_finish(map);
	return map;
}

/* Samples each 10 ms for `seconds`, exponential delays, a share lost. */
static struct clock_map *make_map(int seconds, double drift, double jitter_ms, double loss, const struct stop *stops,
                                  int count)
{
	int n = seconds * 100;
	struct stamps *samples = calloc((size_t)n, sizeof(*samples));
	for (int i = 0; i < n; i++) {
		struct stamps *s = &samples[i];
		s->guest_ns = guest_0 + i * 10 * MS + 3 * MS;
		s->head_ns = true_head(s->guest_ns, drift, stops, count) +
		             (int64_t)(-log(1 - uniform()) * jitter_ms * 1e6);
		if (uniform() < loss)
			s->head_ns = MISSING;
	}
	struct clock_map *map = map_of(samples, n);
	free(samples);
	return map;
}

static void near(int64_t value, int64_t truth, int64_t error)
{
	if (value < truth - error || value > truth + error)
		fail_msg("%lld is not within %lld of %lld", (long long)value, (long long)error, (long long)truth);
}

static void test_clock_stops(void **state)
{
	(void)state;
	static const int64_t lengths[] = { 5 * MS, 20 * MS, 137 * MS, 500 * MS, 8120 * MS };
	static const double drifts[] = { 0, 80e-6, -80e-6 };
	for (size_t l = 0; l < 5; l++)
		for (size_t d = 0; d < 3; d++)
			for (int phase = 0; phase < 10; phase++) {
				struct stop stop = { guest_0 + 20 * S + phase * 11 * MS, lengths[l] };
				struct clock_map *map = make_map(40, drifts[d], 0.4, 0.05, &stop, 1);
				int count;
				const struct clock_step *steps = clock_map_steps(map, &count);
				assert_int_equal(count, 1);
				near(steps[0].size_ns, stop.length_ns, MS / 2);
				assert_true(steps[0].low_ns <= steps[0].size_ns &&
				            steps[0].size_ns <= steps[0].high_ns);
				near(steps[0].stop_ns, true_head(stop.guest_ns - 1, drifts[d], &stop, 1), 25 * MS);
				near((int64_t)clock_map_drift(map), (int64_t)(drifts[d] * 1e9), 20000);
				for (int i = 100; i < 4000; i += 7) {
					int64_t guest_ns = guest_0 + i * 10 * MS;
					if (llabs(guest_ns - stop.guest_ns) > 50 * MS)
						near(clock_map_head(map, guest_ns),
						     true_head(guest_ns, drifts[d], &stop, 1), MS);
				}
				clock_map_close(map);
			}
}

static void test_clock_many_stops(void **state)
{
	(void)state;
	struct stop stops[20];
	for (int i = 0; i < 20; i++)
		stops[i] = (struct stop){ guest_0 + (4 + 3 * i) * S + i * 13 * MS, (i % 4 + 1) * 60 * MS };
	struct clock_map *map = make_map(70, 20e-6, 0.3, 0, stops, 20);
	int count;
	const struct clock_step *steps = clock_map_steps(map, &count);
	assert_int_equal(count, 20);
	for (int i = 0; i < 20; i++)
		near(steps[i].size_ns, stops[i].length_ns, MS / 2);
	clock_map_close(map);
}

static void test_clock_quiet(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct clock_map *map = make_map(60, 50e-6, 1.0, 0.1, NULL, 0);
		int count;
		int64_t at_ns = 0;
		clock_map_steps(map, &count);
		assert_int_equal(count, 0);
		int64_t rise = clock_map_largest_rise(map, head_0 + 5 * S, head_0 + 55 * S, &at_ns);
		assert_true(rise != MISSING && rise >= 0 && rise < MS);
		assert_true(at_ns >= head_0 + 5 * S && at_ns <= head_0 + 55 * S);
		assert_true(clock_map_largest_rise(map, head_0 - 9 * S, head_0 - 8 * S, &at_ns) == MISSING);
		clock_map_close(map);
	}
}

/* Six seconds in which every sample comes 20 to 400 ms late are no stop, and do not bend the mapping. */
static void test_clock_late_samples(void **state)
{
	(void)state;
	static struct stamps samples[4000];
	for (int i = 0; i < 4000; i++) {
		double late_ms = i > 2000 && i < 2600 ? 20 + 380 * uniform() : uniform();
		samples[i].guest_ns = guest_0 + i * 10 * MS;
		samples[i].head_ns = true_head(samples[i].guest_ns, 0, NULL, 0) + (int64_t)(late_ms * 1e6);
	}
	struct clock_map *map = map_of(samples, 4000);
	int count;
	clock_map_steps(map, &count);
	assert_int_equal(count, 0);
	near(clock_map_head(map, guest_0 + 23 * S), true_head(guest_0 + 23 * S, 0, NULL, 0), MS);
	clock_map_close(map);
}

/* Two days: the bins are widened, and a stop is still found. */
static void test_clock_long(void **state)
{
	(void)state;
	enum { N = 2 * 86400 };
	static struct stamps samples[N];
	struct stop stop = { guest_0 + 100000 * S, 700 * MS };
	for (int i = 0; i < N; i++) {
		samples[i].guest_ns = guest_0 + i * S + 17 * MS;
		samples[i].head_ns = true_head(samples[i].guest_ns, 10e-6, &stop, 1);
	}
	struct clock_map *map = map_of(samples, N);
	int count;
	const struct clock_step *steps = clock_map_steps(map, &count);
	assert_int_equal(count, 1);
	near(steps[0].size_ns, stop.length_ns, MS);
	int64_t before = 0;
	for (int64_t i = -100; i < N + 100; i++) {
		int64_t head_ns = clock_map_head(map, guest_0 + i * S > 0 ? guest_0 + i * S : 0);
		assert_true(head_ns >= before);
		before = head_ns;
	}
	clock_map_close(map);
}

/* Datagrams are 50 ms apart: without a hint the stop is somewhere between two, with one it is where it was. */
static void test_clock_hint(void **state)
{
	(void)state;
	enum { N = 400 };
	static struct stamps samples[N];
	const struct stop stop = { guest_0 + 10 * S + 13 * MS, 137 * MS };
	for (int i = 0; i < N; i++) {
		samples[i].guest_ns = guest_0 + i * 50 * MS;
		samples[i].head_ns = true_head(samples[i].guest_ns, 0, &stop, 1);
	}
	const int64_t stop_ns = head_0 + stop.guest_ns - guest_0;
	static const int64_t off_ns[] = { 0, -40 * MS, 60 * MS, -14 * MS };
	static const int64_t placed_ns[] = { 0, 12 * MS, 12 * MS, -13 * MS };
	for (int i = 0; i < 4; i++) {
		struct clock_map *map = located_map_of(samples, N);
		int count;
		clock_map_hint(map, stop_ns + off_ns[i]);
		clock_map_finish(map);
		const struct clock_step *steps = clock_map_steps(map, &count);
		assert_int_equal(count, 1);
		near(steps[0].guest_ns, stop.guest_ns + placed_ns[i], 10000);
		near(steps[0].stop_ns, stop_ns + placed_ns[i], 10000);
		near(steps[0].size_ns, stop.length_ns, 10000);
		clock_map_close(map);
	}
}

static void test_clock_hostile(void **state)
{
	(void)state;
	struct clock_map *map;
	struct err e = { 0 };
	assert_int_equal(clock_map_open(&map, &e), 0);
	assert_int_equal(clock_map_build(map, &e), -1);
	assert_non_null(strstr(e.text, "no sample has an arrival stamp"));
	clock_map_close(map);
	for (int round = 0; round < 20; round++) {
		assert_int_equal(clock_map_open(&map, &e), 0);
		for (int i = 0; i < 500; i++)
			clock_map_add(map, (int64_t)(uniform() * 1.15e18), (int64_t)(uniform() * 1.15e18));
		assert_int_equal(clock_map_build(map, &e), 0);
		clock_map_finish(map);
		clock_map_head(map, 0);
		clock_map_head(map, INT64_C(1) << 60);
		clock_map_close(map);
	}
}

/* One sample from the future, or three: near or far, the first, among the others or the last, the stop is still seen. */
static void one_false_stamp(int at, int64_t ahead_ns, int times)
{
	static struct stamps samples[4000];
	const struct stop stop = { guest_0 + 21 * S, 137 * MS };
	int count;
	for (int i = 0; i < 4000; i++) {
		int64_t guest_ns = guest_0 + i * 10 * MS;
		samples[i] = (struct stamps){ guest_ns, true_head(guest_ns, 30e-6, &stop, 1) };
		if (i >= at && i < at + times)
			samples[i].guest_ns += ahead_ns;
	}
	struct clock_map *map = map_of(samples, 4000);
	const struct clock_step *steps = clock_map_steps(map, &count);
	assert_int_equal(count, 1);
	near(steps[0].size_ns, stop.length_ns, MS / 2);
	near(steps[0].guest_ns, stop.guest_ns, 10 * MS);
	for (int i = 0; i < 40; i++) {
		int64_t guest_ns = guest_0 + i * S + 500 * MS;
		near(clock_map_head(map, guest_ns), true_head(guest_ns, 30e-6, &stop, 1), MS);
	}
	clock_map_close(map);
}

static void test_clock_false_stamp(void **state)
{
	(void)state;
	static const int places[] = { 0, 700, 2095, 3000, 3997 };
	static const int64_t leaps[] = { 2 * S, 9 * S, 15 * S, 3600 * S, INT64_C(1) << 59 };
	for (size_t p = 0; p < 5; p++)
		for (size_t l = 0; l < 5; l++)
			for (int times = 1; times <= 3; times += 2)
				one_false_stamp(places[p], leaps[l], times);
}

static void test_store(void **state)
{
	(void)state;
	struct sample_store *store;
	struct err e = { 0 };
	struct stored_sample s;
	assert_int_equal(sample_store_open(&store, "/tmp", &e), 0);
	assert_int_equal(sample_store_rewind(store, &e), 0);
	assert_int_equal(sample_store_next(store, &s, &e), 0);
	/* backwards, with every third a twin that has no stamp, and a wild number at the end of the range */
	for (int64_t i = 9999; i >= 0; i--) {
		assert_int_equal(
			sample_store_put(store, i, &(struct stored_sample){ i * 10, i * 10 + 5, i, 2, 1 }, &e), 1);
		if (i % 3 == 0)
			assert_int_equal(
				sample_store_put(store, i, &(struct stored_sample){ 1, MISSING, 2, 2, 1 }, &e), 0);
	}
	assert_int_equal(sample_store_put(store, 0, &(struct stored_sample){ 0, 3, 0, 2, 1 }, &e),
	                 0); /* it was earlier */
	assert_int_equal(
		sample_store_put(store, (INT64_C(1) << 32) - 1, &(struct stored_sample){ 8, 8, 8, 8, 8 }, &e), 1);
	for (int pass = 0; pass < 2; pass++) {
		assert_int_equal(sample_store_rewind(store, &e), 0);
		for (int64_t i = 0; i < 10000; i++) {
			assert_int_equal(sample_store_next(store, &s, &e), 1);
			assert_int_equal(s.guest_ns, i * 10);
			assert_int_equal(s.head_ns, i ? i * 10 + 5 : 3);
			assert_int_equal(s.work, i);
			assert_int_equal(s.worst_op_ns, 2);
			assert_int_equal(s.worst_service_ns, 1);
		}
		assert_int_equal(sample_store_next(store, &s, &e), 1);
		assert_int_equal(s.guest_ns, 8);
		assert_int_equal(sample_store_next(store, &s, &e), 0);
	}
	sample_store_close(store);
	assert_int_equal(sample_store_open(&store, "/nonexistent/folder", &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent/folder"));
}

static void test_histogram(void **state)
{
	(void)state;
	struct histogram *h = calloc(1, sizeof(*h));
	assert_int_equal(histogram_quantile(h, 0.5), -1);
	for (int64_t i = 1; i <= 100000; i++)
		histogram_add(h, i * 1000);
	for (double share = 0.01; share < 1; share += 0.01) {
		double truth = ceil(share * 100000) * 1000;
		assert_true(fabs((double)histogram_quantile(h, share) - truth) <= 0.004 * truth);
	}
	assert_int_equal(histogram_quantile(h, 1), 100000000);
	histogram_add(h, (INT64_C(1) << 62) - 1);
	histogram_add(h, -5);
	assert_true(histogram_quantile(h, 1) == (INT64_C(1) << 62) - 1);
	assert_int_equal(histogram_quantile(h, 0), 0);
	free(h);
}

struct bins_seen {
	int count;
	double amount[64];
	int64_t covered[64];
};

static int on_bin(void *context, int64_t start_ns, double amount, int64_t covered_ns, struct err *e)
{
	(void)e;
	struct bins_seen *seen = context;
	assert_int_equal(start_ns, 100 + 10 * seen->count);
	seen->amount[seen->count] = amount;
	seen->covered[seen->count++] = covered_ns;
	return 0;
}

static void test_curve(void **state)
{
	(void)state;
	struct curve_window w = { .start_ns = 100, .end_ns = 200 };
	struct bins_seen seen = { 0 };
	struct curve_bins b = { .start_ns = 100, .end_ns = 155, .width_ns = 10, .fn = on_bin, .context = &seen };
	curve_window_add(&w, 50, 150, 100); /* half of it within */
	assert_true(w.sum == 50 && w.covered_ns == 50);
	assert_true(curve_window_rate(&w) == 1e9);
	curve_window_add(&w, 190, 300, 110);
	curve_window_add(&w, 400, 500, 110);
	assert_true(fabs(w.sum - 60) < 1e-9 && w.covered_ns == 60);
	struct curve_window little = { .start_ns = 0, .end_ns = 100, .sum = 5, .covered_ns = 49 };
	assert_true(isnan(curve_window_rate(&little)));

	assert_int_equal(curve_bins_add(&b, 0, 90, 1000, NULL), 0);
	assert_int_equal(curve_bins_add(&b, 90, 125, 35, NULL), 0);
	assert_int_equal(curve_bins_add(&b, 141, 141, 7, NULL), 0); /* a point, behind a hole */
	assert_int_equal(curve_bins_add(&b, 141, 300, 159, NULL), 0);
	assert_int_equal(curve_bins_finish(&b, NULL), 0);
	static const double amounts[] = { 10, 10, 5, 0, 16, 5 };
	static const int64_t covered[] = { 10, 10, 5, 0, 9, 5 };
	assert_int_equal(seen.count, 6);
	for (int i = 0; i < 6; i++) {
		assert_true(fabs(seen.amount[i] - amounts[i]) < 1e-9);
		assert_int_equal(seen.covered[i], covered[i]);
	}
	assert_int_equal(curve_bin_width(1000, 10, 100), 11);
	assert_int_equal(curve_bin_width(900, 10, 100), 10);
}

static void test_schedule(void **state)
{
	(void)state;
	struct schedule s;
	schedule_read(&s, "0:60, 50%:1min,100:60");
	assert_int_equal(s.count, 3);
	s.origin_ns = 10 * S;
	assert_true(fabs(schedule_busy_ns(&s, 0, 1000 * S) - 90e9) < 1);
	assert_int_equal(schedule_idle_ns(&s, 10 * S, 40 * S), 30 * S);
	assert_int_equal(schedule_idle_ns(&s, 60 * S, 80 * S), 10 * S);
	assert_int_equal(schedule_idle_ns(&s, 100 * S, 110 * S), 0);
	assert_int_equal(schedule_idle_ns(&s, 180 * S, 200 * S), 10 * S);
	s.repeat = 1; /* 180 s long: 0 % from 190 to 250 s */
	assert_int_equal(schedule_idle_ns(&s, 180 * S, 200 * S), 10 * S);
	assert_int_equal(schedule_idle_ns(&s, 240 * S, 300 * S), 10 * S);
	assert_true(fabs(schedule_busy_ns(&s, 10 * S, 370 * S) - 180e9) < 1);
	static const char *const bad[] = { "", "x", "50", "50:", "50:1h:2", ":", "a:b", "0:60,", "-1:5" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		schedule_read(&s, bad[i]);
		if (s.count)
			fail_msg("'%s' was read", bad[i]);
		assert_true(schedule_busy_ns(&s, 5, 10) == 5);
		assert_int_equal(schedule_idle_ns(&s, 5, 10), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clock_stops),   cmocka_unit_test(test_clock_many_stops),
		cmocka_unit_test(test_clock_quiet),   cmocka_unit_test(test_clock_late_samples),
		cmocka_unit_test(test_clock_long),    cmocka_unit_test(test_clock_hint),
		cmocka_unit_test(test_clock_hostile), cmocka_unit_test(test_clock_false_stamp),
		cmocka_unit_test(test_store),         cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_curve),         cmocka_unit_test(test_schedule),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

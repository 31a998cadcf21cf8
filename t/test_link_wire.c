/* The emulated wire and its counters, as functions of given times: no network, no root. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/testbed/link.h"
#include "bench/testbed/link_stats.h"
#include "bench/testbed/link_wire.h"

#include <linux/virtio_net.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define VNET ((size_t)10)

static struct wire *make(const struct wire_shape *shape)
{
	struct err e = { 0 };
	struct wire *w = NULL;
	assert_int_equal(wire_create(&w, shape, &e), 0);
	return w;
}

/* A plain Ethernet frame of `size` bytes, filled with `mark`. */
static enum wire_fate put(struct wire *w, size_t size, int mark, int64_t now_ns)
{
	unsigned char *room = wire_room(w);
	assert_non_null(room);
	memset(room, 0, VNET);
	memset(room + VNET, mark, size);
	return wire_arrive(w, VNET + size, now_ns);
}

static int64_t take(struct wire *w)
{
	int64_t due = wire_due(w);
	wire_done(w);
	return due;
}

static void frames_are_counted_as_on_ethernet(void **state)
{
	unsigned char frame[VNET + 14 + 40 + 20 + 10000] = { 0 };
	struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		                    .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		                    .hdr_len = 200,
		                    .gso_size = 1448,
		                    .csum_start = 34,
		                    .csum_offset = 16 };
	(void)state;
	assert_int_equal(wire_bytes(frame, VNET + 1514), 1538);
	assert_int_equal(wire_bytes(frame, VNET + 42), 84); /* padded */

	/* 3 full segments and one of 100 bytes, 66 bytes of headers each (TCP with timestamps: 32). */
	frame[VNET + 34 + 12] = 8 << 4;
	memcpy(frame, &h, sizeof(h));
	assert_int_equal(wire_bytes(frame, VNET + 66 + 3 * 1448 + 100), 3 * 1448 + 100 + 4 * (66 + 24));
	h.gso_type = VIRTIO_NET_HDR_GSO_TCPV6 | VIRTIO_NET_HDR_GSO_ECN;
	h.csum_start = 54;
	frame[VNET + 54 + 12] = 5 << 4;
	memcpy(frame, &h, sizeof(h));
	assert_int_equal(wire_bytes(frame, VNET + 74 + 1448), 1448 + 74 + 24);

	/* Headers that point outside the frame must not be believed. */
	h.csum_start = 65000;
	memcpy(frame, &h, sizeof(h));
	assert_true(wire_bytes(frame, VNET + 74 + 1448) > 0);
	h.flags = 0;
	h.hdr_len = 65000;
	memcpy(frame, &h, sizeof(h));
	assert_true(wire_bytes(frame, VNET + 74) > 0);
}

static void frames_leave_at_the_rate_and_arrive_after_the_delay(void **state)
{
	/* 1538 bytes at 12.304 Mbit/s take 1 ms. */
	struct wire *w = make(&(struct wire_shape){
		.rate_bits_per_s = 12304000, .delay_ns = 7 * NS_PER_MS, .queue_bytes = 100000 });
	(void)state;
	assert_true(wire_due(w) == INT64_MAX);
	assert_int_equal(put(w, 1514, 1, NS_PER_S), WIRE_KEPT);
	assert_int_equal(put(w, 1514, 2, NS_PER_S), WIRE_KEPT);
	assert_int_equal(put(w, 1514, 3, NS_PER_S + 1500 * NS_PER_US), WIRE_KEPT);
	assert_int_equal(put(w, 1514, 4, 2 * NS_PER_S), WIRE_KEPT); /* after an idle time nothing is saved up */
	assert_int_equal(take(w), NS_PER_S + 8 * NS_PER_MS);
	assert_int_equal(take(w), NS_PER_S + 9 * NS_PER_MS);
	assert_int_equal(take(w), NS_PER_S + 10 * NS_PER_MS);
	assert_int_equal(take(w), 2 * NS_PER_S + 8 * NS_PER_MS);
	assert_true(wire_due(w) == INT64_MAX);
	wire_free(w);
}

static void a_full_queue_drops_the_tail(void **state)
{
	struct wire *w = make(&(struct wire_shape){
		.rate_bits_per_s = 12304000, .delay_ns = 500 * NS_PER_MS, .queue_bytes = 10 * 1538 });
	int kept = 0;
	(void)state;
	for (int i = 0; i < 15; i++)
		kept += put(w, 1514, i, NS_PER_S) == WIRE_KEPT;
	assert_int_equal(kept, 10);
	/* What has left the queue and is still under way takes no room in it. */
	assert_int_equal(put(w, 1514, 0, NS_PER_S + 999 * NS_PER_US), WIRE_DROPPED);
	assert_int_equal(put(w, 1514, 0, NS_PER_S + 1001 * NS_PER_US), WIRE_KEPT);
	wire_free(w);

	/* An idle wire takes a frame that is longer than its queue. */
	w = make(&(struct wire_shape){ .rate_bits_per_s = 1000000, .queue_bytes = 3000 });
	assert_int_equal(put(w, 9000, 1, NS_PER_S), WIRE_KEPT);
	assert_int_equal(put(w, 1514, 1, NS_PER_S), WIRE_DROPPED);
	wire_free(w);
}

static void without_a_rate_only_the_delay_counts(void **state)
{
	struct wire *w = make(&(struct wire_shape){ .delay_ns = NS_PER_MS });
	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(put(w, 1514, i, NS_PER_S), WIRE_KEPT);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(take(w), NS_PER_S + NS_PER_MS);
	wire_free(w);
}

/* Frames of all sizes, many times round the store: each comes out once, whole, in order. */
static void the_store_wraps(void **state)
{
	struct wire *w = make(&(struct wire_shape){ .rate_bits_per_s = 0 });
	size_t sizes[4096];
	int in = 0, out = 0, refusals = 0;
	(void)state;
	srand(1);
	while (out < 4096) {
		size_t size = 60 + (size_t)rand() % 60000, length;
		int64_t bytes;
		if (in < 4096 && rand() % 5 && wire_room(w)) {
			sizes[in] = size;
			assert_int_equal(put(w, size, in % 251, 1 + in), WIRE_KEPT);
			in++;
		} else if (in > out) {
			refusals += !wire_room(w);
			const unsigned char *frame = wire_frame(w, &length, &bytes);
			assert_int_equal(length, VNET + sizes[out]);
			assert_int_equal(frame[VNET], out % 251);
			assert_int_equal(frame[length - 1], out % 251);
			assert_int_equal(take(w), 1 + out);
			out++;
		}
	}
	assert_true(refusals > 0); /* it was full at times, and nothing was overwritten */
	wire_free(w);
}

enum { LOSS_FRAMES = 100000 };

static int lose(uint64_t seed, unsigned char *fates)
{
	struct wire *w = make(&(struct wire_shape){ .loss = 0.01, .seed = seed });
	int lost = 0;
	for (int i = 0; i < LOSS_FRAMES; i++) {
		fates[i] = (unsigned char)put(w, 60, 0, 1 + i);
		lost += fates[i] == WIRE_LOST;
		if (wire_due(w) != INT64_MAX)
			wire_done(w);
	}
	wire_free(w);
	return lost;
}

static void loss_is_binomial_and_repeats_with_its_seed(void **state)
{
	static unsigned char one[LOSS_FRAMES], again[LOSS_FRAMES], other[LOSS_FRAMES];
	double expected = LOSS_FRAMES * 0.01, five_sigma = 5 * sqrt(expected * 0.99);
	(void)state;
	assert_true(fabs(lose(1, one) - expected) < five_sigma);
	assert_true(fabs(lose(2, other) - expected) < five_sigma);
	lose(1, again);
	assert_memory_equal(one, again, LOSS_FRAMES);
	assert_memory_not_equal(one, other, LOSS_FRAMES);
}

static void a_lost_frame_takes_its_time_on_the_wire(void **state)
{
	struct wire *w =
		make(&(struct wire_shape){ .rate_bits_per_s = 12304000, .loss = 0.5, .queue_bytes = 1 << 20 });
	int i = 0;
	(void)state;
	while (put(w, 1514, 0, NS_PER_S) == WIRE_LOST)
		i++;
	assert_int_equal(wire_due(w), NS_PER_S + (i + 1) * NS_PER_MS);
	wire_free(w);
}

static void jitter_keeps_order_and_its_bounds(void **state)
{
	const int64_t jitter = 3 * NS_PER_MS, delay = 10 * NS_PER_MS;
	struct wire *w = make(&(struct wire_shape){ .delay_ns = delay, .jitter_ns = jitter, .seed = 3 });
	double sum = 0, squares = 0;
	int64_t last = 0, lowest = INT64_MAX, highest = 0;
	const int count = 400000; /* 10 us apart: 4 s, over 300 knots */
	(void)state;
	for (int i = 0; i < count; i++) {
		int64_t now = NS_PER_S + i * 10 * NS_PER_US;
		assert_int_equal(put(w, 60, 0, now), WIRE_KEPT);
		int64_t due = take(w), took = due - now;
		assert_true(due > last);
		last = due;
		sum += (double)took;
		squares += (double)took * (double)took;
		lowest = took < lowest ? took : lowest;
		highest = took > highest ? took : highest;
	}
	double mean = sum / count, sd = sqrt(squares / count - mean * mean);
	assert_true(lowest >= delay - jitter && highest <= delay + jitter);
	assert_true(lowest < delay - jitter * 8 / 10 && highest > delay + jitter * 8 / 10);
	assert_true(fabs(mean - (double)delay) < 0.1 * (double)jitter);
	assert_true(fabs(sd / ((double)jitter * sqrt(2) / 3) - 1) < 0.15);
	wire_free(w);
}

static void lateness_has_quantiles(void **state)
{
	static struct link_stats before, after;
	(void)state;
	memset(&before, 0, sizeof(before));
	assert_int_equal(link_stats_late_quantile(NULL, &before, 0.99), -1);
	for (int i = 0; i < 100; i++)
		link_stats_late(&before.direction[i % 2], 50 * NS_PER_MS); /* must not count below */
	after = before;
	for (int i = 0; i < 985; i++)
		link_stats_late(&after.direction[i % 2], 10 * NS_PER_US);
	for (int i = 0; i < 15; i++)
		link_stats_late(&after.direction[0], 2 * NS_PER_MS);
	link_stats_late(&after.direction[0], -5);
	int64_t p50 = link_stats_late_quantile(&before, &after, 0.5),
		p99 = link_stats_late_quantile(&before, &after, 0.99);
	assert_in_range(p50, 10 * NS_PER_US, 12 * NS_PER_US);
	assert_in_range(p99, 2 * NS_PER_MS, 2400 * NS_PER_US);
	assert_int_equal(after.direction[0].late_max_ns, 50 * NS_PER_MS);
	link_stats_late(&after.direction[1], INT64_MAX / 2); /* beyond the last bucket */
	assert_true(link_stats_late_quantile(NULL, &after, 1.0) > 60 * NS_PER_S);
}

static void stats_come_back_from_their_file(void **state)
{
	char path[] = "/tmp/test_link_stats.XXXXXX";
	static struct link_stats written, read;
	struct err e = { 0 };
	(void)state;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	memset(&written, 0, sizeof(written));
	written.head_ns = 123456789012345;
	written.realtime = 1;
	for (int d = 0; d < 2; d++) {
		struct link_direction_stats *s = &written.direction[d];
		*s = (struct link_direction_stats){
			.forwarded = 10 + d, .bytes = INT64_C(1) << 50, .dropped = 3, .lost = 4, .refused = 5
		};
		for (int i = 0; i < 1000; i++)
			link_stats_late(s, (int64_t)i * i * 1000);
	}
	assert_int_equal(link_stats_write(path, &written, &e), 0);
	assert_int_equal(link_stats_read(path, &read, &e), 0);
	assert_memory_equal(&written, &read, sizeof(read));

	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs("head_ns what\n", file);
	fclose(file);
	assert_int_equal(link_stats_read(path, &read, &e), -1);
	assert_non_null(strstr(e.text, "bad line"));
	unlink(path);
	assert_int_equal(link_stats_read(path, &read, &e), -1);
	assert_int_equal(link_stats_write("/nonexistent/stats", &written, &e), -1);
}

static void shapes_out_of_range_are_refused(void **state)
{
	const struct link_shape bad[] = {
		{ .rate_bits_per_s = -1 },
		{ .rate_bits_per_s = 9999 },
		{ .rate_bits_per_s = INT64_C(200000000000) },
		{ .rtt_ns = -1 },
		{ .rtt_ns = 11 * NS_PER_S },
		{ .rtt_ns = NS_PER_MS, .jitter_ns = 2 * NS_PER_MS },
		{ .loss = 0.6 },
		{ .loss = -0.1 },
		{ .loss = (double)NAN },
		{ .queue_bytes = -5 },
		{ .queue_bytes = 100 },
	};
	struct link_shape good = {
		.rate_bits_per_s = 100000000, .rtt_ns = NS_PER_MS, .jitter_ns = NS_PER_MS, .loss = 0.5
	};
	struct link link = { .frame_overhead = 38 };
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct link_shape s = bad[i];
		struct err e = { 0 };
		assert_int_equal(link_check_shape(&s, &e), -1);
		assert_int_equal(e.status, EXIT_USAGE);
	}
	assert_int_equal(link_check_shape(&good, NULL), 0);
	assert_int_equal(good.queue_bytes, 625000);
	assert_int_equal(link_default_queue(1000000), 60000);
	link.shape = good;
	assert_true(fabs(link_ideal_goodput(&link) / 94.148e6 - 1) < 1e-4); /* as in tables of TCP over Ethernet */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_counted_as_on_ethernet),
		cmocka_unit_test(frames_leave_at_the_rate_and_arrive_after_the_delay),
		cmocka_unit_test(a_full_queue_drops_the_tail),
		cmocka_unit_test(without_a_rate_only_the_delay_counts),
		cmocka_unit_test(the_store_wraps),
		cmocka_unit_test(loss_is_binomial_and_repeats_with_its_seed),
		cmocka_unit_test(a_lost_frame_takes_its_time_on_the_wire),
		cmocka_unit_test(jitter_keeps_order_and_its_bounds),
		cmocka_unit_test(lateness_has_quantiles),
		cmocka_unit_test(stats_come_back_from_their_file),
		cmocka_unit_test(shapes_out_of_range_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The streams between a client and a guest: their bookkeeping, two ends of a connection, and the collector with the workload
 * itself, in a network of the test's own.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/stream_end.h"
#include "collectors/collector.h"
#include "collectors/continuity.h"
#include "t/loopback.h"
#include "t/scratch.h"
#include "workloads/workload.h"

#include <json-c/json.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- bookkeeping ---- */

static void take(struct stream_receipt *s, uint32_t number)
{
	const struct stream_record r = { .number = number, .sent_ns = 1000 * ((int64_t)number + 1) };
	stream_take(s, &r);
}

static void order_loss_and_repeats_are_told_apart(void **state)
{
	struct stream_receipt s = { 0 };
	(void)state;
	for (uint32_t n = 0; n < 10; n++)
		take(&s, n);
	take(&s, 14); /* 10 to 13 are not there */
	assert_int_equal(s.received, 11);
	assert_int_equal(s.next, 15);
	assert_int_equal(s.reordered, 0);
	assert_int_equal(s.hole_ns, 5000);
	assert_int_equal(s.hole_from_ns, 10000);
	take(&s, 12);
	assert_int_equal(s.reordered, 1);
	assert_int_equal(s.received, 12);
	take(&s, 12);
	take(&s, 14);
	assert_int_equal(s.duplicates, 2);
	assert_int_equal(s.received, 12);
	take(&s, 15);
	assert_int_equal(s.next - s.received, 3); /* 10, 11, 13 */
	assert_int_equal(s.newest_sent_ns, 16000);
	take(&s, 200); /* the window is left behind */
	take(&s, 100);
	assert_int_equal(s.reordered, 2);
	take(&s, 200);
	assert_int_equal(s.duplicates, 3);
}

static void a_record_is_what_was_sent(void **state)
{
	const struct stream_record sent = { .stream = UINT64_C(0x1122334455667788),
		                            .sender = STREAM_GUEST,
		                            .number = 42,
		                            .sent_ns = 123456789012,
		                            .retransmits = 3,
		                            .report = { .received = 9,
		                                        .next = 11,
		                                        .reordered = 1,
		                                        .duplicates = 2,
		                                        .newest_sent_ns = 77,
		                                        .hole_ns = 88,
		                                        .hole_from_ns = 99 } };
	unsigned char bytes[STREAM_RECORD_BYTES + 1] = { 0 };
	struct stream_record got;
	(void)state;
	stream_record_encode(&sent, bytes);
	assert_int_equal(stream_record_decode(bytes, STREAM_RECORD_BYTES, &got), 0);
	assert_int_equal(got.stream, sent.stream);
	assert_int_equal(got.number, 42);
	assert_int_equal(got.retransmits, 3);
	assert_int_equal(got.report.hole_from_ns, 99);
	assert_int_equal(stream_record_decode(bytes, STREAM_RECORD_BYTES + 1, &got), -1);
	assert_int_equal(stream_record_decode(bytes, STREAM_RECORD_BYTES - 1, &got), -1);
	bytes[5] = 2; /* a sender that there is not */
	assert_int_equal(stream_record_decode(bytes, STREAM_RECORD_BYTES, &got), -1);
	bytes[5] = 1;
	bytes[32] = 200; /* more received than sent */
	assert_int_equal(stream_record_decode(bytes, STREAM_RECORD_BYTES, &got), -1);
}

/* ---- two ends ---- */

static void ends_make(int type, struct stream_end *client, struct stream_end *guest)
{
	int fds[2];
	assert_int_equal(socketpair(AF_UNIX, type, 0, fds), 0);
	stream_end_open(client, fds[0], type == SOCK_STREAM, STREAM_CLIENT, 5);
	stream_end_open(guest, fds[1], type == SOCK_STREAM, STREAM_GUEST, 0);
}

static void what_one_end_has_stands_in_what_it_sends(void **state)
{
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };
	(void)state;
	for (int t = 0; t < 2; t++) {
		struct stream_end client, guest;
		struct stream_record r;
		ends_make(types[t], &client, &guest);
		assert_false(stream_end_send(&guest, 1)); /* whose stream is it? */
		for (int i = 0; i < 3; i++)
			assert_true(stream_end_send(&client, 1000 + i));
		for (int i = 0; i < 3; i++)
			assert_int_equal(stream_end_take(&guest, &r), 1);
		assert_int_equal(stream_end_take(&guest, &r), 0);
		assert_int_equal(guest.stream, 5);
		assert_true(stream_end_send(&guest, 7));
		assert_int_equal(stream_end_take(&client, &r), 1);
		assert_int_equal(r.report.received, 3);
		assert_int_equal(r.report.newest_sent_ns, 1002);
		stream_end_close(&client);
		stream_end_close(&guest);
	}
}

static void tcp_ends_with_a_reason_and_udp_does_not(void **state)
{
	struct stream_end client, guest;
	struct stream_record r;
	const char rubbish[STREAM_RECORD_BYTES] = "rubbish";
	(void)state;
	ends_make(SOCK_STREAM, &client, &guest);
	stream_end_close(&guest);
	assert_int_equal(stream_end_take(&client, &r), -1);
	assert_string_equal(client.reason, "closed by the peer");
	assert_false(stream_end_send(&client, 1));
	ends_make(SOCK_STREAM, &client, &guest);
	assert_int_equal(write(guest.fd, rubbish, 10), 10); /* a part only */
	assert_int_equal(stream_end_take(&client, &r), 0);
	assert_int_equal(write(guest.fd, rubbish, sizeof(rubbish) - 10), sizeof(rubbish) - 10);
	assert_int_equal(stream_end_take(&client, &r), -1);
	assert_string_equal(client.reason, "bytes that are no record");
	stream_end_close(&guest);
	ends_make(SOCK_DGRAM, &client, &guest);
	assert_true(stream_end_send(&client, 1));
	assert_int_equal(stream_end_take(&guest, &r), 1);
	assert_int_equal(write(guest.fd, rubbish, sizeof(rubbish)), sizeof(rubbish));
	assert_true(stream_end_send(&guest, 1));
	assert_int_equal(stream_end_take(&client, &r), 1); /* past the rubbish */
	stream_end_close(&client);
	stream_end_close(&guest);
}

/* ---- the collector and the workload ---- */

struct load {
	struct workload w;
	pthread_t thread;
};

static void *load_main(void *argument)
{
	struct workload *w = argument;
	w->ops->run(w);
	return NULL;
}

/* The last row of a stream in continuity-vm1.csv, its columns from `sent` on. */
static int last_row(const char *stream, long long values[16])
{
	char path[300], line[512];
	int found = 0;
	snprintf(path, sizeof(path), "%s/continuity-vm1.csv", scratch);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *at = strchr(line, ',');
		if (!at || strncmp(at + 1, stream, 3) != 0)
			continue;
		at = strchr(at + 1, ',');
		found = 0;
		for (char *end; at && found < 16; at = strchr(at + 1, ',')) {
			long long value = strtoll(at + 1, &end, 10);
			values[found++] = end == at + 1 ? -1 : value;
		}
	}
	fclose(f);
	return found;
}

static void a_client_and_a_guest_count_each_other(void **state)
{
	enum { SENT, RECEIVED, NEXT, GUEST_RECEIVED = 7, GUEST_NEXT = 8, AGAIN = 13, ALIVE = 15 };
	struct watched_vm vm = { .name = "vm1", .data_ip = "127.0.0.1", .stream_interval_ns = NS_PER_MS };
	struct watch watch = { .directory = scratch, .vms = &vm, .vm_count = 1, .packet_bin_ns = 10 * NS_PER_MS };
	struct load load;
	struct err e = { 0 };
	struct json_object *facts = json_object_new_object();
	long long udp[16], tcp[16];
	void *options = workload_options_new(&stream_workload, &e), *client = NULL;
	(void)state;
	if (workload_init(&load.w, &stream_workload, options, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_create(&load.thread, NULL, load_main, &load.w), 0);
	if (continuity_collector.start(&watch, &client, &e) < 0)
		fail_msg("%s", e.text);
	continuity_begin(client);
	/* Until both directions have carried something, however slow this machine is. */
	for (int i = 0; i < 600 && atomic_load(&load.w.work) < 400; i++)
		clock_sleep(10 * NS_PER_MS);
	assert_int_equal(continuity_collector.stop(client, facts, &e), 0);
	atomic_store(&load.w.stop, true);
	pthread_join(load.thread, NULL);
	workload_end(&load.w);
	free(options);
	json_object_put(facts);

	assert_int_equal(last_row("udp", udp), 16);
	assert_int_equal(last_row("tcp", tcp), 16);
	for (int t = 0; t < 2; t++) {
		const long long *row = t ? tcp : udp;
		assert_true(row[SENT] > 2 && row[RECEIVED] > 2);
		assert_int_equal(row[RECEIVED], row[NEXT]); /* nothing is lost on lo */
		assert_int_equal(row[GUEST_RECEIVED], row[GUEST_NEXT]);
		assert_true(row[GUEST_RECEIVED] > 0 && row[GUEST_RECEIVED] <= row[SENT]);
	}
	assert_int_equal(tcp[ALIVE], 1);
	assert_true(tcp[AGAIN] >= 0);
	assert_int_equal(udp[ALIVE], -1);
	assert_int_equal(udp[AGAIN], -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_loss_and_repeats_are_told_apart),
		cmocka_unit_test(a_record_is_what_was_sent),
		cmocka_unit_test(what_one_end_has_stands_in_what_it_sends),
		cmocka_unit_test(tcp_ends_with_a_reason_and_udp_does_not),
		cmocka_unit_test(a_client_and_a_guest_count_each_other),
	};
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

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

/* Sent every 1000 ns, taken so much later by the receiver's clock, which began elsewhere. */
static void take_late(struct stream_receiver *s, uint32_t number, int64_t late_ns, uint16_t epoch)
{
	const struct stream_record r = { .number = number, .sent_ns = 1000 * ((int64_t)number + 1), .epoch = epoch };
	stream_take(s, &r, 77000 + r.sent_ns + late_ns);
}

static void take(struct stream_receiver *s, uint32_t number)
{
	take_late(s, number, 0, 0);
}

static void order_loss_and_repeats_are_told_apart(void **state)
{
	struct stream_receiver receiver = { 0 }, *r = &receiver;
	(void)state;
	for (uint32_t n = 0; n < 10; n++)
		take(r, n);
	take(r, 14); /* 10 to 13 are not there */
	assert_int_equal(r->receipt.received, 11);
	assert_int_equal(r->receipt.next, 15);
	assert_int_equal(r->receipt.reordered, 0);
	assert_int_equal(r->receipt.hole_ns, 5000);
	assert_int_equal(r->receipt.hole_from_ns, 10000);
	take(r, 12);
	assert_int_equal(r->receipt.reordered, 1);
	assert_int_equal(r->receipt.received, 12);
	take(r, 12);
	take(r, 14);
	assert_int_equal(r->receipt.duplicates, 2);
	assert_int_equal(r->receipt.received, 12);
	take(r, 15);
	assert_int_equal(r->receipt.next - r->receipt.received, 3); /* 10, 11, 13 */
	assert_int_equal(r->receipt.newest_sent_ns, 16000);
	take(r, 200);
	take(r, 100);
	assert_int_equal(r->receipt.reordered, 2);
	/* However far behind: what came before hides no loss. */
	uint32_t lost = r->receipt.next - r->receipt.received;
	take(r, 100);
	take(r, 3);
	assert_int_equal(r->receipt.duplicates, 4);
	assert_int_equal(r->receipt.reordered, 2);
	assert_int_equal(r->receipt.next - r->receipt.received, lost);
	take(r, 200);
	assert_int_equal(r->receipt.duplicates, 5);
	stream_receiver_end(r);
}

static void a_gap_is_what_was_not_taken(void **state)
{
	struct stream_receiver receiver = { 0 }, *r = &receiver;
	(void)state;
	for (uint32_t n = 0; n < 10; n++)
		take(r, n);
	take(r, 20); /* ten of them are lost */
	assert_int_equal(r->receipt.hole_ns, 11000);
	assert_int_equal(r->receipt.silence_ns, 11000);
	take_late(r, 21, 2000, 1); /* of a new epoch: late, and none is lost */
	assert_int_equal(r->receipt.epoch, 1);
	assert_int_equal(r->receipt.hole_ns, 1000);
	assert_int_equal(r->receipt.silence_ns, 3000);
	assert_int_equal(r->receipt.silence_from_ns, 21000);
	take_late(r, 22, 2000, 1);
	take_late(r, 30, -6000, 1); /* the receiver's clock stood still */
	assert_int_equal(r->receipt.hole_ns, 8000);
	assert_int_equal(r->receipt.hole_from_ns, 23000);
	assert_int_equal(r->receipt.silence_ns, 3000);
	assert_int_equal(r->receipt.silence_from_ns, 21000);
	take_late(r, 31, -6000, 1);
	take_late(r, 34, 0, 1);
	assert_int_equal(r->receipt.silence_ns, 9000);
	assert_int_equal(r->receipt.silence_from_ns, 32000);
	assert_int_equal(r->receipt.hole_ns, 8000);
	stream_receiver_end(r);
}

static void numbers_end_with_words(void **state)
{
	struct stream_end client;
	struct stream_record r = { .number = STREAM_NUMBERS };
	unsigned char bytes[STREAM_RECORD_BYTES];
	int fds[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	stream_end_open(&client, fds[0], true, STREAM_CLIENT, 5);
	client.number = STREAM_NUMBERS - 1;
	assert_true(stream_end_send(&client, 1));
	assert_int_equal(read(fds[1], bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(stream_record_decode(bytes, sizeof(bytes), &r), 0);
	assert_int_equal(r.number, STREAM_NUMBERS - 1);
	assert_false(stream_end_send(&client, 2));
	assert_non_null(strstr(client.reason, "all 67108864 numbers"));
	assert_true(client.fd >= 0);
	r.number = STREAM_NUMBERS;
	stream_record_encode(&r, bytes);
	assert_int_equal(stream_record_decode(bytes, sizeof(bytes), &r), -1);
	stream_end_close(&client);
	close(fds[1]);
}

static void a_record_is_what_was_sent(void **state)
{
	const struct stream_record sent = { .stream = UINT64_C(0x1122334455667788),
		                            .sender = STREAM_GUEST,
		                            .number = 42,
		                            .sent_ns = 123456789012,
		                            .retransmits = 3,
		                            .epoch = 0x102,
		                            .report = { .received = 9,
		                                        .next = 11,
		                                        .reordered = 1,
		                                        .duplicates = 2,
		                                        .newest_sent_ns = 77,
		                                        .epoch = 0x102,
		                                        .hole_ns = 88,
		                                        .silence_ns = 66,
		                                        .silence_from_ns = 55,
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
	assert_int_equal(got.report.silence_ns, 66);
	assert_int_equal(got.report.silence_from_ns, 55);
	assert_int_equal(got.epoch, 0x102);
	assert_int_equal(got.report.epoch, 0x102);
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
static int last_row(const char *stream, long long values[20])
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
		for (char *end; at && found < 20; at = strchr(at + 1, ',')) {
			long long value = strtoll(at + 1, &end, 10);
			values[found++] = end == at + 1 ? -1 : value;
		}
	}
	fclose(f);
	return found;
}

static void a_client_and_a_guest_count_each_other(void **state)
{
	enum {
		SENT,
		RECEIVED,
		NEXT,
		GUEST_RECEIVED = 7,
		GUEST_NEXT = 8,
		AGAIN = 13,
		ALIVE = 15,
		SILENCE = 16,
		EPOCH = 18,
		LAST = 19
	};
	struct watched_vm vm = { .name = "vm1", .data_ip = "127.0.0.1", .stream_interval_ns = NS_PER_MS };
	struct watch watch = { .directory = scratch, .vms = &vm, .vm_count = 1, .packet_bin_ns = 10 * NS_PER_MS };
	struct load load;
	struct err e = { 0 };
	struct json_object *facts = json_object_new_object();
	long long udp[20], tcp[20];
	void *options = workload_options_new(&stream_workload, &e), *client = NULL;
	int64_t began_ns = clock_now_ns();
	(void)state;
	if (workload_init(&load.w, &stream_workload, options, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_create(&load.thread, NULL, load_main, &load.w), 0);
	if (continuity_collector.start(&watch, &client, &e) < 0)
		fail_msg("%s", e.text);
	continuity_phase(client, CONTINUITY_MIGRATION);
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

	assert_int_equal(last_row("udp", udp), 20);
	assert_int_equal(last_row("tcp", tcp), 20);
	for (int t = 0; t < 2; t++) {
		const long long *row = t ? tcp : udp;
		assert_true(row[SENT] > 2 && row[RECEIVED] > 2);
		assert_int_equal(row[RECEIVED], row[NEXT]); /* nothing is lost on lo */
		assert_int_equal(row[GUEST_RECEIVED], row[GUEST_NEXT]);
		assert_int_equal(row[EPOCH], CONTINUITY_MIGRATION);
		assert_true(row[SILENCE] > 0); /* as the guest says */
		assert_in_range(row[LAST], began_ns, clock_now_ns());
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
		cmocka_unit_test(a_gap_is_what_was_not_taken),
		cmocka_unit_test(numbers_end_with_words),
		cmocka_unit_test(a_record_is_what_was_sent),
		cmocka_unit_test(what_one_end_has_stands_in_what_it_sends),
		cmocka_unit_test(tcp_ends_with_a_reason_and_udp_does_not),
		cmocka_unit_test(a_client_and_a_guest_count_each_other),
	};
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

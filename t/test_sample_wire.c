/* The datagram codec: round trips, and every field that a stranger may have set. */
#include "bench/base/sample_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RUN_ID UINT64_C(0xfedcba9876543210)

static struct message hello(void)
{
	struct message m;
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_HELLO;
	m.run_id = RUN_ID;
	m.vm = 0x1234;
	m.hello.state = AGENT_RUNNING;
	m.hello.workloads = 2;
	m.hello.boot_ns = 5000000000;
	for (int i = 0; i < WORKLOADS_PER_GUEST; i++) {
		m.hello.next_seq[i] = (uint32_t)(100 + i);
		m.hello.job_done_guest_ns[i] = i == 1 ? 4000000000 : -1;
	}
	m.hello.slots_missed = 3;
	strcpy(m.hello.detail, "filling 40 of 96 MiB");
	return m;
}

static struct message samples(int count)
{
	struct message m;
	memset(&m, 0, sizeof(m));
	m.type = MESSAGE_SAMPLES;
	m.run_id = RUN_ID;
	m.samples.workload = 1;
	m.samples.count = (uint8_t)count;
	for (int i = 0; i < count; i++)
		m.samples.sample[i] = (struct sample){ UINT32_C(0xfffffff0) - 24 + (uint32_t)i,
			                               SAMPLE_VALUE_LIMIT - 1 - i, SAMPLE_VALUE_LIMIT - 1, i, i / 2 };
	return m;
}

static int decodes(const unsigned char *bytes, size_t length, const char **ret_reason)
{
	struct message m;
	/* Exactly as long as it is, for the sanitizer. */
	unsigned char *copy = malloc(length ? length : 1);
	memcpy(copy, bytes, length);
	int result = message_decode(copy, length, &m, ret_reason);
	free(copy);
	return result;
}

static void hello_round_trip(void **state)
{
	(void)state;
	unsigned char bytes[MESSAGE_ROOM];
	const char *reason;
	struct message sent = hello(), got;
	memset(&got, 0, sizeof(got)); /* the padding too */
	size_t length = message_encode(&sent, bytes);
	assert_int_equal(message_decode(bytes, length, &got, &reason), 0);
	assert_null(reason);
	assert_int_equal(got.type, MESSAGE_HELLO);
	assert_true(got.run_id == RUN_ID);
	assert_int_equal(got.vm, 0x1234);
	assert_memory_equal(&got.hello, &sent.hello, sizeof(sent.hello));
}

static void samples_round_trip_at_every_count(void **state)
{
	(void)state;
	unsigned char bytes[MESSAGE_ROOM];
	for (int count = 1; count <= SAMPLES_PER_MESSAGE; count++) {
		struct message sent = samples(count), got;
		size_t length = message_encode(&sent, bytes);
		assert_true(length <= MESSAGE_ROOM);
		assert_int_equal(message_decode(bytes, length, &got, NULL), 0);
		assert_int_equal(got.samples.count, count);
		assert_int_equal(got.samples.workload, 1);
		for (int i = 0; i < count; i++) {
			assert_int_equal(got.samples.sample[i].seq, sent.samples.sample[i].seq);
			assert_true(got.samples.sample[i].guest_ns == sent.samples.sample[i].guest_ns);
			assert_true(got.samples.sample[i].work == SAMPLE_VALUE_LIMIT - 1);
			assert_true(got.samples.sample[i].worst_op_ns == i);
			assert_true(got.samples.sample[i].worst_service_ns == i / 2);
		}
	}
}

static void commands_round_trip(void **state)
{
	(void)state;
	unsigned char bytes[MESSAGE_ROOM];
	for (enum message_type type = MESSAGE_START; type <= MESSAGE_PACE; type++) {
		struct message sent = { .type = type, .run_id = RUN_ID, .vm = 9 }, got;
		if (type == MESSAGE_FETCH) {
			sent.fetch.workload = 3;
			sent.fetch.first = UINT32_MAX - 65534;
			sent.fetch.count = 65535;
		}
		if (type == MESSAGE_PACE)
			sent.pace.interval_ns = SAMPLE_INTERVAL_MAX_NS;
		size_t length = message_encode(&sent, bytes);
		assert_int_equal(message_decode(bytes, length, &got, NULL), 0);
		assert_int_equal(got.type, type);
		assert_int_equal(got.vm, 9);
		if (type == MESSAGE_PACE)
			assert_true(got.pace.interval_ns == SAMPLE_INTERVAL_MAX_NS);
		if (type == MESSAGE_FETCH) {
			assert_int_equal(got.fetch.workload, 3);
			assert_int_equal(got.fetch.first, UINT32_MAX - 65534);
			assert_int_equal(got.fetch.count, 65535);
		}
		/* One byte more or less is another message. */
		assert_int_equal(decodes(bytes, length - 1, NULL), -1);
		bytes[length] = 0;
		assert_int_equal(decodes(bytes, length + 1, NULL), -1);
	}
}

static void every_length_but_the_right_one_is_refused(void **state)
{
	(void)state;
	unsigned char bytes[2 * MESSAGE_ROOM] = { 0 };
	struct message m[] = { hello(), samples(5) };
	for (size_t k = 0; k < 2; k++) {
		size_t right = message_encode(&m[k], bytes);
		memset(bytes + right, 0, sizeof(bytes) - right);
		for (size_t length = 0; length < sizeof(bytes); length++)
			assert_int_equal(decodes(bytes, length, NULL), length == right ? 0 : -1);
	}
}

struct damage {
	enum message_type type;
	size_t offset;
	unsigned char value;
	const char *reason;
};

/* One byte set in a message that is good: where it is refused, and why. Offsets as in sample_wire.c. */
static void each_damaged_field_is_refused_with_its_reason(void **state)
{
	(void)state;
	static const struct damage damages[] = {
		{ MESSAGE_HELLO, 0, 'X', "wrong magic" },
		{ MESSAGE_HELLO, 4, SAMPLE_WIRE_VERSION + 1, "other version" },
		{ MESSAGE_HELLO, 5, 0, "unknown message type" },
		{ MESSAGE_HELLO, 5, MESSAGE_PACE + 1, "unknown message type" },
		{ MESSAGE_HELLO, 5, MESSAGE_START, "bytes after a command" },
		{ MESSAGE_HELLO, 16, AGENT_FAILED + 1, "unknown agent state" },
		{ MESSAGE_HELLO, 17, 0, "workload count out of range" },
		{ MESSAGE_HELLO, 17, WORKLOADS_PER_GUEST + 1, "workload count out of range" },
		{ MESSAGE_HELLO, 25, 0x80, "guest clock out of range" },
		{ MESSAGE_HELLO, 42, 0xfe, "end of job out of range" },
		{ MESSAGE_HELLO, 81, 0x80, "missed slots out of range" },
		{ MESSAGE_HELLO, 84, '\n', "detail text not printable" },
		{ MESSAGE_HELLO, 84, 0x1b, "detail text not printable" },
		{ MESSAGE_HELLO, 84, 0x80, "detail text not printable" },
		{ MESSAGE_HELLO, 84, 0, "detail text not printable" }, /* text after the end */
		{ MESSAGE_SAMPLES, 16, WORKLOADS_PER_GUEST, "workload index out of range" },
		{ MESSAGE_SAMPLES, 17, 2, "fetched flag out of range" },
		{ MESSAGE_SAMPLES, 18, 0, "sample count out of range" },
		{ MESSAGE_SAMPLES, 18, SAMPLES_PER_MESSAGE + 1, "sample count out of range" },
		{ MESSAGE_SAMPLES, 18, 4, "length does not match the sample count" },
		{ MESSAGE_SAMPLES, 19, 1, "reserved byte set" },
		{ MESSAGE_SAMPLES, 31, 0x80, "negative stamp, work or latency" },
		{ MESSAGE_SAMPLES, 39, 0x80, "negative stamp, work or latency" },
		{ MESSAGE_SAMPLES, 47, 0x80, "negative stamp, work or latency" },
		{ MESSAGE_SAMPLES, 31, 0x10, "stamp, work or latency out of range" },
		{ MESSAGE_SAMPLES, 39, 0x10, "stamp, work or latency out of range" },
		{ MESSAGE_SAMPLES, 47, 0x10, "stamp, work or latency out of range" },
		{ MESSAGE_SAMPLES, 48, 1, "operation shorter than its service" },
		{ MESSAGE_SAMPLES, 55, 0x80, "negative stamp, work or latency" },
		{ MESSAGE_SAMPLES, 56, 0, "sample numbers not ascending" },
		{ MESSAGE_FETCH, 16, WORKLOADS_PER_GUEST, "workload index out of range" },
		{ MESSAGE_FETCH, 17, 1, "reserved byte set" },
		{ MESSAGE_FETCH, 18, 0, "range to fetch is empty or too long" },
		{ MESSAGE_PACE, 16, 1, "sampling interval out of range" },
		{ MESSAGE_PACE, 23, 0x80, "sampling interval out of range" },
	};
	for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
		const struct damage *d = &damages[i];
		struct message m = { .type = d->type, .run_id = RUN_ID };
		if (d->type == MESSAGE_HELLO)
			m = hello();
		else if (d->type == MESSAGE_SAMPLES)
			m = samples(5);
		else if (d->type == MESSAGE_FETCH)
			m.fetch.count = 1;
		unsigned char bytes[MESSAGE_ROOM];
		const char *reason = NULL;
		size_t length = message_encode(&m, bytes);
		assert_int_equal(decodes(bytes, length, NULL), 0);
		bytes[d->offset] = d->value;
		assert_int_equal(decodes(bytes, length, &reason), -1);
		assert_string_equal(reason, d->reason);
	}
}

static void a_range_past_the_last_number_is_refused(void **state)
{
	(void)state;
	unsigned char bytes[MESSAGE_ROOM] = { 0 };
	struct message m = { .type = MESSAGE_FETCH, .run_id = RUN_ID };
	m.fetch.first = UINT32_MAX;
	m.fetch.count = 1;
	assert_int_equal(decodes(bytes, message_encode(&m, bytes), NULL), 0);
	m.fetch.count = 2;
	assert_int_equal(decodes(bytes, message_encode(&m, bytes), NULL), -1);
}

static void text_that_could_harm_a_terminal_is_never_sent(void **state)
{
	(void)state;
	unsigned char bytes[MESSAGE_ROOM];
	struct message sent = hello(), got;
	strcpy(sent.hello.detail, "a\x1b[2J\tb\xc3\xa4");
	assert_int_equal(message_decode(bytes, message_encode(&sent, bytes), &got, NULL), 0);
	assert_string_equal(got.hello.detail, "a?[2J?b??");
	memset(sent.hello.detail, 'x', sizeof(sent.hello.detail)); /* and one that was never ended is */
	assert_int_equal(message_decode(bytes, message_encode(&sent, bytes), &got, NULL), 0);
	assert_int_equal(strlen(got.hello.detail), sizeof(sent.hello.detail) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hello_round_trip),
		cmocka_unit_test(samples_round_trip_at_every_count),
		cmocka_unit_test(commands_round_trip),
		cmocka_unit_test(every_length_but_the_right_one_is_refused),
		cmocka_unit_test(each_damaged_field_is_refused_with_its_reason),
		cmocka_unit_test(a_range_past_the_last_number_is_refused),
		cmocka_unit_test(text_that_could_harm_a_terminal_is_never_sent),
	};
	return cmocka_run_group_tests_name("sample_wire", tests, NULL, NULL);
}

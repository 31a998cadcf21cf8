/* The agent's whole life over real UDP, on the loopback of a network namespace of its own. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/sample_wire.h"
#include "t/loopback.h"
#include "workloads/agent.h"
#include "workloads/heartbeat.h"
#include "workloads/settings.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RUN_ID UINT64_C(0x1122334455667788)
#define PATIENCE_NS (20 * NS_PER_S) /* then something is broken, however busy the machine is */

static atomic_int powered_off;

static void ignore(const char *line)
{
	(void)line;
}

static void note_power_off(void)
{
	atomic_store(&powered_off, 1);
}

static const struct agent_hooks hooks = { ignore, note_power_off };

struct fixture {
	struct guest_settings settings;
	struct agent *agent;
	pthread_t work;
	int result;
	struct err failure;
	int fd, heart_fd;
};

static int listen_on(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_port = htons((uint16_t)port),
		                 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void *work_main(void *argument)
{
	struct fixture *f = argument;
	f->result = agent_work(f->agent, &f->failure);
	return NULL;
}

static struct fixture *begin(const char *words)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char line[512];
	struct err e = { 0 };
	snprintf(line, sizeof(line), "migmeter.run=1122334455667788 migmeter.vm=5 migmeter.head=127.0.0.1 %s", words);
	guest_settings_init(&f->settings);
	if (guest_settings_parse(&f->settings, line, &e) < 0 || guest_settings_check(&f->settings, &e) < 0)
		fail_msg("%s", e.text);
	f->fd = listen_on(SAMPLE_WIRE_PORT);
	f->heart_fd = listen_on(SAMPLE_HEARTBEAT_PORT);
	if (agent_start(&f->agent, &f->settings, &hooks, &e) < 0)
		fail_msg("%s", e.text);
	pthread_create(&f->work, NULL, work_main, f);
	return f;
}

/* Returns what agent_work() did. */
static int end(struct fixture *f)
{
	pthread_join(f->work, NULL);
	int result = f->result;
	agent_end(f->agent);
	guest_settings_free(&f->settings);
	close(f->fd);
	close(f->heart_fd);
	free(f);
	return result;
}

static void tell(struct fixture *f, struct message *m)
{
	unsigned char bytes[MESSAGE_ROOM];
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_port = htons(SAMPLE_CONTROL_PORT),
		                 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	size_t length = message_encode(m, bytes);
	assert_int_equal(sendto(f->fd, bytes, length, 0, (struct sockaddr *)&a, sizeof(a)), length);
}

static void command(struct fixture *f, enum message_type type)
{
	struct message m = { .type = type, .run_id = RUN_ID, .vm = 5 };
	tell(f, &m);
}

/* The next message; every one must be whole and of this run. */
static struct message next(struct fixture *f)
{
	unsigned char bytes[MESSAGE_ROOM + 1];
	struct message m;
	const char *reason;
	struct pollfd p = { .fd = f->fd, .events = POLLIN };
	assert_int_equal(poll(&p, 1, (int)(PATIENCE_NS / NS_PER_MS)), 1);
	ssize_t length = recv(f->fd, bytes, sizeof(bytes), 0);
	if (message_decode(bytes, (size_t)length, &m, &reason) < 0)
		fail_msg("%s", reason);
	assert_true(m.run_id == RUN_ID);
	assert_int_equal(m.vm, 5);
	return m;
}

static struct message await_state(struct fixture *f, enum agent_state state)
{
	int64_t deadline = clock_now_ns() + PATIENCE_NS;
	for (;;) {
		struct message m = next(f);
		if (m.type == MESSAGE_HELLO && m.hello.state == state)
			return m;
		assert_true(clock_now_ns() < deadline);
	}
}

/* Check one SAMPLES message against what came before it; returns the highest seq so far. */
static int64_t check_samples(const struct message *m, struct sample *last)
{
	for (int i = 0; i < m->samples.count; i++) {
		const struct sample *s = &m->samples.sample[i];
		if (i > 0) {
			assert_int_equal(s->seq, s[-1].seq + 1);
			assert_true(s->guest_ns > s[-1].guest_ns && s->work >= s[-1].work);
		}
		if (s->seq > last->seq || last->guest_ns == 0)
			*last = *s;
	}
	return last->seq;
}

static void an_agent_runs_its_life(void **state)
{
	(void)state;
	struct fixture *f =
		begin("migmeter.workload=intadd+idle migmeter.intadd.job=3000000 migmeter.headdata=127.0.0.1");
	struct message hello = await_state(f, AGENT_READY);
	struct sample last[2] = { 0 };
	assert_int_equal(hello.hello.workloads, 2);
	assert_int_equal(hello.hello.next_seq[0], 0);
	assert_true(hello.hello.job_done_guest_ns[0] == -1);

	/* Another run's command, another VM's, and garbage: nothing happens. */
	struct message stranger = { .type = MESSAGE_START, .run_id = RUN_ID + 1, .vm = 5 };
	tell(f, &stranger);
	stranger = (struct message){ .type = MESSAGE_START, .run_id = RUN_ID, .vm = 6 };
	tell(f, &stranger);
	stranger = (struct message){ .type = MESSAGE_POWEROFF, .run_id = 0, .vm = 5 };
	tell(f, &stranger);
	for (int i = 0; i < 3; i++) {
		hello = next(f);
		assert_int_equal(hello.type, MESSAGE_HELLO);
		assert_int_equal(hello.hello.state, AGENT_READY);
	}
	assert_int_equal(atomic_load(&powered_off), 0);

	command(f, MESSAGE_START);
	command(f, MESSAGE_START);
	await_state(f, AGENT_RUNNING);
	while (last[0].seq < 20 || last[1].seq < 20 || last[0].work < 3000000) {
		struct message m = next(f);
		if (m.type == MESSAGE_SAMPLES) {
			assert_in_range(m.samples.workload, 0, 1);
			assert_int_equal(m.samples.fetched, 0);
			check_samples(&m, &last[m.samples.workload]);
		}
	}
	assert_true(last[0].work == 3000000);
	assert_true(last[1].work == (int64_t)last[1].seq + 1);

	command(f, MESSAGE_STOP);
	hello = await_state(f, AGENT_DONE);
	assert_true(hello.hello.next_seq[0] > 20);
	assert_true(hello.hello.job_done_guest_ns[0] > 0);
	assert_true(hello.hello.job_done_guest_ns[1] == -1);

	/* All of it can be fetched, to the last one and not further. */
	struct message fetch = { .type = MESSAGE_FETCH, .run_id = RUN_ID, .vm = 5 };
	fetch.fetch.workload = 0;
	fetch.fetch.first = 0;
	fetch.fetch.count = 65535;
	tell(f, &fetch);
	uint32_t wanted = 0;
	while (wanted < hello.hello.next_seq[0]) {
		struct message m = next(f);
		if (m.type != MESSAGE_SAMPLES || !m.samples.fetched)
			continue;
		assert_int_equal(m.samples.sample[0].seq, wanted);
		wanted += m.samples.count;
	}
	assert_int_equal(wanted, hello.hello.next_seq[0]);

	unsigned char beat[64];
	assert_int_equal(recv(f->heart_fd, beat, sizeof(beat), MSG_DONTWAIT), HEARTBEAT_BYTES);
	assert_memory_equal(beat, "MMHB\0\0\0\0", 8);
	assert_int_equal(recv(f->heart_fd, beat, sizeof(beat), MSG_DONTWAIT), HEARTBEAT_BYTES);
	assert_memory_equal(beat, "MMHB\1\0\0\0", 8);

	command(f, MESSAGE_POWEROFF);
	for (int64_t deadline = clock_now_ns() + PATIENCE_NS; !atomic_load(&powered_off);)
		assert_true(clock_now_ns() < deadline);
	assert_int_equal(end(f), 0);
}

static void short_intervals_share_datagrams(void **state)
{
	(void)state;
	struct fixture *f = begin("migmeter.workload=idle migmeter.interval=1000000");
	struct sample last = { 0 };
	await_state(f, AGENT_READY);
	command(f, MESSAGE_START);
	while (last.seq < 200) {
		struct message m = next(f);
		if (m.type != MESSAGE_SAMPLES)
			continue;
		/* 12 new ones and 12 older ones, once there are so many. */
		if (m.samples.sample[0].seq > 0)
			assert_int_equal(m.samples.count, SAMPLES_PER_MESSAGE);
		assert_int_equal((m.samples.sample[m.samples.count - 1].seq + 1) % 12, 0);
		check_samples(&m, &last);
	}
	command(f, MESSAGE_STOP);
	await_state(f, AGENT_DONE);
	end(f);
}

static void sampling_pauses_and_goes_on(void **state)
{
	(void)state;
	struct fixture *f = begin("migmeter.workload=idle migmeter.interval=1000000");
	struct message pace = { .type = MESSAGE_PACE, .run_id = RUN_ID, .vm = 5 };
	struct sample last = { 0 };
	await_state(f, AGENT_READY);
	command(f, MESSAGE_START);
	while (last.seq < 20) {
		struct message m = next(f);
		if (m.type == MESSAGE_SAMPLES)
			check_samples(&m, &last);
	}
	tell(f, &pace);
	/* Two HELLO without a sample between them: a second of silence. */
	uint32_t before[2] = { 0, 1 };
	while (before[0] != before[1]) {
		struct message m = next(f);
		if (m.type == MESSAGE_SAMPLES) {
			check_samples(&m, &last);
		} else {
			before[0] = before[1];
			before[1] = m.hello.next_seq[0];
		}
	}
	assert_int_equal(last.seq + 1, before[1]); /* what was taken was sent */
	pace.pace.interval_ns = 2000000;
	tell(f, &pace);
	while (last.seq < before[1] + 20) {
		struct message m = next(f);
		if (m.type == MESSAGE_SAMPLES)
			check_samples(&m, &last);
	}
	/* A STOP also ends one that pauses. */
	pace.pace.interval_ns = 0;
	tell(f, &pace);
	command(f, MESSAGE_STOP);
	await_state(f, AGENT_DONE);
	command(f, MESSAGE_POWEROFF);
	end(f);
}

/* Busy for a twentieth of each period: it samples itself while it is, the sampler's thread in the rest. */
static void a_workload_that_rests_is_sampled_all_the_same(void **state)
{
	(void)state;
	struct fixture *f =
		begin("migmeter.workload=dutycycle migmeter.interval=2000000 migmeter.dutycycle.share=0.05 "
	              "migmeter.dutycycle.period=200ms");
	struct sample last = { 0 };
	int64_t resting = 0, working = 0;
	await_state(f, AGENT_READY);
	command(f, MESSAGE_START);
	while (last.seq < 400) {
		struct sample before = last;
		struct message m = next(f);
		if (m.type != MESSAGE_SAMPLES)
			continue;
		check_samples(&m, &last);
		working += last.work > before.work;
		for (int i = 1; i < m.samples.count; i++)
			resting += m.samples.sample[i].work == m.samples.sample[i - 1].work;
	}
	assert_true(working > 0);
	assert_true(resting > 200);
	command(f, MESSAGE_STOP);
	await_state(f, AGENT_DONE);
	end(f);
}

static void a_workload_that_cannot_start_is_told_to_the_head(void **state)
{
	(void)state;
	struct fixture *f = begin("migmeter.workload=seqread migmeter.seqread.path=/nonexistent/disk");
	struct message hello = await_state(f, AGENT_FAILED);
	assert_non_null(strstr(hello.hello.detail, "/nonexistent/disk"));
	command(f, MESSAGE_START); /* does not help */
	await_state(f, AGENT_FAILED);
	assert_int_equal(end(f), -1);
}

static void a_workload_that_fails_while_it_runs_is_told_to_the_head(void **state)
{
	(void)state;
	char path[] = "/tmp/migmeter-test-XXXXXX", words[128];
	int fd = mkstemp(path);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	snprintf(words, sizeof(words),
	         "migmeter.workload=seqread migmeter.seqread.direct=no migmeter.seqread.path=%s", path);
	struct fixture *f = begin(words);
	await_state(f, AGENT_READY);
	assert_int_equal(ftruncate(fd, 0), 0);
	command(f, MESSAGE_START);
	struct message hello = await_state(f, AGENT_FAILED);
	assert_non_null(strstr(hello.hello.detail, path));
	command(f, MESSAGE_STOP);
	end(f);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_agent_runs_its_life),
		cmocka_unit_test(short_intervals_share_datagrams),
		cmocka_unit_test(sampling_pauses_and_goes_on),
		cmocka_unit_test(a_workload_that_rests_is_sampled_all_the_same),
		cmocka_unit_test(a_workload_that_cannot_start_is_told_to_the_head),
		cmocka_unit_test(a_workload_that_fails_while_it_runs_is_told_to_the_head),
	};
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}

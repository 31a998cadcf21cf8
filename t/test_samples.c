/* The samples collector, fed through real UDP on the loopback of a network namespace of its own. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "collectors/collector.h"
#include "collectors/samples.h"
#include "bench/base/seen.h"
#include "t/loopback.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define RUN_ID UINT64_C(0x1122334455667788)
#define INTERVAL_NS (10 * NS_PER_MS)

static const struct watched_vm vms[] = {
	{ .name = "a", .index = 0, .management_ip = "127.0.1.1", .workloads = { "intadd", "idle" } },
	{ .name = "b", .index = 7, .management_ip = "127.0.1.2", .workloads = { "intadd" } },
};

struct fixture {
	char directory[64];
	struct watch watch;
	struct samples *samples;
	int fd[2]; /* the agents' sockets, bound to their control ports */
	struct json_object *facts;
};

static int agent_socket(const char *ip, int port)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET, ip, &here.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	return fd;
}

static void send_bytes(int fd, const void *bytes, size_t length)
{
	struct sockaddr_in head = { .sin_family = AF_INET,
		                    .sin_port = htons(SAMPLE_WIRE_PORT),
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(sendto(fd, bytes, length, 0, (struct sockaddr *)&head, sizeof(head)), length);
}

static void send_message(int fd, const struct message *m)
{
	unsigned char bytes[MESSAGE_ROOM];
	send_bytes(fd, bytes, message_encode(m, bytes));
}

static struct message samples_message(uint16_t vm, int workload, uint32_t first, int count)
{
	struct message m = { .type = MESSAGE_SAMPLES, .run_id = RUN_ID, .vm = vm };
	m.samples.workload = (uint8_t)workload;
	m.samples.count = (uint8_t)count;
	for (int i = 0; i < count; i++) {
		uint32_t seq = first + (uint32_t)i;
		m.samples.sample[i] = (struct sample){ seq, seq * INTERVAL_NS, seq * INT64_C(1000), 5, 4 };
	}
	return m;
}

static struct message hello_message(uint16_t vm, enum agent_state state, uint32_t next_seq)
{
	struct message m = { .type = MESSAGE_HELLO, .run_id = RUN_ID, .vm = vm };
	m.hello.state = state;
	m.hello.workloads = vm == 0 ? 2 : 1;
	m.hello.boot_ns = (uint64_t)clock_now_ns();
	m.hello.next_seq[0] = next_seq;
	for (int i = 0; i < WORKLOADS_PER_GUEST; i++)
		m.hello.job_done_guest_ns[i] = -1;
	return m;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e = { 0 };
	void *collector = NULL;
	strcpy(f->directory, "/tmp/test_samples.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	f->watch = (struct watch){ .directory = f->directory,
		                   .run_id = RUN_ID,
		                   .management_ip = "127.0.0.1",
		                   .vms = vms,
		                   .vm_count = 2,
		                   .sample_interval_ns = INTERVAL_NS };
	assert_int_equal(samples_collector.start(&f->watch, &collector, &e), 0);
	f->samples = collector;
	f->fd[0] = agent_socket("127.0.1.1", SAMPLE_CONTROL_PORT);
	f->fd[1] = agent_socket("127.0.1.2", SAMPLE_CONTROL_PORT);
	f->facts = json_object_new_object();
	*state = f;
	return 0;
}

static void stop(struct fixture *f)
{
	struct err e = { 0 };
	if (f->samples)
		assert_int_equal(samples_collector.stop(f->samples, f->facts, &e), 0);
	f->samples = NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];
	stop(f);
	for (int i = 0; i < 2; i++) {
		close(f->fd[i]);
		snprintf(path, sizeof(path), "%s/samples-%s.csv", f->directory, vms[i].name);
		unlink(path);
	}
	json_object_put(f->facts);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static int64_t fact(const struct fixture *f, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(f->facts, key, &value) ? json_object_get_int64(value) : -1;
}

static int64_t dropped(const struct fixture *f, const char *reason)
{
	struct json_object *all, *value;
	assert_true(json_object_object_get_ex(f->facts, "dropped", &all));
	return json_object_object_get_ex(all, reason, &value) ? json_object_get_int64(value) : 0;
}

static int64_t dropped_in_all(const struct fixture *f)
{
	struct json_object *all;
	int64_t sum = 0;
	assert_true(json_object_object_get_ex(f->facts, "dropped", &all));
	json_object_object_foreach(all, key, value)
	{
		(void)key;
		sum += json_object_get_int64(value);
	}
	return sum;
}

/* The file's rows after the header; returns their number. */
static int read_rows(const struct fixture *f, const char *vm, char rows[][128], int room)
{
	char path[128], line[128];
	int count = -1;
	snprintf(path, sizeof(path), "%s/samples-%s.csv", f->directory, vm);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	for (; fgets(line, sizeof(line), file); count++) {
		if (count < 0)
			assert_string_equal(line,
			                    "workload,seq,guest_ns,head_ns,work,worst_op_ns,worst_service_ns\n");
		else if (count < room)
			strcpy(rows[count], line);
	}
	fclose(file);
	return count;
}

/* A sample that comes in several datagrams is one row, with the arrival of the first. */
static void keeps_each_sample_once(void **state)
{
	struct fixture *f = *state;
	char rows[64][128];
	int64_t before = clock_now_ns();
	for (uint32_t newest = 0; newest < 20; newest++) {
		uint32_t first = newest < 4 ? 0 : newest - 4;
		struct message m = samples_message(0, 0, first, (int)(newest - first + 1));
		send_message(f->fd[0], &m);
	}
	struct message other = samples_message(7, 0, 3, 2);
	send_message(f->fd[1], &other);
	stop(f);
	int64_t after = clock_now_ns();

	assert_int_equal(read_rows(f, "a", rows, 64), 20);
	int64_t last = before - NS_PER_MS; /* mapping two clocks has an error, though a far smaller one */
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t seq;
		int64_t guest, head, work, worst, service;
		assert_int_equal(sscanf(rows[i],
		                        "intadd,%" SCNu32 ",%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%" SCNd64
		                        "\n",
		                        &seq, &guest, &head, &work, &worst, &service),
		                 6);
		assert_int_equal(seq, i);
		assert_int_equal(guest, seq * INTERVAL_NS);
		assert_int_equal(work, seq * INT64_C(1000));
		assert_int_equal(worst, 5);
		assert_int_equal(service, 4);
		assert_true(head >= last && head <= after + NS_PER_MS);
		last = head;
	}
	assert_int_equal(read_rows(f, "b", rows, 64), 2);
	assert_int_equal(fact(f, "samples"), 22);
	assert_int_equal(fact(f, "datagrams"), 21);
	assert_true(fact(f, "duplicates") > 0);
	assert_int_equal(fact(f, "missing_samples"), 3); /* 0, 1, 2 of b */
	assert_int_equal(dropped_in_all(f), 0);
}

static void drops_strangers_by_reason(void **state)
{
	struct fixture *f = *state;
	char rows[4][128], blob[MESSAGE_ROOM + 200] = { 0 };
	struct message m = samples_message(0, 0, 0, 1);
	m.run_id++;
	send_message(f->fd[0], &m);
	m = samples_message(7, 0, 0, 1); /* b's samples from a's address */
	send_message(f->fd[0], &m);
	m = samples_message(0, 3, 0, 1);
	send_message(f->fd[0], &m);
	m = (struct message){ .type = MESSAGE_STOP, .run_id = RUN_ID };
	send_message(f->fd[0], &m);
	send_bytes(f->fd[0], blob, sizeof(blob));
	int stranger = agent_socket("127.0.9.9", 0);
	m = samples_message(0, 0, 0, 1);
	send_message(stranger, &m);
	close(stranger);
	stop(f);
	assert_int_equal(dropped(f, "wrong run id"), 1);
	assert_int_equal(dropped(f, "vm of another address"), 1);
	assert_int_equal(dropped(f, "unknown workload"), 1);
	assert_int_equal(dropped(f, "not for the head"), 1);
	assert_int_equal(dropped(f, "too long"), 1);
	assert_int_equal(dropped(f, "unknown sender"), 1);
	assert_int_equal(read_rows(f, "a", rows, 4), 0);
	assert_int_equal(read_rows(f, "b", rows, 4), 0);
}

/* Good samples come through a flood of garbage from the guest's own address. */
static void garbage_does_not_blind(void **state)
{
	struct fixture *f = *state;
	char rows[1][128];
	unsigned int seed = 1;
	enum { GARBAGE = 30000, GOOD = 300 };
	for (uint32_t i = 0; i < GARBAGE; i++) {
		unsigned char bytes[MESSAGE_ROOM];
		struct message m = samples_message(0, 0, i / 100, 1);
		size_t length = message_encode(&m, bytes);
		if (i % 100 == 0)
			send_bytes(f->fd[0], bytes, length);
		for (int k = 0; k < 6; k++)
			bytes[(size_t)rand_r(&seed) % length] ^= (unsigned char)(1 + rand_r(&seed) % 255);
		bytes[0] ^= 0x80; /* never a valid one by chance */
		send_bytes(f->fd[0], bytes, 1 + (size_t)rand_r(&seed) % length);
	}
	stop(f);
	assert_int_equal(read_rows(f, "a", rows, 1), GOOD);
	assert_int_equal(fact(f, "datagrams"), GARBAGE + GOOD);
	assert_int_equal(dropped_in_all(f), GARBAGE);
	assert_int_equal(fact(f, "kernel_drops"), 0);
}

static void hostile_seq_costs_no_memory(void **state)
{
	struct fixture *f = *state;
	char rows[8][128];
	const uint32_t seqs[] = { UINT32_MAX, SEEN_LIMIT - 1, 5000000, 100000 };
	for (size_t i = 0; i < 4; i++) {
		struct message m = samples_message(0, 0, seqs[i], 1);
		send_message(f->fd[0], &m);
	}
	struct message m = samples_message(0, 0, 0, 1);
	send_message(f->fd[0], &m);
	/* A HELLO that claims four thousand million samples cannot make FETCH run away. */
	m = hello_message(0, AGENT_DONE, UINT32_MAX);
	send_message(f->fd[0], &m);
	struct err e = { 0 };
	assert_int_equal(samples_wait_state(f->samples, 0, AGENT_DONE, clock_now_ns() + 20 * NS_PER_S, &e), 0);
	assert_int_equal(samples_fetch_missing(f->samples, clock_now_ns() + 50 * NS_PER_MS, &e), SEEN_LIMIT - 1);
	assert_non_null(strstr(e.text, "VM 'a'"));
	stop(f);
	assert_int_equal(read_rows(f, "a", rows, 8), 1);
	assert_int_equal(dropped(f, "seq ahead of time"), 4);
}

/* An agent that obeys START, STOP and FETCH; half of the answers to FETCH get lost. */
struct agent {
	int fd;
	atomic_int end;
	enum agent_state state;
	uint32_t taken;
	int fetches;
};

static void agent_obey(struct agent *a, const struct message *m)
{
	if (m->type == MESSAGE_START)
		a->state = AGENT_RUNNING;
	if (m->type == MESSAGE_STOP)
		a->state = AGENT_DONE;
	for (uint32_t seq = m->fetch.first; m->type == MESSAGE_FETCH && seq < m->fetch.first + m->fetch.count;) {
		uint32_t count = m->fetch.first + m->fetch.count - seq;
		count = count < SAMPLES_PER_MESSAGE ? count : SAMPLES_PER_MESSAGE;
		struct message answer = samples_message(0, m->fetch.workload, seq, (int)count);
		answer.samples.fetched = 1;
		if (a->fetches++ % 2)
			send_message(a->fd, &answer);
		seq += count;
	}
}

static void *agent_main(void *argument)
{
	struct agent *a = argument;
	while (!a->end) {
		unsigned char bytes[MESSAGE_ROOM];
		struct message m;
		const char *reason;
		struct pollfd p = { .fd = a->fd, .events = POLLIN };
		struct message hello = hello_message(0, a->state, a->taken);
		hello.hello.job_done_guest_ns[0] = a->state == AGENT_DONE ? 77 : -1;
		send_message(a->fd, &hello);
		while (poll(&p, 1, 10) > 0) {
			ssize_t length = recv(a->fd, bytes, sizeof(bytes), 0);
			if (length > 0 && message_decode(bytes, (size_t)length, &m, &reason) == 0 &&
			    m.run_id == RUN_ID)
				agent_obey(a, &m);
		}
	}
	return NULL;
}

static void commands_and_fetch(void **state)
{
	struct fixture *f = *state;
	char rows[600][128];
	struct agent a = { .fd = f->fd[0], .state = AGENT_READY, .taken = 600 };
	struct err e = { 0 };
	struct samples_agent seen;
	struct samples_progress progress;
	pthread_t thread;
	int64_t far = clock_now_ns() + 60 * NS_PER_S;
	samples_agent_state(f->samples, 0, &seen);
	assert_int_equal(seen.heard, 0);
	assert_int_equal(pthread_create(&thread, NULL, agent_main, &a), 0);
	assert_int_equal(samples_wait_state(f->samples, 0, AGENT_READY, far, &e), 0);
	samples_start_agents(f->samples);
	assert_int_equal(samples_wait_state(f->samples, 0, AGENT_RUNNING, far, &e), 0);
	/* Every tenth datagram's worth of samples arrives live. */
	for (uint32_t first = 0; first < 600; first += 100) {
		struct message m = samples_message(0, 0, first, 10);
		send_message(f->fd[0], &m);
	}
	samples_stop_agents(f->samples);
	assert_int_equal(samples_wait_state(f->samples, 0, AGENT_DONE, far, &e), 0);
	assert_int_equal(samples_fetch_missing(f->samples, far, &e), 0);
	samples_last_work(f->samples, 0, 0, &progress);
	assert_int_equal(progress.seq, 599);
	assert_int_equal(progress.work, 599000);
	assert_int_equal(progress.samples, 600);
	a.end = 1;
	pthread_join(thread, NULL);
	stop(f);

	int live = 0, fetched = 0;
	assert_int_equal(read_rows(f, "a", rows, 600), 600);
	for (int i = 0; i < 600; i++) {
		uint32_t seq;
		assert_int_equal(sscanf(rows[i], "intadd,%" SCNu32, &seq), 1);
		int is_live = strstr(rows[i], ",missing,") == NULL;
		assert_int_equal(is_live, seq % 100 < 10);
		live += is_live;
		fetched += !is_live;
	}
	assert_int_equal(live, 60);
	assert_int_equal(fetched, 540);
	assert_int_equal(fact(f, "fetched_samples"), 540);
	assert_int_equal(fact(f, "missing_samples"), 0);
	struct json_object *jobs, *value;
	assert_true(json_object_object_get_ex(f->facts, "jobs", &jobs));
	assert_int_equal(json_object_array_length(jobs), 1);
	assert_true(json_object_object_get_ex(json_object_array_get_idx(jobs, 0), "done_guest_ns", &value));
	assert_int_equal(json_object_get_int64(value), 77);
}

static void silence_and_failure_are_named(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	assert_int_equal(samples_wait_state(f->samples, SAMPLES_ALL_VMS, AGENT_READY, clock_now_ns() + NS_PER_MS, &e),
	                 -1);
	assert_non_null(strstr(e.text, "VM 'a' did not answer"));
	struct message m = hello_message(0, AGENT_PREPARING, 0);
	strcpy(m.hello.detail, "filling 40 of 96 MiB");
	send_message(f->fd[0], &m);
	assert_int_equal(samples_wait_state(f->samples, 0, AGENT_PREPARING, clock_now_ns() + 60 * NS_PER_S, &e), 0);
	assert_int_equal(samples_wait_state(f->samples, 0, AGENT_READY, clock_now_ns() + NS_PER_MS, &e), -1);
	assert_non_null(strstr(e.text, "state 'preparing', filling 40 of 96 MiB"));
	m.hello.state = AGENT_FAILED;
	strcpy(m.hello.detail, "no block device");
	send_message(f->fd[0], &m);
	assert_int_equal(samples_wait_state(f->samples, 0, AGENT_READY, clock_now_ns() + 60 * NS_PER_S, &e), -1);
	assert_non_null(strstr(e.text, "VM 'a' failed: no block device"));
	samples_interrupt(f->samples);
	assert_int_equal(samples_wait_state(f->samples, 1, AGENT_READY, clock_now_ns() + 60 * NS_PER_S, &e), -1);
	assert_int_equal(e.status, EXIT_INTERRUPTED);
}

static void port_in_use_is_said(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	void *second = NULL;
	assert_int_equal(samples_collector.start(&f->watch, &second, &e), -1);
	assert_null(second);
	assert_non_null(strstr(e.text, "7710"));
	assert_int_equal(e.status, EXIT_CANNOT);
}

static void gaps_are_found(void **state)
{
	(void)state;
	struct seen s = { 0 };
	uint32_t first = 0;
	assert_int_equal(seen_gap(&s, 0, 10, 100, &first), 10);
	for (uint32_t i = 0; i < 20000; i++)
		if (i != 7 && (i < 9000 || i >= 9500))
			assert_int_equal(seen_add(&s, i, UINT32_MAX), 1);
	assert_int_equal(seen_add(&s, 6, UINT32_MAX), 0);
	assert_int_equal(seen_add(&s, 20000, 20000), -1);
	assert_int_equal(s.whole, 7);
	assert_int_equal(seen_gap(&s, 0, 20000, 100, &first), 1);
	assert_int_equal(first, 7);
	assert_int_equal(seen_gap(&s, 8, 20000, 100, &first), 100);
	assert_int_equal(first, 9000);
	assert_int_equal(seen_gap(&s, 9100, 20000, 1000, &first), 400);
	assert_int_equal(seen_gap(&s, 9500, 20000, 1000, &first), 0);
	assert_int_equal(seen_gap(&s, 9500, 20010, 1000, &first), 10);
	assert_int_equal(s.count, 19499);
	seen_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keeps_each_sample_once, setup, teardown),
		cmocka_unit_test_setup_teardown(drops_strangers_by_reason, setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_does_not_blind, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_seq_costs_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(commands_and_fetch, setup, teardown),
		cmocka_unit_test_setup_teardown(silence_and_failure_are_named, setup, teardown),
		cmocka_unit_test_setup_teardown(port_in_use_is_said, setup, teardown),
		cmocka_unit_test(gaps_are_found),
	};
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests_name("samples", tests, NULL, NULL);
}

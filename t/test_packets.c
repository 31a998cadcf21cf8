/* The packets collector, with real packets on the loopback of a network namespace of its own. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/sample_wire.h"
#include "collectors/collector.h"
#include "t/loopback.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define BIN_NS (10 * NS_PER_MS)
#define MAPPING_ERROR_NS (100 * NS_PER_US) /* of a wall stamp in head time, generously */

/* Not in the order of their addresses, as a config may have them. */
static const struct watched_vm vms[] = {
	{ .name = "b", .index = 0, .data_ip = "127.0.2.2" },
	{ .name = "a", .index = 1, .data_ip = "127.0.2.1" },
	{ .name = "silent", .index = 2, .data_ip = "127.0.2.3" },
};

struct fixture {
	char directory[64];
	struct watch watch;
	struct json_object *facts;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	strcpy(f->directory, "/tmp/test_packets.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	f->watch = (struct watch){
		.directory = f->directory, .data_device = "lo", .vms = vms, .vm_count = 3, .packet_bin_ns = BIN_NS
	};
	f->facts = json_object_new_object();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char path[128];
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/packets-%s.csv", f->directory, vms[i].name);
		unlink(path);
	}
	json_object_put(f->facts);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static int guest_socket(const char *ip)
{
	struct sockaddr_in here = { .sin_family = AF_INET }, head = { .sin_family = AF_INET,
		                                                      .sin_port = htons(SAMPLE_HEARTBEAT_PORT),
		                                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	inet_pton(AF_INET, ip, &here.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&head, sizeof(head)), 0);
	return fd;
}

/* Some moment between *ret_before and *ret_after the packet left. A closed port would show as ECONNREFUSED. */
static void beat(int fd, size_t length, int64_t *ret_before, int64_t *ret_after)
{
	static const char payload[1000];
	*ret_before = clock_now_ns();
	assert_int_equal(send(fd, payload, length, 0), length);
	*ret_after = clock_now_ns();
}

struct row {
	int64_t head_ns, packets, bytes, silence_ns; /* silence -1: missing */
};

static int read_rows(const struct fixture *f, const char *vm, struct row *rows, int room)
{
	char path[128], line[128], silence[32];
	int count = -1;
	snprintf(path, sizeof(path), "%s/packets-%s.csv", f->directory, vm);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	for (; fgets(line, sizeof(line), file); count++) {
		if (count < 0) {
			assert_string_equal(line, "head_ns,packets,bytes,longest_silence_ns\n");
			continue;
		}
		assert_true(count < room);
		struct row *r = &rows[count];
		assert_int_equal(sscanf(line, "%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%31s", &r->head_ns, &r->packets,
		                        &r->bytes, silence),
		                 4);
		r->silence_ns = strcmp(silence, "missing") == 0 ? -1 : strtoll(silence, NULL, 10);
	}
	fclose(file);
	return count;
}

static void run(struct fixture *f, void (*traffic)(void *argument), void *argument)
{
	struct err e = { 0 };
	void *collector = NULL;
	if (packets_collector.start(&f->watch, &collector, &e) < 0)
		fail_msg("%s", e.text);
	traffic(argument);
	assert_int_equal(packets_collector.stop(collector, f->facts, &e), 0);
}

static int64_t fact(const struct fixture *f, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(f->facts, key, &value) ? json_object_get_int64(value) : -1;
}

struct pause {
	int64_t before[2], after[2]; /* around the packets at its two ends */
};

/* Twenty beats, a silence of 70 ms, twenty beats; the other VM sends all the while. */
static void beats_with_a_pause(void *argument)
{
	struct pause *pause = argument;
	int64_t ignored;
	int a = guest_socket("127.0.2.1"), b = guest_socket("127.0.2.2"), stranger = guest_socket("127.0.3.3");
	for (int i = 0; i < 40; i++) {
		int64_t before, after;
		beat(a, 100, &before, &after);
		beat(b, 200, &ignored, &ignored);
		beat(stranger, 50, &ignored, &ignored);
		if (i == 19 || i == 20) {
			pause->before[i - 19] = before;
			pause->after[i - 19] = after;
		}
		clock_sleep(i == 19 ? 70 * NS_PER_MS : NS_PER_MS);
	}
	close(a);
	close(b);
	close(stranger);
}

static void silence_is_exact(void **state)
{
	struct fixture *f = *state;
	struct row rows[64];
	struct pause pause = { 0 };
	run(f, beats_with_a_pause, &pause);
	int count = read_rows(f, "a", rows, 64);
	int64_t packets = 0, bytes = 0;
	const struct row *longest = &rows[0];
	assert_true(count >= 2);
	for (int i = 0; i < count; i++) {
		packets += rows[i].packets;
		bytes += rows[i].bytes;
		assert_true(i == 0 || rows[i].head_ns > rows[i - 1].head_ns);
		assert_true(i == 0 || rows[i].silence_ns >= 0);
		if (rows[i].silence_ns > longest->silence_ns)
			longest = &rows[i];
	}
	assert_int_equal(packets, 40);
	assert_int_equal(bytes, 40 * (100 + 8 + 20 + 14));
	/* The machine may pause elsewhere too, and longer: then there is nothing to compare with. */
	if (longest->head_ns >= pause.before[1] - MAPPING_ERROR_NS &&
	    longest->head_ns <= pause.after[1] + MAPPING_ERROR_NS) {
		assert_true(longest->silence_ns >= pause.before[1] - pause.after[0] - MAPPING_ERROR_NS);
		assert_true(longest->silence_ns <= pause.after[1] - pause.before[0] + MAPPING_ERROR_NS);
	}
	assert_true(longest->silence_ns >= pause.before[1] - pause.after[0] - MAPPING_ERROR_NS);
	assert_true(read_rows(f, "b", rows, 64) > 0);
	assert_int_equal(read_rows(f, "silent", rows, 64), 0);
	assert_int_equal(fact(f, "kernel_drops"), 0);
	assert_int_equal(fact(f, "from_no_vm"), 0);
	assert_int_equal(fact(f, "stamp_resolution_ns"), 1);
}

static void one_packet(void *argument)
{
	int64_t *around = argument;
	int a = guest_socket("127.0.2.1");
	beat(a, 1, &around[0], &around[1]);
	close(a);
}

/* The stamp is head time, and a silence without a beginning is missing, not 0. */
static void first_packet_has_no_silence(void **state)
{
	struct fixture *f = *state;
	struct row row[1];
	int64_t around[2];
	run(f, one_packet, around);
	assert_int_equal(read_rows(f, "a", row, 1), 1);
	assert_int_equal(row[0].packets, 1);
	assert_int_equal(row[0].silence_ns, -1);
	assert_in_range(row[0].head_ns, around[0] - MAPPING_ERROR_NS, around[1] + MAPPING_ERROR_NS);
}

static void missing_device_is_said(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	void *collector = NULL;
	f->watch.data_device = "no-such-dev";
	assert_int_equal(packets_collector.start(&f->watch, &collector, &e), -1);
	assert_null(collector);
	assert_non_null(strstr(e.text, "'no-such-dev'"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(silence_is_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(first_packet_has_no_silence, setup, teardown),
		cmocka_unit_test_setup_teardown(missing_device_is_said, setup, teardown),
	};
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests_name("packets", tests, NULL, NULL);
}

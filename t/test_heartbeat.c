/* Heartbeats on a veth pair in a network namespace of its own: a beat looks the same whichever way it went. */
#include "bench/base/err.h"
#include "bench/base/sample_wire.h"
#include "t/loopback.h"
#include "workloads/heartbeat.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BEATS = 140 };

#define GUEST_ADDRESS UINT32_C(0x0a090001)
#define HEAD_ADDRESS UINT32_C(0x0a090002)

static void shell(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static int listen_to(const char *interface)
{
	struct sockaddr_ll on = { .sll_family = AF_PACKET,
		                  .sll_protocol = htons(ETH_P_IP),
		                  .sll_ifindex = (int)if_nametoindex(interface) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP));
	assert_int_equal(bind(fd, (struct sockaddr *)&on, sizeof(on)), 0);
	return fd;
}

static int link_up(void **state)
{
	(void)state;
	shell("ip link add va address 02:00:00:00:00:0a type veth peer name vb address 02:00:00:00:00:0b &&"
	      "ip address add 10.9.0.1/24 dev va && ip link set va up && ip link set vb up");
	return 0;
}

static int link_down(void **state)
{
	(void)state;
	shell("ip link delete va");
	return 0;
}

/* Ones' complement sum over a header that holds its checksum: 0xffff when that is right. */
static uint32_t sum_of(const unsigned char *bytes, size_t length)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < length; i += 2)
		sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_beat(const unsigned char *frame, ssize_t length, uint32_t number, const struct sockaddr_in *from)
{
	static const unsigned char ends[] = { 2, 0, 0, 0, 0, 0x0b, 2, 0, 0, 0, 0, 0x0a, 8, 0 };
	const unsigned char beat[] = { 'M', 'M', 'H', 'B', (unsigned char)number, 0, 0, 0 };
	struct iphdr ip;
	struct udphdr udp;
	assert_int_equal(length, HEARTBEAT_FRAME_BYTES);
	assert_memory_equal(frame, ends, sizeof(ends));
	memcpy(&ip, frame + 14, sizeof(ip));
	memcpy(&udp, frame + 34, sizeof(udp));
	assert_int_equal(sum_of(frame + 14, sizeof(ip)), 0xffff);
	assert_int_equal(ip.protocol, IPPROTO_UDP);
	assert_int_equal(ntohs(ip.tot_len), HEARTBEAT_FRAME_BYTES - 14);
	assert_int_equal(ntohl(ip.saddr), GUEST_ADDRESS);
	assert_int_equal(ntohl(ip.daddr), HEAD_ADDRESS);
	assert_int_equal(udp.source, from->sin_port);
	assert_int_equal(ntohs(udp.dest), SAMPLE_HEARTBEAT_PORT);
	assert_int_equal(ntohs(udp.len), 8 + HEARTBEAT_BYTES);
	assert_memory_equal(frame + 42, beat, sizeof(beat));
}

static void a_beat_looks_the_same_whichever_way_it_went(void **state)
{
	(void)state;
	struct heartbeat h;
	struct err e = { 0 };
	unsigned char frame[128];
	struct sockaddr_in from;
	socklen_t room = sizeof(from);
	int fd = listen_to("vb"), direct = 0;
	shell("ip neighbour add 10.9.0.2 lladdr 02:00:00:00:00:0b dev va");
	assert_int_equal(heartbeat_open(&h, HEAD_ADDRESS, &e), 0);
	assert_int_equal(getsockname(h.udp_fd, (struct sockaddr *)&from, &room), 0);
	for (uint32_t i = 0; i < BEATS; i++) {
		heartbeat_send(&h);
		direct += h.direct;
		check_beat(frame, recv(fd, frame, sizeof(frame), 0), i, &from);
	}
	assert_in_range(direct, BEATS - 10, BEATS);
	heartbeat_close(&h);
	heartbeat_send(&h); /* closed: nothing */
	assert_true(recv(fd, frame, sizeof(frame), MSG_DONTWAIT) < 0);
	close(fd);
}

static void a_neighbour_that_does_not_answer_gets_no_frame(void **state)
{
	(void)state;
	struct heartbeat h;
	struct err e = { 0 };
	assert_int_equal(heartbeat_open(&h, HEAD_ADDRESS + 1, &e), 0);
	for (int i = 0; i < BEATS; i++) {
		heartbeat_send(&h);
		assert_false(h.direct);
	}
	heartbeat_close(&h);
}

static void without_a_way_there_it_says_so_and_goes_on(void **state)
{
	(void)state;
	struct heartbeat h;
	struct err e = { 0 };
	assert_int_equal(heartbeat_open(&h, UINT32_C(0xc0000201), &e), 1);
	for (int i = 0; i < BEATS; i++)
		heartbeat_send(&h);
	heartbeat_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_beat_looks_the_same_whichever_way_it_went, link_up, link_down),
		cmocka_unit_test_setup_teardown(a_neighbour_that_does_not_answer_gets_no_frame, link_up, link_down),
		cmocka_unit_test(without_a_way_there_it_says_so_and_goes_on),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What ovs-ofctl says of flows: lines as Open vSwitch 3.1 prints them, and lines that are not to be believed. */
#include "collectors/flow_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int parse(const char *text, struct flow *f)
{
	char line[512];
	snprintf(line, sizeof(line), "%s", text);
	return flow_parse(line, f);
}

#define COUNTS " cookie=0x0, duration=12.345s, table=0, n_packets=5, n_bytes=490, "

static void a_flow_is_its_match_and_counters(void **state)
{
	(void)state;
	struct flow f;
	assert_int_equal(
		parse(" cookie=0x1a2b, duration=12.345s, table=0, n_packets=5, n_bytes=490, idle_timeout=60, idle_age=3, priority=1,udp,in_port=up0,"
	              "dl_src=02:00:0a:4d:02:01,dl_dst=52:54:00:77:02:0b,nw_src=10.77.2.1,"
	              "nw_dst=10.77.2.11,tp_src=40000,tp_dst=7707 actions=output:tun0",
	              &f),
		1);
	assert_int_equal(f.cookie, 0x1a2b);
	assert_int_equal(f.duration_ns, 12345000000);
	assert_int_equal(f.packets, 5);
	assert_int_equal(f.bytes, 490);
	assert_int_equal(f.priority, 1);
	assert_string_equal(f.protocol, "udp");
	assert_string_equal(f.in_port, "up0");
	assert_string_equal(f.eth_src, "02:00:0a:4d:02:01");
	assert_string_equal(f.eth_dst, "52:54:00:77:02:0b");
	assert_string_equal(f.ip_src, "10.77.2.1");
	assert_string_equal(f.ip_dst, "10.77.2.11");
	assert_string_equal(f.port_src, "40000");
	assert_string_equal(f.port_dst, "7707");
	assert_string_equal(f.actions, "output:tun0");
}

static void what_is_not_asked_is_empty(void **state)
{
	(void)state;
	struct flow f;
	assert_int_equal(parse(COUNTS "priority=0 actions=CONTROLLER:65535", &f), 1);
	assert_string_equal(f.in_port, "");
	assert_string_equal(f.protocol, "");
	assert_string_equal(f.actions, "CONTROLLER:65535");
	assert_int_equal(parse(COUNTS "arp,in_port=\"vnet0\",dl_src=02:00:00:00:00:01 actions=output:\"up0\"", &f),
	                 1);
	assert_string_equal(f.in_port, "vnet0");
	assert_string_equal(f.actions, "output:up0");
	assert_int_equal(f.priority, 32768);
}

static void a_long_duration_is_taken_whole(void **state)
{
	(void)state;
	struct flow f;
	assert_int_equal(
		parse(" cookie=0x0, duration=9223372035.999999999s, table=0, n_packets=5, n_bytes=1 actions=drop",
	              &f),
		1);
	assert_int_equal(f.duration_ns, 9223372035999999999);
}

static void heads_and_empty_lines_are_no_flows(void **state)
{
	(void)state;
	struct flow f;
	assert_int_equal(parse("", &f), 0);
	assert_int_equal(parse("   ", &f), 0);
	assert_int_equal(parse("NXST_FLOW reply (xid=0x4):", &f), 0);
	assert_int_equal(parse("OFPST_FLOW reply (OF1.3) (xid=0x2):", &f), 0);
}

static void what_is_not_understood_is_refused(void **state)
{
	static const char *const lines[] = {
		"ovs-ofctl: br-lan is not a bridge or a socket",
		" cookie=0x0, duration=12.345s, table=0, n_packets=5, priority=1 actions=drop",
		" cookie=0x0, duration=12.345s, table=0, n_packets=-5, n_bytes=490 actions=drop",
		" cookie=0x0, duration=12.345s, table=0, n_packets=99999999999999999999, n_bytes=1 actions=drop",
		" cookie=0x0, duration=9999999999s, table=0, n_packets=5, n_bytes=1 actions=drop",
		" cookie=0x0, duration=9223372036s, table=0, n_packets=5, n_bytes=1 actions=drop",
		" cookie=0x0, duration=99999999999999999999s, table=0, n_packets=5, n_bytes=1 actions=drop",
		" cookie=1a, duration=12.345s, table=0, n_packets=5, n_bytes=1 actions=drop",
		" cookie=0x12345678901234567, duration=12.345s, table=0, n_packets=5, n_bytes=1 actions=drop",
		" cookie=0x0, duration=12.345, table=0, n_packets=5, n_bytes=1 actions=drop",
		COUNTS "metadata=0x3 actions=drop",
		COUNTS "in_port= actions=drop",
		COUNTS "in_port=a;b actions=drop",
		COUNTS "nw_src=10.0.0.1,tun_id=7 actions=drop",
		COUNTS "in_port=up0 actions=",
		COUNTS "in_port=up0",
		COUNTS "in_port=up0 actions=x\ty",
	};
	struct flow f;
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (parse(lines[i], &f) != -1)
			fail_msg("taken for a flow: '%s'", lines[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_its_match_and_counters),
		cmocka_unit_test(what_is_not_asked_is_empty),
		cmocka_unit_test(a_long_duration_is_taken_whole),
		cmocka_unit_test(heads_and_empty_lines_are_no_flows),
		cmocka_unit_test(what_is_not_understood_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

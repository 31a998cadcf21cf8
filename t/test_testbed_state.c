/* The file that a testbed which stays up is known by: written, read by another process, held against what is asked. */
#include "bench/base/err.h"
#include "bench/testbed/testbed.h"
#include "bench/testbed/testbed_state.h"
#include "t/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
	(void)state;
	struct testbed made = { .spec = { .topology = TOPOLOGY_SHARED,
		                          .storage = true,
		                          .congestion_control = "reno",
		                          .tcp_buffer_bytes = 1 << 20,
		                          .shape = { .rate_bits_per_s = 100000000, .rtt_ns = 4000000 } },
		                .link_count = 2,
		                .daemons = { .count = 2 } };
	struct link links[2] = { { .backend = LINK_HTB, .frame_overhead = 14, .device_a = "up0" },
		                 { .backend = LINK_EMULATOR, .stats_path = "/x/stats" } };
	struct testbed read = { 0 };
	struct testbed_spec other;
	struct err e = { 0 };
	strcpy(made.nodes[NODE_DST].lan_ip, "10.77.2.3");
	made.nodes[NODE_DST].keeper = 4711;
	strcpy(made.links[0].name, "src-uplink");
	strcpy(made.links[1].name, "dst-uplink");
	made.daemons.list[1] =
		(struct testbed_daemon){ "ovs-vswitchd", "dst", "/x/ovs-vswitchd.log", 4712, 123456789012 };
	made.links[0].link = &links[0];
	made.links[1].link = &links[1];
	assert_false(testbed_state_is_up(scratch));
	assert_int_equal(testbed_state_read(&read, scratch, &e), -1);
	assert_int_equal(testbed_state_write(&made, scratch, &e), 0);
	assert_true(testbed_state_is_up(scratch));
	assert_int_equal(testbed_state_read(&read, scratch, &e), 0);

	assert_int_equal(read.link_count, 2);
	assert_string_equal(read.nodes[NODE_DST].lan_ip, "10.77.2.3");
	assert_int_equal(read.nodes[NODE_DST].keeper, 4711);
	assert_int_equal(read.links[0].link->backend, LINK_HTB);
	assert_int_equal(read.links[0].link->frame_overhead, 14);
	assert_string_equal(read.links[0].link->device_a, "up0");
	assert_string_equal(read.links[1].link->stats_path, "/x/stats");
	assert_int_equal(read.daemons.count, 2);
	assert_string_equal(read.daemons.list[1].name, "ovs-vswitchd");
	assert_string_equal(read.daemons.list[1].node, "dst");
	assert_string_equal(read.daemons.list[1].log_path, "/x/ovs-vswitchd.log");
	assert_int_equal(read.daemons.list[1].pid, 4712);
	assert_true(read.daemons.list[1].start_time == 123456789012);
	/* The destination is the distant one. */
	assert_int_equal(read.links[0].link->shape.rtt_ns, 0);
	assert_int_equal(read.links[1].link->shape.rtt_ns, 4000000);
	assert_string_equal(testbed_migration_link(&read)->name, "dst-uplink");

	assert_int_equal(testbed_state_fits(&read, &made.spec, &e), 0);
	other = made.spec;
	other.shape.rate_bits_per_s++;
	assert_int_equal(testbed_state_fits(&read, &other, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	assert_non_null(strstr(e.text, "another link rate"));
	other = made.spec;
	other.tcp_buffer_bytes = 350000;
	assert_int_equal(testbed_state_fits(&read, &other, &e), -1);
	assert_non_null(strstr(e.text, "TCP buffer"));
	other = made.spec;
	other.storage = false; /* more than is asked is fine */
	assert_int_equal(testbed_state_fits(&read, &other, &e), 0);
	other.tls = true;
	assert_int_equal(testbed_state_fits(&read, &other, &e), -1);

	testbed_forget(&read); /* the leak checker sees whether that is all */
	assert_int_equal(read.link_count, 0);
	testbed_forget(&read);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_written_is_read) };
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

/* Remote nodes: what they answer, their clocks, what a config may say, and how the user starts the agent. */
#include "analysis/host_clocks.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/ssh.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/guests.h"
#include "bench/experiment/remote_checking.h"
#include "bench/migrate/cpu_compare.h"
#include "bench/testbed/remote_measure.h"
#include "collectors/collector.h"
#include "collectors/hosts.h"

#include <json-c/json.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "t/stand_in_ssh.h"

/* ---- what hosts answer ---- */

static void answers_are_read(void **state)
{
	(void)state;
	int64_t ns, stolen_ns;
	assert_int_equal(host_clock_parse("1763786400.123456\n", &ns), 0);
	assert_int_equal(ns, INT64_C(1763786400123456000));
	assert_int_equal(host_clock_parse("1763786400.000000001", &ns), 0);
	assert_int_equal(ns, INT64_C(1763786400000000001));
	assert_int_equal(host_clock_parse("1763786400.N", &ns), -1);
	assert_int_equal(host_clock_parse("", &ns), -1);
	assert_int_equal(host_busy_parse("cpu  100 20 30 9999 888 4 5 6 0 0", &ns, &stolen_ns), 0);
	assert_int_equal(ns, 165 * 10 * NS_PER_MS);
	assert_int_equal(stolen_ns, 60 * NS_PER_MS);
	assert_int_equal(host_busy_parse("cpu0 100 20 30 9999 888 4 5 6 0 0", &ns, &stolen_ns), -1);
	assert_int_equal(
		host_process_parse("71 (qemu ) x) S 1 71 71 0 -1 4194624 9 0 0 0 250 50 1 2 20 0 4 0 99 1", &ns), 0);
	assert_int_equal(ns, 3 * NS_PER_S);
	assert_int_equal(host_process_parse("71", &ns), -1);
}

static void scratch_text(const char *name, char *text, size_t room)
{
	char path[100];
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	FILE *f = fopen(path, "re");
	assert_non_null(f);
	text[fread(text, 1, room - 1, f)] = '\0';
	fclose(f);
}

/* ---- disks of a domain ---- */

static char said[2048];

static void keep(void *context, const char *what, const char *answer, const char *purpose, const char *how)
{
	size_t used = strlen(said);
	(void)context;
	(void)purpose;
	snprintf(said + used, sizeof(said) - used, "%s: %s: %s\n", what, answer, how);
}

/* Both nodes are this machine; what is said of these disks. */
static void assert_disks(const char *disks, const char *wanted, int missing)
{
	const struct check_sink sink = { .answer = keep };
	struct checking c = { .sink = &sink };
	struct err e = { 0 };
	char path[HOSTS][100];
	for (int i = 0; i < HOSTS; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/control%d", scratch, i);
		assert_int_equal(ssh_open(&c.hosts[i].ssh, "root@host", "", path[i], &e), 0);
	}
	said[0] = '\0';
	checking_disks(&c, "own", disks);
	for (int i = 0; i < HOSTS; i++)
		ssh_close(c.hosts[i].ssh);
	if (!strstr(said, wanted))
		fail_msg("'%s' is not in:\n%s", wanted, said);
	assert_int_equal(c.missing, missing);
}

static void disks_of_a_domain(void **state)
{
	(void)state;
	char disk[200];
	stand_in();
	assert_disks("<interface><source dev='eth0' mode='bridge'/></interface>",
	             "own storage: yes: no disk of it is a file or a device\n", 0);
	snprintf(disk, sizeof(disk), "<source file='%s/ssh' index='1'/>", scratch);
	assert_disks(disk, "own storage: yes: '/tmp/", 0);
	assert_disks("<source file='/nonexistent'/>",
	             "storage: no: '/nonexistent' is not there on src, not there on dst", 1);
	assert_disks("<source dev='/dev/null'/>", "storage: degraded: '/dev/null' is on both, and whether", 0);
	assert_disks("<source dev='/dev/none'/>", "storage: no: '/dev/none' is not there on src", 1);
	/* One that is not asked about does not hide another. */
	assert_disks("<source file='/a&apos;$(b)'/><source file='/nonexistent'/>", "storage: no: '/nonexistent'", 1);
	assert_non_null(strstr(said, "degraded: '/a&apos;$(b)' is no name"));
}

/* The collector on this machine behind the stand-in: its series are those of the collectors `cpu` and `link`. */
static void counters_come_over_a_shell(void **state)
{
	(void)state;
	char control[100], text[20000], value[64];
	struct ssh *s;
	void *collector;
	struct err e = { 0 };
	struct json_object *facts = json_object_new_object();
	stand_in();
	snprintf(control, sizeof(control), "%s/control", scratch);
	if (ssh_open(&s, "root@host", "", control, &e) < 0)
		fail_msg("%s", e.text);
	const struct watched_node nodes[] = { { .name = "src", .core = -1, .ssh = s, .device = "lo" },
		                              { .name = "dst", .core = -1, .ssh = s, .device = "lo" },
		                              { .name = "head", .core = -1 } };
	const struct watched_vm vms[] = { { .name = "vm1", .domain = "no such domain" } };
	const struct watched_link links[] = { { "migration", "", "lo", "src-to-dst", "dst-to-src" } };
	const struct watch watch = { .directory = scratch,
		                     .nodes = nodes,
		                     .node_count = 3,
		                     .vms = vms,
		                     .vm_count = 1,
		                     .links = links,
		                     .link_count = 1,
		                     .cpu_interval_ns = 200 * NS_PER_MS };
	if (hosts_collector.start(&watch, &collector, &e) < 0)
		fail_msg("%s", e.text);
	clock_sleep(500 * NS_PER_MS);
	if (hosts_collector.stop(collector, facts, &e) < 0)
		fail_msg("%s", e.text);
	json_object_put(facts);
	ssh_close(s);
	scratch_text("cpu.csv", text, sizeof(text));
	assert_memory_equal(text, "head_ns,node,vm,thread,cpu_ns\n", 30);
	assert_non_null(strstr(text, ",src,,,"));
	assert_non_null(strstr(text, ",dst,,,"));
	scratch_text("stolen.csv", text, sizeof(text));
	assert_memory_equal(text, "head_ns,node,stolen_ns\n", 23);
	assert_non_null(strstr(text, ",src,"));
	assert_non_null(strstr(text, ",dst,"));
	scratch_text("link.csv", text, sizeof(text));
	assert_int_equal(
		sscanf(text, "head_ns,link,direction,bytes,packets,drops\n%*d,migration,src-to-dst,%63[0-9,]", value),
		1);
	assert_non_null(strstr(text, ",migration,dst-to-src,"));
	struct host_clocks *clocks;
	int64_t head_ns, error_ns;
	assert_int_equal(host_clocks_read(&clocks, scratch, &e), 0);
	assert_non_null(clocks);
	/* It is this machine's clock. */
	int64_t now_ns = clock_now_ns();
	assert_int_equal(host_clocks_map(clocks, "dst", clock_wall_ns(), &head_ns, &error_ns), 0);
	assert_in_range(head_ns, now_ns - error_ns - NS_PER_MS, clock_now_ns() + error_ns + NS_PER_MS);
	host_clocks_free(clocks);
}

static void ping_and_iperf3_are_read(void **state)
{
	(void)state;
	struct link_measured m = { 0 };
	assert_int_equal(ping_read("PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n"
	                           "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.500 ms\n"
	                           "64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=1.5 ms\n"
	                           "64 bytes from 10.0.0.2: icmp_seq=3 ttl=64 time=1.00 ms\n"
	                           "\n--- 10.0.0.2 ping statistics ---\n50 packets transmitted, 3 received\n",
	                           &m),
	                 0);
	assert_int_equal(m.rtt_min_ns, 500000);
	assert_int_equal(m.rtt_p50_ns, 1000000);
	assert_int_equal(m.rtt_max_ns, 1500000);
	assert_int_equal(m.probes_lost, 47);
	assert_int_equal(ping_read("ping: connect: Network is unreachable\n", &m), -1);
	assert_true(iperf3_read("{\"end\":{\"sum_received\":{\"bits_per_second\":94.5e6}}}") == 94.5e6);
	assert_true(isnan(iperf3_read("{\"error\":\"unable to connect\"}")));
	assert_true(isnan(iperf3_read("")));
}

static void the_cpu_of_capabilities_is_the_hosts(void **state)
{
	(void)state;
	char *cpu =
		cpu_of_capabilities("<capabilities><host><uuid>1</uuid><cpu><arch>x86_64</arch><model>A</model></cpu>"
	                            "<topology><cells><cell><cpus><cpu id='0'/></cpus></cell></cells></topology>");
	assert_string_equal(cpu, "<cpu><arch>x86_64</arch><model>A</model></cpu>");
	free(cpu);
	assert_null(cpu_of_capabilities("<capabilities><cpus><cpu id='0'/></cpus></capabilities>"));
}

/* ---- clocks ---- */

static void the_best_reading_maps_a_stamp(void **state)
{
	(void)state;
	struct host_clocks *c;
	struct err e = { 0 };
	int64_t head_ns, error_ns;
	file_write("clocks.csv", "node,head_before_ns,wall_ns,head_after_ns\n"
	                         "src,1000000000,5001000000,1002000000\n"    /* offset 4 s, +- 1 ms */
	                         "src,2000000000,6000100000,2000200000\n"    /* +- 0.1 ms */
	                         "src,60000000000,64000010000,60000020000\n" /* +- 0.01 ms, but a minute off */
	                         "dst,1000000000,1000100000,1000200000\n");
	assert_int_equal(host_clocks_read(&c, scratch, &e), 0);
	assert_non_null(c);
	assert_int_equal(host_clocks_map(c, "src", INT64_C(6500000000), &head_ns, &error_ns), 0);
	assert_int_equal(head_ns, INT64_C(2500000000));
	assert_in_range(error_ns, 100000 + 49900, 100000 + 50000);
	assert_int_equal(host_clocks_map(c, "dst", INT64_C(1000100000), &head_ns, &error_ns), 0);
	assert_int_equal(head_ns, 1000100000);
	assert_int_equal(error_ns, 100000);
	assert_int_equal(host_clocks_map(c, "sto", 1, &head_ns, &error_ns), -1);
	host_clocks_free(c);
}

/* ---- configs ---- */

static int build(struct experiment *x, const char *more, struct err *e)
{
	static const char base[] = "[hosts]\nkind = remote\n"
				   "[remote]\n"
				   "src_uri = qemu+ssh://root@a/system\ndst_uri = qemu+ssh://root@b/system\n"
				   "src_ssh = root@a\ndst_ssh = root@b\n"
				   "src_address = 10.1.0.2\ndst_address = 10.1.0.3\n"
				   "src_device = eth1\ndst_device = eth1\n"
				   "head = 10.1.0.1\n"
				   "[vm vm1]\nmemory = 128M\nworkload = intadd\n";
	struct config_file c = { 0 };
	char words[600], path[100], *save = NULL;
	*e = (struct err){ 0 };
	file_write("test.conf", base);
	snprintf(path, sizeof(path), "%s/test.conf", scratch);
	if (config_file_read(&c, path, e) < 0)
		fail_msg("%s", e->text);
	snprintf(words, sizeof(words), "%s", more);
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (config_override(&c, word, e) < 0)
			fail_msg("%s", e->text);
	int result = experiment_build(x, &c, 1, e);
	config_file_free(&c);
	return result;
}

static void refused(const char *more, const char *words)
{
	struct experiment x;
	struct err e;
	if (build(&x, more, &e) == 0)
		fail_msg("'%s' is taken", more);
	if (e.status != EXIT_USAGE || !strstr(e.text, words))
		fail_msg("'%s': '%s' is not in '%s'", more, words, e.text);
}

static void a_config_says_all_that_is_needed(void **state)
{
	(void)state;
	struct experiment x;
	struct err e;
	char text[40];
	if (build(&x, "remote.guest_management=192.168.7.250/16", &e) < 0)
		fail_msg("%s", e.text);
	assert_ptr_equal(experiment_testbed(&x).remote, &x.remote);
	assert_string_equal(guest_address(&x, MANAGEMENT_NETWORK, 0, text, sizeof(text)), "192.168.7.250");
	assert_string_equal(guest_address(&x, LAN_NETWORK, 0, text, sizeof(text)), "10.77.2.11");
	experiment_free(&x);
	refused("remote.src_uri=", "needs remote.src_uri");
	refused("remote.src_uri=qemu+ssh://root@b/system", "are one machine");
	refused("remote.dst_ssh=", "needs remote.dst_ssh");
	refused("remote.dst_address=host", "no IPv4 address");
	refused("remote.dst_device=", "remote.dst_device names the interface");
	refused("remote.src_device=eth1;reboot", "';' cannot be in it");
	refused("remote.directory=/var/lib/libvirt", "'migmeter' in it");
	refused("remote.guest_data=10.0.0.1", "with a prefix");
	refused("link.loss=0.01", "is for hosts.kind = local");
	refused("link.congestion_control=reno", "left as it is");
	refused("migration.page_waits=yes migration.mode=postcopy", "is for hosts.kind = local");
	refused("fault.cut=1s", "is for hosts.kind = local");
	refused("vm1.domain=web", "remote.run_id must be");
	refused("vm1.domain=web remote.run_id=0123456789abcdef", "no IPv4 address");
	refused("hosts.kind=local vm1.domain=web", "set hosts.kind = remote");
	if (build(&x, "remote.src_device= remote.dst_device= link.rate=0", &e) < 0)
		fail_msg("an unshaped link needs no interface: %s", e.text);
	experiment_free(&x);
}

static void the_user_is_told_how_to_start_the_agent(void **state)
{
	(void)state;
	struct experiment x;
	struct err e;
	char words[1000];
	if (build(&x,
	          "vm1.domain=web.example vm1.address=10.1.0.9 remote.run_id=0123456789abcdef vm1.intadd.job=5000 "
	          "remote.head_data=10.2.0.1",
	          &e) < 0)
		fail_msg("%s", e.text);
	assert_string_equal(experiment_domain(&x.vms[0]), "web.example");
	assert_int_equal(guest_agent_words(&x, 0, words, sizeof(words), &e), 0);
	assert_string_equal(words, "--run 0123456789abcdef --vm 0 --interval 10000000 --heartbeat 50000000 "
	                           "--head 10.1.0.1 --headdata 10.2.0.1 --fill none --workload intadd "
	                           "--set intadd.job=5000");
	experiment_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_are_read, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(disks_of_a_domain, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(counters_come_over_a_shell, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(ping_and_iperf3_are_read, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(the_cpu_of_capabilities_is_the_hosts, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(the_best_reading_maps_a_stamp, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_config_says_all_that_is_needed, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(the_user_is_told_how_to_start_the_agent, scratch_make,
		                                scratch_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

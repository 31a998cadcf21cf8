/* One remote node without any: what is said to tc and put back, the shell and all of a host through a stand-in
 * for ssh. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/ssh.h"
#include "bench/testbed/qdisc.h"
#include "bench/testbed/remote_host.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>

#include "t/stand_in_ssh.h"

/* ---- tc ---- */

static void a_rate_is_htb_and_a_round_trip_netem(void **state)
{
	(void)state;
	const struct link_shape rate = { .rate_bits_per_s = 100000000, .queue_bytes = 625000 };
	const struct link_shape both = { .rate_bits_per_s = 100000000,
		                         .queue_bytes = 625000,
		                         .rtt_ns = 20 * NS_PER_MS };
	char lines[QDISC_LINES][QDISC_ROOM];
	assert_int_equal(qdisc_shape(LINK_HTB, &rate, "eth1", lines), 3);
	assert_string_equal(lines[0], "qdisc add dev eth1 root handle 1: htb default 1");
	assert_string_equal(lines[1], "class add dev eth1 parent 1: classid 1:1 htb rate 100000000bit burst 16000 "
	                              "cburst 16000 quantum 60000");
	assert_string_equal(lines[2], "qdisc add dev eth1 parent 1:1 handle 10: bfifo limit 625000");
	assert_int_equal(qdisc_shape(LINK_NETEM, &both, "eth1", lines), 1);
	assert_string_equal(lines[0], "qdisc add dev eth1 root netem limit 501 delay 10000.000us rate 100000000bit");
	const struct link_shape none = { 0 };
	assert_int_equal(qdisc_shape(LINK_HTB, &none, "eth1", lines), 0);
}

static int restore(const char *shown, char *line, struct err *e)
{
	*e = (struct err){ 0 };
	return qdisc_restore(shown, "eth1", line, e);
}

/* As iproute2 6.1 prints them. */
static void a_qdisc_is_put_back_as_it_was(void **state)
{
	(void)state;
	char line[QDISC_ROOM];
	struct err e;
	assert_int_equal(restore("qdisc noqueue 0: root refcnt 2 \n", line, &e), 0);
	assert_string_equal(line, "");
	assert_int_equal(
		restore("qdisc mq 0: root \nqdisc fq_codel 0: parent :1 limit 10240p flows 1024\n", line, &e), 0);
	assert_string_equal(line, "");
	assert_int_equal(restore("qdisc fq_codel 8001: root refcnt 2 limit 10240p flows 1024 quantum 1514 target 5ms "
	                         "interval 100ms memory_limit 32Mb ecn drop_batch 64 \n",
	                         line, &e),
	                 0);
	assert_string_equal(line, "qdisc add dev eth1 root handle 8001: fq_codel limit 10240 flows 1024 quantum 1514 "
	                          "target 5ms interval 100ms memory_limit 32Mb ecn drop_batch 64");
	assert_int_equal(restore("qdisc sfq 8002: root refcnt 2 limit 127p quantum 1514b depth 127 divisor 1024 "
	                         "perturb 10sec \nqdisc ingress ffff: parent ffff:fff1 ---------------- \n",
	                         line, &e),
	                 0);
	assert_string_equal(line, "qdisc add dev eth1 root handle 8002: sfq limit 127 quantum 1514b depth 127 "
	                          "divisor 1024 perturb 10");
}

static void a_qdisc_that_cannot_be_put_back_is_left_alone(void **state)
{
	(void)state;
	char line[QDISC_ROOM];
	struct err e;
	assert_int_equal(restore("qdisc htb 1: root refcnt 2 r2q 10 default 0x1\n", line, &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	assert_non_null(strstr(e.text, "'eth1' has a qdisc of its own (htb 1:)"));
	assert_int_equal(
		restore("qdisc tbf 8001: root refcnt 2 rate 1Mbit\nqdisc pfifo 8002: parent 8001:1 limit 9p\n", line,
	                &e),
		-1);
	assert_non_null(strstr(e.text, "others below it"));
	assert_int_equal(restore("qdisc sfq 1: root refcnt 2 limit 127p\n"
	                         "filter parent 1: protocol ip pref 1 flow chain 0 \n",
	                         line, &e),
	                 -1);
	assert_non_null(strstr(e.text, "(sfq 1:) with filters"));
}

/* ---- ssh ---- */

static void a_shell_elsewhere_answers(void **state)
{
	(void)state;
	char text[400], path[100], there[100], few[4];
	struct ssh_asked asked;
	struct ssh *s;
	struct err e = { 0 };
	stand_in();
	snprintf(path, sizeof(path), "%s/control", scratch);
	assert_int_equal(ssh_open(&s, "root@host", "-p 22", path, &e), 0);
	assert_string_equal(ssh_target(s), "root@host");
	int64_t before_ns = clock_now_ns();
	assert_int_equal(ssh_ask(s, "a=1; printf 'no line end'", NS_PER_S * 10, text, sizeof(text), &asked, &e), 0);
	assert_string_equal(text, "no line end");
	assert_true(asked.before_ns >= before_ns && asked.after_ns >= asked.before_ns);
	assert_int_equal(ssh_ask(s, "echo $a; cat", NS_PER_S * 10, text, sizeof(text), NULL, &e), 0);
	assert_string_equal(text, "1\n");
	assert_int_equal(ssh_ask(s, "echo first; echo why >&2; false", NS_PER_S * 10, NULL, 0, NULL, &e), -1);
	assert_string_equal(e.text, "on 'root@host': status 1: why");
	assert_int_equal(ssh_ask(s, "echo 123456789", NS_PER_S * 10, few, sizeof(few), NULL, &e), 0);
	assert_string_equal(few, "123");
	assert_int_equal(ssh_ask(s, "yes | head -c 300000", NS_PER_S * 20, NULL, 0, NULL, &e), 0);
	snprintf(there, sizeof(there), "%s/copy", scratch);
	snprintf(path, sizeof(path), "%s/ssh", scratch);
	assert_int_equal(ssh_put(s, path, there, &e), 0);
	snprintf(text, sizeof(text), "cmp '%s' '%s'", path, there);
	assert_int_equal(ssh_ask(s, text, NS_PER_S * 10, NULL, 0, NULL, &e), 0);
	assert_int_equal(ssh_put(s, "/nonexistent", there, &e), -1);
	/* One that hangs is the end of it, and soon told. */
	assert_int_equal(ssh_ask(s, "sleep 20", 100 * NS_PER_MS, NULL, 0, NULL, &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	assert_int_equal(ssh_ask(s, ":", NS_PER_S, NULL, 0, NULL, &e), -1);
	assert_non_null(strstr(e.text, "does not answer any more"));
	ssh_close(s);
	assert_int_equal(ssh_open(&s, "root@gone", "", path, &e), -1);
	assert_non_null(strstr(e.text, "no route"));
	assert_int_equal(ssh_open(&s, "-oProxyCommand=x", "", path, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
}

/* ---- a plan ---- */

static void collect(void *context, const char *line)
{
	char *all = context;
	size_t used = strlen(all);
	snprintf(all + used, 16384 - used, "%s\n", line);
}

static void a_plan_names_every_command_and_one_interface(void **state)
{
	(void)state;
	static char all[16384];
	char uri[100];
	const struct remote_host_spec spec = { .uri = "qemu+ssh://root@h:2222/system?command=x", .device = "eth1" };
	const struct remote_host host = { .name = "src", .spec = &spec, .directory = "/var/lib/libvirt/migmeter" };
	struct link_shape shape = { .rate_bits_per_s = 100000000 };
	struct err e = { 0 };
	assert_string_equal(remote_host_local_uri(spec.uri, uri, sizeof(uri)), "qemu:///system");
	assert_int_equal(link_check_shape(&shape, &e), 0);
	all[0] = '\0';
	assert_int_equal(remote_host_plan(&host, &shape, LINK_HTB, "qdisc pfifo 8001: root refcnt 2 limit 77p\n",
	                                  "me", 30 * NS_PER_S, collect, all, &e),
	                 0);
	const char *const wanted[] = {
		"unshare --net tc qdisc add dev lo root handle 8001: pfifo limit 77\n",
		"must tc qdisc add dev eth1 root handle 8001: pfifo limit 77\n",
		"mkdir /run/migmeter-lease || exit 1\n",
		"virsh -q -c 'qemu:///system' destroy",
		"rm -rf '/var/lib/libvirt/migmeter'\n",
		"tc qdisc del dev eth1 root\n",
		"tc qdisc add dev eth1 root handle 1: htb default 1\n",
		"left=30\n",
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strstr(all, wanted[i]))
			fail_msg("'%s' is not in:\n%s", wanted[i], all);
	/* but where it is tried whether it can be put back */
	for (const char *at = all; (at = strstr(at, " dev ")); at++)
		assert_memory_equal(at, strncmp(at, " dev lo ", 8) == 0 ? " dev lo root handle 8001:" : " dev eth1",
		                    9);
}

/* ---- a host, which is a namespace of this machine behind the stand-in ---- */

static void qdisc_now(char *text, size_t room)
{
	const char *const argv[] = { "tc", "qdisc", "show", NULL };
	assert_int_equal(process_run(NULL, argv, 10 * NS_PER_S, text, room, NULL), 0);
}

static int namespaces_make(void)
{
	return unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	                       mount("none", "/run", "tmpfs", 0, NULL) < 0
	               ? -1
	               : 0;
}

/* A device with a qdisc of its own, or the kernel's where the machine has no such kind. */
static void device_make(const char *qdisc)
{
	assert_int_equal(process_runf(NULL, NULL, "ip link add d0 type veth peer name d1"), 0);
	assert_int_equal(process_runf(NULL, NULL, "ip link set d0 up"), 0);
	if (qdisc[0] && process_runf(NULL, NULL, "tc qdisc add dev d0 root %s", qdisc) < 0)
		print_message("no %s here\n", qdisc);
}

static void device_remove(void)
{
	assert_int_equal(process_runf(NULL, NULL, "ip link del d0"), 0);
}

static const struct remote_host_spec d0 = { .uri = "qemu+ssh://root@host/system", .device = "d0" };

static void host_shape(struct remote_host *h, enum link_backend backend)
{
	struct link_shape shape = { .rate_bits_per_s = 100000000 };
	char control[100];
	struct err e = { 0 };
	*h = (struct remote_host){ .name = "src", .spec = &d0, .directory = "/run/migmeter-own" };
	snprintf(control, sizeof(control), "%s/control", scratch);
	if (ssh_open(&h->ssh, "root@host", "", control, &e) < 0 || link_check_shape(&shape, &e) < 0 ||
	    remote_host_take(h, "me", 5 * NS_PER_S, &e) < 0 || remote_host_shape(h, &shape, backend, &e) < 0 ||
	    remote_host_renew(h, &e) < 0)
		fail_msg("%s", e.text);
}

/* The last tests: they leave this process in its namespaces. */
static void a_host_is_shaped_and_as_it_was_afterwards(void **state)
{
	(void)state;
	struct remote_host h;
	char before[2000], now[2000], path[200], control[100];
	struct err e = { 0 };
	if (geteuid() != 0)
		skip();
	stand_in();
	assert_int_equal(namespaces_make(), 0);
	device_make("handle 8001: pfifo limit 77");
	snprintf(control, sizeof(control), "%s/control", scratch);
	qdisc_now(before, sizeof(before));
	for (int dies = 0; dies < 2; dies++) {
		host_shape(&h, LINK_HTB);
		qdisc_now(now, sizeof(now));
		assert_non_null(strstr(now, "htb 1: dev d0 root"));
		assert_null(strstr(now, "pfifo 8001:"));
		assert_int_equal(remote_host_put(&h, "/proc/self/exe", "exe", path, sizeof(path), &e), 0);
		assert_string_equal(path, "/run/migmeter-own/exe");
		assert_int_equal(access(path, R_OK), 0);
		if (!dies && remote_host_release(&h, &e) < 0)
			fail_msg("%s", e.text);
		ssh_close(h.ssh);
		for (int i = 0; dies && i < 100; i++) {
			clock_sleep(100 * NS_PER_MS);
			if (access(LEASE_DIRECTORY, F_OK) < 0)
				break;
		}
		qdisc_now(now, sizeof(now));
		assert_string_equal(now, before);
		assert_int_equal(access("/run/migmeter-own", F_OK), -1);
	}
	/* One with classes is not even tried. */
	assert_int_equal(process_runf(NULL, NULL, "tc qdisc replace dev d0 root handle 7: htb default 1"), 0);
	assert_int_equal(ssh_open(&h.ssh, "root@host", "", control, &e), 0);
	assert_int_equal(remote_host_take(&h, "me", 5 * NS_PER_S, &e), -1);
	assert_non_null(strstr(e.text, "node 'src': 'd0' has a qdisc of its own (htb 7:)"));
	assert_int_equal(access(LEASE_DIRECTORY, F_OK), -1);
	ssh_close(h.ssh);
	device_remove();
}

/* Also one with a handle that a qdisc of ours has, root or below it. */
static void a_qdisc_comes_back_whatever_its_handle(void **state)
{
	(void)state;
	static const char *const qdiscs[] = {
		"",
		"handle 1: tbf rate 50mbit burst 16kb latency 50ms",
		"handle 10: tbf rate 50mbit burst 16kb latency 50ms",
		"handle 1: pfifo limit 77",
		"handle 10: pfifo limit 77",
		"handle 10: bfifo limit 777777",
		"handle 1: fq_codel limit 999",
		"handle 10: sfq perturb 10",
		"handle 1: netem delay 1ms",
	};
	if (geteuid() != 0)
		skip();
	stand_in();
	for (size_t i = 0; i < 2 * sizeof(qdiscs) / sizeof(*qdiscs); i++) {
		const char *qdisc = qdiscs[i / 2];
		enum link_backend backend = i % 2 ? LINK_NETEM : LINK_HTB;
		struct remote_host h;
		char before[2000], now[2000];
		struct err e = { 0 };
		if (process_runf(NULL, NULL, "unshare --net tc qdisc add dev lo root %s",
		                 backend == LINK_NETEM ? "netem delay 1ms" : "htb") < 0)
			continue;
		device_make(qdisc);
		qdisc_now(before, sizeof(before));
		host_shape(&h, backend);
		qdisc_now(now, sizeof(now));
		assert_non_null(strstr(now, backend == LINK_NETEM ? "qdisc netem" : "qdisc htb 1: dev d0 root"));
		if (remote_host_release(&h, &e) < 0)
			fail_msg("%s: %s", qdisc, e.text);
		ssh_close(h.ssh);
		qdisc_now(now, sizeof(now));
		assert_string_equal(now, before);
		device_remove();
	}
}

/* A device that went and came back: there is nothing to put back on it until then. */
static void what_does_not_come_back_is_told(void **state)
{
	(void)state;
	static const char own[] = "handle 1: pfifo limit 77";
	struct remote_host h;
	struct err e = { 0 };
	if (geteuid() != 0)
		skip();
	stand_in();
	device_make(own);
	host_shape(&h, LINK_HTB);
	device_remove();
	assert_int_equal(remote_host_release(&h, &e), -1);
	if (!strstr(e.text, "node 'src': ") ||
	    !strstr(e.text, "'tc qdisc add dev d0 root handle 1: pfifo limit 77' failed: Cannot find device"))
		fail_msg("%s", e.text);
	assert_int_equal(access(LEASE_DIRECTORY, F_OK), 0);
	assert_int_equal(remote_host_take(&h, "me", 5 * NS_PER_S, &e), -1);
	device_make(own);
	ssh_close(h.ssh);
	host_shape(&h, LINK_HTB);
	assert_int_equal(remote_host_release(&h, &e), 0);
	/* what came while it was shaped is not ours to remove, and told */
	assert_int_equal(process_runf(NULL, NULL, "tc qdisc del dev d0 root"), 0);
	ssh_close(h.ssh);
	host_shape(&h, LINK_HTB);
	assert_int_equal(process_runf(NULL, NULL, "tc qdisc add dev d0 ingress"), 0);
	assert_int_equal(remote_host_release(&h, &e), -1);
	if (!strstr(e.text,
	            "undone, but not as before: was qdisc noqueue 0: root - is now qdisc noqueue 0: root qdisc "
	            "ingress ffff:"))
		fail_msg("%s", e.text);
	assert_int_equal(access(LEASE_DIRECTORY, F_OK), -1);
	ssh_close(h.ssh);
	device_remove();
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_htb_and_a_round_trip_netem),
		cmocka_unit_test(a_qdisc_is_put_back_as_it_was),
		cmocka_unit_test(a_qdisc_that_cannot_be_put_back_is_left_alone),
		IN_SCRATCH(a_shell_elsewhere_answers),
		cmocka_unit_test(a_plan_names_every_command_and_one_interface),
		IN_SCRATCH(a_host_is_shaped_and_as_it_was_afterwards),
		IN_SCRATCH(a_qdisc_comes_back_whatever_its_handle),
		IN_SCRATCH(what_does_not_come_back_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

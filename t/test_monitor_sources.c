/* What the cluster's monitor reads: the statistics of libvirt, the counters of this machine, and a libvirt that is dead or
 * hangs. */
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"
#include "bench/placement/monitor_libvirt.h"
#include "bench/placement/monitor_local.h"
#include "collectors/proc_read.h"
#include "t/watched_cluster.h"

#include <math.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void libvirt_statistics_are_understood(void **state)
{
	(void)state;
	struct monitor_reading r = { 0 };
	struct err e = { 0 };
	virTypedParameterPtr p = NULL;
	int count = 0, room = 0;
	assert_int_equal(hypervisor_init(&e), 0);
	virTypedParamsAddInt(&p, &count, &room, "state.state", VIR_DOMAIN_RUNNING);
	virTypedParamsAddULLong(&p, &count, &room, "cpu.time", 1234567890);
	virTypedParamsAddULLong(&p, &count, &room, "balloon.current", 131072);
	virTypedParamsAddULLong(&p, &count, &room, "balloon.rss", 65536);
	virTypedParamsAddUInt(&p, &count, &room, "vcpu.current", 2);
	virTypedParamsAddUInt(&p, &count, &room, "block.count", 2);
	virTypedParamsAddULLong(&p, &count, &room, "block.0.rd.bytes", 100);
	virTypedParamsAddULLong(&p, &count, &room, "block.0.wr.bytes", 10);
	virTypedParamsAddULLong(&p, &count, &room, "block.1.rd.bytes", 200);
	virTypedParamsAddUInt(&p, &count, &room, "net.count", 0);
	monitor_reading_clear(&r, "a", NULL);
	monitor_libvirt_vm(p, count, 77, &r);
	assert_string_equal(r.state, MONITOR_RUNNING);
	assert_int_equal(r.head_ns, 77);
	assert_int_equal(r.value[MONITOR_CPUS], 2);
	assert_int_equal(r.value[MONITOR_CPU_NS], 1234567890);
	assert_int_equal(r.value[MONITOR_MEMORY], 65536 * 1024);
	assert_int_equal(r.value[MONITOR_MEMORY_TOTAL], 131072 * 1024);
	assert_int_equal(r.value[MONITOR_DISK_READ], 300);
	assert_int_equal(r.value[MONITOR_DISK_WRITTEN], MONITOR_MISSING); /* of one of its disks */
	assert_int_equal(r.value[MONITOR_NET_RECEIVED], 0);               /* it has no network device */
	assert_string_equal(r.missing, "libvirt does not tell disk_written_bytes");
	virTypedParamsFree(p, count);

	monitor_reading_clear(&r, "a", NULL);
	monitor_libvirt_vm(NULL, 0, 77, &r);
	assert_null(r.state);
	assert_string_equal(r.missing, "libvirt does not tell its state");
	for (int q = 0; q < MONITOR_QUANTITIES; q++)
		assert_int_equal(r.value[q], MONITOR_MISSING);
	hypervisor_end();
}

static bool is_vda(const char *name)
{
	return strcmp(name, "vda") == 0;
}

static void proc_is_understood(void **state)
{
	(void)state;
	static const char meminfo[] = "MemTotal:        8000000 kB\nMemFree:          100000 kB\n"
				      "MemAvailable:    6000000 kB\nBuffers: 5 kB\n";
	static const char net_dev[] =
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo\n"
		"    lo:  535165    9145    0    0    0     0          0         0   535165    9145    0    0    0     0\n"
		"   up0: 1000 39823    0    0    0     0          0         0  200   22933    0    0    0     0\n"
		" mgmt0:1848886501   39823    0    0    0     0          0         0  1709933   22933    0    0    0\n"
		" br-lan: 7 1 0 0 0 0 0 0 8 1 0 0 0 0 0 0\n";
	static const char diskstats[] =
		"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		" 254       0 vda 2045834 132214 98166939 2318552 739478 320371 75972968 431226 0 280296 2824342\n"
		" 254       1 vda1 2045834 132214 98166939 2318552 739478 320371 75972968 431226 0 280296 2824342\n";
	int64_t total, available, in, out;
	assert_int_equal(meminfo_parse(meminfo, &total, &available), 0);
	assert_int_equal(total, INT64_C(8000000) * 1024);
	assert_int_equal(total - available, INT64_C(2000000) * 1024);
	assert_int_equal(meminfo_parse("MemTotal: 5 kB\n", &total, &available), -1);
	const char *const uplinks[] = { "mgmt0", "up0", "mig0", NULL };
	assert_int_equal(net_dev_parse(net_dev, uplinks, &in, &out), 0);
	assert_int_equal(in, INT64_C(1848886501) + 1000);
	assert_int_equal(out, 1709933 + 200);
	assert_int_equal(net_dev_parse("", uplinks, &in, &out), -1);
	assert_int_equal(diskstats_parse(diskstats, is_vda, &in, &out), 0);
	assert_int_equal(in, INT64_C(98166939) * 512);
	assert_int_equal(out, INT64_C(75972968) * 512);
	assert_int_equal(diskstats_parse("", is_vda, &in, &out), 0); /* a machine without disks */
	assert_int_equal(in, 0);
}

static void this_machine_has_counters(void **state)
{
	(void)state;
	const char *const devices[] = { "lo", NULL };
	struct monitor_node whole = { .name = "all", .devices = devices }, core = { .name = "one", .core = 1 };
	struct monitor_reading r = { 0 };
	struct local_counters *c;
	struct err e = { 0 };
	assert_int_equal(local_counters_open(&c, &whole, &e), 0);
	monitor_reading_clear(&r, "", NULL);
	local_counters_read(c, &r);
	assert_string_equal(r.missing, "");
	assert_int_equal(r.value[MONITOR_CPUS], sysconf(_SC_NPROCESSORS_ONLN));
	assert_in_range(r.value[MONITOR_MEMORY], 1, r.value[MONITOR_MEMORY_TOTAL]);
	local_counters_close(c);
	assert_int_equal(local_counters_open(&c, &core, &e), 0);
	int64_t last = MONITOR_MISSING;
	for (int i = 0; i < 50; i++) {
		monitor_reading_clear(&r, "", NULL);
		local_counters_read(c, &r);
		assert_true(r.value[MONITOR_CPU_NS] >= last);
		last = r.value[MONITOR_CPU_NS];
	}
	assert_int_equal(r.value[MONITOR_CPUS], 1);
	assert_int_equal(r.value[MONITOR_NET_SENT], MONITOR_MISSING);
	assert_non_null(strstr(r.missing, "no network devices are named"));
	local_counters_close(c);
}

/* One libvirtd that is not there, one that accepts and never answers. */
static void libvirt_may_be_dead_or_hang(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char hanging[160], dead[160];
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", f->database.directory);
	snprintf(hanging, sizeof(hanging), "qemu+unix:///system?socket=%s", address.sun_path);
	snprintf(dead, sizeof(dead), "qemu+unix:///system?socket=%s/none", f->database.directory);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	const char *const devices[] = { "lo", NULL };
	struct monitor_node nodes[] = { { .name = "hanging", .libvirt_uri = hanging, .devices = devices, .core = 1 },
		                        { .name = "dead", .libvirt_uri = dead, .devices = devices, .core = 1 } };
	struct cluster_monitor_spec spec = { .source = &monitor_libvirt,
		                             .nodes = nodes,
		                             .node_count = 2,
		                             .path = f->database.path,
		                             .interval_ns = INTERVAL_NS };
	watch(f, &spec);
	const struct monitor_node_view *n = wait_for(f, "dead", is_covered);
	assert_non_null(strstr(n->missing, "cannot reach libvirt"));
	assert_false(n->answering);
	assert_false(isnan(n->mean.cpu_cores));
	n = wait_for(f, "hanging", is_silent);
	assert_non_null(strstr(n->missing, "no answer after"));
	close(fd); /* what waits in it is refused */
	stop(f);
	unlink(address.sun_path);
	hypervisor_end();
	assert_true(count_seconds(f, "dead", MONITOR_SILENT) >= 8);
	assert_int_equal(count_seconds(f, "hanging", MONITOR_ANSWERING), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(libvirt_statistics_are_understood),
		cmocka_unit_test(proc_is_understood),
		cmocka_unit_test(this_machine_has_counters),
		cmocka_unit_test_setup_teardown(libvirt_may_be_dead_or_hang, setup, teardown),
	};
	return cmocka_run_group_tests_name("monitor sources", tests, NULL, NULL);
}

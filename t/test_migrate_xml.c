/* The guest's document: complete, escaped, and what libvirt's own schema accepts. */
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/clock.h"
#include "bench/migrate/domain_xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static struct domain_spec plain(void)
{
	struct domain_spec spec = { .name = "vm1",
		                    .memory_bytes = 128 << 20,
		                    .vcpus = 2,
		                    .kernel = "/k",
		                    .initrd = "/i",
		                    .arguments = "console=ttyS0",
		                    .console_path = "/c" };
	domain_uuid(0x0123456789abcdef, 3, spec.uuid);
	return spec;
}

static struct domain_spec full(void)
{
	struct domain_spec spec = plain();
	spec.cores = "0,1";
	spec.lock_bytes = 256 << 20;
	spec.nic_count = 2;
	spec.nics[0] = (struct domain_nic){ "52:54:00:00:00:01", "br-mgmt", false };
	spec.nics[1] = (struct domain_nic){ "52:54:00:00:00:02", "br-lan", true };
	spec.disk_count = 4;
	spec.disks[0] =
		(struct domain_disk){ .host = "10.77.2.9", .port = 3260, .target = "iqn.2026-01.a:b", .lun = 1 };
	spec.disks[1] = (struct domain_disk){ .host = "10.77.2.9", .port = 10809, .lun = DISK_NBD };
	spec.disks[2] = (struct domain_disk){ .target = "/d.raw" };
	spec.disks[3] = (struct domain_disk){ .target = "/d.qcow2", .qcow2 = true };
	spec.disks_readonly = 1 << 1;
	spec.disks_shareable = 1 << 2;
	spec.global_count = 1;
	strcpy(spec.globals[0], "migration.x-postcopy-preempt=on");
	return spec;
}

static void has(const char *xml, const char *part)
{
	if (!strstr(xml, part))
		fail_msg("no %s in:\n%s", part, xml);
}

static void test_all_parts(void **state)
{
	(void)state;
	struct domain_spec spec = full();
	char *xml = domain_xml(&spec);
	assert_non_null(xml);
	has(xml, "<domain type='qemu' xmlns:qemu=");
	has(xml, "<uuid>01234567-89ab-8000-80cd-ef0000000003</uuid>");
	has(xml, "<memory unit='b'>134217728</memory>");
	has(xml, "<vcpupin vcpu='0' cpuset='0,1'/><vcpupin vcpu='1' cpuset='0,1'/><emulatorpin cpuset='0,1'/>");
	has(xml, "<source bridge='br-mgmt'/><model type='virtio'/><rom enabled='no'/>");
	has(xml,
	    "<source bridge='br-lan'/><virtualport type='openvswitch'/><model type='virtio'/><driver><host csum='off'");
	has(xml, "protocol='iscsi' name='iqn.2026-01.a:b/1'><host name='10.77.2.9' port='3260'/>");
	has(xml, "<target dev='vdb' bus='virtio'/><readonly/>");
	has(xml, "type='raw' cache='none'/>\n<source file='/d.raw'/>");
	has(xml, "type='qcow2' cache='none'/>\n<source file='/d.qcow2'/>");
	has(xml, "<target dev='vdc' bus='virtio'/><shareable/>");
	has(xml, "<qemu:arg value='migration.x-postcopy-preempt=on'/>");
	has(xml, "append='on'");
	free(xml);
}

static void test_nothing_asked_nothing_said(void **state)
{
	(void)state;
	struct domain_spec spec = plain();
	spec.initrd = spec.arguments = spec.console_path = NULL;
	char *xml = domain_xml(&spec);
	assert_non_null(xml);
	const char *const absent[] = { "initrd",  "cmdline",    "serial", "cputune",   "qemu:",
		                       "memtune", "dirty-ring", "<disk",  "<interface" };
	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
		assert_null(strstr(xml, absent[i]));
	free(xml);
}

static void test_escaped(void **state)
{
	(void)state;
	struct domain_spec spec = full();
	spec.name = "a<b>&'\"c";
	spec.arguments = "x\ny\x01";
	spec.disks[0].target = "q'/><evil/>";
	char *xml = domain_xml(&spec);
	assert_non_null(xml);
	has(xml, "<name>a&lt;b&gt;&amp;&apos;&quot;c</name>");
	has(xml, "<cmdline>x&#10;y?</cmdline>");
	assert_null(strstr(xml, "<evil"));
	free(xml);
}

static void test_accelerator_chooses_cpu(void **state)
{
	(void)state;
	struct domain_spec spec = plain();
	char *xml = domain_xml(&spec);
	has(xml, ">qemu64</model>");
	free(xml);
	spec.kvm = true;
	spec.dirty_ring_pages = 4096;
	xml = domain_xml(&spec);
	has(xml, "<domain type='kvm'>");
	has(xml, "mode='host-passthrough'");
	has(xml, "<dirty-ring state='on' size='4096'/>");
	free(xml);
	spec.cpu = "EPYC";
	xml = domain_xml(&spec);
	has(xml, ">EPYC</model>");
	free(xml);
}

static void test_uuids_differ(void **state)
{
	(void)state;
	unsigned char a[16], b[16];
	domain_uuid(7, 0, a);
	domain_uuid(7, 0, b);
	assert_memory_equal(a, b, 16);
	domain_uuid(7, 1, b);
	assert_memory_not_equal(a, b, 16);
	for (int bit = 0; bit < 64; bit++) {
		domain_uuid(UINT64_C(1) << bit ^ 7, 0, b);
		assert_memory_not_equal(a, b, 16);
	}
}

/* libvirt's own schema is the judge. */
static void test_schema(void **state)
{
	(void)state;
	struct domain_spec specs[] = { plain(), full() };
	for (size_t i = 0; i < 2; i++) {
		char path[] = "/tmp/migmeter-xml-XXXXXX";
		int fd = mkstemp(path);
		assert_true(fd >= 0);
		char *xml = domain_xml(&specs[i]);
		assert_int_equal(write(fd, xml, strlen(xml)), strlen(xml));
		close(fd);
		free(xml);
		const char *argv[] = { "virt-xml-validate", path, "domain", NULL };
		struct err e = { 0 };
		int result = process_run(&(struct process_place){ 0 }, argv, 30 * NS_PER_S, NULL, 0, &e);
		unlink(path);
		if (result < 0)
			fail_msg("%s", e.text);
	}
}

static void test_repinned(void **state)
{
	(void)state;
	char *xml = domain_xml_repinned("<domain><vcpu placement='static' cpuset='0-3'>2</vcpu><cputune>"
	                                "<vcpupin vcpu='0' cpuset='0'/><vcpupin vcpu='1' cpuset='0,2-3'/>"
	                                "<emulatorpin cpuset='0'/></cputune><a cpuset='0'/></domain>",
	                                17);
	assert_string_equal(xml, "<domain><vcpu placement='static' cpuset='0-3'>2</vcpu><cputune>"
	                         "<vcpupin vcpu='0' cpuset='17'/><vcpupin vcpu='1' cpuset='17'/>"
	                         "<emulatorpin cpuset='17'/></cputune><a cpuset='0'/></domain>");
	free(xml);
	xml = domain_xml_repinned("<domain><vcpupin vcpu='0'/><emulatorpin ", 1);
	assert_string_equal(xml, "<domain><vcpupin vcpu='0'/><emulatorpin ");
	free(xml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_parts),    cmocka_unit_test(test_nothing_asked_nothing_said),
		cmocka_unit_test(test_escaped),      cmocka_unit_test(test_accelerator_chooses_cpu),
		cmocka_unit_test(test_uuids_differ), cmocka_unit_test(test_schema),
		cmocka_unit_test(test_repinned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

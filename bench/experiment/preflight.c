/* What can be known to fail before anything is started. */
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/experiment/remote_check.h"
#include "bench/experiment/run.h"
#include "bench/testbed/disk_image.h"
#include "collectors/proc_read.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Programs that a run starts, and the package that has them. */
static const struct {
	const char *path, *package;
	int for_storage; /* enum storage_kind; STORAGE_NONE: always */
	int for_network; /* enum network; NETWORK_BRIDGE: always */
} tools[] = {
	{ "/usr/bin/qemu-system-x86_64", "qemu-system-x86", STORAGE_NONE, NETWORK_BRIDGE },
	{ "/sbin/ip", "iproute2", STORAGE_NONE, NETWORK_BRIDGE },
	{ "/sbin/tc", "iproute2", STORAGE_NONE, NETWORK_BRIDGE },
	{ "/bin/ss", "iproute2", STORAGE_NONE, NETWORK_BRIDGE },
	{ "/usr/sbin/tgtd", "tgt", STORAGE_ISCSI, NETWORK_BRIDGE },
	{ "/usr/sbin/tgtadm", "tgt", STORAGE_ISCSI, NETWORK_BRIDGE },
	{ "/usr/bin/qemu-img", "qemu-utils", STORAGE_COPY, NETWORK_BRIDGE },
	{ "/usr/bin/qemu-io", "qemu-utils", STORAGE_COPY, NETWORK_BRIDGE },
	{ "/usr/sbin/ovs-vswitchd", "openvswitch-switch", STORAGE_NONE, NETWORK_OVS },
	{ "/usr/bin/ovs-ofctl", "openvswitch-common", STORAGE_NONE, NETWORK_OVS },
	{ "/usr/bin/osken-manager", "python3-os-ken", STORAGE_NONE, NETWORK_OVS },
};

static int room_check(const char *directory, int64_t need, const char *or_else, struct err *e)
{
	struct statvfs fs;
	char text[512], wanted[32], there[32];
	snprintf(text, sizeof(text), "%s", directory);
	while (statvfs(text, &fs) < 0) {
		char *slash = strrchr(text, '/');
		if (!slash || slash == text) {
			if (statvfs(text[0] == '/' ? "/" : ".", &fs) < 0)
				return 0;
			break;
		}
		*slash = '\0';
	}
	int64_t available = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (available < need)
		return err_set(e, EXIT_CANNOT, "'%s' has %s of room and the run needs %s: make room, or %s", text,
		               size_format(available, there, sizeof(there)),
		               size_format(need, wanted, sizeof(wanted)), or_else);
	return 0;
}

static int results_room_check(const char *directory, struct err *e)
{
	return room_check(directory, 64 << 20, "choose another folder", e);
}

static void keep_first_no(void *context, const char *what, const char *answer, const char *purpose, const char *how)
{
	struct err *e = context;
	(void)purpose;
	if (strcmp(answer, "no") == 0 && !e->status)
		err_set(e, EXIT_CANNOT, "%s: %s ('migmeter check CONFIG' tells all)", what, how);
}

static void no_command(void *context, const char *node, const char *line)
{
	(void)context;
	(void)node;
	(void)line;
}

/* What remote nodes lack. */
static int nodes_check(const struct experiment *x, struct err *e)
{
	struct err no = { 0 };
	const struct check_sink sink = { keep_first_no, no_command, &no };
	if (remote_check(x, &sink, e) < 0)
		return -1;
	return no.status ? err_set(e, no.status, "%s", no.text) : 0;
}

int run_preflight(const struct experiment *x, const char *directory, const struct machine_wait *wait, struct err *e)
{
	int64_t memory = 0, disk = 0, total, available;
	char wanted[32], there[32];
	const struct testbed_spec testbed = experiment_testbed(x);
	if (geteuid() != 0)
		return err_set(
			e, EXIT_CANNOT,
			"a run needs root on this machine (namespaces, bridges, traffic control, packets): use sudo");
	if (testbed.remote)
		return testbed_check_free(&testbed, wait, e) < 0 || results_room_check(directory, e) < 0
		               ? -1
		               : nodes_check(x, e);
	for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
		if ((!tools[i].for_storage || tools[i].for_storage == x->storage.kind) &&
		    (!tools[i].for_network || tools[i].for_network == x->link.network) &&
		    access(tools[i].path, X_OK) < 0)
			return err_set(e, EXIT_CANNOT, "'%s' is missing (package %s): run 'make deps'", tools[i].path,
			               tools[i].package);
	for (int i = 0; i < x->vm_count; i++) {
		char image[PATH_MAX];
		if (x->vms[i].image && disk_image_path(x->vms[i].image, image, sizeof(image), e) < 0)
			return err_prefix(e, "VM '%s'", x->vms[i].name);
		/* One that moves is on both nodes for a while. */
		memory += x->vms[i].memory_bytes * (experiment_moves(x, &x->vms[i]) ? 2 : 1);
		/* A base and what lies above it, on two nodes. */
		disk += x->vms[i].disk_bytes * (x->storage.kind == STORAGE_COPY ? 4 : 1);
	}
	/* what QEMU takes beside the guest's RAM, TCG's cache included */
	memory += (int64_t)(x->vm_count + 1) * (256 << 20);
	if (proc_read_memory(&total, &available) == 0 && memory > available)
		return err_set(
			e, EXIT_CANNOT,
			"the VMs need %s of memory and the machine has %s free: lower vm.memory, or use --scale",
			size_format(memory, wanted, sizeof(wanted)), size_format(available, there, sizeof(there)));
	if (disk && room_check("/var/lib", disk + (64 << 20), "lower vm.disk or use --scale", e) < 0)
		return -1;
	if (testbed_check_free(&testbed, wait, e) < 0)
		return -1;
	return results_room_check(directory, e);
}

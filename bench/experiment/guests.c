#include "bench/experiment/guests.h"

#include "bench/base/data.h"
#include "bench/base/err.h"
#include "bench/experiment/wait_watching.h"
#include "bench/migrate/domain_xml.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/qmp.h"
#include "bench/testbed/accelerator.h"
#include "bench/testbed/guest_image.h"
#include "bench/testbed/own_disk.h"
#include "bench/testbed/storage.h"
#include "workloads/settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MANAGEMENT_NETWORK = 1, LAN_NETWORK = 2, FIRST_GUEST = 11 };

char *guest_address(int network, int vm, char *buffer, size_t room)
{
	snprintf(buffer, room, "10.77.%d.%d", network, FIRST_GUEST + vm);
	return buffer;
}

char *guest_mac(int network, int vm, char *buffer, size_t room)
{
	snprintf(buffer, room, "52:54:00:77:%02x:%02x", network, FIRST_GUEST + vm);
	return buffer;
}

int guests_prepare(struct guest_boot *boot, const struct experiment *x, const char *directory, struct err *e)
{
	char binary[PATH_MAX], kernel_directory[PATH_MAX];
	if (data_path("guest/migmeter-guest", binary, sizeof(binary), e) < 0 ||
	    data_path("guest/kernel", kernel_directory, sizeof(kernel_directory), e) < 0)
		return err_prefix(e, "the guest is not built (run 'make guest')");
	snprintf(boot->kernel, sizeof(boot->kernel), "%s/vmlinuz", kernel_directory);
	snprintf(boot->initrd, sizeof(boot->initrd), "%s/guest.initrd", directory);
	if (access(boot->kernel, R_OK) < 0)
		return err_errno(e, EXIT_CANNOT, "no guest kernel at '%s' (run 'make guest')", boot->kernel);
	if (guest_kernel_version(kernel_directory, boot->kernel_version, sizeof(boot->kernel_version), e) < 0 ||
	    guest_image_write(binary, kernel_directory, boot->initrd, e) < 0)
		return -1;
	if (x->hosts.accelerator == ACCELERATOR_TCG) {
		snprintf(boot->accelerator_reason, sizeof(boot->accelerator_reason), "asked for");
		return 0;
	}
	/* Asked for by name, it is tried anew: so a "no" that was wrong can be corrected. */
	enum accelerator_answer known = ACCELERATOR_UNTRIED;
	if (x->hosts.accelerator == ACCELERATOR_AUTO)
		known = accelerator_kvm_known(boot->kernel, boot->accelerator_reason,
		                              sizeof(boot->accelerator_reason));
	boot->kvm = known == ACCELERATOR_YES ||
	            (known == ACCELERATOR_UNTRIED &&
	             accelerator_kvm_works(boot->kernel, boot->initrd, boot->accelerator_reason,
	                                   sizeof(boot->accelerator_reason)));
	if (!boot->kvm && x->hosts.accelerator == ACCELERATOR_KVM)
		return err_set(e, EXIT_CANNOT, "hosts.accelerator is kvm, but %s: use auto or tcg",
		               boot->accelerator_reason);
	return 0;
}

int guests_check_features(struct guest_boot *boot, const struct experiment *x, virConnectPtr source,
                          virConnectPtr destination, struct err *e)
{
	boot->host.kvm = boot->kvm;
	boot->host.postcopy = x->migration.mode == MODE_POSTCOPY;
	boot->host.disks = false;
	for (int i = 0; i < x->vm_count; i++)
		boot->host.disks |= experiment_copies(x, &x->vms[i]);
	if (feature_host_read(&boot->host, source, destination, e) < 0)
		return -1;
	return feature_check_host(&x->features, &boot->host, e);
}

/* The words of the guest's kernel command line, through the codec that the guest itself reads them with. */
static int arguments_make(const struct experiment *x, int index, const struct testbed *t, uint64_t run_id,
                          char *buffer, size_t room, struct err *e)
{
	const struct experiment_vm *vm = &x->vms[index];
	struct guest_settings s;
	char value[OPTION_STRING_ROOM], key[128], mac[20], ip[20];
	int result = 0;
	guest_settings_init(&s);
	s.run_id = run_id;
	s.vm = (uint16_t)index;
	s.interval_ns = x->collect.sample_interval_ns;
	s.heartbeat_ns = x->collect.heartbeat_ns;
	s.fill_random = vm->fill == FILL_RANDOM;
	s.empty_bytes = vm->spare_bytes;
	for (int network = MANAGEMENT_NETWORK; network <= LAN_NETWORK && result == 0; network++) {
		guest_mac(network, index, mac, sizeof(mac));
		guest_address(network, index, ip, sizeof(ip));
		snprintf(value, sizeof(value), "%s,%s/24", mac, ip);
		result = guest_settings_set(&s, network == MANAGEMENT_NETWORK ? "mgmt" : "data", value, e);
	}
	if (result == 0)
		result = guest_settings_set(&s, "head", t->nodes[NODE_HEAD].management_ip, e);
	if (result == 0)
		result = guest_settings_set(&s, "headdata", t->nodes[NODE_HEAD].lan_ip, e);
	if (result == 0)
		result = guest_settings_set(&s, "workload", vm->workload, e);
	for (int w = 0; result == 0 && w < VM_WORKLOADS_MAX && vm->workloads[w]; w++)
		for (const struct option_row *row = vm->workloads[w]->options; result == 0 && row && row->name;
		     row++) {
			snprintf(key, sizeof(key), "%s.%s", vm->workloads[w]->name, row->name);
			option_get(row, vm->workload_options[w], value, sizeof(value));
			result = guest_settings_set(&s, key, value, e);
		}
	int length = snprintf(buffer, room, "%s %s", GUEST_KERNEL_ARGUMENTS,
	                      x->features.async_page_faults == ASYNC_OFF ? "no-kvmapf " : "");
	if (result == 0)
		result = guest_settings_format(&s, buffer + length, room - (size_t)length, e);
	guest_settings_free(&s);
	return result < 0 ? err_prefix(e, "VM '%s'", vm->name) : 0;
}

/* All threads of a VM's QEMU, and those to come. */
static int make_urgent(const struct node *node, const char *vm, struct err *e)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/%s.pid", node->qemu_pid_directory, vm);
	pid_t pid = process_pid_file(path);
	if (pid <= 0)
		return err_set(e, EXIT_CANNOT, "cannot read the pid of QEMU in '%s'", path);
	return process_runf(NULL, e, "chrt --all-tasks --rr --pid 1 %d", (int)pid);
}

int guest_start(const struct experiment *x, int index, const struct guest_boot *boot, const struct testbed *t,
                const struct node *node, virConnectPtr connection, uint64_t run_id, const char *run_directory,
                struct err *e)
{
	const struct experiment_vm *vm = &x->vms[index];
	char arguments[GUEST_COMMAND_LINE_ROOM], console[PATH_MAX + 100], absolute[PATH_MAX], monitor[300], disk[64];
	if (arguments_make(x, index, t, run_id, arguments, sizeof(arguments), e) < 0)
		return -1;
	if (!realpath(run_directory, absolute))
		return err_errno(e, EXIT_CANNOT, "cannot find '%s'", run_directory);
	snprintf(console, sizeof(console), "%s/console-%s.log", absolute, vm->name);
	struct domain_spec spec = {
		.name = vm->name,
		.kvm = boot->kvm,
		.memory_bytes = vm->memory_bytes,
		.vcpus = (int)vm->vcpus,
		.core = node->core,
		.kernel = boot->kernel,
		.initrd = boot->initrd,
		.arguments = arguments,
		.console_path = console,
		.nic_count = 2,
		.nics = { { .bridge = "br-mgmt" },
		          { .bridge = "br-lan", .openvswitch = t->spec.network == NETWORK_OVS } },
	};
	domain_uuid(run_id, index, spec.uuid);
	for (int network = MANAGEMENT_NETWORK; network <= LAN_NETWORK; network++)
		guest_mac(network, index, spec.nics[network - 1].mac, sizeof(spec.nics[0].mac));
	if (vm->disk_bytes)
		spec.disk_count = 1;
	if (x->storage.kind == STORAGE_COPY)
		spec.disks[0] =
			(struct domain_disk){ .target = own_disk_path(index + 1, disk, sizeof(disk)), .qcow2 = true };
	else
		spec.disks[0] = (struct domain_disk){ .host = t->nodes[NODE_STO].lan_ip,
			                              .port = STORAGE_PORT,
			                              .target = STORAGE_TARGET,
			                              .lun = index + 1 };
	/* Before 9.0 QEMU loses writes of TCG guests that move. */
	spec.uneven_memory = !boot->kvm && boot->host.qemu_version < 9000000;
	if (boot->monitors && !experiment_moves(x, vm))
		spec.monitor_path = qmp_path(node->state_directory, vm->name, monitor, sizeof(monitor));
	else if (x->migration.page_waits && experiment_moves(x, vm))
		spec.monitor_path = wait_watching_monitor(vm->name, monitor, sizeof(monitor));
	if (experiment_moves(x, vm)) {
		/* QEMU's own pages are locked too. */
		spec.lock_bytes = x->features.zero_copy ? vm->memory_bytes + ((int64_t)1 << 30) : 0;
		if (feature_globals(&x->features, boot->host.libvirt_version, spec.globals, &spec.global_count,
		                    DOMAIN_GLOBALS, e) < 0)
			return -1;
	}
	char *xml = domain_xml(&spec);
	if (!xml)
		return err_set(e, EXIT_CANNOT, "cannot describe VM '%s': out of memory", vm->name);
	int result = hypervisor_start_domain(connection, xml, e);
	free(xml);
	if (result == 0 && x->hosts.urgent)
		result = make_urgent(node, vm->name, e);
	return result < 0 ? err_prefix(e, "VM '%s' on node '%s'", vm->name, node->name) : 0;
}

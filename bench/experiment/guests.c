#include "bench/experiment/guests.h"

#include "bench/base/clock.h"
#include "bench/base/data.h"
#include "bench/base/err.h"
#include "bench/base/ssh.h"
#include "bench/experiment/guest_threads.h"
#include "bench/experiment/wait_watching.h"
#include "bench/migrate/domain_xml.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/qmp.h"
#include "bench/testbed/accelerator.h"
#include "bench/testbed/guest_image.h"
#include "bench/testbed/own_disk.h"
#include "bench/testbed/storage.h"
#include "workloads/settings.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_GUEST = 11, PREFIX = 24 };

/* Of the first guest in a network, host byte order; *ret_prefix is the network's. */
static uint32_t first_address(const struct experiment *x, int network, int *ret_prefix)
{
	unsigned a, b, c, d;
	const char *text = network == MANAGEMENT_NETWORK ? x->remote.guest_management : x->remote.guest_data;
	*ret_prefix = PREFIX;
	if (x->hosts.kind == HOSTS_REMOTE && sscanf(text, "%u.%u.%u.%u/%d", &a, &b, &c, &d, ret_prefix) >= 4)
		return a << 24 | b << 16 | c << 8 | d;
	return 10U << 24 | 77U << 16 | (unsigned)network << 8 | FIRST_GUEST;
}

char *guest_address(const struct experiment *x, int network, int vm, char *buffer, size_t room)
{
	int prefix;
	struct in_addr address = { htonl(first_address(x, network, &prefix) + (uint32_t)vm) };
	char text[INET_ADDRSTRLEN];
	if (x->vms[vm].domain[0])
		snprintf(buffer, room, "%s", x->vms[vm].address);
	else
		snprintf(buffer, room, "%s", inet_ntop(AF_INET, &address, text, sizeof(text)));
	return buffer;
}

char *guest_mac(int network, int vm, char *buffer, size_t room)
{
	snprintf(buffer, room, "52:54:00:77:%02x:%02x", network, FIRST_GUEST + vm);
	return buffer;
}

/* Whether both nodes have it; no guest is booted to find out. */
static int remote_accelerator(struct guest_boot *boot, const struct experiment *x, const struct testbed *t,
                              struct err *e)
{
	boot->kvm = true;
	for (int i = NODE_SRC; i <= NODE_DST && boot->kvm; i++)
		boot->kvm = ssh_ask(remote_testbed_host(t, i)->ssh, "[ -c /dev/kvm ]", 10 * NS_PER_S, NULL, 0, NULL,
		                    NULL) == 0;
	snprintf(boot->accelerator_reason, sizeof(boot->accelerator_reason), "%s",
	         boot->kvm ? "both nodes have /dev/kvm (whether a guest boots under it was not tried)"
	                   : "a node has no /dev/kvm");
	if (!boot->kvm && x->hosts.accelerator == ACCELERATOR_KVM)
		return err_set(e, EXIT_CANNOT, "hosts.accelerator is kvm, but %s: use auto or tcg",
		               boot->accelerator_reason);
	return 0;
}

int guests_prepare(struct guest_boot *boot, const struct experiment *x, const struct testbed *t, struct err *e)
{
	char binary[PATH_MAX], kernel_directory[PATH_MAX], kernel[400], initrd[400];
	if (data_path("guest/migmeter-guest", binary, sizeof(binary), e) < 0 ||
	    data_path("guest/kernel", kernel_directory, sizeof(kernel_directory), e) < 0)
		return err_prefix(e, "the guest is not built (run 'make guest')");
	snprintf(kernel, sizeof(kernel), "%s/vmlinuz", kernel_directory);
	snprintf(initrd, sizeof(initrd), "%s/guest.initrd", testbed_home(t));
	if (access(kernel, R_OK) < 0)
		return err_errno(e, EXIT_CANNOT, "no guest kernel at '%s' (run 'make guest')", kernel);
	if (guest_kernel_version(kernel_directory, boot->kernel_version, sizeof(boot->kernel_version), e) < 0 ||
	    guest_image_write(binary, kernel_directory, initrd, e) < 0 ||
	    testbed_put(t, kernel, "vmlinuz", boot->kernel, sizeof(boot->kernel), e) < 0 ||
	    testbed_put(t, initrd, "guest.initrd", boot->initrd, sizeof(boot->initrd), e) < 0)
		return -1;
	if (x->hosts.accelerator == ACCELERATOR_TCG) {
		snprintf(boot->accelerator_reason, sizeof(boot->accelerator_reason), "asked for");
		return 0;
	}
	if (t->remote)
		return remote_accelerator(boot, x, t, e);
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

/* Its NICs, of a guest that is ours. */
static int nics_set(struct guest_settings *s, const struct experiment *x, int index, struct err *e)
{
	char value[OPTION_STRING_ROOM], mac[20], ip[20];
	for (int network = MANAGEMENT_NETWORK; network <= LAN_NETWORK; network++) {
		int prefix;
		first_address(x, network, &prefix);
		guest_mac(network, index, mac, sizeof(mac));
		guest_address(x, network, index, ip, sizeof(ip));
		snprintf(value, sizeof(value), "%s,%s/%d", mac, ip, prefix);
		if (guest_settings_set(s, network == MANAGEMENT_NETWORK ? "mgmt" : "data", value, e) < 0)
			return -1;
	}
	return 0;
}

static int settings_fill(struct guest_settings *s, const struct experiment *x, int index, const char *head,
                         const char *head_data, uint64_t run_id, struct err *e)
{
	const struct experiment_vm *vm = &x->vms[index];
	char value[OPTION_STRING_ROOM], key[128];
	guest_settings_init(s);
	s->run_id = run_id;
	s->vm = (uint16_t)index;
	s->interval_ns = x->collect.sample_interval_ns;
	s->heartbeat_ns = x->collect.heartbeat_ns;
	s->fill_random = vm->fill == FILL_RANDOM;
	s->empty_bytes = vm->spare_bytes;
	int result = vm->domain[0] ? 0 : nics_set(s, x, index, e);
	if (result == 0)
		result = guest_settings_set(s, "head", head, e);
	if (result == 0)
		result = guest_settings_set(s, "headdata", head_data, e);
	if (result == 0)
		result = guest_settings_set(s, "workload", vm->workload, e);
	for (int w = 0; result == 0 && w < VM_WORKLOADS_MAX && vm->workloads[w]; w++)
		for (const struct option_row *row = vm->workloads[w]->options; result == 0 && row && row->name;
		     row++) {
			snprintf(key, sizeof(key), "%s.%s", vm->workloads[w]->name, row->name);
			option_get(row, vm->workload_options[w], value, sizeof(value));
			result = guest_settings_set(s, key, value, e);
		}
	return result;
}

/* The words of the guest's kernel command line, through the codec that the guest itself reads them with. */
static int arguments_make(const struct experiment *x, int index, const struct testbed *t, uint64_t run_id,
                          char *buffer, size_t room, struct err *e)
{
	const struct node *head = &t->nodes[NODE_HEAD];
	struct guest_settings s;
	int length = snprintf(buffer, room, "%s %s", GUEST_KERNEL_ARGUMENTS,
	                      x->features.async_page_faults == ASYNC_OFF ? "no-kvmapf " : "");
	int result = settings_fill(&s, x, index, head->management_ip, head->lan_ip, run_id, e);
	if (result == 0)
		result = guest_settings_format(&s, buffer + length, room - (size_t)length, e);
	guest_settings_free(&s);
	return result < 0 ? err_prefix(e, "VM '%s'", x->vms[index].name) : 0;
}

/* "migmeter.KEY=VALUE" is --KEY VALUE, and of a workload --set NAME.KEY=VALUE. */
int guest_agent_words(const struct experiment *x, int index, char *buffer, size_t room, struct err *e)
{
	static const char prefix[] = "migmeter.";
	const struct remote_spec *r = &x->remote;
	const char *data = r->head_data[0] ? r->head_data : r->head;
	char words[GUEST_COMMAND_LINE_ROOM], *save = NULL;
	struct guest_settings s;
	size_t used = 0;
	int result = settings_fill(&s, x, index, r->head, data, strtoull(r->run_id, NULL, 16), e);
	if (result == 0)
		result = guest_settings_format(&s, words, sizeof(words), e);
	guest_settings_free(&s);
	if (result < 0)
		return err_prefix(e, "VM '%s'", x->vms[index].name);
	buffer[0] = '\0';
	for (char *word = strtok_r(words, " ", &save); word && used < room; word = strtok_r(NULL, " ", &save)) {
		const char *key = word + strlen(prefix);
		char *equals = strchr(word, '=');
		bool of_workload = memchr(key, '.', (size_t)(equals - key)) != NULL;
		*equals = of_workload ? '=' : ' ';
		used += (size_t)snprintf(buffer + used, room - used, "%s--%s%s", used ? " " : "",
		                         of_workload ? "set " : "", key);
	}
	return used < room ? 0 : err_set(e, EXIT_USAGE, "VM '%s' has too many settings", x->vms[index].name);
}

/* Where QEMU writes it: into the run directory, or on a remote node into our directory, to be fetched. */
static int console_path(const struct testbed *t, const struct node *node, const char *run_directory, const char *vm,
                        char *buffer, size_t room, struct err *e)
{
	char absolute[PATH_MAX];
	if (t->remote) {
		snprintf(buffer, room, "%s/console-%s.log", node->state_directory, vm);
		return 0;
	}
	if (!realpath(run_directory, absolute))
		return err_errno(e, EXIT_CANNOT, "cannot find '%s'", run_directory);
	snprintf(buffer, room, "%s/console-%s.log", absolute, vm);
	return 0;
}

/* A guest ends with the lease, should this machine die. */
static int lease_guest(const struct testbed *t, const unsigned char uuid[16], struct err *e)
{
	char text[40] = "";
	for (int i = 0, used = 0; i < 16; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%02x",
		                 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
	return remote_testbed_guest(t, text, e);
}

int guests_end_left(virConnectPtr connection)
{
	virDomainPtr *domains = NULL;
	int count = virConnectListAllDomains(connection, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE), ended = 0;
	for (int i = 0; i < count; i++) {
		unsigned char uuid[VIR_UUID_BUFLEN];
		if (virDomainGetUUID(domains[i], uuid) == 0 && domain_uuid_is_ours(uuid))
			ended += virDomainDestroy(domains[i]) == 0;
		virDomainFree(domains[i]);
	}
	free(domains);
	return ended;
}

int guest_start(const struct experiment *x, int index, const struct guest_boot *boot, const struct testbed *t,
                const struct node *node, virConnectPtr connection, uint64_t run_id, const char *run_directory,
                struct err *e)
{
	const struct experiment_vm *vm = &x->vms[index];
	char arguments[GUEST_COMMAND_LINE_ROOM], console[PATH_MAX + 100], monitor[300], disk[64], cores[32];
	if (arguments_make(x, index, t, run_id, arguments, sizeof(arguments), e) < 0)
		return -1;
	if (console_path(t, node, run_directory, vm->name, console, sizeof(console), e) < 0)
		return -1;
	struct domain_spec spec = {
		.name = vm->name,
		.kvm = boot->kvm,
		.memory_bytes = vm->memory_bytes,
		.vcpus = (int)vm->vcpus,
		.cores = guest_threads_boot_cores(t, cores, sizeof(cores)),
		.kernel = boot->kernel,
		.initrd = boot->initrd,
		.arguments = arguments,
		.console_path = console,
		.nic_count = 2,
		.nics = { { .bridge = t->remote ? x->remote.management_bridge : "br-mgmt" },
		          { .bridge = t->remote ? x->remote.data_bridge : "br-lan",
		            .openvswitch = t->spec.network == NETWORK_OVS } },
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
	else if ((x->migration.page_waits || experiment_rescues(x)) && experiment_moves(x, vm))
		spec.monitor_path = wait_watching_monitor(vm->name, monitor, sizeof(monitor));
	if (experiment_moves(x, vm)) {
		/* QEMU's own pages are locked too. */
		spec.lock_bytes = x->features.zero_copy ? vm->memory_bytes + ((int64_t)1 << 30) : 0;
		if (feature_globals(&x->features, boot->host.libvirt_version, spec.globals, &spec.global_count,
		                    DOMAIN_GLOBALS, e) < 0)
			return -1;
	}
	if (t->remote && lease_guest(t, spec.uuid, e) < 0)
		return -1;
	char *xml = domain_xml(&spec);
	if (!xml)
		return err_set(e, EXIT_CANNOT, "cannot describe VM '%s': out of memory", vm->name);
	int result = hypervisor_start_domain(connection, xml, e);
	free(xml);
	if (result == 0 && x->hosts.urgent)
		result = guest_threads_urge(node, vm->name, e);
	return result < 0 ? err_prefix(e, "VM '%s' on node '%s'", vm->name, node->name) : 0;
}

#include "bench/experiment/guest_threads.h"

#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/migrate/hypervisor.h"
#include "bench/testbed/testbed.h"

#include <stdio.h>

static int qemu_pid(const struct node *node, const char *vm, pid_t *ret, struct err *e)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/%s.pid", node->qemu_pid_directory, vm);
	*ret = process_pid_file(path);
	return *ret > 0 ? 0 : err_set(e, EXIT_CANNOT, "cannot read the pid of QEMU in '%s'", path);
}

int guest_threads_urge(const struct node *node, const char *vm, struct err *e)
{
	pid_t pid;
	if (qemu_pid(node, vm, &pid, e) < 0)
		return -1;
	return process_runf(NULL, e, "chrt --all-tasks --rr --pid 1 %d", (int)pid);
}

const char *guest_threads_boot_cores(const struct testbed *t, char *buffer, size_t room)
{
	int source = t->nodes[NODE_SRC].core, destination = t->nodes[NODE_DST].core;
	if (source < 0 || destination < 0)
		return NULL;
	snprintf(buffer, room, "%d,%d", source, destination);
	return buffer;
}

/* What libvirt pins and tells the destination: vCPUs and the emulator's first thread. */
static int pin_known(virDomainPtr domain, int core, const char *vm, struct err *e)
{
	unsigned char map[VIR_CPU_MAPLEN(1024)] = { 0 };
	VIR_USE_CPU(map, core);
	int vcpus = virDomainGetVcpusFlags(domain, VIR_DOMAIN_AFFECT_LIVE), length = VIR_CPU_MAPLEN(core + 1);
	int result = vcpus < 0 ? -1 : 0;
	for (int i = 0; i < vcpus && result == 0; i++)
		result = virDomainPinVcpuFlags(domain, (unsigned)i, map, length, VIR_DOMAIN_AFFECT_LIVE);
	if (result == 0)
		result = virDomainPinEmulator(domain, map, length, VIR_DOMAIN_AFFECT_LIVE);
	return result < 0 ? hypervisor_error(e, "cannot pin VM '%s' to core %d", vm, core) : 0;
}

/* The second time those that a thread began in the first before it was pinned. */
static int pin_all(const struct node *node, const char *vm, struct err *e)
{
	pid_t pid;
	if (qemu_pid(node, vm, &pid, e) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		if (process_runf(NULL, e, "taskset --all-tasks --cpu-list --pid %d %d", node->core, (int)pid) < 0)
			return -1;
	return 0;
}

int guest_threads_pin(const struct node *node, virConnectPtr connection, const char *vm, struct err *e)
{
	if (node->core < 0)
		return 0;
	virDomainPtr domain = virDomainLookupByName(connection, vm);
	if (!domain)
		return hypervisor_error(e, "VM '%s' on node '%s'", vm, node->name);
	int result = pin_known(domain, node->core, vm, e);
	virDomainFree(domain);
	return result < 0 ? -1 : pin_all(node, vm, e);
}

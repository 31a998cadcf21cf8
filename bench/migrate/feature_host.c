/* What the hosts offer to migration features. Declared in feature.h. */
#include "bench/migrate/feature.h"

#include "bench/migrate/hypervisor.h"

#include <linux/capability.h>
#include <stdio.h>

/* The effective capabilities of this process, whose children the local daemons are. */
static bool capability_held(int capability)
{
	char line[256];
	unsigned long long effective = 0;
	FILE *f = fopen("/proc/self/status", "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &effective) == 1)
			break;
	fclose(f);
	return effective >> capability & 1;
}

int feature_host_read(struct feature_host *ret, virConnectPtr source, virConnectPtr destination, struct err *e)
{
	unsigned long libvirt[2], qemu[2];
	if (hypervisor_versions(source, &libvirt[0], &qemu[0], e) < 0 ||
	    hypervisor_versions(destination, &libvirt[1], &qemu[1], e) < 0)
		return -1;
	ret->libvirt_version = libvirt[0] < libvirt[1] ? libvirt[0] : libvirt[1];
	ret->qemu_version = qemu[0] < qemu[1] ? qemu[0] : qemu[1];
	ret->may_lock = !hypervisor_is_local(source) || capability_held(CAP_SYS_RESOURCE);
	return 0;
}

/* What the hosts offer to migration features. Declared in feature.h. */
#include "bench/migrate/feature.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/migrate/hypervisor.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

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

/* The first "1.2" or "1.2.3" that a program prints of itself. */
static int program_version(const char *program, unsigned long *ret, struct err *e)
{
	const char *const argv[] = { program, "--version", NULL };
	char output[512];
	if (process_run(NULL, argv, 10 * NS_PER_S, output, sizeof(output), e) < 0)
		return -1;
	for (const char *c = strpbrk(output, "0123456789"); c;
	     c = strpbrk(c + strspn(c, "0123456789"), "0123456789")) {
		unsigned major = 0, minor = 0, release = 0;
		if (sscanf(c, "%3u.%3u.%3u", &major, &minor, &release) >= 2) {
			*ret = major * 1000000UL + minor * 1000UL + release;
			return 0;
		}
	}
	return err_set(e, EXIT_CANNOT, "'%s --version' tells no version", program);
}

int feature_host_probe(struct feature_host *ret, const char *daemon, const char *qemu, struct err *e)
{
	if (program_version(daemon, &ret->libvirt_version, e) < 0 || program_version(qemu, &ret->qemu_version, e) < 0)
		return -1;
	ret->may_lock = capability_held(CAP_SYS_RESOURCE);
	return 0;
}

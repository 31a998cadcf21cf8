/*
 * domain_xml.h - a guest as libvirt wants to hear it.
 */
#ifndef BENCH_MIGRATE_DOMAIN_XML_H
#define BENCH_MIGRATE_DOMAIN_XML_H

#include <stdbool.h>
#include <stdint.h>

struct err;

enum { DOMAIN_NICS = 2, DOMAIN_DISKS = 2 };

struct domain_nic {
	char mac[18];
	const char *bridge;
};

struct domain_disk {
	const char *host; /* of the iSCSI portal */
	int port;
	const char *target; /* IQN */
	int lun;
};

struct domain_spec {
	const char *name;
	unsigned char uuid[16];
	bool kvm; /* else TCG */
	int64_t memory_bytes;
	int vcpus;
	int core; /* vCPUs and emulator threads are pinned here; -1: not pinned */
	const char *kernel, *initrd, *arguments;
	const char *console_path;
	struct domain_nic nics[DOMAIN_NICS];
	int nic_count;
	struct domain_disk disks[DOMAIN_DISKS];
	int disk_count;
};

/* The XML, to be freed; NULL when memory is short. All texts are escaped. */
char *domain_xml(const struct domain_spec *spec);

#endif

/*
 * domain_xml.h - a guest as libvirt wants to hear it: as little machine as a measurement needs.
 *
 * No video, USB, balloon, option ROM: the fewer devices, the less state a switch-over moves and the less there is that
 * is not the workload's. The machine is `pc`, the CPU under TCG qemu64: that pair boots fastest of pc, q35 x qemu64,
 * max. Under KVM it is the host's CPU less what would not survive a move, an invariant TSC for one.
 */
#ifndef BENCH_MIGRATE_DOMAIN_XML_H
#define BENCH_MIGRATE_DOMAIN_XML_H

#include <stdbool.h>
#include <stdint.h>

enum { DOMAIN_NICS = 4, DOMAIN_DISKS = 8, DOMAIN_GLOBALS = 16 };

struct domain_nic {
	char mac[18];
	const char *bridge; /* in the network namespace of the daemon, under this name on every node it moves to */
	bool openvswitch;   /* it is one of Open vSwitch; the guest completes its frames itself, see two_lans.c */
};

/* Virtio, uncached; the first is vda. */
struct domain_disk {
	const char *host; /* iSCSI portal or NBD server; NULL: target is the path of an image file */
	int port;
	const char *target; /* IQN; or the NBD export's name, or NULL; or the path */
	int lun;            /* DISK_NBD: the server speaks NBD, not iSCSI */
	bool qcow2;         /* else raw */
};

enum { DISK_NBD = -1 };

struct domain_spec {
	const char *name;
	unsigned char uuid[16]; /* domain_uuid() */
	bool kvm;               /* else TCG */
	int64_t memory_bytes;
	int vcpus;
	const char *cpu;   /* NULL: as above; else host-passthrough, host-model, maximum or a model's name */
	const char *cores; /* vCPUs and emulator threads are pinned to these ("0,1"); NULL: not pinned */
	const char *kernel, *initrd, *arguments; /* initrd and arguments may be NULL */
	const char *console_path;                /* the serial port is appended to it, on every node; NULL: none */
	int64_t dirty_ring_pages; /* KVM: size of a vCPU's dirty ring, 1024 to 65536, a power of two; 0: dirty bitmap */
	int64_t lock_bytes;       /* memory QEMU may lock: zero-copy needs more than the guest has; 0: as it is */
	struct domain_nic nics[DOMAIN_NICS];
	int nic_count;
	struct domain_disk disks[DOMAIN_DISKS];
	int disk_count;
	/* bit i for disks[i]; shareable: several domains have it at a time */
	unsigned disks_readonly, disks_shareable;
	/* QEMU's -global arguments, from feature_globals(); they taint the domain */
	char globals[DOMAIN_GLOBALS][64];
	int global_count;
	/*
	 * 8 KiB more memory, past libvirt, which rounds to MiB. Before QEMU 9.0 a TCG guest's writes were lost in pre-copy:
	 * the quick way of synchronizing the dirty bitmap forgot the TLBs (QEMU commit 03bfc2188f06), and guests crashed on
	 * the destination. It is taken only for blocks of whole 256 KiB. Taints the domain.
	 */
	bool uneven_memory;
	const char
		*monitor_path; /* a monitor of our own (qmp.h) on this Unix socket; NULL: none. Taints the domain */
};

/* The UUID of VM `index` of a run: valid (version 8), the same each time, different for other runs and indices. */
void domain_uuid(uint64_t run_id, int index, unsigned char uuid[16]);

/* Whether it is such a one, of any run. */
bool domain_uuid_is_ours(const unsigned char uuid[16]);

/* The XML, to be freed; NULL when memory is short. All texts are escaped; a byte XML cannot hold becomes '?'. */
char *domain_xml(const struct domain_spec *spec);

/* A document of libvirt's with all that is pinned to cores pinned to this one, to be freed; NULL when memory is short. */
char *domain_xml_repinned(const char *document, int core);

#endif

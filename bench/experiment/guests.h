/*
 * guests.h - the guests of a run: what they boot, their addresses, start and end.
 */
#ifndef BENCH_EXPERIMENT_GUESTS_H
#define BENCH_EXPERIMENT_GUESTS_H

#include "bench/experiment/experiment.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stdint.h>

struct guest_boot {
	char kernel[400], initrd[400]; /* what they boot */
	char kernel_version[64];
	bool kvm;
	struct feature_host host;     /* filled by guests_check_features() */
	char accelerator_reason[300]; /* why this accelerator */
	bool monitors;                /* guests that stay get a monitor of our own; set by the caller */
};

/* Find the guest kernel and binary, write the initramfs into `directory`, decide the accelerator. */
int guests_prepare(struct guest_boot *boot, const struct experiment *x, const char *directory, struct err *e);

/* Whether these daemons and QEMUs have every feature asked for: EXIT_CANNOT names the one that is not there. */
int guests_check_features(struct guest_boot *boot, const struct experiment *x, virConnectPtr source,
                          virConnectPtr destination, struct err *e);

/* "10.77.1.11" for VM 0, in the management (1) or LAN (2) network; returns buffer. */
char *guest_address(int network, int vm, char *buffer, size_t room);

/* "52:54:00:77:01:0b", likewise. */
char *guest_mac(int network, int vm, char *buffer, size_t room);

/* Start VM `index` on `node` through its connection; its console goes to the run directory. */
int guest_start(const struct experiment *x, int index, const struct guest_boot *boot, const struct testbed *t,
                const struct node *node, virConnectPtr connection, uint64_t run_id, const char *run_directory,
                struct err *e);

#endif

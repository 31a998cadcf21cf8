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

enum { MANAGEMENT_NETWORK = 1, LAN_NETWORK = 2 };

/* Find the guest kernel and binary, write the initramfs, have both where the nodes' QEMUs can read them, and decide the
 * accelerator: on remote nodes KVM where both have /dev/kvm. */
int guests_prepare(struct guest_boot *boot, const struct experiment *x, const struct testbed *t, struct err *e);

/* Whether these daemons and QEMUs have every feature asked for: EXIT_CANNOT names the one that is not there. */
int guests_check_features(struct guest_boot *boot, const struct experiment *x, virConnectPtr source,
                          virConnectPtr destination, struct err *e);

/* "10.77.1.11" for VM 0, in the MANAGEMENT_NETWORK or LAN_NETWORK; of a remote node's guest as [remote] says, of a domain of
 * the user's its own. Returns buffer. */
char *guest_address(const struct experiment *x, int network, int vm, char *buffer, size_t room);

/* "52:54:00:77:01:0b", likewise. */
char *guest_mac(int network, int vm, char *buffer, size_t room);

/* The words of the command line with which the user starts the agent in a domain of theirs: "--head ... --run ...". */
int guest_agent_words(const struct experiment *x, int index, char *buffer, size_t room, struct err *e);

/* Guests of a run that was killed on a testbed that was up and still is: they are ended. How many there were. */
int guests_end_left(virConnectPtr connection);

/* Start VM `index` on `node` through its connection; its console goes to the run directory. */
int guest_start(const struct experiment *x, int index, const struct guest_boot *boot, const struct testbed *t,
                const struct node *node, virConnectPtr connection, uint64_t run_id, const char *run_directory,
                struct err *e);

#endif

/*
 * accelerator.h - can this machine run guests under KVM? Only booting one tells: there are kernels where /dev/kvm
 * opens, creates a VM, and then no stock guest ever prints a line.
 *
 * Waiting for a guest that says nothing takes 5 s, so the answer is kept in /var/cache/migmeter/kvm, and holds as long as
 * this boot of the machine, its QEMU and the guest kernel do.
 */
#ifndef BENCH_TESTBED_ACCELERATOR_H
#define BENCH_TESTBED_ACCELERATOR_H

#include <stdbool.h>
#include <stddef.h>

enum accelerator_answer { ACCELERATOR_UNTRIED = -1, ACCELERATOR_NO, ACCELERATOR_YES };

/* Boot the guest image under KVM with a deadline of 5 s and keep the answer; true when it says that it is alive. reason
 * tells what was seen either way. */
bool accelerator_kvm_works(const char *kernel, const char *initrd, char *reason, size_t room);

/* The answer of an earlier try that still holds, with its reason; kernel NULL: whatever guest kernel it was tried with. */
enum accelerator_answer accelerator_kvm_known(const char *kernel, char *reason, size_t room);

/* Take the kept answer away. */
void accelerator_forget(void);

#endif

/*
 * accelerator.h - can this machine run guests under KVM? Only booting one tells: there are kernels where /dev/kvm
 * opens, creates a VM, and then no stock guest ever prints a line.
 */
#ifndef BENCH_TESTBED_ACCELERATOR_H
#define BENCH_TESTBED_ACCELERATOR_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/* Boot the guest image under KVM with a deadline of 5 s; true when it says that it is alive. reason tells what was
 * seen either way. */
bool accelerator_kvm_works(const char *kernel, const char *initrd, char *reason, size_t room);

#endif

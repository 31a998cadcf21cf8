/*
 * guest_image.h - what the guests boot: the kernel of kernel.sh and an initramfs with one program in it.
 */
#ifndef BENCH_TESTBED_GUEST_IMAGE_H
#define BENCH_TESTBED_GUEST_IMAGE_H

#include <stddef.h>

struct err;

/*
 * Words for every guest's kernel command line; those of workloads/settings.h are added to them.
 *	console=ttyS0 quiet          the serial port shows our own lines and, if it comes to that, the panic
 *	panic=-1                     a panic resets at once, so that QEMU's -no-reboot ends the VM
 *	no_timer_check               no search for a working timer interrupt, which takes long when emulated
 *	tsc=reliable                 under TCG the TSC stands still with the VM and is cheap to read: no watchdog, no HPET
 *	                             (between TCG machines whose TSCs differ in frequency the guest's clock changes speed)
 *	clocksource=kvm-clock        under KVM the clock that stands still with the VM (elsewhere there is none: ignored)
 *	random.trust_cpu=on          no waiting for entropy
 *	mitigations=off              of hardware faults; they only cost here, most under TCG
 *	audit=0 nowatchdog           nothing that wakes up by itself and disturbs a workload
 *	ipv6.disable=1               no router solicitations among the guest's packets
 *	cryptomgr.notests            no self-tests while booting
 */
#define GUEST_KERNEL_ARGUMENTS                                                                                       \
	"console=ttyS0 quiet panic=-1 no_timer_check tsc=reliable clocksource=kvm-clock random.trust_cpu=on "        \
	"mitigations=off audit=0 nowatchdog ipv6.disable=1 cryptomgr.notests"

/*
 * Write the initramfs (newc cpio, not compressed: that boots fastest) to `output`, complete or not at all: /init is
 * `binary`, and with it the virtio modules of the kernel in kernel_directory (laid out as kernel.sh does), in the
 * order of their dependencies, /etc/modules-order naming them. Modules that are compressed are unpacked, those built
 * into the kernel left out. Returns 0; -1 with EXIT_CANNOT and what is missing.
 */
int guest_image_write(const char *binary, const char *kernel_directory, const char *output, struct err *e);

/* The version of the kernel in kernel_directory, such as "6.1.0-56-cloud-amd64". */
int guest_kernel_version(const char *kernel_directory, char *buffer, size_t room, struct err *e);

#endif

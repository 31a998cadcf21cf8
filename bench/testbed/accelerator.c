#include "bench/testbed/accelerator.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DEADLINE_S = 5 };

bool accelerator_kvm_works(const char *kernel, const char *initrd, char *reason, size_t room)
{
	char output[8192];
	struct err e = { 0 };
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		snprintf(reason, room, "cannot open /dev/kvm: %s", strerror(errno));
		return false;
	}
	close(fd);
	/* clang-format off */
	const char *argv[] = { "qemu-system-x86_64", "-accel", "kvm", "-cpu", "host", "-m", "128", "-nodefaults",
			       "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", kernel,
			       "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1 migmeter.probe=1", NULL };
	/* clang-format on */
	int result = process_run(NULL, argv, DEADLINE_S * NS_PER_S, output, sizeof(output), &e);
	if (strstr(output, "migmeter: alive")) {
		snprintf(reason, room, "a guest boots under KVM");
		return true;
	}
	if (result < 0 && strstr(e.text, "did not end"))
		snprintf(reason, room, "/dev/kvm opens, but a guest said nothing within %d s", DEADLINE_S);
	else
		snprintf(reason, room, "a guest under KVM ended without a word: %.200s",
		         result < 0 ? e.text : "status 0");
	return false;
}

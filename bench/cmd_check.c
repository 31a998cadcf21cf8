/* migmeter check: what this machine can do, a line a capability. */
#include "bench/base/err.h"
#include "bench/command.h"
#include "bench/testbed/link.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int needed_missing;

static void line(const char *what, const char *answer, const char *purpose, const char *how)
{
	printf("%-18s %-9s %s%s%s\n", what, answer, purpose, how[0] ? "; " : "", how);
}

static bool program_there(const char *name)
{
	char path[300];
	static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin" };
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static const struct {
	const char *name, *purpose, *package;
	bool needed;
} programs[] = {
	{ "qemu-system-x86_64", "the virtual machines", "qemu-system-x86", true },
	{ "libvirtd", "drives them, one a node", "libvirt-daemon and libvirt-daemon-driver-qemu", true },
	{ "ip", "namespaces, bridges", "iproute2", true },
	{ "tc", "link shaping", "iproute2", true },
	{ "tgtd", "shared disks over iSCSI", "tgt", false },
	{ "gnuplot", "plots", "gnuplot-nox", false },
};

static int check_run(const struct arguments *a)
{
	(void)a;
	line("root", geteuid() == 0 ? "yes" : "no", "a local testbed", geteuid() == 0 ? "" : "use sudo");
	needed_missing += geteuid() != 0;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char how[200];
		bool there = program_there(programs[i].name);
		snprintf(how, sizeof(how), "install the package %s", programs[i].package);
		line(programs[i].name, there ? "yes" : "no", programs[i].purpose, there ? "" : how);
		needed_missing += !there && programs[i].needed;
	}
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	line("KVM", kvm >= 0 ? "degraded" : "no", "guests at full speed",
	     kvm >= 0 ? "/dev/kvm opens; whether a guest boots under it is tried by each run (hosts.accelerator = auto)" :
			"guests run under TCG (emulation)");
	if (kvm >= 0)
		close(kvm);
	static const struct {
		enum link_backend backend;
		const char *purpose;
	} backends[] = {
		{ LINK_NETEM, "rate, delay, jitter and loss in the kernel" },
		{ LINK_HTB, "rate in the kernel" },
		{ LINK_EMULATOR, "rate, delay, jitter and loss in user space" },
	};
	for (size_t i = 0; geteuid() == 0 && i < sizeof(backends) / sizeof(backends[0]); i++) {
		struct err e = { 0 };
		char name[64];
		int result = link_backend_probe(backends[i].backend, &e);
		snprintf(name, sizeof(name), "link %s", link_backend_name(backends[i].backend));
		line(name, result == 0 ? "yes" : "no", backends[i].purpose, result == 0 ? "" : e.text);
	}
	return needed_missing ? EXIT_CANNOT : EXIT_DONE;
}

const struct command check_command = {
	.name = "check",
	.synopsis = "",
	.help = "Show what this machine can do, what each capability is for and how to get it",
	.run = check_run,
};

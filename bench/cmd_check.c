/* migmeter check: what this machine can do, a line a capability. */
#include "bench/base/err.h"
#include "bench/command.h"
#include "bench/migrate/feature.h"
#include "bench/testbed/accelerator.h"
#include "bench/testbed/link.h"
#include "bench/testbed/node.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QEMU "/usr/bin/qemu-system-x86_64"

struct check {
	struct json_object *rows; /* NULL: print text */
	int needed_missing;
};

/* what: capability; answer: yes, no or degraded; purpose: what it is for; how: to get it, or why it is not there */
static void answer(struct check *c, const char *what, const char *answer, const char *purpose, const char *how)
{
	if (!c->rows) {
		printf("%-36s %-9s %s%s%s\n", what, answer, purpose, how[0] ? "; " : "", how);
		return;
	}
	struct json_object *row = json_object_new_object();
	json_object_object_add(row, "capability", json_object_new_string(what));
	json_object_object_add(row, "answer", json_object_new_string(answer));
	json_object_object_add(row, "for", json_object_new_string(purpose));
	json_object_object_add(row, "how", json_object_new_string(how));
	json_object_array_add(c->rows, row);
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

static void check_programs(struct check *c)
{
	static const struct {
		const char *name, *purpose, *package;
		bool needed;
	} programs[] = {
		{ "qemu-system-x86_64", "the virtual machines", "qemu-system-x86", true },
		{ "ip", "namespaces, bridges", "iproute2", true },
		{ "tc", "link shaping", "iproute2", true },
		{ "tgtd", "shared disks over iSCSI", "tgt", false },
		{ "qemu-img", "disks that move along", "qemu-utils", false },
		{ "ovs-vswitchd", "two LANs and a tunnel between (link.network = ovs)", "openvswitch-switch", false },
		{ "osken-manager", "the OpenFlow controller of their switches", "python3-os-ken", false },
		{ "gnuplot", "plots", "gnuplot-nox", false },
	};
	bool root = geteuid() == 0, daemon = node_daemon_program(NULL) != NULL;
	answer(c, "root", root ? "yes" : "no", "a local testbed", root ? "" : "use sudo");
	answer(c, "libvirt daemon", daemon ? "yes" : "no", "drives the virtual machines, one daemon a node",
	       daemon ? "" : "install libvirt-daemon and libvirt-daemon-driver-qemu");
	c->needed_missing += !root + !daemon;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char how[200];
		bool there = program_there(programs[i].name);
		snprintf(how, sizeof(how), "install the package %s", programs[i].package);
		answer(c, programs[i].name, there ? "yes" : "no", programs[i].purpose, there ? "" : how);
		c->needed_missing += !there && programs[i].needed;
	}
}

static bool check_kvm(struct check *c)
{
	static const char purpose[] = "guests at full speed";
	char reason[300] = "", how[500];
	if (access("/dev/kvm", R_OK | W_OK) < 0) {
		answer(c, "KVM", "no", purpose, "no usable /dev/kvm: guests run under TCG (emulation)");
		return false;
	}
	enum accelerator_answer known = accelerator_kvm_known(NULL, reason, sizeof(reason));
	if (known == ACCELERATOR_YES) {
		answer(c, "KVM", "yes", purpose, "");
	} else if (known == ACCELERATOR_NO) {
		snprintf(how, sizeof(how),
		         "%s: guests run under TCG (emulation); hosts.accelerator = kvm tries again", reason);
		answer(c, "KVM", "no", purpose, how);
	} else {
		answer(c, "KVM", "degraded", purpose,
		       "/dev/kvm opens; the first run since the machine booted tries whether a guest boots under it");
	}
	return known != ACCELERATOR_NO;
}

static void check_links(struct check *c)
{
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
		answer(c, name, result == 0 ? "yes" : "no", backends[i].purpose, result == 0 ? "" : e.text);
	}
}

static void check_features(struct check *c, bool kvm)
{
	struct err e = { 0 };
	struct feature_host host = { .kvm = kvm };
	const char *daemon = node_daemon_program(NULL);
	if (!daemon || feature_host_probe(&host, daemon, QEMU, &e) < 0) {
		answer(c, "migration features", "no", "what a migration can be asked for",
		       daemon ? e.text : "there is no libvirt daemon");
		return;
	}
	answer(c, "migration.driver = exec", "yes",
	       "any other engine, moved by commands and measured from the outside",
	       "it takes mode, downtime_limit and bandwidth; other features only the commands themselves can ask for");
	for (const struct feature *f = features; f->key; f++) {
		char name[64], reason[160];
		static const char *const words[] = {
			[FEATURE_NO] = "no", [FEATURE_BY_QEMU] = "degraded", [FEATURE_YES] = "yes"
		};
		enum feature_state state = feature_available(f, &host, reason, sizeof(reason));
		snprintf(name, sizeof(name), "migration.%s", f->key);
		answer(c, name, words[state], f->help, reason);
	}
}

static int check_run(const struct arguments *a)
{
	struct check c = { 0 };
	const char *format = arguments_option(a, "format");
	if (format && strcmp(format, "json") == 0)
		c.rows = json_object_new_array();
	check_programs(&c);
	bool kvm = check_kvm(&c);
	check_links(&c);
	check_features(&c, kvm);
	if (c.rows)
		printf("%s\n", json_object_to_json_string_ext(c.rows, JSON_C_TO_STRING_PRETTY));
	json_object_put(c.rows);
	return c.needed_missing ? EXIT_CANNOT : EXIT_DONE;
}

static const struct command_option options[] = {
	{ "format", 0, "FORMAT", "text or json", "text|json" },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command check_command = {
	.name = "check",
	.synopsis = "",
	.help = "Show what this machine can do, what each capability is for and how to get it",
	.details = "Answers are yes, no and degraded (it works, with the restriction given).\n"
		   "Exit status 3: something that every run needs is missing.\n",
	.options = options,
	.run = check_run,
};

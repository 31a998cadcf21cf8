#include "bench/experiment/remote_check.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/base/ssh.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/guests.h"
#include "bench/migrate/cpu_compare.h"
#include "bench/migrate/hypervisor.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOSTS = 2, TEXT_ROOM = 4096 };

#define ASK_NS (30 * NS_PER_S)

struct checking {
	const struct experiment *x;
	const struct check_sink *sink;
	struct remote_host hosts[HOSTS];
	virConnectPtr connections[HOSTS];
	char directory[64]; /* of the masters' sockets */
	int missing;
};

static void say(struct checking *c, const char *node, const char *what, const char *answer, const char *purpose,
                const char *format, ...) __attribute__((format(printf, 6, 7)));

static void say(struct checking *c, const char *node, const char *what, const char *answer, const char *purpose,
                const char *format, ...)
{
	char name[100], how[1200];
	va_list args;
	va_start(args, format);
	vsnprintf(how, sizeof(how), format, args);
	va_end(args);
	snprintf(name, sizeof(name), "%s%s%s", node, node[0] ? " " : "", what);
	c->sink->answer(c->sink->context, name, answer, purpose, how);
	c->missing += strcmp(answer, "no") == 0;
}

/* What a script prints on a node, without its last line end; "" when it fails. */
static char *ask(const struct remote_host *h, char *answer, size_t room, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static char *ask(const struct remote_host *h, char *answer, size_t room, const char *format, ...)
{
	char script[2000];
	va_list args;
	va_start(args, format);
	vsnprintf(script, sizeof(script), format, args);
	va_end(args);
	if (ssh_ask(h->ssh, script, ASK_NS, answer, room, NULL, NULL) < 0)
		answer[0] = '\0';
	answer[strcspn(answer, "\n")] = '\0';
	return answer;
}

/* ---- of one node ---- */

static int reach(struct checking *c, int index)
{
	struct remote_host *h = &c->hosts[index];
	struct err e = { 0 };
	char control[80], user[32], words[80];
	unsigned long libvirt, qemu;
	snprintf(control, sizeof(control), "%s/%s", c->directory, h->name);
	if (ssh_open(&h->ssh, h->spec->ssh, h->spec->ssh_options, control, &e) < 0)
		say(c, h->name, "ssh", "no", "shaping, counters, guests' kernel", "%s", e.text);
	else if (strcmp(ask(h, user, sizeof(user), "id -u"), "0") != 0)
		say(c, h->name, "ssh", "no", "shaping, counters, guests' kernel", "'%s' is not root there",
		    h->spec->ssh);
	else
		say(c, h->name, "ssh", "yes", "shaping, counters, guests' kernel", "%s", h->spec->ssh);
	e = (struct err){ 0 };
	if (hypervisor_open(&c->connections[index], h->spec->uri, &e) < 0 ||
	    hypervisor_versions(c->connections[index], &libvirt, &qemu, &e) < 0) {
		say(c, h->name, "libvirt", "no", "the virtual machines", "%s", e.text);
		return -1;
	}
	char first[32], second[32];
	snprintf(words, sizeof(words), "libvirt %s, QEMU %s", libvirt_version_format(libvirt, first, sizeof(first)),
	         libvirt_version_format(qemu, second, sizeof(second)));
	say(c, h->name, "libvirt", "yes", "the virtual machines", "%s", words);
	return h->ssh ? 0 : -1;
}

static void check_programs(struct checking *c, const struct remote_host *h)
{
	static const struct {
		const char *name, *purpose;
		bool needed;
	} programs[] = {
		{ "tc", "shaping", true },
		{ "ip", "the networks", true },
		{ "setsid", "the lease, which undoes when this machine dies", true },
		{ "ping", "the link's round trip before a run", false },
		{ "virsh", "ends guests when this machine dies", false },
		{ "iperf3", "the link's goodput before a run", false },
	};
	char answer[200];
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!ask(h, answer, sizeof(answer), "command -v %s", programs[i].name)[0])
			say(c, h->name, programs[i].name, programs[i].needed ? "no" : "degraded", programs[i].purpose,
			    "it is not installed there");
}

static void check_memory(struct checking *c, int index)
{
	const struct experiment *x = c->x;
	const char *node = c->hosts[index].name;
	int64_t need = 0, total, available;
	char wanted[32], there[32];
	for (int i = 0; i < x->vm_count; i++)
		if (strcmp(x->vms[i].node, node) == 0 ? !x->vms[i].domain[0] : experiment_moves(x, &x->vms[i]))
			need += x->vms[i].memory_bytes + (256 << 20);
	if (hypervisor_memory(c->connections[index], &total, &available) < 0) {
		say(c, node, "memory", "degraded", "the guests", "libvirt does not say how much is free");
		return;
	}
	say(c, node, "memory", available >= need ? "yes" : "no", "the guests", "%s are needed, %s are free",
	    size_format(need, wanted, sizeof(wanted)), size_format(available, there, sizeof(there)));
}

static void check_shaping(struct checking *c, const struct remote_host *h)
{
	char shown[TEXT_ROOM], line[QDISC_ROOM], way[64], held[200];
	struct err e = { 0 };
	int own;
	if (ask(h, held, sizeof(held),
	        "kill -0 \"$(cat " LEASE_DIRECTORY "/watcher 2>/dev/null)\" 2>/dev/null && cat " LEASE_DIRECTORY
	        "/owner")[0])
		say(c, h->name, "lease", "no", "one head at a time",
		    "held by %s; it ends by itself when that one is dead", held);
	else if (ask(h, held, sizeof(held), "[ -e '%s' ] && echo yes", h->directory)[0])
		say(c, h->name, "directory", "no", "the guests' kernel",
		    "'%s' is there already, and would be removed", h->directory);
	if (!h->spec->device[0])
		return;
	if (remote_host_qdisc(h, shown, sizeof(shown), &e) < 0 ||
	    qdisc_restore(shown, h->spec->device, line, &own, &e) < 0) {
		say(c, h->name, "shaping", "no", "the link's shape", "%s", e.text);
		return;
	}
	ask(h, way, sizeof(way), "ip -o route get ${SSH_CLIENT%%%% *} | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'");
	bool ours = strcmp(way, h->spec->device) == 0;
	say(c, h->name, "shaping", ours ? "degraded" : "yes", "the link's shape", "on '%s', put back by: tc %s%s",
	    h->spec->device, line,
	    ours ? "; this machine's own connection to it passes that interface too, and is shaped with it" : "");
}

static void check_address(struct checking *c, const struct remote_host *h, const struct remote_host *to)
{
	char answer[200];
	if (!ask(h, answer, sizeof(answer), "command -v ping")[0])
		return;
	bool reached =
		ask(h, answer, sizeof(answer), "ping -n -c 2 -W 2 '%s' >/dev/null && echo yes", to->spec->address)[0];
	say(c, h->name, "migration address", reached ? "yes" : "degraded", "the way of the migration", "%s %s %s",
	    to->spec->address, reached ? "answers" : "does not answer a ping from", reached ? "" : h->name);
}

/* ---- of both ---- */

/* The link address behind an address, asked on a bridge. */
static char *link_address(const struct remote_host *h, const char *bridge, const char *address, char *answer,
                          size_t room)
{
	return ask(
		h, answer, room,
		"if command -v ping >/dev/null; then ping -n -c 1 -W 2 -I '%s' '%s' >/dev/null 2>&1\n"
		"else (echo >/dev/udp/'%s'/9) 2>/dev/null; sleep 0.3; fi\n" /* bash; for the kernel to ask */
		"m=$(ip neigh show '%s' dev '%s' | sed -n 's/.*lladdr \\([^ ]*\\).*/\\1/p' | head -n 1)\n"
		"[ -n \"$m\" ] || m=$(command -v arping >/dev/null && arping -f -c 2 -w 3 -I '%s' '%s' 2>/dev/null |\n"
		"	sed -n 's/.*\\[\\(.*\\)\\].*/\\1/p' | head -n 1 | tr A-F a-f)\n"
		"echo \"$m\"",
		bridge, address, address, address, bridge, bridge, address);
}

/* Both see this machine behind the same link address: then both bridges are in its network, and the same one. */
static void check_bridge(struct checking *c, const char *what, const char *bridge, const char *address)
{
	static const char purpose[] = "the guests' network, the same on both nodes";
	char seen[HOSTS][64], there[16];
	for (int i = 0; i < HOSTS; i++) {
		if (!ask(&c->hosts[i], there, sizeof(there), "[ -d /sys/class/net/'%s' ] && echo yes", bridge)[0]) {
			say(c, c->hosts[i].name, what, "no", purpose, "there is no '%s'", bridge);
			return;
		}
		link_address(&c->hosts[i], bridge, address, seen[i], sizeof(seen[i]));
	}
	if (!seen[0][0] || !seen[1][0])
		say(c, "", what, "degraded", purpose,
		    "'%s' is on both; whether it is one network cannot be told: %s does not see %s there (an address on the "
		    "bridge, or the program arping, would show it)",
		    bridge, seen[0][0] ? "dst" : "src", address);
	else if (strcmp(seen[0], seen[1]) != 0)
		say(c, "", what, "no", purpose, "behind '%s', %s is %s for src and %s for dst: two networks", bridge,
		    address, seen[0], seen[1]);
	else
		say(c, "", what, "yes", purpose, "'%s': both see %s at %s", bridge, address, seen[0]);
}

static void check_cpu(struct checking *c)
{
	static const char purpose[] = "a guest that uses the host's CPU can go on on the other node";
	enum cpu_answer answer;
	char words[200];
	struct err e = { 0 };
	if (c->x->hosts.accelerator == ACCELERATOR_TCG) {
		say(c, "", "CPU model", "yes", purpose, "guests have an emulated one (hosts.accelerator = tcg)");
		return;
	}
	if (cpu_compare(c->connections[0], c->connections[1], &answer, words, sizeof(words), &e) < 0)
		say(c, "", "CPU model", "degraded", purpose, "%s", e.text);
	else if (answer == CPU_INCOMPATIBLE)
		say(c, "", "CPU model", "no", purpose, "the destination lacks what the source's CPU has%s%s%s",
		    words[0] ? "; both have " : "", words, words[0] ? ": give a domain of yours that one" : "");
	else
		say(c, "", "CPU model", "yes", purpose, "%s",
		    answer == CPU_IDENTICAL ? "the same on both" : "the destination has all of the source's");
}

static void check_versions(struct checking *c)
{
	unsigned long libvirt[HOSTS], qemu[HOSTS];
	for (int i = 0; i < HOSTS; i++)
		if (hypervisor_versions(c->connections[i], &libvirt[i], &qemu[i], NULL) < 0)
			return;
	bool older = qemu[1] < qemu[0];
	say(c, "", "versions", older ? "degraded" : "yes", "the destination knows the source's machine", "%s",
	    older                                            ? "the destination's QEMU is older"
	    : libvirt[0] == libvirt[1] && qemu[0] == qemu[1] ? "the same on both"
	                                                     : "the destination's are not older");
}

/* The files that a domain's disks are, one a call. */
static char *next_disk(const char **at, char *path, size_t room)
{
	static const char mark[] = "<source file='";
	const char *found = strstr(*at, mark);
	if (!found)
		return NULL;
	found += strlen(mark);
	*at = found;
	snprintf(path, room, "%.*s", (int)strcspn(found, "'"), found);
	return strpbrk(path, "'\"$`\\") ? NULL : path;
}

/* The same inode of the same thing that is mounted; a file system of one machine is that machine's. */
static void check_disks(struct checking *c, const char *domain, const char *document)
{
	static const char purpose[] = "the domain's disk is the same on both nodes";
	char path[600], seen[HOSTS][400];
	int disks = 0;
	for (const char *at = document; next_disk(&at, path, sizeof(path)); disks++) {
		for (int i = 0; i < HOSTS; i++)
			ask(&c->hosts[i], seen[i], sizeof(seen[i]),
			    "( i=$(stat -L -c 'inode %%i' '%s' 2>/dev/null) &&\n"
			    "m=$(findmnt -n -o SOURCE,FSTYPE -T '%s' | tr -s '\\n ' ' ') || exit 1\n"
			    "case $m in *ext?\\ |*xfs\\ |*btrfs\\ |*tmpfs\\ |*overlay\\ )\n"
			    "	read -r b </proc/sys/kernel/random/boot_id; m=\"$m of machine $b\" ;; esac\n"
			    "echo \"$i of $m\" )",
			    path, path);
		bool same = seen[0][0] && strcmp(seen[0], seen[1]) == 0;
		say(c, domain, "storage", same ? "yes" : "no", purpose, "'%s' is %s on src, %s on dst", path,
		    seen[0][0] ? seen[0] : "not there", seen[1][0] ? seen[1] : "not there");
	}
	if (!disks)
		say(c, domain, "storage", "yes", purpose, "no disk of it is a file");
}

/* What metrics are shares of. */
static void check_size(struct checking *c, virConnectPtr connection, const struct experiment_vm *vm)
{
	int64_t bytes = 0;
	char is[32], set[32];
	struct err e = { 0 };
	if (hypervisor_domain_memory(connection, vm->domain, &bytes, &e) < 0)
		say(c, vm->domain, "memory", "no", "as the config says", "%s", e.text);
	else
		say(c, vm->domain, "memory", bytes == vm->memory_bytes ? "yes" : "no", "as the config says",
		    "it has %s, and %s.memory is %s", size_format(bytes, is, sizeof(is)), vm->name,
		    size_format(vm->memory_bytes, set, sizeof(set)));
}

static void check_domain(struct checking *c, virConnectPtr connection, const struct experiment_vm *vm)
{
	char *document = NULL;
	struct err e = { 0 };
	if (!connection) /* nobody can be asked */
		return;
	bool there = hypervisor_domain_document(connection, vm->domain, &document, &e) == 0;
	say(c, vm->domain, "domain", there ? "yes" : "no", "a domain of yours, which is left as it is", "%s%s",
	    there ? "it runs on " : e.text, there ? vm->node : "");
	if (there) {
		check_size(c, connection, vm);
		check_disks(c, vm->domain, document);
	}
	free(document);
}

static void check_domains(struct checking *c)
{
	const struct experiment *x = c->x;
	for (int i = 0; i < x->vm_count; i++) {
		const struct experiment_vm *vm = &x->vms[i];
		char words[2 * 2048];
		struct err e = { 0 };
		int at = strcmp(vm->node, "dst") == 0;
		if (!vm->domain[0])
			continue;
		check_domain(c, c->connections[at], vm);
		if (guest_agent_words(x, i, words, sizeof(words), &e) == 0)
			say(c, vm->domain, "agent", "yes", "started by you in it", "migmeter-guest --host %s", words);
		else
			say(c, vm->domain, "agent", "no", "started by you in it", "%s", e.text);
	}
}

/* ---- all of it ---- */

struct telling {
	const struct check_sink *sink;
	const char *node;
};

static void tell(void *context, const char *line)
{
	const struct telling *t = context;
	t->sink->command(t->sink->context, t->node, line);
}

/* What guests of ours boot, and what ends them. */
static void show_files(const struct checking *c, struct telling *t)
{
	static const char *const files[] = { "vmlinuz", "guest.initrd" };
	char path[400], line[1024], script[LEASE_SCRIPT_ROOM];
	int guests = 0;
	for (int i = 0; i < c->x->vm_count; i++)
		guests += !c->x->vms[i].domain[0];
	for (size_t i = 0; guests && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", c->x->remote.directory, files[i]);
		tell(t, ssh_put_script(path, line, sizeof(line)));
	}
	if (guests)
		tell(t, lease_guest_script("UUID of a guest", script));
}

static void show_commands(struct checking *c)
{
	const struct experiment *x = c->x;
	enum link_backend backend;
	struct link_shape shape = x->link.shape;
	struct err e = { 0 };
	char owner[200], shown[TEXT_ROOM];
	if (link_check_shape(&shape, &e) < 0 ||
	    remote_backend_choose(c->hosts, &shape, x->link.backend, &backend, &e) < 0) {
		say(c, "", "shaping", "no", "the link's shape", "%s", e.text);
		return;
	}
	remote_testbed_owner(owner, sizeof(owner));
	for (int i = 0; i < HOSTS; i++) {
		struct telling t = { c->sink, c->hosts[i].name };
		if (remote_host_qdisc(&c->hosts[i], shown, sizeof(shown), &e) == 0)
			remote_host_plan(&c->hosts[i], &shape, backend, shown, owner, x->remote.lease_ns, tell, &t,
			                 &e);
		show_files(c, &t);
		tell(&t, "# again and again while the run is on:");
		tell(&t, lease_renew_script);
		tell(&t, "# at its end:");
		tell(&t, lease_release_script);
	}
}

/* What moves the VMs, if commands do; they are not run. */
static void show_driver(struct checking *c)
{
	const struct experiment_migration *m = &c->x->migration;
	const char *const commands[] = { m->start, m->state, m->cancel };
	for (size_t i = 0; m->driver == DRIVER_EXEC && i < sizeof(commands) / sizeof(*commands); i++)
		if (commands[i][0])
			c->sink->command(c->sink->context, "this machine", commands[i]);
}

static void check_all(struct checking *c)
{
	const struct remote_spec *r = &c->x->remote;
	int reached = 0;
	if (c->x->hosts.kind == HOSTS_OUTSIDE) {
		check_domains(c);
		show_driver(c);
		return;
	}
	for (int i = 0; i < HOSTS; i++)
		reached += reach(c, i) == 0;
	if (reached < HOSTS)
		return;
	for (int i = 0; i < HOSTS; i++) {
		check_programs(c, &c->hosts[i]);
		check_memory(c, i);
		check_shaping(c, &c->hosts[i]);
		check_address(c, &c->hosts[i], &c->hosts[1 - i]);
	}
	check_versions(c);
	check_cpu(c);
	check_bridge(c, "management network", r->management_bridge, r->head);
	check_bridge(c, "data network", r->data_bridge, r->head_data[0] ? r->head_data : r->head);
	check_domains(c);
	show_commands(c);
	show_driver(c);
}

int remote_check(const struct experiment *x, const struct check_sink *sink, struct err *e)
{
	static const char *const names[HOSTS] = { "src", "dst" };
	struct checking c = { .x = x, .sink = sink, .directory = "/tmp/migmeter-XXXXXX" };
	if (!mkdtemp(c.directory))
		return err_errno(e, EXIT_CANNOT, "cannot make a folder in '/tmp'");
	if (hypervisor_init(e) < 0) {
		rmdir(c.directory);
		return -1;
	}
	for (int i = 0; i < HOSTS; i++)
		c.hosts[i] = (struct remote_host){ .name = names[i],
			                           .spec = &x->remote.hosts[i],
			                           .directory = x->remote.directory };
	check_all(&c);
	for (int i = 0; i < HOSTS; i++) {
		if (c.connections[i])
			virConnectClose(c.connections[i]);
		ssh_close(c.hosts[i].ssh);
	}
	rmdir(c.directory);
	return c.missing;
}

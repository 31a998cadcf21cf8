/* What each remote node can do, and whether the two fit. Declared in remote_checking.h. */
#include "bench/experiment/remote_checking.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/base/ssh.h"
#include "bench/experiment/experiment.h"
#include "bench/migrate/cpu_compare.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ASK_NS (30 * NS_PER_S)

void checking_say(struct checking *c, const char *node, const char *what, const char *answer, const char *purpose,
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

char *checking_ask(const struct remote_host *h, char *answer, size_t room, const char *format, ...)
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

int checking_reach(struct checking *c, int index)
{
	struct remote_host *h = &c->hosts[index];
	struct err e = { 0 };
	char control[80], user[32], words[80];
	unsigned long libvirt, qemu;
	snprintf(control, sizeof(control), "%s/%s", c->directory, h->name);
	if (ssh_open(&h->ssh, h->spec->ssh, h->spec->ssh_options, control, &e) < 0)
		checking_say(c, h->name, "ssh", "no", "shaping, counters, guests' kernel", "%s", e.text);
	else if (strcmp(checking_ask(h, user, sizeof(user), "id -u"), "0") != 0)
		checking_say(c, h->name, "ssh", "no", "shaping, counters, guests' kernel", "'%s' is not root there",
		             h->spec->ssh);
	else
		checking_say(c, h->name, "ssh", "yes", "shaping, counters, guests' kernel", "%s", h->spec->ssh);
	e = (struct err){ 0 };
	if (hypervisor_open(&c->connections[index], h->spec->uri, &e) < 0 ||
	    hypervisor_versions(c->connections[index], &libvirt, &qemu, &e) < 0) {
		checking_say(c, h->name, "libvirt", "no", "the virtual machines", "%s", e.text);
		return -1;
	}
	char first[32], second[32];
	snprintf(words, sizeof(words), "libvirt %s, QEMU %s", libvirt_version_format(libvirt, first, sizeof(first)),
	         libvirt_version_format(qemu, second, sizeof(second)));
	checking_say(c, h->name, "libvirt", "yes", "the virtual machines", "%s", words);
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
		if (!checking_ask(h, answer, sizeof(answer), "command -v %s", programs[i].name)[0])
			checking_say(c, h->name, programs[i].name, programs[i].needed ? "no" : "degraded",
			             programs[i].purpose, "it is not installed there");
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
		checking_say(c, node, "memory", "degraded", "the guests", "libvirt does not say how much is free");
		return;
	}
	checking_say(c, node, "memory", available >= need ? "yes" : "no", "the guests", "%s are needed, %s are free",
	             size_format(need, wanted, sizeof(wanted)), size_format(available, there, sizeof(there)));
}

static void check_shaping(struct checking *c, const struct remote_host *h)
{
	char shown[TEXT_ROOM], line[QDISC_ROOM], way[64], held[200];
	struct err e = { 0 };
	if (checking_ask(h, held, sizeof(held),
	                 "kill -0 \"$(cat " LEASE_DIRECTORY
	                 "/watcher 2>/dev/null)\" 2>/dev/null && cat " LEASE_DIRECTORY "/owner")[0])
		checking_say(c, h->name, "lease", "no", "one head at a time",
		             "held by %s; it ends by itself when that one is dead", held);
	else if (checking_ask(h, held, sizeof(held), "[ -e '%s' ] && echo yes", h->directory)[0])
		checking_say(c, h->name, "directory", "no", "the guests' kernel",
		             "'%s' is there already, and would be removed", h->directory);
	if (!h->spec->device[0])
		return;
	if (remote_host_qdisc(h, shown, sizeof(shown), &e) < 0 ||
	    qdisc_restore(shown, h->spec->device, line, &e) < 0) {
		checking_say(c, h->name, "shaping", "no", "the link's shape", "%s", e.text);
		return;
	}
	checking_ask(h, way, sizeof(way),
	             "ip -o route get ${SSH_CLIENT%%%% *} | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'");
	bool ours = strcmp(way, h->spec->device) == 0;
	checking_say(c, h->name, "shaping", ours ? "degraded" : "yes", "the link's shape",
	             "on '%s', put back by: tc qdisc del dev %s root%s%s%s", h->spec->device, h->spec->device,
	             line[0] ? "; tc " : "", line,
	             ours ? "; this machine's own connection to it passes that interface too, and is shaped with it"
	                  : "");
}

static void check_address(struct checking *c, const struct remote_host *h, const struct remote_host *to)
{
	char answer[200];
	if (!checking_ask(h, answer, sizeof(answer), "command -v ping")[0])
		return;
	bool reached = checking_ask(h, answer, sizeof(answer), "ping -n -c 2 -W 2 '%s' >/dev/null && echo yes",
	                            to->spec->address)[0];
	checking_say(c, h->name, "migration address", reached ? "yes" : "degraded", "the way of the migration",
	             "%s %s %s", to->spec->address, reached ? "answers" : "does not answer a ping from",
	             reached ? "" : h->name);
}

void checking_node(struct checking *c, int host)
{
	const struct remote_host *h = &c->hosts[host];
	check_programs(c, h);
	check_memory(c, host);
	check_shaping(c, h);
	check_address(c, h, &c->hosts[1 - host]);
}

/* The link address behind an address, asked on a bridge. */
static char *link_address(const struct remote_host *h, const char *bridge, const char *address, char *answer,
                          size_t room)
{
	return checking_ask(
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
		if (!checking_ask(&c->hosts[i], there, sizeof(there), "[ -d /sys/class/net/'%s' ] && echo yes",
		                  bridge)[0]) {
			checking_say(c, c->hosts[i].name, what, "no", purpose, "there is no '%s'", bridge);
			return;
		}
		link_address(&c->hosts[i], bridge, address, seen[i], sizeof(seen[i]));
	}
	if (!seen[0][0] || !seen[1][0])
		checking_say(
			c, "", what, "degraded", purpose,
			"'%s' is on both; whether it is one network cannot be told: %s does not see %s there (an address on the "
			"bridge, or the program arping, would show it)",
			bridge, seen[0][0] ? "dst" : "src", address);
	else if (strcmp(seen[0], seen[1]) != 0)
		checking_say(c, "", what, "no", purpose, "behind '%s', %s is %s for src and %s for dst: two networks",
		             bridge, address, seen[0], seen[1]);
	else
		checking_say(c, "", what, "yes", purpose, "'%s': both see %s at %s", bridge, address, seen[0]);
}

static void check_cpu(struct checking *c)
{
	static const char purpose[] = "a guest that uses the host's CPU can go on on the other node";
	enum cpu_answer answer;
	char words[200];
	struct err e = { 0 };
	if (c->x->hosts.accelerator == ACCELERATOR_TCG) {
		checking_say(c, "", "CPU model", "yes", purpose,
		             "guests have an emulated one (hosts.accelerator = tcg)");
		return;
	}
	if (cpu_compare(c->connections[0], c->connections[1], &answer, words, sizeof(words), &e) < 0)
		checking_say(c, "", "CPU model", "degraded", purpose, "%s", e.text);
	else if (answer == CPU_INCOMPATIBLE)
		checking_say(c, "", "CPU model", "no", purpose,
		             "the destination lacks what the source's CPU has%s%s%s", words[0] ? "; both have " : "",
		             words, words[0] ? ": give a domain of yours that one" : "");
	else
		checking_say(c, "", "CPU model", "yes", purpose, "%s",
		             answer == CPU_IDENTICAL ? "the same on both"
		                                     : "the destination has all of the source's");
}

static void check_versions(struct checking *c)
{
	unsigned long libvirt[HOSTS], qemu[HOSTS];
	for (int i = 0; i < HOSTS; i++)
		if (hypervisor_versions(c->connections[i], &libvirt[i], &qemu[i], NULL) < 0)
			return;
	bool older = qemu[1] < qemu[0];
	checking_say(c, "", "versions", older ? "degraded" : "yes", "the destination knows the source's machine",
	             "%s",
	             older                                            ? "the destination's QEMU is older"
	             : libvirt[0] == libvirt[1] && qemu[0] == qemu[1] ? "the same on both"
	                                                              : "the destination's are not older");
}

void checking_pair(struct checking *c)
{
	const struct remote_spec *r = &c->x->remote;
	check_versions(c);
	check_cpu(c);
	check_bridge(c, "management network", r->management_bridge, r->head);
	check_bridge(c, "data network", r->data_bridge, r->head_data[0] ? r->head_data : r->head);
}

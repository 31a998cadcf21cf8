#include "bench/experiment/remote_config.h"

#include "bench/base/err.h"
#include "bench/experiment/experiment.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char *const node_names[] = { "src", "dst" };

/* They become words of shell scripts and of XML. */
static int plain_check(const char *key, const char *value, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@:/+,=";
	size_t good = strspn(value, allowed);
	if (value[good])
		return err_set(e, EXIT_USAGE, "%s = %s: '%c' cannot be in it", key, value, value[good]);
	return 0;
}

static int needed(const char *key, const char *value, const char *example, struct err *e)
{
	if (!value[0])
		return err_set(e, EXIT_USAGE, "hosts.kind = remote needs %s, such as %s", key, example);
	return plain_check(key, value, e);
}

static int address_check(const char *key, const char *value, struct err *e)
{
	struct in_addr address;
	return inet_pton(AF_INET, value, &address) == 1
	               ? 0
	               : err_set(e, EXIT_USAGE, "%s = '%s' is no IPv4 address", key, value);
}

static int network_check(const char *key, const char *value, struct err *e)
{
	unsigned b[4];
	int prefix, end = 0;
	if (sscanf(value, "%u.%u.%u.%u/%d%n", &b[0], &b[1], &b[2], &b[3], &prefix, &end) != 5 || value[end] ||
	    b[0] > 255 || b[1] > 255 || b[2] > 255 || b[3] > 255 || prefix < 1 || prefix > 32)
		return err_set(e, EXIT_USAGE, "%s = '%s' is no IPv4 address with a prefix, such as 192.168.7.11/24",
		               key, value);
	return 0;
}

static int host_check(const struct experiment *x, int index, struct err *e)
{
	const struct remote_host_spec *h = &x->remote.hosts[index];
	const struct link_shape *s = &x->link.shape;
	char key[5][40];
	static const char *const keys[] = { "uri", "ssh", "address", "device", "ssh_options" };
	for (size_t i = 0; i < 5; i++)
		snprintf(key[i], sizeof(key[i]), "remote.%s_%s", node_names[index], keys[i]);
	if (!h->uri[0])
		return needed(key[0], h->uri, "qemu+ssh://root@host1/system", e);
	if (needed(key[1], h->ssh, "root@host1", e) < 0 || needed(key[2], h->address, "192.168.7.1", e) < 0 ||
	    address_check(key[2], h->address, e) < 0 || plain_check(key[3], h->device, e) < 0)
		return -1;
	if (strpbrk(h->uri, "'\"\n"))
		return err_set(e, EXIT_USAGE, "%s cannot have quotes", key[0]);
	if (strlen(h->device) > 15)
		return err_set(e, EXIT_USAGE, "%s = '%s' is no interface's name", key[3], h->device);
	if (!h->device[0] && (s->rate_bits_per_s || s->rtt_ns || s->jitter_ns))
		return err_set(
			e, EXIT_USAGE,
			"%s names the interface that link.rate and link.rtt shape: set it, or leave the link as it "
			"is with link.rate = 0 and link.rtt = 0ms",
			key[3]);
	return 0;
}

/* What is made of local nodes only. */
static int local_only_check(const struct experiment *x, struct err *e)
{
	const struct {
		const char *key;
		bool set;
		const char *instead;
	} local[] = {
		{ "link.loss", x->link.shape.loss > 0, "segmentation offload would be left as it is there" },
		{ "link.topology = shared", x->link.topology != TOPOLOGY_SEPARATE, "the networks are there already" },
		{ "link.network = ovs", x->link.network != NETWORK_BRIDGE, "the networks are there already" },
		{ "link.congestion_control", strcmp(x->link.congestion_control, "auto") != 0,
		  "TCP there is left as it is, and is in the manifest" },
		{ "storage.kind", x->storage.kind != STORAGE_NONE, "a domain of yours has its own disks" },
		{ "consolidate.policy", x->consolidate.ops != NULL, "one migration can be measured" },
		{ "group.vms", experiment_is_group(x), "one migration can be measured" },
		{ "fault.cut", x->fault.cut_ns != 0, "nothing is broken there on purpose" },
		{ "migration.stream", x->migration.stream, "the relay stands in a network namespace of a node" },
		{ "migration.reuse", x->migration.reuse, "the relays stand in network namespaces of the nodes" },
		{ "migration.moves_before", x->migration.moves_before != 0, "a VM there is where it is" },
		{ "migration.page_waits", x->migration.page_waits, "the monitor it needs is a local socket" },
		{ "migration.suspend", x->migration.suspend_ns != 0, "the monitor it needs is a local socket" },
		{ "hosts.urgent", x->hosts.urgent, "the machine's other work is not migmeter's" },
		{ "collect.tcp", x->collect.on[COLLECTOR_TCP], "it reads the kernel of a local node" },
		{ "collect.segments", x->collect.on[COLLECTOR_SEGMENTS],
		  "it captures in a network namespace of a local node" },
	};
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if (local[i].set)
			return err_set(e, EXIT_USAGE, "%s is for hosts.kind = local: %s", local[i].key,
			               local[i].instead);
	return 0;
}

static int domain_check(const struct experiment *x, const struct experiment_vm *vm, struct err *e)
{
	if (!vm->domain[0])
		return 0;
	if (x->hosts.kind == HOSTS_LOCAL)
		return err_set(
			e, EXIT_USAGE,
			"VM '%s': a domain of yours runs on a node that is there already: set hosts.kind = remote",
			vm->name);
	if (strspn(x->remote.run_id, "0123456789abcdefABCDEF") != 16 || x->remote.run_id[16])
		return err_set(
			e, EXIT_USAGE,
			"VM '%s' is a domain of yours: remote.run_id must be the 16 hex digits that its agent was "
			"started with",
			vm->name);
	return plain_check("vm.domain", vm->domain, e) < 0 ? -1 : address_check("vm.address", vm->address, e);
}

static int hosts_check(const struct experiment *x, struct err *e)
{
	if (host_check(x, 0, e) < 0 || host_check(x, 1, e) < 0)
		return -1;
	return strcmp(x->remote.hosts[0].uri, x->remote.hosts[1].uri) == 0
	               ? err_set(e, EXIT_USAGE, "remote.src_uri and remote.dst_uri are one machine")
	               : 0;
}

/* Nodes that nobody here can ask: all that happens there is others' doing. */
static int outside_check(const struct experiment *x, struct err *e)
{
	const struct link_shape *s = &x->link.shape;
	if (!x->remote.head[0])
		return err_set(e, EXIT_USAGE,
		               "hosts.kind = outside needs remote.head, the address of this machine that VMs reach");
	for (int i = 0; i < x->vm_count; i++)
		if (!x->vms[i].domain[0])
			return err_set(
				e, EXIT_USAGE,
				"hosts.kind = outside starts no guests: give VM '%s' the domain and the address of one of "
				"yours",
				x->vms[i].name);
	if (x->migration.driver != DRIVER_EXEC && x->migration.mode != MODE_NONE)
		return err_set(
			e, EXIT_USAGE,
			"hosts.kind = outside needs migration.driver = exec: only commands can move a VM there");
	if (s->rate_bits_per_s || s->rtt_ns || s->jitter_ns)
		return err_set(e, EXIT_USAGE,
		               "hosts.kind = outside shapes no link: set link.rate = 0 and link.rtt = 0ms");
	return 0;
}

int remote_config_check(const struct experiment *x, struct err *e)
{
	const struct remote_spec *r = &x->remote;
	for (int i = 0; i < x->vm_count; i++)
		if (domain_check(x, &x->vms[i], e) < 0)
			return -1;
	if (x->hosts.kind == HOSTS_LOCAL)
		return 0;
	if ((x->hosts.kind == HOSTS_OUTSIDE ? outside_check(x, e) : hosts_check(x, e)) < 0)
		return -1;
	const char *const plain[][2] = { { "remote.management_bridge", r->management_bridge },
		                         { "remote.data_bridge", r->data_bridge },
		                         { "remote.directory", r->directory },
		                         { "remote.data_device", r->data_device } };
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (needed(plain[i][0], plain[i][1], "its default", e) < 0)
			return -1;
	/* It is removed with all that is in it. */
	if (r->directory[0] != '/' || !strstr(r->directory, "migmeter") || strstr(r->directory, ".."))
		return err_set(
			e, EXIT_USAGE,
			"remote.directory = '%s' is removed after the run: it must be an absolute path with 'migmeter' "
			"in it",
			r->directory);
	if (needed("remote.head", r->head, "192.168.7.254", e) < 0 || address_check("remote.head", r->head, e) < 0 ||
	    (r->head_data[0] && address_check("remote.head_data", r->head_data, e) < 0) ||
	    network_check("remote.guest_management", r->guest_management, e) < 0 ||
	    network_check("remote.guest_data", r->guest_data, e) < 0)
		return -1;
	return local_only_check(x, e);
}

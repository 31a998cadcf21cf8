#include "bench/testbed/testbed.h"

#include "bench/base/err.h"
#include "bench/base/undo.h"
#include "bench/testbed/accelerator.h"
#include "bench/testbed/certificates.h"
#include "bench/testbed/link_tcp.h"
#include "bench/testbed/storage.h"
#include "bench/testbed/testbed_state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_DIRECTORY MACHINE_HOME "/testbed"
#define REGISTER_PATH MACHINE_HOME "/register"

const char *testbed_state_directory(void)
{
	return STATE_DIRECTORY;
}

/* ---- making ---- */

const char *const testbed_uplinks[] = { "mgmt0", "up0", "mig0", NULL };

static void nodes_name(struct testbed *t)
{
	static const struct {
		const char *name;
		int number;
	} plan[NODE_COUNT] = {
		[NODE_SRC] = { "src", 2 },
		[NODE_DST] = { "dst", 3 },
		[NODE_STO] = { "sto", 4 },
		[NODE_HEAD] = { "head", 1 },
	};
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	for (int i = 0; i < NODE_COUNT; i++) {
		struct node *n = &t->nodes[i];
		memset(n, 0, sizeof(*n));
		n->core = -1;
		snprintf(n->name, sizeof(n->name), "%s", plan[i].name);
		snprintf(n->netns, sizeof(n->netns), "mm-%s", plan[i].name);
		snprintf(n->state_directory, sizeof(n->state_directory), "%s/%s", STATE_DIRECTORY, plan[i].name);
		snprintf(n->management_ip, sizeof(n->management_ip), "10.77.1.%d", plan[i].number);
		snprintf(n->lan_ip, sizeof(n->lan_ip), "10.77.2.%d", plan[i].number);
		snprintf(n->migration_ip, sizeof(n->migration_ip), "10.77.%d.%d",
		         t->spec.topology == TOPOLOGY_SHARED ? 2 : 3, plan[i].number);
	}
	if (t->spec.pinned && cores >= 2) {
		/* Where there are cores to spare, core 0 stays with the head and the kernel. */
		t->nodes[NODE_SRC].core = cores >= 4 ? 1 : 0;
		t->nodes[NODE_DST].core = cores >= 4 ? 2 : 1;
	}
}

/*
 * Without spanning tree and forwarding delay, so that a port works at once; with a MAC of its own, made of its address.
 * A bridge that is given none takes the least of its ports': that of a VM's tap, perhaps, which the other node's tap of
 * the same VM has, too. What is sent to that bridge then never arrives.
 */
static int bridge_make(const struct node *n, const char *bridge, const char *ip, struct err *e)
{
	const char *make = "ip -n %s link add %s address 02:00:%02x:%02x:%02x:%02x type bridge stp_state 0 "
			   "forward_delay 0";
	unsigned char b[4];
	if (inet_pton(AF_INET, ip, b) != 1)
		return err_set(e, EXIT_CANNOT, "not an IPv4 address: '%s'", ip);
	if (process_runf(NULL, e, make, n->netns, bridge, b[0], b[1], b[2], b[3]) < 0 ||
	    process_runf(NULL, e, "ip -n %s addr add %s/24 dev %s", n->netns, ip, bridge) < 0)
		return -1;
	return process_runf(NULL, e, "ip -n %s link set %s up", n->netns, bridge);
}

static int port_join(const struct node *n, const char *device, const char *bridge, struct err *e)
{
	return process_runf(NULL, e, "ip -n %s link set %s master %s up", n->netns, device, bridge);
}

static int management_make(struct testbed *t, struct err *e)
{
	const struct node *head = &t->nodes[NODE_HEAD];
	for (int i = 0; i < NODE_COUNT; i++)
		if (bridge_make(&t->nodes[i], "br-mgmt", t->nodes[i].management_ip, e) < 0)
			return -1;
	for (int i = 0; i < NODE_HEAD; i++) {
		const struct node *n = &t->nodes[i];
		char port[16];
		snprintf(port, sizeof(port), "mgmt-%s", n->name);
		if (process_runf(NULL, e, "ip link add mgmt0 netns %s type veth peer name %s netns %s", n->netns,
		                 port, head->netns) < 0 ||
		    port_join(n, "mgmt0", "br-mgmt", e) < 0 || port_join(head, port, "br-mgmt", e) < 0)
			return -1;
	}
	return 0;
}

/* What the collectors call a link and its directions. */
static void link_name(struct testbed_link *l, const char *name, const struct node *a, const char *b,
                      const char *device)
{
	snprintf(l->name, sizeof(l->name), "%s", name);
	snprintf(l->netns_path, sizeof(l->netns_path), "%s", a->netns_path);
	snprintf(l->device, sizeof(l->device), "%s", device);
	snprintf(l->tx_name, sizeof(l->tx_name), "%s-to-%s", a->name, b);
	snprintf(l->rx_name, sizeof(l->rx_name), "%s-to-%s", b, a->name);
}

/* Join two nodes by a shaped link and remember it for the collectors. */
static int link_add(struct testbed *t, const char *name, int a, const char *a_device, int b, const char *b_device,
                    const struct link_shape *shape, struct err *e)
{
	struct testbed_link *l = &t->links[t->link_count];
	struct link_end ends[2] = {
		{ t->nodes[a].netns_path, t->nodes[a].netns, a_device, t->nodes[a].core + 1 },
		{ t->nodes[b].netns_path, t->nodes[b].netns, b_device, t->nodes[b].core + 1 },
	};
	if (link_create(&l->link, &ends[0], &ends[1], shape, t->spec.backend, STATE_DIRECTORY, t->undo, e) < 0)
		return err_prefix(e, "link '%s'", name);
	link_name(l, name, &t->nodes[a], b == NODE_HEAD ? "lan" : t->nodes[b].name, a_device);
	t->link_count++;
	return 0;
}

struct link_shape testbed_link_shape(const struct testbed_spec *spec, const char *link)
{
	struct link_shape shape = spec->shape;
	if (strcmp(link, "migration") == 0)
		return shape;
	if (spec->topology != TOPOLOGY_SHARED)
		return (struct link_shape){ 0 };
	if (strcmp(link, "dst-uplink") != 0) /* the destination is the distant one */
		shape.rtt_ns = shape.jitter_ns = 0, shape.loss = 0;
	return shape;
}

static int lan_make(struct testbed *t, struct err *e)
{
	const struct node *head = &t->nodes[NODE_HEAD];
	for (int i = 0; i < NODE_COUNT; i++)
		if (bridge_make(&t->nodes[i], "br-lan", t->nodes[i].lan_ip, e) < 0)
			return -1;
	for (int i = 0; i < NODE_HEAD; i++) {
		char name[24], port[16];
		snprintf(name, sizeof(name), "%s-uplink", t->nodes[i].name);
		struct link_shape shape = testbed_link_shape(&t->spec, name);
		snprintf(port, sizeof(port), "lan-%s", t->nodes[i].name);
		if (link_add(t, name, i, "up0", NODE_HEAD, port, &shape, e) < 0 ||
		    port_join(&t->nodes[i], "up0", "br-lan", e) < 0 || port_join(head, port, "br-lan", e) < 0)
			return -1;
	}
	return 0;
}

static int migration_link_make(struct testbed *t, struct err *e)
{
	if (t->spec.topology == TOPOLOGY_SHARED)
		return 0;
	if (link_add(t, "migration", NODE_SRC, "mig0", NODE_DST, "mig0", &t->spec.shape, e) < 0)
		return -1;
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		if (process_runf(NULL, e, "ip -n %s addr add %s/24 dev mig0", t->nodes[i].netns,
		                 t->nodes[i].migration_ip) < 0 ||
		    process_runf(NULL, e, "ip -n %s link set mig0 up", t->nodes[i].netns) < 0)
			return -1;
	return 0;
}

const struct testbed_link *testbed_migration_link(const struct testbed *t)
{
	const char *name = t->spec.topology == TOPOLOGY_SHARED ? "dst-uplink" : "migration";
	for (int i = 0; i < t->link_count; i++)
		if (strcmp(t->links[i].name, name) == 0)
			return &t->links[i];
	return NULL;
}

int testbed_measure(const struct testbed *t, struct link_measured *ret, struct err *e)
{
	const struct testbed_link *l = testbed_migration_link(t);
	const struct node *src = &t->nodes[NODE_SRC], *dst = &t->nodes[NODE_DST];
	if (!l)
		return err_set(e, EXIT_CANNOT, "the testbed has no migration link");
	return link_measure(l->link, src->netns_path, src->migration_ip, dst->netns_path, dst->migration_ip, ret, e);
}

int testbed_pin_tcp(const struct testbed *t, int node, struct err *e)
{
	const char *control = t->spec.congestion_control;
	return link_pin_tcp(t->nodes[node].netns_path, control[0] ? control : NULL, t->spec.tcp_buffer_bytes, NULL,
	                    e);
}

static int testbed_make(struct testbed *t, struct err *e)
{
	if (undo_open(&t->undo, REGISTER_PATH, e) < 0 || undo_add(t->undo, UNDO_TREE, STATE_DIRECTORY, e) < 0)
		return -1;
	if (mkdir(STATE_DIRECTORY, 0700) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", STATE_DIRECTORY);
	nodes_name(t);
	for (int i = 0; i < NODE_COUNT; i++)
		if (node_create(&t->nodes[i], i == NODE_SRC || i == NODE_DST, t->undo, e) < 0)
			return -1;
	if (management_make(t, e) < 0 || lan_make(t, e) < 0 || migration_link_make(t, e) < 0)
		return -1;
	for (int i = 0; i < NODE_COUNT; i++)
		if (testbed_pin_tcp(t, i, e) < 0)
			return -1;
	if (t->spec.storage && storage_start(&t->nodes[NODE_STO], t->undo, e) < 0)
		return -1;
	if (t->spec.tls && certificates_make(&t->nodes[NODE_SRC], 2, STATE_DIRECTORY, e) < 0)
		return -1;
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		if (node_start_libvirtd(&t->nodes[i], t->undo, e) < 0)
			return -1;
	return 0;
}

/* Undo everything in the register, whoever wrote it. */
static int register_undo(struct undo *u, struct err *e)
{
	int result = undo_run(u, e);
	undo_close(u);
	return result;
}

/* ---- the four calls ---- */

static int begin(struct testbed *t, const struct testbed_spec *spec, const struct machine_wait *wait,
                 void (*note)(const char *), struct err *e)
{
	memset(t, 0, sizeof(*t));
	if (geteuid() != 0)
		return err_set(e, EXIT_CANNOT, "a local testbed needs root: run it with sudo");
	if (machine_lock_take(&t->lock_fd, wait, e) < 0)
		return -1;
	if (access(REGISTER_PATH, F_OK) == 0 && !testbed_state_is_up(STATE_DIRECTORY)) {
		struct undo *left;
		if (note)
			note("removing what an interrupted migmeter left behind");
		if (undo_open(&left, REGISTER_PATH, e) < 0 || register_undo(left, e) < 0) {
			machine_lock_give(t->lock_fd, false);
			return err_prefix(e, "cleaning up after an interrupted migmeter");
		}
	}
	t->spec = *spec;
	return 0;
}

void testbed_forget(struct testbed *t)
{
	for (int i = 0; i < t->link_count; i++)
		free(t->links[i].link);
	t->link_count = 0;
}

static int make_or_undo(struct testbed *t, struct err *e)
{
	if (testbed_make(t, e) == 0)
		return 0;
	testbed_forget(t);
	bool clean = !t->undo || register_undo(t->undo, NULL) == 0;
	machine_lock_give(t->lock_fd, clean);
	return -1;
}

int testbed_open(struct testbed *t, const struct testbed_spec *spec, const struct machine_wait *wait,
                 void (*note)(const char *), struct err *e)
{
	if (begin(t, spec, wait, note, e) < 0)
		return -1;
	if (!testbed_state_is_up(STATE_DIRECTORY))
		return make_or_undo(t, e);
	if (note)
		note("using the testbed that is up");
	if (testbed_state_read(t, STATE_DIRECTORY, e) < 0 || testbed_state_fits(t, spec, e) < 0) {
		testbed_forget(t);
		machine_lock_give(t->lock_fd, false);
		return -1;
	}
	t->kept = true;
	return 0;
}

int testbed_check_free(const struct testbed_spec *spec, const struct machine_wait *wait, struct err *e)
{
	struct testbed t = { 0 };
	int fd, result = 0;
	if (machine_lock_take(&fd, wait, e) < 0)
		return -1;
	if (testbed_state_is_up(STATE_DIRECTORY)) {
		result = testbed_state_read(&t, STATE_DIRECTORY, e) < 0 ? -1 : testbed_state_fits(&t, spec, e);
		testbed_forget(&t);
	}
	machine_lock_give(fd, access(REGISTER_PATH, F_OK) < 0);
	return result;
}

int testbed_close(struct testbed *t, struct err *e)
{
	int result = 0;
	if (!t->kept) {
		for (int i = 0; i < t->link_count; i++)
			link_destroy(t->links[i].link);
		t->link_count = 0;
		result = register_undo(t->undo, e);
	}
	testbed_forget(t);
	machine_lock_give(t->lock_fd, !t->kept && result == 0);
	return result;
}

int testbed_up(const struct testbed_spec *spec, const struct machine_wait *wait, void (*note)(const char *),
               struct err *e)
{
	struct testbed t;
	if (begin(&t, spec, wait, note, e) < 0)
		return -1;
	if (testbed_state_is_up(STATE_DIRECTORY)) {
		machine_lock_give(t.lock_fd, false);
		return err_set(e, EXIT_USAGE, "a testbed is up already: use it, or run 'migmeter testbed down'");
	}
	if (make_or_undo(&t, e) < 0)
		return -1;
	int result = testbed_state_write(&t, STATE_DIRECTORY, e);
	testbed_forget(&t);
	if (result < 0)
		register_undo(t.undo, NULL);
	else
		undo_close(t.undo);
	machine_lock_give(t.lock_fd, result < 0);
	return result;
}

int testbed_down(const struct machine_wait *wait, bool *ret_was_there, struct err *e)
{
	struct undo *u;
	int fd;
	*ret_was_there = false;
	if (geteuid() != 0)
		return err_set(e, EXIT_CANNOT, "taking the testbed down needs root: run it with sudo");
	if (machine_lock_take(&fd, wait, e) < 0)
		return -1;
	int result = 0;
	accelerator_forget();
	if (access(REGISTER_PATH, F_OK) == 0) {
		*ret_was_there = true;
		result = undo_open(&u, REGISTER_PATH, e) < 0 ? -1 : register_undo(u, e);
	}
	machine_lock_give(fd, result == 0);
	return result;
}

/* Why there is none to be used. */
static int no_testbed(struct err *e)
{
	char owner[MACHINE_OWNER_ROOM];
	if (machine_lock_is_held(owner))
		return err_set(e, EXIT_MEASURED_BAD,
		               "no testbed is up; another migmeter (pid %s) is at work on this machine", owner);
	if (access(REGISTER_PATH, F_OK) == 0)
		return err_set(
			e, EXIT_MEASURED_BAD,
			"no testbed is up, but a migmeter that was killed left something behind: 'migmeter testbed "
			"down' removes it");
	return err_set(e, EXIT_MEASURED_BAD, "no testbed is up: run 'migmeter testbed up'");
}

int testbed_load(struct testbed *t, struct err *e)
{
	memset(t, 0, sizeof(*t));
	t->lock_fd = -1;
	if (!testbed_state_is_up(STATE_DIRECTORY))
		return no_testbed(e);
	int result = testbed_state_read(t, STATE_DIRECTORY, e);
	if (result < 0)
		testbed_forget(t);
	return result;
}

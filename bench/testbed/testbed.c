#include "bench/testbed/testbed.h"

#include "bench/base/err.h"
#include "bench/base/undo.h"
#include "bench/testbed/accelerator.h"
#include "bench/testbed/certificates.h"
#include "bench/testbed/link_tcp.h"
#include "bench/testbed/networks.h"
#include "bench/testbed/remote_testbed.h"
#include "bench/testbed/storage.h"
#include "bench/testbed/testbed_state.h"

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

const char *testbed_home(const struct testbed *t)
{
	return t->remote ? REMOTE_HOME : STATE_DIRECTORY;
}

bool testbed_is_there(void)
{
	return access(REGISTER_PATH, F_OK) == 0;
}

int testbed_put(const struct testbed *t, const char *local, const char *name, char *ret_path, size_t room,
                struct err *e)
{
	if (t->remote)
		return remote_testbed_put(t, local, name, ret_path, room, e);
	snprintf(ret_path, room, "%s", local);
	return 0;
}

int testbed_trouble(const struct testbed *t, const char *keep, struct err *e)
{
	if (t->remote)
		return remote_testbed_trouble(t, e);
	if (daemons_trouble(&t->daemons, keep, e) == 0)
		return 0;
	return t->kept ? err_prefix(e, "the testbed that is up is broken, run 'migmeter testbed down'") : -1;
}

/* ---- making ---- */

const char *const testbed_uplinks[] = { "mgmt0", "up0", "mig0", "lan1", "lan2", NULL };

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

int testbed_measure(const struct testbed *t, struct link_measured *ret, struct err *e)
{
	const struct testbed_link *l = testbed_migration_link(t);
	const struct node *src = &t->nodes[NODE_SRC], *dst = &t->nodes[NODE_DST];
	if (t->remote)
		return remote_testbed_measure(t, ret, e);
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
	if (networks_make(t, e) < 0)
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
	if (testbed_is_there() && !testbed_state_is_up(STATE_DIRECTORY)) {
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

/* Nothing is made. */
static int open_outside(struct testbed *t, const struct machine_wait *wait, struct err *e)
{
	if (machine_lock_take(&t->lock_fd, wait, e) < 0)
		return -1;
	remote_testbed_name_nodes(t);
	return 0;
}

int testbed_open(struct testbed *t, const struct testbed_spec *spec, const struct machine_wait *wait,
                 void (*note)(const char *), struct err *e)
{
	if (spec->remote) {
		memset(t, 0, sizeof(*t));
		t->spec = *spec;
		return spec->outside ? open_outside(t, wait, e) : remote_testbed_open(t, wait, e);
	}
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

struct undo *testbed_undo(struct testbed *t, struct err *e)
{
	return !t->undo && undo_open(&t->undo, REGISTER_PATH, e) < 0 ? NULL : t->undo;
}

int testbed_check_free(const struct testbed_spec *spec, const struct machine_wait *wait, struct err *e)
{
	struct testbed t = { 0 };
	int fd, result = 0;
	if (machine_lock_take(&fd, wait, e) < 0)
		return -1;
	if (!spec->remote && testbed_state_is_up(STATE_DIRECTORY)) {
		result = testbed_state_read(&t, STATE_DIRECTORY, e) < 0 ? -1 : testbed_state_fits(&t, spec, e);
		testbed_forget(&t);
	}
	machine_lock_give(fd, !testbed_is_there());
	return result;
}

int testbed_close(struct testbed *t, struct err *e)
{
	int result = 0;
	if (t->remote)
		return remote_testbed_close(t, e);
	if (t->spec.outside) {
		machine_lock_give(t->lock_fd, !testbed_is_there());
		return 0;
	}
	if (!t->kept) {
		for (int i = 0; i < t->link_count; i++)
			link_destroy(t->links[i].link);
		t->link_count = 0;
		result = register_undo(t->undo, e);
	} else {
		undo_close(t->undo);
	}
	t->undo = NULL;
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
	static const char *const registers[] = { REGISTER_PATH, REMOTE_HOME_REGISTER };
	for (int i = 0; i < 2; i++) {
		if (access(registers[i], F_OK) < 0)
			continue;
		*ret_was_there = true;
		if (undo_open(&u, registers[i], result ? NULL : e) < 0 || register_undo(u, result ? NULL : e) < 0)
			result = -1;
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
	if (testbed_is_there())
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

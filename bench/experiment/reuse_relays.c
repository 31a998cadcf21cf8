#include "bench/experiment/reuse_relays.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/process_guard.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/run_directory.h"
#include "bench/migrate/migration.h"
#include "bench/migrate/reuse/reuse_pace.h"
#include "bench/migrate/reuse/reuse_relay.h"
#include "bench/testbed/storage.h"

#include <assert.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* On every node the same: what sends goes to NEAR, what receives listens at QEMU. libvirt wants one port for both. */
#define NEAR_IP "127.0.0.2"
#define QEMU_IP "127.0.0.1"
/* Disks go to a socket of this name, followed by their VM's number, in /run of both nodes. A port will not do: libvirt 9.0 does
 * not give back one that it was told to use, and refuses it to the next migration to the node. */
#define DISKS_TO "disks-to-%s-"
#define LIVE_BYTES (NODES * VMS_MAX * sizeof(struct reuse_live))
enum { NODES = 2, CONNECTIONS = 1000, PORT = 4920, LINK_PORT = PORT + VMS_MAX };
#define PATIENCE_NS (5 * NS_PER_S)
static_assert((int)VMS_MAX <= (int)REUSE_LANES, "a lane a VM");

struct reuse_relays {
	const struct experiment *x;
	const struct testbed *testbed;
	const struct run_directory *directory;
	event_sink sink;
	void *context;
	int starts;
	bool ended_early[NODES];
	char image[VMS_MAX][300];
	const char *images[VMS_MAX + 1];
	pthread_mutex_t lock; /* VMs of a group move at the same time */
	pid_t pid[NODES];     /* of NODE_SRC, NODE_DST; 0: not started */
	uint64_t start_time[NODES];
	pid_t guard[NODES]; /* on a testbed that is kept up, whose next run would not undo */
	char uri[VMS_MAX][64];
	char disks_uri[VMS_MAX][NODES][64]; /* by the node to which they go */
	struct reuse_live *live;            /* [NODES][VMS_MAX], shared with the relays */
	struct pace {
		const struct reuse_live *live;
		struct reuse_pace pace;
	} paces[VMS_MAX]; /* of the move that goes on */
};

static int relay_start(struct reuse_relays *p, int node, struct err *e)
{
	const struct experiment *x = p->x;
	const struct node *here = &p->testbed->nodes[node],
			  *there = &p->testbed->nodes[node == NODE_SRC ? NODE_DST : NODE_SRC];
	const struct experiment_migration *m = &x->migration;
	char store[400], log[600], disks_near[300], disks_qemu[300], detail[64];
	snprintf(disks_near, sizeof(disks_near), "%s/run/" DISKS_TO, here->state_directory, there->name);
	snprintf(disks_qemu, sizeof(disks_qemu), "%s/run/" DISKS_TO, here->state_directory, here->name);
	snprintf(store, sizeof(store), "%s/%s.pages", m->reuse_store, here->name);
	snprintf(log, sizeof(log), "%s/reuse-%s.log", p->directory->path, here->name);
	/* Of the node's namespaces only the network's: its files are the machine's. */
	const struct process_place place = { .netns = here->netns_path, .core = here->core + 1 };
	const struct reuse_relay_spec spec = {
		.site = here->name,
		.directory = p->directory->path,
		.near_ip = NEAR_IP,
		.qemu_ip = QEMU_IP,
		.far_ip = here->migration_ip,
		.peer_ip = there->migration_ip,
		.port = PORT,
		.link_port = LINK_PORT,
		.lanes = x->vm_count,
		.disks_near = x->features.copy_disks ? disks_near : NULL,
		.disks_qemu = disks_qemu,
		.patience_ns =
			x->features.postcopy_recover_ns > PATIENCE_NS ? x->features.postcopy_recover_ns : PATIENCE_NS,
		.store_path = m->reuse_store[0] ? store : NULL,
		.disk_bytes = m->reuse_disk_bytes,
		.memory_bytes = m->reuse_memory_bytes,
		.images = p->images,
		.live = p->live + (node == NODE_SRC ? 0 : VMS_MAX),
		.first_connection = p->starts++ * CONNECTIONS,
	};
	process_guard_end(p->guard[node]);
	p->guard[node] = 0;
	if (reuse_relay_start(&spec, &place, log, p->testbed->undo, &p->pid[node], e) < 0)
		return err_prefix(e, "migration.reuse, node '%s'", here->name);
	p->start_time[node] = process_start_time(p->pid[node]);
	if (p->testbed->kept && process_guard_start(p->pid[node], NULL, &p->guard[node], e) < 0)
		return -1;
	snprintf(detail, sizeof(detail), "pid %d", (int)p->pid[node]);
	p->sink(p->context, clock_now_ns(), "", here->name, "reuse-relay", detail);
	return 0;
}

/* Shared disks can be read from both nodes. */
static void images_choose(struct reuse_relays *p)
{
	const struct experiment *x = p->x;
	int count = 0;
	for (int vm = 0; vm < x->vm_count; vm++)
		if (x->vms[vm].disk_bytes && x->storage.kind == STORAGE_ISCSI && x->migration.reuse_disks)
			p->images[count++] = storage_image_path(&p->testbed->nodes[NODE_STO], vm + 1, p->image[vm],
			                                        sizeof(p->image[vm]));
}

int reuse_relays_open(struct reuse_relays **ret, const struct experiment *x, const struct testbed *t,
                      const struct run_directory *d, event_sink sink, void *context, struct err *e)
{
	*ret = NULL;
	if (!x->migration.reuse)
		return 0;
	struct reuse_relays *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, EXIT_CANNOT, "no memory for a pair of relays");
	*p = (struct reuse_relays){ .x = x, .testbed = t, .directory = d, .sink = sink, .context = context };
	images_choose(p);
	for (int i = 0; i < VMS_MAX; i++) {
		snprintf(p->uri[i], sizeof(p->uri[i]), "tcp://%s:%d", NEAR_IP, PORT + i);
		for (int to = NODE_SRC; to <= NODE_DST; to++)
			snprintf(p->disks_uri[i][to], sizeof(p->disks_uri[i][to]), "unix:///run/" DISKS_TO "%d",
			         t->nodes[to].name, i);
	}
	pthread_mutex_init(&p->lock, NULL);
	p->live = mmap(NULL, LIVE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->live == MAP_FAILED) {
		p->live = NULL;
		reuse_relays_close(p, NULL);
		return err_errno(e, EXIT_CANNOT, "no memory for a pair of relays");
	}
	int result = x->migration.reuse_store[0] ? directory_make(x->migration.reuse_store, e) : 0;
	for (int node = NODE_SRC; result == 0 && node <= NODE_DST; node++)
		result = relay_start(p, node, e);
	if (result < 0) {
		reuse_relays_close(p, NULL);
		return -1;
	}
	*ret = p;
	return 0;
}

static bool has_ended(const struct reuse_relays *p, int node)
{
	return p->pid[node] && process_start_time(p->pid[node]) != p->start_time[node];
}

void reuse_relays_revive(struct reuse_relays *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	for (int node = NODE_SRC; node <= NODE_DST; node++) {
		struct err e = { 0 };
		if (!has_ended(p, node))
			continue;
		p->ended_early[node] = true;
		if (relay_start(p, node, &e) < 0)
			p->sink(p->context, clock_now_ns(), "", p->testbed->nodes[node].name, "reuse-relay", e.text);
	}
	pthread_mutex_unlock(&p->lock);
}

static double carried(void *context)
{
	struct pace *p = context;
	return reuse_pace_look(&p->pace, clock_now_ns(), p->live);
}

void reuse_relays_route(struct reuse_relays *p, int vm, struct migration_spec *spec)
{
	if (!p)
		return;
	reuse_relays_revive(p);
	spec->uri = p->uri[vm];
	spec->listen_ip = QEMU_IP;
	int to = strcmp(spec->destination_node, p->testbed->nodes[NODE_DST].name) == 0 ? NODE_DST : NODE_SRC;
	spec->disks_uri = p->x->features.copy_disks ? p->disks_uri[vm][to] : NULL;
	p->paces[vm] = (struct pace){ .live = p->live + (to == NODE_DST ? 0 : VMS_MAX) + vm };
	spec->carried = carried;
	spec->carried_context = &p->paces[vm];
}

void reuse_relays_close(struct reuse_relays *p, struct run_directory *d)
{
	if (!p)
		return;
	for (int node = NODE_SRC; node <= NODE_DST; node++) {
		char path[64];
		bool early = p->ended_early[node] || has_ended(p, node);
		process_end(p->pid[node], p->start_time[node], 2 * NS_PER_S);
		process_guard_end(p->guard[node]);
		snprintf(path, sizeof(path), "reuse.%s.ended_early", p->testbed->nodes[node].name);
		if (d)
			run_directory_set(d, path, json_object_new_boolean(early));
	}
	if (p->live)
		munmap(p->live, LIVE_BYTES);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

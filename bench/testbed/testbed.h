/*
 * testbed.h - two compute nodes, a storage node and the head on one machine.
 *
 *	                 head (mm-head): the client, the collectors' sockets, the switch
 *	  management 10.77.1.0/24  --- never shaped: agents' samples, control
 *	  LAN        10.77.2.0/24  --- guests' data, iSCSI; in topology `shared` also the migration, and then every
 *	                               node's uplink has the link's rate, the destination's its delay, as one switch
 *	  migration  10.77.3.0/24  --- src <-> dst, shaped; only in topology `separate`
 *
 * Everything made is in the undo register first; after SIGKILL testbed_down() finds it there. With spec.remote nothing
 * is made but a shape: src and dst are other machines, the head is this one, and there is no storage node
 * (remote_testbed.h). Their nodes have no namespace (netns_path "").
 */
#ifndef BENCH_TESTBED_TESTBED_H
#define BENCH_TESTBED_TESTBED_H

#include "bench/testbed/daemons.h"
#include "bench/testbed/link.h"
#include "bench/testbed/link_measure.h"
#include "bench/testbed/machine_lock.h"
#include "bench/testbed/node.h"

#include <stdbool.h>
#include <stdint.h>

enum topology { TOPOLOGY_SEPARATE, TOPOLOGY_SHARED };
enum network { NETWORK_BRIDGE, NETWORK_OVS }; /* ovs: two LANs and a tunnel, see two_lans.h */
enum tunnel { TUNNEL_GRE, TUNNEL_VXLAN, TUNNEL_GENEVE };
enum { NODE_SRC, NODE_DST, NODE_STO, NODE_HEAD, NODE_COUNT };
enum { LINK_ROOM = 4 };

struct testbed_spec {
	int topology;                     /* enum topology */
	int backend;                      /* enum link_backend */
	int network;                      /* enum network; ovs wants TOPOLOGY_SHARED */
	int tunnel;                       /* enum tunnel; of NETWORK_OVS */
	struct link_shape shape;          /* of the migration link */
	char congestion_control[32];      /* of TCP on every node; empty: link_pin_tcp() chooses */
	int64_t tcp_buffer_bytes;         /* highest send and receive buffer of it; 0: LINK_TCP_BUFFER */
	bool storage;                     /* start tgtd */
	bool tls;                         /* certificates for migrations */
	bool pinned;                      /* one core a compute node (where there are two) */
	const struct remote_spec *remote; /* compute nodes that are other machines; NULL: all are made here */
	bool outside;                     /* which nobody here can ask or change: there is only the head */
};

struct testbed_link {
	char name[24]; /* "migration", "src-uplink", ... */
	char netns_path[64];
	char device[16];
	char tx_name[24], rx_name[24];
	struct link *link; /* owned; a copy of its plain data when another process made it */
};

struct testbed {
	struct testbed_spec spec;
	struct node nodes[NODE_COUNT];
	struct testbed_link links[LINK_ROOM];
	int link_count;
	char datapath[200];            /* of the switches, in words: where, and why there; "" none */
	char learned_path[300];        /* what their controller has learnt, see learning_switch.py; "" none */
	struct daemons daemons;        /* of the switches */
	struct remote_testbed *remote; /* NULL: its nodes are here */
	struct undo *undo;
	int lock_fd;
	bool kept; /* it was up before this process came: leave it up */
};

/*
 * Take the machine-wide lock and either make a testbed or, when one is up (made by `testbed up`), use it: then its
 * link must be the one asked. What a killed process left behind is removed first, which `note` (may be NULL) tells. wait, here
 * and below, is for another migmeter that has the lock; NULL: EXIT_CANNOT.
 */
int testbed_open(struct testbed *t, const struct testbed_spec *spec, const struct machine_wait *wait,
                 void (*note)(const char *), struct err *e);

/* Whether testbed_open() would refuse: another migmeter is at work, or a testbed is up with another link. */
int testbed_check_free(const struct testbed_spec *spec, const struct machine_wait *wait, struct err *e);

/* The undo register, for what is changed beside the testbed; also of one that was up, whose register stays and is undone by
 * 'testbed down'. NULL with *e when it cannot be had. Not with spec.remote. */
struct undo *testbed_undo(struct testbed *t, struct err *e);

/* Undo everything (unless it was up before) and give the lock back. */
int testbed_close(struct testbed *t, struct err *e);

/* `testbed up`: make it and leave it; `testbed down`: remove what is there, also after a kill, and the answer about KVM. */
int testbed_up(const struct testbed_spec *spec, const struct machine_wait *wait, void (*note)(const char *),
               struct err *e);
int testbed_down(const struct machine_wait *wait, bool *ret_was_there, struct err *e);

/* Read the state of one that is up, without the lock, for testbed_forget(). EXIT_MEASURED_BAD when none is up, and
 * whether a migmeter at work or a killed one has something there. */
int testbed_load(struct testbed *t, struct err *e);

/* Free what *t keeps of the links, which stay as they are. */
void testbed_forget(struct testbed *t);

/* The devices that lead out of a compute node; a topology may lack some. NULL ends. */
extern const char *const testbed_uplinks[];

/* The shape that is asked of the link of that name. */
struct link_shape testbed_link_shape(const struct testbed_spec *spec, const char *link);

/* The link whose shape is the experiment's: `migration`, in topology shared the destination's uplink, with two LANs what
 * is between them. */
const char *testbed_migration_link_name(const struct testbed_spec *spec);
const struct testbed_link *testbed_migration_link(const struct testbed *t);

/* What its switch calls itself to the controller (datapath id) and in learned_path; NODE_SRC, NODE_DST. */
int testbed_switch_number(int node);

/* Pin TCP on a node as the spec says; again when its routes have gone. */
int testbed_pin_tcp(const struct testbed *t, int node, struct err *e);

/* A file of this machine where the nodes' QEMUs can read it, with a name of its own; ret_path is where. */
int testbed_put(const struct testbed *t, const char *local, const char *name, char *ret_path, size_t room,
                struct err *e);

/* -1 once what was made is there no more: then nothing that is measured counts. keep: a directory for the log of what has ended
 * (daemons_trouble()). */
int testbed_trouble(const struct testbed *t, const char *keep, struct err *e);

/* Whether one of this machine is up, or left behind. */
bool testbed_is_there(void);

/* Measure the way of a migration, from src to dst. */
int testbed_measure(const struct testbed *t, struct link_measured *ret, struct err *e);

/* Of what is made on this machine for a testbed; with remote nodes another one. */
const char *testbed_state_directory(void);
const char *testbed_home(const struct testbed *t);

#endif

/*
 * remote_testbed.h - a testbed of machines that are there already: two compute nodes elsewhere, this machine as the head.
 * For testbed.c, which calls it where a spec has a `remote`.
 *
 * The nodes' shape, directory and guests are held by a lease (lease.h) that a thread renews; once one is lost,
 * testbed_trouble() says so and what was measured under it is void. On the head it has MACHINE_HOME/remote, which the next
 * testbed removes should this one be killed.
 */
#ifndef BENCH_TESTBED_REMOTE_TESTBED_H
#define BENCH_TESTBED_REMOTE_TESTBED_H

#include "bench/testbed/link_measure.h"
#include "bench/testbed/machine_lock.h"
#include "bench/testbed/remote_host.h"

/* What it has on this machine, and the register of that. */
#define REMOTE_HOME MACHINE_HOME "/remote"
#define REMOTE_HOME_REGISTER MACHINE_HOME "/remote-register"

struct remote_testbed;
struct testbed;

struct remote_spec {
	struct remote_host_spec hosts[2];                                            /* NODE_SRC, NODE_DST */
	char management_bridge[OPTION_STRING_ROOM], data_bridge[OPTION_STRING_ROOM]; /* on both, of the same names */
	char directory[OPTION_STRING_ROOM]; /* of ours on both; QEMU must be able to read it */
	char head[OPTION_STRING_ROOM],
		head_data[OPTION_STRING_ROOM]; /* addresses of this machine, as guests see it */
	char data_device[OPTION_STRING_ROOM];  /* of this machine, on which guests' heartbeats arrive */
	char guest_management[OPTION_STRING_ROOM],
		guest_data[OPTION_STRING_ROOM]; /* "A.B.C.D/N" of the first guest */
	char run_id[OPTION_STRING_ROOM];        /* hex; of the agents in the user's domains, "": there are none */
	bool move_back;                         /* a domain of the user's, after the run */
	int64_t lease_ns;
};

/* "migmeter on HEAD, pid 1234". Returns buffer. */
char *remote_testbed_owner(char *buffer, size_t room);

/* t->spec is set. */
int remote_testbed_open(struct testbed *t, const struct machine_wait *wait, struct err *e);
int remote_testbed_close(struct testbed *t, struct err *e);

/* Fill in what the nodes are called and where they are. */
void remote_testbed_name_nodes(struct testbed *t);

/* By ping, and by iperf3 where both nodes have it. */
int remote_testbed_measure(const struct testbed *t, struct link_measured *ret, struct err *e);

/* A file of this machine to both nodes; ret_path is where it is there. */
int remote_testbed_put(const struct testbed *t, const char *local, const char *name, char *ret_path, size_t room,
                       struct err *e);

/* A domain that ends with the lease on either node. */
int remote_testbed_guest(const struct testbed *t, const char *uuid, struct err *e);

/* -1 once a lease is lost. */
int remote_testbed_trouble(const struct testbed *t, struct err *e);

/* What shapes on both, of what was asked. */
int remote_backend_choose(const struct remote_host *hosts, const struct link_shape *shape, int wanted,
                          enum link_backend *ret, struct err *e);

struct remote_host *remote_testbed_host(const struct testbed *t, int node);

#endif

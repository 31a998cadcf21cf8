/*
 * remote_host.h - one compute node that is another machine: reached over ssh, held by a lease (lease.h), its interface
 * shaped. Nothing is changed there that the lease does not put back, and of its interfaces only the one named is touched.
 */
#ifndef BENCH_TESTBED_REMOTE_HOST_H
#define BENCH_TESTBED_REMOTE_HOST_H

#include "bench/base/option.h"
#include "bench/testbed/lease.h"
#include "bench/testbed/link.h"
#include "bench/testbed/qdisc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct ssh;

struct remote_host_spec {
	char uri[OPTION_STRING_ROOM]; /* libvirt's, as this machine reaches it */
	char ssh[OPTION_STRING_ROOM], ssh_options[OPTION_STRING_ROOM];
	char address[OPTION_STRING_ROOM]; /* that migrations are sent to */
	char device[OPTION_STRING_ROOM];  /* that they leave through; "": nothing is shaped there */
};

struct remote_host {
	const char *name; /* "src" */
	const struct remote_host_spec *spec;
	const char *directory; /* of ours, there */
	struct ssh *ssh;
	bool leased;
	char owner[200]; /* of the lease, once it was taken: us */
};

/* How the host's own libvirt is reached there: the URI without transport and machine, "qemu:///system". */
char *remote_host_local_uri(const char *uri, char *buffer, size_t room);

/* What tc says of the device's qdiscs and filters now. */
int remote_host_qdisc(const struct remote_host *h, char *shown, size_t room, struct err *e);

/* Every command that remote_host_take() and remote_host_shape() run there, and what puts back, a line each; for show. */
int remote_host_plan(const struct remote_host *h, const struct link_shape *shape, enum link_backend backend,
                     const char *shown, const char *owner, int64_t lease_ns,
                     void (*say)(void *context, const char *line), void *context, struct err *e);

/* Take the lease, and make our directory. What puts the qdisc back is tried first, in a network
 * namespace that is gone afterwards. */
int remote_host_take(struct remote_host *h, const char *owner, int64_t lease_ns, struct err *e);

/* 0 when the host has the backend; tried in a network namespace that is gone afterwards. */
int remote_host_probe(const struct remote_host *h, enum link_backend backend, struct err *e);

int remote_host_shape(struct remote_host *h, const struct link_shape *shape, enum link_backend backend,
                      struct err *e);

/* A file of this machine into our directory; ret_path is where it is there. */
int remote_host_put(struct remote_host *h, const char *local, const char *name, char *ret_path, size_t room,
                    struct err *e);

int remote_host_renew(struct remote_host *h, struct err *e);

/* Have everything put back, and wait for it. Fails with the line that did not put back, or with what is not as before. */
int remote_host_release(struct remote_host *h, struct err *e);

#endif

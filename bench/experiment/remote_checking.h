/*
 * remote_checking.h - the parts of remote_check(): what they share, and what each asks. Each answer goes to the sink.
 */
#ifndef BENCH_EXPERIMENT_REMOTE_CHECKING_H
#define BENCH_EXPERIMENT_REMOTE_CHECKING_H

#include "bench/experiment/remote_check.h"
#include "bench/migrate/hypervisor.h"
#include "bench/testbed/remote_host.h"

#include <stddef.h>

enum { HOSTS = 2, TEXT_ROOM = 4096 };

struct checking {
	const struct experiment *x;
	const struct check_sink *sink;
	struct remote_host hosts[HOSTS];
	virConnectPtr connections[HOSTS];
	char directory[64]; /* of the masters' sockets */
	int missing;        /* answers that are no */
};

/* node: "" of both. The rest as of struct check_sink. */
void checking_say(struct checking *c, const char *node, const char *what, const char *answer, const char *purpose,
                  const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The first line of what a script prints on a node; "" when it fails. */
char *checking_ask(const struct remote_host *h, char *answer, size_t room, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Open its connections; -1 where a node cannot be reached. They are the caller's to close. */
int checking_reach(struct checking *c, int host);

/* Programs, memory, shaping, the other one's address. */
void checking_node(struct checking *c, int host);

/* Versions, CPU, networks. */
void checking_pair(struct checking *c);

/* Domains of the user's, and their agents. */
void checking_domains(struct checking *c);

/* The disks of a domain, by the document that libvirt has of it. */
void checking_disks(struct checking *c, const char *domain, const char *document);

#endif

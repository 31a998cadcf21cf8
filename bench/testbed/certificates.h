/*
 * certificates.h - keys and certificates for migrations under TLS: an authority of this testbed's own, and one
 * certificate a node for the address that migrations are sent to. They live and vanish with the testbed.
 */
#ifndef BENCH_TESTBED_CERTIFICATES_H
#define BENCH_TESTBED_CERTIFICATES_H

#include "bench/testbed/node.h"

/* Where a node's QEMUs find theirs, as seen on the node. */
#define CERTIFICATES_SEEN_AS "/etc/libvirt/pki"

/* Make the authority in `directory` and what QEMU wants (ca-cert, server-cert, server-key, client-cert, client-key .pem) for
 * each node, before its libvirtd starts. Needs the openssl program, 3.0 or later. */
int certificates_make(const struct node *nodes, int count, const char *directory, struct err *e);

/* Whether a node has them; path of the directory from outside into buffer. */
int certificates_there(const struct node *node, char *buffer, size_t room);

#endif

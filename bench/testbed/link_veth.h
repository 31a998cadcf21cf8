/*
 * link_veth.h - the link backends that are a veth pair with a qdisc on both ends: netem, htb, none.
 */
#ifndef BENCH_TESTBED_LINK_VETH_H
#define BENCH_TESTBED_LINK_VETH_H

#include "bench/testbed/link.h"

/* Make and shape the pair that l describes (backend, shape, ends). On failure nothing is left. */
int link_veth_create(const struct link *l, struct err *e);

/* Remove it, if it is there. */
void link_veth_destroy(const struct link *l);

#endif

/*
 * link_pair.h - for C tests of links: two network namespaces of the test's own and a link between them, which each
 * test makes and teardown() removes. Needs root.
 */
#ifndef T_LINK_PAIR_H
#define T_LINK_PAIR_H

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/process.h"
#include "bench/testbed/link.h"
#include "bench/testbed/link_tcp.h"

#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define ADDRESS_A "10.77.0.1"
#define ADDRESS_B "10.77.0.2"

static char directory[] = "/tmp/test_link.XXXXXX";
static char name_a[32], name_b[32], path_a[64], path_b[64];
static struct link_end end_a, end_b;
static struct link *link_made;

static inline int setup_all(void **state)
{
	struct err e = { 0 };
	(void)state;
	snprintf(name_a, sizeof(name_a), "t-lk-a%d", (int)getpid());
	snprintf(name_b, sizeof(name_b), "t-lk-b%d", (int)getpid());
	snprintf(path_a, sizeof(path_a), "/run/netns/%s", name_a);
	snprintf(path_b, sizeof(path_b), "/run/netns/%s", name_b);
	end_a = (struct link_end){ .netns = path_a, .netns_name = name_a, .device = "wire-a" };
	end_b = (struct link_end){ .netns = path_b, .device = "wire-b" }; /* the name comes from the path */
	if (!mkdtemp(directory) || process_runf(NULL, &e, "ip netns add %s", name_a) < 0 ||
	    process_runf(NULL, &e, "ip netns add %s", name_b) < 0 || link_pin_tcp(path_a, NULL, 0, NULL, &e) < 0 ||
	    link_pin_tcp(path_b, NULL, 0, NULL, &e) < 0) {
		print_message("# %s\n", e.text);
		return -1;
	}
	return 0;
}

static inline int teardown_all(void **state)
{
	(void)state;
	process_runf(NULL, NULL, "ip netns del %s", name_a);
	process_runf(NULL, NULL, "ip netns del %s", name_b);
	process_runf(NULL, NULL, "rm -rf %s", directory);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	link_destroy(link_made);
	link_made = NULL;
	return 0;
}

static inline void make_link(const struct link_shape *shape, enum link_backend wanted, struct undo *undo)
{
	struct err e = { 0 };
	if (link_create(&link_made, &end_a, &end_b, shape, wanted, directory, undo, &e) < 0 ||
	    process_runf(NULL, &e, "ip -n %s addr add %s/24 dev wire-a", name_a, ADDRESS_A) < 0 ||
	    process_runf(NULL, &e, "ip -n %s addr add %s/24 dev wire-b", name_b, ADDRESS_B) < 0)
		fail_msg("%s", e.text);
}

static inline int device_index(void *argument, struct err *e)
{
	(void)e;
	return (int)if_nametoindex(argument);
}

static inline int has_device(const char *netns, char *device)
{
	return netns_call(netns, device_index, device, NULL) > 0;
}

/* Devices vanish a moment after the process that held them. */
static inline int devices_gone(void)
{
	char a[] = "wire-a", b[] = "wire-b";
	for (int i = 0; i < 500; i++) {
		if (!has_device(path_a, a) && !has_device(path_b, b))
			return 1;
		clock_sleep(10 * NS_PER_MS);
	}
	return 0;
}

/* Run the group, or say why not. */
#define link_pair_run(tests)                                                                                         \
	(geteuid() == 0 ? cmocka_run_group_tests(tests, setup_all, teardown_all)                                     \
	                : (printf("TAP version 13\n1..0 # SKIP network namespaces need root\n"), 0))

#endif

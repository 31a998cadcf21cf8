/*
 * reuse_pair.h - for cmocka tests: fixtures of the two sites of reuse_sites.h, both up with stores in files.
 *
 *	cmocka_unit_test_setup_teardown(test, both_start, both_end)
 */
#ifndef T_REUSE_PAIR_H
#define T_REUSE_PAIR_H

#include "t/reuse_sites.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DISK = 64 << 20, MEMORY = 32 << 20 };

static inline void start(struct site *s, const char *store)
{
	struct err e = { 0 };
	if (site_start(s, store, DISK, MEMORY, &e) < 0)
		fail_msg("%s", e.text);
}

static inline int both_end(void **state)
{
	(void)state;
	site_end(&a);
	site_end(&b);
	for (struct site *s = &a; s; s = s == &a ? &b : NULL) {
		unlink(site_path("%s/reuse-%s.csv", s));
		unlink(site_path("%s/%s.pages", s));
		unlink(site_path("%s/%s.log", s));
		unlink(site_path(SITE_DISKS_NEAR "0", s));
		unlink(site_path(SITE_DISKS_QEMU "0", s));
	}
	return 0;
}

static inline int both_start(void **state)
{
	(void)state;
	start(&a, site_path("%s/%s.pages", &a));
	start(&b, site_path("%s/%s.pages", &b));
	return 0;
}

/* Rows are written when a connection is over, and that is a little after its ends see it. */
static inline void assert_state(const struct site *s, const char *role, const char *wanted)
{
	char state[32] = "";
	for (int64_t end_ns = clock_now_ns() + 20 * NS_PER_S; strcmp(state, wanted) != 0 && clock_now_ns() < end_ns;
	     clock_sleep(5 * NS_PER_MS))
		site_column(s, role, SITE_STATE, state, sizeof(state));
	assert_string_equal(state, wanted);
}

#endif

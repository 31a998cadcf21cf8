/*
 * testbed_state.h - what a testbed that stays up is, in testbed.json below its state directory, so that a later
 * migmeter can use it. A testbed of a single run never has this file.
 */
#ifndef BENCH_TESTBED_TESTBED_STATE_H
#define BENCH_TESTBED_TESTBED_STATE_H

#include <stdbool.h>

struct err;
struct testbed;
struct testbed_spec;

bool testbed_state_is_up(const char *directory);
int testbed_state_write(const struct testbed *t, const char *directory, struct err *e);
int testbed_state_read(struct testbed *t, const char *directory, struct err *e);

/* 0 when the testbed that is up is what `wanted` asks for; else EXIT_USAGE with the difference. */
int testbed_state_fits(const struct testbed *t, const struct testbed_spec *wanted, struct err *e);

#endif

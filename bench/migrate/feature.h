/*
 * feature.h - migration features: config keys, and what libvirt is told.
 *
 * To add one: a member, an option row, and a line in feature_apply().
 */
#ifndef BENCH_MIGRATE_FEATURE_H
#define BENCH_MIGRATE_FEATURE_H

#include "bench/base/option.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct json_object;

struct feature_set {
	bool auto_converge;
	int64_t auto_converge_initial, auto_converge_increment; /* percent; 0: the hypervisor's */
	bool xbzrle;
	int64_t xbzrle_cache_bytes; /* 0: the hypervisor's */
	int64_t parallel;           /* connections; 0: multifd off */
	bool zero_copy;
	int64_t postcopy_bandwidth_bytes_per_s;
};

extern const struct option_row feature_rows[];

/* Exclusions and values that only fit together. Pure. */
int feature_check(const struct feature_set *set, struct err *e);

/* Add what the set asks for to libvirt's flags and typed parameters. */
int feature_apply(const struct feature_set *set, unsigned int *flags, virTypedParameterPtr *params, int *count,
		  int *room, struct err *e);

/* What was asked for, as JSON; only what is on. */
struct json_object *feature_asked(const struct feature_set *set);

#endif

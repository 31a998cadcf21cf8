/*
 * sweep.h - a config whose keys have lists, or that has cases, as the product of all of them.
 *
 * A case is a section of assignments that belong together:
 *
 *	[case load light]
 *	vm1.workload = memdirty
 *	vm1.memdirty.rate = 3.75M
 *
 * The cases of a group ("load") are alternatives, groups and lists multiply; [case light] is of the group "case". What
 * a case assigns replaces what the sections and -s say. What several cases assign may stand in a section of its own, which
 * means nothing by itself:
 *
 *	[preset web]
 *	vm.workload = web
 *	[case web-postcopy]
 *	preset = web
 *	migration.mode = postcopy
 */
#ifndef BENCH_EXPERIMENT_SWEEP_H
#define BENCH_EXPERIMENT_SWEEP_H

#include "bench/experiment/config_file.h"

#include <stddef.h>

enum { SWEEP_POINTS_MAX = 1000 };

/* How many points there are: 1 without lists and cases; -1 with a message when there are more than SWEEP_POINTS_MAX or a
 * list has an empty element, or one value twice. */
long sweep_count(const struct config_file *c, struct err *e);

/*
 * Point `index` of the sweep: *ret (free it with config_file_free) has one value for each key and no cases, and label
 * (NULL: not asked) says which, "load=light rate=100M", with only what varies; empty for a single point.
 */
int sweep_point(const struct config_file *c, long index, struct config_file *ret, char *label, size_t room,
                struct err *e);

#endif

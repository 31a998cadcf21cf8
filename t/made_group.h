/* made_group.h - for tests: a group of VMs and its schedule. */
#ifndef T_MADE_GROUP_H
#define T_MADE_GROUP_H

#include "bench/base/err.h"
#include "bench/placement/group_schedule.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* after the headers it needs */
#include <cmocka.h>

#define MB 1e6
enum { MOST = 64 };

struct made_vm {
	double memory, dirty;
};

static inline void made_group(int kind, int at_once, const struct made_vm *vms, int count, bool dirty_known,
                              struct group_schedule_options *ret_options, struct group_vm *ret)
{
	*ret_options = (struct group_schedule_options){ 0 };
	assert_int_equal(option_defaults(group_schedule_rows, ret_options, NULL), 0);
	ret_options->kind = kind;
	ret_options->at_once = at_once;
	ret_options->recall = true;
	for (int i = 0; i < count; i++)
		ret[i] = (struct group_vm){ (int64_t)vms[i].memory, (int64_t)vms[i].memory,
			                    dirty_known ? vms[i].dirty : NAN };
}

static inline struct group_schedule *made(int kind, int at_once, const struct made_vm *vms, int count,
                                          int64_t free_bytes, bool dirty_known)
{
	struct group_schedule_options options;
	struct group_vm group[MOST];
	made_group(kind, at_once, vms, count, dirty_known, &options, group);
	struct group_schedule *s = group_schedule_new(&options, group, count, free_bytes, NULL);
	assert_non_null(s);
	return s;
}

#endif

/*
 * exec_answer.h - what the command migration.state says of a migration.
 *
 *	completed
 *	downtime = 317 ms
 *	bytes = 131M
 *
 * The first line is one word: running, completed or failed. Lines with KEY=VALUE may follow, of what the hypervisor
 * itself reports at the end (exec_answer.c has the keys): a figure that is not there stays missing. Empty lines and
 * blanks do not count; anything else is no answer.
 */
#ifndef BENCH_MIGRATE_EXEC_ANSWER_H
#define BENCH_MIGRATE_EXEC_ANSWER_H

#include "bench/base/option.h"

#include <libvirt/libvirt.h>

struct err;

enum exec_state { EXEC_RUNNING, EXEC_COMPLETED, EXEC_FAILED };

struct exec_answer {
	enum exec_state state;
	char reason[OPTION_STRING_ROOM]; /* of a failure; "" */
	virTypedParameterPtr statistics; /* under libvirt's names and in its units; NULL: none */
	int count;
};

/* 0 and *ret, which is to be cleared; or -1: it is no answer, with the line and what is wrong with it. */
int exec_answer_parse(struct exec_answer *ret, const char *text, struct err *e);

void exec_answer_clear(struct exec_answer *answer);

#endif

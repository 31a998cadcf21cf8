/*
 * session_load.h - whether web sessions ask the same of a VM all the time, so that its work at one time can be held against
 * that at another.
 */
#ifndef ANALYSIS_SESSION_LOAD_H
#define ANALYSIS_SESSION_LOAD_H

#include "analysis/run.h"

struct err;

struct session_window {
	int64_t from_ns, to_ns;
};

/* 1 when as many sessions (web-VM.csv) were on in all of the windows, or the VM has none; 0 when not, or when it is not
 * known of one of them; -1. */
int session_load_is_constant(const struct run *run, const struct run_vm *vm, const struct session_window *windows,
                             int count, struct err *e);

#endif

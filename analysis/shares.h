/*
 * shares.h - how far work rates and CPU times are from known shares of a core.
 *
 *	taken   CPU taken from a guest that computes (injections of kind cpu): the truth is what the taker used. Held
 *	        against it is what the guest's work rate, and the CPU time of its vCPUs, lost against the pauses before
 *	        and after
 *	duty    a guest asked to be busy for a share of the time, steps of at least 1 s of a duty cycle's schedule: what
 *	        its work (busy time by the guest's own clocks), and the CPU time of its vCPUs, come to. The CPU time has
 *	        also what the guest and, without KVM, its emulation need besides
 *
 * All are shares, 0 .. 1.
 */
#ifndef ANALYSIS_SHARES_H
#define ANALYSIS_SHARES_H

#include "analysis/curve.h"
#include "analysis/error_summary.h"
#include "analysis/run.h"

struct err;

enum share_kind { SHARE_TAKEN, SHARE_DUTY, SHARE_KINDS };
enum share_observer { SHARE_BY_WORK, SHARE_BY_CPU, SHARE_OBSERVERS };
extern const char *const share_kinds[SHARE_KINDS], *const share_observers[SHARE_OBSERVERS];

enum { SHARE_WHILE, SHARE_BEFORE, SHARE_AFTER, SHARE_WINDOWS };

struct share {
	enum share_kind kind;
	const struct run_vm *vm;
	double asked, truth;
	double seen[SHARE_OBSERVERS]; /* NAN: not known */
	struct curve_window windows[SHARE_OBSERVERS][SHARE_WINDOWS];
};

struct shares {
	struct share *list;
	int count, room;
};

/* 0, count 0 when the run has none. Free with shares_free() after 0 only. */
int shares_read(struct shares *ret, const struct run *run, struct err *e);
void shares_free(struct shares *s);

/* Of one kind, as one observer sees it; asked NAN: of all. */
struct error_summary shares_errors(const struct shares *s, enum share_kind kind, enum share_observer observer,
                                   double asked);

/* The shares asked of a kind, ascending; returns how many, at most room. */
int shares_asked(const struct shares *s, enum share_kind kind, double *ret, int room);

#endif

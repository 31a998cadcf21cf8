/*
 * steering.h - what happens beside libvirt's blocking call: limits, the switch to post-copy, the time limit, interrupts,
 * and reading back what is on. For migration.c only, but for migration_say().
 *
 * It waits for QEMU's events instead of asking for the job again and again: asking costs the source CPU that is being
 * measured.
 */
#ifndef BENCH_MIGRATE_STEERING_H
#define BENCH_MIGRATE_STEERING_H

#include "bench/migrate/migration.h"

struct steering;

/* A move that goes on, as far as it matters for its end. */
struct steering_moment {
	int interrupted; /* enum migration_interrupt */
	bool in_postcopy;
	int64_t taken_ns, timeout_ns;
};

enum steering_verdict {
	STEERING_GO_ON,
	STEERING_LET_END,   /* interrupted, but the VM runs on the destination and needs the rest of its memory */
	STEERING_ABORT,     /* the VM works on at its source */
	STEERING_BREAK_OFF, /* the VM is lost */
};

/* What is to be done with it, and why (static text; untouched when it goes on). A move in post-copy has twice the time,
 * interrupted or not. */
enum steering_verdict steering_judge(const struct steering_moment *now, const char **ret_reason);

/* The downtime limit that is to be set where `share` of the pace is the link's and set_ns is set: set_ns, where that is near enough
 * (a quarter), else another one, whole ms, at least 1. */
int64_t steering_limit_ns(int64_t asked_ns, double share, int64_t set_ns);

/* Begin, with the domain on the source; fills the result's stamps, features_on and, from the source's
 * last event, the completed job's statistics as they come. */
int steering_start(struct steering **ret, const struct migration_spec *spec, virDomainPtr domain,
                   struct migration_result *result, struct err *e);

/* libvirt's call has returned: no more aborts or switches, but the source's end is still waited for (bounded) when
 * expect_release. Frees s. Returns why it was aborted (static text), or NULL when it was not. */
const char *steering_stop(struct steering *s, bool expect_release);

/* An attempt to recover is about to be made, and there is time for such until then; 0: it is over. The call in which the connection
 * breaks counts as one by itself. libvirt waits for QEMU at the destination as long as it takes, which may be for ever: where QEMU
 * itself waits for a page inside of a device, it answers nobody. It is then told out of band (rescue.h); and where that does
 * not help, or the move was broken off, a VM of the testbed's is ended there, which ends the call. */
void steering_recovering(struct steering *s, int64_t until_ns);

/* Why it was aborted so far, or NULL; whether post-copy has begun. */
const char *steering_aborted(struct steering *s);
bool steering_in_postcopy(struct steering *s);

/* Whether QEMU goes on with post-copy: it has begun, and is not paused, nor about to be taken up again. */
bool steering_goes_on(struct steering *s);

/* Hand an event of the migration to the spec's sink, stamped now. */
void migration_say(const struct migration_spec *spec, const char *event, const char *detail);

#endif

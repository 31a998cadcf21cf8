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

/* Begin, with the domain on the source; fills the result's stamps, features_on and, from the source's
 * last event, the completed job's statistics as they come. */
int steering_start(struct steering **ret, const struct migration_spec *spec, virDomainPtr domain,
                   struct migration_result *result, struct err *e);

/* libvirt's call has returned: no more aborts or switches, but the source's end is still waited for (bounded) when
 * expect_release. Frees s. Returns why it was aborted (static text), or NULL when it was not. */
const char *steering_stop(struct steering *s, bool expect_release);

/* Why it was aborted so far, or NULL; whether post-copy has begun. */
const char *steering_aborted(struct steering *s);
bool steering_in_postcopy(struct steering *s);

/* Hand an event of the migration to the spec's sink, stamped now. */
void migration_say(const struct migration_spec *spec, const char *event, const char *detail);

#endif

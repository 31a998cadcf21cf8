/*
 * read_back.h - what QEMU has on in a migration, asked through its monitor. For steering.c only.
 *
 * libvirt makes a monitor command wait for its own job: on the source it is let through when the memory is across and
 * before the source's QEMU ends (measured with 9.0), so it has a thread of its own, and a long migration lets an
 * attempt time out (30 s) and be made again.
 */
#ifndef BENCH_MIGRATE_READ_BACK_H
#define BENCH_MIGRATE_READ_BACK_H

#include <libvirt/libvirt.h>
#include <stdbool.h>

struct json_object;
struct read_back;

/* Begin, while the migration of this domain is active on its source. NULL when there is no thread to be had. */
struct read_back *read_back_start(virDomainPtr domain);

/*
 * libvirt's call has returned. Returns {"capabilities":[..],"parameters":{..},"downtime_limit_ns":..,"tainted":".."},
 * the caller's, or NULL: nothing could be read, or the migration failed, after which libvirt has put everything back
 * before anybody can look. Frees r, which may be NULL.
 */
struct json_object *read_back_stop(struct read_back *r, bool migrated);

#endif

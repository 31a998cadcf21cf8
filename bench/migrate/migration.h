/*
 * migration.h - carry out one migration and keep everything the hypervisor says about it.
 */
#ifndef BENCH_MIGRATE_MIGRATION_H
#define BENCH_MIGRATE_MIGRATION_H

#include "bench/migrate/events.h"
#include "bench/migrate/feature.h"

#include <libvirt/libvirt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct err;
struct json_object;

enum postcopy_moment { POSTCOPY_NEVER, POSTCOPY_NOW, POSTCOPY_AFTER_FIRST_PASS, POSTCOPY_AFTER_TIME };

struct migration_spec {
	virConnectPtr source, destination;
	const char *vm;
	const char *source_node; /* for events */
	const char *uri; /* where the destination's QEMU listens, such as "tcp://10.77.3.3:49152" */
	enum postcopy_moment postcopy;
	int64_t postcopy_after_ns;
	int64_t downtime_limit_ns;
	int64_t bandwidth_bytes_per_s; /* 0: no limit */
	int64_t timeout_ns;            /* then it is aborted; one that has switched to post-copy cannot be */
	const struct feature_set *features;
	const volatile sig_atomic_t *interrupted; /* aborted soon after it is not 0 */
	/* migrate-start, postcopy-requested, migrate-aborted (detail = why), migrate-done, migrate-failed (detail = words) */
	event_sink sink;
	void *context;
};

struct migration_result {
	int64_t start_ns, end_ns;      /* head time of the call and of its return */
	virTypedParameterPtr completed; /* libvirt's statistics of the completed job; NULL: there are none */
	int completed_count;
	struct json_object *features_on; /* read back while it ran: {"capabilities":[..],"parameters":{..}}, or NULL */
};

/* Blocks until the migration has ended. -1 with the hypervisor's words when it failed, EXIT_INTERRUPTED when
 * *interrupted ended it. The result is to be freed in any case. */
int migration_run(const struct migration_spec *spec, struct migration_result *ret, struct err *e);

void migration_result_free(struct migration_result *result);

#endif

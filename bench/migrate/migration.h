/*
 * migration.h - carry out one migration and keep everything the hypervisor says about it.
 *
 * The head speaks to both daemons (managed direct migration), or they to each other with features->peer2peer. The
 * call blocks in its thread; a second one steers: it sets limits, switches to post-copy, aborts, reads back what is on.
 * Or commands carry it out (exec_driver.h); then what they cannot be asked for is not used, and what they do not tell is
 * not in the result.
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
struct exec_commands;
struct json_object;

enum postcopy_moment { POSTCOPY_NEVER, POSTCOPY_NOW, POSTCOPY_AFTER_FIRST_PASS, POSTCOPY_AFTER_TIME };

/* What *interrupted of a migration may hold, by what it costs. */
enum migration_interrupt {
	INTERRUPT_NONE,
	INTERRUPT_END,       /* abort it; after the switch to post-copy let it end, since that would lose the VM */
	INTERRUPT_BREAK_OFF, /* also after the switch */
};

struct migration_spec {
	const struct exec_commands *commands;     /* NULL: libvirt */
	virConnectPtr source, destination;        /* with commands each may be NULL */
	const char *source_uri, *destination_uri; /* libvirt's, for commands; may be NULL */
	const char *vm;
	const char *source_node, *destination_node; /* for events; for commands */
	const char *
		uri; /* where the destination's QEMU listens: "tcp://10.77.3.3:49152", or without a port: libvirt's choice */
	const char *
		listen_ip; /* where the destination's QEMU listens instead, at the port of the uri; NULL: at the uri's address */
	/* "unix:///run/x": where it listens for disks that are copied along, and where the source's QEMU looks for it, each on its own
	 * node; NULL: a port of libvirt's choice. */
	const char *disks_uri;
	/* How the source's daemon reaches the destination's, with features->peer2peer; NULL: by the destination's own URI. */
	const char *peer_uri;
	int destination_core; /* where it is pinned on the destination; -1: as it is at the source */
	/* Monitors of our own of either QEMU (qmp.h), by which a post-copy can be taken up again past libvirt (rescue.h); NULL: none. */
	const char *source_monitor, *destination_monitor;
	bool ours; /* a VM of the testbed's: what is left of it at the destination may be ended where it is lost anyway */
	enum postcopy_moment postcopy;
	int64_t postcopy_after_ns;
	int64_t downtime_limit_ns;     /* whole ms, at least 1; 0: the hypervisor's */
	int64_t bandwidth_bytes_per_s; /* whole MiB; 0: no limit */
	/*
	 * Then it is aborted. One that has switched to post-copy cannot be: it is given as long again and then broken
	 * off, which leaves the VM paused on both nodes and lost.
	 */
	int64_t timeout_ns;
	/* Pre-copy: whether to stop the VM now and copy the rest, whatever downtime_limit_ns says; may be NULL. Asked with
	 * every tick. */
	bool (*stop_due)(void *context);
	/* Pre-copy: the share of the pace that QEMU sees which the link really carries, above 0, to 1 (reuse_pace.h): the downtime limit
	 * is scaled by it. NULL: all. Asked with every tick. */
	double (*carried)(void *context);
	void *carried_context;
	const struct feature_set *features;
	const volatile sig_atomic_t
		*interrupted; /* enum migration_interrupt, heeded soon after it changes; may be NULL */
	/*
	 * migrate-start         just before libvirt is called
	 * postcopy-requested    it has accepted the switch
	 * postcopy-start        QEMU's stamp of postcopy-active
	 * source-released       the source's QEMU is gone
	 * stop-forced           stop_due said so, and the hypervisor was told
	 * downtime-limit        carried said so, and the hypervisor was told: detail = ms
	 * migrate-aborted       detail = why; abort-refused: detail = the hypervisor's words
	 * interrupt-waits       INTERRUPT_END came after the switch: detail = what is waited for, and what more would cost
	 * postcopy-recover      after a broken link another attempt is made, detail = the words of the failure before
	 * recovery-past-libvirt the destination's QEMU did not answer libvirt's attempt, and was told otherwise; detail = how that went
	 * recovery-hangs        there is no more time to recover, and the destination's QEMU has not answered the last attempt; detail =
	 *                       what was done
	 * migrate-done, migrate-failed    libvirt's call has returned; detail = words
	 * Called from this thread, the steering thread and the event thread.
	 */
	event_sink sink;
	void (*tick)(void *context); /* about every 20 ms while it runs, from the steering thread; may be NULL */
	void *context;
};

struct migration_result {
	int64_t start_ns, end_ns; /* head time of the call and of its return */
	int64_t end_error_ns;     /* it may have ended so much earlier: it was asked for now and then only */
	int64_t postcopy_requested_ns, postcopy_start_ns, released_ns; /* 0: did not come */
	int recoveries;                                                /* broken links survived */
	bool lost;      /* it failed after the switch: the VM runs nowhere, or where the daemon does not answer */
	bool timed_out; /* aborted at timeout_ns before any switch: the VM works on at its source */
	virTypedParameterPtr completed; /* libvirt's statistics of the completed job; NULL: there are none */
	int completed_count;
	/* What QEMU had on: {"capabilities":[..],"parameters":{..},"downtime_limit_ns":..,"tainted":".."}, or NULL. It had
	 * to be asked past libvirt, which marks the domain as tainted (custom-monitor). */
	struct json_object *features_on;
};

/* Blocks until the migration has ended. -1 with the hypervisor's words when it failed, EXIT_INTERRUPTED when
 * *interrupted ended it. The result is to be freed in any case. The features should have passed feature_check_host(). */
int migration_run(const struct migration_spec *spec, struct migration_result *ret, struct err *e);

void migration_result_free(struct migration_result *result);

#endif

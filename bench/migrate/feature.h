/*
 * feature.h - migration features: config keys, what libvirt or QEMU is told, since when, what excludes them, and how
 * it is read back whether they were on.
 *
 * To add one: a member in struct feature_set and a row in feature_table.h; nothing else. Where libvirt has no key for
 * a feature (or is too old for it) QEMU's own `-global migration.NAME=VALUE` is used when the guest starts: that needs
 * feature_globals() in the guest's document, holds on both nodes, and taints the domain.
 */
#ifndef BENCH_MIGRATE_FEATURE_H
#define BENCH_MIGRATE_FEATURE_H

#include "bench/base/option.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct err;
struct json_object;

enum async_page_faults { ASYNC_DEFAULT, ASYNC_OFF, ASYNC_ON };

/* As asked; 0, false and "" leave it to the hypervisor. */
struct feature_set {
	bool auto_converge;
	int64_t auto_converge_initial, auto_converge_increment; /* percent */
	bool xbzrle;
	int64_t xbzrle_cache_bytes;
	bool compress; /* QEMU's own threads, until 9.0 */
	int64_t compress_level, compress_threads, decompress_threads;
	int64_t parallel;         /* connections; 0: multifd off */
	int parallel_compression; /* none, zlib, zstd */
	int64_t zlib_level, zstd_level;
	bool zero_copy;
	int64_t postcopy_bandwidth_bytes_per_s;
	bool postcopy_preempt;
	int64_t postcopy_recover_ns; /* try so long to go on after a broken link */
	bool tls;
	char tls_destination[OPTION_STRING_ROOM];
	bool peer2peer, tunnelled;
	int copy_disks; /* none, full, incremental */
	bool copy_synchronous;
	int64_t dirty_limit_bytes_per_s, dirty_limit_period_ns;
	bool switchover_ack;
	int64_t switchover_bandwidth_bytes_per_s;
	int zero_page_detection; /* default, none, legacy, multifd */
	int async_page_faults;   /* enum async_page_faults */
};

/* Keys of [migration], one a member of struct feature_set. */
extern const struct option_row feature_rows[];

struct feature {
	const char *key; /* of [migration] */
	const struct option_row
		*option; /* of a member of struct feature_set; NULL: a key that the experiment keeps itself */
	const struct option_row *also; /* ... then of a member of struct feature_also */
	const char *help;
	/* libvirt */
	unsigned long libvirt_since; /* as virConnectGetLibVersion(); 0: it has no key */
	unsigned flag;               /* enum virDomainMigrateFlags */
	unsigned choice_flags[4];    /* of a CHOICE, by index */
	const char *param;           /* VIR_MIGRATE_PARAM_* */
	int param_type;              /* VIR_TYPED_PARAM_* */
	int64_t param_unit;          /* our units in one of libvirt's; 0: 1 */
	const char *method;          /* value of VIR_MIGRATE_PARAM_COMPRESSION; "*": the choice's name */
	/* QEMU */
	unsigned long qemu_since, qemu_gone; /* first version with it, first without it again; 0: never gone */
	const char *global;                  /* property of `migration` when libvirt cannot; NULL: none */
	int64_t global_unit;
	const char *global_also;     /* another one it needs, "NAME=VALUE" */
	unsigned long global_broken; /* up to this libvirt it is known not to work (measured, the row says how) */
	const char *capability;      /* on, when the feature is */
	const char *parameter;       /* holds its value */
	int64_t parameter_unit;      /* our units in one of QEMU's; 0: 1 */
	const char *job;             /* of a completed job's statistics (collectors/job.h): above 0 when it was on */
	const char *unread;          /* no hypervisor tells: why, and where it shows instead */
	/* What it goes with */
	/* key; "postcopy" is mode = postcopy, "disks" a guest with disks to be copied, "kvm" that accelerator */
	const char *needs;
	int64_t needs_above;          /* only values above this one do */
	const char *excludes;         /* keys, blank between them */
	unsigned long postcopy_since; /* QEMU from which on it goes with post-copy; 0: any, or never (`excludes`) */
	bool power_of_two;
	bool locks_memory; /* QEMU must be allowed to */
};

/* Every feature, the ones with other keys (mode, downtime_limit, bandwidth) included; key NULL ends. */
extern const struct feature features[];

/* What a feature must go with. */
struct feature_host {
	unsigned long libvirt_version, qemu_version; /* the older of both nodes */
	bool kvm;
	bool postcopy; /* mode = postcopy */
	bool disks;    /* the guest has any that are not shared */
	bool may_lock; /* the daemons may raise a QEMU's limit of locked memory */
};

/* Fill in the versions and may_lock (of a remote node it is taken for granted); the caller adds the rest. */
int feature_host_read(struct feature_host *ret, virConnectPtr source, virConnectPtr destination, struct err *e);

/* The same without connections, from what the programs say of themselves with --version. */
int feature_host_probe(struct feature_host *ret, const char *daemon, const char *qemu, struct err *e);

enum feature_state {
	FEATURE_NO,
	FEATURE_BY_QEMU, /* past libvirt: a QEMU option at the guest's start; marks the run */
	FEATURE_YES,
};

/* Whether hosts with these versions have it. A reason ("QEMU 7.2.22 is older than 8.1.0") is written unless YES. */
enum feature_state feature_available(const struct feature *f, const struct feature_host *host, char *reason,
                                     size_t room);

/* "libvirt 1.2.3 by a flag; QEMU 1.6.0; read back from capability auto-converge": since when, what it needs and excludes. */
void feature_describe(const struct feature *f, FILE *out);

/* Whether the set asks for it; false for rows without an option. */
bool feature_is_asked(const struct feature *f, const struct feature_set *set);

/* Keys of [migration] that are features too, and no members of struct feature_set; 0: not asked for. */
struct feature_also {
	int postcopy; /* 1: mode = postcopy */
	int64_t downtime_limit_ns, bandwidth_bytes_per_s;
};

/* The member of a set, or of struct feature_also, as a number: a boolean or a text as 0 or 1, a choice as its index. */
int64_t feature_value(const struct option_row *row, const void *from);

/* Exclusions, needs among features and of the mode and the guest, values that only fit together, whole units: EXIT_USAGE.
 * Pure. */
int feature_check(const struct feature_set *set, const struct feature_also *also, bool disks, struct err *e);

/* The first of these, and what the hosts must have: EXIT_CANNOT when they lack it. Pure. */
int feature_check_host(const struct feature_set *set, const struct feature_host *host, struct err *e);

/* Set several from one text: keys joined by '+', each KEY or KEY=VALUE: "xbzrle+xbzrle_cache=64M"; "none": nothing. */
int feature_parse(const char *text, struct feature_set *set, struct err *e);

/* Add what the set asks libvirt for to its flags and typed parameters. After hypervisor_init(). */
int feature_apply(const struct feature_set *set, unsigned long libvirt_version, unsigned int *flags,
                  virTypedParameterPtr *params, int *count, int *room, struct err *e);

/* Append "migration.NAME=VALUE" for what libvirt_version cannot be asked for. 0, or -1 when there is no room. */
int feature_globals(const struct feature_set *set, unsigned long libvirt_version, char (*globals)[64], int *count,
                    int room, struct err *e);

/* What was asked for, as JSON; only what is on: {"xbzrle":"yes"}. */
struct json_object *feature_asked(const struct feature_set *set);

/* The keys of those that a libvirt of this version cannot be asked for and that are set past it: ["zstd_level"]. */
struct json_object *feature_past_libvirt(const struct feature_set *set, unsigned long libvirt_version);

/*
 * What is on of what was asked, from migration_result.features_on: {"xbzrle":{"asked":"yes","on":"yes","kept":true}},
 * and the statistics of the completed job as an object; either may be NULL. `on` is QEMU's value, or the job's, "missing"
 * where nothing was read; without a way to read it back there is no `kept`.
 */
struct json_object *feature_kept(const struct feature_set *set, const struct feature_also *also,
                                 struct json_object *features_on, struct json_object *completed);

#endif

/*
 * experiment.h - one experiment: everything a config (one point of its sweep) says, checked, in base units.
 *
 * Every key is an option row (experiment_sections), so that the file, -s, `migmeter list keys` and the man page read
 * the same table. Keys of a workload stand in its VM's section as WORKLOAD.KEY.
 */
#ifndef BENCH_EXPERIMENT_EXPERIMENT_H
#define BENCH_EXPERIMENT_EXPERIMENT_H

#include "bench/base/option.h"
#include "bench/experiment/config_file.h"
#include "bench/migrate/feature.h"
#include "bench/placement/group_schedule.h"
#include "bench/placement/policy.h"
#include "bench/testbed/remote_testbed.h"
#include "bench/testbed/testbed.h"
#include "collectors/collector.h"
#include "collectors/web_session.h"
#include "workloads/workload.h"

#include <stdbool.h>
#include <stdint.h>

enum { VMS_MAX = 16, VM_WORKLOADS_MAX = 4 };
enum hosts_kind { HOSTS_LOCAL, HOSTS_REMOTE, HOSTS_OUTSIDE };
enum storage_kind { STORAGE_NONE, STORAGE_ISCSI, STORAGE_COPY };
enum memory_fill { FILL_NONE, FILL_RANDOM };
enum accelerator { ACCELERATOR_AUTO, ACCELERATOR_KVM, ACCELERATOR_TCG };
enum migration_driver { DRIVER_LIBVIRT, DRIVER_EXEC };
enum migration_mode { MODE_PRECOPY, MODE_POSTCOPY, MODE_NONE };
enum point_order { ORDER_RANDOM, ORDER_LISTED };
enum loop_end { UNTIL_DURATION, UNTIL_JOBS, UNTIL_GATHERED };
enum postcopy_switch { SWITCH_NOW, SWITCH_FIRST_PASS, SWITCH_TIME };

struct experiment_general {
	char name[OPTION_STRING_ROOM], question[OPTION_STRING_ROOM], study[OPTION_STRING_ROOM];
	char explains[OPTION_STRING_ROOM], cause[OPTION_STRING_ROOM]; /* see analysis/explanation.h */
	char compare[OPTION_STRING_ROOM], reference[OPTION_STRING_ROOM], sort[OPTION_STRING_ROOM];
	int64_t vms, repeat, seed;
	int order; /* enum point_order */
	int64_t warmup_ns, baseline_ns, settle_ns, boot_timeout_ns;
	int64_t warmup_limit_ns, steady_window_ns; /* see bench/base/steady.h */
	double steady_change;
};

struct experiment_hosts {
	int kind /* enum hosts_kind */, accelerator;
	bool pinned, urgent;
};

struct experiment_link {
	int topology, backend, network, tunnel;
	struct link_shape shape;
	char congestion_control[OPTION_STRING_ROOM];
	int64_t tcp_buffer_bytes;
};

struct experiment_storage {
	int kind;       /* enum storage_kind */
	double changed; /* share of a disk that only its VM's node has; STORAGE_COPY */
};

struct experiment_vm {
	char name[64];
	char node[OPTION_STRING_ROOM];
	char domain[OPTION_STRING_ROOM];  /* one that runs already, "": it is started by the run */
	char address[OPTION_STRING_ROOM]; /* of that domain's agent */
	int64_t memory_bytes, vcpus, disk_bytes;
	int64_t spare_bytes; /* of the memory: more than --scale asks, since a guest needs it to run; left zero */
	int fill;
	const char *image; /* what its disk is a copy of (bench/testbed/disk_image.h); NULL: incompressible bytes */
	char workload[OPTION_STRING_ROOM]; /* "NAME" or "NAME+NAME" */
	char sessions[OPTION_STRING_ROOM]; /* of the web, from the head; see collectors/web_schedule.h. "": none */
	const struct workload_ops *workloads[VM_WORKLOADS_MAX + 1];
	void *workload_options[VM_WORKLOADS_MAX]; /* owned */
};

struct experiment_migration {
	char vm[OPTION_STRING_ROOM];
	int driver; /* enum migration_driver */
	char start[OPTION_STRING_ROOM], state[OPTION_STRING_ROOM], cancel[OPTION_STRING_ROOM]; /* see exec_driver.h */
	char src_name[OPTION_STRING_ROOM], dst_name[OPTION_STRING_ROOM];
	int64_t state_interval_ns, command_timeout_ns;
	int mode, postcopy_switch;
	int64_t switch_after_ns, downtime_limit_ns, bandwidth_bytes_per_s, timeout_ns;
	double sent_limit; /* times its memory; 0: none */
	bool stream;       /* see bench/experiment/page_watching.h */
	char stream_kept[OPTION_STRING_ROOM];
	bool reuse, reuse_disks; /* see bench/experiment/reuse_relays.h */
	char reuse_store[OPTION_STRING_ROOM];
	int64_t reuse_memory_bytes, reuse_disk_bytes;
	int64_t moves_before;           /* the measured one */
	int64_t first_stay_ns, stay_ns; /* before the first of them; after each */
	bool page_waits;                /* see bench/experiment/wait_watching.h */
	int64_t suspend_ns; /* mode none only: stop the VM this long in the middle of the migration phase; 0: no */
};

/* A loop of monitor, policy and moves instead of one migration; see bench/placement/consolidation.h. */
struct experiment_consolidate {
	char policy[OPTION_STRING_ROOM]; /* "": there is no loop */
	int64_t duration_ns;
	int node_cpu, power, until; /* enum node_power_kind, enum loop_end */
	char sleep[OPTION_STRING_ROOM], wake[OPTION_STRING_ROOM];
	int64_t wake_delay_ns, sleep_after_ns, wake_limit_ns, node_memory_bytes;
	int64_t keep_ns; /* of the monitor's rows; experiment_keep_ns() */
	bool dry_run;
	const struct policy_ops *ops; /* of the policy; NULL: there is no loop */
	void *policy_options;         /* owned */
};

/* Several VMs moved as one task instead of one migration; see bench/placement/group.h. */
struct experiment_group {
	char vms[OPTION_STRING_ROOM]; /* "": there is no group */
	struct group_schedule_options schedule;
	bool moves[VMS_MAX]; /* the VMs, by index; filled in by the check */
};

struct experiment_fault {
	int64_t cut_ns, cut_after_ns;
};

/* A boundary that is looked for; see analysis/bisect.h. */
struct experiment_bisect {
	char key[OPTION_STRING_ROOM]; /* "section.key" or "vm1.workload.key"; "": none */
	char of[OPTION_STRING_ROOM];  /* what the values below are multiples of, with its unit */
	char label[OPTION_STRING_ROOM];
	double from, to, until;
};

struct experiment_collect {
	int64_t sample_interval_ns, heartbeat_ns, job_interval_ns, cpu_interval_ns, link_interval_ns, packet_bin_ns;
	int64_t tcp_interval_ns, flow_interval_ns;
	bool on[COLLECTORS]; /* by enum collector */
	bool events;         /* the hypervisor's own */
};

struct experiment {
	struct experiment_general general;
	struct experiment_hosts hosts;
	struct remote_spec remote; /* of kinds HOSTS_REMOTE and HOSTS_OUTSIDE */
	struct experiment_link link;
	struct experiment_storage storage;
	struct experiment_vm vms[VMS_MAX];
	int vm_count;
	struct experiment_migration migration;
	struct feature_set features;
	struct experiment_consolidate consolidate;
	struct experiment_group group;
	struct experiment_fault fault;
	struct experiment_bisect bisect;
	struct web_options sessions;
	struct experiment_collect collect;
	double scale; /* what memory, disk, job and file sizes were multiplied by; 1: nothing */
};

/* One section's keys and where they go. */
struct experiment_section {
	const char *name;
	const struct option_row *rows;
	size_t offset; /* of its struct in struct experiment; for "vm": in struct experiment_vm */
	const char *help;
};

/* All sections; name NULL ends. */
extern const struct experiment_section experiment_sections[];

/* The keys of one section, or NULL. */
const struct option_row *experiment_section_rows(const char *name);

/* Fill and check one experiment from entries without lists. Errors name file, line, key and the nearest valid name. */
int experiment_build(struct experiment *x, const struct config_file *c, double scale, struct err *e);

void experiment_free(struct experiment *x);

/* Refuse what cannot be (EXIT_USAGE). */
int experiment_link_check(const struct experiment_link *l, struct err *e);

/* The testbed that a [link] asks for, without storage, not pinned. */
struct testbed_spec experiment_link_testbed(const struct experiment_link *l);

/* The testbed that it needs. */
struct testbed_spec experiment_testbed(const struct experiment *x);

/* Whether the VM may move: the one of [migration], those of [group], or any where a policy decides. */
bool experiment_moves(const struct experiment *x, const struct experiment_vm *vm);

/* Whether the VM that moves has a monitor of our own for rescue.h: one VM, in the local testbed, whose post-copy is to recover. */
bool experiment_rescues(const struct experiment *x);

/* Whether it may move and has a disk that then must move along. */
bool experiment_copies(const struct experiment *x, const struct experiment_vm *vm);

/* The one VM that moves; NULL in mode none, where a group moves, and where a policy decides. */
const struct experiment_vm *experiment_moving_vm(const struct experiment *x);

/* What its features are checked with, and read back beside. */
struct feature_also experiment_feature_also(const struct experiment *x);

/* What libvirt calls it. */
const char *experiment_domain(const struct experiment_vm *vm);

/* Whether [group] says what moves. */
bool experiment_is_group(const struct experiment *x);

/* "migrating", "source-neighbour", "destination-neighbour" or "bystander"; where a policy decides, "roaming". */
const char *experiment_role(const struct experiment *x, const struct experiment_vm *vm);

/* The row of an entry whose values separated by commas are points of a sweep, also of a simulation's; NULL: they are one
 * text. */
const struct option_row *experiment_list_row(const struct config_entry *entry);

#endif

/*
 * exec_driver.h - a migration carried out by commands of the user's own, for hypervisors and managers that are no
 * libvirt, or that should be measured from the outside. migration_run() comes here when its spec has commands.
 *
 * Each is run by /bin/sh -c in a process group of its own. What it is to know stands in its environment, never in its
 * text, so that no name can be taken for shell:
 *
 *	MIGMETER_VM                     the VM
 *	MIGMETER_SOURCE, _DESTINATION   names of the nodes, as migration.src_name and dst_name say
 *	MIGMETER_SOURCE_URI, _DESTINATION_URI   libvirt's URIs of the nodes
 *	MIGMETER_MIGRATION_URI          where the destination's hypervisor is to listen: tcp://10.77.3.3
 *	MIGMETER_DIRECTORY              folder of this migration, for what commands keep for each other; removed at its end
 *	MIGMETER_DESTINATION_XML        file with the domain's document, pinned as its destination is; empty: not pinned
 *	MIGMETER_MODE                   precopy or postcopy
 *	MIGMETER_DOWNTIME_LIMIT_MS, MIGMETER_BANDWIDTH (bytes a second; 0: no limit), MIGMETER_TIMEOUT_S
 *	MIGMETER_CONFIG_DIRECTORY       where the config is
 *
 * `start` is waited for. Without `state` the migration is then over: completed when it ended with status 0. Otherwise
 * `state` is asked, at once and then every interval, until it says completed or failed (exec_answer.h); it ended between that
 * answer and the question before, or the end of `start` where it is the first. An answer that is none (another status, no end
 * within the limit, other words) is told as an event, and three in a row end it. `cancel` is run when the migration is to be
 * broken off or its state is not known any more; how it ended is asked then, also when `cancel` failed. At the end whatever
 * is left of the group of `start` is ended, and also when this process is killed by a signal that it cannot answer.
 */
#ifndef BENCH_MIGRATE_EXEC_DRIVER_H
#define BENCH_MIGRATE_EXEC_DRIVER_H

#include <stdint.h>

struct err;
struct migration_result;
struct migration_spec;

struct exec_commands {
	const char *start, *state, *cancel; /* "": there is none; of start there must be one */
	int64_t state_interval_ns;          /* from an answer to the next question */
	int64_t command_timeout_ns;         /* of state, of cancel, and of start's end after cancel */
	const char *src_name, *dst_name;    /* what commands are told for nodes "src" and "dst"; "": these */
	const char *config_directory;
};

/* See migration_run(). Events besides: state-trouble, detail = why an answer was none. */
int exec_migrate(const struct migration_spec *spec, struct migration_result *ret, struct err *e);

#endif

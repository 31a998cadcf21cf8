/* analysed_migration.h - for tests: a made migration whose numbers can be worked out by hand, and its files. */
#ifndef T_ANALYSED_MIGRATION_H
#define T_ANALYSED_MIGRATION_H

#include "bench/base/whole_file.h"
#include "t/analysed.h"

/* 80 % from 10 s, stopped 15..15.2, 50 % up to 16.2, then as before; all known. */
static void make_migration(void)
{
	struct made_vm vm = { .name = "vm1",
		              .length_s = 30,
		              .interval_ns = 10 * MADE_MS,
		              .rate = 1e8,
		              .jitter_ms = 0.2,
		              .stops = { { 15, 15.2, 0 } },
		              .dips = { { 10, 15, 0.8 }, { 15.2, 16.2, 0.5 } },
		              .step_us = 500 };
	char events[4096] = "";
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 10.1, "vm1", "src", "iteration", "1");
	made_event(events, 13, "vm1", "src", "iteration", "2");
	made_event(events, 13, "vm1", "src", "lifecycle-suspended", "\"a, \"\"quoted\"\" detail\"");
	made_event(events, 15, "vm1", "src", "stop", "");
	made_event(events, 15.2, "vm1", "dst", "resume", "");
	made_event(events, 15.5, "vm1", "src", "migrate-done", "");
	made_event(events, 15.6, "vm1", "src", "source-released", "");
	made_run(run_path, "precopy", MADE_VM1, 10, 15.5, 30, events);
	made_samples(run_path, &vm);
}

__attribute__((unused)) static char *slurp(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", run_path, name);
	return whole_file_read(path, 4 << 20);
}

__attribute__((unused)) static int exists(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", run_path, name);
	return access(path, F_OK) == 0;
}

#endif

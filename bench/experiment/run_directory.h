/*
 * run_directory.h - the folder of one run, its manifest and its events: the contract with analysis (DESIGN, "Run
 * directory"). Files are complete or absent; series are appended.
 */
#ifndef BENCH_EXPERIMENT_RUN_DIRECTORY_H
#define BENCH_EXPERIMENT_RUN_DIRECTORY_H

#include <stdint.h>
#include <stddef.h>

struct err;
struct json_object;
struct config_file;
struct series;

#define RUN_FORMAT 1

struct run_directory {
	char path[512];
	struct json_object *manifest;
	struct series *events;
};

/* Create path (it must not exist, or be empty), copy the config file and open events.csv. status is "running". */
int run_directory_create(struct run_directory *d, const char *path, const char *config_path, struct err *e);

/* Append an event; any thread. vm, node and detail may be NULL. */
void run_directory_event(struct run_directory *d, int64_t head_ns, const char *vm, const char *node,
                         const char *event, const char *detail);

/* Put a value below the manifest ("link.asked"); takes the reference of value. */
void run_directory_set(struct run_directory *d, const char *path, struct json_object *value);

/* Write manifest.json now. */
int run_directory_save(struct run_directory *d, struct err *e);

/* Set status ("complete", "failed", "skipped": this machine cannot do it, "interrupted") and reason, stamp the second clock pair, write, close and free. */
int run_directory_finish(struct run_directory *d, const char *status, const char *reason, struct err *e);

/* The status in a run's manifest copied into buffer; -1 when there is no manifest. */
int run_directory_status(const char *path, char *buffer, size_t room);

/* mkdir -p. */
int directory_make(const char *path, struct err *e);

#endif

/*
 * run_data.h - what a run directory says, loaded for showing. Tolerant: what is not there is NULL, NAN or empty.
 */
#ifndef REPORTS_RUN_DATA_H
#define REPORTS_RUN_DATA_H

#include <stdbool.h>
#include <stddef.h>

struct csv_table;
struct err;
struct json_object;

struct shown_metric {
	const char *metric, *vm, *role, *estimator, *unit, *reason; /* "" when absent */
	double value, low, high;                                    /* NAN when missing */
	int n;
};

struct run_data {
	char directory[4096];
	struct json_object *manifest;                  /* NULL: not there or not JSON */
	struct json_object *metrics;                   /* the same */
	const char *name, *question, *status, *reason; /* "" when absent */
	double scale;                                  /* 1 when absent */
	char no_result[600]; /* why what analysis left, if anything, is not shown; nothing of it is loaded then. "" */
	struct shown_metric *shown;
	int shown_count;
	struct json_object *calibration_facts;                     /* calibration.json; NULL: none */
	struct csv_table *calibration, *calibration_shares;        /* calibration.csv, ...-shares.csv; NULL: none */
	struct csv_table *downtime, *latency, *iterations, *marks; /* NULL: absent */
	struct csv_table *pages, *pages_left;                      /* the same */
	struct csv_table *reuse, *reuse_moves;                     /* the same */
};

/* Load directory; -1 only when it holds neither manifest.json nor metrics.json. run_data_free() it in any case. */
int run_data_load(struct run_data *run, const char *directory, struct err *e);
void run_data_free(struct run_data *run);

/* The manifest's row of a VM, or NULL; the name of the VM that moves, or ""; the rate asked of the link, or NAN. */
struct json_object *run_vm_row(const struct run_data *run, const char *name);
const char *run_moved_vm(const struct run_data *run);
double run_link_rate(const struct run_data *run);

/* Time of the first mark (plots/marks.csv) of this kind at or after from_s, NAN when there is none. */
double mark_time(const struct csv_table *marks, const char *kind, double from_s);

/* Whether a row of plots/downtime.csv tells of a stop: it has a value, and one above its floor where that is known. */
bool downtime_is_seen(const struct csv_table *downtimes, int row);

#define NO_STOP_SEEN "no stop seen" /* as analysis/downtime.h has it */

/* Whether a metric's reason, or a ranking's caution, says that its downtime is none. */
bool is_no_stop(const char *reason);

/* The member at a dotted path ("link.asked.rate"), or NULL. */
struct json_object *json_at(struct json_object *object, const char *path);

/* Its text ("" when absent or null), valid as long as the object. */
const char *json_text(struct json_object *object, const char *path);
double json_number(struct json_object *object, const char *path);

/* Its number as a count; 0 where it is none. */
int json_count(struct json_object *object, const char *path);

/* The list there: how many it has (0 where it is none), and each of them (NULL beyond). */
int json_length(struct json_object *object, const char *path);
struct json_object *json_element(struct json_object *object, const char *path, int index);

/* The first metric that fits; vm and estimator may be NULL for any. NULL: there is none. */
const struct shown_metric *run_metric(const struct run_data *run, const char *metric, const char *vm,
                                      const char *estimator);

/* A value with its unit as people read it: "212 ms", "12.3 s", "96 MiB", "94.1 Mbit/s", "85.2 %"; "missing" for NAN.
 * Three significant digits. Returns buffer. */
char *value_format(double value, const char *unit, char *buffer, size_t room);

/* What an axis up to a value of this size is divided by, and in which unit it then is ("ms", "MiB/s"; "" none). */
double unit_of_axis(double value, const char *unit, char *buffer, size_t room);

/* A ratio with two or three digits: "0.031", "0.31", "2.32", "41.0". Returns buffer. */
char *ratio_format(double ratio, char *buffer, size_t room);

/* "LOW to HIGH" in the unit that value_format() gives the value, or "" where no interval is known. Returns buffer. */
char *interval_format(const struct shown_metric *m, char *buffer, size_t room);

/* "VALUE (LOW to HIGH)" where an interval is known. Returns buffer. */
char *metric_format(const struct shown_metric *m, char *buffer, size_t room);

/* "work_rate" as "work rate". Returns buffer. */
char *name_format(const char *name, char *buffer, size_t room);

/* " at scale 1/16", or "" for a full-size run. Returns buffer. */
char *scale_format(const struct run_data *run, char *buffer, size_t room);

#endif

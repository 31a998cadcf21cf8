/*
 * monitor_database.h - a run's monitor.sqlite opened to be read, so that the run's folder stays as it is, and may be one that
 * nobody can write. Of a run that was killed the log (monitor.sqlite-wal) is read too: both as copies elsewhere.
 */
#ifndef ANALYSIS_MONITOR_DATABASE_H
#define ANALYSIS_MONITOR_DATABASE_H

#include <sqlite3.h>

struct err;

struct monitor_database {
	sqlite3 *handle;
	char copy[64]; /* folder of the copies; "" none */
};

/* 0; 1 when the run has no such file; -1. Close it in any case. */
int monitor_database_open(struct monitor_database *ret, const char *run_directory, struct err *e);
void monitor_database_close(struct monitor_database *d);

#endif

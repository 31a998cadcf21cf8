/*
 * progress.h - what a long run is doing, on stderr: a live line on a terminal, plain lines elsewhere, nothing if quiet.
 */
#ifndef BENCH_EXPERIMENT_PROGRESS_H
#define BENCH_EXPERIMENT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

void progress_quiet(bool quiet);

/* Begin a phase; planned_ns is how long it will take, 0 when nobody knows. */
void progress_phase(const char *name, int64_t planned_ns);

/* Redraw, at most five times a second; detail ("78 of 128 MiB, 11 MiB/s") may be "". Off a terminal: every 10 s. */
void progress_tick(const char *detail);

/* Cut a line so that it leaves the last of a terminal's columns free (0: not known, nothing is cut). Returns line. */
char *progress_cut(char *line, int columns);

/* A line that stays. */
void progress_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Take the live line away. */
void progress_end(void);

#endif

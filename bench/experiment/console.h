/*
 * console.h - what a guest said on its console, for the message about a guest that says nothing any more.
 */
#ifndef BENCH_EXPERIMENT_CONSOLE_H
#define BENCH_EXPERIMENT_CONSOLE_H

#include <stddef.h>

/* The line of a kernel's panic; otherwise, if `otherwise_last`, the last one that is not blank. "" when there is none or no
 * console. Returns buffer. */
char *console_line(const char *run_directory, const char *vm, int otherwise_last, char *buffer, size_t room);

#endif

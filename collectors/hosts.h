/*
 * hosts.h - what a remote node's shell answers, read. For hosts.c and its test.
 */
#ifndef COLLECTORS_HOSTS_H
#define COLLECTORS_HOSTS_H

#include <stdint.h>

/* "1763786400.123456" of bash, "1763786400.123456789" of date. 0, or -1: it is no time. */
int host_clock_parse(const char *text, int64_t *ret_wall_ns);

/* The first line of /proc/stat: the time that all cores together were not idle, and what of it a hypervisor below had
 * stolen. 0, or -1. */
int host_busy_parse(const char *line, int64_t *ret_busy_ns, int64_t *ret_stolen_ns);

/* /proc/PID/stat: its CPU time, ended threads included. 0, or -1. */
int host_process_parse(const char *stat, int64_t *ret_cpu_ns);

#endif

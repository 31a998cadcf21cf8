/*
 * remote_config.h - whether what a config says of remote nodes can be, before any of them is asked.
 */
#ifndef BENCH_EXPERIMENT_REMOTE_CONFIG_H
#define BENCH_EXPERIMENT_REMOTE_CONFIG_H

struct err;
struct experiment;

/* EXIT_USAGE names the key; also for domains of the user's where the nodes are local. */
int remote_config_check(const struct experiment *x, struct err *e);

#endif

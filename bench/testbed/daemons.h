/*
 * daemons.h - programs that a testbed needs for as long as it is there, and that are looked at meanwhile: a switch without its
 * controller goes on, and a guest that moves then is never found again, which is not the guest's doing.
 */
#ifndef BENCH_TESTBED_DAEMONS_H
#define BENCH_TESTBED_DAEMONS_H

#include "bench/testbed/node.h"

#include <stdint.h>
#include <sys/types.h>

struct err;
struct undo;

enum { DAEMONS_ROOM = 8 };

struct testbed_daemon {
	char name[24], node[16];
	char log_path[300];
	pid_t pid;
	int64_t start_time; /* process_start_time(): with the pid it names the process for ever */
};

struct daemons {
	struct testbed_daemon list[DAEMONS_ROOM];
	int count;
};

/* Start argv on the node, in the undo register; what it prints is added to NAME.log in the node's state directory. */
int daemons_start(struct daemons *d, const struct node *node, const char *name, const char *const argv[],
                  struct undo *undo, struct err *e);

/*
 * -1 when one has ended: which, and the last line of its log. Logs go with the testbed, so that one is copied into the directory
 * `keep` as NODE-NAME.log, its last 64 KiB; NULL: it is not.
 */
int daemons_trouble(const struct daemons *d, const char *keep, struct err *e);

#endif

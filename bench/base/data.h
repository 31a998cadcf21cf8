/*
 * data.h - files that come with the program: the guest, plot scripts, configs.
 *
 * They are below $MIGMETER_DATADIR; where that is not set, below the first that has them of the executable's
 * directory/../share/migmeter (installed), the directory itself, /.. and /../.. (in the source tree).
 */
#ifndef BENCH_BASE_DATA_H
#define BENCH_BASE_DATA_H

#include <stddef.h>

struct err;

/* The absolute path of one of them, such as "reports/style.gp". -1 and EXIT_CANNOT when none of the places has it. */
int data_path(const char *name, char *buffer, size_t room, struct err *e);

#endif

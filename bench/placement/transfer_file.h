/*
 * transfer_file.h - a fitted transfer model as a JSON file:
 *
 *	{ "format": 1, "kind": "transfer-model", "runs": 36,
 *	  "time_s": { "coefficients": [K0, K1, K2, K3], "residual_s": SD, ... }, "lost_s": { ... } }
 *
 * with the coefficients of transfer.h.
 */
#ifndef BENCH_PLACEMENT_TRANSFER_FILE_H
#define BENCH_PLACEMENT_TRANSFER_FILE_H

#include "bench/placement/transfer.h"

struct err;

/* The coefficients into *m; the rate stays as it is. */
int transfer_file_read(const char *path, struct transfer_model *m, struct err *e);

#endif

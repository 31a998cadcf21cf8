/*
 * transfer_file.h - a fitted transfer model as a JSON file:
 *
 *	{ "format": 2, "kind": "transfer-model", "runs": 36,
 *	  "measured": { "used_bytes": [LOW, HIGH], "dirty_bytes_per_s": ..., "rate_bit_per_s": ..., "rtt_ns": ... },
 *	  "time_s": { "coefficients": [K0, K1, K2, K3, K4], "residual_s": SD, ... }, "lost_s": { ... } }
 *
 * with the coefficients of transfer.h, none of them below 0.
 */
#ifndef BENCH_PLACEMENT_TRANSFER_FILE_H
#define BENCH_PLACEMENT_TRANSFER_FILE_H

#include "bench/placement/transfer.h"

struct err;

enum { TRANSFER_FILE_FORMAT = 2 };

/* The names of the inputs there. */
extern const char *const transfer_input_keys[TRANSFER_INPUTS];

/* Coefficients and what was measured into *m; the rate stays as it is. */
int transfer_file_read(const char *path, struct transfer_model *m, struct err *e);

#endif

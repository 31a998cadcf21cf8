/*
 * quantity.h - people's units at the edges, int64_t bytes, ns and bits/s inside.
 *
 * Accepted: a decimal number (a fraction is allowed) and a unit.
 *	size      B, K, M, G, T and KiB.. = powers of 1024; kB, MB, GB, TB = powers of 1000. "4G" = 4294967296
 *	rate      bit/s: K, M, G, T (optionally with bit, bit/s or bps) = powers of 1000; "100M" = 100000000
 *	duration  ns, us, ms, s, min, h; a bare number is seconds
 *	fraction  "50%" = 0.5, "0.5", "1/16"
 * All parsers return 0, or -1 with a message that names the text and the accepted form; *ret is then untouched.
 * Negative numbers and overflow are errors.
 */
#ifndef BENCH_BASE_QUANTITY_H
#define BENCH_BASE_QUANTITY_H

#include <stddef.h>
#include <stdint.h>

struct err;

int size_parse(const char *text, int64_t *ret_bytes, struct err *e);
int rate_parse(const char *text, int64_t *ret_bits_per_s, struct err *e);
int duration_parse(const char *text, int64_t *ret_ns, struct err *e);
int fraction_parse(const char *text, double *ret, struct err *e);
int integer_parse(const char *text, int64_t *ret, struct err *e);

/* Write the shortest readable form ("1.5 GiB", "100 Mbit/s", "320 ms"); returns buffer. */
char *size_format(int64_t bytes, char *buffer, size_t room);
char *rate_format(int64_t bits_per_s, char *buffer, size_t room);
char *duration_format(int64_t ns, char *buffer, size_t room);

#endif

/*
 * zipf.h - ranks after Zipf's law: rank r (from 0) has a probability proportional to 1 / (r + 1)^exponent.
 *
 * Walker's alias method as Vose made it (IEEE Trans. Softw. Eng. 17(9), 1991): exact to 32 bits, one table look-up
 * and no floating point a draw, so that it costs the same where the FPU is emulated.
 */
#ifndef WORKLOADS_ZIPF_H
#define WORKLOADS_ZIPF_H

#include <stdint.h>

struct err;
struct zipf;

#define ZIPF_BYTES_PER_RANK 20 /* while zipf_new() works; 8 once it is made */

/* A table of `ranks` ranks (1 to 2^31); free with zipf_free(). */
int zipf_new(struct zipf **ret, uint64_t ranks, double exponent, struct err *e);

/* Draw a rank; *random is a state of random.h. */
uint64_t zipf_rank(const struct zipf *z, uint64_t *random);

/* z may be NULL. */
void zipf_free(struct zipf *z);

#endif

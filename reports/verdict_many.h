/*
 * verdict_many.h - the sentence on runs that move more than one VM: a policy's loop, a group (reports/verdict.h).
 */
#ifndef REPORTS_VERDICT_MANY_H
#define REPORTS_VERDICT_MANY_H

struct run_data;
struct sentence;

/* What a policy moved, which overloads it found, and how long nodes that sleep were on. */
void verdict_loop(struct sentence *s, const struct run_data *run);

/* How a group came over, and what work that cost, or brought where VMs that leave make room for the others. */
void verdict_group(struct sentence *s, const struct run_data *run);

#endif

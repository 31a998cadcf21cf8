/*
 * move_metrics.h - what a consolidation loop did: how long each of its moves took, how often VMs moved, how long nodes
 * were on and in use. A run with one migration has none of it.
 */
#ifndef ANALYSIS_MOVE_METRICS_H
#define ANALYSIS_MOVE_METRICS_H

#include "analysis/metrics.h"

/*
 * From events.csv move_time and move_switch_time of each move, with the variant N:FROM-to-TO, the VM's moves counted from
 * 1, moves of each VM, node_in_use of each node; from the manifest node_active.
 */
void move_metrics(const struct run *run, struct metrics *metrics);

#endif

/*
 * move_metrics.h - what a consolidation loop did: how long each of its moves took and what it sent, how often VMs moved,
 * how long nodes were on and in use. A run with one migration has none of it.
 */
#ifndef ANALYSIS_MOVE_METRICS_H
#define ANALYSIS_MOVE_METRICS_H

#include "analysis/metrics.h"

struct err;

/*
 * From events.csv move_time, move_switch_time and, with job-VM.csv, move_bytes of each move, with the variant
 * N:FROM-to-TO, the VM's moves counted from 1. Of a loop also, whichever VM it was, loop_move_time, loop_switch_time and
 * loop_move_bytes with the variant N:ROLE (loop_moves.h), counted by role; moves and moved_first of each VM, node_in_use
 * of each node, second_node_in_use, nodes_at_end; from the manifest node_active.
 */
int move_metrics(const struct run *run, struct metrics *metrics, struct err *e);

#endif

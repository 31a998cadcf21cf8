/*
 * host_metrics.h - what the hosts and the link say: bytes on the wire, windows and round trips of TCP, CPU in use, and the
 * CPU a GiB costs.
 */
#ifndef ANALYSIS_HOST_METRICS_H
#define ANALYSIS_HOST_METRICS_H

#include "analysis/metrics.h"

struct err;

/*
 * Read link.csv: bytes_on_wire, background_rate, bytes_to_memory; writes plots/link.csv. *ret_moved_bytes is what went
 * over the migration link in its busier direction, NAN when it is not known.
 */
int link_metrics(const struct run *run, struct metrics *metrics, double *ret_moved_bytes, struct err *e);

/*
 * Read tcp.csv, where it was asked for: transfer_time, tcp_goodput, tcp_connections, tcp_window, tcp_rtt, tcp_resent,
 * tcp_limited, tcp_bytes of the VM that moves; writes plots/tcp.csv: time_s,bit_per_s - what was acknowledged, from migrate-start
 * on.
 */
int tcp_metrics(const struct run *run, struct metrics *metrics, struct err *e);

/*
 * Read segments.csv, where it was asked for: captured_goodput, captured_bytes, captured_window; captured_difference where
 * tcp_metrics() has put tcp_bytes. Warns where the capture missed something, or the two disagree. Writes plots/segments.csv:
 * time_s,bit_per_s - what was acknowledged on the wire, from migrate-start on.
 */
int segment_metrics(const struct run *run, struct metrics *metrics, struct err *e);

/*
 * Read stolen.csv, where there is one: cpu_stolen; warns where it is much. Writes plots/stolen.csv: time_s,node,share.
 */
int stolen_metrics(const struct run *run, struct metrics *metrics, struct err *e);

/*
 * Read cpu.csv: cpu_node, cpu_vm, cpu_thread, cpu_service, cpu_others, cpu_per_gib (moved_bytes may be NAN); writes
 * plots/cpu.csv. Comes after stolen_metrics(), whose part of the core is not other work's.
 */
int cpu_metrics(const struct run *run, double moved_bytes, struct metrics *metrics, struct err *e);

#endif

/*
 * remote_measure.h - what ping and iperf3 print, read.
 */
#ifndef BENCH_TESTBED_REMOTE_MEASURE_H
#define BENCH_TESTBED_REMOTE_MEASURE_H

struct link_measured;

/* The round trips that ping lists, into the rtt_ and probes_ members. -1: there are none. */
int ping_read(const char *text, struct link_measured *m);

/* Bits a second that arrived, of iperf3 --json; NAN: it does not say. */
double iperf3_read(const char *text);

#endif

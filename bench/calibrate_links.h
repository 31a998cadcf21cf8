/*
 * calibrate_links.h - links of known rate and round trip, against what their measuring before each run says.
 */
#ifndef BENCH_CALIBRATE_LINKS_H
#define BENCH_CALIBRATE_LINKS_H

struct err;
struct machine_wait;
struct testbed_spec;

/*
 * Make the testbed anew with each of nine shapes (10M, 100M, 1G; 0, 20, 100 ms), `repeat` times, and measure the link.
 * Writes links.csv into directory (made here), a row a measurement, and prints them. What was measured before an
 * interrupt is kept; EXIT_INTERRUPTED then. wait as for testbed_open().
 */
int calibrate_links(const char *directory, const struct testbed_spec *base, int repeat,
                    const struct machine_wait *wait, struct err *e);

#endif

#include "bench/calibrate_links.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/series.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run.h"
#include "bench/experiment/run_directory.h"
#include "bench/testbed/testbed.h"

#include <inttypes.h>
#include <stdio.h>

static const int64_t rates[] = { 10000000, 100000000, 1000000000 };
static const int64_t rtts_ns[] = { 0, 20 * NS_PER_MS, 100 * NS_PER_MS };
enum { RATES = sizeof(rates) / sizeof(*rates), RTTS = sizeof(rtts_ns) / sizeof(*rtts_ns) };

static void note(const char *words)
{
	progress_note("%s", words);
}

static int measure_once(const struct testbed_spec *spec, const struct machine_wait *wait, struct link_measured *ret,
                        struct err *e)
{
	struct testbed t;
	struct err closing = { 0 };
	if (testbed_open(&t, spec, wait, note, e) < 0)
		return -1;
	int result = testbed_measure(&t, ret, e);
	if (testbed_close(&t, &closing) < 0 && result == 0)
		return err_set(e, closing.status, "%s", closing.text);
	return result;
}

static void show(struct series *s, const struct link_shape *shape, const struct link_measured *m)
{
	double rate_error = 100 * (m->goodput_bits_per_s / m->ideal_bits_per_s - 1);
	int64_t rtt_error_ns = m->rtt_p50_ns - m->rtt_expected_ns;
	series_row(s, "%" PRId64 ",%" PRId64 ",%.0f,%.0f,%" PRId64 ",%" PRId64 ",%" PRId64, shape->rate_bits_per_s,
	           shape->rtt_ns, m->ideal_bits_per_s, m->goodput_bits_per_s, m->rtt_expected_ns, m->rtt_p50_ns,
	           m->rtt_p99_ns);
	series_flush(s);
	progress_end();
	printf("%7.0f  %5.0f  %10.2f  %8.2f  %7.2f  %10.3f  %8.3f  %8.3f\n", (double)shape->rate_bits_per_s / 1e6,
	       (double)shape->rtt_ns / 1e6, m->ideal_bits_per_s / 1e6, m->goodput_bits_per_s / 1e6, rate_error,
	       (double)m->rtt_expected_ns / 1e6, (double)m->rtt_p50_ns / 1e6, (double)rtt_error_ns / 1e6);
	fflush(stdout);
}

int calibrate_links(const char *directory, const struct testbed_spec *base, int repeat,
                    const struct machine_wait *wait, struct err *e)
{
	struct series *s;
	int result = 0, total = RATES * RTTS * repeat;
	if (directory_make(directory, e) < 0 ||
	    series_create(&s, directory, "links.csv",
	                  "asked_bits_per_s,asked_rtt_ns,ideal_bits_per_s,goodput_bits_per_s,expected_rtt_ns,"
	                  "rtt_p50_ns,rtt_p99_ns",
	                  e) < 0)
		return -1;
	printf("%7s  %5s  %10s  %8s  %7s  %10s  %8s  %8s\n", "Mbit/s", "ms", "ideal", "goodput", "error %",
	       "expected", "RTT", "error");
	for (int i = 0; i < total && result == 0; i++) {
		struct testbed_spec spec = *base;
		struct link_measured measured;
		char phase[64];
		if (run_interrupted) {
			result = err_set(e, EXIT_INTERRUPTED, "interrupted");
			break;
		}
		spec.shape.rate_bits_per_s = rates[i % RATES];
		spec.shape.rtt_ns = rtts_ns[i / RATES % RTTS];
		snprintf(phase, sizeof(phase), "link %d of %d", i + 1, total);
		progress_phase(phase, 0);
		result = measure_once(&spec, wait, &measured, e);
		if (result == 0)
			show(s, &spec.shape, &measured);
	}
	progress_end();
	return series_close(s, result == 0 ? e : NULL) < 0 ? -1 : result;
}

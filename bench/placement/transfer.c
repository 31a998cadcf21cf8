#include "bench/placement/transfer.h"

#include "bench/base/clock.h"

#include <math.h>

void transfer_terms(double rate_bits_per_s, double used_bytes, double dirty_per_s, double rtt_ns,
                    double ret[TRANSFER_TERMS])
{
	double wire_s = used_bytes * 8 / rate_bits_per_s;
	ret[0] = 1;
	ret[1] = wire_s;
	ret[2] = used_bytes / 0x1p30 * (rtt_ns / NS_PER_MS);
	ret[3] = isnan(dirty_per_s) ? 0 : wire_s * (dirty_per_s * 8 / rate_bits_per_s);
}

static double sum_ns(const double *coefficients, const double *terms)
{
	double sum_s = 0;
	for (int i = 0; i < TRANSFER_TERMS; i++)
		sum_s += coefficients[i] * terms[i];
	return fmax(sum_s, 0) * NS_PER_S;
}

void transfer_cost(const struct transfer_model *m, int64_t used_bytes, double dirty_per_s, int64_t rtt_ns,
                   double *ret_time_ns, double *ret_lost_ns)
{
	double rate = (double)m->rate_bits_per_s, rtt = rtt_ns > 0 ? (double)rtt_ns : 0;
	if (m->fitted) {
		double terms[TRANSFER_TERMS];
		transfer_terms(rate, (double)used_bytes, dirty_per_s, rtt, terms);
		*ret_time_ns = sum_ns(m->time, terms);
		*ret_lost_ns = sum_ns(m->lost, terms);
		return;
	}
	double bytes_per_ns = rate / 8 / NS_PER_S;
	if (m->window_bytes > 0 && rtt > 0)
		bytes_per_ns = fmin(bytes_per_ns, (double)m->window_bytes / rtt);
	*ret_time_ns = (double)m->setup_ns + (double)used_bytes / bytes_per_ns;
	*ret_lost_ns = (double)m->downtime_ns + m->slowdown * *ret_time_ns;
}

#include "bench/placement/transfer.h"

#include "bench/base/clock.h"
#include "bench/base/quantity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define TOLERANCE 0.05 /* of the highest measured */

void transfer_terms(double rate_bits_per_s, double used_bytes, double dirty_per_s, double rtt_ns,
                    double ret[TRANSFER_TERMS])
{
	double wire_s = used_bytes * 8 / rate_bits_per_s;
	ret[0] = 1;
	ret[1] = wire_s;
	ret[2] = used_bytes / 0x1p30 * (rtt_ns / NS_PER_MS);
	ret[3] = isnan(dirty_per_s) ? 0 : wire_s * (dirty_per_s * 8 / rate_bits_per_s);
	ret[4] = rtt_ns / NS_PER_MS;
}

static double sum_s(const double *coefficients, const double *terms)
{
	double sum = 0;
	for (int i = 0; i < TRANSFER_TERMS; i++)
		sum += coefficients[i] * terms[i];
	return sum;
}

static struct transfer_cost cost_fitted(const struct transfer_model *m, int64_t used_bytes, double dirty_per_s,
                                        double rtt_ns)
{
	double terms[TRANSFER_TERMS];
	transfer_terms((double)m->rate_bits_per_s, (double)used_bytes, dirty_per_s, rtt_ns, terms);
	double wire_s = terms[1], time_s = fmax(sum_s(m->time, terms), wire_s);
	double link_s = m->time[1] * wire_s + fmax(m->time[2] * terms[2], 0) + m->time[3] * terms[3];
	link_s = fmin(fmax(link_s, wire_s), time_s);
	return (struct transfer_cost){ .fixed = (time_s - link_s) * NS_PER_S,
		                       .link = link_s * NS_PER_S,
		                       .lost = fmax(sum_s(m->lost, terms), 0) * NS_PER_S };
}

struct transfer_cost transfer_cost(const struct transfer_model *m, int64_t used_bytes, double dirty_per_s,
                                   int64_t rtt_ns)
{
	if (m->fitted)
		return cost_fitted(m, used_bytes, dirty_per_s, fmax((double)rtt_ns, 0));
	double wire_ns = (double)used_bytes * 8 / (double)m->rate_bits_per_s * NS_PER_S;
	struct transfer_cost is = { .fixed = (double)m->setup_ns, .link = wire_ns * transfer_at_once(m, rtt_ns) };
	is.lost = (double)m->downtime_ns + m->slowdown * (is.fixed + is.link);
	return is;
}

double transfer_at_once(const struct transfer_model *m, int64_t rtt_ns)
{
	double rate = (double)m->rate_bits_per_s, rtt = fmax((double)rtt_ns, 0);
	if (!m->fitted)
		return m->window_bytes > 0 ? fmax(rate / 8 * (rtt / NS_PER_S) / (double)m->window_bytes, 1) : 1;
	double terms[TRANSFER_TERMS];
	transfer_terms(rate, 0x1p30, 0, rtt, terms);
	double busy_s = m->time[1] * terms[1], waits_s = m->time[2] * terms[2];
	return busy_s > 0 && waits_s > 0 ? 1 + waits_s / busy_s : 1;
}

unsigned transfer_beyond(const struct transfer_model *m, int64_t used_bytes, double dirty_per_s, int64_t rtt_ns)
{
	const double is[TRANSFER_INPUTS] = {
		[TRANSFER_USED] = (double)used_bytes,
		[TRANSFER_DIRTY] = isnan(dirty_per_s) ? 0 : dirty_per_s,
		[TRANSFER_RATE] = (double)m->rate_bits_per_s,
		[TRANSFER_RTT] = rtt_ns > 0 ? (double)rtt_ns : 0,
	};
	unsigned beyond = 0;
	for (unsigned i = 0; i < TRANSFER_INPUTS && m->fitted; i++) {
		double slack = TOLERANCE * m->measured[i].high;
		if (is[i] < m->measured[i].low - slack || is[i] > m->measured[i].high + slack)
			beyond |= 1U << i;
	}
	return beyond;
}

static const char *input_format(enum transfer_input input, double value, char *text, size_t room)
{
	if (input == TRANSFER_RTT)
		return duration_format(llround(value), text, room);
	if (input == TRANSFER_RATE)
		return rate_format(llround(value), text, room);
	char size[32];
	snprintf(text, room, "%s%s", size_format(llround(value), size, sizeof(size)),
	         input == TRANSFER_DIRTY ? "/s" : "");
	return text;
}

const char *transfer_range_words(enum transfer_input input, const struct transfer_range *range, char *text,
                                 size_t room)
{
	char low[40], high[40];
	bool one = strcmp(input_format(input, range->low, low, sizeof(low)),
	                  input_format(input, range->high, high, sizeof(high))) == 0;
	snprintf(text, room, "%s%s%s", low, one ? "" : " to ", one ? "" : high);
	return text;
}

const char *transfer_beyond_words(const struct transfer_model *m, unsigned beyond, char *text, size_t room)
{
	static const char *const names[TRANSFER_INPUTS] = { "memory in use", "dirty rate", "rate", "RTT" };
	size_t used = 0;
	text[0] = '\0';
	for (enum transfer_input i = 0; i < TRANSFER_INPUTS; i++) {
		char range[100];
		if (beyond & 1U << i && used < room)
			used += (size_t)snprintf(text + used, room - used, "%s%s (measured: %s)", used ? ", " : "",
			                         names[i],
			                         transfer_range_words(i, &m->measured[i], range, sizeof(range)));
	}
	return text;
}

#include "analysis/carried.h"

#include "analysis/csv_field.h"
#include "analysis/metrics.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHARE_LEAST = 100, PLOT_ROWS = 600 };

#define PLOT_BIN_NS (100 * NS_PER_MS)

int carried_connection(struct carried *c, const char *file, const char *local, const char *peer, struct err *e)
{
	for (int i = 0; i < c->count; i++)
		if (strcmp(c->connections[i].local, local) == 0 && strcmp(c->connections[i].peer, peer) == 0)
			return i;
	if (c->count == CARRIED_CONNECTIONS)
		return err_set(e, EXIT_MEASURED_BAD, "%s: more than %d connections", file, CARRIED_CONNECTIONS);
	struct carried_connection *new = &c->connections[c->count];
	*new = (struct carried_connection){ 0 };
	snprintf(new->local, sizeof(new->local), "%s", local);
	snprintf(new->peer, sizeof(new->peer), "%s", peer);
	return c->count++;
}

int carried_add(struct carried *c, int connection, int64_t from_ns, int64_t to_ns, double bytes, struct err *e)
{
	if (c->stretch_count == c->stretch_room) {
		int room = c->stretch_room ? 2 * c->stretch_room : 256;
		struct carried_stretch *larger = realloc(c->stretches, (size_t)room * sizeof(*larger));
		if (!larger)
			return err_errno(e, EXIT_CANNOT, "cannot keep what TCP did");
		c->stretches = larger;
		c->stretch_room = room;
	}
	c->stretches[c->stretch_count++] = (struct carried_stretch){ from_ns, to_ns, bytes, connection };
	c->connections[connection].bytes += bytes;
	return 0;
}

void carried_mean_add(struct carried_mean *m, double value, double weight)
{
	if (isnan(value))
		return;
	m->sum += value * weight;
	m->weight += weight;
}

void carried_mark(struct carried *c)
{
	double all = 0;
	for (int i = 0; i < c->count; i++)
		all += c->connections[i].bytes;
	for (int i = 0; i < c->count; i++)
		c->connections[i].counts = all > 0 && c->connections[i].bytes * SHARE_LEAST >= all;
}

double carried_gained(const struct carried *c, int counter)
{
	double sum = 0;
	for (int i = 0; i < c->count; i++)
		if (c->connections[i].counts)
			sum += (double)(c->connections[i].last[counter] - c->connections[i].base[counter]);
	return sum;
}

double carried_sum_of_means(const struct carried *c, int mean)
{
	double sum = 0;
	for (int i = 0; i < c->count; i++)
		if (c->connections[i].counts)
			sum += c->connections[i].means[mean].sum /
			       c->connections[i].means[mean].weight; /* 0 / 0: NAN */
	return sum;
}

double carried_bytes(const struct carried *c)
{
	double sum = 0;
	for (int i = 0; i < c->count; i++)
		if (c->connections[i].counts)
			sum += c->connections[i].bytes;
	return sum;
}

int carried_count(const struct carried *c)
{
	int count = 0;
	for (int i = 0; i < c->count; i++)
		count += c->connections[i].counts;
	return count;
}

/* Bytes that were carried before an instant. */
static double bytes_before(const struct carried *c, double at_ns)
{
	double bytes = 0;
	for (int i = 0; i < c->stretch_count; i++) {
		const struct carried_stretch *s = &c->stretches[i];
		double length = (double)(s->to_ns - s->from_ns), share = (at_ns - (double)s->from_ns) / length;
		if (c->connections[s->connection].counts)
			bytes += s->bytes * (at_ns >= (double)s->to_ns ? 1 : share > 0 ? share : 0);
	}
	return bytes;
}

/* What TCP can carry on the link in such a time; INFINITY: not known. */
static double most_bytes(const struct run *run, double length_ns)
{
	double ideal = run_ideal_goodput(run);
	return isnan(ideal) ? INFINITY : ideal / 8e9 * length_ns;
}

/* Bytes of each of `count` times of this length from an instant on. What is acknowledged at once, behind a repeat that was
 * waited for, came before: as late as the link can have brought it. */
static void bins_fill(const struct carried *c, const struct run *run, double from_ns, double width_ns, int count,
                      double *ret)
{
	double before = bytes_before(c, from_ns), most = most_bytes(run, width_ns);
	for (int i = 0; i < count; i++) {
		double after = bytes_before(c, from_ns + (i + 1) * width_ns);
		ret[i] = after - before;
		before = after;
	}
	for (int i = count - 1; i > 0; i--)
		if (ret[i] > most) {
			ret[i - 1] += ret[i] - most;
			ret[i] = most;
		}
}

/* When so many bytes were there, in bins. */
static double bins_until(const double *bins, int count, double bytes)
{
	int i = 0;
	for (; i < count - 1 && bins[i] < bytes; i++)
		bytes -= bins[i];
	return i + (bins[i] > 0 ? bytes / bins[i] : 0);
}

struct carried_rates carried_rates(const struct carried *c, const struct run *run)
{
	double from_ns = INFINITY, to_ns = -INFINITY, bytes = carried_bytes(c), bins[PLOT_ROWS];
	for (int i = 0; i < c->stretch_count; i++)
		if (c->connections[c->stretches[i].connection].counts) {
			from_ns = fmin(from_ns, (double)c->stretches[i].from_ns);
			to_ns = fmax(to_ns, (double)c->stretches[i].to_ns);
		}
	if (!(bytes > 0) || !(to_ns > from_ns))
		return (struct carried_rates){ NAN, NAN, NAN };
	double width_ns = (to_ns - from_ns) / PLOT_ROWS;
	bins_fill(c, run, from_ns, width_ns, PLOT_ROWS, bins);
	double middle = bins_until(bins, PLOT_ROWS, bytes * 3 / 4) - bins_until(bins, PLOT_ROWS, bytes / 4);
	return (struct carried_rates){ .time_ns = to_ns - from_ns,
		                       .mean = bytes / (to_ns - from_ns) * 1e9,
		                       .middle = middle > 0 ? bytes / 2 / (middle * width_ns) * 1e9 : NAN };
}

void carried_put(const struct carried_rates *rates, const char *metric, const struct run_vm *vm,
                 struct metrics *metrics)
{
	static const char few[] = "too few looks at the connections";
	metrics_put(metrics, metric, vm, "mean", rates->mean, few);
	metrics_put(metrics, metric, vm, "middle", rates->middle, few);
}

int carried_plot(const struct carried *c, const struct run *run, const char *file, struct err *e)
{
	struct whole_file out = { 0 };
	double bytes[PLOT_ROWS + 1];
	int64_t origin_ns = run->migrate_start_ns, end_ns = origin_ns;
	for (int i = 0; i < c->stretch_count; i++)
		if (c->connections[c->stretches[i].connection].counts && c->stretches[i].to_ns > end_ns)
			end_ns = c->stretches[i].to_ns;
	int64_t least_ns = (end_ns - origin_ns + PLOT_ROWS - 1) / PLOT_ROWS,
		width_ns = least_ns > PLOT_BIN_NS ? least_ns : PLOT_BIN_NS;
	int count = (int)((end_ns - origin_ns + width_ns - 1) / width_ns);
	bins_fill(c, run, (double)origin_ns, (double)width_ns, count, bytes);
	if (whole_file_open(&out, run->directory, file, e) < 0)
		return -1;
	fputs("time_s,bit_per_s\n", out.file);
	for (int i = 0; i < count; i++) {
		fprintf(out.file, "%.6f", (i + 0.5) * (double)width_ns / 1e9);
		field_number(out.file, 8e9 * bytes[i] / (double)width_ns);
		putc('\n', out.file);
	}
	return whole_file_close(&out, 0, e);
}

void carried_free(struct carried *c)
{
	free(c->stretches);
	*c = (struct carried){ 0 };
}

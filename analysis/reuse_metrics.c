#include "analysis/reuse_metrics.h"

#include "analysis/metrics_write.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_BYTES = 4096, FIRST_ROOM = 16 };
enum {
	HEAD,
	ROLE,
	CONNECTION,
	KIND,
	STATE,
	RAW,
	SENT,
	RECEIVED,
	PAGES,
	REFERENCED,
	STORED,
	ZSTD_RAW,
	ZSTD,
	RESENT,
	STORE,
	CPU,
	REASON,
	WANTED
};

/* What the last row says of a connection. */
struct passage {
	int64_t number, begin_ns, end_ns, begin_cpu_ns, cells[WANTED];
	bool near, disk;
	char state[16], reason[128];
};

/* Ends of connections. */
struct which {
	bool near, disk;
};
static const struct which near_memory = { true, false }, near_disk = { true, true };

/* One node's relay. */
struct relay {
	const struct run *run;
	struct passage *passages; /* the caller frees */
	int count, room;
	FILE *plot;      /* of the measured migration; NULL: not at this node */
	int64_t plot_ns; /* a line for what is known of then is to be written; 0: none */
};

static bool is_measured(const struct run *run, const struct passage *p)
{
	return run->migrate_start_ns != MISSING && p->begin_ns >= run->migrate_start_ns;
}

/* What connections of the measured migration say together, at one of their ends. */
static double sum_of(const struct relay *r, struct which which, int column)
{
	double sum = 0;
	for (int i = 0; i < r->count; i++)
		if (r->passages[i].near == which.near && r->passages[i].disk == which.disk &&
		    is_measured(r->run, &r->passages[i]))
			sum += (double)r->passages[i].cells[column];
	return sum;
}

/* The last ones go on. NULL: memory is short. */
static struct passage *passage_of(struct relay *r, const struct series_cell *cells)
{
	for (int i = r->count - 1; i >= 0; i--)
		if (r->passages[i].number == cells[CONNECTION].integer)
			return &r->passages[i];
	if (r->count == r->room) {
		int room = r->room ? 2 * r->room : FIRST_ROOM;
		struct passage *larger = realloc(r->passages, (size_t)room * sizeof(*larger));
		if (!larger)
			return NULL;
		r->passages = larger;
		r->room = room;
	}
	struct passage *p = &r->passages[r->count++];
	*p = (struct passage){ .number = cells[CONNECTION].integer,
		               .begin_ns = cells[HEAD].integer,
		               .begin_cpu_ns = cells[CPU].integer,
		               .near = !strcmp(cells[ROLE].text, "near"),
		               .disk = !strcmp(cells[KIND].text, "disk") };
	return p;
}

/* Connections have a row each of one time: a line is for all of them. */
static void plot_line(struct relay *r)
{
	if (r->plot && r->plot_ns)
		fprintf(r->plot, "%.6f,%.0f,%.0f,%.0f,%.0f\n", (double)(r->plot_ns - run_origin_ns(r->run)) / 1e9,
		        sum_of(r, near_memory, RAW), sum_of(r, near_memory, SENT), sum_of(r, near_disk, RAW),
		        sum_of(r, near_disk, SENT));
	r->plot_ns = 0;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct relay *r = context;
	for (int i = 0; i < WANTED; i++)
		if (i != ROLE && i != KIND && i != STATE && i != REASON && cells[i].integer == MISSING)
			return err_set(e, EXIT_MEASURED_BAD, "a relay's row has no number where one must be");
	struct passage *p = passage_of(r, cells);
	if (!p)
		return err_set(e, EXIT_CANNOT, "no memory for a relay's %d connections", r->count);
	if (cells[HEAD].integer != r->plot_ns)
		plot_line(r);
	p->end_ns = cells[HEAD].integer;
	for (int i = 0; i < WANTED; i++)
		p->cells[i] = cells[i].integer;
	snprintf(p->state, sizeof(p->state), "%.15s", cells[STATE].text);
	snprintf(p->reason, sizeof(p->reason), "%.127s", cells[REASON].text);
	if (p->near && is_measured(r->run, p))
		r->plot_ns = p->end_ns;
	return 0;
}

/* 1: it has no relay. */
static int relay_read(struct relay *r, const struct run *run, const char *node, FILE *plot, struct err *e)
{
	static const struct series_column wanted[WANTED] = {
		[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
		[ROLE] = { "role", COLUMN_TEXT, 0 },
		[CONNECTION] = { "connection", COLUMN_INTEGER, 0 },
		[KIND] = { "kind", COLUMN_TEXT, 1 }, /* older runs: memory */
		[STATE] = { "state", COLUMN_TEXT, 0 },
		[RAW] = { "raw_bytes", COLUMN_INTEGER, 0 },
		[SENT] = { "sent_bytes", COLUMN_INTEGER, 0 },
		[RECEIVED] = { "received_bytes", COLUMN_INTEGER, 0 },
		[PAGES] = { "pages", COLUMN_INTEGER, 0 },
		[REFERENCED] = { "referenced", COLUMN_INTEGER, 0 },
		[STORED] = { "stored", COLUMN_INTEGER, 0 },
		[ZSTD_RAW] = { "zstd_raw_bytes", COLUMN_INTEGER, 0 },
		[ZSTD] = { "zstd_bytes", COLUMN_INTEGER, 0 },
		[RESENT] = { "resent_bytes", COLUMN_INTEGER, 0 },
		[STORE] = { "store_pages", COLUMN_INTEGER, 0 },
		[CPU] = { "cpu_ns", COLUMN_INTEGER, 0 },
		[REASON] = { "reason", COLUMN_TEXT, 0 },
	};
	char name[RUN_NAME_ROOM + 16];
	r->run = run;
	r->plot = plot;
	snprintf(name, sizeof(name), "reuse-%s.csv", node);
	int result = series_read(run->directory, name, wanted, WANTED, on_row, r, NULL, e);
	plot_line(r);
	return result;
}

/* ---- metrics ---- */

static double both(const struct relay relays[2], struct which which, int column)
{
	return sum_of(&relays[0], which, column) + sum_of(&relays[1], which, column);
}

static double cpu_of(const struct relay *r)
{
	double first = NAN, last = NAN;
	for (int i = 0; i < r->count; i++)
		if (is_measured(r->run, &r->passages[i])) {
			first = fmin(first, (double)r->passages[i].begin_cpu_ns);
			last = fmax(last, (double)r->passages[i].cells[CPU]);
		}
	return last - first;
}

static void put_node(const struct relay *r, const struct run_vm *vm, const char *node, struct metrics *metrics)
{
	double pages = NAN;
	for (int i = 0; i < r->count; i++)
		pages = (double)r->passages[i].cells[STORE];
	metrics_put(metrics, "reuse_store", vm, node, pages * PAGE_BYTES, "no connection was seen there");
	metrics_put(metrics, "reuse_cpu", vm, node, cpu_of(r), "no connection was seen there");
	for (int i = 0; i < r->count; i++) {
		const struct passage *p = &r->passages[i];
		if (is_measured(r->run, p) && (p->reason[0] || strcmp(p->state, "ended") != 0))
			metrics_warn(metrics, "relay at %s: its connection%s is %s%s%s", node,
			             p->disk ? " for a disk" : "", p->state, p->reason[0] ? ": " : "", p->reason);
	}
}

static void put(const struct relay relays[2], bool disk, const struct run_vm *vm, struct metrics *metrics)
{
	static const char nothing[] = "nothing came through the relays";
	const struct which near = { true, disk }, far = { false, disk };
	const char *of = disk ? "disk:" : "";
	double raw = both(relays, near, RAW), sent = both(relays, near, SENT);
	double zstd_raw = both(relays, near, ZSTD_RAW);
	double any = raw > 0 ? 0 : NAN; /* makes the rest missing where there was nothing */
	const struct {
		const char *name, *variant;
		double value;
	} rows[] = { { "reuse_bytes", "stream", raw + any },
		     { "reuse_bytes", "link", sent + any },
		     { "reuse_bytes", "link:back", both(relays, near, RECEIVED) + any },
		     { "reuse_bytes", "rebuilt", both(relays, far, RAW) + any },
		     { "reuse_bytes", "resent", both(relays, near, RESENT) + any },
		     { "reuse_share", "stream", 100 * sent / raw + any },
		     { "reuse_pages", "all", both(relays, near, PAGES) + any },
		     { "reuse_pages", "referenced", both(relays, near, REFERENCED) + any },
		     { "reuse_pages", "stored", both(relays, near, STORED) + any } };
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char variant[32];
		snprintf(variant, sizeof(variant), "%s%s", of, rows[i].variant);
		metrics_put(metrics, rows[i].name, vm, variant, rows[i].value, nothing);
	}
	if (!disk)
		metrics_put(metrics, "reuse_share", vm, "memory",
		            vm && vm->memory_bytes > 0 ? 100 * sent / (double)vm->memory_bytes + any : NAN, nothing);
	metrics_put(metrics, "reuse_zstd", vm, disk ? "disk" : "",
	            zstd_raw > 0 ? 100 * both(relays, near, ZSTD) / zstd_raw : NAN,
	            "nothing became smaller by compression");
}

/* ---- moves ---- */

static int by_begin(const void *a, const void *b)
{
	const struct passage *const *x = a, *const *y = b;
	return ((*x)->begin_ns > (*y)->begin_ns) - ((*x)->begin_ns < (*y)->begin_ns);
}

static int moves_write(const struct run *run, const char *const nodes[2], const struct relay relays[2], struct err *e)
{
	const struct passage **moves = calloc((size_t)(relays[0].count + relays[1].count) + 1, sizeof(*moves));
	struct whole_file out = { 0 };
	size_t count = 0;
	if (!moves)
		return err_set(e, EXIT_CANNOT, "no memory for %d moves", relays[0].count + relays[1].count);
	for (int node = 0; node < 2; node++)
		for (int i = 0; i < relays[node].count; i++)
			if (relays[node].passages[i].near && relays[node].passages[i].cells[RAW] > 0)
				moves[count++] = &relays[node].passages[i];
	qsort(moves, count, sizeof(*moves), by_begin);
	if (whole_file_open(&out, run->directory, "plots/reuse-moves.csv", e) < 0) {
		free(moves);
		return -1;
	}
	fputs("from,begin_s,end_s,measured,stream_bytes,link_bytes,back_bytes,pages,referenced,stored,state,kind\n",
	      out.file);
	for (size_t i = 0; i < count; i++) {
		const struct passage *m = moves[i];
		bool of_source = m >= relays[0].passages && m < relays[0].passages + relays[0].count;
		fprintf(out.file, "%s,%.3f,%.3f,%d,%lld,%lld,%lld,%lld,%lld,%lld,%s,%s\n",
		        of_source ? nodes[0] : nodes[1], (double)(m->begin_ns - run_origin_ns(run)) / 1e9,
		        (double)(m->end_ns - run_origin_ns(run)) / 1e9, is_measured(run, m), (long long)m->cells[RAW],
		        (long long)m->cells[SENT], (long long)m->cells[RECEIVED], (long long)m->cells[PAGES],
		        (long long)m->cells[REFERENCED], (long long)m->cells[STORED], m->state,
		        m->disk ? "disk" : "memory");
	}
	free(moves);
	return whole_file_close(&out, 0, e);
}

int reuse_metrics(const struct run *run, struct metrics *metrics, bool *ret_there, struct err *e)
{
	struct whole_file plot = { 0 };
	/* Of a group or a loop the manifest names none. */
	const char *const nodes[2] = { run->source[0] ? run->source : "src",
		                       run->destination[0] ? run->destination : "dst" };
	*ret_there = false;
	struct relay relays[2] = { { 0 } };
	if (whole_file_open(&plot, run->directory, "plots/reuse.csv", e) < 0)
		return -1;
	fputs("time_s,stream_bytes,link_bytes,disk_stream_bytes,disk_link_bytes\n", plot.file);
	int result = relay_read(&relays[0], run, nodes[0], plot.file, e);
	*ret_there = result == 0;
	if (result == 0)
		result = relay_read(&relays[1], run, nodes[1], NULL, e) < 0 ? -1 : 0;
	int written = whole_file_close(&plot, result == 0 ? 0 : -1, result == 0 ? e : NULL);
	if (result == 0)
		result = written < 0 ? -1 : moves_write(run, nodes, relays, e);
	if (result == 0) {
		const struct run_vm *vm = run_vm(run, run->moved);
		put(relays, false, vm, metrics);
		if (both(relays, near_disk, RAW) > 0)
			put(relays, true, vm, metrics);
		put_node(&relays[0], vm, nodes[0], metrics);
		put_node(&relays[1], vm, nodes[1], metrics);
	}
	free(relays[0].passages);
	free(relays[1].passages);
	return result < 0 ? -1 : 0;
}

#include "reports/reuse.h"

#include "bench/base/err.h"
#include "reports/csv_table.h"
#include "reports/run_data.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define MIB 1048576.0

enum { POINTS = 1500, MOVES = 24 };

int reuse_relayed(const struct run_data *run)
{
	return csv_table_rows(run->reuse_moves) > 0;
}

static bool is_disk(const struct csv_table *moves, int row)
{
	return strcmp(csv_table_text(moves, row, "kind"), "disk") == 0;
}

static bool any_disk(const struct csv_table *moves)
{
	for (int row = 0; row < csv_table_rows(moves); row++)
		if (is_disk(moves, row))
			return true;
	return false;
}

/* Of memory and disks together, then of disks. */
static void curve_write(struct plotting *p, FILE *data)
{
	const struct csv_table *t = p->run->reuse;
	int rows = csv_table_rows(t), step = rows / POINTS + 1;
	bool disks = any_disk(p->run->reuse_moves);
	fputs("0 0 0 0 0\n", data);
	for (int row = 0; row < rows; row++) {
		if (row % step && row != rows - 1)
			continue;
		fprintf(data, "%.6f", csv_table_number(t, row, "time_s"));
		double stream = disks ? csv_table_number(t, row, "disk_stream_bytes") : 0;
		double link = disks ? csv_table_number(t, row, "disk_link_bytes") : 0;
		gnuplot_put_number(data, (csv_table_number(t, row, "stream_bytes") + stream) / MIB);
		gnuplot_put_number(data, (csv_table_number(t, row, "link_bytes") + link) / MIB);
		gnuplot_put_number(data, stream / MIB);
		gnuplot_put_number(data, link / MIB);
		fputc('\n', data);
	}
	double last_s = rows ? csv_table_number(t, rows - 1, "time_s") : 0;
	fprintf(p->script, "LAST = %.6f\nDISKS = %d\n", last_s > 0 ? last_s : 1, disks);
}

/* The first connections of a run with very many. A disk goes before the memory of its move. */
static void moves_write(struct plotting *p)
{
	const struct csv_table *t = p->run->reuse_moves;
	int rows = csv_table_rows(t) < MOVES ? csv_table_rows(t) : MOVES;
	bool disks = any_disk(t);
	double high = 0;
	int move = 0;
	char text[160], size[64];
	fprintf(p->script,
	        "N = %d\narray MOVE_LABEL[N]\narray MOVE_STREAM[N]\narray MOVE_LINK[N]\narray MOVE_TEXT[N]\n", rows);
	for (int i = 0; i < rows; i++) {
		double stream = csv_table_number(t, i, "stream_bytes"), link = csv_table_number(t, i, "link_bytes");
		double pages = csv_table_number(t, i, "pages"), referenced = csv_table_number(t, i, "referenced");
		const char *state = csv_table_text(t, i, "state");
		high = fmax(high, fmax(stream, link));
		move += !i || is_disk(t, i) || !is_disk(t, i - 1);
		snprintf(text, sizeof(text), "%d. from %.40s%s", move, csv_table_text(t, i, "from"),
		         !disks          ? ""
		         : is_disk(t, i) ? ", disk"
		                         : ", memory");
		gnuplot_set_item(p->script, "MOVE_LABEL", i + 1, text);
		snprintf(text, sizeof(text), "%s on the link, %.3g %%; %.3g %% of the %s by hash%s%s",
		         value_format(link, "bytes", size, sizeof(size)), 100 * link / stream,
		         pages > 0 ? 100 * referenced / pages : 0, is_disk(t, i) ? "blocks" : "pages",
		         strcmp(state, "ended") == 0 ? "" : "; ", strcmp(state, "ended") == 0 ? "" : state);
		gnuplot_set_item(p->script, "MOVE_TEXT", i + 1, text);
		gnuplot_set_number_item(p->script, "MOVE_STREAM", i + 1, stream / MIB);
		gnuplot_set_number_item(p->script, "MOVE_LINK", i + 1, link / MIB);
	}
	fprintf(p->script, "HIGH = %.6g\n", high > 0 ? high / MIB : 1);
}

int reuse_prepare(struct plotting *p, struct err *e)
{
	if (!reuse_relayed(p->run))
		return plot_skip(p, "this run's migration did not go through relays");
	FILE *data = plot_data_open(p, e);
	if (!data)
		return -1;
	curve_write(p, data);
	moves_write(p);
	return plot_data_close(data, e);
}

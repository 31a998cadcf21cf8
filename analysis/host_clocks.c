#include "analysis/host_clocks.h"

#include "analysis/series_read.h"
#include "bench/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODE, BEFORE, WALL, AFTER, COLUMNS, DRIFT_PPM = 100 };

static const struct series_column columns[COLUMNS] = {
	[NODE] = { "node", COLUMN_TEXT, 0 },
	[BEFORE] = { "head_before_ns", COLUMN_INTEGER, 0 },
	[WALL] = { "wall_ns", COLUMN_INTEGER, 0 },
	[AFTER] = { "head_after_ns", COLUMN_INTEGER, 0 },
};

struct reading {
	char node[64];
	int64_t wall_ns, middle_ns, half_ns;
};

struct host_clocks {
	struct reading *readings;
	int count, room;
};

static int on_reading(void *context, const struct series_cell *cells, struct err *e)
{
	struct host_clocks *c = context;
	int64_t before = cells[BEFORE].integer, after = cells[AFTER].integer, wall = cells[WALL].integer;
	if (before == MISSING || after == MISSING || wall == MISSING || after < before)
		return 0;
	if (c->count == c->room) {
		int room = c->room ? 2 * c->room : 64;
		struct reading *more = realloc(c->readings, (size_t)room * sizeof(*more));
		if (!more)
			return err_errno(e, EXIT_CANNOT, "cannot keep the nodes' clocks");
		c->readings = more;
		c->room = room;
	}
	struct reading *r = &c->readings[c->count++];
	snprintf(r->node, sizeof(r->node), "%.63s", cells[NODE].text);
	r->wall_ns = wall;
	r->half_ns = (after - before + 1) / 2;
	r->middle_ns = before + r->half_ns;
	return 0;
}

int host_clocks_read(struct host_clocks **ret, const char *directory, struct err *e)
{
	struct host_clocks *c = calloc(1, sizeof(*c));
	*ret = NULL;
	if (!c)
		return err_errno(e, EXIT_CANNOT, "cannot keep the nodes' clocks");
	int result = series_read(directory, "clocks.csv", columns, COLUMNS, on_reading, c, NULL, e);
	if (result != 0) {
		host_clocks_free(c);
		return result < 0 ? -1 : 0;
	}
	*ret = c;
	return 0;
}

void host_clocks_free(struct host_clocks *c)
{
	if (!c)
		return;
	free(c->readings);
	free(c);
}

int host_clocks_map(const struct host_clocks *c, const char *node, int64_t wall_ns, int64_t *ret_head_ns,
                    int64_t *ret_error_ns)
{
	int64_t least_ns = INT64_MAX;
	for (int i = 0; c && i < c->count; i++) {
		const struct reading *r = &c->readings[i];
		int64_t since_ns = wall_ns - r->wall_ns;
		int64_t error_ns = r->half_ns + llabs(since_ns) / 1000000 * DRIFT_PPM;
		if (strcmp(r->node, node) != 0 || error_ns >= least_ns)
			continue;
		least_ns = error_ns;
		*ret_head_ns = r->middle_ns + since_ns;
		*ret_error_ns = error_ns;
	}
	return least_ns == INT64_MAX ? -1 : 0;
}

/* What the first LAN's switch counted of the client's UDP stream, against the client's own count. Declared in
 * continuity_metrics.h. */
#include "analysis/continuity_metrics.h"
#include "analysis/series_read.h"
#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD, DURATION, SWITCH, PROTOCOL, IP_SRC, IP_DST, PORT_SRC, PORT_DST, PACKETS, COLUMNS };
enum { FLOWS_MAX = 64, TO_GUEST = 0, FROM_GUEST = 1 };

#define STREAM_PORT_TEXT "7707"
#define FIRST_SWITCH "src"
#define SAME_NS INT64_C(200000000)

/* A flow's latest count. It is known by when it was made: its port loses its name with the guest's device. */
struct counted {
	int64_t made_ns, packets;
	char peer[64];
};

struct direction {
	struct counted flows[FLOWS_MAX];
	int count;
};

struct reading {
	char address[64];
	int64_t rows;
	struct direction directions[2];
};

static void flow_count(struct direction *d, int64_t made_ns, const char *peer, int64_t packets)
{
	int i = 0;
	while (i < d->count &&
	       (llabs(d->flows[i].made_ns - made_ns) > SAME_NS || strcmp(d->flows[i].peer, peer) != 0))
		i++;
	if (i == FLOWS_MAX)
		return;
	struct counted *f = &d->flows[i];
	if (i == d->count) {
		d->count++;
		f->made_ns = made_ns;
		snprintf(f->peer, sizeof(f->peer), "%.63s", peer);
	}
	f->packets = packets;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct reading *r = context;
	(void)e;
	if (cells[PACKETS].integer == MISSING || cells[HEAD].integer == MISSING ||
	    cells[DURATION].integer == MISSING || strcmp(cells[SWITCH].text, FIRST_SWITCH) != 0 ||
	    strcmp(cells[PROTOCOL].text, "udp") != 0)
		return 0;
	r->rows++;
	int64_t made_ns = cells[HEAD].integer - cells[DURATION].integer;
	if (strcmp(cells[IP_DST].text, r->address) == 0 && strcmp(cells[PORT_DST].text, STREAM_PORT_TEXT) == 0)
		flow_count(&r->directions[TO_GUEST], made_ns, cells[PORT_SRC].text, cells[PACKETS].integer);
	if (strcmp(cells[IP_SRC].text, r->address) == 0 && strcmp(cells[PORT_SRC].text, STREAM_PORT_TEXT) == 0)
		flow_count(&r->directions[FROM_GUEST], made_ns, cells[PORT_DST].text, cells[PACKETS].integer);
	return 0;
}

static const char *address_of(const struct run *run, const struct run_vm *vm)
{
	struct json_object *address;
	char path[64];
	snprintf(path, sizeof(path), "/vms/%d/data_ip", (int)(vm - run->vms));
	return json_pointer_get(run->manifest, path, &address) == 0 ? json_object_get_string(address) : "";
}

int flow_metrics(const struct run *run, const struct run_vm *vm, int64_t sent, int64_t received,
                 struct metrics *metrics, struct err *e)
{
	static const struct series_column columns[COLUMNS] = {
		[SWITCH] = { "switch", COLUMN_TEXT, 0 },      [PROTOCOL] = { "protocol", COLUMN_TEXT, 0 },
		[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },    [DURATION] = { "duration_ns", COLUMN_INTEGER, 0 },
		[IP_SRC] = { "ip_src", COLUMN_TEXT, 0 },      [IP_DST] = { "ip_dst", COLUMN_TEXT, 0 },
		[PORT_SRC] = { "port_src", COLUMN_TEXT, 0 },  [PORT_DST] = { "port_dst", COLUMN_TEXT, 0 },
		[PACKETS] = { "packets", COLUMN_INTEGER, 0 },
	};
	static const char *const variants[] = { "udp:to-guest", "udp:from-guest" };
	struct reading *r = calloc(1, sizeof(*r));
	if (!r)
		return err_errno(e, EXIT_CANNOT, "cannot keep the flows");
	snprintf(r->address, sizeof(r->address), "%s", address_of(run, vm));
	int result = series_read(run->directory, "flows.csv", columns, COLUMNS, on_row, r, NULL, e);
	for (int way = 0; way < 2 && result == 0; way++) {
		double sum = 0, own = metric_of(way == TO_GUEST ? sent : received);
		for (int i = 0; i < r->directions[way].count; i++)
			sum += (double)r->directions[way].flows[i].packets;
		metrics_put(metrics, "flow_counted", vm, variants[way], own > 0 && r->rows ? 100 * sum / own : NAN,
		            own > 0 && r->rows ? NULL : "the stream was not seen");
	}
	free(r);
	return result < 0 ? -1 : 0;
}

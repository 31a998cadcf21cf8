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

enum { SWITCH, PROTOCOL, IP_SRC, IP_DST, PORT_SRC, PORT_DST, PACKETS, COOKIE, COLUMNS };
enum { FLOWS_MAX = 256, TO_GUEST = 0, FROM_GUEST = 1 };

/* A conversation's counts. Its flow goes when nobody uses it, and is made anew with the same cookie. */
struct counted {
	char cookie[24];
	int64_t packets; /* of its flow, latest */
	int64_t ended;   /* of flows that it had before */
};

struct direction {
	struct counted flows[FLOWS_MAX];
	int count, too_many;
};

struct reading {
	char address[64];
	int64_t rows, unnumbered;
	struct direction directions[2];
};

/* A count that goes back is another flow's. */
static void flow_count(struct direction *d, const char *cookie, int64_t packets)
{
	int i = 0;
	while (i < d->count && strcmp(d->flows[i].cookie, cookie) != 0)
		i++;
	if (i == FLOWS_MAX) {
		d->too_many = 1;
		return;
	}
	struct counted *f = &d->flows[i];
	if (i == d->count) {
		d->count++;
		snprintf(f->cookie, sizeof(f->cookie), "%.23s", cookie);
	}
	if (packets < f->packets)
		f->ended += f->packets;
	f->packets = packets;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct reading *r = context;
	(void)e;
	if (cells[PACKETS].integer == MISSING || strcmp(cells[SWITCH].text, FLOWS_FIRST_SWITCH) != 0 ||
	    strcmp(cells[PROTOCOL].text, "udp") != 0)
		return 0;
	r->rows++;
	const char *cookie = cells[COOKIE].text;
	int to = strcmp(cells[IP_DST].text, r->address) == 0 && strcmp(cells[PORT_DST].text, FLOWS_STREAM_PORT) == 0;
	int from =
		strcmp(cells[IP_SRC].text, r->address) == 0 && strcmp(cells[PORT_SRC].text, FLOWS_STREAM_PORT) == 0;
	r->unnumbered += (to || from) && (!*cookie || strcmp(cookie, "0x0") == 0);
	if (to)
		flow_count(&r->directions[TO_GUEST], cookie, cells[PACKETS].integer);
	if (from)
		flow_count(&r->directions[FROM_GUEST], cookie, cells[PACKETS].integer);
	return 0;
}

/* Why there is no share; "" when there is. */
static const char *trouble_of(const struct reading *r, const struct direction *d, double own, char *buffer,
                              size_t room)
{
	buffer[0] = '\0';
	if (!(own > 0))
		snprintf(buffer, room, "%s",
		         "the client counted no datagram: see continuity-VM.csv and the guest's console");
	else if (!r->rows)
		snprintf(buffer, room,
		         "flows.csv has no flow of UDP at the switch '" FLOWS_FIRST_SWITCH
		         "': see collectors/flows in manifest.json");
	else if (r->unnumbered)
		snprintf(
			buffer, room,
			"its flows have no cookies to tell them apart: run it again with the controller of this version");
	else if (d->too_many)
		snprintf(buffer, room, "more than %d flows of the stream: the rest is not counted", FLOWS_MAX);
	return buffer;
}

const char *flow_guest_address(const struct run *run, const struct run_vm *vm)
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
		[IP_SRC] = { "ip_src", COLUMN_TEXT, 0 },      [IP_DST] = { "ip_dst", COLUMN_TEXT, 0 },
		[PORT_SRC] = { "port_src", COLUMN_TEXT, 0 },  [PORT_DST] = { "port_dst", COLUMN_TEXT, 0 },
		[PACKETS] = { "packets", COLUMN_INTEGER, 0 }, [COOKIE] = { "cookie", COLUMN_TEXT, 1 },
	};
	static const char *const variants[] = { "udp:to-guest", "udp:from-guest" };
	struct reading *r = calloc(1, sizeof(*r));
	if (!r)
		return err_errno(e, EXIT_CANNOT, "cannot keep the flows");
	snprintf(r->address, sizeof(r->address), "%s", flow_guest_address(run, vm));
	int result = series_read(run->directory, "flows.csv", columns, COLUMNS, on_row, r, NULL, e);
	for (int way = 0; way < 2 && result == 0; way++) {
		const struct direction *d = &r->directions[way];
		double sum = 0, own = metric_of(way == TO_GUEST ? sent : received);
		char trouble[160];
		for (int i = 0; i < d->count; i++)
			sum += (double)(d->flows[i].ended + d->flows[i].packets);
		trouble_of(r, d, own, trouble, sizeof(trouble));
		metrics_put(metrics, "flow_counted", vm, variants[way], *trouble ? NAN : 100 * sum / own, trouble);
	}
	free(r);
	return result < 0 ? -1 : 0;
}

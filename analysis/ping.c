#include "analysis/ping.h"

#include "bench/base/err.h"

#include <stdio.h>
#include <stdlib.h>

enum { INTERVAL, SEQ, SENT, ANSWERED, COLUMNS };
static const struct series_column columns[COLUMNS] = {
	[INTERVAL] = { "interval_ns", COLUMN_INTEGER, 0 },
	[SEQ] = { "seq", COLUMN_INTEGER, 0 },
	[SENT] = { "sent_ns", COLUMN_INTEGER, 0 },
	[ANSWERED] = { "answered_ns", COLUMN_INTEGER, 0 },
};

struct answer {
	int64_t interval_ns, seq, sent_ns, answered_ns;
};

struct pings {
	struct answer *list; /* by interval and number */
	size_t count;
};

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct pings *p = context;
	if ((p->count & (p->count - 1)) == 0) { /* room for the next power of two */
		struct answer *more = reallocarray(p->list, p->count ? 2 * p->count : 1, sizeof(*more));
		if (!more)
			return err_errno(e, EXIT_CANNOT, "cannot keep the pings");
		p->list = more;
	}
	p->list[p->count++] = (struct answer){ cells[INTERVAL].integer, cells[SEQ].integer, cells[SENT].integer,
		                               cells[ANSWERED].integer };
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct answer *x = a, *y = b;
	if (x->interval_ns != y->interval_ns)
		return x->interval_ns < y->interval_ns ? -1 : 1;
	return (x->seq > y->seq) - (x->seq < y->seq);
}

int pings_read(struct pings **ret, const struct run *run, const struct run_vm *vm, struct err *e)
{
	char name[RUN_NAME_ROOM + 16];
	struct pings *p = calloc(1, sizeof(*p));
	if (!p)
		return err_errno(e, EXIT_CANNOT, "cannot keep the pings");
	snprintf(name, sizeof(name), "ping-%s.csv", vm->name);
	int read = series_read(run->directory, name, columns, COLUMNS, on_row, p, NULL, e);
	if (read != 0) {
		pings_free(p);
		return read;
	}
	qsort(p->list, p->count, sizeof(*p->list), by_number);
	*ret = p;
	return 0;
}

void pings_free(struct pings *p)
{
	if (p)
		free(p->list);
	free(p);
}

/* The first answer of an interval whose echo was sent at from_ns or later. */
static size_t first_from(const struct pings *p, int64_t interval_ns, int64_t from_ns)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct answer *a = &p->list[middle];
		if (a->interval_ns < interval_ns || (a->interval_ns == interval_ns && a->sent_ns < from_ns))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The longest between two neighbours of which the first was sent before to_ns and the second at from_ns or later. */
static int64_t longest(const struct pings *p, int64_t interval_ns, enum ping_reading reading, int64_t from_ns,
                       int64_t to_ns, int64_t *ret_at_ns)
{
	int64_t found = MISSING, last_ns;
	size_t i = first_from(p, interval_ns, from_ns);
	if (i == 0)
		i = 1;
	last_ns = p->count ? p->list[i - 1].answered_ns : 0;
	for (; i < p->count && p->list[i].interval_ns == interval_ns; i++) {
		const struct answer *a = &p->list[i - 1], *b = &p->list[i];
		if (a->sent_ns >= to_ns)
			break;
		if (a->interval_ns != interval_ns) {
			last_ns = b->answered_ns;
			continue;
		}
		int64_t lost = b->seq - a->seq - 1, silent_ns = b->answered_ns - last_ns;
		int64_t value_ns = reading == PING_LOST      ? lost > 0 ? (lost + 1) * interval_ns : 0
		                   : silent_ns > interval_ns ? silent_ns - interval_ns
		                                             : 0;
		if (b->answered_ns > last_ns)
			last_ns = b->answered_ns;
		if (found != MISSING && value_ns <= found)
			continue;
		found = value_ns;
		*ret_at_ns = a->sent_ns;
	}
	return found;
}

void pings_downtime(const struct pings *p, int64_t interval_ns, enum ping_reading reading,
                    const struct downtime_window *window, struct downtime *ret)
{
	int64_t baseline_at_ns;
	*ret = downtime_missing;
	ret->value_ns = longest(p, interval_ns, reading, window->from_ns, window->to_ns, &ret->at_ns);
	ret->low_ns = ret->value_ns > interval_ns ? ret->value_ns - interval_ns : 0;
	ret->high_ns = ret->value_ns == MISSING ? MISSING : ret->value_ns + interval_ns;
	if (ret->value_ns == MISSING) {
		ret->low_ns = MISSING;
		snprintf(ret->reason, sizeof(ret->reason), "no pings of the VM");
	}
	if (window->baseline_to_ns > window->baseline_from_ns)
		ret->floor_ns = longest(p, interval_ns, reading, window->baseline_from_ns, window->baseline_to_ns,
		                        &baseline_at_ns);
}

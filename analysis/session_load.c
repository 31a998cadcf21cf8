#include "analysis/session_load.h"

#include "bench/base/err.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEAD, SESSIONS, COLUMNS };
static const struct series_column columns[COLUMNS] = {
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 }, [SESSIONS] = { "sessions", COLUMN_INTEGER, 0 }
};

struct seen {
	const struct session_window *windows;
	int count;
	int64_t *rows;    /* in each window */
	int64_t sessions; /* MISSING: none yet */
	int changed;
};

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	(void)e;
	struct seen *s = context;
	int64_t at_ns = cells[HEAD].integer, sessions = cells[SESSIONS].integer;
	for (int i = 0; i < s->count; i++) {
		if (at_ns <= s->windows[i].from_ns || at_ns > s->windows[i].to_ns)
			continue;
		s->rows[i]++;
		s->changed |= sessions == MISSING || (s->sessions != MISSING && sessions != s->sessions);
		s->sessions = sessions;
	}
	return 0;
}

int session_load_is_constant(const struct run *run, const struct run_vm *vm, const struct session_window *windows,
                             int count, struct err *e)
{
	struct seen s = { .windows = windows, .count = count, .sessions = MISSING };
	char name[RUN_NAME_ROOM + 16];
	s.rows = calloc((size_t)count + 1, sizeof(*s.rows));
	if (!s.rows)
		return err_errno(e, EXIT_CANNOT, "cannot look at the web sessions");
	snprintf(name, sizeof(name), "web-%s.csv", vm->name);
	int read = series_read(run->directory, name, columns, COLUMNS, on_row, &s, NULL, e), constant = !s.changed;
	for (int i = 0; i < count; i++)
		constant &= s.rows[i] > 0;
	free(s.rows);
	return read < 0 ? -1 : read == 1 ? 1 : constant;
}

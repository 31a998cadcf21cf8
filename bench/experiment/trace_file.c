#include "bench/experiment/simulated.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <csv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMN_ARRIVAL, COLUMN_WORK, COLUMN_MEMORY, COLUMN_USED, COLUMN_HOME, COLUMN_KIND, COLUMN_COUNT };

static const char *const column_names[COLUMN_COUNT] = { "arrival_s",  "work_s", "memory_bytes",
	                                                "used_bytes", "home",   "kind" };
static const char *const kind_names[SCENARIO_KINDS] = { "small", "medium", "large" };

struct trace {
	const char *path;
	const struct scenario *scenario; /* that it is for */
	int64_t line;                    /* of the file, from 1 */
	int fields;
	int column[64]; /* of each field: which it is, -1 none */
	int columns;
	struct simulated_vm vm;
	struct simulated_vm *vms;
	int64_t count, room;
	struct err *e;
	bool bad;
};

static void complain(struct trace *t, const char *column, const char *what)
{
	if (!t->bad)
		err_set(t->e, EXIT_USAGE, "%s:%lld: %s%s%s", t->path, (long long)t->line, column,
		        column[0] ? " " : "", what);
	t->bad = true;
}

static void head_take(struct trace *t, const char *text)
{
	if (t->columns == 64) {
		complain(t, "", "more than 64 columns");
		return;
	}
	int which = -1;
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (strcmp(text, column_names[i]) == 0)
			which = i;
	t->column[t->columns++] = which;
}

/* A number not below 0 and below 2^53. */
static double number(struct trace *t, int column, const char *text)
{
	char *end;
	double value = strtod(text, &end);
	if (end == text || *end || !(value >= 0 && value < 0x1p53)) {
		complain(t, column_names[column], "is no number from 0 to 2^53");
		return 0;
	}
	return value;
}

static void kind_take(struct trace *t, const char *text)
{
	for (int i = 0; i < SCENARIO_KINDS; i++)
		if (strcmp(text, kind_names[i]) == 0)
			t->vm.kind = i;
	if (t->vm.kind < 0)
		complain(t, "kind", "is none of small, medium, large");
}

static void cell_take(struct trace *t, int column, const char *text)
{
	if (!text[0])
		return;
	switch (column) {
	case COLUMN_ARRIVAL:
		t->vm.arrival_ns = (int64_t)llround(fmin(number(t, column, text), 0x1p32) * NS_PER_S);
		break;
	case COLUMN_WORK:
		t->vm.work_ns = number(t, column, text) * NS_PER_S;
		break;
	case COLUMN_MEMORY:
		t->vm.memory_bytes = (int64_t)number(t, column, text);
		break;
	case COLUMN_USED:
		t->vm.used_bytes = (int64_t)number(t, column, text);
		break;
	case COLUMN_HOME:
		t->vm.home = (int32_t)fmin(number(t, column, text), INT32_MAX);
		if (t->vm.home >= t->scenario->sites * t->scenario->nodes_per_site)
			complain(t, "home", "is no node");
		break;
	case COLUMN_KIND:
		kind_take(t, text);
		break;
	default:
		break;
	}
}

static void take_field(void *field, size_t length, void *context)
{
	struct trace *t = context;
	char text[64];
	int column = t->line > 1 && t->fields < t->columns ? t->column[t->fields] : -1;
	snprintf(text, sizeof(text), "%.*s", (int)(length < sizeof(text) ? length : sizeof(text) - 1),
	         field ? (const char *)field : "");
	t->fields++;
	if (t->line == 1)
		head_take(t, text);
	else if (column >= 0)
		cell_take(t, column, text);
}

static bool has_arrivals(const struct trace *t)
{
	for (int i = 0; i < t->columns; i++)
		if (t->column[i] == COLUMN_ARRIVAL)
			return true;
	return false;
}

static void memory_check(struct trace *t)
{
	int64_t memory = t->vm.memory_bytes > 0 ? t->vm.memory_bytes : t->scenario->vm_memory_bytes;
	if (memory > t->scenario->node_memory_bytes)
		complain(t, "memory_bytes", "is more than nodes.memory: the VM would never start");
	if (t->vm.used_bytes > memory)
		complain(t, "used_bytes", "is more than the VM's memory");
}

static void take_row(int terminator, void *context)
{
	static const struct simulated_vm none = { .arrival_ns = -1, .home = -1, .kind = -1 };
	struct trace *t = context;
	(void)terminator;
	if (t->line == 1) {
		if (!has_arrivals(t))
			complain(t, "", "there is no column arrival_s");
	} else if (t->vm.arrival_ns < (t->count ? t->vms[t->count - 1].arrival_ns : 0)) {
		complain(t, "arrival_s", "is missing, or before that of the row before");
	} else {
		memory_check(t);
		if (t->count == t->room) {
			int64_t room = t->room ? 2 * t->room : 1024;
			struct simulated_vm *larger = realloc(t->vms, (size_t)room * sizeof(*larger));
			if (!larger) {
				complain(t, "", "no memory for so many VMs");
				return;
			}
			t->vms = larger;
			t->room = room;
		}
		t->vms[t->count++] = t->vm;
	}
	t->vm = none;
	t->fields = 0;
	t->line++;
}

int trace_read(const char *path, const struct scenario *s, struct simulated_vm **ret, int64_t *ret_count,
               struct err *e)
{
	struct trace t = { .path = path, .scenario = s, .line = 1, .e = e };
	struct csv_parser parser;
	char chunk[65536];
	size_t n;
	FILE *file = fopen(path, "re");
	if (!file)
		return err_errno(e, EXIT_USAGE, "cannot read '%s'", path);
	if (csv_init(&parser, CSV_APPEND_NULL) != 0) {
		fclose(file);
		return err_set(e, EXIT_CANNOT, "no memory to read '%s'", path);
	}
	while (!t.bad && (n = fread(chunk, 1, sizeof(chunk), file)) > 0)
		if (csv_parse(&parser, chunk, n, take_field, take_row, &t) != n)
			complain(&t, "", csv_strerror(csv_error(&parser)));
	csv_fini(&parser, take_field, take_row, &t);
	csv_free(&parser);
	if (ferror(file))
		complain(&t, "", "cannot be read to its end");
	fclose(file);
	if (!t.bad && t.count == 0)
		complain(&t, "", "there is no VM");
	if (t.bad) {
		free(t.vms);
		return -1;
	}
	*ret = t.vms;
	*ret_count = t.count;
	return 0;
}

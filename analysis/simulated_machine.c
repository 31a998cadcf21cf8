#include "analysis/simulated_machine.h"

#include "analysis/csv_field.h"
#include "analysis/series_read.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MACHINE_VMS_MAX = 1000 };

struct machine {
	double work_error; /* half of the interval of the jobs' time alone, over it; NAN: not known */
	double done_s[MACHINE_VMS_MAX], low_s[MACHINE_VMS_MAX], high_s[MACHINE_VMS_MAX];
	int64_t n[MACHINE_VMS_MAX];
	int vms;
	FILE *out;
	int64_t point; /* whose ends are read, in order of time */
	int place;
	char policy[64]; /* on the machines; "": not known */
	bool *is_same;   /* a point each: it is of that policy */
	int64_t points;
};

enum { WORK, WORK_HIGH, DONE, LOW, HIGH, COUNT, POLICY, TRACE_COLUMNS };

static int on_vm(void *context, const struct series_cell *c, struct err *e)
{
	struct machine *m = context;
	(void)e;
	if (m->vms == MACHINE_VMS_MAX)
		return 0;
	m->work_error = c[WORK_HIGH].number / c[WORK].number - 1;
	m->done_s[m->vms] = c[DONE].number;
	m->low_s[m->vms] = c[LOW].number;
	m->high_s[m->vms] = c[HIGH].number;
	snprintf(m->policy, sizeof(m->policy), "%s", c[POLICY].text);
	m->n[m->vms++] = isnan(c[COUNT].number) ? 0 : (int64_t)c[COUNT].number;
	return 0;
}

static int on_policy(void *context, const struct series_cell *c, struct err *e)
{
	struct machine *m = context;
	bool *larger = realloc(m->is_same, (size_t)(m->points + 1) * sizeof(*larger));
	if (!larger)
		return err_errno(e, EXIT_CANNOT, "no memory for %lld points", (long long)m->points);
	m->is_same = larger;
	m->is_same[m->points++] = !m->policy[0] || strcmp(c->text, m->policy) == 0;
	return 0;
}

enum { POINT, TIME, EVENT, TOLD_COLUMNS };

static int on_event(void *context, const struct series_cell *c, struct err *e)
{
	struct machine *m = context;
	(void)e;
	if (strcmp(c[EVENT].text, "end") != 0)
		return 0;
	m->place = c[POINT].integer == m->point ? m->place + 1 : 0;
	m->point = c[POINT].integer;
	if (m->place >= m->vms || m->point < 1 || m->point > m->points || !m->is_same[m->point - 1])
		return 0;
	double simulated_s = (double)c[TIME].integer / 1e9, measured_s = m->done_s[m->place];
	double half_s = hypot(m->high_s[m->place] - measured_s, simulated_s * m->work_error);
	fprintf(m->out, "%lld,%d", (long long)m->point, m->place + 1);
	field_number(m->out, simulated_s);
	field_number(m->out, measured_s);
	field_number(m->out, m->low_s[m->place]);
	field_number(m->out, m->high_s[m->place]);
	fprintf(m->out, ",%lld", (long long)m->n[m->place]);
	field_number(m->out, simulated_s - measured_s);
	field_number(m->out, 100 * (simulated_s / measured_s - 1));
	field_number(m->out, simulated_s - measured_s - half_s);
	field_number(m->out, simulated_s - measured_s + half_s);
	putc('\n', m->out);
	return 0;
}

int simulated_machine_write(const char *directory, struct err *e)
{
	static const struct series_column trace[TRACE_COLUMNS] = {
		[WORK] = { "work_s", COLUMN_NUMBER, 1 },      [WORK_HIGH] = { "work_high_s", COLUMN_NUMBER, 1 },
		[DONE] = { "done_s", COLUMN_NUMBER, 1 },      [LOW] = { "done_low_s", COLUMN_NUMBER, 1 },
		[HIGH] = { "done_high_s", COLUMN_NUMBER, 1 }, [COUNT] = { "done_n", COLUMN_NUMBER, 1 },
		[POLICY] = { "policy", COLUMN_TEXT, 1 },
	};
	static const struct series_column points = { "policy", COLUMN_TEXT, 0 };
	static const struct series_column told[TOLD_COLUMNS] = {
		[POINT] = { "point", COLUMN_INTEGER, 0 },
		[TIME] = { "time_ns", COLUMN_INTEGER, 0 },
		[EVENT] = { "event", COLUMN_TEXT, 0 },
	};
	struct whole_file out = { 0 };
	struct machine *m = calloc(1, sizeof(*m));
	if (!m)
		return err_errno(e, EXIT_CANNOT, "cannot compare with machines");
	int result = series_read(directory, "trace.csv", trace, TRACE_COLUMNS, on_vm, m, NULL, e);
	if (result == 0)
		result = series_read(directory, "points.csv", &points, 1, on_policy, m, NULL, e);
	if (result == 0 && m->vms && !isnan(m->done_s[0]) &&
	    (result = whole_file_open(&out, directory, "machine.csv", e)) == 0) {
		m->out = out.file;
		fputs("point,place,simulated_s,measured_s,measured_low_s,measured_high_s,n,difference_s,"
		      "difference_percent,difference_low_s,difference_high_s\n",
		      out.file);
		result = whole_file_close(
			&out, series_read(directory, "simulated.csv", told, TOLD_COLUMNS, on_event, m, NULL, e), e);
	}
	free(m->is_same);
	free(m);
	return result < 0 ? -1 : 0; /* 1: there is no trace */
}

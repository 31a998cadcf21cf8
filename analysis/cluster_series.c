#include "analysis/cluster_series.h"

#include "analysis/json_field.h"
#include "analysis/monitor_database.h"
#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Between two readings a row may be missing, not more. */
#define STEPS                                                                                                        \
	"WITH counted AS (SELECT *, lag(head_ns) OVER w AS from_ns, cpu_ns - lag(cpu_ns) OVER w AS cpu,"             \
	" due_ns - lag(due_ns) OVER w AS gap_ns FROM sample WINDOW w AS (PARTITION BY node, vm ORDER BY due_ns)),"   \
	" step AS (SELECT due_ns, node, vm, state, state = 'running' AS running, cpus, from_ns, head_ns AS to_ns,"   \
	" CASE WHEN cpu >= 0 AND gap_ns <= 2 * ?1 AND head_ns > from_ns THEN 1.0 * cpu / (head_ns - from_ns) END"    \
	" AS cores FROM counted) "

static const char interval_query[] = "SELECT min(gap_ns) FROM (SELECT due_ns - lag(due_ns) OVER (ORDER BY due_ns) AS "
				     "gap_ns FROM (SELECT DISTINCT due_ns FROM sample))";
static const char step_query[] = STEPS "SELECT from_ns, to_ns, node, vm, cores FROM step "
				       "WHERE from_ns IS NOT NULL AND to_ns IS NOT NULL ORDER BY due_ns, node, vm";
/* The first reading has none before it. A node that did not answer has no rows of its VMs. */
static const char second_query[] =
	STEPS "SELECT due_ns, max(CASE vm WHEN '' THEN coalesce(from_ns, due_ns - ?1) END),"
	      " max(CASE vm WHEN '' THEN coalesce(to_ns, due_ns) END), node,"
	      " max(CASE vm WHEN '' THEN cores END), total(CASE WHEN vm <> '' AND running THEN cores END),"
	      " max(CASE vm WHEN '' THEN cpus END), total(vm <> '' AND running),"
	      " total(vm <> '' AND running AND cores >= ?2),"
	      " total(vm = '' AND state = 'answering') > 0 AND"
	      " total(vm <> '' AND running AND cores IS NULL) = 0 FROM step "
	      "WHERE due_ns > (SELECT min(due_ns) FROM sample) GROUP BY due_ns, node "
	      "HAVING total(vm = '') > 0 ORDER BY due_ns, node";

enum { ROWS_MAX = 1 << 24 };

static double number_of(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN : sqlite3_column_double(row, column);
}

static void copy_text(sqlite3_stmt *row, int column, char *buffer)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	snprintf(buffer, RUN_NAME_ROOM, "%s", text ? text : "");
}

static void take_step(void *into, sqlite3_stmt *row)
{
	struct cluster_step *step = into;
	step->from_ns = sqlite3_column_int64(row, 0);
	step->to_ns = sqlite3_column_int64(row, 1);
	copy_text(row, 2, step->node);
	copy_text(row, 3, step->vm);
	step->cores = number_of(row, 4);
}

static void take_second(void *into, sqlite3_stmt *row)
{
	struct cluster_second *second = into;
	second->due_ns = sqlite3_column_int64(row, 0);
	second->from_ns = sqlite3_column_int64(row, 1);
	second->to_ns = sqlite3_column_int64(row, 2);
	copy_text(row, 3, second->node);
	second->cores = number_of(row, 4);
	second->guests = sqlite3_column_double(row, 5);
	second->capacity = fmax(number_of(row, 6), 1);
	second->running = sqlite3_column_int(row, 7);
	second->active = sqlite3_column_int(row, 8);
	second->known = sqlite3_column_int(row, 9);
	if (!second->known)
		second->guests = NAN;
}

/* All rows of a query into an array, which the caller frees. */
static int read_all(const struct cluster_series *s, sqlite3 *database, const char *sql, size_t size,
                    void (*take)(void *into, sqlite3_stmt *row), void **ret, int *ret_count)
{
	sqlite3_stmt *row;
	int room = 0, step;
	if (sqlite3_prepare_v2(database, sql, -1, &row, NULL) != SQLITE_OK)
		return -1;
	sqlite3_bind_int64(row, 1, s->interval_ns);
	sqlite3_bind_double(row, 2, s->rules.active);
	while ((step = sqlite3_step(row)) == SQLITE_ROW && *ret_count < ROWS_MAX) {
		if (*ret_count == room) {
			void *more = reallocarray(*ret, (size_t)(room = room ? 2 * room : 1024), size);
			if (!more)
				break;
			*ret = more;
		}
		take((char *)*ret + (size_t)(*ret_count)++ * size, row);
	}
	sqlite3_finalize(row);
	return step == SQLITE_DONE ? 0 : -1;
}

static int64_t read_interval(sqlite3 *database)
{
	sqlite3_stmt *row;
	int64_t interval_ns = -1;
	if (sqlite3_prepare_v2(database, interval_query, -1, &row, NULL) != SQLITE_OK)
		return -1;
	if (sqlite3_step(row) == SQLITE_ROW)
		interval_ns = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return interval_ns;
}

/* A key of the policy; of one that has no such key, what policy_threshold.c has by default. */
static double policy_number(const struct run *run, const char *key, double otherwise)
{
	char path[96], *end;
	snprintf(path, sizeof(path), "/consolidate/policy_options/%s", key);
	const char *text = json_text_at(run->manifest, path);
	double value = strtod(text, &end);
	return end > text && value > 0 ? value : otherwise;
}

int cluster_series_read(struct cluster_series *ret, const struct run *run, struct err *e)
{
	struct monitor_database d;
	*ret = (struct cluster_series){
		.rules = { .overload = policy_number(run, "overload", 0.9),
		           .idle = policy_number(run, "idle", 0.3),
		           .active = policy_number(run, "active", 0.05),
		           .guests_only = strcmp(json_text_at(run->manifest, "/config/consolidate/node_cpu"),
		                                 "guests") == 0 }
	};
	int result = monitor_database_open(&d, run->directory, e);
	if (result == 0 && ((ret->interval_ns = read_interval(d.handle)) < 0 ||
	                    read_all(ret, d.handle, step_query, sizeof(*ret->steps), take_step, (void **)&ret->steps,
	                             &ret->step_count) < 0 ||
	                    read_all(ret, d.handle, second_query, sizeof(*ret->seconds), take_second,
	                             (void **)&ret->seconds, &ret->second_count) < 0))
		result = err_set(e, EXIT_MEASURED_BAD, "cannot read '%s/monitor.sqlite': %s", run->directory,
		                 sqlite3_errmsg(d.handle));
	monitor_database_close(&d);
	return result;
}

void cluster_series_free(struct cluster_series *s)
{
	free(s->steps);
	free(s->seconds);
	*s = (struct cluster_series){ 0 };
}

double cluster_share(const struct cluster_series *s, const struct cluster_second *second)
{
	return (s->rules.guests_only ? second->guests : second->cores) / second->capacity;
}

int64_t cluster_begin_ns(const struct run *run)
{
	const struct run_event *begin = run_event(run, "consolidation", NULL, MISSING);
	return begin ? begin->head_ns : MISSING;
}

int64_t cluster_end_ns(const struct run *run)
{
	const struct run_phase *loop = run_phase(run, "migration");
	return loop ? loop->end_ns : MISSING;
}

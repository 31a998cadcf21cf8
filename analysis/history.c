#include "analysis/history.h"

#include "analysis/compare_rules.h"
#include "analysis/conditions.h"
#include "analysis/downtime.h"
#include "analysis/json_field.h"
#include "analysis/study.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"

#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define APPLICATION_ID 0x6d6d6869 /* "mmhi", for file(1) and for us */
#define BUSY_MS 5000

struct history {
	sqlite3 *database;
	char path[512];
};

/* What brings a file from each version to the next, from an empty one on. One that was published is never changed again. SQLite
 * keeps the comments. */
static const char *const migrations[HISTORY_SCHEMA_VERSION] = {
	"CREATE TABLE run (\n"
	"	id TEXT PRIMARY KEY,      -- the run's random id\n"
	"	wall_ns INTEGER,          -- when it began: ns since 1970-01-01 00:00:00 UTC\n"
	"	directory TEXT NOT NULL,\n"
	"	name TEXT NOT NULL,       -- of the experiment\n"
	"	point TEXT NOT NULL,      -- of its sweep, '' none\n"
	"	repeat INTEGER NOT NULL,\n"
	"	status TEXT NOT NULL,     -- complete, failed, skipped\n"
	"	reason TEXT NOT NULL,\n"
	"	scale REAL,\n"
	"	link_rate TEXT NOT NULL,  -- asked\n"
	"	mode TEXT NOT NULL,       -- precopy, postcopy\n"
	"	accelerator TEXT NOT NULL,\n"
	"	cpu TEXT NOT NULL,        -- of the host\n"
	"	kernel TEXT NOT NULL,     -- of the host\n"
	"	guest_kernel TEXT NOT NULL,\n"
	"	qemu TEXT NOT NULL,\n"
	"	libvirt TEXT NOT NULL,\n"
	"	version TEXT NOT NULL,    -- of migmeter\n"
	"	revision TEXT NOT NULL\n"
	");\n"
	"CREATE TABLE value (\n"
	"	run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,\n"
	"	metric TEXT NOT NULL,     -- migmeter list metrics\n"
	"	vm TEXT NOT NULL,         -- '' the run's\n"
	"	role TEXT NOT NULL,\n"
	"	estimator TEXT NOT NULL,\n"
	"	unit TEXT NOT NULL,\n"
	"	value REAL,               -- NULL: missing\n"
	"	reason TEXT NOT NULL,     -- why it is missing, or a caution\n"
	"	PRIMARY KEY (run, metric, vm, role, estimator)\n"
	") WITHOUT ROWID;\n"
	"CREATE INDEX value_by_metric ON value (metric, run);\n",
	/* Runs are removed (migmeter nightly --keep), and a change must still be told from another question. */
	"ALTER TABLE run ADD COLUMN conditions /* under which it was made: parts of its manifest by their path, in JSON;\n"
	"	'' not known */ TEXT NOT NULL DEFAULT '';\n",
};

static int fail(const struct history *h, struct err *e, enum exit_status status, const char *what)
{
	return err_set(e, status, "cannot %s the history '%s': %s", what, h->path,
	               h->database ? sqlite3_errmsg(h->database) : "out of memory");
}

static int execute(const struct history *h, const char *sql)
{
	return sqlite3_exec(h->database, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

/* A number; -1 when it cannot be had. */
static int ask(const struct history *h, const char *sql)
{
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(h->database, sql, -1, &s, NULL) != SQLITE_OK)
		return -1;
	int value = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int(s, 0) : -1;
	sqlite3_finalize(s);
	return value;
}

/* Another migmeter may do the same at the same time: what is to be done is known only behind the lock. */
static int migrate(const struct history *h)
{
	char text[96];
	int result = execute(h, "BEGIN IMMEDIATE"), version = result == 0 ? ask(h, "PRAGMA user_version") : -1;
	if (version < 0 || version >= HISTORY_SCHEMA_VERSION)
		return version < 0 ? -1 : execute(h, "COMMIT");
	for (int v = version; result == 0 && v < HISTORY_SCHEMA_VERSION; v++)
		result = execute(h, migrations[v]);
	snprintf(text, sizeof(text), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", APPLICATION_ID,
	         HISTORY_SCHEMA_VERSION);
	return result == 0 ? execute(h, text) : -1;
}

static int open_file(struct history *h, int make, struct err *e)
{
	/* Nothing is changed before it is known what the file is. */
	if (sqlite3_open_v2(h->path, &h->database, SQLITE_OPEN_READWRITE | (make ? SQLITE_OPEN_CREATE : 0), NULL) !=
	    SQLITE_OK)
		return fail(h, e, EXIT_CANNOT, "open");
	sqlite3_busy_timeout(h->database, BUSY_MS);
	int tables = ask(h, "SELECT count(*) FROM sqlite_master"), version = ask(h, "PRAGMA user_version");
	if (tables < 0 || version < 0)
		return fail(h, e, EXIT_USAGE, "read");
	if (tables > 0 && ask(h, "PRAGMA application_id") != APPLICATION_ID)
		return err_set(e, EXIT_USAGE, "'%s' is a database, but no history of runs: name another file",
		               h->path);
	if (version > HISTORY_SCHEMA_VERSION)
		return err_set(
			e, EXIT_USAGE,
			"'%s' has schema version %d, and this migmeter knows %d: use a newer migmeter, or name "
			"another file",
			h->path, version, HISTORY_SCHEMA_VERSION);
	if (version < HISTORY_SCHEMA_VERSION && migrate(h) < 0)
		return fail(h, e, EXIT_CANNOT, "bring up to date");
	return execute(h, "PRAGMA foreign_keys = ON") < 0 ? fail(h, e, EXIT_CANNOT, "open") : 0;
}

static int open_any(struct history **ret, const char *path, int make, struct err *e)
{
	struct history *h = calloc(1, sizeof(*h));
	if (!h)
		return err_errno(e, EXIT_CANNOT, "cannot open the history '%s'", path);
	if (!path[0] || strlen(path) >= sizeof(h->path)) {
		free(h);
		return err_set(e, EXIT_USAGE, "history '%.40s%s': its file needs a name of 1 to %zu bytes", path,
		               path[0] ? "..." : "", sizeof(h->path) - 1);
	}
	snprintf(h->path, sizeof(h->path), "%s", path);
	if (open_file(h, make, e) < 0) {
		history_close(h);
		return -1;
	}
	*ret = h;
	return 0;
}

int history_open(struct history **ret, const char *path, struct err *e)
{
	return open_any(ret, path, 1, e);
}

int history_open_made(struct history **ret, const char *path, struct err *e)
{
	if (access(path, F_OK) < 0)
		return err_errno(e, EXIT_USAGE, "cannot read the history '%s', which 'migmeter history add' makes",
		                 path);
	return open_any(ret, path, 0, e);
}

void history_close(struct history *h)
{
	if (h)
		sqlite3_close(h->database);
	free(h);
}

/* ---- adding ---- */

/* Run a statement with texts; a member at a time. */
static int put(const struct history *h, const char *sql, const char *const texts[], int count)
{
	sqlite3_stmt *s;
	if (sqlite3_prepare_v2(h->database, sql, -1, &s, NULL) != SQLITE_OK)
		return -1;
	for (int i = 0; i < count; i++)
		sqlite3_bind_text(s, i + 1, texts[i], -1, SQLITE_STATIC);
	int step = sqlite3_step(s);
	sqlite3_finalize(s);
	return step == SQLITE_DONE ? 0 : -1;
}

static int put_run(const struct history *h, const char *id, const char *directory, struct json_object *manifest)
{
	static const char *const facts[] = {
		"/clock_pairs/0/wall_ns",
		"/name",
		"/point",
		"/repeat",
		"/status",
		"/reason",
		"/scale",
		"/link/asked/rate",
		"/migration/mode",
		"/accelerator",
		"/host/cpu",
		"/host/kernel",
		"/guest/kernel",
		"/hypervisor/qemu",
		"/hypervisor/libvirt",
		"/version",
		"/revision",
	};
	enum { FACTS = sizeof(facts) / sizeof(*facts) };
	struct json_object *conditions = conditions_of(manifest);
	const char *texts[FACTS + 3] = { id, directory };
	for (int i = 0; i < FACTS; i++)
		texts[i + 2] = json_text_at(manifest, facts[i]);
	texts[FACTS + 2] =
		json_object_to_json_string_ext(conditions, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	int result = put(
		h,
		"INSERT INTO run (id, directory, wall_ns, name, point, repeat, status, reason, scale, link_rate, mode, "
		"accelerator, cpu, kernel, guest_kernel, qemu, libvirt, version, revision, conditions) VALUES (?1, ?2, "
		"CAST(nullif(?3, '') AS INTEGER), ?4, ?5, CAST(?6 AS INTEGER), ?7, ?8, "
		"CAST(nullif(?9, '') AS REAL), ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
		texts, FACTS + 3);
	json_object_put(conditions);
	return result;
}

static int put_value(sqlite3_stmt *s, const char *id, struct json_object *row)
{
	static const char *const names[] = { "/metric", "/vm", "/role", "/estimator", "/unit", "/reason" };
	struct json_object *value = NULL;
	sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
	for (int i = 0; i < 6; i++)
		sqlite3_bind_text(s, i + 2, json_text_at(row, names[i]), -1, SQLITE_STATIC);
	if (json_object_object_get_ex(row, "value", &value) && json_is_number(value))
		sqlite3_bind_double(s, 8, json_object_get_double(value));
	else
		sqlite3_bind_null(s, 8);
	int step = sqlite3_step(s);
	sqlite3_reset(s);
	return step == SQLITE_DONE ? 0 : -1;
}

static int put_values(const struct history *h, const char *id, const struct study_run *run)
{
	sqlite3_stmt *s;
	size_t count = run->metrics ? json_object_array_length(run->metrics) : 0;
	if (sqlite3_prepare_v2(h->database,
	                       "INSERT OR REPLACE INTO value (run, metric, vm, role, estimator, unit, reason, value) "
	                       "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	                       -1, &s, NULL) != SQLITE_OK)
		return -1;
	int result = 0;
	for (size_t i = 0; i < count && result == 0; i++) {
		struct json_object *row = json_object_array_get_idx(run->metrics, i);
		if (*json_text_at(row, "/metric"))
			result = put_value(s, id, row);
	}
	sqlite3_finalize(s);
	return result;
}

/* In one transaction. */
static int put_all(const struct history *h, const char *id, const struct study_run *run, struct json_object *manifest,
                   int *ret_new)
{
	char directory[PATH_MAX];
	if (!realpath(run->directory, directory))
		snprintf(directory, sizeof(directory), "%.4000s", run->directory);
	if (execute(h, "BEGIN IMMEDIATE") < 0 || put(h, "DELETE FROM run WHERE id = ?1", &id, 1) < 0)
		return -1;
	*ret_new = sqlite3_changes(h->database) == 0;
	return put_run(h, id, directory, manifest) < 0 || put_values(h, id, run) < 0 ? -1 : execute(h, "COMMIT");
}

int history_add(struct history *h, const struct study_run *run, int *ret_new, struct err *e)
{
	struct json_object *manifest = json_file_read(run->directory, "manifest.json");
	const char *id = json_text_at(manifest, "/run_id"), *status = json_text_at(manifest, "/status");
	int result = 0;
	if (!*id)
		result = err_set(e, EXIT_USAGE, "'%s' is a run without an id: it cannot be told from others",
		                 run->directory);
	else if (strcmp(status, "running") == 0 || strcmp(status, "interrupted") == 0)
		result = err_set(e, EXIT_USAGE, "'%s' has not ended: its status is '%s'", run->directory, status);
	else if (put_all(h, id, run, manifest, ret_new) < 0) {
		result = fail(h, e, EXIT_CANNOT, "write");
		execute(h, "ROLLBACK");
	}
	json_object_put(manifest);
	return result;
}

/* ---- reading ---- */

static const char *text_at(sqlite3_stmt *s, int column)
{
	const char *text = (const char *)sqlite3_column_text(s, column);
	return text ? text : "";
}

/* What the value of a row counts for, as compare has it. */
static void read_value(struct history_run *run, sqlite3_stmt *s, const char *metric)
{
	const char *reason = text_at(s, 14);
	int known = sqlite3_column_type(s, 13) != SQLITE_NULL;
	int never = sqlite3_column_type(s, 17) != SQLITE_NULL && sqlite3_column_double(s, 17) == 0;
	run->unit = text_at(s, 12);
	run->estimator = text_at(s, 15);
	run->vm = text_at(s, 16);
	enum value_worth worth = compare_value_worth(metric, run->estimator, known, reason, never);
	run->value = worth == VALUE_KNOWN ? sqlite3_column_double(s, 13) : worth == VALUE_ENDLESS ? INFINITY : NAN;
	run->aborted = worth == VALUE_ABORTED;
	run->unseen = worth == VALUE_KNOWN && downtime_is_no_stop(reason);
}

/* Each row of the statement: RUN_COLUMNS, then (metric) unit, value, reason, estimator, vm, whether the migration converged. */
static int each(const struct history *h, sqlite3_stmt *s, const char *metric, history_fn *fn, void *context,
                struct err *e)
{
	int step, result = 0;
	while (result == 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
		struct history_run run = {
			.id = text_at(s, 0),
			.directory = text_at(s, 1),
			.name = text_at(s, 2),
			.point = text_at(s, 3),
			.status = text_at(s, 4),
			.qemu = text_at(s, 5),
			.libvirt = text_at(s, 6),
			.kernel = text_at(s, 7),
			.version = text_at(s, 8),
			.wall_ns = sqlite3_column_int64(s, 9),
			.conditions = text_at(s, 10),
			.repeat = sqlite3_column_int(s, 11),
			.value = NAN,
			.unit = "",
			.vm = "",
			.estimator = "",
		};
		if (metric)
			read_value(&run, s, metric);
		result = fn(context, &run, e);
	}
	if (result == 0 && step != SQLITE_DONE)
		result = fail(h, e, EXIT_CANNOT, "read");
	sqlite3_finalize(s);
	return result;
}

#define RUN_COLUMNS                                                                                                  \
	"r.id, r.directory, r.name, r.point, r.status, r.qemu, r.libvirt, r.kernel, r.version, r.wall_ns, "          \
	"r.conditions, r.repeat"
#define RUN_CHOSEN "(?1 IS NULL OR r.name = ?1) AND (?2 IS NULL OR r.point = ?2)"
#define RUN_ORDER " ORDER BY r.wall_ns, r.name, r.point, r.repeat, r.id"

static sqlite3_stmt *prepare(const struct history *h, const char *sql, const char *const texts[], int count)
{
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(h->database, sql, -1, &s, NULL) != SQLITE_OK)
		return NULL;
	for (int i = 0; i < count; i++)
		sqlite3_bind_text(s, i + 1, texts[i], -1, SQLITE_TRANSIENT);
	return s;
}

int history_runs(struct history *h, const char *name, const char *point, history_fn *fn, void *context, struct err *e)
{
	const char *texts[] = { name, point };
	sqlite3_stmt *s = prepare(h, "SELECT " RUN_COLUMNS " FROM run r WHERE " RUN_CHOSEN RUN_ORDER, texts, 2);
	return s ? each(h, s, NULL, fn, context, e) : fail(h, e, EXIT_CANNOT, "read");
}

int history_values(struct history *h, const char *name, const char *point, const char *metric, const char *estimator,
                   history_fn *fn, void *context, struct err *e)
{
	const char *texts[] = { name, point, metric, estimator };
	/* With min() the other columns are of the row that has it. */
	sqlite3_stmt *s = prepare(h,
	                          "SELECT " RUN_COLUMNS ", v.unit, v.value, v.reason, v.estimator, v.vm, "
	                          "(SELECT c.value FROM value c WHERE c.run = r.id AND c.metric = 'converged' "
	                          "ORDER BY c.vm, c.role LIMIT 1), "
	                          "min((v.role <> 'migrating') || v.vm || ' ' || v.estimator) "
	                          "FROM run r JOIN value v ON v.run = r.id "
	                          "WHERE " RUN_CHOSEN " AND r.status = 'complete' AND v.metric = ?3 "
	                          "AND (?4 = '' OR v.estimator = ?4) GROUP BY r.id" RUN_ORDER,
	                          texts, 4);
	return s ? each(h, s, metric, fn, context, e) : fail(h, e, EXIT_CANNOT, "read");
}

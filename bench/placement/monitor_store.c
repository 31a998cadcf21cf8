#include "bench/placement/monitor_store.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APPLICATION_ID 0x6d6d6f6e /* "mmon", for file(1) and for us */
#define BUSY_MS 200
#define PAIR_INTERVAL_NS (60 * NS_PER_S)

struct monitor_store {
	sqlite3 *database;
	sqlite3_stmt *add, *age_samples, *age_pairs, *pair;
	int64_t keep_ns, next_pair_ns;
	char path[512], boot_id[CLOCK_BOOT_ID_ROOM];
};

/* SQLite keeps the comments. */
static const char schema[] =
	"CREATE TABLE sample (\n"
	"	due_ns INTEGER NOT NULL,      -- the second that the row is of: ns of the head's CLOCK_MONOTONIC\n"
	"	node TEXT NOT NULL,\n"
	"	vm TEXT NOT NULL,             -- '' = the node itself\n"
	"	state TEXT,                   -- node: answering, silent, asleep (put to sleep); VM: running, paused, ...\n"
	"	head_ns INTEGER,              -- when the counters were read: ns of the head's CLOCK_MONOTONIC\n"
	"	cpus INTEGER,                 -- cores of the node, vCPUs of the VM\n"
	"	cpu_ns INTEGER,               -- CPU time, cumulative, from an arbitrary origin\n"
	"	memory_bytes INTEGER,         -- in use: of the node, by the VM's QEMU\n"
	"	memory_total_bytes INTEGER,   -- of the node, given to the VM\n"
	"	disk_read_bytes INTEGER,      -- cumulative; of a node: the disks of its machine\n"
	"	disk_written_bytes INTEGER,   -- cumulative\n"
	"	net_received_bytes INTEGER,   -- cumulative; by the node from outside, by the VM\n"
	"	net_sent_bytes INTEGER,       -- cumulative\n"
	"	missing TEXT,                 -- why a value is NULL or a node silent; NULL: nothing is missing\n"
	"	PRIMARY KEY (due_ns, node, vm),\n"
	"	CHECK (missing IS NOT NULL OR (state IS NOT NULL AND state <> 'silent' AND\n"
	"		head_ns + cpus + cpu_ns + memory_bytes + memory_total_bytes + disk_read_bytes +\n"
	"		disk_written_bytes + net_received_bytes + net_sent_bytes IS NOT NULL))\n"
	") WITHOUT ROWID;\n"
	"CREATE TABLE clock_pair (\n"
	"	head_ns INTEGER PRIMARY KEY,  -- the head's CLOCK_MONOTONIC, ns\n"
	"	wall_ns INTEGER NOT NULL,     -- the same instant: ns since 1970-01-01 00:00:00 UTC\n"
	"	boot_id TEXT NOT NULL         -- of the head: CLOCK_MONOTONIC counts from its boot\n"
	");\n"
	"-- Between a row and the one before of the same node and VM; NULL where either lacks the counter, or it began anew.\n"
	"CREATE VIEW rate AS\n"
	"WITH step AS (\n"
	"	SELECT *, head_ns - lag(head_ns) OVER w AS ns, cpu_ns - lag(cpu_ns) OVER w AS cpu,\n"
	"		disk_read_bytes - lag(disk_read_bytes) OVER w AS disk_read,\n"
	"		disk_written_bytes - lag(disk_written_bytes) OVER w AS disk_written,\n"
	"		net_received_bytes - lag(net_received_bytes) OVER w AS net_received,\n"
	"		net_sent_bytes - lag(net_sent_bytes) OVER w AS net_sent\n"
	"	FROM sample WINDOW w AS (PARTITION BY node, vm ORDER BY due_ns))\n"
	"SELECT due_ns,\n"
	"	due_ns + (SELECT p.wall_ns - p.head_ns FROM clock_pair AS p WHERE p.head_ns <= due_ns\n"
	"		ORDER BY p.head_ns DESC LIMIT 1) AS wall_ns,\n"
	"	node, vm, state,\n"
	"	CASE WHEN cpu >= 0 THEN 1.0 * cpu / ns END AS cpu_cores,\n"
	"	memory_bytes, memory_total_bytes,\n"
	"	CASE WHEN disk_read >= 0 THEN 1e9 * disk_read / ns END AS disk_read_bytes_per_s,\n"
	"	CASE WHEN disk_written >= 0 THEN 1e9 * disk_written / ns END AS disk_written_bytes_per_s,\n"
	"	CASE WHEN net_received >= 0 THEN 1e9 * net_received / ns END AS net_received_bytes_per_s,\n"
	"	CASE WHEN net_sent >= 0 THEN 1e9 * net_sent / ns END AS net_sent_bytes_per_s,\n"
	"	missing\n"
	"FROM step;\n";

static int fail(const struct monitor_store *s, struct err *e, enum exit_status status, const char *what)
{
	return err_set(e, status, "cannot %s the monitor's database '%s': %s", what, s->path,
	               s->database ? sqlite3_errmsg(s->database) : "out of memory");
}

static int run(const struct monitor_store *s, const char *sql)
{
	return sqlite3_exec(s->database, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

/* The first column of the first row; "" when there is none. */
static int ask(const struct monitor_store *s, const char *sql, char *answer, size_t room)
{
	sqlite3_stmt *statement;
	if (sqlite3_prepare_v2(s->database, sql, -1, &statement, NULL) != SQLITE_OK)
		return -1;
	int step = sqlite3_step(statement);
	const char *text = step == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	snprintf(answer, room, "%s", text ? text : "");
	sqlite3_finalize(statement);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -1;
}

static int make_schema(const struct monitor_store *s)
{
	char text[96];
	snprintf(text, sizeof(text), "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", APPLICATION_ID,
	         MONITOR_SCHEMA_VERSION);
	return run(s, "BEGIN IMMEDIATE") < 0 || run(s, schema) < 0 ? -1 : run(s, text);
}

/* Is it ours, and can we go on with it? */
static int check_schema(const struct monitor_store *s, struct err *e)
{
	char id[24], version[24], boot_id[64];
	if (ask(s, "PRAGMA application_id", id, sizeof(id)) < 0 ||
	    ask(s, "PRAGMA user_version", version, sizeof(version)) < 0)
		return fail(s, e, EXIT_USAGE, "read");
	if (atoi(id) != APPLICATION_ID)
		return err_set(e, EXIT_USAGE, "'%s' is a database, but not a monitor's: name another file", s->path);
	if (atoi(version) != MONITOR_SCHEMA_VERSION)
		return err_set(e, EXIT_USAGE,
		               "'%s' has schema version %s, and this migmeter writes %d: name another file", s->path,
		               version, MONITOR_SCHEMA_VERSION);
	if (ask(s, "SELECT boot_id FROM clock_pair ORDER BY head_ns DESC LIMIT 1", boot_id, sizeof(boot_id)) < 0)
		return fail(s, e, EXIT_USAGE, "read");
	if (boot_id[0] && strcmp(boot_id, s->boot_id) != 0)
		return err_set(e, EXIT_USAGE,
		               "'%s' was written before this machine booted last, in another count of time: "
		               "name another file",
		               s->path);
	return 0;
}

static int prepare(struct monitor_store *s)
{
	const struct {
		sqlite3_stmt **statement;
		const char *sql;
	} all[] = {
		/* VMs whose names begin alike for too long are one. */
		{ &s->add, "INSERT OR REPLACE INTO sample VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)" },
		{ &s->age_samples, "DELETE FROM sample WHERE due_ns < ?1" },
		/* The newest old pair stays: it dates the oldest rows. */
		{ &s->age_pairs,
		  "DELETE FROM clock_pair WHERE head_ns < (SELECT max(head_ns) FROM clock_pair WHERE head_ns < ?1)" },
		{ &s->pair, "INSERT OR REPLACE INTO clock_pair VALUES (?1, ?2, ?3)" },
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (sqlite3_prepare_v3(s->database, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].statement,
		                       NULL))
			return -1;
	return 0;
}

static int store_open(struct monitor_store *s, struct err *e)
{
	char tables[24], mode[24];
	/* Nothing is changed before it is known what the file is. */
	if (sqlite3_open_v2(s->path, &s->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
		return fail(s, e, EXIT_CANNOT, "open");
	sqlite3_busy_timeout(s->database, BUSY_MS);
	if (ask(s, "SELECT count(*) FROM sqlite_master", tables, sizeof(tables)) < 0)
		return fail(s, e, EXIT_USAGE, "read");
	if (strcmp(tables, "0") != 0 && check_schema(s, e) < 0)
		return -1;
	if (ask(s, "PRAGMA journal_mode = WAL", mode, sizeof(mode)) < 0)
		return fail(s, e, EXIT_CANNOT, "open");
	if (strcmp(mode, "wal") != 0)
		return err_set(e, EXIT_CANNOT,
		               "the file system of '%s' does not let SQLite keep a log that others can "
		               "read: name a file on a local disk",
		               s->path);
	if ((strcmp(tables, "0") == 0 && make_schema(s) < 0) ||
	    run(s, "PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304") < 0 || prepare(s) < 0)
		return fail(s, e, EXIT_CANNOT, "make");
	/* Much may be due after a pause: not in the first second. */
	return monitor_store_begin(s, e) < 0 ? -1 : monitor_store_commit(s, clock_now_ns(), e);
}

int monitor_store_open(struct monitor_store **ret, const char *path, int64_t keep_ns, struct err *e)
{
	struct monitor_store *s = calloc(1, sizeof(*s));
	if (!s)
		return err_errno(e, EXIT_CANNOT, "cannot open the monitor's database '%s'", path);
	snprintf(s->path, sizeof(s->path), "%s", path);
	if (clock_boot_id(s->boot_id) < 0)
		snprintf(s->boot_id, sizeof(s->boot_id), "unknown");
	s->keep_ns = keep_ns;
	if (store_open(s, e) < 0) {
		monitor_store_close(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void monitor_store_close(struct monitor_store *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->add);
	sqlite3_finalize(s->age_samples);
	sqlite3_finalize(s->age_pairs);
	sqlite3_finalize(s->pair);
	/* One file, for who reads it later where it cannot be written; while another has it open it stays a log. */
	if (s->database && !sqlite3_get_autocommit(s->database))
		run(s, "ROLLBACK");
	if (s->database)
		run(s, "PRAGMA journal_mode = DELETE");
	sqlite3_close(s->database);
	free(s);
}

/* Back to before monitor_store_begin(); returns -1. */
static int give_up(const struct monitor_store *s, struct err *e)
{
	fail(s, e, EXIT_MEASURED_BAD, "write");
	run(s, "ROLLBACK");
	return -1;
}

int monitor_store_begin(struct monitor_store *s, struct err *e)
{
	if (!sqlite3_get_autocommit(s->database))
		run(s, "ROLLBACK");
	return run(s, "BEGIN IMMEDIATE") < 0 ? fail(s, e, EXIT_MEASURED_BAD, "write") : 0;
}

static int execute(sqlite3_stmt *statement)
{
	int step = sqlite3_step(statement);
	sqlite3_reset(statement);
	return step == SQLITE_DONE ? 0 : -1;
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text)
{
	sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC);
}

static void bind_value(sqlite3_stmt *statement, int column, int64_t value)
{
	if (value == MONITOR_MISSING)
		sqlite3_bind_null(statement, column);
	else
		sqlite3_bind_int64(statement, column, value);
}

int monitor_store_add(struct monitor_store *s, int64_t due_ns, const char *node, const struct monitor_reading *r,
                      struct err *e)
{
	int column = 1;
	bind_value(s->add, column++, due_ns);
	bind_text(s->add, column++, node);
	bind_text(s->add, column++, r->vm);
	bind_text(s->add, column++, r->state); /* NULL binds NULL */
	bind_value(s->add, column++, r->head_ns);
	for (int q = 0; q < MONITOR_QUANTITIES; q++)
		bind_value(s->add, column++, r->value[q]);
	bind_text(s->add, column, r->missing[0] ? r->missing : NULL);
	return execute(s->add) < 0 ? give_up(s, e) : 0;
}

static int add_pair(struct monitor_store *s, int64_t now_ns)
{
	sqlite3_bind_int64(s->pair, 1, now_ns);
	sqlite3_bind_int64(s->pair, 2, now_ns - clock_wall_offset_ns());
	bind_text(s->pair, 3, s->boot_id);
	return execute(s->pair);
}

int monitor_store_commit(struct monitor_store *s, int64_t now_ns, struct err *e)
{
	bool pair_is_due = now_ns >= s->next_pair_ns;
	sqlite3_bind_int64(s->age_samples, 1, now_ns - s->keep_ns);
	sqlite3_bind_int64(s->age_pairs, 1, now_ns - s->keep_ns);
	if (execute(s->age_samples) < 0 || (pair_is_due && (add_pair(s, now_ns) < 0 || execute(s->age_pairs) < 0)) ||
	    run(s, "COMMIT") < 0)
		return give_up(s, e);
	if (pair_is_due)
		s->next_pair_ns = now_ns + PAIR_INTERVAL_NS;
	return 0;
}

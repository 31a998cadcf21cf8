#include "bench/migrate/clock_trace.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/qmp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct clock_trace {
	FILE *log;
};

int clock_trace_open(struct clock_trace **ret, struct qmp *m, const char *path, struct err *e)
{
	char arguments[400];
	struct clock_trace *t = calloc(1, sizeof(*t));
	*ret = NULL;
	if (!t)
		return err_errno(e, EXIT_CANNOT, "cannot read QEMU's trace");
	snprintf(arguments, sizeof(arguments), "{\"command-line\":\"logfile %s\"}", path);
	if (qmp_execute(m, "human-monitor-command", arguments, e) < 0 ||
	    qmp_execute(m, "trace-event-set-state", "{\"name\":\"runstate_set\",\"enable\":true}", e) < 0) {
		clock_trace_close(t);
		return -1;
	}
	t->log = fopen(path, "re");
	if (!t->log) {
		err_errno(e, EXIT_CANNOT, "QEMU writes no log to '%s'", path);
		clock_trace_close(t);
		return -1;
	}
	*ret = t;
	return 0;
}

/* "PID@SECONDS.MICROS:runstate_set current_run_state N (NAME) new_state N (NAME)": whether the clock changes. */
static bool line_parse(const char *line, int64_t *ret_wall_ns, bool *ret_runs)
{
	int64_t seconds, micros;
	char from[32], to[32];
	if (sscanf(line,
	           "%*d@%" SCNd64 ".%6" SCNd64
	           ":runstate_set current_run_state %*d (%31[^)]) new_state %*d (%31[^)])",
	           &seconds, &micros, from, to) != 4 ||
	    seconds < 0 || seconds >= INT64_MAX / NS_PER_S / 2)
		return false;
	*ret_wall_ns = seconds * NS_PER_S + micros * NS_PER_US;
	*ret_runs = strcmp(to, "running") == 0;
	return *ret_runs != (strcmp(from, "running") == 0);
}

int clock_trace_next(struct clock_trace *t, int64_t *ret_head_ns, bool *ret_runs)
{
	char line[512];
	int64_t wall_ns;
	clearerr(t->log); /* more may have been written behind the end */
	while (fgets(line, sizeof(line), t->log))
		if (line_parse(line, &wall_ns, ret_runs)) {
			*ret_head_ns = clock_from_wall_ns(wall_ns);
			return 1;
		}
	return 0;
}

void clock_trace_close(struct clock_trace *t)
{
	if (t && t->log)
		fclose(t->log);
	free(t);
}

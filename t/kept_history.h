/* kept_history.h - for cmocka tests: a history that is kept for a test, in its scratch folder. */
#ifndef T_KEPT_HISTORY_H
#define T_KEPT_HISTORY_H

#include "analysis/history.h"
#include "reports/trend.h"
#include "t/analysed.h"
#include "t/made_comparison.h"

static char history_path[128];
static struct history *history;
static struct json_object *doc; /* what was asked of it last */

static int history_begin(void **state)
{
	struct err e = { 0 };
	made_state = 88172645463325252u;
	if (run_make(state) < 0)
		return -1;
	snprintf(history_path, sizeof(history_path), "%s/history.sqlite", scratch);
	return history_open(&history, history_path, &e);
}

static int history_end(void **state)
{
	history_close(history);
	json_object_put(doc);
	doc = NULL;
	return run_remove(state);
}

/* Its report in this format has these words. */
static void assert_shown(const char *format, const char *wanted)
{
	char *text = NULL;
	size_t size;
	struct err e = { 0 };
	FILE *out = open_memstream(&text, &size);
	assert_int_equal(report_trend(out, doc, format, &e), 0);
	fclose(out);
	if (!strstr(text, wanted))
		fail_msg("%s has no '%s':\n%s", format, wanted, text);
	free(text);
}

#endif

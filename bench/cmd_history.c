/* migmeter history: runs kept over weeks and versions, and where a metric changed. */
#include "analysis/history.h"
#include "analysis/study.h"
#include "analysis/trend.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/command.h"
#include "bench/experiment/run_directory.h"
#include "reports/trend.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char usual_path[] = "results/history.sqlite";

static const char *path_of(const struct arguments *a)
{
	const char *path = arguments_option(a, "database");
	return path ? path : usual_path;
}

/* ---- add ---- */

/* The history is made when the first folder has been read: what is refused leaves none. */
static int open_to_add(const struct arguments *a, struct history **h, struct err *e)
{
	if (*h)
		return 0;
	if (!arguments_option(a, "database") && directory_make("results", e) < 0)
		return -1;
	return history_open(h, path_of(a), e);
}

static int add_runs(struct history *h, const struct study_runs *s, int *ret_added, int *ret_known, struct err *e)
{
	for (int i = 0; i < s->count; i++) {
		int new = 0;
		struct err own = { 0 };
		if (history_add(h, &s->runs[i], &new, &own) == 0)
			*(new ? ret_added : ret_known) += 1;
		else if (own.status == EXIT_USAGE) /* one that has not ended does not keep the others out */
			err_report(&own);
		else
			return err_set(e, own.status, "%s", own.text);
	}
	return 0;
}

static int add(const struct arguments *a, struct err *e)
{
	struct history *h = NULL;
	int added = 0, known = 0, result = 0;
	if (arguments_count(a) < 2)
		return err_set(e, EXIT_USAGE, "history add: give runs, studies, or folders of runs");
	for (int i = 1; result == 0 && i < arguments_count(a); i++) {
		struct study_runs s = { 0 };
		result = study_read_any(&s, arguments_at(a, i), e) < 0 || open_to_add(a, &h, e) < 0
		                 ? -1
		                 : add_runs(h, &s, &added, &known, e);
		study_runs_free(&s);
	}
	history_close(h);
	if (result == 0)
		printf("%d run%s added, %d known before\n", added, added == 1 ? "" : "s", known);
	return result;
}

/* ---- list ---- */

static int list_run(void *context, const struct history_run *run, struct err *e)
{
	char day[32] = "missing";
	time_t second = (time_t)(run->wall_ns / NS_PER_S);
	struct tm utc;
	(void)e;
	if (second > 0 && gmtime_r(&second, &utc))
		strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%SZ", &utc);
	const char *const texts[] = { run->name,   run->point,   run->status, run->qemu,     run->libvirt,
		                      run->kernel, run->version, run->id,     run->directory };
	printf("%s", day);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		putchar(',');
		field_text(stdout, texts[i]);
	}
	putchar('\n');
	++*(int *)context;
	return 0;
}

static int list(const struct arguments *a, struct err *e)
{
	struct history *h = NULL;
	int count = 0;
	if (arguments_count(a) > 1)
		return err_set(e, EXIT_USAGE, "history list takes no further argument, such as '%s'",
		               arguments_at(a, 1));
	if (history_open_made(&h, path_of(a), e) < 0)
		return -1;
	printf("begin,name,point,status,qemu,libvirt,kernel,version,id,directory\n");
	int result = history_runs(h, arguments_option(a, "name"), arguments_option(a, "point"), list_run, &count, e);
	history_close(h);
	return result;
}

/* ---- trend ---- */

static int trend(const struct arguments *a, struct err *e)
{
	struct history *h = NULL;
	char folder[400];
	const char *format = arguments_option(a, "format");
	if (arguments_count(a) != 2)
		return err_set(e, EXIT_USAGE, "history trend: give one metric, such as downtime:network");
	if (arguments_folder(a, folder, sizeof(folder), e) < 0 || history_open_made(&h, path_of(a), e) < 0)
		return -1;
	struct json_object *doc =
		trend_json(h, arguments_at(a, 1), arguments_option(a, "name"), arguments_option(a, "point"), e);
	history_close(h);
	if (!doc)
		return -1;
	int result = report_trend(stdout, doc, format ? format : "text", e);
	if (result == 0 && folder[0])
		result = directory_make(folder, e);
	if (result == 0 && folder[0])
		result = report_trend_page(&doc, 1, folder, e);
	if (result == 0 && folder[0])
		fprintf(stderr, "%s/trend.html\n", folder);
	json_object_put(doc);
	return result;
}

static int history_command_run(const struct arguments *a)
{
	static const struct {
		const char *name;
		int (*run)(const struct arguments *a, struct err *e);
	} all[] = { { "add", add }, { "list", list }, { "trend", trend } };
	struct err e = { 0 };
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(all[i].name, arguments_at(a, 0)) == 0)
			return all[i].run(a, &e) < 0 ? err_report(&e) : EXIT_DONE;
	err_set(&e, EXIT_USAGE, "history '%s': expected add, list or trend", arguments_at(a, 0));
	return err_report(&e);
}

static const struct command_option options[] = {
	{ "database", 'd', "FILE", "the history; results/history.sqlite when not given", NULL },
	{ "name", 0, "NAME", "for list and trend: only runs of this experiment", NULL },
	{ "point", 0, "POINT", "for list and trend: only this point of a sweep, such as 'load=cpu rate=1G'", NULL },
	{ "format", 0, "FORMAT", "for trend: text, csv or json", TREND_FORMATS },
	{ "output", 'o', "DIR", "for trend: also write trend.html here", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command history_command = {
	.name = "history",
	.synopsis = "add|list|trend RUN...|METRIC",
	.minimum = 1,
	.maximum = -1,
	.help = "Keep runs in an SQLite file, and find where a metric changed over them",
	.details =
		"add RUN...    adds runs, studies or folders of runs; one that is there already is renewed\n"
		"list          prints the runs, oldest first, as CSV\n"
		"trend METRIC  says where METRIC or METRIC:ESTIMATOR of the VM that moves changed (E-Divisive), and which\n"
		"              versions and other conditions changed with it; runs made together, as the repeats of one\n"
		"              night, are one value: their median\n",
	.options = options,
	.run = history_command_run,
};

/* migmeter nightly: a study, night after night, and whether it changed. */
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/command.h"
#include "bench/compare_arguments.h"
#include "bench/nightly.h"
#include "bench/nightly_sets.h"
#include "bench/study_arguments.h"
#include "bench/study_plan.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define USUAL_ROOT "results/nightly"
#define USUAL_HISTORY "results/history.sqlite"

enum { USUAL_KEEP = 30, KEEP_MAX = 100000 };

static const char *or_usual(const char *given, const char *usual)
{
	return given ? given : usual;
}

static int read_options(const struct arguments *a, struct nightly_options *o, struct err *e)
{
	const char *text = arguments_option(a, "keep");
	int64_t keep = USUAL_KEEP;
	if (text && (integer_parse(text, &keep, e) < 0 || keep < 1 || keep > KEEP_MAX))
		return err_set(e, EXIT_USAGE, "--keep '%s': expected 1 to %d", text, KEEP_MAX);
	o->root = or_usual(arguments_option(a, "output"), USUAL_ROOT);
	o->pinned = arguments_option(a, "baseline");
	o->database = or_usual(arguments_option(a, "database"), USUAL_HISTORY);
	o->textfile = arguments_option(a, "textfile");
	o->keep = (int)keep;
	return compare_arguments_read(a, &o->choices, e);
}

static bool is_to_run(const struct study *s, long point)
{
	for (long r = 0; r < s->repeats; r++)
		if (s->states[r * s->points + point] != RUN_LEFT_OUT)
			return true;
	return false;
}

/* The path of the last good set of a case. */
static const char *last_good(const struct nightly_sets *sets, const struct study *s, long point)
{
	int place = nightly_sets_find(sets, s->name, s->labels[point], INT64_MAX, INT_MAX);
	return place < 0 ? "none" : sets->list[place].path;
}

/* That of each case, or one for all. Whether the conditions are the same, the runs will say. */
static void baselines_print(const struct nightly *n, const struct study *s)
{
	struct nightly_sets sets;
	struct err e = { 0 };
	const char *first = NULL;
	bool differ = false;
	if (nightly_sets_read(&sets, n->o->root, &e) < 0)
		err_report(&e);
	for (long i = 0; i < s->points; i++) {
		const char *path = is_to_run(s, i) ? last_good(&sets, s, i) : first;
		first = first ? first : path;
		differ = differ || (path && strcmp(path, first) != 0);
	}
	for (long i = 0; differ && i < s->points; i++)
		if (is_to_run(s, i))
			printf("baseline of %s: %s\n", s->labels[i], last_good(&sets, s, i));
	if (!differ && first)
		printf("baseline: %s%s\n", first, strcmp(first, "none") == 0 ? ": this set would be the first" : "");
	nightly_sets_free(&sets);
}

static int night(const struct arguments *a, struct nightly *n, struct study *s, struct err *e)
{
	nightly_set_runs(n->set, s->directory, sizeof(s->directory));
	s->unclaimed = false;
	if (arguments_option(a, "dry-run")) {
		study_plan_print(s, REPORT_TEXT);
		if (n->o->pinned)
			printf("baseline: %s\n", n->o->pinned);
		else
			baselines_print(n, s);
		return EXIT_DONE;
	}
	if (nightly_begin(n, s->name, s->config_path, e) < 0)
		return err_report(e);
	n->study = s;
	/* Runs that failed are in the verdict. */
	return nightly_conclude(n, study_run(s) == EXIT_INTERRUPTED, stdout);
}

static int nightly_run(const struct arguments *a)
{
	struct nightly_options o = { 0 };
	struct nightly n = { .lock = -1 };
	struct study s = { 0 };
	struct err e = { 0 };
	int status;
	if (read_options(a, &o, &e) < 0 || study_arguments_read(a, "nightly", &s, &e) < 0) {
		status = err_report(&e);
	} else {
		s.directory[0] = '\0'; /* -o is where all sets are */
		status = study_prepare(&s, &e) < 0 || nightly_open(&n, &o, &e) < 0 ? err_report(&e)
		                                                                   : night(a, &n, &s, &e);
	}
	nightly_close(&n);
	study_free(&s);
	return status;
}

static const struct command_option options[] = {
	{ STUDY_OPTION_SET },
	{ "output", 'o', "DIR", "where the sets are, a folder a night; results/nightly when not given", NULL },
	{ "baseline", 'b', "DIR",
	  "compare the cases that it has with this set, or folder of runs; of each case the last good set when not given",
	  NULL },
	{ "keep", 0, "N", "remove the oldest sets beyond N, but for baselines; 30 when not given", NULL },
	{ "database", 'd', "FILE", "the history; results/history.sqlite when not given", NULL },
	{ "textfile", 0, "FILE", "write metrics here too, for node_exporter's textfile collector (NAME.prom)", NULL },
	{ COMPARE_OPTION_METRIC },
	{ COMPARE_OPTION_THRESHOLD },
	{ "only", 0, "WORDS", "run the points of a sweep that have these words", NULL },
	{ STUDY_OPTION_REPEAT },
	{ STUDY_OPTION_SCALE },
	{ "dry-run", 'n', NULL, "check the config and show what would be run, and compared with what", NULL },
	{ STUDY_OPTION_WAIT },
	{ STUDY_OPTION_QUIET },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command nightly_command = {
	.name = "nightly",
	.synopsis = "[CONFIG]",
	.minimum = 0,
	.maximum = 1,
	.help = "Run a study, say what changed since the last good night, and keep it all",
	.details =
		"CONFIG is configs/nightly.conf when not given. The runs of a night are a set, DIR/DATE-TIME: each case compared\n"
		"with the last set in which it neither regressed nor broke nor had too few runs, under the same conditions (link,\n"
		"scale, machine, load), added to the history, shown in summary.txt and index.html, and written to metrics.prom.\n"
		"The first set of a case is its baseline. A regression is told every night until it is gone, or a set that has\n"
		"it is named once with --baseline. What slides slowly, from night to night, is in the trend.\n"
		"Exit status 0: nothing regressed; 1: something did, or runs failed; 3: another nightly is at work, or this\n"
		"machine can run or keep nothing.\n",
	.options = options,
	.run = nightly_run,
};

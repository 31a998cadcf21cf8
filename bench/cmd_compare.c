/* migmeter compare: did NEW change from BASE? */
#include "analysis/compare.h"
#include "analysis/compare_write.h"
#include "bench/base/err.h"
#include "bench/command.h"
#include "bench/compare_arguments.h"
#include "bench/experiment/run_directory.h"
#include "reports/compare.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

static int read_options(const struct arguments *a, struct compare_options *o, char *despite, size_t room,
                        struct err *e)
{
	const char *text;
	size_t used = 0;
	if (arguments_count(a) < 2 && (!arguments_option(a, "base") || !arguments_option(a, "new")))
		return err_set(e, EXIT_USAGE,
		               "compare: give NEW, too, or --base and --new with the points to compare");
	if (compare_arguments_read(a, &o->choices, e) < 0)
		return -1;
	despite[0] = '\0';
	for (int i = 0; (text = arguments_option_at(a, "despite", i)) && used < room; i++)
		used += (size_t)snprintf(despite + used, room - used, "%s%s", i ? "|" : "", text);
	o->despite = despite;
	o->whole = !arguments_option(a, "partial");
	return 0;
}

/* Without NEW both are points of one study. */
static const char *side_folder(const struct arguments *a, int side)
{
	return arguments_at(a, arguments_count(a) > 1 ? side : 0);
}

static const char *side_words(const struct arguments *a, int side)
{
	return arguments_option(a, side == COMPARE_BASE ? "base" : "new");
}

/* "results/features (feature=plain)" */
static char *side_format(const struct arguments *a, int side, char *buffer, size_t room)
{
	const char *words = side_words(a, side);
	snprintf(buffer, room, "%s%s%s%s", side_folder(a, side), words ? " (" : "", words ? words : "",
	         words ? ")" : "");
	return buffer;
}

/* Print it, keep it; an exit status. */
static int show(const struct arguments *a, const struct comparison *c)
{
	struct err e = { 0 };
	char folder[400] = "", base[4400], new[4400];
	const char *format = arguments_option(a, "format");
	struct json_object *doc = comparison_json(c, side_format(a, COMPARE_BASE, base, sizeof(base)),
	                                          side_format(a, COMPARE_NEW, new, sizeof(new)));
	int result = report_comparison(stdout, doc, format ? format : "text", &e);
	if (result == 0)
		result = arguments_folder(a, folder, sizeof(folder), &e);
	if (result == 0 && folder[0])
		result = directory_make(folder, &e) < 0 ? -1 : report_comparison_folder(doc, folder, &e);
	if (result == 0 && folder[0])
		fprintf(stderr, "%s/compare.html\n", folder);
	json_object_put(doc);
	return result < 0 ? err_report(&e) : comparison_status(c);
}

/* A side's runs; of a study only those of --base or --new. */
static int read_side(const struct arguments *a, struct study_runs *ret, int side, struct err *e)
{
	const char *words = side_words(a, side);
	if (study_read_any(ret, side_folder(a, side), e) < 0)
		return -1;
	return words && study_runs_choose(ret, words, e) < 0
	               ? err_prefix(e, side == COMPARE_BASE ? "--base" : "--new")
	               : 0;
}

static int compare_run(const struct arguments *a)
{
	struct err e = { 0 };
	struct study_runs base = { 0 }, new = { 0 };
	struct comparison c = { 0 };
	struct compare_options options = { 0 };
	char despite[64];
	int status = EXIT_CANNOT;
	if (read_options(a, &options, despite, sizeof(despite), &e) < 0 ||
	    read_side(a, &base, COMPARE_BASE, &e) < 0 || read_side(a, &new, COMPARE_NEW, &e) < 0 ||
	    compare_make(&c, &base, &new, &options, &e) < 0)
		status = err_report(&e);
	else
		status = show(a, &c);
	comparison_free(&c);
	study_runs_free(&base);
	study_runs_free(&new);
	return status;
}

static const struct command_option options[] = {
	{ COMPARE_OPTION_METRIC },
	{ COMPARE_OPTION_THRESHOLD },
	{ "base", 0, "WORDS", "of BASE only the points of its sweep that have these words, such as 'feature=plain'",
	  NULL },
	{ "new", 0, "WORDS", "the same of NEW, which is BASE when not given: 'feature=tls'", NULL },
	{ "despite", 0, "WHAT", "compare although the link, scale, machine or load is another; may be repeated",
	  CONDITION_KINDS },
	{ "partial", 0, NULL, "NEW need not have runs of every case of BASE", NULL },
	{ "format", 0, "FORMAT", "text, csv, json, tap or junit", COMPARE_FORMATS },
	{ "output", 'o', "DIR", "also write comparison.json, comparison.csv and compare.html here", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command compare_command = {
	.name = "compare",
	.synopsis = "BASE [NEW]",
	.minimum = 1,
	.maximum = 2,
	.help = "Say what changed from BASE to NEW: runs, studies, or folders of runs",
	.details =
		"Each metric of each VM is compared by its medians over the repeats, tested by rank (Mann-Whitney, exact for\n"
		"up to 56 runs), and adjusted for how many are compared (Holm). 'regressed' and 'improved' need p <= 0.05 and\n"
		"a difference that matters (--threshold); 'no difference shown' says how small a one could have been.\n"
		"A migration that never converged counts as endless. Another link, scale, machine or load is not comparable.\n"
		"A study makes A and B in turn, in random order within each repeat: compare STUDY --base feature=plain --new\n"
		"feature=tls. In a run a VM moves once, so each is a first migration after boot; the moves of\n"
		"a consolidation loop are numbered (1:src-to-dst), and only those of one number are compared.\n"
		"Exit status 1: something regressed, too many runs of NEW failed, or NEW has no run of a case of BASE\n"
		"(--partial: it need not); 2: nothing could be compared.\n",
	.options = options,
	.run = compare_run,
};

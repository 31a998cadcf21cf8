#include "bench/study.h"

#include "analysis/analyze.h"
#include "analysis/claims.h"
#include "analysis/explanation.h"
#include "analysis/metrics.h"
#include "analysis/study.h"
#include "analysis/study_analyze.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/point_label.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run.h"
#include "bench/experiment/run_directory.h"
#include "bench/study_order.h"
#include "bench/study_plan.h"
#include "bench/study_search.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* ---- before anything starts ---- */

/* What the report is to rank must vary, and be sorted by something that is measured. */
static int comparison_check(const struct experiment_general *g, bool seen, struct err *e)
{
	char metric[OPTION_STRING_ROOM];
	snprintf(metric, sizeof(metric), "%.*s", (int)strcspn(g->sort, ":"), g->sort);
	if (g->compare[0] && !metric_find(metric))
		return err_set(e, EXIT_USAGE, "experiment.sort: there is no metric '%.60s'", metric);
	if (g->compare[0] && !seen)
		return err_set(e, EXIT_USAGE, "experiment.compare: no point of the sweep has '%.60s=%.60s'",
		               g->compare, g->reference);
	return 0;
}

/* The paper that is repeated and the claims that are explained must be known. */
static int paper_check(const struct experiment_general *g, struct err *e)
{
	char unknown[OPTION_STRING_ROOM];
	if (g->study[0] && !claim_paper_find(g->study))
		return err_set(e, EXIT_USAGE, "experiment.study: '%.60s' is no paper whose claims are known",
		               g->study);
	if (!explains_known(g->explains, unknown, sizeof(unknown)))
		return err_set(e, EXIT_USAGE, "experiment.explains: there is no claim '%.60s'", unknown);
	if (!g->explains[0] != !g->cause[0])
		return err_set(e, EXIT_USAGE, "experiment.explains and experiment.cause go together: set both");
	return 0;
}

static bool is_reference(const struct experiment_general *g, const char *label)
{
	char block[300], member[64];
	return g->compare[0] && study_label_split(label, g->compare, block, sizeof(block), member, sizeof(member)) &&
	       (!g->reference[0] || strcmp(member, g->reference) == 0);
}

static int points_check(struct study *s, struct err *e)
{
	bool seen = false;
	long asked = s->repeats;
	if (study_points_count(s, e) < 0)
		return -1;
	s->wanted = calloc((size_t)s->points, sizeof(*s->wanted));
	if (!s->wanted)
		return err_set(e, EXIT_CANNOT, "no memory for %ld points", s->points);
	for (long i = 0; i < s->points; i++) {
		struct config_file point;
		struct experiment x;
		const char *label = s->labels[i];
		if (study_point(s, i, &point, e) < 0)
			return -1;
		int result = experiment_build(&x, &point, s->scale, e);
		config_file_free(&point);
		if (result < 0)
			return label[0] ? err_prefix(e, "point '%s'", label) : -1;
		s->wanted[i] = asked ? asked : (long)x.general.repeat;
		s->repeats = s->wanted[i] > s->repeats ? s->wanted[i] : s->repeats;
		snprintf(s->name, sizeof(s->name), "%s", x.general.name);
		if (i == 0) {
			s->seed = x.general.seed;
			s->listed = x.general.order == ORDER_LISTED;
		}
		bool known = paper_check(&x.general, e) == 0;
		seen |= is_reference(&x.general, label);
		if (known && i == s->points - 1 && comparison_check(&x.general, seen, e) < 0)
			known = false;
		experiment_free(&x);
		if (!known)
			return -1;
	}
	return 0;
}

void study_folder_name(char *buffer, size_t room, const char *name)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(buffer, room, "results/%.300s-%s", name, stamp);
}

int study_folder_claim(char *folder, size_t room, struct err *e)
{
	size_t length = strlen(folder);
	if (directory_make("results", e) < 0)
		return -1;
	for (int i = 2; mkdir(folder, 0755) < 0; i++) {
		if (errno != EEXIST || i > 1000)
			return err_errno(e, EXIT_USAGE, "cannot create folder '%s'", folder);
		snprintf(folder + length, room - length, "-%d", i);
	}
	return 0;
}

static bool folder_is_used(const char *path)
{
	DIR *d = opendir(path);
	bool used = false;
	for (struct dirent *entry; d && !used && (entry = readdir(d));)
		used = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	if (d)
		closedir(d);
	return used;
}

/* Points that --only does not choose are left out, and repeats that a point does not want; what they have stays. */
static int states_choose(struct study *s, struct err *e)
{
	long chosen = 0;
	for (long i = 0; i < study_run_count(s); i++) {
		bool is_chosen = !s->only || point_label_has(s->labels[i % s->points], s->only);
		chosen += is_chosen;
		if (s->states[i] == RUN_TO_COME && (!is_chosen || i / s->points >= s->wanted[i % s->points]))
			s->states[i] = RUN_LEFT_OUT;
	}
	return s->only && !chosen
	               ? err_set(e, EXIT_USAGE, "--only '%s': no point has these words; --dry-run shows the points",
	                         s->only)
	               : 0;
}

/* Nothing has run yet. */
static int runs_make(struct study *s, struct err *e)
{
	size_t count = (size_t)study_run_count(s);
	s->states = calloc(count, sizeof(*s->states));
	s->order = calloc(count, sizeof(*s->order));
	if (!s->states || !s->order)
		return err_set(e, EXIT_CANNOT, "no memory for %zu runs", count);
	for (long r = 0; r < s->repeats; r++) {
		long *block = s->order + r * s->points;
		if (study_order_block(block, s->points, s->seed, r, !s->listed, e) < 0)
			return -1;
		for (long i = 0; i < s->points; i++)
			block[i] += r * s->points;
	}
	return 0;
}

int study_prepare(struct study *s, struct err *e)
{
	struct stat st;
	if (points_check(s, e) < 0 || runs_make(s, e) < 0)
		return -1;
	s->unclaimed = !s->directory[0];
	if (s->unclaimed) {
		study_folder_name(s->directory, sizeof(s->directory), s->name);
		return states_choose(s, e);
	}
	if (stat(s->directory, &st) == 0 && !S_ISDIR(st.st_mode))
		return err_set(e, EXIT_USAGE, "results folder '%s' is a file: give another with -o", s->directory);
	if (!folder_is_used(s->directory))
		return states_choose(s, e);
	if (!s->resume)
		return err_set(
			e, EXIT_USAGE,
			"results folder '%s' is not empty: give another with -o, or go on with what is there by "
			"--continue",
			s->directory);
	if (study_run_count(s) > 1 && study_plan_fits(s, e) < 0)
		return -1;
	if (s->redo && s->steps > 1)
		return err_set(e, EXIT_USAGE,
		               "--redo is not for a search ([bisect]): its later steps were chosen by what is there");
	study_states_read(s);
	return states_choose(s, e);
}

void study_free(struct study *s)
{
	config_file_free(&s->config);
	free(s->labels);
	free(s->wanted);
	free(s->states);
	free(s->order);
	free(s->at);
	s->labels = NULL;
	s->wanted = NULL;
	s->states = NULL;
	s->order = NULL;
	s->at = NULL;
}

/* ---- one run ---- */

/* What is there of a run is kept under another name: it was cut off, or is made anew. */
static int move_aside(const char *folder, struct err *e)
{
	char aside[900], status[32];
	if (!folder_is_used(folder))
		return 0;
	bool ended = run_directory_status(folder, status, sizeof(status)) == 0 &&
	             (strcmp(status, "complete") == 0 || strcmp(status, "failed") == 0);
	const char *why = ended ? "redone" : "interrupted";
	for (int i = 1; i < 1000; i++) {
		snprintf(aside, sizeof(aside), "%s.%s-%d", folder, why, i);
		if (folder_is_used(aside))
			continue;
		if (rename(folder, aside) < 0)
			return err_errno(e, EXIT_CANNOT, "cannot rename '%s' to '%s'", folder, aside);
		return 0;
	}
	return err_set(e, EXIT_CANNOT, "'%s' was %s too often: remove its '.%s-' folders", folder, why, why);
}

int study_results_write(const char *folder, struct err *e)
{
	int result = analyze_run(folder, e);
	return report_run(folder, NULL, result < 0 ? NULL : e) < 0 ? -1 : result;
}

/* What a finished run comes to, in its folder and on stdout. Trouble here is told and the run stands. */
static void results_show(const struct study *s, const char *folder)
{
	struct err e = { 0 };
	progress_phase("analysis and report", 0);
	if (study_results_write(folder, &e) < 0)
		err_report(&e);
	progress_end();
	if (study_run_count(s) == 1) {
		if (report_tables(stdout, &folder, 1, s->format, &e) < 0)
			err_report(&e);
		if (s->format == REPORT_TEXT)
			printf("\nreport: %s/report.html\n", folder);
	} else if (s->format == REPORT_TEXT) {
		printf("%s: ", folder);
		if (report_sentence(stdout, folder, &e) < 0)
			err_report(&e);
	}
	fflush(stdout);
}

/* Not before it is needed: what is refused leaves no folder. */
static int folder_claim(struct study *s, struct err *e)
{
	bool claim = s->unclaimed;
	s->unclaimed = false;
	return claim ? study_folder_claim(s->directory, sizeof(s->directory), e) : 0;
}

static int run_once(struct study *s, long index, struct err *e)
{
	struct config_file point;
	struct experiment x;
	char folder[800], status[32];
	struct err trouble = { 0 };
	if (study_point(s, index % s->points, &point, e) < 0)
		return -1;
	int result = experiment_build(&x, &point, s->scale, e);
	config_file_free(&point);
	if (result < 0)
		return -1;
	x.general.seed += index / s->points;
	const struct run_order order = { .experiment = &x,
		                         .config_path = s->config_path,
		                         .directory = folder,
		                         .command_line = s->command_line,
		                         .label = s->labels[index % s->points],
		                         .repeat = index / s->points + 1,
		                         .wait = s->waits || study_run_count(s) > 1 ? &run_patience : NULL };
	result = run_preflight(&x, s->directory, order.wait, &trouble);
	if (result == 0)
		result = folder_claim(s, &trouble);
	study_run_folder(s, index, folder, sizeof(folder));
	if (result == 0 && (result = move_aside(folder, &trouble)) == 0) {
		result = run_execute(&order, &trouble);
		if (run_directory_status(folder, status, sizeof(status)) == 0)
			results_show(s, folder);
	}
	experiment_free(&x);
	return result < 0 ? err_set(e, trouble.status, "%s", trouble.text) : 0;
}

/* ---- all runs ---- */

/* What is computed over the runs, and the pages over them. */
static void pages_write(const struct study *s)
{
	long count = 0, planned = 0;
	char(*folders)[800] = calloc((size_t)study_run_count(s), sizeof(*folders)), page[800], status[32];
	const char **names = calloc((size_t)study_run_count(s), sizeof(*names));
	struct err e = { 0 };
	for (long i = 0; folders && names && i < study_run_count(s); i++) {
		planned += s->states[i] != RUN_LEFT_OUT;
		study_run_folder(s, i, folders[count], sizeof(*folders));
		if (run_directory_status(folders[count], status, sizeof(status)) == 0) {
			names[count] = folders[count];
			count++;
		}
	}
	if (count &&
	    (analyze_study(s->directory, &e) < 0 || report_study(s->directory, NULL, page, sizeof(page), &e) < 0))
		err_report(&e);
	else if (count && s->format == REPORT_TEXT)
		printf("\n%ld of %ld runs: %s\n", planned - study_left(s), planned, page);
	if (s->format != REPORT_TEXT && report_tables(stdout, names, (int)count, s->format, &e) < 0)
		err_report(&e);
	free(names);
	free(folders);
}

int study_outcome(const struct study *s, int status)
{
	const char *command = s->command ? s->command : "run";
	if (!run_interrupted && status == EXIT_USAGE && study_left(s) && folder_is_used(s->directory))
		progress_note("put that right, and 'migmeter %s ... -o %s --continue' goes on", command,
		              s->directory);
	if (!run_interrupted)
		return status;
	if (study_left(s) == 0) {
		progress_note("the interrupt came when everything was measured: no run is left");
		return status;
	}
	if (folder_is_used(s->directory))
		progress_note("interrupted: 'migmeter %s ... -o %s --continue' goes on", command, s->directory);
	return EXIT_INTERRUPTED;
}

int study_run(struct study *s)
{
	struct err e = { 0 };
	int status = EXIT_DONE; /* the worst of any run */
	int64_t spent_ns = 0, done = 0;
	run_catch_signals();
	if (study_run_count(s) > 1 && (folder_claim(s, &e) < 0 || study_plan_write(s, &e) < 0))
		return err_report(&e);
	for (long i; !run_interrupted && (i = study_next(s)) >= 0;) {
		int64_t start_ns = clock_now_ns();
		s->states[i] = RUN_RUNNING;
		if (study_run_count(s) > 1)
			study_table_show(s, done ? spent_ns / done : 0);
		e = (struct err){ 0 };
		if (run_once(s, i, &e) == 0) {
			s->states[i] = RUN_COMPLETE;
		} else {
			int own = err_report(&e);
			status = exit_worse(status, own);
			s->states[i] = own == EXIT_MEASURED_BAD  ? RUN_FAILED
			               : own == EXIT_INTERRUPTED ? RUN_INTERRUPTED
			                                         : RUN_SKIPPED;
			if (s->states[i] == RUN_SKIPPED && !s->skipped[0])
				snprintf(s->skipped, sizeof(s->skipped), "%s", e.text);
			if (own ==
			    EXIT_USAGE) { /* the points were checked: it is how the machine is, for all of them */
				s->states[i] = RUN_INTERRUPTED;
				break;
			}
		}
		if (s->states[i] != RUN_SKIPPED) { /* which takes little */
			spent_ns += clock_now_ns() - start_ns;
			done++;
		}
	}
	if (study_run_count(s) > 1) {
		study_table_show(s, 0);
		pages_write(s);
	}
	return study_outcome(s, status);
}

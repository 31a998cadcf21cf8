#include "bench/nightly.h"

#include "analysis/compare.h"
#include "analysis/compare_write.h"
#include "analysis/history.h"
#include "analysis/nightly.h"
#include "analysis/nightly_write.h"
#include "analysis/study.h"
#include "analysis/trend.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/base/lock_file.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run_directory.h"
#include "bench/nightly_baseline.h"
#include "bench/nightly_runs.h"
#include "bench/nightly_sets.h"
#include "reports/compare.h"
#include "reports/nightly.h"
#include "reports/trend.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- begin ---- */

/* "pid 4711 since 2026-11-22 01:30:00" */
static void owner_say(char *buffer, size_t room)
{
	char since[32];
	time_t now = time(NULL);
	struct tm tm;
	localtime_r(&now, &tm);
	strftime(since, sizeof(since), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(buffer, room, "pid %d since %s", (int)getpid(), since);
}

static int pinned_check(const char *pinned, struct err *e)
{
	struct study_runs runs = { 0 };
	char path[PATH_MAX];
	int result = pinned ? study_read_any(&runs, night_baseline_folder(pinned, path, sizeof(path)), e) : 0;
	study_runs_free(&runs);
	return result < 0 ? err_prefix(e, "--baseline") : 0;
}

void nightly_close(struct nightly *n)
{
	if (n->lock >= 0)
		close(n->lock);
	n->lock = -1;
}

static struct night_facts facts_of(const struct nightly *n, const char *baseline)
{
	return (struct night_facts){ .name = n->name,
		                     .config = n->config,
		                     .baseline = baseline,
		                     .pinned = n->o->pinned != NULL,
		                     .began_ns = n->began_ns };
}

/* The set's folder has the time of its begin as its name. */
static void set_place(struct nightly *n)
{
	char stamp[32];
	time_t second = (time_t)(n->began_ns / NS_PER_S);
	struct tm tm;
	localtime_r(&second, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	snprintf(n->set, sizeof(n->set), "%.360s/%s", n->o->root, stamp);
}

int nightly_open(struct nightly *n, const struct nightly_options *o, struct err *e)
{
	*n = (struct nightly){ .o = o, .lock = -1, .began_ns = clock_wall_ns() };
	set_place(n);
	return pinned_check(o->pinned, e);
}

static int root_lock(struct nightly *n, struct err *e)
{
	char path[PATH_MAX], owner[80], held[80];
	const char *root = n->o->root;
	if (directory_make(root, e) < 0)
		return -1;
	snprintf(path, sizeof(path), "%.3900s/.lock", root);
	owner_say(owner, sizeof(owner));
	int taken = lock_file_try(path, owner, &n->lock, held, sizeof(held), e);
	if (taken == 0)
		return err_set(e, EXIT_CANNOT, "another nightly (%s) is at work in '%s'", held, root);
	return taken < 0 ? -1 : 0;
}

int nightly_begin(struct nightly *n, const char *name, const char *config, struct err *e)
{
	if (root_lock(n, e) < 0)
		return -1;
	set_place(n);
	snprintf(n->name, sizeof(n->name), "%s", name);
	snprintf(n->config, sizeof(n->config), "%s", config);
	if (mkdir(n->set, 0755) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", n->set);
	const struct night_facts facts = facts_of(n, "");
	struct json_object *night = night_begin_json(&facts);
	int result = json_file_write(n->set, NIGHT_FILE, night, e);
	json_object_put(night);
	return result;
}

/* ---- what is done with the runs ---- */

/* A night at its end. */
struct ending {
	struct nightly *n;
	struct study_runs new;
	struct night_baseline base;
	struct comparison comparison;
	struct json_object *night, *compared;
	int troubled;
};

/* What could not be done is told, and kept for the summary. */
static void trouble(struct ending *end, struct err *e)
{
	err_report(e);
	night_add_trouble(end->night, e->text);
	end->troubled = 1;
	*e = (struct err){ 0 };
}

/* Whether a set is too small for anything that was compared: tonight's may be, for want of values, while it is not. */
static int is_small(const struct comparison *c, int index, int side)
{
	for (int i = 0; i < c->count; i++)
		if (c->list[i].case_index == index && c->list[i].sides[side].n >= c->needed)
			return 0;
	return 1;
}

/* Take back baselines that have too few runs to show anything beside tonight's, which are enough. How many. */
static int pass_small(struct ending *end)
{
	const struct comparison *c = &end->comparison;
	int passed = 0;
	for (int i = 0; i < c->case_count; i++) {
		struct night_case one;
		night_judge_case(&one, c, i, 1);
		if (one.verdict == NIGHT_INCONCLUSIVE && is_small(c, i, COMPARE_BASE) && !is_small(c, i, COMPARE_NEW))
			passed += night_baseline_pass(&end->base, c->cases[i].label);
	}
	return passed;
}

/* All cases at once, so that p-values are adjusted over all of them. */
static int compare(struct ending *end, struct err *e)
{
	const struct compare_options options = { .choices = end->n->o->choices, .despite = "", .by_label = 1 };
	int result = night_baseline_make(&end->base, end->n, &end->new, e);
	while (result == 0) {
		result = compare_make(&end->comparison, &end->base.runs, &end->new, &options, e);
		if (result < 0 || !pass_small(end))
			return result;
		comparison_free(&end->comparison);
		result = night_baseline_gather(&end->base, e);
	}
	return result;
}

static void say_interrupted(struct ending *end)
{
	for (int i = 0; i < end->comparison.case_count; i++) {
		struct compare_case *of = &end->comparison.cases[i];
		if (!of->runs[COMPARE_NEW])
			snprintf(of->why, sizeof(of->why),
			         "none of its runs had ended when the night was interrupted");
	}
}

/* By case the set that it was compared with. *ret_same: that of all that have one; "" none, or several. The caller's. */
static const char **baselines_of(const struct ending *end, const char **ret_same)
{
	const struct comparison *c = &end->comparison;
	const char **list = calloc((size_t)c->case_count + 1, sizeof(*list));
	int differ = 0;
	*ret_same = "";
	for (int i = 0; list && i < c->case_count; i++) {
		list[i] = night_baseline_path(&end->base, c->cases[i].label);
		differ |= *list[i] && **ret_same && strcmp(list[i], *ret_same) != 0;
		*ret_same = *list[i] ? list[i] : *ret_same;
	}
	*ret_same = differ ? "" : *ret_same;
	return list;
}

static int write_documents(struct ending *end, int interrupted, struct err *e)
{
	struct night night;
	const char *same, **baselines = baselines_of(end, &same);
	if (!baselines)
		return err_errno(e, EXIT_CANNOT, "cannot list the baselines");
	struct night_facts facts = facts_of(end->n, same);
	facts.case_baselines = baselines;
	facts.ended_ns = clock_wall_ns();
	night_judge(&night, &end->comparison, 1, interrupted);
	end->night = night_json(&facts, &night, &end->comparison);
	end->compared =
		comparison_json(&end->comparison, *same ? same : "the last good set of each case", end->n->set);
	free(baselines);
	return 0;
}

/* Nothing of it was what somebody wanted. */
static void check_pinned(struct ending *end)
{
	struct err e = { 0 };
	int used = !end->n->o->pinned;
	for (int i = 0; i < end->base.case_count; i++)
		used |= end->base.cases[i].set == BASELINE_PINNED;
	if (used)
		return;
	err_set(&e, EXIT_USAGE,
	        "the baseline '%s' has no run of any case of this night: each was compared with its last good set",
	        end->n->o->pinned);
	trouble(end, &e);
}

/* The verdict, and the documents. Without runs there is a verdict, too. */
static void judge(struct ending *end, int interrupted)
{
	struct err e = { 0 };
	int result = night_runs_read(&end->new, end->n, interrupted, &e);
	enum night_verdict without = interrupted ? NIGHT_INTERRUPTED : result < 0 ? NIGHT_SKIPPED : NIGHT_BROKEN;
	if (result == 0)
		result = compare(end, &e);
	if (result == 0 && interrupted)
		say_interrupted(end);
	if (result == 0)
		result = write_documents(end, interrupted, &e);
	if (result == 0) {
		check_pinned(end);
		return;
	}
	struct night_facts facts = facts_of(end->n, "");
	facts.ended_ns = clock_wall_ns();
	end->night = night_failed_json(&facts, without, e.text);
	err_report(&e);
}

/* ---- history and trend ---- */

static void history_keep(struct ending *end, struct history *h)
{
	struct err e = { 0 };
	int new;
	for (int i = 0; i < end->new.count; i++)
		if (end->new.runs[i].directory[0] && history_add(h, &end->new.runs[i], &new, &e) < 0 &&
		    e.status != EXIT_USAGE)
			trouble(end, &e); /* a run that was interrupted is none for the history */
}

/* One page of the metrics that have values. */
static void trend_show(struct ending *end, struct history *h)
{
	static const char *const metrics[] = { "migration_time:completion", "downtime:stop_resume", "downtime:work",
		                               "lost_work", "baseline_rate" };
	enum { METRICS = sizeof(metrics) / sizeof(*metrics) };
	struct json_object *docs[METRICS];
	struct err e = { 0 };
	char folder[PATH_MAX];
	int count = 0;
	for (int i = 0; i < METRICS; i++)
		if ((docs[count] = trend_json(h, metrics[i], end->n->name, NULL, &e)))
			count++;
	e = (struct err){ 0 };
	snprintf(folder, sizeof(folder), "%s/trend", end->n->set);
	if (count && (directory_make(folder, &e) < 0 ||
	              report_trend_page((struct json_object *const *)docs, count, folder, &e) < 0))
		trouble(end, &e);
	while (count)
		json_object_put(docs[--count]);
}

static void history_show(struct ending *end)
{
	struct err e = { 0 };
	struct history *h = NULL;
	char parent[PATH_MAX];
	snprintf(parent, sizeof(parent), "%s", end->n->o->database);
	char *slash = strrchr(parent, '/');
	if (slash && slash != parent)
		*slash = '\0';
	if ((slash && slash != parent && directory_make(parent, &e) < 0) ||
	    history_open(&h, end->n->o->database, &e) < 0) {
		trouble(end, &e);
		return;
	}
	history_keep(end, h);
	trend_show(end, h);
	history_close(h);
}

/* ---- the rest ---- */

static void compare_show(struct ending *end)
{
	struct err e = { 0 };
	char folder[PATH_MAX];
	snprintf(folder, sizeof(folder), "%s/compare", end->n->set);
	if (end->base.runs.count &&
	    (directory_make(folder, &e) < 0 || report_comparison_folder(end->compared, folder, &e) < 0))
		trouble(end, &e);
}

static void sets_trim(struct ending *end)
{
	const struct nightly *n = end->n;
	struct nightly_sets sets;
	struct err e = { 0 };
	int removed = nightly_sets_read(&sets, n->o->root, &e);
	char *stays = calloc((size_t)sets.count + 1, 1);
	if (removed == 0 && !stays)
		removed = err_errno(&e, EXIT_CANNOT, "cannot list '%s'", n->o->root);
	if (removed == 0) {
		night_baseline_stays(&end->base, &sets, n->o->keep, stays);
		removed = nightly_sets_trim(&sets, n->o->root, n->name, n->o->keep, stays, &e);
	}
	free(stays);
	if (removed < 0)
		trouble(end, &e);
	else if (removed)
		progress_note("%d old set%s removed from '%s'", removed, removed == 1 ? "" : "s", n->o->root);
	nightly_sets_free(&sets);
}

static void show(struct ending *end, FILE *out)
{
	struct err e = { 0 };
	if (report_night(end->night, end->compared, end->n->set, &e) < 0)
		trouble(end, &e);
	if (end->n->o->textfile && report_night_metrics(end->night, end->compared, end->n->o->textfile, &e) < 0)
		trouble(end, &e);
	if (json_file_write(end->n->set, NIGHT_FILE, end->night, &e) < 0)
		trouble(end, &e);
	if (report_night_text(out, end->night, end->compared, &e) < 0)
		trouble(end, &e);
	progress_note("%s/index.html", end->n->set);
}

int nightly_conclude(struct nightly *n, int interrupted, FILE *out)
{
	struct ending *end = calloc(1, sizeof(*end));
	if (!end)
		return EXIT_CANNOT;
	end->n = n;
	judge(end, interrupted);
	if (end->compared)
		compare_show(end);
	if (end->new.count)
		history_show(end);
	/* Its own set must have its verdict before the old ones are looked at. */
	struct err e = { 0 };
	if (json_file_write(n->set, NIGHT_FILE, end->night, &e) < 0)
		trouble(end, &e);
	if (end->compared)
		sets_trim(end);
	show(end, out);
	int status = json_object_get_int(json_object_object_get(end->night, "status"));
	int troubled = end->troubled;
	json_object_put(end->night);
	json_object_put(end->compared);
	comparison_free(&end->comparison);
	night_baseline_free(&end->base);
	study_runs_free(&end->new);
	free(end);
	return status == EXIT_DONE && troubled ? EXIT_CANNOT : status;
}

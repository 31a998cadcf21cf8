#include "analysis/nightly.h"

#include "bench/base/err.h"

#include <stdio.h>
#include <string.h>

/* clang-format off */
static const struct {
	const char *name;
	int good, status;
} verdicts[NIGHT_VERDICTS] = {
	[NIGHT_BASELINE] = { "baseline", 1, EXIT_DONE },
	[NIGHT_FINE] = { "fine", 1, EXIT_DONE },
	[NIGHT_IMPROVED] = { "improved", 1, EXIT_DONE },
	[NIGHT_REGRESSED] = { "regressed", 0, EXIT_MEASURED_BAD },
	[NIGHT_BROKEN] = { "broken", 0, EXIT_MEASURED_BAD },
	[NIGHT_NOT_COMPARABLE] = { "not comparable", 1, EXIT_DONE },
	[NIGHT_INCONCLUSIVE] = { "inconclusive", 0, EXIT_DONE },
	[NIGHT_SKIPPED] = { "skipped", 0, EXIT_CANNOT },
	[NIGHT_INTERRUPTED] = { "interrupted", 0, EXIT_INTERRUPTED },
	[NIGHT_NO_RUNS] = { "no runs", 0, EXIT_DONE },
};
/* clang-format on */

int night_is_good(enum night_verdict verdict)
{
	return verdicts[verdict].good;
}

int night_status(enum night_verdict verdict)
{
	return verdicts[verdict].status;
}

const char *night_verdict_name(enum night_verdict verdict)
{
	return verdicts[verdict].name;
}

int night_verdict_find(const char *name)
{
	int v = NIGHT_VERDICTS - 1;
	if (strcmp(name, compare_verdict_name(COMPARE_SAME)) == 0)
		return NIGHT_FINE;
	while (v >= 0 && strcmp(verdicts[v].name, name) != 0)
		v--;
	return v;
}

/* ---- one case ---- */

int night_case_begins(const struct compare_case *of, int has_baseline)
{
	return !has_baseline || of->alone;
}

/* Whether the baseline has a result of it. */
static int was_there(const struct compare_case *of, int has_baseline)
{
	return !night_case_begins(of, has_baseline) && !compare_side_is_lost(of, COMPARE_BASE);
}

/* Runs of it failed, or were skipped while the baseline has them. A case that was taken out of the config is not broken. */
static int has_no_result(const struct compare_case *of, int has_baseline)
{
	return compare_side_is_lost(of, COMPARE_NEW) &&
	       (of->failed[COMPARE_NEW] || (of->skipped[COMPARE_NEW] && was_there(of, has_baseline)));
}

/* How often that happens is no matter: it must not. */
static int lost_a_vm(const struct compare_case *of, int has_baseline)
{
	return of->lost[COMPARE_NEW] && (night_case_begins(of, has_baseline) || !of->lost[COMPARE_BASE]);
}

/* The first metric that BASE has and NEW has not measured; NULL: none. *count: how many. */
static const struct compared *find_vanished(const struct comparison *c, int index, int *count)
{
	const struct compared *first = NULL;
	*count = 0;
	for (int i = 0; i < c->count; i++)
		if (c->list[i].case_index == index && c->list[i].vanished && !(*count)++)
			first = &c->list[i];
	return first;
}

/* The runs that are missing, of NEW, or of the set where it stands alone. */
static void say_missing(const struct compare_case *of, int begins, char *buffer, size_t room)
{
	const char *said = of->said[COMPARE_NEW];
	snprintf(buffer, room, "%d of %d runs%s %s%s%.300s", of->failed[COMPARE_NEW] + of->skipped[COMPARE_NEW],
	         of->runs[COMPARE_NEW], begins ? "" : " of NEW", of->failed[COMPARE_NEW] ? "failed" : "were skipped",
	         *said ? ": " : "", said);
}

static void say_vanished(const struct compared *one, int count, char *buffer, size_t room)
{
	char more[64] = "";
	if (count > 1)
		snprintf(more, sizeof(more), "; nor %d other%s", count - 1, count > 2 ? "s" : "");
	snprintf(buffer, room, "no run of NEW has %s%s%s%s%s: %s%s", one->metric, *one->estimator ? ":" : "",
	         one->estimator, *one->vm ? " of " : "", one->vm, one->sides[COMPARE_NEW].why, more);
}

static int is_broken(struct night_case *ret, const struct comparison *c, int index, int has_baseline)
{
	const struct compare_case *of = &c->cases[index];
	int begins = night_case_begins(of, has_baseline), count;
	const struct compared *vanished = find_vanished(c, index, &count);
	if (has_no_result(of, has_baseline))
		say_missing(of, begins, ret->why, sizeof(ret->why));
	else if (lost_a_vm(of, has_baseline))
		snprintf(ret->why, sizeof(ret->why), "%d of %d runs%s lost a VM: %s", of->lost[COMPARE_NEW],
		         of->runs[COMPARE_NEW], begins ? "" : " of NEW", of->lost_why);
	else if (vanished)
		say_vanished(vanished, count, ret->why, sizeof(ret->why));
	else
		return 0;
	return 1;
}

/* Of the comparisons of a case. A share, such as that of the runs that converged, may be told by fewer runs than any time or
 * amount: it does not make up for these. */
static enum night_verdict judge_values(struct night_case *ret, const struct comparison *c, int index)
{
	const struct compare_case *of = &c->cases[index];
	int counts[COMPARE_VERDICTS] = { 0 }, too_few = 0, shares = 0, values = 0;
	for (int i = 0; i < c->count; i++)
		if (c->list[i].case_index == index) {
			values += c->list[i].sides[COMPARE_NEW].n;
			counts[c->list[i].verdict]++;
			too_few += c->list[i].too_few;
			shares += c->list[i].verdict == COMPARE_SAME && c->list[i].center == CENTER_MEAN &&
			          !c->list[i].too_few;
		}
	if (counts[COMPARE_REGRESSED] || counts[COMPARE_IMPROVED])
		return counts[COMPARE_REGRESSED] ? NIGHT_REGRESSED : NIGHT_IMPROVED;
	if (!counts[COMPARE_SAME] && values)
		return NIGHT_NOT_COMPARABLE;
	if (!counts[COMPARE_SAME]) {
		snprintf(ret->why, sizeof(ret->why), "no run of NEW has a value of what is compared");
		return NIGHT_INCONCLUSIVE;
	}
	if (!too_few || too_few + shares < counts[COMPARE_SAME])
		return NIGHT_FINE;
	snprintf(
		ret->why, sizeof(ret->why),
		"%d and %d runs are too few for a difference of any time or amount to be shown: %d a side are needed",
		of->complete_count[COMPARE_BASE], of->complete_count[COMPARE_NEW], c->needed);
	return NIGHT_INCONCLUSIVE;
}

void night_judge_case(struct night_case *ret, const struct comparison *c, int index, int has_baseline)
{
	const struct compare_case *of = &c->cases[index];
	int begins = night_case_begins(of, has_baseline);
	*ret = (struct night_case){ 0 };
	snprintf(ret->why, sizeof(ret->why), "%s", of->why);
	if (is_broken(ret, c, index, has_baseline)) {
		ret->verdict = NIGHT_BROKEN;
	} else if (of->skipped[COMPARE_NEW] && compare_side_is_lost(of, COMPARE_NEW)) {
		ret->verdict = NIGHT_SKIPPED;
		say_missing(of, begins, ret->why, sizeof(ret->why));
	} else if (!of->complete_count[COMPARE_NEW]) {
		ret->verdict = NIGHT_NO_RUNS;
	} else if (begins) {
		ret->verdict = NIGHT_BASELINE;
	} else {
		ret->verdict = of->why[0] ? NIGHT_NOT_COMPARABLE : judge_values(ret, c, index);
	}
}

/* ---- the whole ---- */

/* What is told of cases that come to different ends: the first of these that one came to. */
static const enum night_verdict in_order[] = {
	NIGHT_REGRESSED,    NIGHT_BROKEN,         NIGHT_IMPROVED, NIGHT_FINE,
	NIGHT_INCONCLUSIVE, NIGHT_NOT_COMPARABLE, NIGHT_BASELINE,
};

void night_judge(struct night *ret, const struct comparison *c, int has_baseline, int interrupted)
{
	int counts[NIGHT_VERDICTS] = { 0 }, why_of = -1;
	*ret = (struct night){ .verdict = NIGHT_SKIPPED };
	for (int i = 0; i < c->case_count; i++) {
		const struct compare_case *of = &c->cases[i];
		struct night_case one;
		night_judge_case(&one, c, i, has_baseline);
		ret->complete += of->complete_count[COMPARE_NEW];
		ret->failed += of->failed[COMPARE_NEW];
		ret->skipped += of->skipped[COMPARE_NEW];
		int first_broken = one.verdict == NIGHT_BROKEN && !counts[NIGHT_BROKEN];
		counts[one.verdict]++;
		if (!first_broken && (why_of >= 0 || !one.why[0]))
			continue;
		why_of = i;
		snprintf(ret->why, sizeof(ret->why), "%.200s%s%.380s", of->label, of->label[0] ? ": " : "", one.why);
	}
	ret->broken = counts[NIGHT_BROKEN];
	for (size_t i = sizeof(in_order) / sizeof(*in_order); i-- > 0;)
		if (counts[in_order[i]])
			ret->verdict = in_order[i];
	if (!ret->complete && !ret->failed)
		ret->verdict = NIGHT_SKIPPED;
	if (interrupted)
		ret->verdict = NIGHT_INTERRUPTED;
}

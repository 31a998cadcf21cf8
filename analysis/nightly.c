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
	[NIGHT_SKIPPED] = { "skipped", 0, EXIT_CANNOT },
	[NIGHT_INTERRUPTED] = { "interrupted", 0, EXIT_INTERRUPTED },
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
	while (v >= 0 && strcmp(verdicts[v].name, name) != 0)
		v--;
	return v;
}

int night_case_is_broken(const struct compare_case *of, int has_baseline)
{
	int was_there = has_baseline && !compare_side_is_lost(of, COMPARE_BASE);
	return compare_side_is_lost(of, COMPARE_NEW) &&
	       (of->failed[COMPARE_NEW] || (of->skipped[COMPARE_NEW] && was_there));
}

/* Of the case; where it stands on both sides, of the set. */
static void say_why(const struct compare_case *of, int has_baseline, char *buffer, size_t room)
{
	const char *reason = strstr(of->why, ": "), *gap = of->label[0] ? ": " : "";
	if (has_baseline && !compare_side_is_lost(of, COMPARE_BASE))
		snprintf(buffer, room, "%.200s%s%.380s", of->label, gap, of->why);
	else if (of->failed[COMPARE_NEW] || of->skipped[COMPARE_NEW])
		snprintf(buffer, room, "%.200s%s%d of %d runs %s%.300s", of->label, gap,
		         of->failed[COMPARE_NEW] + of->skipped[COMPARE_NEW], of->runs[COMPARE_NEW],
		         of->failed[COMPARE_NEW] ? "failed" : "were skipped", !has_baseline && reason ? reason : "");
	else
		snprintf(buffer, room, "%.200s%s%.380s", of->label, gap, of->why);
}

void night_judge(struct night *ret, const struct comparison *c, int has_baseline, int interrupted)
{
	const struct compare_case *why = NULL;
	*ret = (struct night){ 0 };
	for (int i = 0; i < c->case_count; i++) {
		const struct compare_case *of = &c->cases[i];
		ret->complete += of->complete_count[COMPARE_NEW];
		ret->failed += of->failed[COMPARE_NEW];
		ret->skipped += of->skipped[COMPARE_NEW];
		if (night_case_is_broken(of, has_baseline) && !ret->broken++)
			why = of;
		else if (!why && of->why[0])
			why = of;
	}
	if (why)
		say_why(why, has_baseline, ret->why, sizeof(ret->why));
	ret->verdict = interrupted                      ? NIGHT_INTERRUPTED
	               : c->counts[COMPARE_REGRESSED]   ? NIGHT_REGRESSED
	               : !ret->complete && !ret->failed ? NIGHT_SKIPPED
	               : ret->broken                    ? NIGHT_BROKEN
	               : !has_baseline                  ? NIGHT_BASELINE
	               : c->verdict == COMPARE_NOT      ? NIGHT_NOT_COMPARABLE
	               : c->counts[COMPARE_IMPROVED]    ? NIGHT_IMPROVED
	                                                : NIGHT_FINE;
}

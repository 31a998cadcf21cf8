/* Runs of a study by words of their points. Declared in study.h. */
#include "analysis/study.h"

#include "bench/base/err.h"
#include "bench/base/point_label.h"

#include <stdio.h>
#include <string.h>

static void label_remove(char *label, const char *words)
{
	char *to = label;
	size_t size;
	for (const char *at = label; (size = point_label_word(&at)); at += size) {
		if (point_label_has_word(words, at, size))
			continue;
		if (to > label)
			*to++ = ' ';
		memmove(to, at, size);
		to += size;
	}
	*to = '\0';
}

int study_runs_choose(struct study_runs *s, const char *words, struct err *e)
{
	int kept = 0;
	for (int i = 0; i < s->count; i++) {
		struct study_run *run = &s->runs[i];
		if (!point_label_has(run->point, words)) {
			study_run_free(run);
			continue;
		}
		label_remove(run->point, words);
		if (kept != i)
			s->runs[kept] = *run;
		kept++;
	}
	s->count = kept;
	return kept ? 0 : err_set(e, EXIT_USAGE, "no run is of a point with '%s'", words);
}

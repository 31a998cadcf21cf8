/* Runs of a study by words of their points. Declared in study.h. */
#include "analysis/study.h"

#include "bench/base/err.h"

#include <stdio.h>
#include <string.h>

/* The next word of a text that is cut at blanks; 0 at its end. */
static size_t word_next(const char **at)
{
	*at += strspn(*at, " ");
	return strcspn(*at, " ");
}

static int has_word(const char *words, const char *word, size_t length)
{
	size_t size;
	for (const char *at = words; (size = word_next(&at)); at += size)
		if (size == length && memcmp(at, word, length) == 0)
			return 1;
	return 0;
}

int study_label_has(const char *label, const char *words)
{
	size_t size;
	for (const char *at = words; (size = word_next(&at)); at += size)
		if (!has_word(label, at, size))
			return 0;
	return 1;
}

static void label_remove(char *label, const char *words)
{
	char *to = label;
	size_t size;
	for (const char *at = label; (size = word_next(&at)); at += size) {
		if (has_word(words, at, size))
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
		if (!study_label_has(run->point, words)) {
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

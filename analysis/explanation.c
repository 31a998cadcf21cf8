#include "analysis/explanation.h"

#include "analysis/csv_field.h"
#include "bench/base/err.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int has_word(const char *words, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = words; *at; at += strcspn(at, " "), at += strspn(at, " "))
		if (strcspn(at, " ") == length && memcmp(at, word, length) == 0)
			return 1;
	return 0;
}

int explains_known(const char *explains, char *unknown, size_t room)
{
	for (const char *at = explains; *at; at += strcspn(at, " "), at += strspn(at, " ")) {
		snprintf(unknown, room, "%.*s", (int)strcspn(at, " "), at);
		if (!claim_is_known(unknown))
			return 0;
	}
	return 1;
}

char *explanation_folder(const char *directory, char *buffer, size_t room)
{
	char absolute[PATH_MAX]; /* of "." and "results/kuno/" */
	snprintf(buffer, room, "%s-explain", realpath(directory, absolute) ? absolute : directory);
	return buffer;
}

static int write_part(const struct study_runs *s, const struct claim_paper *paper, const struct claim *c, int part,
                      FILE *out, struct err *e)
{
	char formula[512], figure[128], reason[300];
	struct interval value;
	claim_part(c, part, formula, sizeof(formula), figure, sizeof(figure));
	if (claim_value(s, paper, c->kind, formula, &value, reason, sizeof(reason), e) < 0)
		return -1;
	if (isnan(value.mean))
		return 0;
	field_text(out, c->id);
	putc(',', out);
	field_text(out, formula);
	putc(',', out);
	field_text(out, s->runs[0].cause);
	field_number(out, value.mean);
	field_number(out, value.low);
	field_number(out, value.high);
	fprintf(out, ",%d,%s,", value.n, verdict_name(claim_verdict(c, &value)));
	field_text(out, reason);
	putc('\n', out);
	return 0;
}

/* `runs` are those of one cause. */
static int write_cause(const struct study_runs *runs, const struct claim_paper *paper, FILE *out, struct err *e)
{
	for (const struct claim *c = paper->claims; c->id; c++)
		for (int i = 0; !claim_is_figure(c) && has_word(runs->runs[0].explains, c->id) && i < claim_parts(c);
		     i++)
			if (write_part(runs, paper, c, i, out, e) < 0)
				return -1;
	return 0;
}

static int seen_before(const struct study_runs *s, int run)
{
	for (int i = 0; i < run; i++)
		if (strcmp(s->runs[i].cause, s->runs[run].cause) == 0)
			return 1;
	return 0;
}

int explanations_write(const struct study_runs *further, const struct claim_paper *paper, FILE *out, struct err *e)
{
	struct study_runs one = { .runs = calloc((size_t)further->count + 1, sizeof(*one.runs)),
		                  .repeats = further->repeats };
	int result = one.runs ? 0 : err_errno(e, EXIT_CANNOT, "cannot keep a study");
	fputs("claim,formula,cause,value,low,high,n,verdict,reason\n", out);
	for (int i = 0; i < further->count && result == 0; i++) {
		if (!further->runs[i].cause[0] || seen_before(further, i))
			continue;
		one.count = 0;
		for (int k = i; k < further->count; k++)
			if (strcmp(further->runs[k].cause, further->runs[i].cause) == 0)
				one.runs[one.count++] = further->runs[k]; /* it owns nothing of them */
		result = write_cause(&one, paper, out, e);
	}
	free(one.runs);
	return result;
}

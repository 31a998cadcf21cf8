#include "analysis/formula.h"

#include "bench/base/err.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parsing {
	const char *at;
	formula_term_fn *value;
	void *context;
	int bad, depth;
};

enum { DEPTH_MAX = 32 };

static double sum(struct parsing *p);

static int skip(struct parsing *p, char wanted)
{
	while (*p->at == ' ')
		p->at++;
	if (*p->at != wanted)
		return 0;
	p->at++;
	return 1;
}

/* One word of a term, up to a comma or the bracket. */
static void word(struct parsing *p, char *into)
{
	while (*p->at == ' ')
		p->at++;
	size_t length = strcspn(p->at, ",()");
	const char *end = p->at + length;
	while (length && p->at[length - 1] == ' ')
		length--;
	p->bad |= !length || length >= FORMULA_WORD_ROOM;
	snprintf(into, FORMULA_WORD_ROOM, "%.*s", (int)length, p->at);
	p->at = end;
}

/* Behind the bracket; one that is missing may have been the least. */
static double least(struct parsing *p)
{
	double value = sum(p);
	while (!p->bad && skip(p, ',')) {
		double other = sum(p);
		value = isnan(value) || isnan(other) ? NAN : fmin(value, other);
	}
	p->bad |= !skip(p, ')');
	return value;
}

static double term(struct parsing *p)
{
	struct formula_term t = { 0 };
	word(p, t.name);
	p->bad |= !skip(p, '(');
	if (!p->bad && strcmp(t.name, "least") == 0)
		return least(p);
	do {
		if (t.count == FORMULA_WORDS)
			p->bad = 1;
		else
			word(p, t.words[t.count++]);
	} while (!p->bad && skip(p, ','));
	p->bad |= !skip(p, ')');
	return p->bad ? NAN : p->value(p->context, &t);
}

static double factor(struct parsing *p)
{
	double value = NAN;
	if (++p->depth > DEPTH_MAX) {
		p->bad = 1;
	} else if (skip(p, '-')) {
		value = -factor(p);
	} else if (skip(p, '(')) {
		value = sum(p);
		p->bad |= !skip(p, ')');
	} else if (isalpha((unsigned char)*p->at)) {
		value = term(p);
	} else {
		char *end;
		value = strtod(p->at, &end);
		p->bad |= end == p->at;
		p->at = end;
	}
	p->depth--;
	return value;
}

static double product(struct parsing *p)
{
	double value = factor(p);
	while (!p->bad) {
		if (skip(p, '*'))
			value *= factor(p);
		else if (skip(p, '/'))
			value /= factor(p);
		else
			break;
	}
	return value;
}

static double sum(struct parsing *p)
{
	double value = product(p);
	while (!p->bad) {
		if (skip(p, '+'))
			value += product(p);
		else if (skip(p, '-'))
			value -= product(p);
		else
			break;
	}
	return value;
}

int formula_value(const char *text, formula_term_fn *value, void *context, double *ret, struct err *e)
{
	struct parsing p = { .at = text, .value = value, .context = context };
	double result = sum(&p);
	while (*p.at == ' ')
		p.at++;
	if (p.bad || *p.at)
		return err_set(e, EXIT_USAGE, "'%s' is no formula (at '%.20s')", text, p.at);
	*ret = isfinite(result) ? result : NAN;
	return 0;
}

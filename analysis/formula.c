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
	long repeat, repeats;
	bool tries;
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

/* The mean of the formula that begins here over the repeats in which it has a value, NAN: none; stands behind it. */
static double mean(struct parsing *p)
{
	const char *from = p->at;
	const struct parsing asked = *p;
	double total = 0;
	int n = 0;
	p->tries = true;
	for (p->repeat = 0; p->repeat < p->repeats && !p->bad; p->repeat++) {
		p->at = from;
		double value = sum(p);
		if (isfinite(value)) {
			total += value;
			n++;
		}
	}
	p->repeat = asked.repeat;
	p->tries = asked.tries;
	return n ? total / n : NAN;
}

/* Behind the bracket. The chosen one is then asked for again, to be missed where it is missing. */
static double least(struct parsing *p)
{
	const char *chosen = p->at;
	double lowest = NAN;
	do {
		const char *from = p->at;
		double of_it = mean(p);
		if (!isnan(of_it) && !(of_it >= lowest)) {
			lowest = of_it;
			chosen = from;
		}
	} while (!p->bad && skip(p, ','));
	p->bad |= !skip(p, ')');
	const char *end = p->at;
	p->at = chosen;
	double value = p->bad ? NAN : sum(p);
	p->at = end;
	return value;
}

static double term(struct parsing *p)
{
	struct formula_term t = { .repeat = p->repeat, .tried = p->tries };
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

int formula_value(const char *text, long repeat, long repeats, formula_term_fn *value, void *context, double *ret,
                  struct err *e)
{
	struct parsing p = { .at = text, .value = value, .context = context, .repeat = repeat, .repeats = repeats };
	double result = sum(&p);
	while (*p.at == ' ')
		p.at++;
	if (p.bad || *p.at)
		return err_set(e, EXIT_USAGE, "'%s' is no formula (at '%.20s')", text, p.at);
	*ret = isfinite(result) ? result : NAN;
	return 0;
}

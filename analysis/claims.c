#include "analysis/claims.h"

#include "analysis/csv_field.h"
#include "analysis/formula.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATS_MAX = 1000, PARTS_MAX = 64, WORD_ROOM = 128 };

const struct claim_paper claim_papers[] = {
	{ "kuno", kuno_claims, { WORD_VMS, WORD_WORKLOAD, WORD_RATE, WORD_ROLE, WORD_ESTIMATOR }, NULL },
	{ "hirofuchi", hirofuchi_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, hirofuchi_tables },
	{ "openflow", openflow_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, NULL },
	{ "sakurai-rtt", sakurai_rtt_claims, { WORD_POINT, WORD_RTT, WORD_ESTIMATOR }, NULL },
	{ "wide-area-groups", group_claims, { WORD_POINT, WORD_ESTIMATOR }, NULL },
	{ "wide-area-reuse", reuse_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, NULL },
	{ "wide-area-return", return_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, NULL },
	{ "wide-area-visits", visits_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, NULL },
	{ "wide-area-cached", cached_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, NULL },
	{ "wide-area-shared", shared_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, NULL },
	{ "wide-area-reachable", reachable_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, NULL },
	{ "wide-area-waiting", waiting_claims, { WORD_POINT, WORD_VM, WORD_ESTIMATOR }, NULL },
	{ 0 },
};

const struct claim_paper *claim_paper_find(const char *name)
{
	for (const struct claim_paper *p = claim_papers; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

int claim_is_known(const char *id)
{
	for (const struct claim_paper *p = claim_papers; p->name; p++)
		for (const struct claim *c = p->claims; c->id; c++)
			if (strcmp(c->id, id) == 0)
				return 1;
	return 0;
}

int claim_is_figure(const struct claim *c)
{
	return c->kind == CLAIM_FIGURE || c->kind == CLAIM_OUTCOME_FIGURE;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = { "agrees", "disagrees", "not shown" };
	return names[verdict];
}

/* ---- rules ---- */

enum verdict claim_judge(const struct interval *value, double low, double high)
{
	if (isnan(value->low) || isnan(value->high))
		return VERDICT_NOT_SHOWN;
	if (value->low > low && value->high < high)
		return VERDICT_AGREES;
	if (value->high <= low || value->low >= high)
		return VERDICT_DISAGREES;
	return VERDICT_NOT_SHOWN;
}

enum verdict claim_judge_outcomes(const struct interval *share)
{
	if (share->mean < 1)
		return VERDICT_DISAGREES;
	return share->n < INTERVAL_LEAST ? VERDICT_NOT_SHOWN : VERDICT_AGREES;
}

enum verdict claim_verdict(const struct claim *c, const struct interval *value)
{
	return c->kind == CLAIM_OUTCOME ? claim_judge_outcomes(value) : claim_judge(value, c->low, c->high);
}

enum verdict claim_together(const enum verdict *parts, int count)
{
	enum verdict all = count ? VERDICT_AGREES : VERDICT_NOT_SHOWN;
	for (int i = 0; i < count; i++) {
		if (parts[i] == VERDICT_DISAGREES)
			return VERDICT_DISAGREES;
		if (parts[i] == VERDICT_NOT_SHOWN)
			all = VERDICT_NOT_SHOWN;
	}
	return all;
}

char *claim_rule(const struct claim *c, char *buffer, size_t room)
{
	if (claim_is_figure(c))
		buffer[0] = '\0';
	else if (c->kind == CLAIM_OUTCOME)
		snprintf(buffer, room, "1 in every repeat");
	else if (isinf(c->high))
		snprintf(buffer, room, "above %g", c->low);
	else if (isinf(c->low))
		snprintf(buffer, room, "below %g", c->high);
	else
		snprintf(buffer, room, "%g to %g", c->low, c->high);
	return buffer;
}

/* ---- parts ---- */

/* Element `index` of text, up to any of `ends`; the last one when there are fewer. Returns how many there are. */
static int element(const char *text, const char *ends, int index, char *buffer, size_t room)
{
	int count = 0;
	buffer[0] = '\0';
	for (const char *at = text; at && *at; count++) {
		size_t length = strcspn(at, ends);
		if (count <= index)
			snprintf(buffer, room, "%.*s", (int)length, at);
		at += length + (at[length] != '\0');
	}
	return count;
}

int claim_parts(const struct claim *c)
{
	char unused[WORD_ROOM];
	return c->each ? element(c->each, " ", 0, unused, sizeof(unused)) : 1;
}

void claim_part(const struct claim *c, int index, char *formula, size_t room, char *paper, size_t paper_room)
{
	char one[WORD_ROOM] = "";
	size_t used = 0;
	if (c->each)
		element(c->each, " ", index, one, sizeof(one));
	element(c->paper, "|", index, paper, paper_room);
	formula[0] = '\0';
	for (const char *at = c->formula; *at && used < room; at++) {
		int is_each = c->each && strncmp(at, "EACH", 4) == 0;
		used += (size_t)(is_each ? snprintf(formula + used, room - used, "%s", one)
		                         : snprintf(formula + used, room - used, "%c", *at));
		at += is_each ? 3 : 0;
	}
}

/* ---- values ---- */

struct study_key claim_key(const struct claim_paper *paper, const struct formula_term *t)
{
	struct study_key key = { .point = "",
		                 .workload = "",
		                 .rate_bits_per_s = MISSING,
		                 .rtt_ns = MISSING,
		                 .metric = t->name,
		                 .vm = "",
		                 .role = "",
		                 .estimator = "" };
	const char **const texts[] = { [WORD_POINT] = &key.point,
		                       [WORD_WORKLOAD] = &key.workload,
		                       [WORD_VM] = &key.vm,
		                       [WORD_ROLE] = &key.role,
		                       [WORD_ESTIMATOR] = &key.estimator };
	for (int i = 0; i < t->count; i++) {
		enum claim_word word = paper->words[i];
		if (strcmp(t->words[i], "-") == 0)
			continue;
		if (word == WORD_VMS)
			key.vms = atoi(t->words[i]);
		else if (word == WORD_RATE)
			rate_parse(t->words[i], &key.rate_bits_per_s, NULL);
		else if (word == WORD_RTT)
			duration_parse(t->words[i], &key.rtt_ns, NULL);
		else if (word == WORD_VM && strcmp(t->words[i], "none") == 0)
			key.vm = STUDY_NO_VM;
		else if (word != WORD_NONE)
			*texts[word] = t->words[i];
	}
	return key;
}

struct looking {
	const struct study_runs *study;
	const struct claim_paper *paper;
	char *reason;
	size_t room;
};

static double look_up(void *context, const struct formula_term *t)
{
	const struct looking *l = context;
	const struct study_key key = claim_key(l->paper, t);
	char reason[300];
	double value = study_value(l->study, &key, t->repeat + 1, reason, sizeof(reason));
	/* The first thing that is missing is told. */
	if (isnan(value) && !t->tried && !l->reason[0])
		snprintf(l->reason, l->room, "%s", reason);
	return value;
}

int claim_value(const struct study_runs *s, const struct claim_paper *paper, enum claim_kind kind,
                const char *formula, struct interval *ret, char *reason, size_t room, struct err *e)
{
	int count = s->repeats < REPEATS_MAX ? (int)s->repeats : REPEATS_MAX;
	double *values = calloc((size_t)count + 1, sizeof(*values));
	if (!values)
		return err_errno(e, EXIT_CANNOT, "cannot judge claims");
	int result = 0;
	reason[0] = '\0';
	for (int r = 0; r < count && result == 0; r++) {
		struct looking l = { s, paper, reason, room };
		values[r] = NAN;
		result = formula_value(formula, r, count, look_up, &l, &values[r], e);
	}
	bool counted = kind == CLAIM_OUTCOME || kind == CLAIM_OUTCOME_FIGURE;
	*ret = counted ? interval_of_outcomes(values, count) : interval_of(values, count);
	if (ret->n < INTERVAL_LEAST && !reason[0])
		snprintf(reason, room, "fewer than %d repeats", INTERVAL_LEAST);
	free(values);
	return result;
}

/* ---- claims.csv ---- */

struct judged {
	char formula[512], paper[WORD_ROOM], reason[300];
	struct interval value;
	enum verdict verdict;
	bool counts; /* in the verdict on the claim */
};

/* Whether it is judged at all. */
static bool is_judged(const struct claim *c, const struct judged *part)
{
	if (c->kind == CLAIM_RANGE_IF_RUN && isnan(part->value.mean))
		return strncmp(part->reason, STUDY_NO_RUN, strlen(STUDY_NO_RUN)) != 0;
	return !claim_is_figure(c);
}

static int judge_part(const struct study_runs *s, const struct claim_paper *paper, const struct claim *c, int index,
                      struct judged *ret, struct err *e)
{
	claim_part(c, index, ret->formula, sizeof(ret->formula), ret->paper, sizeof(ret->paper));
	if (claim_value(s, paper, c->kind, ret->formula, &ret->value, ret->reason, sizeof(ret->reason), e) < 0)
		return -1;
	ret->verdict = claim_verdict(c, &ret->value);
	ret->counts = is_judged(c, ret);
	return 0;
}

static void write_part(FILE *out, const struct claim *c, enum verdict whole, const struct judged *part)
{
	char rule[64];
	const char *const texts[] = {
		c->id,   verdict_name(whole), c->text, part->formula, claim_rule(c, rule, sizeof(rule)),
		c->unit, part->paper
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		fputs(i ? "," : "", out);
		field_text(out, texts[i]);
	}
	field_number(out, part->value.mean);
	field_number(out, part->value.low);
	field_number(out, part->value.high);
	fprintf(out, ",%d,%s,", part->value.n, part->counts ? verdict_name(part->verdict) : "");
	field_text(out, part->reason);
	putc(',', out);
	field_text(out, c->answer ? c->answer : "");
	putc('\n', out);
}

/* The rows of one claim, from `first` on; *ret_next is the first of the next. */
static int write_claim(const struct study_runs *s, const struct claim_paper *paper, const struct claim *first,
                       FILE *out, const struct claim **ret_next, struct err *e)
{
	struct judged *parts = calloc(PARTS_MAX, sizeof(*parts));
	enum verdict verdicts[PARTS_MAX];
	int count = 0, judged = 0, result = parts ? 0 : err_errno(e, EXIT_CANNOT, "cannot judge claims");
	const struct claim *c = first;
	for (; result == 0 && c->id && strcmp(c->id, first->id) == 0; c++)
		for (int i = 0; i < claim_parts(c) && count < PARTS_MAX && result == 0; i++) {
			result = judge_part(s, paper, c, i, &parts[count], e);
			if (result == 0 && parts[count].counts)
				verdicts[judged++] = parts[count].verdict;
			count++;
		}
	*ret_next = c;
	count = 0;
	for (c = first; result == 0 && c < *ret_next; c++)
		for (int i = 0; i < claim_parts(c) && count < PARTS_MAX; i++)
			write_part(out, c, claim_together(verdicts, judged), &parts[count++]);
	free(parts);
	return result;
}

int claims_write(const struct study_runs *s, const struct claim_paper *paper, FILE *out, struct err *e)
{
	fputs("claim,claim_verdict,text,formula,rule,unit,paper,value,low,high,n,verdict,reason,answer\n", out);
	for (const struct claim *c = paper->claims; c->id;)
		if (write_claim(s, paper, c, out, &c, e) < 0)
			return -1;
	return 0;
}

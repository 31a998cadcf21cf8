#include "analysis/paper_table.h"

#include "analysis/claims.h"
#include "analysis/csv_field.h"

#include <math.h>
#include <string.h>

static const struct interval none = { NAN, NAN, NAN, 0 };

static int write_cell(const struct study_runs *s, const struct claim_paper *paper, const struct paper_table *t,
                      const struct paper_cell *c, FILE *out, struct err *e)
{
	struct interval value = none, share = none;
	char reason[300] = "", unused[300];
	if (c->formula && claim_value(s, paper, CLAIM_RANGE, c->formula, &value, reason, sizeof(reason), e) < 0)
		return -1;
	if (c->share && claim_value(s, paper, CLAIM_RANGE, c->share, &share, unused, sizeof(unused), e) < 0)
		return -1;
	const char *const texts[] = { t->title, t->note, c->row, c->column, t->unit, c->paper };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		fputs(i ? "," : "", out);
		field_text(out, texts[i]);
	}
	field_number(out, value.mean);
	field_number(out, value.low);
	field_number(out, value.high);
	fprintf(out, ",%d", value.n);
	field_number(out, share.mean);
	field_number(out, share.low);
	field_number(out, share.high);
	putc(',', out);
	field_text(out, reason);
	putc('\n', out);
	return 0;
}

int paper_tables_write(const struct study_runs *s, const struct claim_paper *paper, FILE *out, struct err *e)
{
	fputs("title,note,row,column,unit,paper,value,low,high,n,share,share_low,share_high,reason\n", out);
	for (const struct paper_table *t = paper->tables; t && t->title; t++)
		for (const struct paper_cell *c = t->cells; c->row; c++)
			if (write_cell(s, paper, t, c, out, e) < 0)
				return -1;
	return 0;
}

/* claimed.h - for tests: analyse a made study of a paper in a scratch folder, and look at its claims and its page. */
#ifndef T_CLAIMED_H
#define T_CLAIMED_H

#include "analysis/study_analyze.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/csv_table.h"
#include "reports/report.h"
#include "t/made_study.h"
#include "t/scratch.h"
#include "t/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)

static struct csv_table *claims_made(void)
{
	struct err e = { 0 };
	struct csv_table *t;
	if (analyze_study(scratch, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(csv_table_load(&t, scratch, "claims.csv", 1000, &e), 0);
	return t;
}

/* Of one claim, or (NULL) of all. */
static void assert_claims(const struct csv_table *t, const char *claim, const char *verdict)
{
	int rows = 0;
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (claim && strcmp(csv_table_text(t, i, "claim"), claim) != 0)
			continue;
		rows++;
		if (strcmp(csv_table_text(t, i, "claim_verdict"), verdict) != 0)
			fail_msg("%s (%s): %s, not %s", csv_table_text(t, i, "claim"),
			         csv_table_text(t, i, "formula"), csv_table_text(t, i, "claim_verdict"), verdict);
	}
	assert_true(rows > 0);
}

#endif

/* texts.h - for tests: what must be in a page, or may not; and the page of a study. */
#ifndef T_TEXTS_H
#define T_TEXTS_H

#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

__attribute__((unused)) static void assert_has(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("not there: %s", wanted);
}

__attribute__((unused)) static void assert_lacks(const char *text, const char *unwanted)
{
	const char *at = strstr(text, unwanted);
	if (at)
		fail_msg("there: %.80s", at);
}

/* Each text of an array. */
#define ASSERT_HAS_ALL(text, wanted)                                                                                 \
	do {                                                                                                         \
		for (size_t wanted_i = 0; wanted_i < sizeof(wanted) / sizeof(*(wanted)); wanted_i++)                 \
			assert_has(text, (wanted)[wanted_i]);                                                        \
	} while (0)

/* The page of the study in a folder, which the caller frees. */
__attribute__((unused)) static char *page_made(const char *study)
{
	struct err e = { 0 };
	char path[256];
	if (report_study(study, NULL, path, sizeof(path), &e) < 0)
		fail_msg("%s", e.text);
	assert_non_null(strstr(path, "/study.html"));
	char *page = whole_file_read(path, 5 << 20);
	assert_non_null(page);
	return page;
}

#endif

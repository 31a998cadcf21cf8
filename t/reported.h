/* reported.h - for tests: reports of fixture runs (t/report_fixture.pl), and what must be in them or may not. */
#ifndef T_REPORTED_H
#define T_REPORTED_H

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/whole_file.h"
#include "reports/report.h"
#include "t/scratch.h"
#include "t/texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PAGE_LIMIT = 5 * 1024 * 1024 };

static const char *path_of(const char *kind, const char *file)
{
	static char path[4][256];
	static int next;
	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s%s%s", scratch, kind, file ? "/" : "", file ? file : "");
	return path[next];
}

/* Make these fixtures; NULL ends. */
static int report_fixtures_make(const char *const kinds[])
{
	if (scratch_make(NULL) < 0)
		return -1;
	for (int i = 0; kinds[i]; i++) {
		const char *argv[] = { "perl", "t/report_fixture.pl", kinds[i], path_of(kinds[i], NULL), NULL };
		struct err e = { 0 };
		if (process_run(NULL, argv, 60 * NS_PER_S, NULL, 0, &e) < 0) {
			print_error("%s\n", e.text);
			return -1;
		}
	}
	return 0;
}

/* The page of a fixture, made; the caller frees. */
static char *page_of(const char *kind)
{
	struct err e = { 0 };
	if (report_run(path_of(kind, NULL), NULL, &e) < 0)
		fail_msg("%s", e.text);
	char *page = whole_file_read(path_of(kind, "report.html"), PAGE_LIMIT);
	assert_non_null(page);
	return page;
}

/* Nothing that a browser would fetch or run; every id once. */
__attribute__((unused)) static void assert_self_contained(const char *page)
{
	static const char *const unwanted[] = { "<script",    "src=\"",  "src='",   "<link",   "<img",
		                                "<iframe",    "@import", "url(h",   "url('",   "href=\"http",
		                                "href='http", "xmlns",   "onload=", "onclick=" };
	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		assert_lacks(page, unwanted[i]);
	for (const char *at = strstr(page, " id="); at; at = strstr(at + 4, " id=")) {
		char id[256];
		size_t length = strcspn(at + 5, "'\"") + 6;
		snprintf(id, sizeof(id), "%.*s", (int)(length < 255 ? length : 255), at);
		if (strstr(at + length, id))
			fail_msg("twice: %s", id);
	}
}

__attribute__((unused)) static char *table_of(const char *kind, enum report_format format)
{
	char *text = NULL;
	size_t size;
	struct err e = { 0 };
	FILE *out = open_memstream(&text, &size);
	const char *const runs[] = { path_of(kind, NULL) };
	assert_int_equal(report_tables(out, runs, 1, format, &e), 0);
	fclose(out);
	return text;
}

#endif

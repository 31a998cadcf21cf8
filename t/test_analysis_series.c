/* The series reader: columns by name, missing as a value, hostile content named by file:line. */
#include "analysis/series_read.h"
#include "bench/base/err.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/t-an-series-XXXXXX";

enum { NAME, VALUE, EXTRA, COLUMNS };
static const struct series_column columns[COLUMNS] = {
	[NAME] = { "name", COLUMN_TEXT, 0 },
	[VALUE] = { "value", COLUMN_INTEGER, 0 },
	[EXTRA] = { "extra", COLUMN_INTEGER, 1 },
};

struct seen {
	int rows;
	int64_t values[16], extras[16];
	char names[16][SERIES_TEXT_ROOM];
};

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct seen *seen = context;
	if (cells[VALUE].integer == 666)
		return err_set(e, EXIT_MEASURED_BAD, "told to stop");
	if (seen->rows < 16) {
		seen->values[seen->rows] = cells[VALUE].integer;
		seen->extras[seen->rows] = cells[EXTRA].integer;
		strcpy(seen->names[seen->rows], cells[NAME].text);
	}
	seen->rows++;
	return 0;
}

static int read_bytes(const char *bytes, size_t length, struct seen *seen, struct series_facts *facts, struct err *e)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/x.csv", directory);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
	memset(seen, 0, sizeof(*seen));
	memset(e, 0, sizeof(*e));
	return series_read(directory, "x.csv", columns, COLUMNS, on_row, seen, facts, e);
}

static int read_text(const char *text, struct seen *seen, struct series_facts *facts, struct err *e)
{
	return read_bytes(text, strlen(text), seen, facts, e);
}

static void test_columns_by_name(void **state)
{
	(void)state;
	struct seen s;
	struct series_facts facts;
	struct err e;
	assert_int_equal(read_text("other,value,name\n1,2,a\n3,-4,\"b, \"\"c\"\"\"\r\n", &s, &facts, &e), 0);
	assert_int_equal(s.rows, 2);
	assert_int_equal(s.values[0], 2);
	assert_int_equal(s.values[1], -4);
	assert_string_equal(s.names[1], "b, \"c\"");
	assert_true(s.extras[0] == MISSING);
	assert_int_equal(facts.rows, 2);
	assert_int_equal(facts.rows_dropped, 0);
}

static void test_missing_is_a_value(void **state)
{
	(void)state;
	struct seen s;
	struct err e;
	assert_int_equal(read_text("name,value,extra\na,missing,1\nb,,2\nc,unsupported,3\nd,0,\n", &s, NULL, &e), 0);
	assert_int_equal(s.rows, 4);
	for (int i = 0; i < 3; i++)
		assert_true(s.values[i] == MISSING);
	assert_int_equal(s.values[3], 0);
	assert_true(s.extras[3] == MISSING);
}

static int on_sum(void *context, const struct series_cell *cells, struct err *e)
{
	double *at = context;
	(void)e;
	at[(int)++at[0]] = cells[0].number;
	return 0;
}

/* Sums as they are written: larger than an integer is let be, and fractions. */
static void test_numbers(void **state)
{
	(void)state;
	static const struct series_column sum = { "sum", COLUMN_NUMBER, 0 }, none = { "none", COLUMN_NUMBER, 1 };
	static const char *const bad[] = { "nan", "inf", "1e999", "0x10", "1 000", "-", "1e", "+1", ".", "1.2.3" };
	double got[8] = { 0 };
	struct seen s;
	struct err e;
	read_text("name,value,sum\na,1,8428505682628798464\nb,2,-1.5e3\nc,3,missing\nd,4,\ne,5,.25\n", &s, NULL, &e);
	assert_int_equal(series_read(directory, "x.csv", &sum, 1, on_sum, got, NULL, &e), 0);
	assert_true(got[0] == 5 && got[1] == 8428505682628798464. && got[2] == -1500 && got[5] == 0.25);
	assert_true(isnan(got[3]) && isnan(got[4]));
	got[0] = 0;
	assert_int_equal(series_read(directory, "x.csv", &none, 1, on_sum, got, NULL, &e), 0);
	assert_true(got[0] == 5 && isnan(got[5]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[100], says[100];
		snprintf(text, sizeof(text), "name,value,sum\na,1,%s\n", bad[i]);
		snprintf(says, sizeof(says), "x.csv:2: '%s' is not a number (column 'sum')", bad[i]);
		read_text(text, &s, NULL, &e);
		assert_int_equal(series_read(directory, "x.csv", &sum, 1, on_sum, got, NULL, &e), -1);
		assert_string_equal(e.text, says);
	}
}

static void test_truncated_last_line(void **state)
{
	(void)state;
	static const char *const tails[] = { "c", "c,", "c,1", "c,12,3", "\"c", "c,12," };
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		char text[100];
		struct seen s;
		struct series_facts facts;
		struct err e;
		snprintf(text, sizeof(text), "name,value,extra\na,1,1\nb,2,2\n%s", tails[i]);
		assert_int_equal(read_text(text, &s, &facts, &e), 0);
		assert_int_equal(s.rows, 2);
		assert_int_equal(facts.rows_dropped, 1);
	}
}

static void test_nothing_there(void **state)
{
	(void)state;
	struct seen s;
	struct err e;
	assert_int_equal(read_text("", &s, NULL, &e), 1);
	assert_int_equal(read_text("name,val", &s, NULL, &e), 1);
	assert_int_equal(read_text("name,value\n", &s, NULL, &e), 0);
	assert_int_equal(s.rows, 0);
	assert_int_equal(series_read(directory, "none.csv", columns, COLUMNS, on_row, &s, NULL, &e), 1);
}

static void test_hostile(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "name,other\na,1\n", "x.csv:1: no column 'value'" },
		{ "name,value\na,1\nb,2x\n", "x.csv:3: '2x' is not an integer (column 'value')" },
		{ "name,value\na,1.5\n", "x.csv:2: '1.5' is not an integer" },
		{ "name,value\na,99999999999999999999\n", "x.csv:2: '99999999999999999999' is not" },
		{ "name,value\na,9223372036854775807\n", "x.csv:2:" },
		{ "name,value\na,-9223372036854775808\n", "x.csv:2:" },
		{ "name,value\na,-\n", "x.csv:2: '-' is not an integer" },
		{ "name,value\na,0x10\n", "x.csv:2:" },
		{ "name,value\na,\x1b[31m\n", "x.csv:2: '?[31m'" },
		{ "name,value\na\n", "x.csv:2: 1 of 2 fields" },
		{ "name,value\na,1,2\n", "x.csv:2: more fields than the header has" },
		{ "name,value\na\"b,1\n", "x.csv:2: a quote in the wrong place" },
		{ "name,value\n\"a,1\nb,2\nc,3\n", "x.csv:2: longer than 64 KiB, or a quote that does not end" },
		{ "name,value\na,666\nb,x\n", "told to stop" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct seen s;
		struct err e;
		assert_int_equal(read_text(cases[i].text, &s, NULL, &e), -1);
		if (!strstr(e.text, cases[i].says))
			fail_msg("'%s' does not say '%s'", e.text, cases[i].says);
	}
}

static void test_gigantic_lines(void **state)
{
	(void)state;
	size_t length = 3 << 20;
	char *bytes = malloc(length + 1);
	struct seen s;
	struct err e;
	for (int kind = 0; kind < 3; kind++) {
		memset(bytes, kind == 0 ? 'x' : kind == 1 ? ',' : '1', length);
		memcpy(bytes, "name,value\nb,", 13);
		assert_int_equal(read_bytes(bytes, length, &s, NULL, &e), -1);
		assert_non_null(strstr(e.text, "x.csv:2:"));
	}
	memset(bytes, 'n', length); /* in the header too */
	assert_int_equal(read_bytes(bytes, length, &s, NULL, &e), -1);
	free(bytes);
}

static void test_noise_never_crashes(void **state)
{
	(void)state;
	static const char alphabet[] = "0123456789,,\n\n\"-ax \r\0";
	unsigned seed = 7;
	for (int round = 0; round < 3000; round++) {
		char bytes[256] = "name,value\n";
		struct seen s;
		struct err e;
		for (size_t i = round % 3 ? 11 : 0; i < sizeof(bytes); i++) {
			seed = seed * 1103515245 + 12345;
			bytes[i] = alphabet[(seed >> 16) % sizeof(alphabet)];
		}
		int got = read_bytes(bytes, sizeof(bytes), &s, NULL, &e);
		assert_true(got >= -1 && got <= 1);
		assert_true(got != -1 || e.text[0]);
	}
}

static int make_directory(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	char path[128];
	snprintf(path, sizeof(path), "%s/x.csv", directory);
	unlink(path);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_columns_by_name), cmocka_unit_test(test_missing_is_a_value),
		cmocka_unit_test(test_numbers),         cmocka_unit_test(test_truncated_last_line),
		cmocka_unit_test(test_nothing_there),   cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_gigantic_lines),  cmocka_unit_test(test_noise_never_crashes),
	};
	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}

/* A small table as text, Markdown and HTML: aligned, and nothing in a cell leaves it. */
#include "reports/grid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *written(const struct grid_writer *writer, const struct grid *g)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	assert_non_null(out);
	writer->table(out, "Stops", g);
	fclose(out);
	return text;
}

static void check(const struct grid_writer *writer, const struct grid *g, const char *expected)
{
	char *text = written(writer, g);
	assert_string_equal(text, expected);
	free(text);
}

static void test_grid(void **state)
{
	(void)state;
	struct grid *g = grid_new(2);
	char(*cells)[GRID_CELL] = grid_row(g);
	strcpy(cells[0], "observer");
	strcpy(cells[1], "|error|");
	check(&grid_text, g, "");
	check(&grid_markdown, g, "");
	check(&grid_html, g, "");
	for (int i = 0; i < 20; i++) {
		cells = grid_row(g);
		assert_string_equal(cells[1], "");
	}
	grid_free(g);

	g = grid_new(2);
	cells = grid_row(g);
	strcpy(cells[0], "observer");
	strcpy(cells[1], "|error|");
	cells = grid_row(g);
	strcpy(cells[0], "a <b>");
	strcpy(cells[1], "0.1");
	check(&grid_text, g, "Stops:\nobserver  |error|\na <b>         0.1\n\n");
	check(&grid_markdown, g, "Stops:\n\n| observer | \\|error\\| |\n|---|---:|\n| a <b> | 0.1 |\n\n");
	check(&grid_html, g,
	      "<h3>Stops</h3>\n<table>\n<thead><tr><th>observer</th><th class=\"number\">|error|</th></tr></thead>\n<tbody>\n"
	      "<tr><td>a &lt;b&gt;</td><td class=\"number\">0.1</td></tr>\n</tbody>\n</table>\n");
	grid_free(g);
	grid_free(NULL);
	check(&grid_text, NULL, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_grid) };
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

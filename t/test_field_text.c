/* Texts as CSV fields: in a file and in a buffer the same, and one field whatever is in them. */
#include "bench/base/field_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void is_written(const char *text, const char *due)
{
	char buffer[128], *written = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&written, &size);
	assert_non_null(file);
	field_text(file, text);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(written, due);
	free(written);
	assert_string_equal(field_text_copy(text, buffer, sizeof(buffer)), due);
}

static void only_what_must_be_is_quoted(void **state)
{
	(void)state;
	is_written("", "");
	is_written("two words; 5'", "two words; 5'");
	is_written("a,b", "\"a,b\"");
	is_written("say \"no\"", "\"say \"\"no\"\"\"");
	is_written("line\r\nline", "\"line  line\"");
}

static void what_is_cut_is_still_one_field(void **state)
{
	(void)state;
	char buffer[16];
	for (size_t room = 3; room <= sizeof(buffer); room++) {
		memset(buffer, 'x', sizeof(buffer));
		field_text_copy(",\"\"\",\"\"", buffer, room);
		size_t length = strlen(buffer), quotes = 0;
		assert_true(length < room && length + 2 >= room);
		for (size_t i = 0; i < length; i++)
			quotes += buffer[i] == '"';
		assert_true(buffer[0] == '"' && buffer[length - 1] == '"' && quotes % 2 == 0);
	}
	assert_string_equal(field_text_copy("plain", buffer, 4), "pla");
}

static void control_characters_are_tamed(void **state)
{
	(void)state;
	char text[] = "a\033[2Jb\nc\177\303\251\302\2332J\302\240\302";
	assert_string_equal(text_tame(text), "a?[2Jb?c?\303\251??2J\302\240\302");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_must_be_is_quoted),
		cmocka_unit_test(what_is_cut_is_still_one_field),
		cmocka_unit_test(control_characters_are_tamed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

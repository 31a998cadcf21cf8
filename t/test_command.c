/* What the command line is read into, and what is kept of it. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arguments *parse(const char *command, char **argv, int argc)
{
	struct arguments *a = NULL;
	struct err e = { 0 };
	if (arguments_parse(command_find(command, &e), argc, argv, &a, &e) < 0)
		fail_msg("%s", e.text);
	return a;
}

#define PARSE(command, words) parse(command, words, (int)(sizeof(words) / sizeof(*(words))))

static void what_decides_is_kept(void **state)
{
	(void)state;
	static const char *const kept[] = { "set", "scale", "quick", NULL };
	char run[] = "run", q[] = "-q", config[] = "a.conf", s[] = "-s", key[] = "link.rate=1G, 10M",
	     scale[] = "--scale=1/16", o[] = "-o", folder[] = "/x", quick[] = "--quick", calibrate[] = "calibrate";
	char *words[] = { run, q, config, s, key, scale, o, folder }, *switches[] = { calibrate, quick };
	char line[200], few[24];
	struct arguments *a = PARSE("run", words);
	assert_string_equal(arguments_line(a, "run", kept, line, sizeof(line)),
	                    "migmeter run a.conf -s 'link.rate=1G, 10M' --scale 1/16");
	arguments_line(a, "run", kept, few, sizeof(few));
	assert_string_equal(few, "migmeter run a.conf -s ");
	arguments_free(a);
	a = PARSE("calibrate", switches);
	assert_string_equal(arguments_line(a, "calibrate", kept, line, sizeof(line)), "migmeter calibrate --quick");
	arguments_free(a);
}

/* A shell reads the same words again, whatever is in them. */
static void a_shell_reads_it_back(void **state)
{
	(void)state;
	static const char *const kept[] = { "set", NULL };
	char run[] = "run", config[] = "it's $HOME;.conf", s[] = "-s", key[] = "vm1.x='a' \"b\"", none[] = "";
	char *words[] = { run, config, s, key, s, none };
	char line[200], script[300], output[200];
	const char *argv[] = { "sh", "-c", script, NULL };
	struct arguments *a = PARSE("run", words);
	snprintf(script, sizeof(script), "migmeter() { printf '<%%s>' \"$@\"; }; %s",
	         arguments_line(a, "run", kept, line, sizeof(line)));
	arguments_free(a);
	assert_int_equal(process_run(NULL, argv, 10 * NS_PER_S, output, sizeof(output), NULL), 0);
	assert_string_equal(output, "<run><it's $HOME;.conf><-s><vm1.x='a' \"b\"><-s><>");
}

static void a_folder_has_a_name_that_fits(void **state)
{
	(void)state;
	static const char *const commands_with_folder[] = { "run", "calibrate" };
	char o[] = "-o", folder[] = "12345678", none[] = "", config[] = "c", buffer[9];
	for (int i = 0; i < 2; i++) {
		struct err e = { 0 };
		char name[16];
		strcpy(name, commands_with_folder[i]);
		char *fits[] = { name, o, folder, config }, *empty[] = { name, o, none, config },
		     *bare[] = { name, config };
		int left_out = i; /* calibrate takes no config */
		struct arguments *a = parse(name, fits, 4 - left_out);
		assert_int_equal(arguments_folder(a, buffer, sizeof(buffer), &e), 0);
		assert_string_equal(buffer, folder);
		assert_int_equal(arguments_folder(a, buffer, sizeof(buffer) - 1, &e), -1);
		assert_int_equal(e.status, EXIT_USAGE);
		assert_non_null(strstr(e.text, "1 to 7 bytes"));
		arguments_free(a);
		a = parse(name, empty, 4 - left_out);
		assert_int_equal(arguments_folder(a, buffer, sizeof(buffer), &e), -1);
		arguments_free(a);
		a = parse(name, bare, 2 - left_out);
		assert_int_equal(arguments_folder(a, buffer, sizeof(buffer), &e), 0);
		assert_string_equal(buffer, "");
		arguments_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_decides_is_kept),
		cmocka_unit_test(a_shell_reads_it_back),
		cmocka_unit_test(a_folder_has_a_name_that_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

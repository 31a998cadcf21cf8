/* Pictures are drawn at the end, several at a time, and one that fails keeps none from being put in place. */
#include "bench/base/err.h"
#include "reports/gnuplot.h"
#include "t/made_run.h"
#include "t/scratch.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static void picture(struct gnuplot *g, const char *name, const char *script, struct err *e)
{
	FILE *preamble = gnuplot_picture_begin(g, name, "", e);
	assert_non_null(preamble);
	gnuplot_set_text(preamble, "SCRIPTS", scratch);
	assert_int_equal(gnuplot_picture_end(g, name, script, preamble, 0, e), 0);
}

/* Whether plots/NAME.svg and .png are there, both. */
static int is_there(const char *name)
{
	char svg[100], png[100];
	snprintf(svg, sizeof(svg), "%s/plots/%s.svg", scratch, name);
	snprintf(png, sizeof(png), "%s/plots/%s.png", scratch, name);
	return access(svg, F_OK) == 0 && access(png, F_OK) == 0;
}

static void scripts_make(void)
{
	made_file(scratch, "good.gp", "set terminal svg\nset output OUT\nset title NAME\nplot x\nunset output\n");
	made_file(scratch, "bad.gp", "no_such_command\n");
	/* It waits until both are at work. */
	made_file(
		scratch, "meet.gp",
		"n = system('cd '.SCRIPTS.' && touch '.NAME.'.here && for i in $(seq 300); do [ $(ls *.here | wc -l) = 2 ] "
		"&& break; sleep 0.1; done; ls *.here | wc -l')\nif (n + 0 != 2) { no_such_command }\n"
		"load SCRIPTS.'/good.gp'\n");
}

static int entries(const char *directory)
{
	int count = 0;
	DIR *d = opendir(directory);
	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count - 2;
}

static void one_that_fails_keeps_none_back(void **state)
{
	struct gnuplot g;
	struct err e = { 0 }, own[4] = { 0 };
	char plots[100];
	(void)state;
	scripts_make();
	assert_int_equal(gnuplot_begin(&g, scratch, &e), 0);
	picture(&g, "one", "good.gp", &own[0]);
	picture(&g, "two", "bad.gp", &own[1]);
	picture(&g, "three", "good.gp", &own[2]);
	picture(&g, "four", "bad.gp", &own[1]); /* shared: the first one's words stay */
	picture(&g, "five", "good.gp", NULL);
	assert_false(is_there("one")); /* as yet */
	assert_int_equal(gnuplot_end(&g), -1);
	assert_true(is_there("one") && is_there("three") && is_there("five"));
	assert_false(is_there("two") || is_there("four"));
	assert_int_equal(own[0].status, 0);
	assert_int_equal(own[2].status, 0);
	assert_int_equal(own[1].status, EXIT_MEASURED_BAD);
	assert_non_null(strstr(own[1].text, "/two.gp"));
	snprintf(plots, sizeof(plots), "%s/plots", scratch);
	assert_int_equal(entries(plots), 6); /* nothing of the work is left */
}

static void two_are_drawn_at_once(void **state)
{
	struct gnuplot g;
	struct err e = { 0 };
	(void)state;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip();
	scripts_make();
	assert_int_equal(gnuplot_begin(&g, scratch, &e), 0);
	picture(&g, "left", "meet.gp", &e);
	picture(&g, "right", "meet.gp", &e);
	if (gnuplot_end(&g) < 0)
		fail_msg("%s", e.text);
	assert_true(is_there("left") && is_there("right"));
}

/* What one draws from is none of the other's, by whatever name. */
static void each_has_its_own_data(void **state)
{
	struct gnuplot g;
	struct err e = { 0 };
	char works[2][5000];
	(void)state;
	scripts_make();
	assert_int_equal(gnuplot_begin(&g, scratch, &e), 0);
	for (int i = 0; i < 2; i++) {
		picture(&g, i ? "b" : "a", "good.gp", &e);
		snprintf(works[i], sizeof(works[i]), "%s", g.work);
		assert_int_equal(access(works[i], W_OK), 0);
	}
	assert_string_not_equal(works[0], works[1]);
	assert_int_equal(gnuplot_end(&g), 0);
	assert_int_equal(access(works[0], F_OK), -1);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_make, scratch_remove)
	const struct CMUnitTest tests[] = {
		IN_SCRATCH(one_that_fails_keeps_none_back),
		IN_SCRATCH(two_are_drawn_at_once),
		IN_SCRATCH(each_has_its_own_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

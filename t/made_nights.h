/* made_nights.h - for tests: sets that nights have left, and whole nights from made runs. */
#ifndef T_MADE_NIGHTS_H
#define T_MADE_NIGHTS_H

#include "analysis/nightly.h"
#include "analysis/nightly_write.h"
#include "bench/base/json_file.h"
#include "bench/experiment/progress.h"
#include "bench/nightly.h"
#include "bench/nightly_sets.h"
#include "t/compared.h"

/* ---- sets ---- */

static char root[128];

/* A set of the experiment that began in minute `number`, with cases as JSON rows; verdict NULL: it still runs, or was killed. */
__attribute__((unused)) static void made_night_of(int number, const char *name, const char *verdict,
                                                  const char *cases)
{
	char path[256];
	mkdir(root, 0755);
	snprintf(path, sizeof(path), "%s/%03d", root, number);
	mkdir(path, 0755);
	made_file(path, NIGHT_FILE,
	          "{\"format\":1,\"kind\":\"nightly\",\"name\":\"%s\",\"began_ns\":%d000000000,\"verdict\":\"%s\","
	          "\"cases\":[%s]}\n",
	          name, 60 * number, verdict ? verdict : NIGHT_RUNNING, cases);
	made_file(path, "summary.txt", "a night\n");
}

/* One whose only case came to the same. */
__attribute__((unused)) static void made_night(int number, const char *name, const char *verdict)
{
	char row[200] = "";
	if (verdict)
		snprintf(row, sizeof(row),
		         "{\"case\":\"\",\"verdict\":\"%s\",\"complete\":6,\"failed\":0,\"skipped\":0}", verdict);
	made_night_of(number, name, verdict, row);
}

__attribute__((unused)) static int is_there(const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/%s", root, name);
	return access(path, F_OK) == 0;
}

__attribute__((unused)) static struct nightly_sets read_sets(void)
{
	struct nightly_sets sets;
	struct err e = { 0 };
	if (nightly_sets_read(&sets, root, &e) < 0)
		fail_msg("%s", e.text);
	return sets;
}

static int sets_begin(void **state)
{
	int result = begin(state);
	snprintf(root, sizeof(root), "%s/nightly", scratch);
	progress_quiet(true);
	return result;
}

#define OF_SETS(test) cmocka_unit_test_setup_teardown(test, sets_begin, end)

/* ---- whole nights ---- */

static char database[128], textfile[128], printed[65536];
static struct nightly_options options;
static struct nightly tonight;

static int nights_begin(void **state)
{
	int result = sets_begin(state);
	snprintf(database, sizeof(database), "%s/history/of.sqlite", scratch);
	snprintf(textfile, sizeof(textfile), "%s/migmeter.prom", scratch);
	options = (struct nightly_options){ .root = root, .database = database, .textfile = textfile, .keep = 30 };
	return result;
}

#define OF_NIGHTS(test) cmocka_unit_test_setup_teardown(test, nights_begin, end)

/* Night `number` begins; its runs go to the folder that is returned. study: what was to be run, NULL: what there will be. */
static const char *night_begins(int number, const struct study *study)
{
	static char path[512];
	struct err e = { 0 };
	if (nightly_open(&tonight, &options, &e) < 0)
		fail_msg("%s", e.text);
	tonight.began_ns = INT64_C(1795000000000000000) + number * INT64_C(86400000000000);
	if (nightly_begin(&tonight, "made", "made.conf", &e) < 0)
		fail_msg("%s", e.text);
	tonight.study = study;
	return nightly_set_runs(tonight.set, path, sizeof(path));
}

/* It ends; its exit status, and its set's path where there is room. */
static int night_ends(int interrupted, char *set)
{
	memset(printed, 0, sizeof(printed));
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	int status = nightly_conclude(&tonight, interrupted, out);
	fclose(out);
	nightly_close(&tonight);
	if (set)
		snprintf(set, 512, "%s", tonight.set);
	return status;
}

/* A night of six runs. */
__attribute__((unused)) static int night(int number, const struct made_conditions *c, double rate, char *set)
{
	made_set(night_begins(number, NULL), 100 * number, 6, c, rate, 200);
	return night_ends(0, set);
}

__attribute__((unused)) static void assert_printed(const char *text)
{
	if (!strstr(printed, text))
		fail_msg("'%s' is not in: %s", text, printed);
}

__attribute__((unused)) static void assert_not_printed(const char *text)
{
	if (strstr(printed, text))
		fail_msg("'%s' is in: %s", text, printed);
}

__attribute__((unused)) static void assert_file(const char *set, const char *name, int is)
{
	char path[1024];
	snprintf(path, sizeof(path), "%s/%s", set, name);
	if ((access(path, F_OK) == 0) != is)
		fail_msg("%s %s", path, is ? "is not there" : "is there");
}

#endif

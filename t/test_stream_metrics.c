/* What of a migration need not have been sent: sums of a made pages.csv whose truth is known, and its page. */
#include "analysis/stream_metrics.h"
#include "t/reported.h"

#include <inttypes.h>
#include <math.h>

static const char columns[] = "head_ns,vm,from,to,phase,kind,equal,pages,again,bytes,zstd_pages,zstd_bytes\n";

/* 1000 pages as they are, 4104 bytes each, and 12345 bytes of others. */
static const char rows[] = "1100000000,vm1,src,dst,precopy,page,unique,300,0,1231200,100,204800\n"
			   "1100000000,vm1,src,dst,precopy,page,own,100,0,410400,0,0\n"
			   "1100000000,vm1,src,dst,precopy,zero,,50,0,450,missing,missing\n"
			   "1200000000,vm1,src,dst,precopy,page,kept,500,0,2052000,50,51200\n"
			   "1200000000,vm1,src,dst,stopped,page,sent+kept+disk,100,100,410400,10,10240\n"
			   "1200000000,vm1,src,dst,stopped,device,,missing,missing,11895,missing,missing\n";

enum { SENT = 1000 * 4104 + 12345 };

static void run_write(const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/run", scratch);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/run/plots", scratch);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/run/pages.csv", scratch);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%s%s", columns, text);
	fclose(file);
}

static struct metrics summed(void)
{
	static struct run_event begin = { .head_ns = 1000000000, .event = "migrate-start" };
	struct run run = { .events = &begin, .event_count = 1, .migrate_start_ns = 1000000000 };
	struct metrics metrics = { 0 };
	struct err e = { 0 };
	snprintf(run.directory, sizeof(run.directory), "%s/run", scratch);
	if (stream_metrics(&run, &metrics, &e) < 0)
		fail_msg("%s", e.text);
	return metrics;
}

static double value(const struct metrics *m, const char *name, const char *variant)
{
	for (int i = 0; i < m->count; i++)
		if (strcmp(m->values[i].definition->name, name) == 0 && strcmp(m->values[i].variant, variant) == 0)
			return m->values[i].value;
	fail_msg("no %s:%s", name, variant);
	return NAN;
}

static void assert_left(const struct metrics *m, const char *way, double bytes)
{
	double left = value(m, "stream_left", way) / 100 * SENT;
	if (fabs(left - bytes) > 1)
		fail_msg("%s leaves %.1f bytes, not %.1f", way, left, bytes);
}

static char *plot_text(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/run/plots/%s", scratch, name);
	return whole_file_read(path, 100000);
}

static void what_would_have_been_left(void **state)
{
	(void)state;
	run_write(rows);
	struct metrics m = summed();
	/* All compressed pages: 160 of them, 266240 bytes; of the class without any, each is like these. */
	const double like_all = 266240. / 160, unique = 300 * (8 + 2048.), known = 600 * (8 + 1024.);
	assert_true(value(&m, "stream_bytes", "all") == SENT);
	assert_true(value(&m, "stream_bytes", "pages") == 1000 * 4104);
	assert_left(&m, "sent", SENT - 100 * (4104 - 24));
	assert_left(&m, "own", SENT - 100 * (4104 - 24));
	assert_left(&m, "group", SENT);
	assert_left(&m, "kept", SENT - 600 * (4104 - 24));
	assert_left(&m, "disk", SENT - 100 * (4104 - 24));
	assert_left(&m, "compression", 12345 + unique + known + 100 * (8 + like_all));
	assert_left(&m, "together", 12345 + 700 * 24 + unique);
	assert_true(fabs(value(&m, "pages_equal", "kept") - 60) < 1e-9);
	assert_true(fabs(value(&m, "pages_equal", "unique") - 30) < 1e-9);
	char *text = plot_text("pages.csv");
	assert_string_equal(text, "time_s,kept,disk,group,own,sent,unique,other\n"
	                          "0.100000,0,0,0,410400,0,1231200,450\n"
	                          "0.200000,2462400,0,0,410400,0,1231200,12345\n");
	free(text);
	text = plot_text("pages-left.csv");
	assert_has(text, "as it was,4116345,100\n");
	assert_has(text, "kept,1668345,40.53\n");
	free(text);
	metrics_free(&m);
}

/* Missing is a word: nothing was compressed, pages were not classified. */
static void what_is_not_known(void **state)
{
	(void)state;
	run_write("1100000000,vm1,src,dst,precopy,page,kept,10,0,41040,0,0\n"
	          "1100000000,vm1,src,dst,precopy,page,missing,10,0,41040,0,0\n"
	          "1100000000,vm1,src,dst,precopy,unknown,,missing,missing,5000,missing,missing\n");
	struct metrics m = summed();
	assert_true(isnan(value(&m, "stream_left", "compression")));
	assert_false(isnan(value(&m, "stream_left", "together"))); /* nothing is left to be compressed */
	assert_true(fabs(value(&m, "stream_left", "kept") - 100 * (41040 + 5000 + 240) / 87080.) < 1e-9);
	char *text = plot_text("pages-left.csv");
	assert_has(text, "compression,missing,missing\n");
	free(text);
	metrics_free(&m);
}

static void classes_are_words(void **state)
{
	(void)state;
	assert_int_equal(page_equal_parse("unique"), 0);
	assert_int_equal(page_equal_parse(""), 0);
	assert_int_equal(page_equal_parse("sent"), 1 << WAY_SENT);
	assert_int_equal(page_equal_parse("own+kept+disk"), 1 << WAY_OWN | 1 << WAY_KEPT | 1 << WAY_DISK);
	assert_int_equal(page_equal_parse("own+"), 1 << WAY_OWN);
	assert_int_equal(page_equal_parse("sen"), -1);
	assert_int_equal(page_equal_parse("compression"), -1);
	assert_int_equal(page_equal_parse("own kept"), -1);
	run_write("1100000000,vm1,src,dst,precopy,page,borrowed,10,0,41040,0,0\n");
	struct run run = { .migrate_start_ns = MISSING };
	struct metrics metrics = { 0 };
	struct err e = { 0 };
	snprintf(run.directory, sizeof(run.directory), "%s/run", scratch);
	assert_int_equal(stream_metrics(&run, &metrics, &e), -1);
	assert_non_null(strstr(e.text, "borrowed"));
	snprintf(run.directory, sizeof(run.directory), "%s/run/plots", scratch); /* where no pages.csv is */
	char *none = plot_text("plots/pages.csv");
	assert_null(none);
	metrics_free(&metrics);
}

static void a_page_of_them(void **state)
{
	(void)state;
	struct stat st;
	char *page = page_of("precopy");
	assert_lacks(page, "need not have been sent");
	free(page);
	FILE *file = fopen(path_of("precopy", "plots/pages.csv"), "we");
	fputs("time_s,kept,disk,group,own,sent,unique,other\n0.1,0,0,0,410400,0,1231200,450\n"
	      "0.2,2462400,0,0,410400,0,1231200,12345\n",
	      file);
	fclose(file);
	file = fopen(path_of("precopy", "plots/pages-left.csv"), "we");
	fputs("way,left_bytes,left_percent\nas it was,4116345,100\nkept,1668345,40.53\ncompression,missing,missing\n"
	      "together,100000,2.43\n",
	      file);
	fclose(file);
	page = page_of("precopy");
	assert_has(page, "What need not have been sent");
	assert_has(page, "pages-gnuplot_canvas");
	assert_lacks(page, "No plot");
	free(page);
	assert_int_equal(stat(path_of("precopy", "plots/pages.png"), &st), 0);
}

static int begin(void **state)
{
	static const char *const kinds[] = { "precopy", NULL };
	(void)state;
	return report_fixtures_make(kinds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_would_have_been_left),
		cmocka_unit_test(what_is_not_known),
		cmocka_unit_test(classes_are_words),
		cmocka_unit_test(a_page_of_them),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, scratch_remove);
}

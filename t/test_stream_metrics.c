/* What of a migration need not have been sent: sums of a made pages.csv whose truth is known, and its page. */
#include "analysis/stream_metrics.h"
#include "t/reported.h"

#include <inttypes.h>
#include <json-c/json.h>
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

static struct metrics summed_of(struct run_vm *vms, int vm_count)
{
	static struct run_event begin = { .head_ns = 1000000000, .event = "migrate-start" };
	struct run run = { .events = &begin, .event_count = 1, .migrate_start_ns = 1000000000 };
	run.vms = vms;
	run.vm_count = vm_count;
	struct metrics metrics = { 0 };
	struct err e = { 0 };
	snprintf(run.directory, sizeof(run.directory), "%s/run", scratch);
	if (stream_metrics(&run, &metrics, &e) < 0)
		fail_msg("%s", e.text);
	return metrics;
}

static struct metrics summed(void)
{
	return summed_of(NULL, 0);
}

static void assert_value(const struct metrics *m, const char *name, const char *vm, const char *variant,
                         double wanted)
{
	for (int i = 0; i < m->count; i++) {
		const struct metric_value *v = &m->values[i];
		if (strcmp(v->definition->name, name) != 0 || strcmp(v->vm, vm) != 0 ||
		    strcmp(v->variant, variant) != 0)
			continue;
		if (fabs(v->value - wanted) > 1e-9 * fabs(wanted))
			fail_msg("%s of %s, %s: %.9g, not %.9g", name, *vm ? vm : "all", variant, v->value, wanted);
		return;
	}
	fail_msg("no %s of %s, %s", name, *vm ? vm : "all", variant);
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
	assert_string_equal(text, "time_s,kept,disk,sent,own,group,unique,other\n"
	                          "0.100000,0,0,0,410400,0,1231200,450\n"
	                          "0.200000,2462400,0,0,410400,0,1231200,12345\n");
	free(text);
	text = plot_text("pages-left.csv");
	assert_has(text, "as it was,4116345,100\n");
	assert_has(text, "kept,1668345,40.53\n");
	assert_lacks(text, "group,"); /* it was alone */
	assert_lacks(text, "deduplication,");
	free(text);
	metrics_free(&m);
}

/* Two VMs, 4104 bytes a page; rows of two threads, one of them late. */
static void of_a_group(void **state)
{
	static struct run_vm vms[] = { { .name = "vm1" }, { .name = "vm2" } };
	static const char of_two[] = "1100000000,vm1,src,dst,precopy,page,unique,100,0,410400,100,204800\n"
				     "1300000000,vm2,src,dst,precopy,page,group,40,0,164160,40,81920\n"
				     "1299999000,vm1,src,dst,precopy,page,own,20,0,82080,20,40960\n"
				     "1400000000,vm2,src,dst,precopy,page,own+group,10,0,41040,10,20480\n"
				     "1400000000,vm2,src,dst,precopy,page,sent+group,10,10,41040,10,20480\n"
				     "1500000000,vm2,src,dst,precopy,page,unique,20,0,82080,20,40960\n";
	const double page = 4104 - 24, all = 200 * 4104;
	(void)state;
	run_write(of_two);
	struct metrics m = summed_of(vms, 2);
	assert_value(&m, "stream_bytes", "", "all", all);
	assert_value(&m, "stream_bytes", "vm2", "all", 80 * 4104);
	assert_value(&m, "stream_left", "", "own", 100 - 100 * 30 * page / all);
	assert_value(&m, "stream_left", "", "group", 100 - 100 * 60 * page / all);
	assert_value(&m, "stream_left", "", "deduplication", 100 - 100 * 80 * page / all);
	assert_value(&m, "stream_left", "", "sent", 100 - 100 * 10 * page / all);
	assert_value(&m, "stream_left", "", "together", 100 * (80 * 24 + 120 * (8 + 2048.)) / all);
	assert_value(&m, "stream_left", "vm1", "group", 100);
	assert_value(&m, "stream_left", "vm2", "group", 100 - 100 * 60 * page / (80 * 4104));
	assert_value(&m, "pages_equal", "", "own", 15);
	assert_value(&m, "pages_equal", "", "group", 30);
	assert_value(&m, "pages_equal", "", "deduplication", 40);
	assert_value(&m, "pages_equal", "", "unique", 60);
	assert_value(&m, "pages_equal", "vm2", "deduplication", 75);
	metrics_free(&m);
	/* Each page once; time does not go back. */
	char *text = plot_text("pages.csv");
	assert_string_equal(text, "time_s,kept,disk,sent,own,group,unique,other\n"
	                          "0.100000,0,0,0,0,0,410400,0\n"
	                          "0.300000,0,0,0,82080,164160,410400,0\n"
	                          "0.400000,0,0,41040,123120,164160,410400,0\n"
	                          "0.500000,0,0,41040,123120,164160,492480,0\n");
	free(text);
	text = plot_text("pages-left.csv");
	assert_has(text, "own,698400,85.09\ngroup,576000,70.18\ndeduplication,494400,60.23\nkept,820800,100.00\n");
	free(text);
}

/* The VM had been there: what it sent before the measured migration does not count, and how long ago that was is said. */
static void a_return(void **state)
{
	static struct run_vm vm = { .name = "vm1" };
	static const char before[] = "900000000,vm1,dst,src,precopy,page,unique,1000,0,4104000,100,204800\n";
	static struct run_event begin = { .head_ns = 1000000000, .event = "migrate-start" };
	struct run run = {
		.events = &begin, .event_count = 1, .migrate_start_ns = 1000000000, .vms = &vm, .vm_count = 1
	};
	char text[sizeof(before) + sizeof(rows)];
	struct metrics m = { 0 };
	struct err e = { 0 };
	(void)state;
	snprintf(text, sizeof(text), "%s%s", before, rows);
	run_write(text);
	snprintf(run.directory, sizeof(run.directory), "%s/run", scratch);
	run.manifest = json_tokener_parse("{\"stream\":{\"vms\":{\"vm1\":{\"away_ns\":12500000000}}}}");
	assert_int_equal(stream_metrics(&run, &m, &e), 0);
	json_object_put(run.manifest);
	assert_value(&m, "stream_bytes", "vm1", "all", SENT);
	assert_value(&m, "pages_equal", "vm1", "kept", 60);
	assert_value(&m, "stream_away", "vm1", "", 12.5e9);
	metrics_free(&m);
	/* The first visit has no such time. */
	run.manifest = json_tokener_parse("{\"stream\":{\"vms\":{\"vm1\":{\"verdict\":\"complete\"}}}}");
	m = (struct metrics){ 0 };
	assert_int_equal(stream_metrics(&run, &m, &e), 0);
	json_object_put(run.manifest);
	assert_true(isnan(value(&m, "stream_away", "")));
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
	assert_int_equal(page_equal_parse("deduplication"), -1);
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
	fputs("time_s,kept,disk,sent,own,group,unique,other\n0.1,0,0,0,410400,0,1231200,450\n"
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
		cmocka_unit_test(of_a_group),
		cmocka_unit_test(a_return),
		cmocka_unit_test(what_is_not_known),
		cmocka_unit_test(classes_are_words),
		cmocka_unit_test(a_page_of_them),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, scratch_remove);
}

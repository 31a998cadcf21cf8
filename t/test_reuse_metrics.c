/* What relays kept off the link: sums of made series whose truth is known, and the picture on the run's page. */
#include "analysis/reuse_metrics.h"
#include "t/reported.h"

#include <math.h>
#include <unistd.h>

static const char columns[] =
	"head_ns,role,connection,kind,state,raw_bytes,sent_bytes,received_bytes,pages,referenced,stored,"
	"zstd_raw_bytes,zstd_bytes,resent_bytes,store_pages,store_room,cpu_ns,reason\n";

/* A move before (src to dst), one back, and the measured one, in two connections, with a disk; it has come to plain bytes. */
static const char of_source[] =
	"100000000,near,0,memory,reuse,0,0,0,0,0,0,0,0,0,0,9000,1000,\n"
	"200000000,near,0,memory,ended,1000000,990000,500,240,0,240,8000,4000,0,240,9000,50000,\n"
	"500000000,far,1,memory,ended,900000,600,40000,220,215,5,0,0,0,245,8000,80000,\n"
	"1050000000,near,4,disk,reuse,400000,7000,100,95,94,1,0,0,0,246,8000,90000,\n"
	"1100000000,near,4,disk,reuse,450000,8000,100,95,94,1,0,0,0,246,8000,90000,\n"
	"1100000000,near,2,memory,reuse,200000,5000,700,50,48,2,4000,1000,0,247,7000,100000,\n"
	"1200000000,near,2,memory,plain,800000,200000,900,190,180,10,4000,1000,150000,255,7000,150000,missed\n"
	"1250000000,near,3,memory,ended,1000,1100,300,0,0,0,0,0,0,255,7000,160000,\n"
	"1290000000,near,4,disk,ended,500000,9000,200,120,118,2,1000,500,0,255,7000,190000,\n"
	"1300000000,near,2,memory,ended,900000,300000,950,190,180,10,12000,3000,150000,255,7000,200000,\"missed, once\"\n";
static const char of_destination[] =
	"200000000,far,0,memory,ended,1000000,500,990000,240,0,240,0,0,0,240,9000,50000,\n"
	"500000000,near,1,memory,ended,900000,40000,600,220,215,5,0,0,0,245,8000,80000,\n"
	"1300000000,far,2,memory,ended,900000,950,300000,190,180,10,0,0,0,255,7000,200000,\n"
	"1290000000,far,4,disk,ended,500000,200,9000,120,118,2,0,0,0,255,7000,190000,\n"
	"1250000000,far,3,memory,ended,1000,300,1100,0,0,0,0,0,0,255,7000,200000,\n";

static void series_write(const char *node, const char *rows)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/run", scratch);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/run/plots", scratch);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/run/reuse-%s.csv", scratch, node);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%s%s", columns, rows);
	fclose(file);
}

static struct run_vm vm1 = { .name = "vm1", .memory_bytes = 2000000 };

static struct metrics summed(bool *there, struct err *e)
{
	static struct run_event begin = { .head_ns = 1000000000, .event = "migrate-start" };
	struct run run = {
		.events = &begin, .event_count = 1, .migrate_start_ns = 1000000000, .vms = &vm1, .vm_count = 1
	};
	struct metrics metrics = { 0 };
	strcpy(run.moved, "vm1");
	strcpy(run.source, "src");
	strcpy(run.destination, "dst");
	snprintf(run.directory, sizeof(run.directory), "%s/run", scratch);
	e->status = 0;
	if (reuse_metrics(&run, &metrics, there, e) < 0)
		assert_int_not_equal(e->status, 0);
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

static void the_measured_move(void **state)
{
	(void)state;
	bool there;
	struct err e = { 0 };
	series_write("src", of_source);
	series_write("dst", of_destination);
	struct metrics m = summed(&there, &e);
	assert_true(there);
	assert_true(value(&m, "reuse_bytes", "stream") == 901000);
	assert_true(value(&m, "reuse_bytes", "link") == 301100);
	assert_true(value(&m, "reuse_bytes", "link:back") == 1250);
	assert_true(value(&m, "reuse_bytes", "rebuilt") == 901000);
	assert_true(value(&m, "reuse_bytes", "resent") == 150000);
	assert_true(fabs(value(&m, "reuse_share", "memory") - 100 * 301100 / 2e6) < 1e-9);
	assert_true(fabs(value(&m, "reuse_share", "stream") - 100 * 301100 / 901e3) < 1e-9);
	assert_true(value(&m, "reuse_pages", "all") == 190);
	assert_true(value(&m, "reuse_pages", "referenced") == 180);
	assert_true(value(&m, "reuse_zstd", "") == 25);
	assert_true(value(&m, "reuse_bytes", "disk:stream") == 500000);
	assert_true(value(&m, "reuse_bytes", "disk:link") == 9000);
	assert_true(value(&m, "reuse_bytes", "disk:link:back") == 200);
	assert_true(value(&m, "reuse_bytes", "disk:rebuilt") == 500000);
	assert_true(fabs(value(&m, "reuse_share", "disk:stream") - 1.8) < 1e-9);
	assert_true(value(&m, "reuse_pages", "disk:referenced") == 118);
	assert_true(value(&m, "reuse_zstd", "disk") == 50);
	assert_true(value(&m, "reuse_store", "src") == 255 * 4096);
	assert_true(value(&m, "reuse_cpu", "src") == 110000);
	assert_int_equal(m.warning_count, 1);
	assert_has(m.warnings[0], "missed, once");
	char *text = whole_file_read(path_of("run", "plots/reuse-moves.csv"), 10000);
	assert_string_equal(
		text,
		"from,begin_s,end_s,measured,stream_bytes,link_bytes,back_bytes,pages,referenced,stored,state,kind\n"
		"src,-0.900,-0.800,0,1000000,990000,500,240,0,240,ended,memory\n"
		"dst,-0.500,-0.500,0,900000,40000,600,220,215,5,ended,memory\n"
		"src,0.050,0.290,1,500000,9000,200,120,118,2,ended,disk\n"
		"src,0.100,0.300,1,900000,300000,950,190,180,10,ended,memory\n"
		"src,0.250,0.250,1,1000,1100,300,0,0,0,ended,memory\n");
	free(text);
	text = whole_file_read(path_of("run", "plots/reuse.csv"), 10000);
	assert_string_equal(text, "time_s,stream_bytes,link_bytes,disk_stream_bytes,disk_link_bytes\n"
	                          "0.050000,0,0,400000,7000\n0.100000,200000,5000,450000,8000\n"
	                          "0.200000,800000,200000,450000,8000\n0.250000,801000,201100,450000,8000\n"
	                          "0.290000,801000,201100,500000,9000\n0.300000,901000,301100,500000,9000\n");
	free(text);
	metrics_free(&m);
}

/* A loop of a day has many. */
static void many_connections_are_added_up(void **state)
{
	(void)state;
	enum { MANY = 1000 };
	bool there;
	struct err e = { 0 };
	char *rows = NULL;
	size_t size;
	FILE *text = open_memstream(&rows, &size);
	for (int i = 0; i < MANY; i++)
		fprintf(text, "%d,near,%d,memory,ended,1000,900,10,0,0,0,0,0,0,0,9000,1000,\n", 1100000000 + i, i);
	fclose(text);
	series_write("src", rows);
	series_write("dst", "");
	struct metrics m = summed(&there, &e);
	assert_int_equal(e.status, 0);
	assert_true(value(&m, "reuse_bytes", "stream") == 1000.0 * MANY);
	assert_true(value(&m, "reuse_bytes", "link") == 900.0 * MANY);
	metrics_free(&m);
	free(rows);
}

static void what_is_not_there(void **state)
{
	(void)state;
	bool there;
	struct err e = { 0 };
	FILE *file;
	series_write("src", "100000000,near,0,memory,ended,1000,900,500,0,0,0,0,0,0,0,9000,1000,\n");
	series_write("dst", "");
	struct metrics m = summed(&there, &e);
	assert_true(there);
	assert_true(isnan(value(&m, "reuse_bytes", "link")));
	assert_true(isnan(value(&m, "reuse_share", "stream")));
	assert_true(isnan(value(&m, "reuse_zstd", "")));
	assert_true(isnan(value(&m, "reuse_store", "dst")));
	metrics_free(&m);
	series_write("src", "100000000,near,0,memory,ended,missing,900,500,0,0,0,0,0,0,0,9000,1000,\n");
	m = summed(&there, &e);
	assert_int_equal(e.status, EXIT_MEASURED_BAD);
	metrics_free(&m);
	/* A run from before disks went through relays. */
	series_write("src", "");
	file = fopen(path_of("run", "reuse-src.csv"), "we");
	fputs("head_ns,role,connection,state,raw_bytes,sent_bytes,received_bytes,pages,referenced,stored,"
	      "zstd_raw_bytes,zstd_bytes,resent_bytes,store_pages,store_room,cpu_ns,reason\n"
	      "1100000000,near,2,ended,200000,5000,700,50,48,2,4000,1000,0,247,7000,100000,\n",
	      file);
	fclose(file);
	m = summed(&there, &e);
	assert_true(value(&m, "reuse_bytes", "stream") == 200000);
	metrics_free(&m);
	unlink(path_of("run", "reuse-src.csv"));
	m = summed(&there, &e);
	assert_false(there);
	assert_int_equal(m.count, 0);
	metrics_free(&m);
}

static void a_picture(void **state)
{
	(void)state;
	struct stat st;
	char *page = page_of("precopy");
	assert_lacks(page, "kept off the link");
	free(page);
	FILE *file = fopen(path_of("precopy", "plots/reuse.csv"), "we");
	fputs("time_s,stream_bytes,link_bytes\n", file);
	for (int i = 0; i <= 40; i++)
		fprintf(file, "%.2f,%d,%d\n", i * 0.1, i * 3400000,
		        i < 30 ? i * 130000 : 3900000 + (i - 30) * 900000);
	fclose(file);
	file = fopen(path_of("precopy", "plots/reuse-moves.csv"), "we");
	fputs("from,begin_s,end_s,measured,stream_bytes,link_bytes,back_bytes,pages,referenced,stored,state\n"
	      "src,-60,-48,0,136000000,129000000,2000,33000,400,32600,ended\n"
	      "dst,-30,-28,0,137000000,14000000,500000,33100,30000,3100,ended\n"
	      "src,0.1,4,1,136000000,12900000,600000,33100,31000,2100,broken\n",
	      file);
	fclose(file);
	page = page_of("precopy");
	assert_has(page, "What relays kept off the link");
	assert_has(page, "reuse-gnuplot_canvas");
	assert_lacks(page, "No plot");
	assert_lacks(page, ", memory");
	free(page);
	assert_int_equal(stat(path_of("precopy", "plots/reuse.png"), &st), 0);
	/* With a disk. */
	file = fopen(path_of("precopy", "plots/reuse.csv"), "we");
	fputs("time_s,stream_bytes,link_bytes,disk_stream_bytes,disk_link_bytes\n", file);
	for (int i = 0; i <= 40; i++)
		fprintf(file, "%.2f,%d,%d,%d,%d\n", i * 0.1, i < 12 ? 0 : (i - 12) * 4800000,
		        i < 12 ? 0 : (i - 12) * 460000, i < 12 ? i * 5700000 : 67100000, i < 12 ? i * 41000 : 460000);
	fclose(file);
	file = fopen(path_of("precopy", "plots/reuse-moves.csv"), "we");
	fputs("from,begin_s,end_s,measured,stream_bytes,link_bytes,back_bytes,pages,referenced,stored,state,kind\n"
	      "src,-60,-52,0,67100000,67300000,2000,16384,0,16384,ended,disk\n"
	      "src,-53,-40,0,136000000,129000000,2000,33000,400,32600,ended,memory\n"
	      "dst,-30,-29,0,67100000,390000,300000,16384,16384,0,ended,disk\n"
	      "dst,-29,-27,0,137000000,14000000,500000,33100,30000,3100,ended,memory\n"
	      "src,0.1,1.3,1,67100000,460000,300000,16384,16379,5,ended,disk\n"
	      "src,1.2,4,1,136000000,12900000,600000,33100,31000,2100,ended,memory\n",
	      file);
	fclose(file);
	page = page_of("precopy");
	assert_has(page, "3. from src, disk");
	assert_has(page, "3. from src, memory");
	assert_has(page, "% of the blocks by hash");
	free(page);
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
		cmocka_unit_test(the_measured_move),
		cmocka_unit_test(many_connections_are_added_up),
		cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(a_picture),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, begin, scratch_remove);
}

#include "analysis/stream_metrics.h"

#include "analysis/metrics_write.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VMS = 16 };

/* In plots/pages.csv each page counts once, for the first of these that knows it. */
static const enum page_way drawn[] = { WAY_KEPT, WAY_DISK, WAY_SENT, WAY_OWN, WAY_GROUP };
enum { DRAWN = sizeof(drawn) / sizeof(*drawn), DRAWN_UNIQUE = DRAWN, DRAWN_OTHER, DRAWN_COLUMNS };

struct pages {
	const struct run *run;
	struct page_sums vm[VMS], all;
	char names[VMS][RUN_NAME_ROOM];
	int count;
	double so_far[DRAWN_COLUMNS]; /* bytes */
	FILE *plot;
	int64_t at_ns;
};

const char *page_way_name(enum page_way way)
{
	static const char *const names[PAGE_WAYS] = { "sent", "own",           "group",       "kept",
		                                      "disk", "deduplication", "compression", "together" };
	return names[way];
}

/* The classes of pages.csv that it knows, as bits. */
static int classes_of(enum page_way way)
{
	return (int)way < PAGE_CLASSES    ? 1 << way
	       : way == WAY_DEDUPLICATION ? 1 << WAY_OWN | 1 << WAY_GROUP
	       : way == WAY_TOGETHER      ? PAGE_MASKS - 1
	                                  : 0;
}

int page_equal_parse(const char *text)
{
	int equal = 0;
	if (!strcmp(text, "unique"))
		return 0;
	while (*text) {
		size_t length = strcspn(text, "+");
		int way = 0;
		while (way < PAGE_CLASSES && (strlen(page_way_name((enum page_way)way)) != length ||
		                              strncmp(page_way_name((enum page_way)way), text, length) != 0))
			way++;
		if (way == PAGE_CLASSES)
			return -1;
		equal |= 1 << way;
		text += length + (text[length] == '+');
	}
	return equal;
}

/* ---- what would have been sent ---- */

double page_bytes_sent(const struct page_sums *s)
{
	double bytes = s->other_bytes;
	for (int i = 0; i < PAGE_MASKS; i++)
		bytes += s->by_equal[i].bytes;
	return bytes;
}

/* A class of which none was compressed is like all of them. */
static double compressed_bytes(const struct page_sums *s, const struct page_tally *t)
{
	struct page_tally like = *t;
	for (int i = 0; i < PAGE_MASKS && !t->zstd_pages; i++) {
		like.zstd_pages += s->by_equal[i].zstd_pages;
		like.zstd_bytes += s->by_equal[i].zstd_bytes;
	}
	if (!t->pages)
		return 0;
	return like.zstd_pages > 0 ? t->pages * (PAGE_HEADER_BYTES + like.zstd_bytes / like.zstd_pages) : NAN;
}

double page_bytes_left(const struct page_sums *s, enum page_way way)
{
	double bytes = s->other_bytes;
	for (int i = 0; i < PAGE_MASKS; i++) {
		const struct page_tally *t = &s->by_equal[i];
		bool known = i & classes_of(way);
		bool compressed = way == WAY_COMPRESSION || (way == WAY_TOGETHER && !known);
		bytes += known ? t->pages * PAGE_REFERENCE_BYTES : compressed ? compressed_bytes(s, t) : t->bytes;
	}
	return bytes;
}

/* ---- reading ---- */

static struct page_sums *sums_of(struct pages *p, const char *vm)
{
	int i = 0;
	while (i < p->count && strcmp(p->names[i], vm) != 0)
		i++;
	if (i == VMS)
		return NULL;
	if (i == p->count)
		snprintf(p->names[p->count++], sizeof(p->names[0]), "%.63s", vm);
	return &p->vm[i];
}

static void count(struct page_sums *s, int equal, double pages, double bytes, double zstd_pages, double zstd_bytes)
{
	if (equal < 0) {
		s->other_bytes += bytes;
		return;
	}
	s->by_equal[equal].pages += pages;
	s->by_equal[equal].bytes += bytes;
	s->by_equal[equal].zstd_pages += zstd_pages;
	s->by_equal[equal].zstd_bytes += zstd_bytes;
}

static void plot_row(struct pages *p)
{
	if (p->at_ns == MISSING)
		return;
	fprintf(p->plot, "%.6f", (double)(p->at_ns - run_origin_ns(p->run)) / 1e9);
	for (int i = 0; i < DRAWN_COLUMNS; i++)
		fprintf(p->plot, ",%.0f", p->so_far[i]);
	fputc('\n', p->plot);
}

static int drawn_as(int equal)
{
	int i = 0;
	while (equal >= 0 && i < DRAWN && !(equal >> drawn[i] & 1))
		i++;
	return equal < 0 ? (int)DRAWN_OTHER : i;
}

enum { HEAD, VM, KIND, EQUAL, PAGES, BYTES, ZSTD_PAGES, ZSTD_BYTES, WANTED };

static double number_of(const struct series_cell *cell)
{
	return cell->integer == MISSING ? 0 : (double)cell->integer;
}

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct pages *p = context;
	struct page_sums *s = sums_of(p, cells[VM].text);
	bool classified = !strcmp(cells[KIND].text, "page") && strcmp(cells[EQUAL].text, "missing") != 0;
	int equal = classified ? page_equal_parse(cells[EQUAL].text) : -1;
	if (!s || (classified && equal < 0) || cells[BYTES].integer == MISSING || cells[HEAD].integer == MISSING)
		return err_set(e, EXIT_MEASURED_BAD,
		               "pages.csv: a row with VM '%.60s', class '%.60s' cannot be counted", cells[VM].text,
		               cells[EQUAL].text);
	/* Moves before the measured one. */
	if (p->run->migrate_start_ns != MISSING && cells[HEAD].integer < p->run->migrate_start_ns)
		return 0;
	double bytes = number_of(&cells[BYTES]);
	count(s, equal, number_of(&cells[PAGES]), bytes, number_of(&cells[ZSTD_PAGES]),
	      number_of(&cells[ZSTD_BYTES]));
	count(&p->all, equal, number_of(&cells[PAGES]), bytes, number_of(&cells[ZSTD_PAGES]),
	      number_of(&cells[ZSTD_BYTES]));
	if (cells[HEAD].integer > p->at_ns) { /* several VMs' rows are not quite in order */
		plot_row(p);
		p->at_ns = cells[HEAD].integer;
	}
	p->so_far[drawn_as(equal)] += bytes;
	return 0;
}

/* ---- metrics ---- */

/* vm NULL: of all. */
static void put_sums(const struct page_sums *s, const struct run_vm *vm, struct metrics *metrics)
{
	double sent = page_bytes_sent(s), pages = sent - s->other_bytes;
	metrics_put(metrics, "stream_bytes", vm, "all", sent, NULL);
	metrics_put(metrics, "stream_bytes", vm, "pages", pages, NULL);
	for (int way = 0; way < PAGE_WAYS; way++)
		metrics_put(metrics, "stream_left", vm, page_way_name((enum page_way)way),
		            sent > 0 ? 100 * page_bytes_left(s, (enum page_way)way) / sent : NAN,
		            sent > 0 ? "no page was compressed to know by" : "nothing was sent");
	for (int way = 0; way < WAY_COMPRESSION; way++) {
		double equal = 0;
		for (int m = 0; m < PAGE_MASKS; m++)
			equal += m & classes_of((enum page_way)way) ? s->by_equal[m].bytes : 0;
		metrics_put(metrics, "pages_equal", vm, page_way_name((enum page_way)way),
		            pages > 0 ? 100 * equal / pages : NAN, "no page was sent as it is");
	}
	metrics_put(metrics, "pages_equal", vm, "unique", pages > 0 ? 100 * s->by_equal[0].bytes / pages : NAN,
	            "no page was sent as it is");
}

/* How long it had been away from where it goes to. */
static void put_away(const struct run *run, const struct run_vm *vm, struct metrics *metrics)
{
	char path[RUN_NAME_ROOM + 32];
	snprintf(path, sizeof(path), "/stream/vms/%s/away_ns", vm ? vm->name : "");
	int64_t away_ns = run_fact(run, path);
	metrics_put(metrics, "stream_away", vm, "", away_ns == MISSING ? NAN : (double)away_ns,
	            "it had not been there");
}

/* Of all VMs together; one alone has nothing to share with others. */
static int left_write(const struct pages *p, struct err *e)
{
	static const enum page_way shown[PAGE_WAYS] = { WAY_SENT, WAY_OWN,  WAY_GROUP,       WAY_DEDUPLICATION,
		                                        WAY_KEPT, WAY_DISK, WAY_COMPRESSION, WAY_TOGETHER };
	struct whole_file out = { 0 };
	double sent = page_bytes_sent(&p->all);
	if (whole_file_open(&out, p->run->directory, "plots/pages-left.csv", e) < 0)
		return -1;
	fprintf(out.file, "way,left_bytes,left_percent\nas it was,%.0f,100\n", sent);
	for (int i = 0; i < PAGE_WAYS; i++) {
		double left = page_bytes_left(&p->all, shown[i]);
		if (p->count < 2 && (shown[i] == WAY_GROUP || shown[i] == WAY_DEDUPLICATION))
			continue;
		if (isnan(left) || sent <= 0)
			fprintf(out.file, "%s,missing,missing\n", page_way_name(shown[i]));
		else
			fprintf(out.file, "%s,%.0f,%.2f\n", page_way_name(shown[i]), left, 100 * left / sent);
	}
	return whole_file_close(&out, 0, e);
}

int stream_metrics(const struct run *run, struct metrics *metrics, struct err *e)
{
	static const struct series_column wanted[WANTED] = {
		[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
		[VM] = { "vm", COLUMN_TEXT, 0 },
		[KIND] = { "kind", COLUMN_TEXT, 0 },
		[EQUAL] = { "equal", COLUMN_TEXT, 0 },
		[PAGES] = { "pages", COLUMN_INTEGER, 0 },
		[BYTES] = { "bytes", COLUMN_INTEGER, 0 },
		[ZSTD_PAGES] = { "zstd_pages", COLUMN_INTEGER, 0 },
		[ZSTD_BYTES] = { "zstd_bytes", COLUMN_INTEGER, 0 },
	};
	struct whole_file plot = { 0 };
	struct pages *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, EXIT_CANNOT, "no memory to sum up pages");
	if (whole_file_open(&plot, run->directory, "plots/pages.csv", e) < 0) {
		free(p);
		return -1;
	}
	p->run = run;
	p->plot = plot.file;
	p->at_ns = MISSING;
	fputs("time_s", plot.file);
	for (int i = 0; i < DRAWN; i++)
		fprintf(plot.file, ",%s", page_way_name(drawn[i]));
	fputs(",unique,other\n", plot.file);
	int result = series_read(run->directory, "pages.csv", wanted, WANTED, on_row, p, NULL, e);
	plot_row(p);
	int written = whole_file_close(&plot, result == 0 ? 0 : -1, result == 0 ? e : NULL);
	if (result == 0)
		result = written < 0 ? -1 : left_write(p, e);
	for (int i = 0; result == 0 && i < p->count; i++) {
		put_sums(&p->vm[i], run_vm(p->run, p->names[i]), metrics);
		put_away(p->run, run_vm(p->run, p->names[i]), metrics);
	}
	if (result == 0 && p->count > 1)
		put_sums(&p->all, NULL, metrics);
	free(p);
	return result < 0 ? -1 : 0;
}

#include "collectors/stream/page_watch.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/series.h"
#include "collectors/stream/decoder.h"
#include "collectors/stream/return_path.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More memory than this is not classified: 16 bytes a page are 4 GiB. */
#define PAGES_MOST (UINT64_C(1) << 28)

enum phase { PHASE_PRECOPY, PHASE_STOPPED, PHASE_POSTCOPY, PHASES };

struct tally {
	int64_t pages, again, bytes, zstd_pages, zstd_bytes;
};

struct page_watch {
	struct page_watch_spec spec;
	char vm[64], from[64], to[64];
	struct stream_decoder *decoder;
	struct return_path back;
	struct page_classes *classes;
	char unclassified[160]; /* why pages are not classified; "": they are */
	int main_connection;    /* that carries the stream; -1: none as yet */
	int connections, others;
	bool open, ended;
	enum phase phase;
	struct tally page[EQUAL_MASKS]; /* kind page, since the last row, by class */
	int64_t again[STREAM_KINDS];    /* of the other kinds */
	uint64_t bytes_told[STREAM_KINDS], pages_told[STREAM_KINDS];
	int64_t other_bytes, other_told;
	int64_t row_ns, first_ns, last_ns;
	uint64_t bytes;
};

static const char *phase_name(enum phase phase)
{
	static const char *const names[PHASES] = { "precopy", "stopped", "postcopy" };
	return names[phase];
}

/* ---- rows ---- */

static const char *equal_text(unsigned equal, char *text, size_t room)
{
	size_t used = 0;
	snprintf(text, room, "%s", equal ? "" : "unique");
	for (int bit = 0; bit < EQUAL_KINDS; bit++)
		if (equal >> bit & 1)
			used += (size_t)snprintf(text + used, room - used, "%s%s", used ? "+" : "",
			                         page_equal_name(bit));
	return text;
}

static void pages_write(struct page_watch *w, int64_t now_ns)
{
	char text[64];
	for (unsigned equal = 0; equal < EQUAL_MASKS; equal++) {
		struct tally *t = &w->page[equal];
		if (!t->pages)
			continue;
		series_row(w->spec.series,
		           "%" PRId64 ",%s,%s,%s,%s,%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64,
		           now_ns, w->vm, w->from, w->to, phase_name(w->phase), stream_kind_name(STREAM_PAGE),
		           w->classes ? equal_text(equal, text, sizeof(text)) : "missing", t->pages, t->again,
		           t->bytes, t->zstd_pages, t->zstd_bytes);
		*t = (struct tally){ 0 };
	}
}

static void kind_write(struct page_watch *w, int64_t now_ns, enum stream_kind kind)
{
	const struct stream_report *r = stream_decoder_report(w->decoder);
	bool pages = kind >= STREAM_ZERO && kind <= STREAM_COMPRESSED;
	uint64_t bytes = r->bytes[kind] - w->bytes_told[kind], count = r->pages[kind] - w->pages_told[kind];
	char counts[64];
	w->bytes_told[kind] = r->bytes[kind];
	w->pages_told[kind] = r->pages[kind];
	if (kind == STREAM_UNKNOWN) {
		bytes += (uint64_t)(w->other_bytes - w->other_told);
		w->other_told = w->other_bytes;
	}
	if (kind == STREAM_PAGE || (!bytes && !count))
		return;
	snprintf(counts, sizeof(counts), "%" PRIu64 ",%" PRId64, count, w->again[kind]);
	series_row(w->spec.series, "%" PRId64 ",%s,%s,%s,%s,%s,,%s,%" PRIu64 ",missing,missing", now_ns, w->vm,
	           w->from, w->to, phase_name(w->phase), stream_kind_name(kind), pages ? counts : "missing,missing",
	           bytes);
	w->again[kind] = 0;
}

static void rows_write(struct page_watch *w, int64_t now_ns)
{
	pages_write(w, now_ns);
	for (int kind = 0; kind < STREAM_KINDS; kind++)
		kind_write(w, now_ns, (enum stream_kind)kind);
	w->row_ns = now_ns + w->spec.interval_ns;
}

/* ---- what the decoder says ---- */

static void on_page(void *context, const struct stream_page *page)
{
	struct page_watch *w = context;
	struct page_class class = { 0 };
	if (w->classes && page->kind == STREAM_PAGE)
		page_classify(w->classes, page->number, page->content, stream_decoder_report(w->decoder)->page_bytes,
		              &class);
	else if (w->classes && page->kind == STREAM_ZERO)
		page_classify_zero(w->classes, page->number, &class);
	else if (w->classes)
		page_forget(w->classes, page->number, &class);
	if (page->kind != STREAM_PAGE) {
		w->again[page->kind] += class.again;
		return;
	}
	struct tally *t = &w->page[class.equal];
	t->pages++;
	t->again += class.again;
	t->bytes += page->record_bytes;
	t->zstd_pages += class.zstd_bytes != 0;
	t->zstd_bytes += class.zstd_bytes;
}

static void on_event(void *context, enum stream_event event)
{
	struct page_watch *w = context;
	struct err e = { 0 };
	uint64_t pages = stream_decoder_report(w->decoder)->total_pages;
	if (event == STREAM_BLOCKS && !w->classes) {
		if (pages > PAGES_MOST)
			snprintf(w->unclassified, sizeof(w->unclassified), "more memory than is classified");
		else if (page_classes_create(&w->classes, w->spec.pool, w->spec.number, pages, &e) < 0)
			snprintf(w->unclassified, sizeof(w->unclassified), "%.150s", e.text);
		return;
	}
	/* What came before belongs to the phase before. */
	rows_write(w, clock_now_ns());
	w->phase = event == STREAM_STOPPED ? PHASE_STOPPED : event == STREAM_SWITCHED ? PHASE_POSTCOPY : w->phase;
}

/* ---- what passes ---- */

void page_watch_opened(void *watch, int connection)
{
	struct page_watch *w = watch;
	w->connections++;
	if (w->open)
		return; /* beside the stream */
	if (w->main_connection >= 0)
		stream_decoder_resume(w->decoder);
	w->main_connection = connection;
	w->open = true;
	return_path_begin(&w->back);
}

void page_watch_passed(void *watch, int connection, bool back, const unsigned char *bytes, size_t length)
{
	struct page_watch *w = watch;
	int64_t now_ns = clock_now_ns();
	if (back) {
		if (connection == w->main_connection)
			return_path_decode(&w->back, bytes, length);
		return;
	}
	if (!w->first_ns) {
		w->first_ns = now_ns;
		w->row_ns = now_ns + w->spec.interval_ns;
	}
	w->last_ns = now_ns;
	w->bytes += length;
	if (connection != w->main_connection) {
		w->others += !w->other_bytes;
		w->other_bytes += (int64_t)length;
	} else {
		stream_decode(w->decoder, bytes, length);
	}
	if (now_ns >= w->row_ns)
		rows_write(w, now_ns);
}

void page_watch_closed(void *watch, int connection)
{
	struct page_watch *w = watch;
	if (connection != w->main_connection)
		return;
	w->open = false;
	stream_decoder_end(w->decoder);
}

void page_watch_tick(void *watch)
{
	struct page_watch *w = watch;
	int64_t now_ns = clock_now_ns();
	if (w->first_ns && now_ns >= w->row_ns)
		rows_write(w, now_ns);
}

/* ---- the end ---- */

static void put(struct json_object *facts, const char *name, uint64_t value)
{
	json_object_object_add(facts, name, json_object_new_int64((int64_t)value));
}

static void put_text(struct json_object *facts, const char *name, const char *value)
{
	if (value[0])
		json_object_object_add(facts, name, json_object_new_string(value));
}

static void put_verdict(const struct page_watch *w, struct json_object *facts)
{
	const struct stream_report *r = stream_decoder_report(w->decoder);
	bool understood = r->understood && !w->other_bytes;
	put_text(facts, "verdict",
	         !w->bytes     ? "nothing"
	         : !understood ? "not-understood"
	         : r->complete ? "complete"
	                       : "cut-off");
	put_text(facts, "reason",
	         r->understood && w->other_bytes
	                 ? "pages went over other connections (multifd, or post-copy's urgent pages)"
	                 : r->reason);
	put_text(facts, "machine", r->machine);
	put_text(facts, "pages_not_classified", w->unclassified);
}

struct json_object *page_watch_end(struct page_watch *w)
{
	const struct stream_report *r = stream_decoder_report(w->decoder);
	struct json_object *facts = json_object_new_object();
	if (w->open)
		page_watch_closed(w, w->main_connection);
	rows_write(w, clock_now_ns());
	put_verdict(w, facts);
	put(facts, "first_ns", (uint64_t)w->first_ns);
	put(facts, "last_ns", (uint64_t)w->last_ns);
	put(facts, "bytes", w->bytes);
	put(facts, "page_bytes", r->page_bytes);
	put(facts, "pages", r->total_pages);
	put(facts, "connections", (uint64_t)w->connections);
	json_object_object_add(facts, "postcopy", json_object_new_boolean(r->postcopy));
	put(facts, "discarded_bytes", r->discarded_bytes);
	put(facts, "return_path_bytes", w->back.bytes);
	json_object_object_add(facts, "return_path_understood", json_object_new_boolean(w->back.understood));
	put(facts, "page_requests", w->back.messages[RETURN_PAGES] + w->back.messages[RETURN_PAGES_OF]);
	put(facts, "requested_bytes", w->back.requested_bytes);
	if (w->classes)
		put(facts, "state_bytes", page_classes_bytes(w->classes));
	const struct page_pool_facts pool = page_pool_facts(w->spec.pool);
	put(facts, "pool_pages", pool.pages);
	put(facts, "pool_bytes", pool.bytes);
	put(facts, "pool_refused", pool.refused);
	return facts;
}

const struct page_classes *page_watch_classes(const struct page_watch *w)
{
	return w->classes;
}

int page_watch_create(struct page_watch **ret, const struct page_watch_spec *spec, struct err *e)
{
	struct page_watch *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, EXIT_CANNOT, "no memory to watch a migration's pages");
	const struct stream_sink sink = { w, on_page, on_event };
	if (stream_decoder_create(&w->decoder, &sink, e) < 0) {
		free(w);
		return -1;
	}
	w->spec = *spec;
	snprintf(w->vm, sizeof(w->vm), "%s", spec->vm);
	snprintf(w->from, sizeof(w->from), "%s", spec->from);
	snprintf(w->to, sizeof(w->to), "%s", spec->to);
	w->main_connection = -1;
	return_path_begin(&w->back);
	*ret = w;
	return 0;
}

void page_watch_free(struct page_watch *w)
{
	if (!w)
		return;
	stream_decoder_free(w->decoder);
	page_classes_free(w->classes);
	free(w);
}

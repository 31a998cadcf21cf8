#include "bench/migrate/reuse/reuse_wire.h"

#include "bench/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

struct reuse_receiver;
typedef void receiver_step(struct reuse_receiver *r, const unsigned char *field);

enum { LIST_PIECE = 1024, NAKS_MOST = 2 };

/* What is to be said of what there is. */
enum listing { LISTING_NOTHING, LISTING_ALL, LISTING_ADDITIONS };

struct reuse_receiver {
	enum reuse_kind kind;
	struct reuse_site *site;
	struct page_store *store;
	uint32_t places; /* granted to the sender, for pages that are to be stored */
	enum listing listing;
	bool greeted;
	uint32_t list_at;                   /* the store's */
	uint64_t list_position, list_until; /* additions */
	struct reuse_report report;
	struct reuse_bytes pending; /* of the stream, not proved yet */
	uint64_t proved;
	struct reuse_sum *sum, *trial; /* of all that is proved; scratch */
	bool waiting;                  /* for bytes from `proved` on; what comes before them is dropped */
	int naks;
	bool ended; /* the sender said so, and all of it is proved */
	struct reuse_bytes *raw, *words;
	ZSTD_DCtx *zstd;
	receiver_step *step;
	size_t want, have, raw_length;
	bool page; /* what is decompressed is a page, to be stored */
	unsigned char content[REUSE_LITERAL_MOST];
	unsigned char field[ZSTD_COMPRESSBOUND(REUSE_LITERAL_MOST)];
};

static receiver_step letter;

static void expect(struct reuse_receiver *r, receiver_step *step, size_t bytes)
{
	r->step = step;
	r->want = bytes;
}

static void broken(struct reuse_receiver *r, const char *reason)
{
	r->report.broken = true;
	snprintf(r->report.reason, sizeof(r->report.reason), "%s", reason);
}

/* What came since the last proof is no good: all of it again, please; the second time nothing but plain bytes come. */
static void no_good(struct reuse_receiver *r, const char *reason)
{
	static const char no = 'N';
	if (r->waiting)
		return;
	if (r->naks++ == NAKS_MOST) {
		broken(r, "plain bytes that are not the stream's");
		return;
	}
	snprintf(r->report.reason, sizeof(r->report.reason), "%s", reason);
	r->waiting = true;
	r->pending.length = 0;
	reuse_put(r->words, &no, 1);
	reuse_put_number(r->words, r->proved, 8);
}

static void came(struct reuse_receiver *r, const unsigned char *bytes, size_t length)
{
	if (r->waiting)
		return;
	reuse_put(&r->pending, bytes, length);
	if (r->pending.length > REUSE_UNPROVED_MOST || r->pending.failed)
		broken(r, "too much without a proof");
}

static void grant(struct reuse_receiver *r)
{
	static const char places = 'G';
	uint32_t more = reuse_site_grant(r->site, r->kind, r->places);
	if (!more)
		return;
	r->places += more;
	reuse_put(r->words, &places, 1);
	reuse_put_number(r->words, more, 4);
}

/* Each takes the place that it was granted, also one that is dropped. A sender that sends more than that is told so. */
static void page_came(struct reuse_receiver *r, const unsigned char *content)
{
	static const char not_stored = 'X';
	bool place = r->places > 0;
	if (place) {
		r->places--;
		reuse_site_return(r->site, r->kind, 1);
	}
	if (!r->waiting) {
		r->report.pages++;
		struct page_hash h = page_hash_of(content, STORE_PAGE_BYTES, page_store_seed(r->store));
		if (place && page_store_put(r->store, r->kind, h, content) == 0) {
			r->report.stored++;
		} else {
			reuse_put(r->words, &not_stored, 1);
			reuse_put_hash(r->words, h);
		}
	}
	came(r, content, STORE_PAGE_BYTES);
}

/* ---- frames ---- */

static void literal(struct reuse_receiver *r, const unsigned char *field)
{
	came(r, field, r->want);
	expect(r, letter, 1);
}

static void literal_head(struct reuse_receiver *r, const unsigned char *field)
{
	uint64_t length = reuse_number(field, 4);
	if (!length || length > REUSE_LITERAL_MOST)
		broken(r, "a literal of an impossible length");
	else
		expect(r, literal, (size_t)length);
}

static void compressed(struct reuse_receiver *r, const unsigned char *field)
{
	size_t n = ZSTD_decompressDCtx(r->zstd, r->content, sizeof(r->content), field, r->want);
	expect(r, letter, 1);
	if (ZSTD_isError(n) || n != r->raw_length)
		no_good(r, "compressed bytes that are damaged");
	else if (r->page)
		page_came(r, r->content);
	else
		came(r, r->content, n);
}

static void compressed_expect(struct reuse_receiver *r, uint64_t raw, uint64_t length, bool page)
{
	if (!raw || raw > REUSE_LITERAL_MOST || !length || length > ZSTD_COMPRESSBOUND(REUSE_LITERAL_MOST)) {
		broken(r, "compressed bytes of an impossible length");
		return;
	}
	r->raw_length = (size_t)raw;
	r->page = page;
	expect(r, compressed, (size_t)length);
}

static void compressed_head(struct reuse_receiver *r, const unsigned char *field)
{
	compressed_expect(r, reuse_number(field, 4), reuse_number(field + 4, 4), false);
}

static void compressed_page_head(struct reuse_receiver *r, const unsigned char *field)
{
	compressed_expect(r, STORE_PAGE_BYTES, reuse_number(field, 4), true);
}

static void stored_page(struct reuse_receiver *r, const unsigned char *field)
{
	page_came(r, field);
	expect(r, letter, 1);
}

static void reference(struct reuse_receiver *r, const unsigned char *field)
{
	const unsigned char *content = r->waiting ? NULL : page_store_find(r->store, reuse_hash(field));
	expect(r, letter, 1);
	if (!content) {
		no_good(r, "a page that is not in the store");
		return;
	}
	r->report.pages++;
	r->report.referenced++;
	came(r, content, STORE_PAGE_BYTES);
}

static void proof(struct reuse_receiver *r, const unsigned char *field)
{
	static const char yes = 'A';
	uint64_t position = reuse_number(field, 8);
	expect(r, letter, 1);
	if (r->waiting)
		return;
	if (!r->pending.length) {
		broken(r, "a proof of nothing");
		return;
	}
	reuse_sum_copy(r->trial, r->sum);
	reuse_sum_add(r->trial, r->pending.bytes, r->pending.length);
	if (position != r->proved + r->pending.length ||
	    !page_hash_equal(reuse_sum_now(r->trial), reuse_hash(field + 8))) {
		no_good(r, "bytes that are not the stream's");
		return;
	}
	struct reuse_sum *sum = r->sum;
	r->sum = r->trial;
	r->trial = sum;
	reuse_put(r->raw, r->pending.bytes, r->pending.length);
	r->report.raw_bytes += r->pending.length;
	r->proved = position;
	r->pending.length = 0;
	reuse_put(r->words, &yes, 1);
	reuse_put_number(r->words, r->proved, 8);
	grant(r);
}

static void plain(struct reuse_receiver *r, const unsigned char *field)
{
	expect(r, letter, 1);
	if (!r->waiting || reuse_number(field, 8) != r->proved) {
		broken(r, "plain bytes that were not asked for");
		return;
	}
	r->waiting = false;
	r->report.plain = r->naks == NAKS_MOST;
}

/* All of it, where what was added since is not remembered any more. */
static void wanted(struct reuse_receiver *r, const unsigned char *field)
{
	struct page_hash h;
	uint64_t position = reuse_number(field, 8);
	expect(r, letter, 1);
	if (r->listing != LISTING_NOTHING) {
		broken(r, "it asks again before it was answered");
		return;
	}
	r->list_at = 0;
	r->list_position = position;
	r->list_until = reuse_site_added(r->site);
	r->listing = reuse_site_addition(r->site, &position, &h) < 0 ? LISTING_ALL : LISTING_ADDITIONS;
}

static void end(struct reuse_receiver *r, const unsigned char *field)
{
	expect(r, letter, 1);
	if (r->waiting)
		return;
	if (r->pending.length || reuse_number(field, 8) != r->proved)
		broken(r, "an end before the end");
	r->ended = !r->report.broken;
}

static void letter(struct reuse_receiver *r, const unsigned char *field)
{
	static const struct {
		char letter;
		receiver_step *step;
		size_t bytes;
	} frames[] = { { 'L', literal_head, 4 },
		       { 'C', compressed_head, 8 },
		       { 'S', stored_page, STORE_PAGE_BYTES },
		       { 'Z', compressed_page_head, 4 },
		       { 'R', reference, 16 },
		       { 'K', proof, 24 },
		       { 'P', plain, 8 },
		       { 'W', wanted, 8 },
		       { 'E', end, 8 } };
	for (size_t i = 0; !r->ended && i < sizeof(frames) / sizeof(*frames); i++)
		if ((unsigned char)frames[i].letter == field[0]) {
			expect(r, frames[i].step, frames[i].bytes);
			return;
		}
	broken(r, r->ended ? "a frame after the end" : "a frame of a kind that is not known");
}

size_t reuse_receiver_take(struct reuse_receiver *r, const unsigned char *frames, size_t length,
                           struct reuse_bytes *raw, size_t most, struct reuse_bytes *words)
{
	const unsigned char *first = frames;
	r->raw = raw;
	r->words = words;
	while (length && !r->report.broken && raw->length < most) {
		size_t missing = r->want - r->have, taken = missing < length ? missing : length;
		const unsigned char *field = frames;
		if (r->have || taken < missing) {
			memcpy(r->field + r->have, frames, taken);
			field = r->field;
		}
		frames += taken;
		length -= taken;
		if (taken < missing) {
			r->have += taken;
			break;
		}
		r->have = 0;
		r->step(r, field);
	}
	r->report.frame_bytes += (uint64_t)(frames - first);
	return (size_t)(frames - first);
}

/* ---- what is there ---- */

static bool list_next(struct reuse_receiver *r, struct page_hash *ret)
{
	if (r->listing == LISTING_ALL)
		return page_store_next(r->store, &r->list_at, ret);
	int more = reuse_site_addition(r->site, &r->list_position, ret);
	if (more < 0) { /* forgotten meanwhile */
		r->listing = LISTING_ALL;
		return list_next(r, ret);
	}
	return more;
}

static void greet(struct reuse_receiver *r)
{
	static const char here = 'H';
	reuse_put(r->words, &here, 1);
	reuse_put_number(r->words, REUSE_VERSION, 4);
	reuse_put_number(r->words, REUSE_GREETING, 4);
	reuse_put_number(r->words, page_store_seed(r->store), 8);
	reuse_put_number(r->words, reuse_site_epoch(r->site), 8);
	reuse_put_number(r->words, page_store_count(r->store) ? reuse_site_added(r->site) : 0, 8);
	grant(r);
	r->greeted = true;
}

bool reuse_receiver_has_more(const struct reuse_receiver *r)
{
	return !r->greeted || r->listing != LISTING_NOTHING;
}

void reuse_receiver_words(struct reuse_receiver *r, struct reuse_bytes *words)
{
	static const char there = 'T', done = 'D';
	struct page_hash h[LIST_PIECE];
	uint32_t count = 0;
	r->words = words;
	if (!r->greeted)
		greet(r);
	if (r->listing == LISTING_NOTHING)
		return;
	while (count < LIST_PIECE && list_next(r, &h[count]))
		count++;
	if (count) {
		reuse_put(words, &there, 1);
		reuse_put_number(words, count, 4);
	}
	for (uint32_t i = 0; i < count; i++)
		reuse_put_hash(words, h[i]);
	if (count == LIST_PIECE)
		return;
	reuse_put(words, &done, 1);
	reuse_put_number(words, r->list_until, 8);
	r->listing = LISTING_NOTHING;
}

/* ---- all ---- */

void reuse_back(const unsigned char *bytes, size_t length, struct reuse_bytes *words)
{
	static const char back = 'B';
	reuse_put(words, &back, 1);
	reuse_put_number(words, length, 4);
	reuse_put(words, bytes, length);
}

void reuse_back_end(struct reuse_bytes *words)
{
	static const char end = 'E';
	reuse_put(words, &end, 1);
}

bool reuse_receiver_ended(const struct reuse_receiver *r)
{
	return r->ended;
}

const struct reuse_report *reuse_receiver_report(const struct reuse_receiver *r)
{
	return &r->report;
}

int reuse_receiver_create(struct reuse_receiver **ret, enum reuse_kind kind, struct reuse_site *site, struct err *e)
{
	struct reuse_receiver *r = calloc(1, sizeof(*r));
	if (!r)
		return err_set(e, EXIT_CANNOT, "no memory for a reuse relay");
	r->kind = kind;
	r->site = site;
	r->store = reuse_site_store(site);
	r->sum = reuse_sum_create();
	r->trial = reuse_sum_create();
	r->zstd = ZSTD_createDCtx();
	expect(r, letter, 1);
	if (!r->sum || !r->trial || !r->zstd) {
		reuse_receiver_free(r);
		return err_set(e, EXIT_CANNOT, "no memory for a reuse relay");
	}
	*ret = r;
	return 0;
}

void reuse_receiver_free(struct reuse_receiver *r)
{
	if (!r)
		return;
	reuse_site_return(r->site, r->kind, r->places);
	reuse_sum_free(r->sum);
	reuse_sum_free(r->trial);
	ZSTD_freeDCtx(r->zstd);
	free(r->pending.bytes);
	free(r);
}

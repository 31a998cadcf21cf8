#include "bench/migrate/reuse/reuse_wire.h"

#include "bench/base/err.h"
#include "collectors/stream/nbd_decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
	KEPT_MOST = 64 << 20,   /* raw bytes that are not proved yet, kept to be sent again */
	PROVE_EACH = 256 << 10, /* raw bytes, at least; and whenever there is nothing more to send now */
	SMALLEST_LITERAL = 128, /* that is worth compressing */
	KNOWN_LEAST = 1 << 18,  /* hashes: 10 MiB */
	ZSTD_LEVEL = 1,
};

/* Words are heard in fields, as the decoder reads: a letter, then its numbers, then hashes. */
enum hearing { HEAR_LETTER, HEAR_HEAD, HEAR_HASH, HEAR_ACK, HEAR_NAK, HEAR_BACK };

struct reuse_sender {
	enum reuse_kind kind;
	struct page_store *store;
	struct stream_decoder *decoder;
	struct reuse_report report;
	struct page_index *there; /* hashes that the receiver has */
	uint64_t seed;
	uint32_t room;     /* pages that it can store still */
	bool ready, ended; /* the far side has said what it has; nothing more is taken */
	/* The raw bytes from `kept_from` on, to position kept_from + kept.length; sent up to `sent`. */
	struct reuse_bytes kept;
	uint64_t kept_from, sent;
	uint64_t proved, told;              /* as the receiver said; the last K */
	struct reuse_sum *sum, *proved_sum; /* of all up to `sent`, up to `proved` */
	struct reuse_bytes *frames;
	size_t back_left; /* bytes of the return path that come next */
	bool back_ended;
	ZSTD_CCtx *zstd;
	unsigned char compressed[ZSTD_COMPRESSBOUND(REUSE_LITERAL_MOST)];
	enum hearing hearing;
	uint32_t hashes_left;
	size_t want, have;
	unsigned char field[32];
};

static void broken(struct reuse_sender *s, const char *reason)
{
	s->report.broken = true;
	snprintf(s->report.reason, sizeof(s->report.reason), "%s", reason);
}

static void letter(struct reuse_sender *s, char which)
{
	reuse_put(s->frames, &which, 1);
}

/* ---- frames ---- */

/* Compressed into s->compressed; its length, 0 when it does not become smaller. */
static size_t compress(struct reuse_sender *s, const unsigned char *bytes, size_t length)
{
	size_t n = ZSTD_compressCCtx(s->zstd, s->compressed, sizeof(s->compressed), bytes, length, ZSTD_LEVEL);
	if (ZSTD_isError(n) || n + 4 >= length)
		return 0;
	s->report.zstd_raw_bytes += length;
	s->report.zstd_bytes += n;
	return n;
}

static void literal(struct reuse_sender *s, const unsigned char *bytes, size_t length)
{
	while (length) {
		size_t part = length < REUSE_LITERAL_MOST ? length : REUSE_LITERAL_MOST;
		size_t n = part >= SMALLEST_LITERAL && !s->report.plain ? compress(s, bytes, part) : 0;
		letter(s, n ? 'C' : 'L');
		reuse_put_number(s->frames, part, 4);
		if (n)
			reuse_put_number(s->frames, n, 4);
		reuse_put(s->frames, n ? s->compressed : bytes, n ? n : part);
		bytes += part;
		length -= part;
	}
}

static void stored_page(struct reuse_sender *s, struct page_hash h, const unsigned char *content)
{
	uint32_t *there = s->room ? page_index_put(s->there, h) : NULL;
	if (!there) {
		literal(s, content, STORE_PAGE_BYTES);
		return;
	}
	*there = 1;
	s->room--;
	s->report.stored++;
	size_t n = compress(s, content, STORE_PAGE_BYTES);
	letter(s, n ? 'Z' : 'S');
	if (n)
		reuse_put_number(s->frames, n, 4);
	reuse_put(s->frames, n ? s->compressed : content, n ? n : STORE_PAGE_BYTES);
}

/* Raw bytes of the stream that are kept here. */
static const unsigned char *raw_at(const struct reuse_sender *s, uint64_t position)
{
	return s->kept.bytes + (position - s->kept_from);
}

/* Everything up to there has been put into frames by the caller. */
static void sent_up_to(struct reuse_sender *s, uint64_t position)
{
	reuse_sum_add(s->sum, raw_at(s, s->sent), (size_t)(position - s->sent));
	s->sent = position;
}

static void prove(struct reuse_sender *s)
{
	if (s->sent == s->told)
		return;
	letter(s, 'K');
	reuse_put_number(s->frames, s->sent, 8);
	reuse_put_hash(s->frames, reuse_sum_now(s->sum));
	s->told = s->sent;
}

static void say_end(struct reuse_sender *s)
{
	letter(s, 'E');
	reuse_put_number(s->frames, s->sent, 8);
}

static void literal_up_to(struct reuse_sender *s, uint64_t position)
{
	while (s->sent < position) {
		uint64_t left = position - s->sent, part = left < PROVE_EACH ? left : PROVE_EACH;
		literal(s, raw_at(s, s->sent), (size_t)part);
		sent_up_to(s, s->sent + part);
		if (s->sent - s->told >= PROVE_EACH)
			prove(s);
	}
}

/* For the day when it comes back; each side has its own seed. */
static void store_own(struct reuse_sender *s, struct page_hash h, const unsigned char *content)
{
	if (s->store && page_store_seed(s->store) != s->seed)
		h = page_hash_of(content, STORE_PAGE_BYTES, page_store_seed(s->store));
	if (s->store)
		page_store_put(s->store, s->kind, h, content);
}

static void on_page(void *context, const struct stream_page *page)
{
	struct reuse_sender *s = context;
	if (!page->content || stream_decoder_report(s->decoder)->page_bytes != STORE_PAGE_BYTES || s->report.plain)
		return;
	struct page_hash h = page_hash_of(page->content, STORE_PAGE_BYTES, s->seed);
	literal_up_to(s, page->content_at);
	s->report.pages++;
	if (page_index_find(s->there, h)) {
		letter(s, 'R');
		reuse_put_hash(s->frames, h);
		s->report.referenced++;
	} else {
		stored_page(s, h, page->content);
	}
	store_own(s, h, page->content);
	sent_up_to(s, page->content_at + STORE_PAGE_BYTES);
	if (s->sent - s->told >= PROVE_EACH)
		prove(s);
}

size_t reuse_sender_room(const struct reuse_sender *s)
{
	uint64_t unproved = s->kept_from + s->kept.length - s->proved;
	return !s->ready || s->report.broken || unproved >= KEPT_MOST ? 0 : KEPT_MOST - (size_t)unproved;
}

/* What is proved need not be kept; moved when that is most of it. */
static void forget_proved(struct reuse_sender *s)
{
	size_t gone = (size_t)(s->proved - s->kept_from);
	if (!gone || gone < s->kept.length / 2)
		return;
	memmove(s->kept.bytes, s->kept.bytes + gone, s->kept.length - gone);
	s->kept.length -= gone;
	s->kept_from = s->proved;
}

void reuse_sender_take(struct reuse_sender *s, const unsigned char *bytes, size_t length, struct reuse_bytes *frames)
{
	size_t before = frames->length;
	s->frames = frames;
	forget_proved(s);
	reuse_put(&s->kept, bytes, length);
	if (s->kept.failed) {
		broken(s, "out of memory");
		return;
	}
	s->report.raw_bytes += length;
	if (!s->report.plain)
		stream_decode(s->decoder, bytes, length);
	/* A field that is not whole yet may be a page's. */
	literal_up_to(s, s->kept_from + s->kept.length - (s->report.plain ? 0 : stream_decoder_held(s->decoder)));
	prove(s);
	s->report.frame_bytes += frames->length - before;
}

void reuse_sender_end(struct reuse_sender *s, struct reuse_bytes *frames)
{
	size_t before = frames->length;
	s->frames = frames;
	literal_up_to(s, s->kept_from + s->kept.length);
	prove(s);
	say_end(s);
	s->ended = true;
	s->report.frame_bytes += frames->length - before;
}

/* ---- words ---- */

static void expect(struct reuse_sender *s, enum hearing what, size_t bytes)
{
	s->hearing = what;
	s->want = bytes;
}

static void hear_letter(struct reuse_sender *s)
{
	if (s->field[0] == 'H' && !s->there)
		expect(s, HEAR_HEAD, 20);
	else if (s->field[0] == 'A' && s->ready)
		expect(s, HEAR_ACK, 8);
	else if (s->field[0] == 'N' && s->ready)
		expect(s, HEAR_NAK, 8);
	else if (s->field[0] == 'B' && s->ready)
		expect(s, HEAR_BACK, 4);
	else if (s->field[0] == 'E' && s->ready)
		s->back_ended = true;
	else
		broken(s, "the far relay says what it should not");
}

static void all_heard(struct reuse_sender *s)
{
	s->ready = true;
	expect(s, HEAR_LETTER, 1);
}

/* So many pages of the far side are worth knowing: as many as are kept here, and those of a store of 1 GiB in any case. */
static uint64_t known_most(const struct reuse_sender *s)
{
	uint64_t own = s->store ? (uint64_t)page_store_count(s->store) + page_store_free(s->store) : 0;
	return own < KNOWN_LEAST ? KNOWN_LEAST : own;
}

static void hear_head(struct reuse_sender *s)
{
	uint64_t most, known = known_most(s);
	s->seed = reuse_number(s->field + 4, 8);
	s->room = (uint32_t)reuse_number(s->field + 12, 4);
	s->hashes_left = (uint32_t)reuse_number(s->field + 16, 4);
	most = (uint64_t)s->room + s->hashes_left;
	/* The index grows with what really comes. */
	if (reuse_number(s->field, 4) != REUSE_VERSION || most > REUSE_HASHES_MOST ||
	    page_index_create(&s->there, 0, most && most < known ? most : known, NULL) < 0) {
		broken(s, "the far relay is of another version, or has too much");
		return;
	}
	if (s->hashes_left)
		expect(s, HEAR_HASH, 16);
	else
		all_heard(s);
}

static void hear_hash(struct reuse_sender *s)
{
	uint32_t *there = page_index_put(s->there, reuse_hash(s->field));
	if (there)
		*there = 1;
	if (--s->hashes_left == 0)
		all_heard(s);
}

static void hear_ack(struct reuse_sender *s)
{
	uint64_t position = reuse_number(s->field, 8);
	expect(s, HEAR_LETTER, 1);
	if (position < s->proved || position > s->told) {
		broken(s, "the far relay has what was not sent");
		return;
	}
	if (position > s->proved)
		reuse_sum_add(s->proved_sum, raw_at(s, s->proved), (size_t)(position - s->proved));
	s->proved = position;
}

/* Plain from there on, for good. */
static void hear_nak(struct reuse_sender *s)
{
	uint64_t position = reuse_number(s->field, 8), end = s->sent;
	expect(s, HEAR_LETTER, 1);
	if (position != s->proved || s->report.plain) {
		broken(s, "the far relay cannot be helped");
		return;
	}
	s->report.plain = true;
	s->report.resent_bytes += end - position;
	snprintf(s->report.reason, sizeof(s->report.reason), "the far relay missed a page, or had another one");
	letter(s, 'P');
	reuse_put_number(s->frames, position, 8);
	reuse_sum_copy(s->sum, s->proved_sum);
	s->sent = s->told = position;
	literal_up_to(s, end);
	prove(s);
	if (s->ended)
		say_end(s);
}

static void hear_back(struct reuse_sender *s)
{
	s->back_left = reuse_number(s->field, 4);
	expect(s, HEAR_LETTER, 1);
}

void reuse_sender_hear(struct reuse_sender *s, const unsigned char *words, size_t length, struct reuse_bytes *frames,
                       struct reuse_bytes *back)
{
	static void (*const heard[])(struct reuse_sender *) = {
		[HEAR_LETTER] = hear_letter, [HEAR_HEAD] = hear_head, [HEAR_HASH] = hear_hash,
		[HEAR_ACK] = hear_ack,       [HEAR_NAK] = hear_nak,   [HEAR_BACK] = hear_back
	};
	size_t before = frames->length;
	s->frames = frames;
	while (length && !s->report.broken) {
		size_t passed = s->back_left < length ? s->back_left : length;
		reuse_put(back, words, passed);
		s->back_left -= passed;
		words += passed;
		length -= passed;
		size_t missing = s->want - s->have, taken = missing < length ? missing : length;
		memcpy(s->field + s->have, words, taken);
		s->have += taken;
		words += taken;
		length -= taken;
		if (s->have < s->want || !taken)
			break;
		s->have = 0;
		heard[s->hearing](s);
	}
	s->report.frame_bytes += frames->length - before;
}

/* ---- all ---- */

bool reuse_sender_back_ended(const struct reuse_sender *s)
{
	return s->back_ended;
}

bool reuse_sender_all_proved(const struct reuse_sender *s)
{
	return s->proved == s->kept_from + s->kept.length;
}

const struct reuse_report *reuse_sender_report(const struct reuse_sender *s)
{
	return &s->report;
}

/* What knows where the pages are in what is carried. */
static int (*const decoders[REUSE_KINDS])(struct stream_decoder **, const struct stream_sink *, struct err *) = {
	[REUSE_MEMORY] = stream_decoder_create, [REUSE_DISK] = nbd_decoder_create
};

int reuse_sender_create(struct reuse_sender **ret, enum reuse_kind kind, struct page_store *store, struct err *e)
{
	struct reuse_sender *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, EXIT_CANNOT, "no memory for a reuse relay");
	const struct stream_sink sink = { s, on_page, NULL };
	s->kind = kind;
	s->store = store;
	s->sum = reuse_sum_create();
	s->proved_sum = reuse_sum_create();
	s->zstd = ZSTD_createCCtx();
	expect(s, HEAR_LETTER, 1);
	if (!s->sum || !s->proved_sum || !s->zstd || decoders[kind](&s->decoder, &sink, e) < 0) {
		reuse_sender_free(s);
		return err_set(e, EXIT_CANNOT, "no memory for a reuse relay");
	}
	*ret = s;
	return 0;
}

void reuse_sender_free(struct reuse_sender *s)
{
	if (!s)
		return;
	stream_decoder_free(s->decoder);
	page_index_free(s->there);
	reuse_sum_free(s->sum);
	reuse_sum_free(s->proved_sum);
	ZSTD_freeCCtx(s->zstd);
	free(s->kept.bytes);
	free(s);
}

#include "bench/migrate/reuse/reuse_sending.h"

#include "bench/base/err.h"
#include "collectors/stream/nbd_decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	KEPT_MOST = 16 << 20,      /* raw bytes that are not proved yet, kept to be sent again: 1 Gbit/s for 130 ms */
	UNGREETED_MOST = 16 << 10, /* of them, before the far side has spoken */
	PROVE_EACH = 256 << 10,    /* raw bytes, at least; and whenever there is nothing more to send now */
	SMALLEST_LITERAL = 128,    /* that is worth compressing */
	ZSTD_LEVEL = 1,
	WAYS_MOST = KEPT_MOST / STORE_PAGE_BYTES,
	HEAD_BYTES = 4, /* of a stream: how it begins says what it is */
};

/* What a stream of a VM begins with; one that takes post-copy up again does not. */
static const char head[HEAD_BYTES] = "QEVM";

void reuse_sender_break(struct reuse_sender *s, const char *reason)
{
	s->report.broken = true;
	snprintf(s->report.reason, sizeof(s->report.reason), "%s", reason);
}

void reuse_sender_letter(struct reuse_sender *s, char which)
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
		reuse_sender_letter(s, n ? 'C' : 'L');
		reuse_put_number(s->frames, part, 4);
		if (n)
			reuse_put_number(s->frames, n, 4);
		reuse_put(s->frames, n ? s->compressed : bytes, n ? n : part);
		bytes += part;
		length -= part;
	}
}

/* Where it finds no place, or no room to be remembered, it is sent as any bytes are. */
static void stored_page(struct reuse_sender *s, struct page_hash h, const unsigned char *content, uint64_t until)
{
	if (!s->places || s->ways_count == WAYS_MOST || reuse_site_set(s->site, h, THERE_ON_ITS_WAY, s->way) < 0) {
		literal(s, content, STORE_PAGE_BYTES);
		return;
	}
	s->ways[(s->ways_from + s->ways_count++) % WAYS_MOST] = (struct on_its_way){ h, until };
	s->places--;
	s->report.stored++;
	size_t n = compress(s, content, STORE_PAGE_BYTES);
	reuse_sender_letter(s, n ? 'Z' : 'S');
	if (n)
		reuse_put_number(s->frames, n, 4);
	reuse_put(s->frames, n ? s->compressed : content, n ? n : STORE_PAGE_BYTES);
}

void reuse_sender_arrived(struct reuse_sender *s, uint64_t position)
{
	for (; s->ways_count && s->ways[s->ways_from].until <= position; s->ways_count--) {
		struct page_hash h = s->ways[s->ways_from].hash;
		if (reuse_site_meets(s->site, s->epoch) && reuse_site_there(s->site, h, s->way) == THERE_ON_ITS_WAY)
			reuse_site_set(s->site, h, THERE_PROVED, 0);
		s->ways_from = (s->ways_from + 1) % WAYS_MOST;
	}
}

const unsigned char *reuse_sender_raw(const struct reuse_sender *s, uint64_t position)
{
	return s->kept.bytes + (position - s->kept_from);
}

static uint64_t taken(const struct reuse_sender *s)
{
	return s->kept_from + s->kept.length;
}

/* Everything up to there has been put into frames by the caller. */
static void sent_up_to(struct reuse_sender *s, uint64_t position)
{
	reuse_sum_add(s->sum, reuse_sender_raw(s, s->sent), (size_t)(position - s->sent));
	s->sent = position;
}

static void prove(struct reuse_sender *s)
{
	if (s->sent == s->told)
		return;
	reuse_sender_letter(s, 'K');
	reuse_put_number(s->frames, s->sent, 8);
	reuse_put_hash(s->frames, reuse_sum_now(s->sum));
	s->told = s->sent;
}

static void literal_up_to(struct reuse_sender *s, uint64_t position)
{
	while (s->sent < position) {
		uint64_t left = position - s->sent, part = left < PROVE_EACH ? left : PROVE_EACH;
		literal(s, reuse_sender_raw(s, s->sent), (size_t)part);
		sent_up_to(s, s->sent + part);
		if (s->sent - s->told >= PROVE_EACH)
			prove(s);
	}
}

/* For the day when it comes back; each side has its own seed. */
static void store_own(struct reuse_sender *s, struct page_hash h, const unsigned char *content)
{
	struct page_store *store = reuse_site_store(s->site);
	if (!store)
		return;
	if (page_store_seed(store) != s->seed)
		h = page_hash_of(content, STORE_PAGE_BYTES, page_store_seed(store));
	reuse_site_keep(s->site, s->kind, h, content);
}

/* Whether the far side is sure to have it, as far as it is trusted still. */
static bool is_there(const struct reuse_sender *s, struct page_hash h)
{
	enum there there = reuse_site_there(s->site, h, s->way);
	return there == THERE_PROVED || there == THERE_ON_ITS_WAY || (there == THERE_LISTED && s->trust == TRUST_ALL);
}

static void on_page(void *context, const struct stream_page *page)
{
	struct reuse_sender *s = context;
	if (!page->content || stream_decoder_report(s->decoder)->page_bytes != STORE_PAGE_BYTES || s->listless ||
	    s->report.plain || !reuse_site_meets(s->site, s->epoch))
		return;
	struct page_hash h = page_hash_of(page->content, STORE_PAGE_BYTES, s->seed);
	literal_up_to(s, page->content_at);
	s->report.pages++;
	if (is_there(s, h)) {
		reuse_sender_letter(s, 'R');
		reuse_put_hash(s->frames, h);
		s->report.referenced++;
	} else {
		stored_page(s, h, page->content, page->content_at + STORE_PAGE_BYTES);
	}
	store_own(s, h, page->content);
	sent_up_to(s, page->content_at + STORE_PAGE_BYTES);
	if (s->sent - s->told >= PROVE_EACH)
		prove(s);
}

/* ---- the stream ---- */

size_t reuse_sender_room(const struct reuse_sender *s)
{
	uint64_t unproved = taken(s) - s->proved;
	if (s->report.broken || s->ended || s->sent < s->again_to)
		return 0;
	if (!s->going)
		return s->looked ? 0 : HEAD_BYTES - s->kept.length;
	uint64_t most = s->greeted ? KEPT_MOST : UNGREETED_MOST;
	return unproved >= most ? 0 : (size_t)(most - unproved);
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

/* What was taken and has not been looked at yet. */
static void send_on(struct reuse_sender *s)
{
	size_t held = 0;
	if (!s->report.plain && s->decoded < taken(s))
		stream_decode(s->decoder, reuse_sender_raw(s, s->decoded), (size_t)(taken(s) - s->decoded));
	/* A field that is not whole yet may be a page's. */
	if (!s->report.plain && !s->ended)
		held = stream_decoder_held(s->decoder);
	s->decoded = taken(s);
	literal_up_to(s, taken(s) - held);
	prove(s);
	if (s->ended) {
		reuse_sender_letter(s, 'E');
		reuse_put_number(s->frames, s->sent, 8);
	}
}

void reuse_sender_again(struct reuse_sender *s)
{
	uint64_t left = s->again_to - s->sent;
	literal_up_to(s, s->sent + (left < PROVE_EACH ? left : PROVE_EACH));
	if (s->sent < s->again_to)
		return;
	send_on(s);
}

/* Whether all that the far side had when it was met is known here. */
static bool knows_enough(const struct reuse_sender *s)
{
	return s->met && (!reuse_site_meets(s->site, s->epoch) || reuse_site_heard(s->site) >= s->added);
}

bool reuse_sender_has_more(const struct reuse_sender *s)
{
	return !s->report.broken && s->sent < s->again_to;
}

void reuse_sender_go_on(struct reuse_sender *s)
{
	if (!s->looked && (s->kept.length == HEAD_BYTES || s->ended)) {
		s->looked = true;
		s->listless |= s->kept.length < HEAD_BYTES || memcmp(s->kept.bytes, head, HEAD_BYTES) != 0;
	}
	if (!s->going && s->looked && s->met && !s->listless && !knows_enough(s) && reuse_site_ask(s->site, s)) {
		reuse_sender_letter(s, 'W');
		reuse_put_number(s->frames, reuse_site_heard(s->site), 8);
	}
	if (!s->going && s->looked && (s->listless || knows_enough(s))) {
		s->going = true;
		if (s->kept.length || s->ended)
			send_on(s);
	}
}

void reuse_sender_turn(struct reuse_sender *s, struct reuse_bytes *frames)
{
	size_t before = frames->length;
	s->frames = frames;
	if (reuse_sender_has_more(s))
		reuse_sender_again(s);
	else if (!s->going && !s->report.broken)
		reuse_sender_go_on(s);
	s->report.frame_bytes += frames->length - before;
}

void reuse_sender_take(struct reuse_sender *s, const unsigned char *bytes, size_t length, struct reuse_bytes *frames)
{
	size_t before = frames->length;
	s->frames = frames;
	forget_proved(s);
	reuse_put(&s->kept, bytes, length);
	if (s->kept.failed) {
		reuse_sender_break(s, "out of memory");
		return;
	}
	s->report.raw_bytes += length;
	if (s->going)
		send_on(s);
	else
		reuse_sender_go_on(s);
	s->report.frame_bytes += frames->length - before;
}

void reuse_sender_end(struct reuse_sender *s, struct reuse_bytes *frames)
{
	size_t before = frames->length;
	s->frames = frames;
	s->ended = true;
	if (s->going && s->sent >= s->again_to)
		send_on(s);
	else
		reuse_sender_go_on(s);
	s->report.frame_bytes += frames->length - before;
}

/* ---- all ---- */

bool reuse_sender_back_ended(const struct reuse_sender *s)
{
	return s->back_ended;
}

bool reuse_sender_all_proved(const struct reuse_sender *s)
{
	return s->going && s->proved == taken(s);
}

const struct reuse_report *reuse_sender_report(const struct reuse_sender *s)
{
	return &s->report;
}

/* What knows where the pages are in what is carried. */
static int (*const decoders[REUSE_KINDS])(struct stream_decoder **, const struct stream_sink *, struct err *) = {
	[REUSE_MEMORY] = stream_decoder_create, [REUSE_DISK] = nbd_decoder_create
};

int reuse_sender_create(struct reuse_sender **ret, enum reuse_kind kind, struct reuse_site *site, struct err *e)
{
	struct reuse_sender *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, EXIT_CANNOT, "no memory for a reuse relay");
	const struct stream_sink sink = { s, on_page, NULL };
	s->kind = kind;
	s->site = site;
	s->way = reuse_site_way(site);
	s->looked = kind == REUSE_DISK; /* its server speaks first */
	s->sum = reuse_sum_create();
	s->proved_sum = reuse_sum_create();
	s->zstd = ZSTD_createCCtx();
	s->ways = calloc(WAYS_MOST, sizeof(*s->ways));
	reuse_sender_expect(s, HEAR_LETTER, 1);
	if (!s->sum || !s->proved_sum || !s->zstd || !s->ways || decoders[kind](&s->decoder, &sink, e) < 0) {
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
	reuse_site_ask_no_more(s->site, s);
	stream_decoder_free(s->decoder);
	reuse_sum_free(s->sum);
	reuse_sum_free(s->proved_sum);
	ZSTD_freeCCtx(s->zstd);
	free(s->ways);
	free(s->kept.bytes);
	free(s);
}

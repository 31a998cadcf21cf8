#include "bench/migrate/reuse/reuse_wire.h"

#include "bench/base/err.h"
#include "collectors/stream/nbd_decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
	KEPT_MOST = 16 << 20,      /* raw bytes that are not proved yet, kept to be sent again: 1 Gbit/s for 130 ms */
	UNGREETED_MOST = 16 << 10, /* of them, before the far side has spoken */
	PROVE_EACH = 256 << 10,    /* raw bytes, at least; and whenever there is nothing more to send now */
	SMALLEST_LITERAL = 128,    /* that is worth compressing */
	ZSTD_LEVEL = 1,
	WAYS_MOST = KEPT_MOST / STORE_PAGE_BYTES,
	HEAD_BYTES = 4, /* of a stream: how it begins says what it is */
	VERSION_1 = 1,
};

/* What a stream of a VM begins with; one that takes post-copy up again does not. */
static const char head[HEAD_BYTES] = "QEVM";

/* Words are heard in fields, as the decoder reads: a letter, then its numbers, then hashes. */
enum hearing {
	HEAR_LETTER,
	HEAR_VERSION,
	HEAR_LENGTH,
	HEAR_HEAD,
	HEAR_HEAD_1,
	HEAR_COUNT,
	HEAR_HASH,
	HEAR_LISTED,
	HEAR_GRANT,
	HEAR_NOT_STORED,
	HEAR_ACK,
	HEAR_NAK,
	HEAR_BACK
};

/* How careful it has become: each time that the far side asks for bytes again it is one step more. */
enum trust { TRUST_ALL, TRUST_PROVED, TRUST_NOTHING };

/* A page on its way: the end of it in the stream. */
struct on_its_way {
	struct page_hash hash;
	uint64_t until;
};

struct reuse_sender {
	enum reuse_kind kind;
	struct reuse_site *site;
	struct stream_decoder *decoder;
	struct reuse_report report;
	uint64_t seed, epoch, added; /* of the far side; what it had added when it said so */
	bool greeted, same, met;     /* it has spoken; in this version; and is known */
	bool looked, listless;       /* it is known how the stream begins; no pages are recognized in it */
	bool going, ended;           /* it is sent; nothing more is taken */
	uint32_t places;             /* for pages that the far side will store */
	enum trust trust;
	uint32_t way;
	struct on_its_way *ways; /* a ring */
	size_t ways_from, ways_count;
	/* The raw bytes from `kept_from` on, to position kept_from + kept.length; decoded up to `decoded`, sent up to `sent`. */
	struct reuse_bytes kept;
	uint64_t kept_from, decoded, sent;
	uint64_t again_to;                  /* sent again up to there, as the link takes it */
	uint64_t proved, told;              /* as the receiver said; the last K */
	struct reuse_sum *sum, *proved_sum; /* of all up to `sent`, up to `proved` */
	struct reuse_bytes *frames;
	size_t back_left;     /* bytes of the return path that come next */
	uint64_t passed_over; /* bytes of words of another version */
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

static uint64_t taken(const struct reuse_sender *s)
{
	return s->kept_from + s->kept.length;
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
		letter(s, 'R');
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
		stream_decode(s->decoder, raw_at(s, s->decoded), (size_t)(taken(s) - s->decoded));
	/* A field that is not whole yet may be a page's. */
	if (!s->report.plain && !s->ended)
		held = stream_decoder_held(s->decoder);
	s->decoded = taken(s);
	literal_up_to(s, taken(s) - held);
	prove(s);
	if (s->ended) {
		letter(s, 'E');
		reuse_put_number(s->frames, s->sent, 8);
	}
}

/* Plain again, a piece of it. */
static void send_again(struct reuse_sender *s)
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

static void turn(struct reuse_sender *s)
{
	if (!s->looked && (s->kept.length == HEAD_BYTES || s->ended)) {
		s->looked = true;
		s->listless |= s->kept.length < HEAD_BYTES || memcmp(s->kept.bytes, head, HEAD_BYTES) != 0;
	}
	if (!s->going && s->looked && s->met && !s->listless && !knows_enough(s) && reuse_site_ask(s->site, s)) {
		letter(s, 'W');
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
		send_again(s);
	else if (!s->going && !s->report.broken)
		turn(s);
	s->report.frame_bytes += frames->length - before;
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
	if (s->going)
		send_on(s);
	else
		turn(s);
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
		turn(s);
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
	static const struct {
		char letter;
		enum hearing what;
		size_t bytes;
		bool met; /* only of one who speaks this version */
	} words[] = { { 'T', HEAR_COUNT, 4, true },       { 'D', HEAR_LISTED, 8, true }, { 'G', HEAR_GRANT, 4, true },
		      { 'X', HEAR_NOT_STORED, 16, true }, { 'A', HEAR_ACK, 8, false },   { 'N', HEAR_NAK, 8, false },
		      { 'B', HEAR_BACK, 4, false } };
	char said = (char)s->field[0];
	if (said == 'H' && !s->greeted) {
		s->greeted = true;
		expect(s, HEAR_VERSION, 4);
		return;
	}
	if (said == 'E' && s->greeted) {
		s->back_ended = true;
		return;
	}
	for (size_t i = 0; s->greeted && i < sizeof(words) / sizeof(*words); i++)
		if (words[i].letter == said && (s->met || !words[i].met)) {
			expect(s, words[i].what, words[i].bytes);
			return;
		}
	broken(s, "the far relay says what it should not");
}

/* Bytes, and no more than that, are what all versions understand. */
static void other_version(struct reuse_sender *s, uint64_t passed_over)
{
	s->listless = true;
	s->passed_over = passed_over;
	snprintf(s->report.reason, sizeof(s->report.reason), "the far relay is of another version");
	expect(s, HEAR_LETTER, 1);
}

static void hear_version(struct reuse_sender *s)
{
	uint64_t version = reuse_number(s->field, 4);
	s->same = version == REUSE_VERSION;
	if (version == VERSION_1)
		expect(s, HEAR_HEAD_1, 16);
	else
		expect(s, HEAR_LENGTH, 4);
}

/* A seed, the room that it has, and then all that it has. */
static void hear_head_1(struct reuse_sender *s)
{
	other_version(s, reuse_number(s->field + 12, 4) * 16);
}

static void hear_length(struct reuse_sender *s)
{
	uint64_t length = reuse_number(s->field, 4);
	if (s->same && length == REUSE_GREETING)
		expect(s, HEAR_HEAD, REUSE_GREETING);
	else if (s->same)
		broken(s, "the far relay says what it should not");
	else
		other_version(s, length);
}

static void hear_head(struct reuse_sender *s)
{
	s->seed = reuse_number(s->field, 8);
	s->epoch = reuse_number(s->field + 8, 8);
	s->added = reuse_number(s->field + 16, 8);
	s->met = true;
	expect(s, HEAR_LETTER, 1);
	if (reuse_site_meet(s->site, s->epoch) < 0)
		broken(s, "no memory for what the far relay has");
}

static void hear_count(struct reuse_sender *s)
{
	s->hashes_left = (uint32_t)reuse_number(s->field, 4);
	if (s->hashes_left)
		expect(s, HEAR_HASH, 16);
	else
		expect(s, HEAR_LETTER, 1);
}

static bool is_asking(const struct reuse_sender *s)
{
	return reuse_site_meets(s->site, s->epoch) && reuse_site_asks(s->site, s);
}

/* What was proved or is on its way stays so. */
static void hear_hash(struct reuse_sender *s)
{
	struct page_hash h = reuse_hash(s->field);
	if (is_asking(s) && reuse_site_there(s->site, h, s->way) == THERE_NOT)
		reuse_site_set(s->site, h, THERE_LISTED, 0);
	if (--s->hashes_left == 0)
		expect(s, HEAR_LETTER, 1);
}

/* One who has less than it said is not asked again. */
static void hear_listed(struct reuse_sender *s)
{
	uint64_t added = reuse_number(s->field, 8);
	expect(s, HEAR_LETTER, 1);
	if (!is_asking(s))
		return;
	reuse_site_heard_to(s->site, added > s->added ? added : s->added);
	reuse_site_ask_no_more(s->site, s);
}

static void hear_grant(struct reuse_sender *s)
{
	uint64_t places = s->places + reuse_number(s->field, 4);
	s->places = places > UINT32_MAX ? UINT32_MAX : (uint32_t)places;
	expect(s, HEAR_LETTER, 1);
}

static void hear_not_stored(struct reuse_sender *s)
{
	struct page_hash h = reuse_hash(s->field);
	expect(s, HEAR_LETTER, 1);
	if (reuse_site_meets(s->site, s->epoch) && reuse_site_there(s->site, h, s->way) != THERE_NOT)
		reuse_site_set(s->site, h, THERE_GONE, 0);
}

/* What came before that, others may refer to from now on. */
static void arrived(struct reuse_sender *s, uint64_t position)
{
	for (; s->ways_count && s->ways[s->ways_from].until <= position; s->ways_count--) {
		struct page_hash h = s->ways[s->ways_from].hash;
		if (reuse_site_meets(s->site, s->epoch) && reuse_site_there(s->site, h, s->way) == THERE_ON_ITS_WAY)
			reuse_site_set(s->site, h, THERE_PROVED, 0);
		s->ways_from = (s->ways_from + 1) % WAYS_MOST;
	}
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
	arrived(s, position);
}

/* Again from there on; and what it is not sure to have it does not get as a reference any more. */
static void hear_nak(struct reuse_sender *s)
{
	uint64_t position = reuse_number(s->field, 8), end = s->sent > s->again_to ? s->sent : s->again_to;
	expect(s, HEAR_LETTER, 1);
	if (position != s->proved || s->report.plain || !s->going) {
		broken(s, "the far relay cannot be helped");
		return;
	}
	s->trust = s->met ? (enum trust)(s->trust + 1) : TRUST_NOTHING;
	s->report.plain = s->trust == TRUST_NOTHING;
	s->report.resent_bytes += end - position;
	snprintf(s->report.reason, sizeof(s->report.reason), "the far relay missed a page, or had another one");
	letter(s, 'P');
	reuse_put_number(s->frames, position, 8);
	reuse_sum_copy(s->sum, s->proved_sum);
	s->sent = s->told = position;
	s->again_to = end;
	s->ways_count = 0;
	s->way = reuse_site_way(s->site);
	send_again(s);
}

static void hear_back(struct reuse_sender *s)
{
	s->back_left = reuse_number(s->field, 4);
	expect(s, HEAR_LETTER, 1);
}

static size_t least(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

void reuse_sender_hear(struct reuse_sender *s, const unsigned char *words, size_t length, struct reuse_bytes *frames,
                       struct reuse_bytes *back)
{
	static void (*const heard[])(struct reuse_sender *) = {
		[HEAR_LETTER] = hear_letter, [HEAR_VERSION] = hear_version, [HEAR_LENGTH] = hear_length,
		[HEAR_HEAD] = hear_head,     [HEAR_HEAD_1] = hear_head_1,   [HEAR_COUNT] = hear_count,
		[HEAR_HASH] = hear_hash,     [HEAR_LISTED] = hear_listed,   [HEAR_GRANT] = hear_grant,
		[HEAR_ACK] = hear_ack,       [HEAR_NAK] = hear_nak,         [HEAR_NOT_STORED] = hear_not_stored,
		[HEAR_BACK] = hear_back
	};
	size_t before = frames->length;
	s->frames = frames;
	while (length && !s->report.broken) {
		size_t passed = least(s->back_left, length), over = least(s->passed_over, length - passed);
		reuse_put(back, words, passed);
		s->back_left -= passed;
		s->passed_over -= over;
		words += passed + over;
		length -= passed + over;
		size_t part = least(s->want - s->have, length);
		memcpy(s->field + s->have, words, part);
		s->have += part;
		words += part;
		length -= part;
		if (s->have < s->want || !part)
			break;
		s->have = 0;
		heard[s->hearing](s);
	}
	if (!s->going && !s->report.broken)
		turn(s);
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
	expect(s, HEAR_LETTER, 1);
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

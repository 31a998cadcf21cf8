#include "bench/migrate/reuse/reuse_sending.h"

#include <stdio.h>
#include <string.h>

enum { VERSION_1 = 1 };

void reuse_sender_expect(struct reuse_sender *s, enum hearing what, size_t bytes)
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
		reuse_sender_expect(s, HEAR_VERSION, 4);
		return;
	}
	if (said == 'E' && s->greeted) {
		s->back_ended = true;
		return;
	}
	for (size_t i = 0; s->greeted && i < sizeof(words) / sizeof(*words); i++)
		if (words[i].letter == said && (s->met || !words[i].met)) {
			reuse_sender_expect(s, words[i].what, words[i].bytes);
			return;
		}
	reuse_sender_break(s, "the far relay says what it should not");
}

/* Bytes, and no more than that, are what all versions understand. */
static void other_version(struct reuse_sender *s, uint64_t passed_over)
{
	s->listless = true;
	s->passed_over = passed_over;
	snprintf(s->report.reason, sizeof(s->report.reason), "the far relay is of another version");
	reuse_sender_expect(s, HEAR_LETTER, 1);
}

static void hear_version(struct reuse_sender *s)
{
	uint64_t version = reuse_number(s->field, 4);
	s->same = version == REUSE_VERSION;
	if (version == VERSION_1)
		reuse_sender_expect(s, HEAR_HEAD_1, 16);
	else
		reuse_sender_expect(s, HEAR_LENGTH, 4);
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
		reuse_sender_expect(s, HEAR_HEAD, REUSE_GREETING);
	else if (s->same)
		reuse_sender_break(s, "the far relay says what it should not");
	else
		other_version(s, length);
}

static void hear_head(struct reuse_sender *s)
{
	s->seed = reuse_number(s->field, 8);
	s->epoch = reuse_number(s->field + 8, 8);
	s->added = reuse_number(s->field + 16, 8);
	s->met = true;
	reuse_sender_expect(s, HEAR_LETTER, 1);
	if (reuse_site_meet(s->site, s->epoch) < 0)
		reuse_sender_break(s, "no memory for what the far relay has");
}

static void hear_count(struct reuse_sender *s)
{
	s->hashes_left = (uint32_t)reuse_number(s->field, 4);
	if (s->hashes_left)
		reuse_sender_expect(s, HEAR_HASH, 16);
	else
		reuse_sender_expect(s, HEAR_LETTER, 1);
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
		reuse_sender_expect(s, HEAR_LETTER, 1);
}

/* One who has less than it said is not asked again. */
static void hear_listed(struct reuse_sender *s)
{
	uint64_t added = reuse_number(s->field, 8);
	reuse_sender_expect(s, HEAR_LETTER, 1);
	if (!is_asking(s))
		return;
	reuse_site_heard_to(s->site, added > s->added ? added : s->added);
	reuse_site_ask_no_more(s->site, s);
}

static void hear_grant(struct reuse_sender *s)
{
	uint64_t places = s->places + reuse_number(s->field, 4);
	s->places = places > UINT32_MAX ? UINT32_MAX : (uint32_t)places;
	reuse_sender_expect(s, HEAR_LETTER, 1);
}

static void hear_not_stored(struct reuse_sender *s)
{
	struct page_hash h = reuse_hash(s->field);
	reuse_sender_expect(s, HEAR_LETTER, 1);
	if (reuse_site_meets(s->site, s->epoch) && reuse_site_there(s->site, h, s->way) != THERE_NOT)
		reuse_site_set(s->site, h, THERE_GONE, 0);
}

static void hear_ack(struct reuse_sender *s)
{
	uint64_t position = reuse_number(s->field, 8);
	reuse_sender_expect(s, HEAR_LETTER, 1);
	if (position < s->proved || position > s->told) {
		reuse_sender_break(s, "the far relay has what was not sent");
		return;
	}
	if (position > s->proved)
		reuse_sum_add(s->proved_sum, reuse_sender_raw(s, s->proved), (size_t)(position - s->proved));
	s->proved = position;
	reuse_sender_arrived(s, position);
}

/* Again from there on; and what it is not sure to have it does not get as a reference any more. */
static void hear_nak(struct reuse_sender *s)
{
	uint64_t position = reuse_number(s->field, 8), end = s->sent > s->again_to ? s->sent : s->again_to;
	reuse_sender_expect(s, HEAR_LETTER, 1);
	if (position != s->proved || s->report.plain || !s->going) {
		reuse_sender_break(s, "the far relay cannot be helped");
		return;
	}
	s->trust = s->met ? (enum trust)(s->trust + 1) : TRUST_NOTHING;
	s->report.plain = s->trust == TRUST_NOTHING;
	s->report.resent_bytes += end - position;
	snprintf(s->report.reason, sizeof(s->report.reason), "the far relay missed a page, or had another one");
	reuse_sender_letter(s, 'P');
	reuse_put_number(s->frames, position, 8);
	reuse_sum_copy(s->sum, s->proved_sum);
	s->sent = s->told = position;
	s->again_to = end;
	s->ways_count = 0;
	s->way = reuse_site_way(s->site);
	reuse_sender_again(s);
}

static void hear_back(struct reuse_sender *s)
{
	s->back_left = reuse_number(s->field, 4);
	reuse_sender_expect(s, HEAR_LETTER, 1);
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
		reuse_sender_go_on(s);
	s->report.frame_bytes += frames->length - before;
}

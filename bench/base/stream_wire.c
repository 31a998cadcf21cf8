#include "bench/base/stream_wire.h"

/*
 * Little endian: magic u32, version u8, sender u8, epoch u16, stream u64, number u32, retransmits u32, sent i64; the report:
 * received, next, reordered, duplicates u32, newest, hole, hole_from, silence, silence_from i64. One encoding a record.
 */
#define MAGIC UINT32_C(0x54534d4d) /* "MMST" */
#define VERSION 2

static unsigned char *put(unsigned char *to, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*to++ = (unsigned char)(value >> (8 * i));
	return to;
}

static uint64_t get(const unsigned char **from, int bytes)
{
	uint64_t value = 0;
	for (int i = 0; i < bytes; i++)
		value |= (uint64_t) * (*from)++ << (8 * i);
	return value;
}

void stream_record_encode(const struct stream_record *r, unsigned char bytes[STREAM_RECORD_BYTES])
{
	unsigned char *p = put(bytes, MAGIC, 4);
	p = put(p, VERSION, 1);
	p = put(p, r->sender, 1);
	p = put(p, r->epoch, 2);
	p = put(p, r->stream, 8);
	p = put(p, r->number, 4);
	p = put(p, r->retransmits, 4);
	p = put(p, (uint64_t)r->sent_ns, 8);
	p = put(p, r->report.received, 4);
	p = put(p, r->report.next, 4);
	p = put(p, r->report.reordered, 4);
	p = put(p, r->report.duplicates, 4);
	p = put(p, (uint64_t)r->report.newest_sent_ns, 8);
	p = put(p, (uint64_t)r->report.hole_ns, 8);
	p = put(p, (uint64_t)r->report.hole_from_ns, 8);
	p = put(p, (uint64_t)r->report.silence_ns, 8);
	put(p, (uint64_t)r->report.silence_from_ns, 8);
}

int stream_record_decode(const unsigned char *bytes, size_t length, struct stream_record *ret)
{
	const unsigned char *p = bytes;
	struct stream_record r = { 0 };
	if (length != STREAM_RECORD_BYTES || get(&p, 4) != MAGIC || get(&p, 1) != VERSION)
		return -1;
	uint64_t sender = get(&p, 1);
	r.epoch = r.report.epoch = (uint16_t)get(&p, 2);
	r.stream = get(&p, 8);
	r.number = (uint32_t)get(&p, 4);
	r.retransmits = (uint32_t)get(&p, 4);
	r.sent_ns = (int64_t)get(&p, 8);
	r.report.received = (uint32_t)get(&p, 4);
	r.report.next = (uint32_t)get(&p, 4);
	r.report.reordered = (uint32_t)get(&p, 4);
	r.report.duplicates = (uint32_t)get(&p, 4);
	r.report.newest_sent_ns = (int64_t)get(&p, 8);
	r.report.hole_ns = (int64_t)get(&p, 8);
	r.report.hole_from_ns = (int64_t)get(&p, 8);
	r.report.silence_ns = (int64_t)get(&p, 8);
	r.report.silence_from_ns = (int64_t)get(&p, 8);
	if (sender > STREAM_GUEST || r.number >= STREAM_NUMBERS || r.sent_ns < 0 ||
	    r.report.received > r.report.next || r.report.reordered > r.report.received ||
	    r.report.newest_sent_ns < 0 || r.report.hole_ns < 0 || r.report.hole_from_ns < 0 ||
	    r.report.silence_ns < 0 || r.report.silence_from_ns < 0)
		return -1;
	r.sender = (enum stream_sender)sender;
	*ret = r;
	return 0;
}

static void keep_longest(int64_t ns, int64_t from_ns, int64_t *longest_ns, int64_t *longest_from_ns)
{
	if (ns <= *longest_ns)
		return;
	*longest_ns = ns;
	*longest_from_ns = from_ns;
}

/* Between the newest record so far and this one. */
static void gap_end(struct stream_receiver *s, const struct stream_record *r, int64_t now_ns)
{
	struct stream_receipt *have = &s->receipt;
	int64_t from_ns = have->newest_sent_ns;
	if (r->epoch != have->epoch)
		have->hole_ns = have->hole_from_ns = have->silence_ns = have->silence_from_ns = 0;
	have->epoch = r->epoch;
	if (!have->next)
		return;
	keep_longest(r->sent_ns - from_ns, from_ns, &have->hole_ns, &have->hole_from_ns);
	keep_longest(now_ns - s->came_ns, from_ns, &have->silence_ns, &have->silence_from_ns);
}

void stream_take(struct stream_receiver *s, const struct stream_record *r, int64_t now_ns)
{
	struct stream_receipt *have = &s->receipt;
	int fresh = seen_add(&s->seen, r->number, STREAM_NUMBERS);
	if (fresh <= 0) {
		have->duplicates += fresh == 0;
		return;
	}
	have->received++;
	if (r->number >= have->next) {
		gap_end(s, r, now_ns);
		have->next = r->number + 1;
		have->newest_sent_ns = r->sent_ns;
	} else {
		have->reordered++;
	}
	s->came_ns = now_ns;
}

void stream_receiver_end(struct stream_receiver *s)
{
	seen_free(&s->seen);
}

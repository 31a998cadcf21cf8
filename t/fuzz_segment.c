/*
 * Whatever is captured: counts of a connection add up, none is below 0, and its holes are in order.
 * An input is frames, each behind 4 bytes: which end's it is taken for, captured length, and its whole length (2 bytes).
 */
#include "collectors/segment.h"
#include "t/fuzz.h"
#include "t/made_segment.h"

#include <stdlib.h>

static void check(const struct segment_flow *f)
{
	int64_t holes = 0, behind = INT64_MIN;
	if (f->hole_count < 0 || f->hole_count > SEGMENT_HOLES)
		abort();
	for (int i = 0; i < f->hole_count; i++) {
		if (f->holes[i].from >= f->holes[i].to || f->holes[i].from < behind || f->holes[i].to > f->next)
			abort();
		behind = f->holes[i].to;
		holes += f->holes[i].to - f->holes[i].from;
	}
	if (f->payload_bytes != f->first_bytes + f->resent_bytes || f->late_bytes > f->first_bytes ||
	    f->first_bytes < 0 || f->resent_bytes < 0 || f->late_bytes < 0 || f->unseen_bytes < 0 ||
	    f->acked_bytes < 0 || f->flight_bytes < 0 || f->window_bytes < -1 || holes < 0 ||
	    f->window_bytes > INT64_C(65535) << 14)
		abort();
	/* Of one connection; a port that is used again begins anew. */
	if (f->acked > f->next || f->first_bytes + f->unseen_bytes + holes < f->next)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct segment_flow flow;
	segment_flow_begin(&flow);
	for (size_t at = 0; length - at >= 4;) {
		size_t captured = bytes[at + 1], whole = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
		bool own = bytes[at] % 2;
		at += 4;
		if (captured > length - at)
			captured = length - at;
		/* A copy of its own, so that a read past the end is seen. */
		unsigned char *copy = malloc(captured ? captured : 1);
		struct segment s;
		memcpy(copy, bytes + at, captured);
		if (segment_parse(copy, captured, whole, &s) == 0) {
			if (s.payload < 0 || s.payload > s.frame_bytes || s.scale > 14 ||
			    s.scale < SEGMENT_SCALE_NONE)
				abort();
			(own ? segment_sent : segment_answered)(&flow, &s);
			check(&flow);
		}
		free(copy);
		at += captured;
	}
	return 0;
}

static size_t put(unsigned char *buffer, size_t used, const struct made_segment *m)
{
	size_t whole, length = made_frame(m, buffer + used + 4, &whole);
	buffer[used] = !m->back;
	buffer[used + 1] = (unsigned char)length;
	made_16(buffer + used + 2, (unsigned)whole);
	return used + 4 + length;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	uint32_t base = which % 2 ? UINT32_MAX - 3000 : 1000;
	size_t used = 0;
	if (which % 3) {
		used = put(buffer, used, &(struct made_segment){ .seq = base - 1, .flags = MADE_SYN, .scale = 7 });
		used = put(buffer, used,
		           &(struct made_segment){
				   .ack = base, .flags = MADE_SYN | MADE_ACK, .scale = which % 15, .back = 1 });
	}
	/* Every few segments one is not there, or comes again. */
	for (uint32_t i = 0; i < 40; i++) {
		const struct made_segment data = { .seq = base + 1000 * i,
			                           .flags = MADE_ACK,
			                           .payload = 1000 + 500 * (i % 5 == 0) },
					  answer = {
						  .ack = base + 1000 * i, .flags = MADE_ACK, .window = 500, .back = 1
					  };
		if ((i + (uint32_t)which) % 4)
			used = put(buffer, used, &data);
		if (i % 8 == 7)
			used = put(buffer, used, &answer);
	}
	return put(buffer, used, &(struct made_segment){ .seq = base + 40000, .flags = MADE_FIN | MADE_ACK });
}

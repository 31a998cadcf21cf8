/* Whatever stream_record_decode() accepts must encode to the very same bytes again, and be counted without a count that cannot be. */
#include "bench/base/stream_wire.h"
#include "t/fuzz.h"

#include <stdlib.h>
#include <string.h>

static void check(const struct stream_receipt *s)
{
	if (s->received > s->next || s->reordered > s->received || s->hole_ns < 0 || s->silence_from_ns < 0 ||
	    s->silence_ns < 0 || s->hole_from_ns < 0 || s->newest_sent_ns < 0)
		abort();
}

/* The input is records, one after the other, and the last may be cut short. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	unsigned char again[STREAM_RECORD_BYTES];
	struct stream_receiver counts = { 0 };
	for (size_t at = 0; at < length; at += STREAM_RECORD_BYTES) {
		size_t size = length - at < STREAM_RECORD_BYTES ? length - at : STREAM_RECORD_BYTES;
		struct stream_record r;
		/* A copy of its own, so that a read past the end is seen. */
		unsigned char *copy = malloc(size);
		memcpy(copy, bytes + at, size);
		if (stream_record_decode(copy, size, &r) == 0) {
			stream_record_encode(&r, again);
			if (size != STREAM_RECORD_BYTES || memcmp(again, copy, size) != 0)
				abort();
			check(&r.report);
			stream_take(&counts, &r, r.report.newest_sent_ns);
			check(&counts.receipt);
		}
		free(copy);
	}
	stream_receiver_end(&counts);
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	struct stream_receiver counts = { 0 };
	size_t used = 0;
	for (int i = 0; i < 1 + which % 100; i++) {
		struct stream_record r = { .stream = 7,
			                   .sender = STREAM_CLIENT,
			                   .number = (uint32_t)(i ^ (which & 3)),
			                   .sent_ns = 1000000 * (int64_t)i,
			                   .retransmits = i % 2 ? STREAM_CLOSED : 3,
			                   .epoch = (uint16_t)(i / 10),
			                   .report = counts.receipt };
		stream_take(&counts, &r, 1000 * (int64_t)i);
		stream_record_encode(&r, buffer + used);
		used += STREAM_RECORD_BYTES;
	}
	stream_receiver_end(&counts);
	return used;
}

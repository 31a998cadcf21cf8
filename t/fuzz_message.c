/* Whatever message_decode() accepts must encode to the very same bytes again. */
#include "bench/base/sample_wire.h"
#include "t/fuzz.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	unsigned char again[MESSAGE_ROOM];
	const char *reason = NULL;
	struct message m;
	/* A copy of its own, so that a read past the end is seen. */
	unsigned char *copy = malloc(length ? length : 1);
	memcpy(copy, bytes, length);
	int result = message_decode(copy, length, &m, &reason);
	if ((result < 0) != (reason != NULL))
		abort();
	if (result == 0 &&
	    (length > MESSAGE_ROOM || message_encode(&m, again) != length || memcmp(again, copy, length)))
		abort();
	free(copy);
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	struct message m = { .type = MESSAGE_HELLO + (enum message_type)(which % 6), .run_id = 7, .vm = 1 };
	if (m.type == MESSAGE_HELLO) {
		m.hello.state = AGENT_RUNNING;
		m.hello.workloads = 2;
		strcpy(m.hello.detail, "filling 40 of 96 MiB");
	} else if (m.type == MESSAGE_SAMPLES) {
		m.samples.count = (uint8_t)(1 + which % SAMPLES_PER_MESSAGE);
		for (int i = 0; i < m.samples.count; i++)
			m.samples.sample[i] = (struct sample){ (uint32_t)i, i * 10000000, i * 1000, 250000, 240000 };
	} else if (m.type == MESSAGE_FETCH) {
		m.fetch.count = 24;
	}
	return message_encode(&m, buffer);
}

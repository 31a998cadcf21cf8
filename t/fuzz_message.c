/*
 * Fuzz target: whatever message_decode() accepts must encode to the very same bytes again.
 *
 * With libFuzzer (make fuzz), or built with -DFUZZ_BY_ITSELF as a program that mutates valid messages `argv[1]`
 * times, for machines without clang.
 */
#include "bench/base/sample_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

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

#ifdef FUZZ_BY_ITSELF
static size_t seed(int which, unsigned char *buffer)
{
	struct message m = { .type = MESSAGE_HELLO + (enum message_type)(which % 6), .run_id = 7, .vm = 1 };
	if (m.type == MESSAGE_HELLO) {
		m.hello.state = AGENT_RUNNING;
		m.hello.workloads = 2;
		strcpy(m.hello.detail, "filling 40 of 96 MiB");
	} else if (m.type == MESSAGE_SAMPLES) {
		m.samples.count = (uint8_t)(1 + which % SAMPLES_PER_MESSAGE);
		for (int i = 0; i < m.samples.count; i++)
			m.samples.sample[i] = (struct sample){ (uint32_t)i, i * 10000000, i * 1000, 250000 };
	} else if (m.type == MESSAGE_FETCH) {
		m.fetch.count = 24;
	}
	return message_encode(&m, buffer);
}

int main(int argc, char **argv)
{
	long rounds = argc > 1 ? atol(argv[1]) : 1000000;
	unsigned char bytes[2 * MESSAGE_ROOM];
	srandom(1);
	for (long i = 0; i < rounds; i++) {
		size_t length = seed((int)(random() % 144), bytes);
		for (long changes = random() % 4; changes > 0; changes--)
			bytes[random() % (long)length] ^= (unsigned char)(1 << random() % 8);
		if (random() % 8 == 0)
			length = (size_t)(random() % (MESSAGE_ROOM + 1));
		LLVMFuzzerTestOneInput(bytes, length);
	}
	printf("%ld messages\n", rounds);
	return 0;
}
#endif

/*
 * A fuzz target as a test: its seeds with up to seven changes each, the same ones in every run.
 * usage: fuzz_NAME.t [INPUTS]; the input being decoded is kept in fuzz_NAME.t.input when the target dies of it
 *        fuzz_NAME.t --seeds DIR: write the first seeds as files, for libFuzzer to begin with
 */
#include "t/fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned char bytes[FUZZ_ROOM];
static size_t length;
static char input_path[4096];

/* For abort(); sanitizers end through it too (see main). */
static void on_abort(int number)
{
	int fd = open(input_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd >= 0 && write(fd, bytes, length) < 0)
		(void)close(fd);
	signal(number, SIG_DFL);
	raise(number);
}

static void change(void)
{
	size_t at = length ? (size_t)random() % length : 0, span = (size_t)random() % 16;
	if (span > length - at)
		span = length - at;
	switch (random() % 5) {
	case 0: /* a bit */
		bytes[at] ^= (unsigned char)(1 << random() % 8);
		break;
	case 1: /* a byte, often one that means something in text */
		bytes[at] = (unsigned char)(random() % 2 ? random() : ",;=[]\n\"-. 0"[random() % 12]);
		break;
	case 2: /* a few bytes less */
		memmove(bytes + at, bytes + at + span, length - at - span);
		length -= span;
		break;
	case 3: /* a few bytes twice */
		if (length + span > FUZZ_ROOM)
			break;
		memmove(bytes + at + span, bytes + at, length - at);
		length += span;
		break;
	default: /* the end is missing */
		if (random() % 4 == 0)
			length = at;
	}
}

static int seeds_write(const char *directory)
{
	char path[4096];
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "%s/seed-%d", directory, i);
		length = fuzz_seed(i, bytes);
		FILE *file = fopen(path, "we");
		if (!file || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
			perror(path);
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "--seeds") == 0)
		return seeds_write(argv[2]);
	long inputs = argc > 1 ? atol(argv[1]) : 20000;
	snprintf(input_path, sizeof(input_path), "%s.input", argv[0]);
	signal(SIGABRT, on_abort);
	srandom(1);
	for (long i = 0; i < inputs; i++) {
		memset(bytes, 0, sizeof(bytes));
		length = fuzz_seed((int)(random() % 1000), bytes);
		for (long changes = random() % 8; changes > 0; changes--)
			change();
		LLVMFuzzerTestOneInput(bytes, length);
	}
	printf("1..1\nok 1 - %ld inputs\n", inputs);
	return 0;
}

/* A sanitizer's finding is an abort(), so that its input is kept. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

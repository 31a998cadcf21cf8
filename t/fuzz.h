/*
 * fuzz.h - what a fuzz target t/fuzz_NAME.c is: two functions over one decoder of hostile bytes.
 *
 * Each is built twice: by `make tests` with t/fuzz_alone.c, which changes the target's own seeds, into the test
 * build/t/fuzz_NAME.t (bounded, no clang needed); by `make fuzz` with libFuzzer, to look for as long as one likes.
 */
#ifndef T_FUZZ_H
#define T_FUZZ_H

#include <stddef.h>
#include <stdint.h>

enum { FUZZ_ROOM = 16384 };

/* Decode the bytes and abort() when what comes out breaks the decoder's promise. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* A valid input, another one for another `which` (0 and up), into FUZZ_ROOM bytes; its length. */
size_t fuzz_seed(int which, unsigned char *buffer);

#endif

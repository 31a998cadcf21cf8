/*
 * field_text.h - a text as one field of a CSV row: quoted as RFC 4180 asks when it must be, line ends made blanks, so
 * that a row stays a line.
 */
#ifndef BENCH_BASE_FIELD_TEXT_H
#define BENCH_BASE_FIELD_TEXT_H

#include <stddef.h>
#include <stdio.h>

void field_text(FILE *file, const char *text);

/* Into buffer, of at least 3 bytes: what does not fit is cut, and the quotes are closed. Returns buffer. */
char *field_text_copy(const char *text, char *buffer, size_t room);

/* A terminal, and a reader of lines, must not obey what a file says: control characters become "?". Returns text. */
char *text_tame(char *text);

#endif

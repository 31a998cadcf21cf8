/*
 * point_label.h - labels of a sweep's points: words with blanks between, "used=0.60 rtt=6ms".
 */
#ifndef BENCH_BASE_POINT_LABEL_H
#define BENCH_BASE_POINT_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* The next word, at *at, which is moved to it; its length, 0 at the end. */
size_t point_label_word(const char **at);

/* Whether a label has this word. */
bool point_label_has_word(const char *label, const char *word, size_t length);

/* Whether it has all of these words, in whatever order; "" is none. One may have several members, "used=0.60|1.00": the
 * label has one of them. */
bool point_label_has(const char *label, const char *words);

#endif

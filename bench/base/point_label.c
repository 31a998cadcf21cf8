#include "bench/base/point_label.h"

#include <string.h>

size_t point_label_word(const char **at)
{
	*at += strspn(*at, " ");
	return strcspn(*at, " ");
}

bool point_label_has_word(const char *label, const char *word, size_t length)
{
	size_t size;
	for (const char *at = label; (size = point_label_word(&at)); at += size)
		if (size == length && memcmp(at, word, length) == 0)
			return true;
	return false;
}

/* NAME=MEMBER, of one of the members in NAME=MEMBER|MEMBER. */
static bool has_one_of(const char *label, const char *word, size_t length)
{
	const char *equals = memchr(word, '=', length);
	size_t name = equals ? (size_t)(equals - word) + 1 : length, size;
	for (const char *at = label; (size = point_label_word(&at)); at += size) {
		if (size <= name || memcmp(at, word, name) != 0)
			continue;
		for (size_t from = name, part; from <= length; from += part + 1) {
			const char *end = memchr(word + from, '|', length - from);
			part = end ? (size_t)(end - word) - from : length - from;
			if (part && part == size - name && memcmp(at + name, word + from, part) == 0)
				return true;
		}
	}
	return false;
}

bool point_label_has(const char *label, const char *words)
{
	size_t size;
	for (const char *at = words; (size = point_label_word(&at)); at += size)
		if (!point_label_has_word(label, at, size) && !has_one_of(label, at, size))
			return false;
	return true;
}

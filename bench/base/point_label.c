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

bool point_label_has(const char *label, const char *words)
{
	size_t size;
	for (const char *at = words; (size = point_label_word(&at)); at += size)
		if (!point_label_has_word(label, at, size))
			return false;
	return true;
}

#include "bench/base/field_text.h"

#include <stdbool.h>
#include <string.h>

static bool needs_quotes(const char *text)
{
	return strpbrk(text, ",\"\r\n") != NULL;
}

/* A character as it stands between quotes. Returns how many it became. */
static size_t quoted(char c, char into[2])
{
	into[0] = c == '\n' || c == '\r' ? ' ' : c;
	into[1] = c;
	return c == '"' ? 2 : 1;
}

void field_text(FILE *file, const char *text)
{
	char pair[2];
	if (!needs_quotes(text)) {
		fputs(text, file);
		return;
	}
	putc('"', file);
	for (; *text; text++) {
		size_t size = quoted(*text, pair);
		fwrite(pair, 1, size, file);
	}
	putc('"', file);
}

char *field_text_copy(const char *text, char *buffer, size_t room)
{
	char pair[2];
	size_t used = 0;
	if (!needs_quotes(text)) {
		snprintf(buffer, room, "%s", text);
		return buffer;
	}
	buffer[used++] = '"';
	for (; *text; text++) {
		size_t size = quoted(*text, pair);
		if (used + size + 2 > room)
			break;
		memcpy(buffer + used, pair, size);
		used += size;
	}
	buffer[used++] = '"';
	buffer[used] = '\0';
	return buffer;
}

char *text_tame(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f) /* in UTF-8 */
			c[0] = c[1] = '?';
	return text;
}

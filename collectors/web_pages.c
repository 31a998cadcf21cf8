#include "collectors/web_pages.h"

#include <inttypes.h>
#include <stdio.h>

const struct web_page web_pages[WEB_PAGES] = {
	{ "login", "/login", "user=%u&password=secret-%u", "Welcome, %u" },
	{ "summary", "/summary", NULL, "Balance of %u:" },
	{ "pay", "/pay", "to=%p&amount=%a&reference=%r", "Paid %a to %p, reference %r" },
	{ "history", "/history", NULL, "reference %r" },
	{ "logout", "/logout", NULL, "Goodbye, %u" },
};

enum { AMOUNTS = 50 };

static int word(char letter, const struct web_visit *v, char *buffer, size_t room)
{
	switch (letter) {
	case 'u':
		return snprintf(buffer, room, "user%05d", v->session);
	case 'p':
		return snprintf(buffer, room, "user%05d", (v->session + 1) % v->sessions);
	case 'a':
		return snprintf(buffer, room, "%" PRId64, 1 + v->number % AMOUNTS);
	default:
		return snprintf(buffer, room, "%05d-%" PRId64, v->session, v->number);
	}
}

char *web_text(const char *text, const struct web_visit *visit, char *buffer, size_t room)
{
	size_t used = 0;
	for (; *text && used + 1 < room; text++) {
		if (*text == '%' && text[1])
			used += (size_t)word(*++text, visit, buffer + used, room - used);
		else
			buffer[used++] = *text;
	}
	buffer[used < room ? used : room - 1] = '\0';
	return buffer;
}

#include "reports/sentence.h"

#include "reports/run_data.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

struct sentence sentence_begin(char *buffer, size_t room)
{
	buffer[0] = '\0';
	return (struct sentence){ .text = buffer, .room = room };
}

void say(struct sentence *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int length = vsnprintf(s->text + s->used, s->room - s->used, format, args);
	va_end(args);
	if (length > 0)
		s->used = s->used + (size_t)length < s->room ? s->used + (size_t)length : s->room - 1;
}

void say_value(struct sentence *s, const struct shown_metric *m, const char *unknown)
{
	char text[96];
	if (m && !isnan(m->value))
		say(s, "%s", value_format(m->value, m->unit, text, sizeof(text)));
	else
		say(s, "%s (missing%s%s)", unknown, m && *m->reason ? ": " : "", m ? m->reason : "");
}

bool say_lost(struct sentence *s, const struct shown_metric *m)
{
	char text[96];
	if (m && m->low <= 0 && m->high >= 0) {
		say(s, "lost no work beyond the uncertainty (%s)",
		    value_format(m->value, m->unit, text, sizeof(text)));
		return false;
	}
	if (m && m->value < 0) {
		say(s, "gained %s of work", value_format(-m->value, m->unit, text, sizeof(text)));
		return true;
	}
	say(s, "lost ");
	say_value(s, m, "an unknown amount");
	say(s, " of work");
	return false;
}

#include "bench/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void fill(struct err *e, int status, const char *format, va_list args)
{
	e->status = status;
	vsnprintf(e->text, sizeof(e->text), format, args);
	for (char *c = e->text; *c; c++)
		if (*c == '\n')
			*c = ' ';
}

int err_set(struct err *e, enum exit_status status, const char *format, ...)
{
	if (e) {
		va_list args;
		va_start(args, format);
		fill(e, status, format, args);
		va_end(args);
	}
	return -1;
}

int err_errno(struct err *e, enum exit_status status, const char *format, ...)
{
	int saved = errno;
	if (e) {
		va_list args;
		va_start(args, format);
		fill(e, status, format, args);
		va_end(args);
		size_t used = strlen(e->text);
		snprintf(e->text + used, sizeof(e->text) - used, ": %s", strerror(saved));
	}
	errno = saved;
	return -1;
}

int err_prefix(struct err *e, const char *format, ...)
{
	if (e) {
		char prefix[sizeof(e->text)], whole[2 * sizeof(e->text) + 4];
		va_list args;
		va_start(args, format);
		vsnprintf(prefix, sizeof(prefix), format, args);
		va_end(args);
		snprintf(whole, sizeof(whole), "%s: %s", prefix, e->text);
		snprintf(e->text, sizeof(e->text), "%.*s", (int)sizeof(e->text) - 1, whole);
	}
	return -1;
}

int exit_worse(int one, int other)
{
	static const int worst[] = { EXIT_INTERRUPTED, EXIT_USAGE, EXIT_MEASURED_BAD, EXIT_CANNOT };
	for (size_t i = 0; i < sizeof(worst) / sizeof(*worst); i++)
		if (one == worst[i] || other == worst[i])
			return worst[i];
	return one ? one : other;
}

int err_report(const struct err *e)
{
	fprintf(stderr, "migmeter: %s\n", e->text[0] ? e->text : "failed without a reason (please report this)");
	return e->status ? e->status : EXIT_MEASURED_BAD;
}

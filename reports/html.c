#include "reports/html.h"

#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/directory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at text, or 0 when it is none (overlong forms and surrogates included), or one that XML does not
 * have (U+FFFE, U+FFFF). */
static int utf8_length(const unsigned char *text)
{
	int length = text[0] < 0x80                       ? 1
	             : text[0] >= 0xc2 && text[0] <= 0xdf ? 2
	             : (text[0] & 0xf0) == 0xe0           ? 3
	             : text[0] >= 0xf0 && text[0] <= 0xf4 ? 4
	                                                  : 0;
	for (int i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xef && text[1] == 0xbf && text[2] >= 0xbe) || (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return length;
}

void html_text(FILE *out, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	while (*at) {
		int length = utf8_length(at);
		if (*at == '&')
			fputs("&amp;", out);
		else if (*at == '<')
			fputs("&lt;", out);
		else if (*at == '>')
			fputs("&gt;", out);
		else if (*at == '"')
			fputs("&quot;", out);
		else if (*at == '\'')
			fputs("&#39;", out);
		else if (length == 0 || (*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f)
			fputs("\xef\xbf\xbd", out);
		else
			fwrite(at, 1, (size_t)length, out);
		at += length ? length : 1;
	}
}

/* Is this blank between a number (not a name that ends in one) and its unit? */
static int binds(const char *text, const char *blank)
{
	const char *at = blank;
	while (at > text && ((at[-1] >= '0' && at[-1] <= '9') || at[-1] == '.'))
		at--;
	return at < blank && (at == text || at[-1] == ' ' || at[-1] == '(');
}

void html_prose(FILE *out, const char *text)
{
	const char *from = text;
	for (const char *at = text; *at; at++) {
		if (*at != ' ' || !binds(text, at))
			continue;
		html_textf(out, "%.*s", (int)(at - from), from);
		fputs("&nbsp;", out);
		from = at + 1;
	}
	html_text(out, from);
}

void html_textf(FILE *out, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return;
	html_text(out, text);
	free(text);
}

int html_begin(FILE *out, const char *title, struct err *e)
{
	char path[5000];
	const char *directory = reports_directory(e);
	if (!directory)
		return -1;
	snprintf(path, sizeof(path), "%s/report.css", directory);
	char *style = whole_file_read(path, 256 * 1024);
	if (!style)
		return err_set(e, EXIT_CANNOT, "cannot read the style sheet '%s'", path);
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
	      out);
	html_text(out, title);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
	free(style);
	return 0;
}

void html_end(FILE *out)
{
	fputs("<footer>Made by migmeter " MIGMETER_VERSION ". This page is one file and needs no network.</footer>\n"
	      "</body>\n</html>\n",
	      out);
}

#include "reports/html.h"

#include "bench/base/err.h"
#include "reports/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Length of the UTF-8 sequence at text, or 0 when it is none (overlong forms and surrogates included). */
static int utf8_length(const unsigned char *text)
{
	int length = text[0] < 0x80 ? 1 : text[0] >= 0xc2 && text[0] <= 0xdf ? 2 : (text[0] & 0xf0) == 0xe0 ? 3 :
		     text[0] >= 0xf0 && text[0] <= 0xf4 ? 4 : 0;
	for (int i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
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

/* A whole file as a string; NULL when it cannot be read or is larger than limit. */
static char *file_text(const char *path, size_t limit)
{
	FILE *in = fopen(path, "re");
	if (!in)
		return NULL;
	char *text = malloc(limit + 1);
	size_t length = text ? fread(text, 1, limit + 1, in) : 0;
	fclose(in);
	if (!text || length > limit) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

int html_begin(FILE *out, const char *title, struct err *e)
{
	char path[5000];
	const char *directory = reports_directory(e);
	if (!directory)
		return -1;
	snprintf(path, sizeof(path), "%s/report.css", directory);
	char *style = file_text(path, 256 * 1024);
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

/* Copy gnuplot's SVG, leaving out namespaces (a page has them already) and putting `name` before its ids. */
static void copy_svg(FILE *out, const char *at, const char *name)
{
	static const struct {
		const char *from, *to;
	} rules[] = {
		{ " xmlns=\"http://www.w3.org/2000/svg\"", "" },
		{ " xmlns:xlink=\"http://www.w3.org/1999/xlink\"", "" },
		{ "id='gp", "id='%s-gp" },
		{ "href='#gp", "href='#%s-gp" },
		{ "id=\"gp", "id=\"%s-gp" },
		{ "url(#gp", "url(#%s-gp" },
		{ "xlink:", "" },
		{ "xml:space=\"preserve\"", "" },
		{ NULL, NULL },
	};
	while (*at) {
		int i = 0;
		while (rules[i].from && strncmp(at, rules[i].from, strlen(rules[i].from)) != 0)
			i++;
		if (!rules[i].from) {
			fputc(*at++, out);
			continue;
		}
		const char *mark = strstr(rules[i].to, "%s");
		if (mark)
			fprintf(out, "%.*s%s%s", (int)(mark - rules[i].to), rules[i].to, name, mark + 2);
		else
			fputs(rules[i].to, out);
		at += strlen(rules[i].from);
	}
}

int html_svg(FILE *out, const char *path, const char *name, const char *description)
{
	char *text = file_text(path, 4 * 1024 * 1024);
	char *svg = text ? strstr(text, "<svg") : NULL;
	if (!svg) {
		free(text);
		return -1;
	}
	fputs("<figure role=\"img\" aria-label=\"", out);
	html_text(out, description);
	fputs("\">\n", out);
	copy_svg(out, svg, name);
	fputs("</figure>\n", out);
	free(text);
	return 0;
}

#include "reports/svg.h"

#include "bench/base/whole_file.h"
#include "reports/html.h"

#include <stdlib.h>
#include <string.h>

enum { SVG_LIMIT = 4 * 1024 * 1024 };

struct rule {
	const char *from;
	const char *before, *after; /* the replacement: before, the name, after; before alone when after is NULL */
};

static void rewrite(FILE *out, const char *at, const struct rule *rules, const char *name)
{
	while (*at) {
		const struct rule *r = rules;
		while (r->from && strncmp(at, r->from, strlen(r->from)) != 0)
			r++;
		if (!r->from) {
			fputc(*at++, out);
			continue;
		}
		fputs(r->before, out);
		if (r->after)
			fprintf(out, "%s%s", name, r->after);
		at += strlen(r->from);
	}
}

int svg_repair(const char *path)
{
	static const struct rule rules[] = {
		{ "sans-serif:Bold\"", "sans-serif\" font-weight=\"bold\"", NULL },
		{ NULL, NULL, NULL },
	};
	char *text = whole_file_read(path, SVG_LIMIT);
	FILE *out = text ? fopen(path, "we") : NULL;
	if (out)
		rewrite(out, text, rules, "");
	free(text);
	return out && fclose(out) == 0 ? 0 : -1;
}

void svg_figure(FILE *out, const char *directory, const char *name, const char *label, const char *missing)
{
	static const struct rule rules[] = {
		{ " xmlns=\"http://www.w3.org/2000/svg\"", "", NULL },
		{ " xmlns:xlink=\"http://www.w3.org/1999/xlink\"", "", NULL },
		{ "xlink:", "", NULL },
		{ "xml:space=\"preserve\"", "", NULL },
		{ " id='", " id='", "-" },
		{ " id=\"", " id=\"", "-" },
		{ "href='#", "href='#", "-" },
		{ "url(#", "url(#", "-" },
		{ NULL, NULL, NULL },
	};
	char path[5000];
	snprintf(path, sizeof(path), "%s/plots/%s.svg", directory, name);
	char *text = *missing ? NULL : whole_file_read(path, SVG_LIMIT), *svg = text ? strstr(text, "<svg") : NULL;
	if (svg) {
		fputs("<figure role=\"img\" aria-label=\"", out);
		html_text(out, label);
		fputs("\">\n", out);
		rewrite(out, svg, rules, name);
		fputs("</figure>\n", out);
	} else {
		fputs("<p class=\"missing\">No plot: ", out);
		html_text(out, *missing ? missing : "it cannot be read");
		fputs("</p>\n", out);
	}
	free(text);
}

/*
 * html.h - write HTML that holds hostile text and needs no other file.
 */
#ifndef REPORTS_HTML_H
#define REPORTS_HTML_H

#include <stdio.h>

struct err;
struct json_object;

/* Text, escaped for element content and for quoted attributes; bytes that are not UTF-8 and control characters
 * become U+FFFD. */
void html_text(FILE *out, const char *text);

/* The same, with no line break between a number and its unit. */
void html_prose(FILE *out, const char *text);

/* printf() whose result is escaped as a whole. */
void html_textf(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Head of a page, the style sheet of the reports directory inside, and its end. -1 when there is none. */
int html_begin(FILE *out, const char *title, struct err *e);
void html_end(FILE *out);

/* Rows <tr><th>path<td>value for everything below object; a key that ends in a unit (_ns, _bytes, _bit_per_s) is
 * shown in people's units. Returns the number of rows. */
int html_facts(FILE *out, struct json_object *object);

/* Call for every leaf below object with its dotted path. */
typedef void facts_fn(void *context, const char *path, struct json_object *leaf);
void facts_walk(struct json_object *object, facts_fn *leaf, void *context);

/* The value of a leaf as people read it, by the unit its key ends in. Returns buffer. */
char *fact_format(const char *path, struct json_object *leaf, char *buffer, size_t room);

#endif

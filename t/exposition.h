/*
 * exposition.h - for tests: a strict reader of gauges in what Prometheus' text format and OpenMetrics have in common. Every
 * line is checked: a family's metadata once and before its samples, its samples together, names and labels as the formats
 * allow, no two samples alike, a unit that the name ends in, numbers, and # EOF as the last line.
 */
#ifndef T_EXPOSITION_H
#define T_EXPOSITION_H

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EXPOSED_MAX = 400 };

static struct exposed {
	char series[600]; /* name and labels */
	double value;
} exposed[EXPOSED_MAX];
static int exposed_count;

static int line_fits(const char *pattern, const char *line)
{
	regex_t r;
	assert_int_equal(regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB), 0);
	int fits = regexec(&r, line, 0, NULL, 0) == 0;
	regfree(&r);
	return fits;
}

#define NAME "[a-zA-Z_][a-zA-Z0-9_]*"
#define LABEL NAME "=\"([^\"\\]|\\\\[\\\"n])*\""

/* "# HELP name ...": the name, or NULL. */
static const char *metadata(const char *line, const char *kind, char *name, size_t room)
{
	char head[32];
	size_t length = (size_t)snprintf(head, sizeof(head), "# %s ", kind);
	if (strncmp(line, head, length) != 0)
		return NULL;
	snprintf(name, room, "%.*s", (int)strcspn(line + length, " "), line + length);
	return name;
}

static void read_sample(const char *line, const char *family)
{
	char *end, number[64];
	const char *space = strrchr(line, ' ');
	if (!line_fits("^" NAME "\\{" LABEL "(," LABEL ")*\\} [^ ]+$", line))
		fail_msg("no sample: %s", line);
	if (strncmp(line, family, strlen(family)) != 0 || line[strlen(family)] != '{')
		fail_msg("a sample outside of its family '%s': %s", family, line);
	snprintf(number, sizeof(number), "%s", space + 1);
	assert_true(exposed_count < EXPOSED_MAX);
	struct exposed *e = &exposed[exposed_count];
	snprintf(e->series, sizeof(e->series), "%.*s", (int)(space - line), line);
	e->value = strtod(number, &end);
	if (*end || end == number)
		fail_msg("no number: %s", line);
	for (int i = 0; i < exposed_count; i++)
		if (strcmp(exposed[i].series, e->series) == 0)
			fail_msg("twice: %s", e->series);
	exposed_count++;
}

/* All of a file, or it fails. */
static void exposition_read(const char *path)
{
	static char families[100][200];
	char line[4096], name[200], family[200] = "";
	int count = 0, ended = 0;
	FILE *in = fopen(path, "re");
	if (!in)
		fail_msg("cannot read '%s'", path);
	exposed_count = 0;
	while (fgets(line, sizeof(line), in)) {
		size_t length = strlen(line);
		assert_false(ended);
		assert_true(length > 0 && line[length - 1] == '\n');
		line[length - 1] = '\0';
		if (strcmp(line, "# EOF") == 0) {
			ended = 1;
		} else if (metadata(line, "HELP", name, sizeof(name))) {
			for (int i = 0; i < count; i++)
				if (strcmp(families[i], name) == 0)
					fail_msg("family twice: %s", name);
			if (!line_fits("^# HELP " NAME " [^\\]+$", line))
				fail_msg("bad help: %s", line);
			snprintf(families[count++], sizeof(families[0]), "%s", name);
			snprintf(family, sizeof(family), "%s", name);
		} else if (metadata(line, "TYPE", name, sizeof(name))) {
			assert_string_equal(name, family);
			assert_string_equal(line + strlen("# TYPE ") + strlen(name), " gauge");
		} else if (metadata(line, "UNIT", name, sizeof(name))) {
			const char *unit = line + strlen("# UNIT ") + strlen(name) + 1;
			assert_string_equal(name, family);
			if (strlen(unit) >= strlen(name) || strcmp(name + strlen(name) - strlen(unit), unit) != 0 ||
			    name[strlen(name) - strlen(unit) - 1] != '_')
				fail_msg("%s does not end in _%s", name, unit);
		} else {
			read_sample(line, family);
		}
	}
	fclose(in);
	assert_true(ended);
}

/* The value of the one series with this name and all of these words; fails when there is none or another. */
static double exposed_value(const char *name, const char *words[], int count)
{
	const struct exposed *found = NULL;
	for (int i = 0; i < exposed_count; i++) {
		int fits =
			strncmp(exposed[i].series, name, strlen(name)) == 0 && exposed[i].series[strlen(name)] == '{';
		for (int w = 0; w < count; w++)
			fits &= strstr(exposed[i].series, words[w]) != NULL;
		if (fits && found)
			fail_msg("two of %s: %s and %s", name, found->series, exposed[i].series);
		if (fits)
			found = &exposed[i];
	}
	if (!found)
		fail_msg("no %s", name);
	return found ? found->value : 0;
}

#define EXPOSED(name, ...)                                                                                           \
	exposed_value(name, (const char *[]){ __VA_ARGS__ }, sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *))

#endif

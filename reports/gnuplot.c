#include "reports/gnuplot.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/tree.h"
#include "reports/directory.h"
#include "reports/svg.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const endings[] = { "svg", "png" };
enum { ENDINGS = sizeof(endings) / sizeof(*endings) };
#define WORK_NAME ".draw-%d-" /* of the process */

/* ---- words ---- */

void gnuplot_quote(FILE *preamble, const char *text)
{
	fputc('\'', preamble);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', preamble);
		fputc((unsigned char)*text < 0x20 ? ' ' : *text, preamble);
	}
	fputc('\'', preamble);
}

void gnuplot_set_text(FILE *preamble, const char *name, const char *text)
{
	fprintf(preamble, "%s = ", name);
	gnuplot_quote(preamble, text);
	fputc('\n', preamble);
}

void gnuplot_put_number(FILE *data, double value)
{
	if (!isfinite(value))
		fputs(" NaN", data);
	else
		fprintf(data, " %.9g", value);
}

void gnuplot_set_number(FILE *preamble, const char *name, double value)
{
	fprintf(preamble, "%s =", name);
	gnuplot_put_number(preamble, value);
	fputc('\n', preamble);
}

void gnuplot_arrays(FILE *preamble, const char *const *names, int count, int items)
{
	for (int i = 0; i < count; i++)
		fprintf(preamble, "array %s[%d]\n", names[i], items);
}

void gnuplot_set_item(FILE *preamble, const char *array, int index, const char *text)
{
	char name[64];
	snprintf(name, sizeof(name), "%s[%d]", array, index);
	gnuplot_set_text(preamble, name, text);
}

void gnuplot_set_number_item(FILE *preamble, const char *array, int index, double value)
{
	char name[64];
	snprintf(name, sizeof(name), "%s[%d]", array, index);
	gnuplot_set_number(preamble, name, value);
}

/* ---- pictures ---- */

/* What a process that was killed left: its folder is named after it. */
static void remove_left(const char *plots)
{
	char path[5000];
	DIR *d = opendir(plots);
	for (struct dirent *entry; d && (entry = readdir(d));) {
		int pid, end = 0;
		if (sscanf(entry->d_name, WORK_NAME "%n", &pid, &end) != 1 || !end || pid < 1 || kill(pid, 0) == 0 ||
		    errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", plots, entry->d_name);
		tree_remove(path);
	}
	if (d)
		closedir(d);
}

int gnuplot_begin(struct gnuplot *g, const char *directory, struct err *e)
{
	g->scripts = reports_directory(e);
	if (!g->scripts)
		return -1;
	snprintf(g->plots, sizeof(g->plots), "%s/plots", directory);
	snprintf(g->work, sizeof(g->work), "%s/" WORK_NAME "XXXXXX", g->plots, (int)getpid());
	if (mkdir(g->plots, 0755) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot make '%s'", g->plots);
	remove_left(g->plots);
	return mkdtemp(g->work) ? 0 : err_errno(e, EXIT_CANNOT, "cannot make '%s'", g->work);
}

void gnuplot_end(const struct gnuplot *g)
{
	tree_remove(g->work);
}

FILE *gnuplot_picture_begin(const struct gnuplot *g, const char *name, const char *caption, struct err *e)
{
	char path[5000];
	snprintf(path, sizeof(path), "%s/%s.gp", g->work, name);
	FILE *preamble = fopen(path, "we");
	if (!preamble) {
		err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
		return NULL;
	}
	gnuplot_set_text(preamble, "SCRIPTS", g->scripts);
	gnuplot_set_text(preamble, "NAME", name);
	gnuplot_set_text(preamble, "CAPTION", caption);
	return preamble;
}

static int publish(const struct gnuplot *g, const char *name, const char *ending, struct err *e)
{
	char from[5000], to[5000];
	snprintf(from, sizeof(from), "%s/%s.%s", g->work, name, ending);
	snprintf(to, sizeof(to), "%s/%s.%s", g->plots, name, ending);
	if (strcmp(ending, "svg") == 0 && svg_repair(from) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", from);
	return rename(from, to) == 0 ? 0 : err_errno(e, EXIT_CANNOT, "cannot write '%s'", to);
}

static int draw(const char *path, struct err *e)
{
	const char *argv[] = { "gnuplot", "-d", path, NULL };
	char output[8192];
	return process_run(NULL, argv, 120 * NS_PER_S, output, sizeof(output), e);
}

int gnuplot_picture_end(const struct gnuplot *g, const char *name, const char *script, FILE *preamble, int prepared,
                        struct err *e)
{
	char path[5000];
	int result = prepared;
	for (int i = 0; result == 0 && i < ENDINGS; i++) {
		snprintf(path, sizeof(path), "%s/%s.%s", g->work, name, endings[i]);
		gnuplot_set_text(preamble, "TERMINAL", endings[i]);
		gnuplot_set_text(preamble, "OUT", path);
		fprintf(preamble, "reset\nload SCRIPTS.'/%s'\n", script);
	}
	for (int i = 0; result == 1 && i < ENDINGS; i++) {
		/* One from an earlier analysis would now be wrong. */
		snprintf(path, sizeof(path), "%s/%s.%s", g->plots, name, endings[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/%s.gp", g->work, name);
	if (fclose(preamble) != 0 && result == 0)
		result = err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	if (result == 0)
		result = draw(path, e);
	for (int i = 0; result == 0 && i < ENDINGS; i++)
		result = publish(g, name, endings[i], e);
	return result;
}

#include "reports/gnuplot.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process_child.h"
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
#define DRAW_NS (120 * NS_PER_S)
#define WORK_NAME ".draw-%d-" /* of the process */

struct gnuplot_picture {
	char name[128], script[5000]; /* which gnuplot is given */
	struct err *told, e;
	struct process_child child;
	int64_t until_ns;
	char output[8192];
};

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
	*g = (struct gnuplot){ .scripts = reports_directory(e) };
	if (!g->scripts)
		return -1;
	snprintf(g->plots, sizeof(g->plots), "%s/plots", directory);
	snprintf(g->scratch, sizeof(g->scratch), "%s/" WORK_NAME "XXXXXX", g->plots, (int)getpid());
	if (mkdir(g->plots, 0755) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot make '%s'", g->plots);
	remove_left(g->plots);
	return mkdtemp(g->scratch) ? 0 : err_errno(e, EXIT_CANNOT, "cannot make '%s'", g->scratch);
}

FILE *gnuplot_picture_begin(struct gnuplot *g, const char *name, const char *caption, struct err *e)
{
	char path[5000];
	snprintf(g->work, sizeof(g->work), "%s/%s", g->scratch, name);
	snprintf(path, sizeof(path), "%s/%s.gp", g->work, name);
	FILE *preamble = mkdir(g->work, 0755) == 0 || errno == EEXIST ? fopen(path, "we") : NULL;
	if (!preamble) {
		err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
		return NULL;
	}
	gnuplot_set_text(preamble, "SCRIPTS", g->scripts);
	gnuplot_set_text(preamble, "NAME", name);
	gnuplot_set_text(preamble, "CAPTION", caption);
	return preamble;
}

static int queue(struct gnuplot *g, const char *name, const char *path, struct err *e)
{
	struct gnuplot_picture *larger = realloc(g->pictures, ((size_t)g->count + 1) * sizeof(*larger));
	if (!larger)
		return err_errno(e, EXIT_CANNOT, "cannot draw '%s'", name);
	g->pictures = larger;
	struct gnuplot_picture *p = &larger[g->count++];
	*p = (struct gnuplot_picture){ .told = e };
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->script, sizeof(p->script), "%s", path);
	return 0;
}

int gnuplot_picture_end(struct gnuplot *g, const char *name, const char *script, FILE *preamble, int prepared,
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
	return result == 0 ? queue(g, name, path, e) : result;
}

/* ---- drawing ---- */

static int publish(const struct gnuplot *g, struct gnuplot_picture *p, const char *ending)
{
	char from[5000], to[5000];
	snprintf(from, sizeof(from), "%s/%s/%s.%s", g->scratch, p->name, p->name, ending);
	snprintf(to, sizeof(to), "%s/%s.%s", g->plots, p->name, ending);
	if (strcmp(ending, "svg") == 0 && svg_repair(from) < 0)
		return err_errno(&p->e, EXIT_CANNOT, "cannot write '%s'", from);
	return rename(from, to) == 0 ? 0 : err_errno(&p->e, EXIT_CANNOT, "cannot write '%s'", to);
}

static void draw_begin(struct gnuplot_picture *p)
{
	const char *const argv[] = { "gnuplot", "-d", p->script, NULL };
	p->until_ns = clock_now_ns() + DRAW_NS;
	process_child_start(&p->child, NULL, argv, p->output, sizeof(p->output), NULL, 0, &p->e);
}

/* Whether it is done, after at most wait_ns. */
static int draw_ended(const struct gnuplot *g, struct gnuplot_picture *p, int64_t wait_ns)
{
	char command[520];
	if (!p->child.pid)
		return 1;
	snprintf(command, sizeof(command), "'gnuplot -d %.490s'", p->script);
	if (process_child_ended(&p->child, wait_ns)) {
		int result = process_child_result(&p->child, command, &p->e);
		process_child_forget(&p->child);
		for (int i = 0; result == 0 && i < ENDINGS; i++)
			result = publish(g, p, endings[i]);
		return 1;
	}
	if (clock_now_ns() < p->until_ns)
		return 0;
	process_child_end(&p->child, 0);
	err_set(&p->e, EXIT_MEASURED_BAD, "%s did not end within %lld s", command, (long long)(DRAW_NS / NS_PER_S));
	return 1;
}

static void draw_all(struct gnuplot *g)
{
	enum { AT_ONCE_MAX = 64 };
	struct gnuplot_picture *at_work[AT_ONCE_MAX];
	long cores = sysconf(_SC_NPROCESSORS_ONLN), at_once = cores < 1             ? 1
	                                                      : cores < AT_ONCE_MAX ? cores
	                                                                            : AT_ONCE_MAX;
	for (int begun = 0, count = 0; begun < g->count || count;) {
		for (; begun < g->count && count < at_once; begun++) {
			at_work[count++] = &g->pictures[begun];
			draw_begin(&g->pictures[begun]);
		}
		int still = 0;
		for (int i = 0; i < count; i++) /* one of them is waited for, the others are looked at */
			if (!draw_ended(g, at_work[i], i ? 0 : 2 * NS_PER_MS))
				at_work[still++] = at_work[i];
		count = still;
	}
}

int gnuplot_end(struct gnuplot *g)
{
	int result = 0;
	draw_all(g);
	for (int i = 0; i < g->count; i++) {
		struct gnuplot_picture *p = &g->pictures[i];
		if (!p->e.status)
			continue;
		result = -1;
		if (p->told && !p->told->status)
			*p->told = p->e;
	}
	tree_remove(g->scratch);
	free(g->pictures);
	g->pictures = NULL;
	g->count = 0;
	return result;
}

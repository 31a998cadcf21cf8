#include "reports/picture.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "reports/plot.h"
#include "reports/report.h"
#include "reports/svg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const endings[] = { "svg", "png" };

int pictures_begin(struct pictures *p, const char *directory, struct err *e)
{
	memset(p, 0, sizeof(*p));
	p->scripts = reports_directory(e);
	if (!p->scripts)
		return -1;
	snprintf(p->folder, sizeof(p->folder), "%.4300s/plots", directory);
	if (mkdir(p->folder, 0755) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot make '%s'", p->folder);
	snprintf(p->work, sizeof(p->work), "%s/.draw-XXXXXX", p->folder);
	if (mkdtemp(p->work))
		return 0;
	p->work[0] = '\0';
	return err_errno(e, EXIT_CANNOT, "cannot make a folder in '%s'", p->folder);
}

void pictures_end(struct pictures *p)
{
	const char *argv[] = { "rm", "-rf", "--", p->work, NULL };
	if (p->work[0])
		process_run(NULL, argv, 10 * NS_PER_S, NULL, 0, NULL);
}

static int publish(const struct pictures *p, const char *name, const char *ending, struct err *e)
{
	char from[5000], to[5000];
	snprintf(from, sizeof(from), "%s/%s.%s", p->work, name, ending);
	snprintf(to, sizeof(to), "%s/%s.%s", p->folder, name, ending);
	if (strcmp(ending, "svg") == 0 && svg_repair(from) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", from);
	return rename(from, to) == 0 ? 0 : err_errno(e, EXIT_CANNOT, "cannot write '%s'", to);
}

static int write_script(const struct pictures *p, const struct picture *picture, const char *path, struct err *e)
{
	char text[5000];
	FILE *s = fopen(path, "we");
	if (!s)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	plot_set_text(s, "SCRIPTS", p->scripts);
	plot_set_text(s, "NAME", picture->name);
	plot_set_text(s, "CAPTION", picture->caption);
	int result = picture->prepare(p, s, picture->context, e);
	for (int i = 0; result == 0 && i < 2; i++) {
		snprintf(text, sizeof(text), "%s/%s.%s", p->work, picture->name, endings[i]);
		plot_set_text(s, "TERMINAL", endings[i]);
		plot_set_text(s, "OUT", text);
		fprintf(s, "reset\nload SCRIPTS.'/%s'\n", picture->script);
	}
	if (fclose(s) != 0 && result == 0)
		result = err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	return result;
}

int picture_draw(const struct pictures *p, const struct picture *picture, struct err *e)
{
	char path[5000];
	snprintf(path, sizeof(path), "%s/%s.gp", p->work, picture->name);
	int result = write_script(p, picture, path, e);
	if (result == 0)
		result = plot_run_gnuplot(path, e);
	for (int i = 0; result == 0 && i < 2; i++)
		result = publish(p, picture->name, endings[i], e);
	for (int i = 0; result == 1 && i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s.%s", p->folder, picture->name, endings[i]);
		unlink(path);
	}
	return result;
}

#include "bench/base/err.h"
#include "reports/report.h"
#include "reports/study_page.h"

#include <stdlib.h>
#include <string.h>

static int write_index(const struct study_view *v, const char *output, struct err *e)
{
	const char **names = calloc((size_t)v->count + 1, sizeof(*names));
	if (!names)
		return err_set(e, EXIT_CANNOT, "no memory for an index of %d runs", v->count);
	for (int i = 0; i < v->count; i++)
		names[i] = v->runs[i].directory;
	int result = report_runs(names, v->count, output, e);
	free(names);
	return result;
}

static int write_study(const struct study_view *v, const char *output, struct err *e)
{
	struct study_plot plots[STUDY_PLOTS_MAX];
	struct err drawing = { 0 };
	int count = 0, drawn = study_plots_draw(v, plots, &count, &drawing);
	if (study_page_write(v, plots, count, output, e) < 0)
		return -1;
	return drawn < 0 ? err_set(e, EXIT_CANNOT, "'%s' is without some plots: %s", output, drawing.text) : 0;
}

int report_study(const char *directory, const char *output, char *page, size_t room, struct err *e)
{
	struct study_view v;
	char path[4200];
	int result = study_view_load(&v, directory, e);
	bool has_page = result == 0 && study_page_is_wanted(&v);
	if (result == 0) {
		snprintf(path, sizeof(path), "%s/index.html", directory);
		snprintf(page, room, "%s", output && !has_page ? output : path);
		result = write_index(&v, output && !has_page ? output : path, e);
	}
	if (result == 0 && has_page) {
		snprintf(path, sizeof(path), "%s/study.html", directory);
		snprintf(page, room, "%s", output ? output : path);
		result = write_study(&v, output ? output : path, e);
	}
	study_view_free(&v);
	return result;
}

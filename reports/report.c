#include "reports/report.h"

#include "bench/base/err.h"
#include "reports/html.h"
#include "reports/page.h"
#include "reports/page_file.h"
#include "reports/plot.h"
#include "reports/run_data.h"

#include <string.h>

static int write_page(const struct run_data *run, const struct plot plots[PLOT_COUNT], const char *path,
                      struct err *e)
{
	struct page_file page = { 0 };
	char title[512], scale[64];
	if (page_file_open(&page, path, e) < 0)
		return -1;
	snprintf(title, sizeof(title), "%.200s%s - migmeter", *run->name ? run->name : "run",
	         scale_format(run, scale, sizeof(scale)));
	if (html_begin(page.out, title, e) < 0) {
		page_file_drop(&page);
		return -1;
	}
	page_head(page.out, run);
	page_warnings(page.out, run);
	page_metrics(page.out, run);
	page_plots(page.out, run, plots);
	page_conditions(page.out, run);
	page_reference(page.out, run);
	html_end(page.out);
	return page_file_publish(&page, e);
}

int report_run(const char *run_directory, const char *output, struct err *e)
{
	struct run_data run;
	struct plot plots[PLOT_COUNT];
	struct err drawing = { 0 };
	char path[5000];
	int result = run_data_load(&run, run_directory, e);
	if (result == 0) {
		snprintf(path, sizeof(path), "%s/report.html", run.directory);
		int drawn = plots_draw(&run, plots, &drawing);
		result = write_page(&run, plots, output ? output : path, e);
		if (result == 0 && drawn < 0)
			result = err_set(e, EXIT_CANNOT, "report '%s' is without some plots: %s",
			                 output ? output : path, drawing.text);
	}
	run_data_free(&run);
	return result;
}

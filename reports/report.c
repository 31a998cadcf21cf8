#include "reports/report.h"

#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "reports/html.h"
#include "reports/page.h"
#include "reports/plot.h"
#include "reports/run_data.h"

#include <string.h>

static int write_page(const struct run_data *run, const struct plot plots[PLOT_COUNT], const char *path,
                      struct err *e)
{
	struct whole_file page = { 0 };
	char title[512], scale[64];
	if (whole_file_open(&page, NULL, path, e) < 0)
		return -1;
	snprintf(title, sizeof(title), "%.200s%s - migmeter", *run->name ? run->name : "run",
	         scale_format(run, scale, sizeof(scale)));
	if (html_begin(page.file, title, e) < 0) {
		whole_file_close(&page, -1, NULL);
		return -1;
	}
	page_head(page.file, run);
	page_warnings(page.file, run);
	if (!run->calibration_facts) /* whose many stops make no sense as one */
		page_metrics(page.file, run);
	page_plots(page.file, run, plots);
	page_conditions(page.file, run);
	page_reference(page.file, run);
	html_end(page.file);
	return whole_file_close(&page, 0, e);
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
			result = err_set(e, drawing.status, "report '%s' is without %s: %s", output ? output : path,
			                 *run.no_result ? "numbers" : "some plots", drawing.text);
	}
	run_data_free(&run);
	return result;
}

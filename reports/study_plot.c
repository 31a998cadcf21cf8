#include "reports/study_plot.h"

#include "reports/html.h"
#include "reports/svg.h"

#include <string.h>

#define NO_RUN "no run of it is complete"

int study_plot_draw(struct gnuplot *g, const struct study_view *v, struct study_plot *plot, struct err *e)
{
	const struct study_drawing d = { v, g->work }; /* which is that of the picture once it has begun */
	char caption[500], scale[64];
	const struct run_data *any = study_view_any(v);
	snprintf(caption, sizeof(caption), "%s%s", plot->heading, any ? scale_format(any, scale, sizeof(scale)) : "");
	FILE *s = gnuplot_picture_begin(g, plot->name, caption, e);
	if (!s)
		return -1;
	int prepared = plot->prepare(&d, plot, s),
	    result = gnuplot_picture_end(g, plot->name, plot->script, s, prepared, e);
	if (result == 1)
		snprintf(plot->missing, sizeof(plot->missing), NO_RUN);
	return result;
}

static void put_plot(FILE *out, const struct study_view *v, const struct study_plot *plot)
{
	if (*plot->missing) { /* a picture says what it is by itself */
		fputs("<h3>", out);
		html_text(out, plot->heading);
		fputs("</h3>\n", out);
	}
	svg_figure(out, v->directory, plot->name, plot->heading, plot->missing);
	if (*plot->note && !*plot->missing) {
		fputs("<p class=\"note\">", out);
		html_text(out, plot->note);
		fputs(".</p>\n", out);
	}
}

void study_plots_put(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count,
                     enum study_part part, int row)
{
	int without = 0;
	for (int i = 0; i < plot_count; i++) {
		if (plots[i].part != part || plots[i].row != row)
			continue;
		if (strcmp(plots[i].missing, NO_RUN) == 0)
			without++;
		else
			put_plot(out, v, &plots[i]);
	}
	/* Of a part of a study they are many, and a heading each would hide what was run. */
	if (!without)
		return;
	fputs("<p class=\"missing\">No plot, since no run of it is complete: ", out);
	for (int i = 0, put = 0; i < plot_count; i++)
		if (plots[i].part == part && plots[i].row == row && strcmp(plots[i].missing, NO_RUN) == 0)
			html_textf(out, "%s%.*s", put++ ? "; " : "", (int)strcspn(plots[i].heading, ";"),
			           plots[i].heading);
	fputs("</p>\n", out);
}

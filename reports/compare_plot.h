/*
 * compare_plot.h - the pictures of one case of a comparison: how its values lie, and the work rates of its runs over time.
 */
#ifndef REPORTS_COMPARE_PLOT_H
#define REPORTS_COMPARE_PLOT_H

struct err;
struct gnuplot;
struct json_object;

/* Case `index` of the document, as the files NAME.svg and NAME.png: what gnuplot_picture_end() returns. */
int compare_draw_values(struct gnuplot *g, struct json_object *doc, int index, const char *name, struct err *e);
int compare_draw_timelines(struct gnuplot *g, struct json_object *doc, int index, const char *name, struct err *e);

#endif

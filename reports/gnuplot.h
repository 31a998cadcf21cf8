/*
 * gnuplot.h - a picture by gnuplot: a script in the reports directory (NAME.gp), and a preamble written here that sets
 * its variables, which are listed at the top of each script. SVG for pages, PNG (twice the size) for slides.
 *
 *	gnuplot_begin(&g, directory, &e);
 *	FILE *preamble = gnuplot_picture_begin(&g, "downtime", "", &e);
 *	gnuplot_set_number(preamble, "HIGH", 330);
 *	gnuplot_picture_end(&g, "downtime", "downtime.gp", preamble, 0, &e);
 *	gnuplot_end(&g);        // only now they are drawn, on all cores
 */
#ifndef REPORTS_GNUPLOT_H
#define REPORTS_GNUPLOT_H

#include <stdio.h>

struct err;

struct gnuplot_picture;

struct gnuplot {
	const char *scripts;              /* the reports directory */
	char plots[4400];                 /* where pictures go: plots/ of a run or study */
	char scratch[4500];               /* folder in it */
	char work[4700];                  /* in that, of the picture that was begun last, for data that is drawn */
	struct gnuplot_picture *pictures; /* to be drawn */
	int count;
};

/* Make the folders. gnuplot_end() is owed for one that was begun. */
int gnuplot_begin(struct gnuplot *g, const char *directory, struct err *e);

/*
 * Draw all pictures, as many at a time as there are cores, put those in place that succeed, and remove the scratch folder. -1: one
 * failed, which the e of each tells that was given to gnuplot_picture_end(); one that several share has the first.
 */
int gnuplot_end(struct gnuplot *g);

/* The preamble of plots/NAME.svg and .png, for the caller to go on with; it has SCRIPTS, NAME and CAPTION. NULL: e. */
FILE *gnuplot_picture_begin(struct gnuplot *g, const char *name, const char *caption, struct err *e);

/* Close the preamble. prepared 0: gnuplot_end() is to draw it, until when e is kept; 1, there is nothing to draw: a picture of
 * earlier is removed; -1: it failed, with e. Returns `prepared`, or -1. */
int gnuplot_picture_end(struct gnuplot *g, const char *name, const char *script, FILE *preamble, int prepared,
                        struct err *e);

/* Write text as a string of gnuplot's that nothing in it can leave. */
void gnuplot_quote(FILE *preamble, const char *text);

/* Variables; items count from 1. NAN, and what is infinite, is gnuplot's NaN, which it does not draw. */
void gnuplot_set_text(FILE *preamble, const char *name, const char *text);
void gnuplot_set_number(FILE *preamble, const char *name, double value);
void gnuplot_arrays(FILE *preamble, const char *const *names, int count, int items);
void gnuplot_set_item(FILE *preamble, const char *array, int index, const char *text);
void gnuplot_set_number_item(FILE *preamble, const char *array, int index, double value);

/* One more cell of a line of data. */
void gnuplot_put_number(FILE *data, double value);

#endif

/*
 * picture.h - a gnuplot script of the reports directory, drawn twice into a folder's plots/: SVG for a page, PNG for slides.
 *
 *	if (pictures_begin(&p, directory, &e) == 0)
 *		result = picture_draw(&p, &picture, &e);
 *	pictures_end(&p);
 */
#ifndef REPORTS_PICTURE_H
#define REPORTS_PICTURE_H

#include <stdio.h>

struct err;

struct pictures {
	char folder[4400], work[4500]; /* DIRECTORY/plots; a scratch folder in it, "" when there is none */
	const char *scripts;           /* where the .gp files are */
};

/* Makes both folders. */
int pictures_begin(struct pictures *p, const char *directory, struct err *e);
void pictures_end(struct pictures *p);

struct picture {
	const char *name;    /* of the files, without ending: letters, digits and _ */
	const char *caption; /* the variable CAPTION of the script */
	const char *script;  /* such as "timeline.gp" */
	/* Write the preamble that sets the script's variables: 0 to draw, 1 there is nothing to draw, -1 an error. Data files
	 * go to p->work. */
	int (*prepare)(const struct pictures *p, FILE *script, void *context, struct err *e);
	void *context;
};

/* 0 drawn, 1 nothing to draw (one of an earlier time is removed), -1 an error. */
int picture_draw(const struct pictures *p, const struct picture *picture, struct err *e);

#endif

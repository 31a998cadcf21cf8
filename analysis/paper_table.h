/*
 * paper_table.h - the tables of a paper with our numbers in them, as data: a cell is a formula over the metrics of a study, as
 * claims.h has them. Nothing is judged.
 */
#ifndef ANALYSIS_PAPER_TABLE_H
#define ANALYSIS_PAPER_TABLE_H

#include <stdio.h>

struct claim_paper;
struct err;
struct study_runs;

struct paper_cell {
	const char *row, *column; /* what they are called; NULL ends */
	const char *formula;      /* NULL: there is nothing in it */
	const char *share;        /* a formula in per cent, in brackets behind it; NULL: none */
	const char *paper;        /* the paper's figure; "": it has none */
};

/* Rows and columns are in the order of their first cells. */
struct paper_table {
	const char *title; /* NULL ends */
	const char *note;  /* "" none */
	const char *unit;  /* of the formulas */
	const struct paper_cell *cells;
};

/*
 * Write tables.csv: title,note,row,column,unit,paper,value,low,high,n,share,share_low,share_high,reason; a row a cell. The means of
 * the repeats, with 95 % intervals from three on.
 */
int paper_tables_write(const struct study_runs *s, const struct claim_paper *paper, FILE *out, struct err *e);

#endif

/*
 * study_bars.h - bars of values of a study's points (paper_bars), and of the migration times of the study beside it.
 */
#ifndef REPORTS_STUDY_BARS_H
#define REPORTS_STUDY_BARS_H

#include "reports/study_plot.h"

/* Preambles of study_bars.gp; see struct study_plot. The first one's `of` is a struct paper_bars. */
int study_bars_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s);
int study_beside_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s);

#endif

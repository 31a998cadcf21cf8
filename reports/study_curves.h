/*
 * study_curves.h - migration times of a study against the round trip (paper_curves), and what TCP carried meanwhile.
 */
#ifndef REPORTS_STUDY_CURVES_H
#define REPORTS_STUDY_CURVES_H

#include "reports/study_plot.h"

/* The preambles of study_curves.gp and study_goodput.gp; see struct study_plot. */
int study_curves_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s);
int study_goodput_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s);

#endif

/*
 * study_curves.h - migration times of a study against the round trip (paper_curves), what TCP carried meanwhile, and the
 * times of the study beside it.
 */
#ifndef REPORTS_STUDY_CURVES_H
#define REPORTS_STUDY_CURVES_H

#include "reports/study_plot.h"

/* The preambles of study_curves.gp, study_goodput.gp and study_bars.gp; see struct study_plot. */
int study_curves_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s);
int study_goodput_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s);
int study_beside_prepare(const struct study_drawing *d, const struct study_plot *plot, FILE *s);

#endif

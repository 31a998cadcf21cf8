/*
 * study_search.h - the points of a study: those of its sweep, or, with a section [bisect], the steps of a search at each
 * point of its sweep, of which the later ones are known when the earlier ones have been run.
 *
 * The search is that of analysis/bisect.h over the share of runs that converged. A step is a point like any other, its
 * label has "at=0.575" behind the sweep's words ("at=?" while it is not known), its runs are run one after the other.
 */
#ifndef BENCH_STUDY_SEARCH_H
#define BENCH_STUDY_SEARCH_H

#include "bench/experiment/experiment.h"
#include "bench/study.h"

/* Count and label the points, and begin a search where [bisect] asks for one. -1 with a message. */
int study_points_count(struct study *s, struct err *e);

/* Like sweep_point(). A step that is not known yet has an end of the range for its value. */
int study_point(const struct study *s, long index, struct config_file *ret, struct err *e);

/* The folder of run `index` (repeat by repeat). */
void study_run_folder(const struct study *s, long index, char *buffer, size_t room);

/* How many runs the study has at most. */
long study_run_count(const struct study *s);

/* What earlier runs of this study have come to; steps become known as far as these tell. */
void study_states_read(struct study *s);

/* The run whose turn it is, -1: none. Steps that a search does not need become RUN_LEFT_OUT. */
long study_next(struct study *s);

#endif

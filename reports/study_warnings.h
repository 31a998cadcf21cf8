/*
 * study_warnings.h - what a reader should know of a study's runs before trusting the numbers made from them.
 */
#ifndef REPORTS_STUDY_WARNINGS_H
#define REPORTS_STUDY_WARNINGS_H

#include <stdio.h>

struct study_view;

/* Each warning of the complete runs once, with how many runs have it, and which; nothing when none has any. Warnings that differ
 * in numbers only are one. */
void study_warnings_put(FILE *out, const struct study_view *v);

#endif

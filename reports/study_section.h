/*
 * study_section.h - what a study's page shows of one kind of study: a paper repeated (claims.csv), a comparison
 * (ranking.csv), one of quantities, a boundary looked for (boundary.csv, tried.csv), what TCP
 * carried (tcp_goodput in study.csv), what a VM's client noticed (connection_alive). A study may be several of them.
 *
 * To add one: write reports/study_NAME.c, and add its row to the table in reports/study_page.c.
 */
#ifndef REPORTS_STUDY_SECTION_H
#define REPORTS_STUDY_SECTION_H

#include "reports/study_plot.h"

#include <stdbool.h>

struct study_section {
	bool (*is_there)(const struct study_view *v); /* the others are not called where it is not */
	int (*plots)(const struct study_view *v, struct study_plot *ret, int room); /* how many; at most room */
	void (*put_summary)(FILE *out, const struct study_view *v);                 /* at the head of the page */
	void (*put)(FILE *out, const struct study_view *v, const struct study_plot *plots, int plot_count);
};

extern const struct study_section paper_section, sweep_section, ranking_section, boundary_section, wire_section,
	continuity_section;

#endif

/*
 * view.h - a span of a run's time while its plot is prepared (timeline.c, timeline_marks.c).
 */
#ifndef REPORTS_VIEW_H
#define REPORTS_VIEW_H

#include "reports/plot.h"

struct view {
	struct plotting *p;
	double from_s, to_s;
	double first_s, last_s; /* of what was drawn */
	int zoom;
};

/* Set BANDS, EVENTS, STOPS, TICKS and BARS of timeline.gp for the span. */
void view_put_marks(struct view *v);

/* Is this row of the downtimes about the VM that moves (any, where none does)? */
int view_is_moved(const struct run_data *run, int row);

#endif

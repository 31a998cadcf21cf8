/*
 * study_link.h - a sentence on the link of a study's runs and on TCP over it, which any time of a migration depends on.
 */
#ifndef REPORTS_STUDY_LINK_H
#define REPORTS_STUDY_LINK_H

#include "reports/study_view.h"

#include <stdio.h>

/* Rate, queue, congestion control, highest buffers, and beside each round trip that was asked for what TCP saw; what no run's
 * manifest says is left out. */
void study_link_put(FILE *out, const struct study_view *v);

#endif

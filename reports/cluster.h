/*
 * cluster.h - the picture of consolidation loops: the CPU of each node and VM over time, one below the other, with what
 * was decided, when VMs moved and nodes slept; one run a column.
 */
#ifndef REPORTS_CLUSTER_H
#define REPORTS_CLUSTER_H

#include <stdio.h>

struct run_data;

enum { CLUSTER_ROWS_MAX = 8, CLUSTER_COLUMNS_MAX = 4 };

struct cluster_column {
	const struct run_data *run; /* NULL: not measured */
	const char *title;
	const char *const *numbers; /* of a paper's figures, one a row */
	int number_count;
};

/*
 * Set the variables of cluster.gp, which lists them; data goes into the scratch folder `work`, into files called after
 * name. Rows are the nodes and VMs of the first run that is there. 0, or 1 when there is nothing to draw.
 */
int cluster_prepare(FILE *script, const char *work, const char *name, const struct cluster_column *columns,
                    int count);

#endif

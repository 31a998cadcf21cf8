/*
 * study_view.h - a study's runs and what was computed over them, loaded for showing, and the paper's figures as data.
 */
#ifndef REPORTS_STUDY_VIEW_H
#define REPORTS_STUDY_VIEW_H

#include "reports/run_data.h"

enum { FIGURE_VMS = 3, FIGURE_RATES = 3 };

/* One picture: a panel a VM (down) and a link speed (across). */
struct paper_figure {
	const char *name;                              /* of its files in plots/; NULL ends */
	const char *heading;                           /* as the page says it */
	int vms;                                       /* of the runs that it shows */
	const char *workload;                          /* of all their VMs */
	const char *numbers[FIGURE_VMS][FIGURE_RATES]; /* the paper's, "13-a" */
};

enum { LOOP_POINTS = 3, LOOP_ROWS = 4 };

/* One picture of consolidation loops: a point of the sweep a column (reports/cluster.h). */
struct paper_loops {
	const char *name, *heading; /* as above */
	struct {
		const char *point; /* its label in the sweep, NULL: none */
		const char *title;
		const char *numbers[LOOP_ROWS]; /* the paper's, of nodes and VMs */
	} columns[LOOP_POINTS];
};

enum { TIMES_GROUPS = 4, TIMES_SERIES = 3 };

/* Bars of migration times of points of the sweep: a group of bars has one of each series. */
struct paper_times {
	const char *heading;
	const char *groups[TIMES_GROUPS]; /* names; NULL ends */
	struct {
		const char *label;                /* NULL ends */
		const char *points[TIMES_GROUPS]; /* labels in the sweep, "case=..." */
	} series[TIMES_SERIES];
};

enum { BARS_MAX = 12 };

/* Bars of values of points of the sweep, a row each. */
struct paper_bars {
	const char *name, *heading; /* as above */
	const char *axis;
	double factor;    /* the axis' unit in that of the metrics */
	const char *line; /* a metric of the first bar's point to draw a line at, NULL: none */
	struct {
		const char *label;  /* NULL ends */
		const char *points; /* words of the label in the sweep, "link=1G-0ms schedule=all" */
		const char *metric, *vm, *estimator;
	} bars[BARS_MAX];
};

enum { CURVE_PANELS = 2 };

/* One picture of migration times against the round trip: a panel a member of the sweep. */
struct paper_curves {
	const char *name, *heading; /* as above */
	struct {
		const char *member; /* "used=0.60", of the points' labels */
		const char *title;
	} panels[CURVE_PANELS];
	const char *goodput_heading; /* of what TCP carried over time in the last panel's runs */
};

/* The figures of a study and what else its page says. */
struct paper {
	const char *name;  /* experiment.study */
	const char *title; /* of the page */
	const char *cited;
	const char *term; /* what a term of a claim's formula says */
	const char *note; /* on the figures */
	double rates_bits_per_s[FIGURE_RATES];
	const char *rate_names[FIGURE_RATES];
	const struct paper_figure *figures; /* NULL: none */
	const char *times_heading;          /* of the bars of migration times; NULL: none */
	const struct paper_loops *loops;    /* NULL: none */
	const struct paper_times *times;    /* NULL: none */
	const struct paper_curves *curves;  /* NULL: none */
	const struct paper_bars *bars;      /* NULL: none */
	const char *beside_heading;         /* of the migration times of the study in DIR-tuning; NULL: none */
	const struct paper_loops *replies;  /* of the same, the quality of responses; rows are VMs. NULL: none */
};

extern const struct paper kuno_paper, hirofuchi_paper, sakurai_rtt_paper, openflow_paper;
extern const struct paper groups_paper, reuse_paper, return_paper, visits_paper, cached_paper, shared_paper,
	reachable_paper, waiting_paper;

/* NULL: a paper that is not known. */
const struct paper *paper_find(const char *name);

struct study_view {
	char directory[4096];
	struct run_data *runs;
	int count, complete;
	int planned;                                 /* runs, by plan.json; 0: it does not say */
	struct csv_table *claims, *values, *ranking; /* claims.csv, study.csv, ranking.csv; NULL: not there */
	struct csv_table *explanations, *tables;     /* explanations.csv, tables.csv; the same */
	struct csv_table *beside;                    /* study.csv of the study in DIR-tuning; the same */
	struct csv_table *boundary, *tried;          /* boundary.csv, tried.csv; the same */
	char compare[64], reference[64];             /* experiment.compare and .reference; "" none */
	char search_label[256];                      /* bisect.label */
	const struct paper *paper;                   /* NULL: the study repeats none */
};

/* -1 when directory holds no study. study_view_free() it in any case. */
int study_view_load(struct study_view *v, const char *directory, struct err *e);
void study_view_free(struct study_view *v);

/* The first complete run with so many VMs, this workload in the VM that moves, and this link rate; NULL: there is none. */
const struct run_data *study_view_run(const struct study_view *v, int vms, const char *workload, double bits_per_s);

/* The row of study.csv with this value, -1: there is none; role and estimator may be "" for any. */
int study_view_row(const struct study_view *v, const char *metric, const char *role, const char *estimator, int vms,
                   const char *workload, double bits_per_s);

/* The row of a table like study.csv with this value of a point, -1: there is none. */
int study_point_row(const struct csv_table *t, const char *point, const char *metric, const char *estimator);

/* The complete run of this point of the sweep that stands for its repeats: of loops one that moved VMs as most of them did,
 * the first of those. NULL: there is none. */
const struct run_data *study_view_point(const struct study_view *v, const char *label);

/* "load=cpu" as "load cpu". Returns buffer. */
char *block_format(const char *block, char *buffer, size_t room);

/* The first complete run of all, or NULL. */
const struct run_data *study_view_any(const struct study_view *v);

#endif

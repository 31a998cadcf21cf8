/*
 * study_analyze.h - a study folder in, study.csv and claims.csv out. May be run again at any time; the runs must have
 * been analysed.
 *
 *	study.csv    a row a metric of a point of the sweep, over its repeats:
 *	             point,vms,workload,rate_bit_per_s,rtt_ns,metric,vm,role,estimator,mean,low,high,n,unit
 *	ranking.csv  see analysis/ranking.h; only where the study compares (experiment.compare)
 *	boundary.csv, tried.csv    see analysis/boundary.h; only where the study looks for a boundary ([bisect])
 *	claims.csv   see analysis/claims.h; only where the study repeats a paper (experiment.study)
 *	explanations.csv    see analysis/explanation.h; only where there are further runs beside such a study
 */
#ifndef ANALYSIS_STUDY_ANALYZE_H
#define ANALYSIS_STUDY_ANALYZE_H

struct err;

int analyze_study(const char *directory, struct err *e);

#endif

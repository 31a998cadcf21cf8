/*
 * calibration.h - how far each observer is from what was injected.
 *
 * An observer is one of the estimators of downtime, or a ping. Its error is its value less the truth: of a stop what
 * QEMU stamped; of a cut, which stops nothing, the length of the cut for those who watch the network and 0 for the
 * others. stop_resume is the truth of a stop itself: its error is how far it is outside the bounds that the head's own
 * stamps before and after the monitor's calls set (within them 0).
 *
 * QEMU stops the guest's clock, then vCPUs and devices, then stamps the STOP; it stamps the RESUME, then starts all
 * of them. So the guest's clock stands still for longer than those stamps say, which is no error of who reads that
 * clock: guest_clock is held against the clock's own stamps (clock-stop and clock-start, injection.h) where QEMU gave
 * them, else against the others. By how much they differ is a row of its own: observer qemu_clock, whose value is the
 * time between the clock's stamps, against the truth of the rest.
 *
 * floor_ns is the longest stop that an observer saw in the baseline phase, where nothing was injected. A value above it
 * is a stop found, or invented where there was none.
 */
#ifndef ANALYSIS_CALIBRATION_H
#define ANALYSIS_CALIBRATION_H

#include "analysis/error_summary.h"
#include "analysis/injected.h"

#include <stdint.h>

struct err;

enum { OBSERVERS_MAX = 16 };

/* What one observer made of one injection. */
struct observation {
	double value_ns; /* NAN: it says nothing */
	double error_ns;
	int found;
};

struct observer {
	char name[32];
	int sees_cuts;
	int reads_clock;          /* of the guest: the clock's own stop is its truth */
	double target_ns;         /* for the 95th percentile of the absolute error; NAN: none */
	double floor_ns;          /* NAN: not known */
	double least_ns;          /* it takes nothing shorter for a stop, whatever its floor */
	struct observation *seen; /* one for each injection */
};

struct calibration {
	struct injected_list injected;
	struct observer observers[OBSERVERS_MAX];
	int observer_count;
	double idle_s; /* how long the baseline was */
};

/* 0 and calibration_free() it; a run without injections has injected.count 0. */
int calibration_read(struct calibration *ret, const struct run *run, struct err *e);
void calibration_free(struct calibration *c);

/* Of the injections of one kind that were asked to be least_ns to most_ns long; ns. */
struct error_summary calibration_errors(const struct calibration *c, const struct observer *o, const char *kind,
                                        int64_t least_ns, int64_t most_ns);

/* The lengths asked, ascending; returns how many, at most room. */
int calibration_lengths(const struct calibration *c, const char *kind, int64_t *ret_ns, int room);

/* The shortest length from which on at least 95 % were found, at it and at each longer one; -1: none. */
int64_t calibration_smallest(const struct calibration *c, const struct observer *o, const char *kind);

/* calibration.json, and of stops and cuts calibration.csv and calibration-errors.csv, of shares (shares.h)
 * calibration-shares.csv, in the run's directory; nothing for a run with fewer than two injections. */
int calibration_write(const struct run *run, struct err *e);

#endif

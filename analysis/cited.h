/*
 * cited.h - the calibration that a run's numbers are held against: the calibration.json that $MIGMETER_CALIBRATION
 * names. It should come from the same machine and accelerator; that is the user's to see to. Not set: none is cited.
 */
#ifndef ANALYSIS_CITED_H
#define ANALYSIS_CITED_H

struct err;
struct json_object;

struct cited {
	struct json_object *root; /* NULL: none */
	char id[64];              /* of the calibration's run */
};

/* 0, also when none is named; -1 when the file that is named cannot be read. */
int cited_read(struct cited *ret, struct err *e);
void cited_free(struct cited *c);

/* The longest stop that an estimator saw while the calibration's guest idled; NAN: not known. */
double cited_floor_ns(const struct cited *c, const char *estimator);

/* The 95th percentile of its absolute error over stops of 10 ms and more; NAN: not known. */
double cited_error_ns(const struct cited *c, const char *estimator);

#endif

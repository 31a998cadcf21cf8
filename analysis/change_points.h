/*
 * change_points.h - where a series changed: E-Divisive with the energy distance (Matteson and James, Journal of the American
 * Statistical Association 109, 2014; for performance tests Daly et al., ICPE 2020).
 *
 * The series is cut where the values before and after differ most, that is where
 *	q = n m / (n + m) (2 E|X - Y| - E|X - X'| - E|Y - Y'|)
 * is largest, as long as at most one in twenty random orders has a cut that is as good; then again where a part of it is cut
 * best, compared with random orders within all parts, so that many parts are no more likely to be cut by chance than one. No
 * distribution is assumed.
 */
#ifndef ANALYSIS_CHANGE_POINTS_H
#define ANALYSIS_CHANGE_POINTS_H

enum { CHANGE_POINTS_MAX = 64, CHANGE_SERIES_MAX = 2000, CHANGE_PART_LEAST = 4, CHANGE_ORDERS = 199 };

struct change_point {
	int at;                             /* the first value of the part behind it */
	double p;                           /* share of orders with a cut as good */
	double median_before, median_after; /* of the parts up to the next ones */
};

/*
 * Change points of count values (at most CHANGE_SERIES_MAX, none NAN) in their order, ascending; returns how many, -1 when
 * memory is short. An INFINITY is taken as far above the highest number as that is above the lowest. The same values give the
 * same answer.
 */
int change_points(const double *values, int count, struct change_point ret[CHANGE_POINTS_MAX]);

#endif

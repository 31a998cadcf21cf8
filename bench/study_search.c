#include "bench/study_search.h"

#include "analysis/bisect.h"
#include "analysis/study.h"
#include "bench/base/err.h"
#include "bench/experiment/run_directory.h"
#include "bench/experiment/sweep.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- points ---- */

/* The config of the search is that of the first point; [bisect] has no lists. */
static int search_read(struct study *s, struct err *e)
{
	struct config_file point;
	struct experiment x;
	char label[300];
	if (sweep_point(&s->config, 0, &point, label, sizeof(label), e) < 0)
		return -1;
	int result = experiment_build(&x, &point, s->scale, e);
	config_file_free(&point);
	if (result < 0)
		return label[0] ? err_prefix(e, "point '%s'", label) : -1;
	s->search = x.bisect;
	experiment_free(&x);
	return 0;
}

/* One step after the other, none of them known. */
static int labels_make(struct study *s, struct err *e)
{
	s->labels = calloc((size_t)s->points, sizeof(*s->labels));
	s->at = s->steps > 1 ? calloc((size_t)s->points, sizeof(*s->at)) : NULL;
	if (!s->labels || (s->steps > 1 && !s->at))
		return err_set(e, EXIT_CANNOT, "no memory for %ld points", s->points);
	for (long i = 0; i < s->points; i++) {
		struct config_file point;
		char *label = s->labels[i];
		if (sweep_point(&s->config, i / s->steps, &point, label, sizeof(*s->labels), e) < 0)
			return -1;
		config_file_free(&point);
		size_t used = strlen(label);
		if (!s->at)
			continue;
		s->at[i] = NAN;
		snprintf(label + used, sizeof(*s->labels) - used, "%sat=?", used ? " " : "");
	}
	return 0;
}

int study_points_count(struct study *s, struct err *e)
{
	s->steps = 1;
	s->points = sweep_count(&s->config, e);
	if (s->points < 0 || search_read(s, e) < 0)
		return -1;
	const struct bisect_range range = { s->search.from, s->search.to, s->search.until };
	if (s->search.key[0])
		s->steps = bisect_steps(&range);
	if (s->steps < 0)
		return err_set(e, EXIT_USAGE,
		               "[bisect] needs 0 <= from < to, and until so wide that %d steps find the boundary",
		               BISECT_STEPS_MAX);
	s->points *= s->steps;
	return labels_make(s, e);
}

/* "11.35M" times 0.5 is "5.675M". */
static int step_assign(const struct study *s, struct config_file *point, double at, struct err *e)
{
	char value[64], *suffix;
	double of = strtod(s->search.of, &suffix);
	if (suffix == s->search.of || !(of > 0))
		return err_set(e, EXIT_USAGE, "bisect.of: '%.60s' is no number with a unit, such as 11.35M",
		               s->search.of);
	snprintf(value, sizeof(value), "%.9g%.20s", of * at, suffix);
	return config_assign(point, s->search.key, value, "bisect.key", e);
}

int study_point(const struct study *s, long index, struct config_file *ret, struct err *e)
{
	if (sweep_point(&s->config, index / s->steps, ret, NULL, 0, e) < 0)
		return -1;
	if (s->steps == 1)
		return 0;
	double at = !isnan(s->at[index]) ? s->at[index] : index % s->steps ? s->search.to : s->search.from;
	if (step_assign(s, ret, at, e) == 0)
		return 0;
	config_file_free(ret);
	return -1;
}

long study_run_count(const struct study *s)
{
	return s->points * s->repeats;
}

void study_run_folder(const struct study *s, long index, char *buffer, size_t room)
{
	const char *label = s->labels[index % s->points];
	snprintf(buffer, room, "%s", s->directory);
	if (study_run_count(s) == 1)
		return;
	size_t used = strlen(buffer);
	snprintf(buffer + used, room - used, "/%03ld-%s%sr%ld", index % s->points + 1, label, label[0] ? "-" : "",
	         index / s->points + 1);
	for (char *c = buffer + used + 1; *c; c++)
		if (*c == ' ' || *c == '/')
			*c = '_';
}

/* ---- what they came to ---- */

static bool is_made_anew(const struct study *s, enum study_state is, const char *folder)
{
	struct study_run run;
	if (s->redo != REDO_DISTURBED || is != RUN_COMPLETE || study_run_read(&run, folder) < 0)
		return s->redo == REDO_FAILED && is == RUN_FAILED;
	bool disturbed = study_run_disturbed(&run);
	study_run_free(&run);
	return disturbed;
}

static void state_read(struct study *s, long index)
{
	char folder[800], status[32];
	study_run_folder(s, index, folder, sizeof(folder));
	if (run_directory_status(folder, status, sizeof(status)) < 0)
		return;
	enum study_state is = strcmp(status, "complete") == 0 ? RUN_COMPLETE
	                      : strcmp(status, "failed") == 0 ? RUN_FAILED
	                                                      : RUN_TO_COME;
	s->states[index] = is_made_anew(s, is, folder) ? RUN_TO_COME : is;
}

/* Of the runs of a point that have a result the share that converged; NAN: none has. */
static double point_share(const struct study *s, long point)
{
	char folder[800];
	int results = 0, converged = 0;
	for (long r = 0; r < s->repeats; r++) {
		struct study_run run;
		study_run_folder(s, r * s->points + point, folder, sizeof(folder));
		if (study_run_read(&run, folder) < 0)
			continue;
		double value = study_run_value(&run, "converged", "", "", NULL, 0);
		results += !isnan(value);
		converged += value > 0;
		study_run_free(&run);
	}
	return results ? (double)converged / results : NAN;
}

/* ---- the search ---- */

/* Make a step known from what those before it came to, or leave the rest of its search out. */
static void step_ask(struct study *s, long point)
{
	const struct bisect_range range = { s->search.from, s->search.to, s->search.until };
	struct bisect_outcome outcomes[BISECT_STEPS_MAX];
	struct bisect is;
	long first = point - point % s->steps;
	int count = 0;
	for (long p = first; p < point; p++)
		outcomes[count++] = (struct bisect_outcome){ s->at[p], point_share(s, p) };
	bisect_look(&range, outcomes, count, &is);
	if (is.state == BISECT_OPEN) {
		char *label = s->labels[point], *unknown = strstr(label, "at=?");
		s->at[point] = is.next;
		if (unknown)
			snprintf(unknown, sizeof(*s->labels) - (size_t)(unknown - label), "at=%g", is.next);
		return;
	}
	for (long p = point; p < first + s->steps; p++)
		for (long r = 0; r < s->repeats; r++)
			s->states[r * s->points + p] = RUN_LEFT_OUT;
}

/* The next repeat of a point, -1: all of them have ended. */
static long point_next(const struct study *s, long point)
{
	for (long r = 0; r < s->repeats; r++)
		if (s->states[r * s->points + point] == RUN_TO_COME)
			return r * s->points + point;
	return -1;
}

void study_states_read(struct study *s)
{
	for (long p = 0; p < s->points; p++) {
		/* A step is known when those before it have ended. */
		if (s->steps > 1 && (p % s->steps == 0 || point_next(s, p - 1) < 0) && point_next(s, p) >= 0)
			step_ask(s, p);
		for (long r = 0; r < s->repeats; r++)
			if (s->states[r * s->points + p] == RUN_TO_COME)
				state_read(s, r * s->points + p);
	}
}

long study_next(struct study *s)
{
	for (long k = 0; s->steps == 1 && k < study_run_count(s); k++) {
		long i = s->order ? s->order[k] : k;
		if (s->states[i] == RUN_TO_COME)
			return i;
	}
	for (long p = 0; s->steps > 1 && p < s->points; p++) {
		if (point_next(s, p) < 0)
			continue;
		if (isnan(s->at[p]))
			step_ask(s, p);
		if (point_next(s, p) >= 0)
			return point_next(s, p);
	}
	return -1;
}

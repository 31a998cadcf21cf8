#include "bench/placement/group_search.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LITTLE 0.03 /* share of the goodput */
#define PAYS 4.0    /* times what it takes to gain speed */
#define AGAIN 10.0
#define LONG 40.0
enum { FIRST_HOLD = 20, LONGEST_HOLD = 640 }; /* windows */

void search_begin(struct group_search *s, double gain, int patience, int first)
{
	*s = (struct group_search){ .gain = gain,
		                    .patience = patience,
		                    .first = first,
		                    .limit = first,
		                    .ahead = true,
		                    .best = NAN,
		                    .least = 1,
		                    .hold = first * FIRST_HOLD };
}

/* K, and why, when it is another one. */
static void limit_set(struct group_search *s, const struct search_window *w, int limit, const char *why)
{
	int most = w->moving + w->waiting;
	limit = limit > most ? most : limit;
	limit = limit < 1 ? 1 : limit;
	if (limit == s->limit)
		return;
	snprintf(s->why, sizeof(s->why), "%d at a time: %s; %.3g MB/s with %d, one alone up to %.3g MB/s", limit, why,
	         s->goodput / 1e6, w->most_moving, s->single / 1e6);
	s->limit = limit;
}

/* More moves bring nothing before they have gained speed: there must be enough left for it. */
static bool lasts(const struct group_search *s, const struct search_window *w, double times)
{
	return w->left_bytes + w->waiting_bytes > times * (w->setup_s + w->ramp_s) * s->capacity;
}

/* What a try or the climb has shown, or what one could do at its speed. */
static int enough(const struct group_search *s, const struct search_window *w)
{
	double need = s->single > 0 ? ceil(s->capacity / (s->single * (1 + s->gain))) : 1;
	double more = s->first > 1 && 2 * w->ramp_s > w->setup_s && !lasts(s, w, LONG) ? 0
	              : isnan(w->dirty_mean)                                           ? 1
	              : w->dirty_mean > 0 ? floor(LITTLE * s->capacity / w->dirty_mean)
	                                  : w->waiting;
	return (int)fmin(fmax(need, s->least) + more, w->moving + w->waiting);
}

/* As many as are enough; what was begun beyond goes back, if what is dirtied because of it costs more than to begin it again. Where
 * that is not known, if it is most of what moves. */
static void settle(struct group_search *s, const struct search_window *w)
{
	limit_set(s, w, enough(s, w), "as many as are enough");
	int beyond = w->moving - s->limit;
	if (beyond < 1)
		return;
	double each_s = w->left_bytes / s->goodput / w->moving, again_s = beyond * each_s * w->dirty / s->goodput;
	double lost_s = beyond * (w->setup_s + w->young_bytes / s->goodput);
	if (isnan(w->dirty_mean) ? beyond >= s->limit && beyond >= 2 : again_s > lost_s)
		s->excess = beyond;
}

/* The mean of the last windows. */
static double recent(const struct group_search *s)
{
	double sum = 0;
	for (int i = SEARCH_STRETCH - SEARCH_RECENT; i < SEARCH_STRETCH; i++)
		sum += s->stretch[i] / SEARCH_RECENT;
	return sum;
}

static bool most_are_settled(const struct search_window *w)
{
	return w->settled > 0 && 4 * w->settled >= 3 * w->moving;
}

/* Over a long round trip those that are too many lose more than time. */
static int many_more(const struct group_search *s, const struct search_window *w)
{
	return w->moving + (s->first > 1 ? (w->moving + 1) / 2 : w->moving);
}

/* As many moved as may, and slow start is over within a window. */
static void climb_windows(struct group_search *s, const struct search_window *w)
{
	double progress = w->goodput - w->dirty;
	if (isnan(s->best) || progress > s->best * (1 + s->gain)) {
		s->best = progress;
		s->fruitless = 0;
		limit_set(s, w, s->limit + 1, "progress has grown");
	} else if (++s->fruitless >= s->patience) {
		s->climbed = true;
		settle(s, w);
	}
}

/* Half of what as many more would bring if each brought as much as those before. */
static bool is_worth(const struct group_search *s, double before, int few, double after, int many)
{
	return after >= before * (1 + fmax((double)(many - few) / few / 2, s->gain));
}

static void more_ahead(struct group_search *s, const struct search_window *w, const char *why)
{
	s->ahead = false;
	limit_set(s, w, 2 * s->first, why);
}

void search_ahead(struct group_search *s, int moving, int waiting)
{
	const struct search_window w = { .moving = moving, .most_moving = moving, .waiting = waiting };
	if (s->ahead)
		more_ahead(s, &w, "nothing has been sent yet, and a slow start would be over");
}

/* As many moved as may, and slow start takes longer. */
static void climb_ramps(struct group_search *s, const struct search_window *w)
{
	if (s->ahead && w->sending) {
		more_ahead(s, w, "the first have begun to send");
		return;
	}
	if (w->moving > s->limit)
		return;
	if (!most_are_settled(w) || w->moving <= s->best_moving)
		return;
	double progress = recent(s) - w->dirty;
	bool first = isnan(s->best);
	if (first && w->moving > s->first && w->sending == w->moving && lasts(s, w, AGAIN)) {
		s->above = progress;
		s->above_moving = w->moving;
		limit_set(s, w, 1, "there is time to see what one brings alone");
		s->excess = w->moving - s->limit;
		return;
	}
	if (first && s->above_moving) {
		s->climbed = !is_worth(s, progress, w->moving, s->above, s->above_moving);
		s->best = progress;
		s->least = s->best_moving = w->moving;
		limit_set(s, w, s->climbed ? enough(s, w) : s->above_moving, "it is known what more bring");
	} else if (first || is_worth(s, s->best, s->best_moving, progress, w->moving)) {
		s->best = progress;
		s->least = s->best_moving = w->moving;
		if (lasts(s, w, PAYS))
			limit_set(s, w, many_more(s, w), "progress has grown");
	} else {
		s->climbed = true;
		settle(s, w);
	}
}

/* The mean goodput of the stretch; NAN while it is too short, or its second half is above its first by `gain`: it still grows. */
static double stretch_mean(struct group_search *s, const struct search_window *w)
{
	enum { LAST = SEARCH_STRETCH - 1, HALF = SEARCH_STRETCH / 2 };
	double sum = 0, first = 0, second = 0;
	if (!w->at_speed || w->moving != s->stretch_moving || w->most_moving != w->moving)
		s->windows = 0;
	s->stretch_moving = w->moving;
	s->windows += w->at_speed;
	memmove(s->stretch, s->stretch + 1, LAST * sizeof(*s->stretch));
	s->stretch[LAST] = w->goodput;
	for (int i = 0; i < SEARCH_STRETCH; i++) {
		sum += s->stretch[i];
		first += i < HALF ? s->stretch[i] : 0;
		second += i > LAST - HALF ? s->stretch[i] : 0;
	}
	return s->windows >= SEARCH_STRETCH && second <= first * (1 + s->gain) ? sum / SEARCH_STRETCH : NAN;
}

static void try(struct group_search *s, const struct search_window *w, int count, double mean, const char *why)
{
	s->tried = count;
	s->tried_at = w->moving;
	s->before = mean;
	s->held = 0;
	limit_set(s, w, count, why);
}

/* What more moves have brought, when they have had a stretch. */
static void judge(struct group_search *s, const struct search_window *w, double mean)
{
	if (w->moving <= s->tried_at) { /* some have ended */
		s->tried = w->moving + w->waiting > s->tried_at ? s->tried : 0;
		return;
	}
	s->tried = 0;
	if (is_worth(s, s->before, s->tried_at, mean, w->moving)) {
		s->least = w->moving;
		s->hold = s->first * FIRST_HOLD;
		if (w->waiting)
			try(s, w, many_more(s, w), mean, "more have brought more");
		return;
	}
	s->least = s->least < s->tried_at ? s->least : s->tried_at - 1;
	s->hold = s->hold < LONGEST_HOLD ? 2 * s->hold : LONGEST_HOLD;
	/* It is the link. A single window may show more than a stretch. */
	s->usual = fmax(mean, s->before);
	s->capacity = fmin(s->capacity, s->usual * (1 + s->gain));
	s->single = fmin(s->single, s->capacity);
	settle(s, w);
}

static void stay(struct group_search *s, const struct search_window *w, double mean)
{
	s->held++;
	bool all_settled = s->first > 1 && w->settled == w->moving && w->settled > 0;
	if (s->tried && (!isnan(mean) || all_settled))
		judge(s, w, isnan(mean) ? recent(s) : mean);
	if (s->tried || !w->waiting)
		return;
	if (all_settled && recent(s) * 2 < s->capacity) {
		try(s, w, w->moving + 1, recent(s), "half of the link is free");
		return;
	}
	limit_set(s, w, enough(s, w), "as many as are enough");
	if (isnan(mean) || !lasts(s, w, PAYS) || w->moving != s->limit)
		return;
	if (mean * (1 + 2 * s->gain) < s->usual && s->held >= s->hold / 4)
		try(s, w, many_more(s, w), mean, "less comes across than did");
	else if (s->held >= s->hold && w->waiting > 1)
		try(s, w, w->moving + 1, mean, "one more is tried");
}

void search_look(struct group_search *s, const struct search_window *w)
{
	double mean = stretch_mean(s, w);
	s->goodput = w->goodput;
	if (s->first == 1) {
		s->capacity = fmax(s->capacity, w->goodput);
		s->single = fmax(s->single, w->single);
	} else {
		s->capacity = most_are_settled(w) ? fmax(s->capacity, recent(s)) : s->capacity;
		s->single = fmax(s->single, most_are_settled(w) ? recent(s) / w->moving : 0);
		s->single = fmax(s->single, w->settled_single);
	}
	s->usual = isnan(mean) ? s->usual : fmax(s->usual, mean);
	if (s->climbed)
		stay(s, w, mean);
	else if (w->most_moving >= s->limit && s->first == 1)
		climb_windows(s, w);
	else if (w->most_moving >= s->limit)
		climb_ramps(s, w);
}

#include "analysis/trend_sets.h"

#include "analysis/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct open_set {
	const void *trend;
	char *folder;
	int number, repeat;
	int64_t wall_ns;
};

static int64_t since_ns(const struct open_set *s, const struct history_run *run)
{
	return s->wall_ns && run->wall_ns ? run->wall_ns - s->wall_ns : 0;
}

/* The last one of the trend that the run goes on with. NULL: none. */
static struct open_set *find(const struct trend_sets *s, const void *trend, const char *folder,
                             const struct history_run *run)
{
	struct open_set *found = NULL;
	for (int i = 0; i < s->count; i++) {
		struct open_set *one = &s->open[i];
		if (one->trend == trend && run->repeat > one->repeat && since_ns(one, run) <= SET_GAP_NS &&
		    strcmp(one->folder, folder) == 0 && (!found || one->number > found->number))
			found = one;
	}
	return found;
}

/* A place for a new one: that of one which nothing can be added to any more, or another. NULL: memory is short. */
static struct open_set *place_for(struct trend_sets *s, const struct history_run *run)
{
	for (int i = 0; i < s->count; i++)
		if (since_ns(&s->open[i], run) > SET_GAP_NS) {
			free(s->open[i].folder);
			return &s->open[i];
		}
	if (s->count == s->room) {
		int room = s->room ? 2 * s->room : 16;
		struct open_set *larger = realloc(s->open, (size_t)room * sizeof(*larger));
		if (!larger)
			return NULL;
		s->open = larger;
		s->room = room;
	}
	return &s->open[s->count++];
}

int trend_set_of(struct trend_sets *s, const void *trend, const struct history_run *run, int next)
{
	const char *slash = strrchr(run->directory, '/');
	char *folder = strndup(run->directory, slash ? (size_t)(slash - run->directory) : 0);
	struct open_set *set = folder ? find(s, trend, folder, run) : NULL;
	if (set) {
		free(folder);
	} else {
		set = folder ? place_for(s, run) : NULL;
		if (!set) {
			free(folder);
			return -1;
		}
		*set = (struct open_set){ .trend = trend, .folder = folder, .number = next };
	}
	set->repeat = run->repeat;
	set->wall_ns = run->wall_ns;
	return set->number;
}

void trend_sets_free(struct trend_sets *s)
{
	for (int i = 0; i < s->count; i++)
		free(s->open[i].folder);
	free(s->open);
	*s = (struct trend_sets){ 0 };
}

int trend_sets_center(struct trend_set *list, int count, const double *values, const int *set_of, int n,
                      enum center center)
{
	double *own = calloc((size_t)n + 1, sizeof(*own));
	if (!own)
		return -1;
	for (int k = 0; k < count; k++) {
		int size = 0;
		for (int i = 0; i < n; i++)
			if (set_of[i] == k)
				own[size++] = values[i];
		list[k].value = size && !list[k].aborted ? center_of((struct sample){ own, size }, center) : NAN;
	}
	free(own);
	return 0;
}

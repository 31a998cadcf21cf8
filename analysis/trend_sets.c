#include "analysis/trend_sets.h"

#include "analysis/history.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_of(const struct open_set *s, const void *trend, const char *folder, const struct history_run *run)
{
	int64_t gap_ns = s->wall_ns && run->wall_ns ? run->wall_ns - s->wall_ns : 0;
	return s->trend == trend && run->repeat > s->repeat && gap_ns <= SET_GAP_NS && strcmp(s->folder, folder) == 0;
}

int trend_set_of(struct trend_sets *s, const void *trend, const struct history_run *run, int next)
{
	char folder[SET_FOLDER_ROOM];
	const char *slash = strrchr(run->directory, '/');
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - run->directory) : 0, run->directory);
	struct open_set *set = NULL;
	for (int i = 0; i < SETS_OPEN && !set; i++) {
		struct open_set *one = &s->open[(s->next + SETS_OPEN - 1 - i) % SETS_OPEN];
		set = is_of(one, trend, folder, run) ? one : NULL;
	}
	if (!set) {
		set = &s->open[s->next];
		s->next = (s->next + 1) % SETS_OPEN;
		*set = (struct open_set){ .trend = trend, .number = next };
		memcpy(set->folder, folder, sizeof(folder));
	}
	set->repeat = run->repeat;
	set->wall_ns = run->wall_ns;
	return set->number;
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

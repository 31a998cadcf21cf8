/* Time that the guest does not know of: how far its clock fell behind the head's at once. */
#include "analysis/clock_map.h"
#include "analysis/downtime.h"

#include <stdio.h>

void downtime_guest_clock(const struct clock_map *map, const struct downtime_window *window, struct downtime *ret)
{
	*ret = downtime_missing;
	int count;
	const struct clock_step *steps = clock_map_steps(map, &count), *largest = NULL;
	for (int i = 0; i < count; i++)
		if (steps[i].resume_ns > window->from_ns && steps[i].stop_ns < window->to_ns &&
		    (!largest || steps[i].size_ns > largest->size_ns))
			largest = &steps[i];

	int64_t at_ns = MISSING, rise_ns;
	if (window->baseline_to_ns > window->baseline_from_ns)
		ret->floor_ns = clock_map_largest_rise(map, window->baseline_from_ns, window->baseline_to_ns, &at_ns);
	if (largest) {
		ret->value_ns = largest->size_ns;
		ret->low_ns = largest->low_ns > 0 ? largest->low_ns : 0;
		ret->high_ns = largest->high_ns;
		ret->at_ns = largest->stop_ns;
		return;
	}
	rise_ns = clock_map_largest_rise(map, window->from_ns, window->to_ns, &at_ns);
	if (rise_ns == MISSING) {
		snprintf(ret->reason, sizeof(ret->reason), "no samples while migrating");
		return;
	}
	ret->value_ns = rise_ns;
	ret->low_ns = 0;
	ret->high_ns = rise_ns + clock_map_uncertainty_ns(map);
	ret->at_ns = at_ns;
	snprintf(ret->reason, sizeof(ret->reason), NO_STOP_SEEN ": the guest's clock made no jump of 1 ms or more");
}

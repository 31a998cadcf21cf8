#include "analysis/warmup_metrics.h"

#include "analysis/json_field.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>

int warmup_steady(struct json_object *manifest)
{
	struct json_object *steady = NULL;
	if (!manifest || json_pointer_get(manifest, "/warmup/steady", &steady) < 0 ||
	    !json_object_is_type(steady, json_type_boolean))
		return -1;
	return json_object_get_boolean(steady);
}

void warmup_metrics(const struct run *run, struct metrics *metrics)
{
	int64_t after_ns = run_fact(run, "/warmup/after_ns"), window_ns = run_fact(run, "/warmup/window_ns");
	int steady = warmup_steady(run->manifest);
	if (after_ns == MISSING)
		return;
	metrics_put(metrics, "steady", NULL, "", steady < 0 ? NAN : steady,
	            steady < 0 ? json_text_at(run->manifest, "/warmup/reason") : NULL);
	metrics_put(metrics, "warmup_time", NULL, "", (double)after_ns, NULL);
	if (steady == 0)
		metrics_warn(
			metrics,
			"'%s' in %s still changed by %+.1f %% in the last %.3g s of warm-up, which took %.3g s: the "
			"baseline is not steady",
			json_text_at(run->manifest, "/warmup/workload"), json_text_at(run->manifest, "/warmup/vm"),
			100 * atof(json_text_at(run->manifest, "/warmup/change")), metric_of(window_ns) / 1e9,
			(double)after_ns / 1e9);
}

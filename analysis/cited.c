#include "analysis/cited.h"

#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cited_read(struct cited *ret, struct err *e)
{
	struct json_object *member;
	const char *path = getenv("MIGMETER_CALIBRATION");
	*ret = (struct cited){ 0 };
	if (!path || !path[0])
		return 0;
	ret->root = json_object_from_file(path);
	if (json_pointer_get(ret->root, "/observers", &member) < 0) {
		cited_free(ret);
		return err_set(e, EXIT_USAGE, "'%s', which MIGMETER_CALIBRATION names, is not a calibration.json",
		               path);
	}
	if (json_pointer_get(ret->root, "/run_id", &member) == 0)
		snprintf(ret->id, sizeof(ret->id), "%.63s", json_object_get_string(member));
	return 0;
}

void cited_free(struct cited *c)
{
	json_object_put(c->root);
	*c = (struct cited){ 0 };
}

static double number_at(const struct cited *c, const char *estimator, const char *what)
{
	struct json_object *member;
	char pointer[200];
	snprintf(pointer, sizeof(pointer), "/observers/%.64s/%s", estimator, what);
	if (!c->root || strchr(estimator, '/') || json_pointer_get(c->root, pointer, &member) < 0 || !member)
		return NAN;
	return json_object_get_double(member);
}

double cited_floor_ns(const struct cited *c, const char *estimator)
{
	return number_at(c, estimator, "floor_ns");
}

double cited_error_ns(const struct cited *c, const char *estimator)
{
	return number_at(c, estimator, "stop/p95_ns");
}

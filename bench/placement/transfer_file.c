#include "bench/placement/transfer_file.h"

#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

static int coefficients_read(struct json_object *root, const char *name, double ret[TRANSFER_TERMS])
{
	struct json_object *part, *list;
	if (!json_object_object_get_ex(root, name, &part) ||
	    !json_object_object_get_ex(part, "coefficients", &list) || !json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) != TRANSFER_TERMS)
		return -1;
	for (size_t i = 0; i < TRANSFER_TERMS; i++) {
		struct json_object *number = json_object_array_get_idx(list, i);
		ret[i] = json_object_get_double(number);
		if (!(json_object_is_type(number, json_type_double) || json_object_is_type(number, json_type_int)) ||
		    !isfinite(ret[i]))
			return -1;
	}
	return 0;
}

int transfer_file_read(const char *path, struct transfer_model *m, struct err *e)
{
	struct json_object *root = json_object_from_file(path), *kind;
	if (!root)
		return err_set(e, EXIT_USAGE, "cannot read '%s' as JSON", path);
	bool is = json_object_object_get_ex(root, "kind", &kind) && json_object_get_string(kind) &&
	          strcmp(json_object_get_string(kind), "transfer-model") == 0;
	int result =
		is && coefficients_read(root, "time_s", m->time) == 0 &&
				coefficients_read(root, "lost_s", m->lost) == 0
			? 0
			: err_set(e, EXIT_USAGE, "'%s' is no transfer model: 'migmeter model fit' writes one", path);
	json_object_put(root);
	m->fitted = result == 0;
	return result;
}

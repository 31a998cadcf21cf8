#include "bench/placement/transfer_file.h"

#include "bench/base/err.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

const char *const transfer_input_keys[TRANSFER_INPUTS] = {
	[TRANSFER_USED] = "used_bytes",
	[TRANSFER_DIRTY] = "dirty_bytes_per_s",
	[TRANSFER_RATE] = "rate_bit_per_s",
	[TRANSFER_RTT] = "rtt_ns",
};

static int numbers_read(struct json_object *part, const char *name, size_t count, double *ret)
{
	struct json_object *list;
	if (!json_object_object_get_ex(part, name, &list) || !json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) != count)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct json_object *number = json_object_array_get_idx(list, i);
		ret[i] = json_object_get_double(number);
		if (!(json_object_is_type(number, json_type_double) || json_object_is_type(number, json_type_int)) ||
		    !isfinite(ret[i]))
			return -1;
	}
	return 0;
}

static int coefficients_read(struct json_object *root, const char *name, double ret[TRANSFER_TERMS])
{
	struct json_object *part;
	return json_object_object_get_ex(root, name, &part) ? numbers_read(part, "coefficients", TRANSFER_TERMS, ret)
	                                                    : -1;
}

static bool below_zero(const double coefficients[TRANSFER_TERMS])
{
	for (int i = 0; i < TRANSFER_TERMS; i++)
		if (coefficients[i] < 0)
			return true;
	return false;
}

static int measured_read(struct json_object *root, struct transfer_model *m)
{
	struct json_object *part;
	if (!json_object_object_get_ex(root, "measured", &part))
		return -1;
	for (int i = 0; i < TRANSFER_INPUTS; i++) {
		double ends[2];
		if (numbers_read(part, transfer_input_keys[i], 2, ends) < 0)
			return -1;
		m->measured[i] = (struct transfer_range){ ends[0], ends[1] };
	}
	return 0;
}

int transfer_file_read(const char *path, struct transfer_model *m, struct err *e)
{
	struct json_object *root = json_object_from_file(path), *kind, *format;
	if (!root)
		return err_set(e, EXIT_USAGE, "cannot read '%s' as JSON", path);
	bool is = json_object_object_get_ex(root, "kind", &kind) && json_object_get_string(kind) &&
	          strcmp(json_object_get_string(kind), "transfer-model") == 0;
	bool old = is && json_object_object_get_ex(root, "format", &format) &&
	           json_object_get_int(format) != TRANSFER_FILE_FORMAT;
	int result = 0;
	if (old)
		result = err_set(e, EXIT_USAGE, "'%s' is of another version: make it anew with 'migmeter model fit'",
		                 path);
	else if (!is || coefficients_read(root, "time_s", m->time) < 0 ||
	         coefficients_read(root, "lost_s", m->lost) < 0 || measured_read(root, m) < 0)
		result = err_set(e, EXIT_USAGE, "'%s' is no transfer model: 'migmeter model fit' writes one", path);
	else if (below_zero(m->time) || below_zero(m->lost))
		result = err_set(
			e, EXIT_USAGE,
			"'%s' has a coefficient below 0, so that a move could gain by what slows it: make it anew "
			"with 'migmeter model fit'",
			path);
	json_object_put(root);
	m->fitted = result == 0;
	return result;
}

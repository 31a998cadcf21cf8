#include "bench/migrate/feature.h"

#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <json-c/json.h>
#include <string.h>

#define FEATURE(member) offsetof(struct feature_set, member)
const struct option_row feature_rows[] = {
	{ "auto_converge", OPTION_BOOLEAN, FEATURE(auto_converge), "no", NULL, NULL,
	  "slow the guest down until it converges" },
	{ "auto_converge_initial", OPTION_INTEGER, FEATURE(auto_converge_initial), "0", "0", "99",
	  "first throttle in percent; 0: the hypervisor's" },
	{ "auto_converge_increment", OPTION_INTEGER, FEATURE(auto_converge_increment), "0", "0", "99",
	  "added to it in percent; 0: the hypervisor's" },
	{ "xbzrle", OPTION_BOOLEAN, FEATURE(xbzrle), "no", NULL, NULL,
	  "send differences of pages that were sent before" },
	{ "xbzrle_cache", OPTION_SIZE, FEATURE(xbzrle_cache_bytes), "0", "0", "1T",
	  "a power of two; 0: the hypervisor's" },
	{ "parallel", OPTION_INTEGER, FEATURE(parallel), "0", "0", "255",
	  "connections (multifd); 0: one, without multifd" },
	{ "zero_copy", OPTION_BOOLEAN, FEATURE(zero_copy), "no", NULL, NULL, "send without copying; needs parallel" },
	{ "postcopy_bandwidth", OPTION_SIZE, FEATURE(postcopy_bandwidth_bytes_per_s), "0", "0", "1T",
	  "bytes a second after the switch, whole MiB; 0: no limit" },
	OPTION_END
};

int feature_check(const struct feature_set *set, struct err *e)
{
	if (set->xbzrle_cache_bytes && (set->xbzrle_cache_bytes & (set->xbzrle_cache_bytes - 1)))
		return err_set(e, EXIT_USAGE, "migration.xbzrle_cache must be a power of two");
	if (set->xbzrle && set->parallel)
		return err_set(e, EXIT_USAGE, "migration.xbzrle does not go with parallel: switch one off");
	if (set->zero_copy && !set->parallel)
		return err_set(e, EXIT_USAGE, "migration.zero_copy needs parallel connections: set parallel = 2");
	if ((set->auto_converge_initial || set->auto_converge_increment) && !set->auto_converge)
		return err_set(e, EXIT_USAGE,
			       "migration.auto_converge_initial and _increment need auto_converge = yes");
	return 0;
}

int feature_apply(const struct feature_set *set, unsigned int *flags, virTypedParameterPtr *params, int *count,
		  int *room, struct err *e)
{
	int bad = 0;
	if (set->auto_converge)
		*flags |= VIR_MIGRATE_AUTO_CONVERGE;
	if (set->auto_converge_initial)
		bad |= virTypedParamsAddInt(params, count, room, VIR_MIGRATE_PARAM_AUTO_CONVERGE_INITIAL,
					    (int)set->auto_converge_initial) < 0;
	if (set->auto_converge_increment)
		bad |= virTypedParamsAddInt(params, count, room, VIR_MIGRATE_PARAM_AUTO_CONVERGE_INCREMENT,
					    (int)set->auto_converge_increment) < 0;
	if (set->xbzrle) {
		*flags |= VIR_MIGRATE_COMPRESSED;
		bad |= virTypedParamsAddString(params, count, room, VIR_MIGRATE_PARAM_COMPRESSION, "xbzrle") < 0;
	}
	if (set->xbzrle_cache_bytes)
		bad |= virTypedParamsAddULLong(params, count, room, VIR_MIGRATE_PARAM_COMPRESSION_XBZRLE_CACHE,
					       (unsigned long long)set->xbzrle_cache_bytes) < 0;
	if (set->parallel) {
		*flags |= VIR_MIGRATE_PARALLEL;
		bad |= virTypedParamsAddInt(params, count, room, VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS,
					    (int)set->parallel) < 0;
	}
	if (set->zero_copy)
		*flags |= VIR_MIGRATE_ZEROCOPY;
	if (set->postcopy_bandwidth_bytes_per_s)
		bad |= virTypedParamsAddULLong(params, count, room, VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY,
					       (unsigned long long)set->postcopy_bandwidth_bytes_per_s >> 20) < 0;
	return bad ? hypervisor_error(e, "cannot ask for the migration's features") : 0;
}

struct json_object *feature_asked(const struct feature_set *set)
{
	struct json_object *asked = json_object_new_object();
	char text[64];
	for (const struct option_row *row = feature_rows; row->name; row++) {
		option_get(row, set, text, sizeof(text));
		if (strcmp(text, "no") != 0 && strcmp(text, "0") != 0 && strcmp(text, "0B") != 0)
			json_object_object_add(asked, row->name, json_object_new_string(text));
	}
	return asked;
}

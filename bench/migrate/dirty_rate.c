#include "bench/migrate/dirty_rate.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MIB 1048576.0

enum { PAGES_A_GIB = 16384 }; /* the most that QEMU takes */

double dirty_rate_of(struct json_object *answer)
{
	struct json_object *status, *rate;
	if (!json_object_object_get_ex(answer, "status", &status) ||
	    strcmp(json_object_get_string(status), "measured") != 0 ||
	    !json_object_object_get_ex(answer, "dirty-rate", &rate) || json_object_get_int64(rate) < 0)
		return NAN;
	return ((double)json_object_get_int64(rate) + 0.5) * MIB;
}

/* NULL: there is no such VM, or its QEMU refuses. */
static struct json_object *ask(virConnectPtr connection, const char *vm, const char *command, struct err *e)
{
	virDomainPtr domain = virDomainLookupByName(connection, vm);
	if (!domain) {
		hypervisor_error(e, "cannot find '%s'", vm);
		return NULL;
	}
	struct json_object *answer = hypervisor_ask(domain, command, e);
	virDomainFree(domain);
	return answer;
}

int dirty_rate_begin(virConnectPtr connection, const char *vm, int64_t length_ns, struct err *e)
{
	int64_t seconds = length_ns / NS_PER_S;
	char command[160];
	snprintf(command, sizeof(command),
	         "{\"execute\":\"calc-dirty-rate\",\"arguments\":{\"calc-time\":%d,\"sample-pages\":%d}}",
	         seconds < 1    ? 1
	         : seconds > 60 ? 60
	                        : (int)seconds,
	         PAGES_A_GIB);
	struct json_object *answer = ask(connection, vm, command, e);
	json_object_put(answer);
	return answer ? 0 : -1;
}

double dirty_rate_read(virConnectPtr connection, const char *vm)
{
	struct json_object *answer = ask(connection, vm, "{\"execute\":\"query-dirty-rate\"}", NULL);
	double rate = dirty_rate_of(answer);
	json_object_put(answer);
	return rate;
}

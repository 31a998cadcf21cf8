#include "bench/migrate/read_back.h"

#include "bench/base/clock.h"
#include "bench/migrate/hypervisor.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define RETRY_NS (50 * NS_PER_MS)

struct read_back {
	virDomainPtr domain;
	pthread_t thread;
	atomic_bool over;
	struct json_object *read;
};

static struct json_object *capabilities_on(struct json_object *capabilities)
{
	struct json_object *on = json_object_new_array();
	for (size_t i = 0; capabilities && i < json_object_array_length(capabilities); i++) {
		struct json_object *row = json_object_array_get_idx(capabilities, i), *state, *name;
		if (json_object_object_get_ex(row, "state", &state) && json_object_get_boolean(state) &&
		    json_object_object_get_ex(row, "capability", &name))
			json_object_array_add(on, json_object_get(name));
	}
	return on;
}

/* What QEMU really has on; NULL when it cannot be read. */
static struct json_object *features_read(virDomainPtr domain)
{
	unsigned long long downtime_ms;
	struct json_object *capabilities =
		hypervisor_ask(domain, "{\"execute\":\"query-migrate-capabilities\"}", NULL);
	struct json_object *parameters = hypervisor_ask(domain, "{\"execute\":\"query-migrate-parameters\"}", NULL);
	if (!capabilities || !parameters) {
		json_object_put(capabilities);
		json_object_put(parameters);
		return NULL;
	}
	struct json_object *read = json_object_new_object();
	json_object_object_add(read, "capabilities", capabilities_on(capabilities));
	json_object_object_add(read, "parameters", parameters);
	if (virDomainMigrateGetMaxDowntime(domain, &downtime_ms, 0) == 0)
		json_object_object_add(read, "downtime_limit_ns",
		                       json_object_new_int64((int64_t)downtime_ms * NS_PER_MS));
	json_object_object_add(read, "tainted", json_object_new_string("custom-monitor"));
	json_object_put(capabilities);
	return read;
}

static void *read_back_main(void *opaque)
{
	struct read_back *r = opaque;
	while (!(r->read = features_read(r->domain)) && !atomic_load(&r->over))
		clock_sleep(RETRY_NS);
	return NULL;
}

struct read_back *read_back_start(virDomainPtr domain)
{
	struct read_back *r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->domain = domain;
	if (pthread_create(&r->thread, NULL, read_back_main, r) != 0) {
		free(r);
		return NULL;
	}
	return r;
}

struct json_object *read_back_stop(struct read_back *r, bool migrated)
{
	if (!r)
		return NULL;
	atomic_store(&r->over, true);
	pthread_join(r->thread, NULL);
	struct json_object *read = r->read;
	free(r);
	if (migrated)
		return read;
	json_object_put(read);
	return NULL;
}

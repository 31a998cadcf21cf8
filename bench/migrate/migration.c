#include "bench/migrate/migration.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <json-c/json.h>
#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libvirt's call blocks, so a second thread steers: limits, the switch to post-copy, the time limit, what is on. */
struct steering {
	const struct migration_spec *spec;
	virDomainPtr domain;
	int64_t start_ns;
	atomic_bool over; /* the blocking call has returned */
	bool downtime_set, switched, aborted;
	const char *abort_reason;
	struct json_object *features_on;
};

static void say(const struct migration_spec *spec, const char *event, const char *detail)
{
	spec->sink(spec->context, clock_now_ns(), spec->vm, spec->source_node, event, detail);
}

/* The "return" of a monitor command; NULL when it failed. */
static struct json_object *monitor_ask(virDomainPtr domain, const char *command)
{
	char text[128], *answer = NULL;
	struct json_object *root = NULL, *value = NULL;
	snprintf(text, sizeof(text), "{\"execute\":\"%s\"}", command);
	if (virDomainQemuMonitorCommand(domain, text, &answer, 0) == 0 && answer)
		root = json_tokener_parse(answer);
	if (root && json_object_object_get_ex(root, "return", &value))
		json_object_get(value);
	json_object_put(root);
	free(answer);
	return value;
}

/* What QEMU really has on, read while the migration runs: afterwards libvirt resets it. */
static struct json_object *features_read(virDomainPtr domain)
{
	struct json_object *capabilities = monitor_ask(domain, "query-migrate-capabilities");
	struct json_object *parameters = monitor_ask(domain, "query-migrate-parameters");
	struct json_object *on = json_object_new_array(), *read = json_object_new_object();
	for (size_t i = 0; capabilities && i < json_object_array_length(capabilities); i++) {
		struct json_object *row = json_object_array_get_idx(capabilities, i), *state, *name;
		if (json_object_object_get_ex(row, "state", &state) && json_object_get_boolean(state) &&
		    json_object_object_get_ex(row, "capability", &name))
			json_object_array_add(on, json_object_get(name));
	}
	json_object_put(capabilities);
	json_object_object_add(read, "capabilities", on);
	json_object_object_add(read, "parameters", parameters);
	return read;
}

static bool postcopy_due(struct steering *s)
{
	const struct migration_spec *spec = s->spec;
	virTypedParameterPtr stats = NULL;
	unsigned long long iteration = 0;
	int type, count = 0;
	switch (spec->postcopy) {
	case POSTCOPY_NOW:
		return true;
	case POSTCOPY_AFTER_TIME:
		return clock_now_ns() - s->start_ns >= spec->postcopy_after_ns;
	case POSTCOPY_AFTER_FIRST_PASS:
		if (virDomainGetJobStats(s->domain, &type, &stats, &count, 0) < 0)
			return false;
		virTypedParamsGetULLong(stats, count, VIR_DOMAIN_JOB_MEMORY_ITERATION, &iteration);
		virTypedParamsFree(stats, count);
		return iteration > 1;
	default:
		return false;
	}
}

static void steer_once(struct steering *s)
{
	const struct migration_spec *spec = s->spec;
	virDomainJobInfo job;
	if (virDomainGetJobInfo(s->domain, &job) < 0 || job.type == VIR_DOMAIN_JOB_NONE || job.timeElapsed == 0)
		return;
	if (!s->downtime_set)
		s->downtime_set =
			virDomainMigrateSetMaxDowntime(
				s->domain, (unsigned long long)(spec->downtime_limit_ns / NS_PER_MS), 0) == 0;
	if (!s->features_on && s->downtime_set)
		s->features_on = features_read(s->domain);
	if (!s->switched && postcopy_due(s)) {
		/* Refused until the job is really active: asked again at the next round. */
		s->switched = virDomainMigrateStartPostCopy(s->domain, 0) == 0;
		if (s->switched)
			say(spec, "postcopy-requested", "");
	}
	bool late = clock_now_ns() - s->start_ns > spec->timeout_ns;
	if (!s->aborted && (late || *spec->interrupted)) {
		s->abort_reason = late ? "it took longer than migration.timeout" : "interrupted";
		s->aborted = virDomainAbortJob(s->domain) == 0;
		if (s->aborted)
			say(spec, "migrate-aborted", s->abort_reason);
	}
}

static void *steer(void *opaque)
{
	struct steering *s = opaque;
	while (!atomic_load(&s->over)) {
		steer_once(s);
		clock_sleep((s->downtime_set && (s->switched || s->spec->postcopy == POSTCOPY_NEVER) ? 100 : 5) *
			    NS_PER_MS);
	}
	return NULL;
}

static int parameters_make(const struct migration_spec *spec, virTypedParameterPtr *params, int *count,
			   unsigned int *flags, struct err *e)
{
	int room = 0;
	*flags = VIR_MIGRATE_LIVE;
	if (virTypedParamsAddString(params, count, &room, VIR_MIGRATE_PARAM_URI, spec->uri) < 0 ||
	    (spec->bandwidth_bytes_per_s &&
	     virTypedParamsAddULLong(params, count, &room, VIR_MIGRATE_PARAM_BANDWIDTH,
				     (unsigned long long)spec->bandwidth_bytes_per_s >> 20) < 0))
		return hypervisor_error(e, "cannot prepare the migration");
	if (spec->postcopy != POSTCOPY_NEVER)
		*flags |= VIR_MIGRATE_POSTCOPY;
	unsigned long version = 0;
	virConnectGetLibVersion(spec->source, &version);
	return feature_apply(spec->features, version, flags, params, count, &room, e);
}

static void completed_read(virDomainPtr domain, struct migration_result *ret)
{
	int type;
	if (virDomainGetJobStats(domain, &type, &ret->completed, &ret->completed_count,
				 VIR_DOMAIN_JOB_STATS_COMPLETED) < 0) {
		ret->completed = NULL;
		ret->completed_count = 0;
	}
}

int migration_run(const struct migration_spec *spec, struct migration_result *ret, struct err *e)
{
	struct steering s = { .spec = spec };
	virTypedParameterPtr params = NULL;
	unsigned int flags;
	int count = 0;
	pthread_t thread;
	memset(ret, 0, sizeof(*ret));
	s.domain = virDomainLookupByName(spec->source, spec->vm);
	if (!s.domain)
		return hypervisor_error(e, "the VM '%s' is not on its source", spec->vm);
	if (parameters_make(spec, &params, &count, &flags, e) < 0) {
		virTypedParamsFree(params, count);
		virDomainFree(s.domain);
		return -1;
	}
	/* Before the start too, so that the first pass already knows it; some versions only take it later. */
	virDomainMigrateSetMaxDowntime(s.domain, (unsigned long long)(spec->downtime_limit_ns / NS_PER_MS), 0);

	ret->start_ns = s.start_ns = clock_now_ns();
	say(spec, "migrate-start", "");
	int threaded = pthread_create(&thread, NULL, steer, &s) == 0;
	virDomainPtr moved = virDomainMigrate3(s.domain, spec->destination, params, (unsigned int)count, flags);
	ret->end_ns = clock_now_ns();
	int result = 0;
	if (moved) {
		spec->sink(spec->context, ret->end_ns, spec->vm, spec->source_node, "migrate-done", "");
		completed_read(moved, ret);
		virDomainFree(moved);
	} else {
		result = hypervisor_error(e, "migration of '%s' failed", spec->vm);
	}
	atomic_store(&s.over, true);
	if (threaded)
		pthread_join(thread, NULL);
	if (result < 0 && s.aborted) {
		err_prefix(e, "%s", s.abort_reason);
		if (*spec->interrupted)
			e->status = EXIT_INTERRUPTED;
	}
	if (result < 0)
		say(spec, "migrate-failed", e->text);
	ret->features_on = s.features_on;
	virTypedParamsFree(params, count);
	virDomainFree(s.domain);
	return result;
}

void migration_result_free(struct migration_result *result)
{
	virTypedParamsFree(result->completed, result->completed_count);
	json_object_put(result->features_on);
	memset(result, 0, sizeof(*result));
}

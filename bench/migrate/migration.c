#include "bench/migrate/migration.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/domain_xml.h"
#include "bench/migrate/exec_driver.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/steering.h"

#include <json-c/json.h>
#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

#ifndef VIR_MIGRATE_PARAM_DISKS_URI /* before libvirt 6.8 */
#define VIR_MIGRATE_PARAM_DISKS_URI "disks_uri"
#endif

#define RECOVER_PAUSE_NS (200 * NS_PER_MS)
#define ARRIVAL_NS (5 * NS_PER_S)

struct request {
	virTypedParameterPtr params;
	int count;
	unsigned int flags;
};

/* A core of the source's is none of the destination's: libvirt would carry the pinning along. */
static int pinning_add(const struct migration_spec *spec, struct request *r, int *room, struct err *e)
{
	char *document = NULL;
	if (spec->destination_core < 0)
		return 0;
	if (hypervisor_domain_document(spec->source, spec->vm, &document, e) < 0)
		return -1;
	char *repinned = domain_xml_repinned(document, spec->destination_core);
	int added =
		repinned ? virTypedParamsAddString(&r->params, &r->count, room, VIR_MIGRATE_PARAM_DEST_XML, repinned)
			 : -1;
	free(repinned);
	free(document);
	return added < 0 ? err_set(e, EXIT_CANNOT, "cannot say where '%s' is to be pinned", spec->vm) : 0;
}

static int request_make(const struct migration_spec *spec, struct request *r, struct err *e)
{
	unsigned long libvirt, qemu;
	int room = 0;
	r->flags = VIR_MIGRATE_LIVE;
	if (spec->postcopy != POSTCOPY_NEVER)
		r->flags |= VIR_MIGRATE_POSTCOPY;
	if (hypervisor_versions(spec->source, &libvirt, &qemu, e) < 0)
		return -1;
	/* Through the daemons' own connection there is no address for QEMU. */
	if ((!spec->features->tunnelled &&
	     virTypedParamsAddString(&r->params, &r->count, &room, VIR_MIGRATE_PARAM_URI, spec->uri) < 0) ||
	    (spec->listen_ip && virTypedParamsAddString(&r->params, &r->count, &room,
	                                                VIR_MIGRATE_PARAM_LISTEN_ADDRESS, spec->listen_ip) < 0) ||
	    (spec->disks_uri && virTypedParamsAddString(&r->params, &r->count, &room, VIR_MIGRATE_PARAM_DISKS_URI,
	                                                spec->disks_uri) < 0) ||
	    (spec->bandwidth_bytes_per_s &&
	     virTypedParamsAddULLong(&r->params, &r->count, &room, VIR_MIGRATE_PARAM_BANDWIDTH,
	                             (unsigned long long)(spec->bandwidth_bytes_per_s >> 20)) < 0))
		return hypervisor_error(e, "cannot prepare the migration");
	if (pinning_add(spec, r, &room, e) < 0)
		return -1;
	return feature_apply(spec->features, libvirt, &r->flags, &r->params, &r->count, &room, e);
}

/* One call of libvirt's. Returns whether it has succeeded; *ret_moved is then the domain on the destination, or NULL.
 */
static bool migrate_once(const struct migration_spec *spec, virDomainPtr domain, const struct request *r,
                         unsigned flags, virDomainPtr *ret_moved)
{
	if (flags & VIR_MIGRATE_PEER2PEER) {
		char *uri = spec->peer_uri ? strdup(spec->peer_uri) : virConnectGetURI(spec->destination);
		int result = uri ? virDomainMigrateToURI3(domain, uri, r->params, (unsigned)r->count, flags) : -1;
		free(uri);
		*ret_moved = result == 0 ? virDomainLookupByName(spec->destination, spec->vm) : NULL;
		return result == 0;
	}
	*ret_moved = virDomainMigrate3(domain, spec->destination, r->params, (unsigned)r->count, flags);
	return *ret_moved != NULL;
}

/* Of a VM that was in post-copy, at its source: it is gone, or was never there; it holds what is missing; the same, and libvirt has
 * given up. */
enum source { SOURCE_OVER, SOURCE_HOLDS, SOURCE_BROKEN };

static enum source source_look(virDomainPtr domain)
{
#if LIBVIR_VERSION_NUMBER >= 8005000
	int state = 0, reason = 0;
	if (virDomainGetState(domain, &state, &reason, 0) < 0 || state != VIR_DOMAIN_PAUSED)
		return SOURCE_OVER;
	return reason == VIR_DOMAIN_PAUSED_POSTCOPY_FAILED ? SOURCE_BROKEN
	       : reason == VIR_DOMAIN_PAUSED_POSTCOPY      ? SOURCE_HOLDS
	                                                   : SOURCE_OVER;
#else
	(void)domain;
	return SOURCE_OVER;
#endif
}

/* Whether the VM is whole on the destination: libvirt may give an attempt up that QEMU goes on with by itself, as soon as the other
 * side can be reached. */
static bool has_arrived(const struct migration_spec *spec, virDomainPtr *ret_moved)
{
	int state = 0, reason = 0;
	virDomainPtr there = virDomainLookupByName(spec->destination, spec->vm);
	if (there && virDomainGetState(there, &state, &reason, 0) == 0 && state == VIR_DOMAIN_RUNNING &&
	    reason == VIR_DOMAIN_RUNNING_MIGRATED) {
		*ret_moved = there;
		return true;
	}
	if (there)
		virDomainFree(there);
	return false;
}

/* One attempt; e holds the words of the last failure, said those that were said. Returns whether the VM is gone on one side. */
static bool recover_once(const struct migration_spec *spec, virDomainPtr domain, const struct request *r,
                         struct err *said, virDomainPtr *ret_moved, struct err *e)
{
	unsigned resume = 0;
#if LIBVIR_VERSION_NUMBER >= 8005000
	resume = VIR_MIGRATE_POSTCOPY_RESUME;
#endif
	if (strcmp(said->text, e->text) != 0)
		migration_say(spec, "postcopy-recover", e->text);
	*said = *e;
	if (!resume || migrate_once(spec, domain, r, r->flags | resume, ret_moved))
		return !resume;
	bool gone = virGetLastErrorCode() == VIR_ERR_NO_DOMAIN;
	hypervisor_error(e, "migration of '%s' failed", spec->vm);
	return gone;
}

/* The daemons take note of the end each by itself. */
static bool arrival_await(const struct migration_spec *spec, virDomainPtr *ret_moved)
{
	int64_t deadline = clock_now_ns() + ARRIVAL_NS;
	while (!has_arrived(spec, ret_moved)) {
		if (clock_now_ns() >= deadline)
			return false;
		clock_sleep(RECOVER_PAUSE_NS);
	}
	return true;
}

/* Try to go on after a broken link until it works or the time for it is over. Where one side's VM is no longer there nothing can.
 * While QEMU goes on by itself, or is about to, there is nothing to try. */
static bool recover(const struct migration_spec *spec, virDomainPtr domain, const struct request *r,
                    struct steering *s, struct migration_result *ret, virDomainPtr *ret_moved, struct err *e)
{
	int64_t deadline = clock_now_ns() + spec->features->postcopy_recover_ns;
	struct err said = { 0 };
	enum source source = source_look(domain);
	bool gone = false;
	while (!gone && !*ret_moved && source != SOURCE_OVER && !steering_aborted(s) &&
	       !(spec->interrupted && *spec->interrupted >= INTERRUPT_BREAK_OFF)) {
		bool goes_on = steering_goes_on(s);
		if (!goes_on && clock_now_ns() >= deadline)
			break;
		if (!goes_on && source == SOURCE_BROKEN) {
			steering_recovering(s, deadline);
			gone = recover_once(spec, domain, r, &said, ret_moved, e);
			steering_recovering(s, 0);
		}
		if (!*ret_moved)
			clock_sleep(RECOVER_PAUSE_NS);
		source = source_look(domain);
	}
	bool over = (gone || source == SOURCE_OVER) && steering_in_postcopy(s);
	if (!*ret_moved && (!over || !arrival_await(spec, ret_moved)))
		return false;
	ret->recoveries++;
	return true;
}

/* Where the source's last event did not come, the destination may know. */
static void completed_read(virDomainPtr moved, struct migration_result *ret)
{
	int type;
	if (ret->completed)
		return;
	if (virDomainGetJobStats(moved, &type, &ret->completed, &ret->completed_count,
	                         VIR_DOMAIN_JOB_STATS_COMPLETED) < 0) {
		ret->completed = NULL;
		ret->completed_count = 0;
	}
}

static int failed(const struct migration_spec *spec, struct migration_result *ret, const char *abort_reason,
                  struct err *e)
{
	if (abort_reason)
		err_prefix(e, "%s", abort_reason);
	if (ret->lost) {
		err_prefix(e, "after the switch to post-copy, the VM is lost%s",
		           virConnectIsAlive(spec->destination) == 1
		                   ? ""
		                   : " unless it runs on its destination, which does not answer");
		e->status = EXIT_MEASURED_BAD;
	}
	migration_say(spec, "migrate-failed", e->text);
	if (spec->interrupted && *spec->interrupted) {
		e->status = EXIT_INTERRUPTED;
		if (!ret->lost) /* how the hypervisor takes it is no reason */
			err_set(e, EXIT_INTERRUPTED, "interrupted");
	}
	return -1;
}

static int run(const struct migration_spec *spec, virDomainPtr domain, const struct request *r,
               struct migration_result *ret, struct err *e)
{
	struct steering *s;
	virDomainPtr moved = NULL;
	ret->start_ns = clock_now_ns();
	if (steering_start(&s, spec, domain, ret, e) < 0)
		return -1;
	migration_say(spec, "migrate-start", "");
	bool done = migrate_once(spec, domain, r, r->flags, &moved);
	if (!done) {
		hypervisor_error(e, "migration of '%s' failed", spec->vm);
		if (spec->features->postcopy_recover_ns)
			done = recover(spec, domain, r, s, ret, &moved, e);
	}
	ret->end_ns = clock_now_ns();
	ret->lost = !done && steering_in_postcopy(s);
	const char *abort_reason = steering_stop(s, done);
	ret->timed_out = ret->timed_out && !done && !ret->lost;
	if (!done)
		return failed(spec, ret, abort_reason, e);
	*e = (struct err){ 0 }; /* of attempts before a recovery */
	spec->sink(spec->context, ret->end_ns, spec->vm, spec->source_node, "migrate-done", "");
	if (moved) {
		completed_read(moved, ret);
		virDomainFree(moved);
	}
	return 0;
}

int migration_run(const struct migration_spec *spec, struct migration_result *ret, struct err *e)
{
	struct request request = { 0 };
	struct err unseen = { 0 };
	if (spec->commands)
		return exec_migrate(spec, ret, e);
	e = e ? e : &unseen;
	memset(ret, 0, sizeof(*ret));
	virDomainPtr domain = virDomainLookupByName(spec->source, spec->vm);
	if (!domain)
		return hypervisor_error(e, "the VM '%s' is not on its source", spec->vm);
	int result = request_make(spec, &request, e);
	if (result == 0) {
		/* So that the first pass already knows it; steering looks again, since some versions take it later
		 * only. */
		if (spec->downtime_limit_ns)
			virDomainMigrateSetMaxDowntime(domain,
			                               (unsigned long long)(spec->downtime_limit_ns / NS_PER_MS), 0);
		result = run(spec, domain, &request, ret, e);
	}
	virTypedParamsFree(request.params, request.count);
	virDomainFree(domain);
	return result;
}

void migration_result_free(struct migration_result *result)
{
	virTypedParamsFree(result->completed, result->completed_count);
	json_object_put(result->features_on);
	memset(result, 0, sizeof(*result));
}

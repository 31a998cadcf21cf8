#include "bench/migrate/events.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <libvirt/libvirt-qemu.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

enum { ON_LIFECYCLE, ON_JOB, ON_MONITOR, SUBSCRIPTIONS };

struct events {
	virConnectPtr connection;
	const char *node;
	bool same_clock;
	pthread_mutex_t lock; /* held while the sink runs, so that close can wait for it */
	event_sink sink;      /* NULL: closed */
	event_job_sink job_sink;
	void *context;
	int ids[SUBSCRIPTIONS];
	int users; /* subscriptions that libvirt may still call, and the owner; the last one frees */
};

static void release(void *opaque)
{
	struct events *ev = opaque;
	pthread_mutex_lock(&ev->lock);
	int left = --ev->users;
	pthread_mutex_unlock(&ev->lock);
	if (left)
		return;
	pthread_mutex_destroy(&ev->lock);
	free(ev);
}

static void deliver(struct events *ev, int64_t head_ns, virDomainPtr domain, const char *event, const char *detail)
{
	pthread_mutex_lock(&ev->lock);
	if (ev->sink)
		ev->sink(ev->context, head_ns, virDomainGetName(domain), ev->node, event, detail);
	pthread_mutex_unlock(&ev->lock);
}

/* Names of enum virDomainEventType and of the details of those that have more than one. */
static const char *const lifecycle_names[] = { "defined", "undefined", "started",     "suspended", "resumed",
	                                       "stopped", "shutdown",  "pmsuspended", "crashed" };
static const char *const started_names[] = { "booted", "migrated", "restored", "from-snapshot", "wakeup" };
static const char *const suspended_names[] = { "paused",        "migrated",  "ioerror",  "watchdog",       "restored",
	                                       "from-snapshot", "api-error", "postcopy", "postcopy-failed" };
static const char *const resumed_names[] = { "unpaused", "migrated", "from-snapshot", "postcopy", "postcopy-failed" };
static const char *const stopped_names[] = { "shutdown", "destroyed", "crashed",      "migrated",
	                                     "saved",    "failed",    "from-snapshot" };

static const struct {
	const char *const *names;
	size_t count;
} lifecycle_details[] = {
	[VIR_DOMAIN_EVENT_STARTED] = { started_names, LENGTH(started_names) },
	[VIR_DOMAIN_EVENT_SUSPENDED] = { suspended_names, LENGTH(suspended_names) },
	[VIR_DOMAIN_EVENT_RESUMED] = { resumed_names, LENGTH(resumed_names) },
	[VIR_DOMAIN_EVENT_STOPPED] = { stopped_names, LENGTH(stopped_names) },
};

static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque)
{
	int64_t now = clock_now_ns();
	char text[64];
	const char *name = event >= 0 && event < (int)LENGTH(lifecycle_names) ? lifecycle_names[event] : "other";
	const char *detail_name = "other";
	(void)connection;
	if (event >= 0 && event < (int)LENGTH(lifecycle_details) && detail >= 0 &&
	    detail < (int)lifecycle_details[event].count)
		detail_name = lifecycle_details[event].names[detail];
	snprintf(text, sizeof(text), "%s/%s", name, detail_name);
	deliver(opaque, now, domain, "lifecycle", text);
	return 0;
}

static void on_job(virConnectPtr connection, virDomainPtr domain, virTypedParameterPtr params, int count,
                   void *opaque)
{
	struct events *ev = opaque;
	int64_t now = clock_now_ns();
	int success = 1;
	const char *words = NULL;
	(void)connection;
	virTypedParamsGetBoolean(params, count, VIR_DOMAIN_JOB_SUCCESS, &success);
	virTypedParamsGetString(params, count, VIR_DOMAIN_JOB_ERRMSG, &words);
	pthread_mutex_lock(&ev->lock);
	if (ev->sink && ev->job_sink)
		ev->job_sink(ev->context, params, count);
	pthread_mutex_unlock(&ev->lock);
	deliver(ev, now, domain, "job-completed", success ? "ok" : words ? words : "failed");
}

/* A member of the event's data as text in buffer; "" when it is not there. */
static const char *data_member(const char *data, const char *key, char *buffer, size_t room)
{
	struct json_object *root = data ? json_tokener_parse(data) : NULL, *member = NULL;
	json_object_object_get_ex(root, key, &member);
	snprintf(buffer, room, "%s", member ? json_object_get_string(member) : "");
	json_object_put(root);
	return buffer;
}

static void on_monitor(virConnectPtr connection, virDomainPtr domain, const char *event, long long seconds,
                       unsigned int micros, const char *data, void *opaque)
{
	struct events *ev = opaque;
	char text[64];
	int64_t wall_ns = seconds * NS_PER_S + micros * NS_PER_US;
	int64_t head_ns = ev->same_clock ? clock_from_wall_ns(wall_ns) : clock_now_ns();
	(void)connection;
	bool stop = strcmp(event, "STOP") == 0;
	if (stop || strcmp(event, "RESUME") == 0) {
		snprintf(text, sizeof(text), "wall_ns %" PRId64, wall_ns);
		deliver(ev, head_ns, domain, stop ? "stop" : "resume", ev->same_clock ? "" : text);
	} else if (strcmp(event, "MIGRATION") == 0)
		deliver(ev, head_ns, domain, "migration-status", data_member(data, "status", text, sizeof(text)));
	else if (strcmp(event, "MIGRATION_PASS") == 0)
		deliver(ev, head_ns, domain, "iteration", data_member(data, "pass", text, sizeof(text)));
	else
		deliver(ev, head_ns, domain, "qemu", event);
}

/* libvirt takes a callback once for all domains and once for each: hence the domain, which may be NULL. */
static int subscribe(struct events *ev, virDomainPtr domain, struct err *e)
{
	static const char wanted[] =
		"^(STOP|RESUME|MIGRATION|MIGRATION_PASS|SHUTDOWN|RESET|GUEST_PANICKED|BLOCK_IO_ERROR)$";
	for (int i = 0; i < SUBSCRIPTIONS; i++) {
		if (i == ON_MONITOR)
			ev->ids[i] = virConnectDomainQemuMonitorEventRegister(
				ev->connection, domain, wanted, on_monitor, ev, release,
				VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX);
		else if (i == ON_LIFECYCLE)
			ev->ids[i] = virConnectDomainEventRegisterAny(
				ev->connection, domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
				VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), ev, release);
		else
			ev->ids[i] = virConnectDomainEventRegisterAny(ev->connection, domain,
			                                              VIR_DOMAIN_EVENT_ID_JOB_COMPLETED,
			                                              VIR_DOMAIN_EVENT_CALLBACK(on_job), ev, release);
		if (ev->ids[i] < 0)
			return hypervisor_error(e, "cannot subscribe to events of node '%s'", ev->node);
		pthread_mutex_lock(&ev->lock);
		ev->users++;
		pthread_mutex_unlock(&ev->lock);
	}
	return 0;
}

static int open_for(struct events **ret, virDomainPtr domain, const struct events *as, struct err *e)
{
	struct events *ev = calloc(1, sizeof(*ev));
	if (!ev)
		return err_set(e, EXIT_CANNOT, "cannot watch events: out of memory");
	*ev = *as;
	ev->users = 1;
	ev->same_clock = hypervisor_is_local(ev->connection);
	pthread_mutex_init(&ev->lock, NULL);
	for (int i = 0; i < SUBSCRIPTIONS; i++)
		ev->ids[i] = -1;
	if (subscribe(ev, domain, e) < 0) {
		events_close(ev);
		return -1;
	}
	*ret = ev;
	return 0;
}

int events_open(struct events **ret, virConnectPtr connection, const char *node, event_sink sink, void *context,
                struct err *e)
{
	struct events as = { .connection = connection, .node = node, .sink = sink, .context = context };
	return open_for(ret, NULL, &as, e);
}

int events_open_domain(struct events **ret, virDomainPtr domain, const char *node, event_sink sink,
                       event_job_sink job_sink, void *context, struct err *e)
{
	struct events as = { .connection = virDomainGetConnect(domain),
		             .node = node,
		             .sink = sink,
		             .job_sink = job_sink,
		             .context = context };
	return open_for(ret, domain, &as, e);
}

void events_close(struct events *ev)
{
	if (!ev)
		return;
	pthread_mutex_lock(&ev->lock);
	ev->sink = NULL;
	pthread_mutex_unlock(&ev->lock);
	for (int i = 0; i < SUBSCRIPTIONS; i++)
		if (ev->ids[i] >= 0 && i == ON_MONITOR)
			virConnectDomainQemuMonitorEventDeregister(ev->connection, ev->ids[i]);
		else if (ev->ids[i] >= 0)
			virConnectDomainEventDeregisterAny(ev->connection, ev->ids[i]);
	release(ev);
}

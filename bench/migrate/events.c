#include "bench/migrate/events.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <json-c/json.h>
#include <libvirt/libvirt-qemu.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUBSCRIPTIONS = 3 };

struct events {
	virConnectPtr connection;
	const char *node;
	event_sink sink;
	void *context;
	pthread_mutex_t lock; /* held while the sink runs, so that close can wait for it */
	int ids[SUBSCRIPTIONS];
};

static void deliver(struct events *ev, int64_t head_ns, virDomainPtr domain, const char *event, const char *detail)
{
	pthread_mutex_lock(&ev->lock);
	if (ev->sink)
		ev->sink(ev->context, head_ns, virDomainGetName(domain), ev->node, event, detail);
	pthread_mutex_unlock(&ev->lock);
}

static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail, void *opaque)
{
	static const char *const names[] = { "defined", "undefined", "started",	    "suspended", "resumed",
					     "stopped", "shutdown",  "pmsuspended", "crashed" };
	/* libvirt's own enums name the detail; migration's are the ones that matter here. */
	static const char *const suspended[] = { "paused",    "migrated", "ioerror",
						 "watchdog",  "restored", "from-snapshot",
						 "api-error", "postcopy", "postcopy-failed" };
	static const char *const started[] = { "booted", "migrated", "restored", "from-snapshot", "wakeup" };
	static const char *const resumed[] = { "unpaused", "migrated", "from-snapshot", "postcopy",
					       "postcopy-failed" };
	static const char *const stopped[] = { "shutdown", "destroyed", "crashed",	"migrated",
					       "saved",	   "failed",	"from-snapshot" };
	const char *const *details = NULL;
	int count = 0;
	char text[64];
	(void)connection;
	switch (event) {
	case VIR_DOMAIN_EVENT_SUSPENDED:
		details = suspended, count = sizeof(suspended) / sizeof(*suspended);
		break;
	case VIR_DOMAIN_EVENT_STARTED:
		details = started, count = sizeof(started) / sizeof(*started);
		break;
	case VIR_DOMAIN_EVENT_RESUMED:
		details = resumed, count = sizeof(resumed) / sizeof(*resumed);
		break;
	case VIR_DOMAIN_EVENT_STOPPED:
		details = stopped, count = sizeof(stopped) / sizeof(*stopped);
		break;
	}
	int64_t now = clock_now_ns();
	snprintf(text, sizeof(text), "%s/%s",
		 event >= 0 && event < (int)(sizeof(names) / sizeof(*names)) ? names[event] : "other",
		 detail >= 0 && detail < count ? details[detail] : "other");
	deliver(opaque, now, domain, "lifecycle", text);
	return 0;
}

static void on_iteration(virConnectPtr connection, virDomainPtr domain, int iteration, void *opaque)
{
	char text[16];
	(void)connection;
	int64_t now = clock_now_ns();
	snprintf(text, sizeof(text), "%d", iteration);
	deliver(opaque, now, domain, "iteration", text);
}

static void on_monitor_event(virConnectPtr connection, virDomainPtr domain, const char *event, long long seconds,
			     unsigned int micros, const char *details, void *opaque)
{
	int64_t head = clock_from_wall_ns(seconds * NS_PER_S + micros * NS_PER_US);
	(void)connection;
	if (strcmp(event, "STOP") == 0)
		deliver(opaque, head, domain, "stop", "");
	else if (strcmp(event, "RESUME") == 0)
		deliver(opaque, head, domain, "resume", "");
	else if (strcmp(event, "MIGRATION") == 0) {
		struct json_object *root = details ? json_tokener_parse(details) : NULL, *status;
		deliver(opaque, head, domain, "migration-status",
			root && json_object_object_get_ex(root, "status", &status) ? json_object_get_string(status)
										   : "");
		json_object_put(root);
	}
}

int events_open(struct events **ret, virConnectPtr connection, const char *node, event_sink sink, void *context,
		struct err *e)
{
	struct events *ev = calloc(1, sizeof(*ev));
	if (!ev)
		return err_errno(e, EXIT_CANNOT, "cannot watch events");
	*ev = (struct events){ .connection = connection, .node = node, .sink = sink, .context = context };
	pthread_mutex_init(&ev->lock, NULL);
	ev->ids[0] = virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
						      VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), ev, NULL);
	ev->ids[1] = virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION,
						      VIR_DOMAIN_EVENT_CALLBACK(on_iteration), ev, NULL);
	ev->ids[2] = virConnectDomainQemuMonitorEventRegister(connection, NULL, NULL, on_monitor_event, ev, NULL, 0);
	for (int i = 0; i < SUBSCRIPTIONS; i++)
		if (ev->ids[i] < 0) {
			hypervisor_error(e, "cannot subscribe to events of node '%s'", node);
			events_close(ev);
			return -1;
		}
	*ret = ev;
	return 0;
}

void events_close(struct events *ev)
{
	if (!ev)
		return;
	pthread_mutex_lock(&ev->lock);
	ev->sink = NULL;
	pthread_mutex_unlock(&ev->lock);
	for (int i = 0; i < SUBSCRIPTIONS; i++)
		if (ev->ids[i] >= 0 && i < 2)
			virConnectDomainEventDeregisterAny(ev->connection, ev->ids[i]);
		else if (ev->ids[i] >= 0)
			virConnectDomainQemuMonitorEventDeregister(ev->connection, ev->ids[i]);
	/* The event thread may still hold ev for an event on its way: a struct this small is left, not freed. */
}

#include "bench/migrate/hypervisor.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <json-c/json.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEEPALIVE_INTERVAL_S = 5, KEEPALIVE_COUNT = 4 };

static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;
static int library_users;
static pthread_t loop_thread;
static atomic_bool loop_ends;
static int loop_timer = -1; /* wakes the loop so that it sees loop_ends */

int err_libvirt(struct err *e, const char *format, ...)
{
	const char *words = virGetLastErrorMessage();
	char text[sizeof(e->text)];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return err_set(e, EXIT_MEASURED_BAD, "%s: %s", text, words ? words : "no reason given");
}

char *libvirt_version_format(unsigned long version, char *buffer, size_t room)
{
	snprintf(buffer, room, "%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
	return buffer;
}

static void error_silent(void *context, virErrorPtr error)
{
	(void)context;
	(void)error;
}

static void loop_wake(int timer, void *context)
{
	(void)context;
	virEventUpdateTimeout(timer, -1);
}

static void *loop_main(void *context)
{
	(void)context;
	while (!loop_ends)
		if (virEventRunDefaultImpl() < 0)
			clock_sleep(NS_PER_MS); /* never seen; do not burn a core if it comes */
	return NULL;
}

/* The event implementation can be registered once in a process's life. */
static int library_initialize(struct err *e)
{
	static bool done;
	if (done)
		return 0;
	if (virInitialize() < 0)
		return err_libvirt(e, "cannot initialise libvirt");
	virSetErrorFunc(NULL, error_silent);
	if (virEventRegisterDefaultImpl() < 0)
		return err_libvirt(e, "cannot set up libvirt's event loop");
	loop_timer = virEventAddTimeout(-1, loop_wake, NULL, NULL);
	if (loop_timer < 0)
		return err_libvirt(e, "cannot set up libvirt's event loop");
	done = true;
	return 0;
}

int hypervisor_library_start(struct err *e)
{
	int ret = 0;
	pthread_mutex_lock(&library_lock);
	if (library_users == 0) {
		ret = library_initialize(e);
		loop_ends = false;
		if (ret == 0 && pthread_create(&loop_thread, NULL, loop_main, NULL) != 0)
			ret = err_set(e, EXIT_CANNOT, "cannot start a thread for libvirt's events");
	}
	if (ret == 0)
		library_users++;
	pthread_mutex_unlock(&library_lock);
	return ret;
}

void hypervisor_library_stop(void)
{
	pthread_mutex_lock(&library_lock);
	if (library_users > 0 && --library_users == 0) {
		loop_ends = true;
		virEventUpdateTimeout(loop_timer, 0);
		pthread_join(loop_thread, NULL);
	}
	pthread_mutex_unlock(&library_lock);
}

/* One attempt to connect, on a thread of its own, since libvirt offers no deadline. */
struct attempt {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int users; /* the last one frees */
	bool done;
	char uri[320];
	virConnectPtr connection;
	char words[512];
};

static void attempt_release(struct attempt *a)
{
	int left = --a->users;
	pthread_mutex_unlock(&a->lock);
	if (left)
		return;
	if (a->connection)
		virConnectClose(a->connection);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static void *attempt_main(void *context)
{
	struct attempt *a = context;
	virConnectPtr connection = virConnectOpen(a->uri);
	pthread_mutex_lock(&a->lock);
	a->connection = connection;
	if (!connection)
		snprintf(a->words, sizeof(a->words), "%s", virGetLastErrorMessage());
	a->done = true;
	pthread_cond_signal(&a->changed);
	attempt_release(a);
	return NULL;
}

/* Connect until the deadline. A thread that is still stuck then frees what it holds when it comes back. */
static virConnectPtr connect_attempt(const char *uri, int64_t deadline_ns, char *words, size_t room)
{
	struct attempt *a = calloc(1, sizeof(*a));
	pthread_condattr_t monotonic;
	pthread_t thread;
	if (!a) {
		snprintf(words, room, "out of memory");
		return NULL;
	}
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&a->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_mutex_init(&a->lock, NULL);
	snprintf(a->uri, sizeof(a->uri), "%s", uri);
	snprintf(a->words, sizeof(a->words), "it accepts connections and does not answer");
	a->users = 2;
	pthread_mutex_lock(&a->lock);
	if (pthread_create(&thread, NULL, attempt_main, a) != 0) {
		snprintf(words, room, "cannot start a thread");
		a->users = 1;
		attempt_release(a);
		return NULL;
	}
	pthread_detach(thread);
	struct timespec until = clock_to_timespec(deadline_ns);
	while (!a->done && pthread_cond_timedwait(&a->changed, &a->lock, &until) == 0)
		;
	virConnectPtr connection = a->connection;
	a->connection = NULL;
	snprintf(words, room, "%s", a->words);
	attempt_release(a);
	return connection;
}

static bool uri_is_local(const char *uri)
{
	/* DRIVER[+TRANSPORT]://[USER@][HOST][:PORT]/PATH: without a host it is this machine. */
	const char *host = strstr(uri, "://");
	return host && host[3] == '/';
}

/* Whether the capabilities offer type='kvm'. */
static bool kvm_offered(virConnectPtr connection)
{
	char *capabilities = virConnectGetDomainCapabilities(connection, NULL, NULL, NULL, "kvm", 0);
	free(capabilities);
	return capabilities != NULL;
}

int hypervisor_open(struct hypervisor **ret, const char *node, const char *uri, int64_t timeout_ns, struct err *e)
{
	int64_t deadline = clock_now_ns() + timeout_ns;
	char words[512] = "";
	struct hypervisor *h = calloc(1, sizeof(*h));
	if (!h)
		return err_set(e, EXIT_CANNOT, "out of memory");
	for (;;) {
		h->connection = connect_attempt(uri, deadline, words, sizeof(words));
		if (h->connection || clock_now_ns() + 20 * NS_PER_MS >= deadline)
			break;
		clock_sleep(20 * NS_PER_MS);
	}
	if (!h->connection) {
		free(h);
		return err_set(e, EXIT_CANNOT, "cannot reach libvirt on node '%s' at '%s': %s", node, uri, words);
	}
	snprintf(h->node, sizeof(h->node), "%s", node);
	snprintf(h->uri, sizeof(h->uri), "%s", uri);
	h->same_clock = uri_is_local(uri);
	if (virConnectGetLibVersion(h->connection, &h->libvirt_version) < 0 ||
	    virConnectGetVersion(h->connection, &h->qemu_version) < 0) {
		err_libvirt(e, "cannot read the versions of libvirt and QEMU on node '%s'", node);
		hypervisor_close(h);
		return -1;
	}
	virConnectSetKeepAlive(h->connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	h->kvm = kvm_offered(h->connection);
	*ret = h;
	return 0;
}

void hypervisor_close(struct hypervisor *h)
{
	if (!h)
		return;
	virConnectClose(h->connection);
	free(h);
}

int hypervisor_facts(const struct hypervisor *h, struct json_object **ret, struct err *e)
{
	virNodeInfo info;
	char text[32];
	char *hostname = virConnectGetHostname(h->connection);
	if (!hostname || virNodeGetInfo(h->connection, &info) < 0) {
		free(hostname);
		return err_libvirt(e, "cannot read facts of node '%s'", h->node);
	}
	struct json_object *facts = json_object_new_object();
	json_object_object_add(facts, "node", json_object_new_string(h->node));
	json_object_object_add(facts, "uri", json_object_new_string(h->uri));
	json_object_object_add(facts, "hostname", json_object_new_string(hostname));
	json_object_object_add(facts, "libvirt",
			       json_object_new_string(libvirt_version_format(h->libvirt_version, text, sizeof(text))));
	json_object_object_add(facts, "qemu",
			       json_object_new_string(libvirt_version_format(h->qemu_version, text, sizeof(text))));
	json_object_object_add(facts, "kvm_offered", json_object_new_boolean(h->kvm));
	json_object_object_add(facts, "cpu", json_object_new_string(info.model));
	json_object_object_add(facts, "cpus", json_object_new_int((int)info.cpus));
	json_object_object_add(facts, "memory_bytes", json_object_new_int64((int64_t)info.memory * 1024));
	free(hostname);
	*ret = facts;
	return 0;
}

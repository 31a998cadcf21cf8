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

enum { KEEPALIVE_INTERVAL_S = 5, KEEPALIVE_COUNT = 3 };

#define OPEN_TIMEOUT_NS (20 * NS_PER_S)
#define RETRY_NS (20 * NS_PER_MS)

static pthread_mutex_t library_lock = PTHREAD_MUTEX_INITIALIZER;
static bool loop_runs;
static pthread_t loop_thread;
static atomic_bool loop_ends;
static int loop_timer = -1; /* wakes the loop so that it sees loop_ends */

int hypervisor_error(struct err *e, const char *format, ...)
{
	const char *words = virGetLastErrorMessage();
	char text[512];
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
		return hypervisor_error(e, "cannot initialise libvirt");
	virSetErrorFunc(NULL, error_silent);
	if (virEventRegisterDefaultImpl() < 0)
		return hypervisor_error(e, "cannot set up libvirt's event loop");
	loop_timer = virEventAddTimeout(-1, loop_wake, NULL, NULL);
	if (loop_timer < 0)
		return hypervisor_error(e, "cannot set up libvirt's event loop");
	done = true;
	return 0;
}

int hypervisor_init(struct err *e)
{
	int ret = 0;
	pthread_mutex_lock(&library_lock);
	if (!loop_runs) {
		ret = library_initialize(e);
		loop_ends = false;
		if (ret == 0 && pthread_create(&loop_thread, NULL, loop_main, NULL) != 0)
			ret = err_set(e, EXIT_CANNOT, "cannot start a thread for libvirt's events");
		loop_runs = ret == 0;
	}
	pthread_mutex_unlock(&library_lock);
	return ret;
}

void hypervisor_end(void)
{
	pthread_mutex_lock(&library_lock);
	if (loop_runs) {
		loop_ends = true;
		virEventUpdateTimeout(loop_timer, 0);
		pthread_join(loop_thread, NULL);
		loop_runs = false;
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
	pthread_t thread;
	if (!a) {
		snprintf(words, room, "out of memory");
		return NULL;
	}
	clock_condition_init(&a->changed);
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
	if (a->done || !words[0]) /* what an attempt before it learnt says more than that time is over */
		snprintf(words, room, "%s", a->words);
	attempt_release(a);
	return connection;
}

int hypervisor_open_within(virConnectPtr *ret, const char *uri, int64_t timeout_ns, struct err *e)
{
	int64_t deadline = clock_now_ns() + timeout_ns;
	char words[512] = "";
	virConnectPtr connection;
	bool again =
		!strstr(uri, "ssh://"); /* a machine that is not ours is not asked to log in fifty times a second */
	while (!(connection = connect_attempt(uri, deadline, words, sizeof(words))) && again &&
	       clock_now_ns() + RETRY_NS < deadline)
		clock_sleep(RETRY_NS);
	if (!connection)
		return err_set(e, EXIT_CANNOT, "cannot reach libvirt at '%s': %s", uri, words);
	virConnectSetKeepAlive(connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	*ret = connection;
	return 0;
}

int hypervisor_open_once(virConnectPtr *ret, const char *uri, struct err *e)
{
	virConnectPtr connection = virConnectOpen(uri);
	if (!connection)
		return err_set(e, EXIT_CANNOT, "cannot reach libvirt at '%s': %s", uri, virGetLastErrorMessage());
	virConnectSetKeepAlive(connection, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT);
	*ret = connection;
	return 0;
}

int hypervisor_open(virConnectPtr *ret, const char *uri, struct err *e)
{
	return hypervisor_open_within(ret, uri, OPEN_TIMEOUT_NS, e);
}

bool hypervisor_uri_is_local(const char *uri)
{
	/* DRIVER[+TRANSPORT]://[USER@][HOST][:PORT]/PATH */
	const char *host = strstr(uri, "://");
	return host && host[3] == '/';
}

bool hypervisor_is_local(virConnectPtr connection)
{
	char *uri = virConnectGetURI(connection);
	bool local = uri && hypervisor_uri_is_local(uri);
	free(uri);
	return local;
}

int hypervisor_versions(virConnectPtr connection, unsigned long *ret_libvirt, unsigned long *ret_qemu, struct err *e)
{
	unsigned long libvirt, qemu;
	if (virConnectGetLibVersion(connection, &libvirt) < 0 || virConnectGetVersion(connection, &qemu) < 0)
		return hypervisor_error(e, "cannot read the versions of libvirt and QEMU");
	*ret_libvirt = libvirt;
	*ret_qemu = qemu;
	return 0;
}

static void add_text(struct json_object *facts, const char *key, char *owned)
{
	if (owned)
		json_object_object_add(facts, key, json_object_new_string(owned));
	free(owned);
}

/* Not virNodeInfo.memory, which on some machines is neither all of it nor the same from one call to the next. */
int hypervisor_memory(virConnectPtr connection, int64_t *ret_total_bytes, int64_t *ret_available_bytes)
{
	int count = 0;
	int64_t total = 0, available = 0;
	if (virNodeGetMemoryStats(connection, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &count, 0) < 0 || count <= 0)
		return -1;
	virNodeMemoryStatsPtr stats = calloc((size_t)count, sizeof(*stats));
	if (stats && virNodeGetMemoryStats(connection, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &count, 0) == 0)
		for (int i = 0; i < count; i++) {
			int64_t bytes = (int64_t)stats[i].value * 1024;
			if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_TOTAL) == 0)
				total = bytes;
			else /* free, buffers, cached */
				available += bytes;
		}
	free(stats);
	if (total <= 0)
		return -1;
	*ret_total_bytes = total;
	*ret_available_bytes = available;
	return 0;
}

struct json_object *hypervisor_facts(virConnectPtr connection)
{
	struct json_object *facts = json_object_new_object();
	unsigned long libvirt = 0, qemu = 0;
	virNodeInfo info;
	char text[32];
	add_text(facts, "uri", virConnectGetURI(connection));
	add_text(facts, "hostname", virConnectGetHostname(connection));
	if (hypervisor_versions(connection, &libvirt, &qemu, NULL) == 0) {
		json_object_object_add(facts, "libvirt",
		                       json_object_new_string(libvirt_version_format(libvirt, text, sizeof(text))));
		json_object_object_add(facts, "qemu",
		                       json_object_new_string(libvirt_version_format(qemu, text, sizeof(text))));
	}
	char *kvm = virConnectGetDomainCapabilities(connection, NULL, NULL, NULL, "kvm", 0);
	json_object_object_add(facts, "kvm_offered", json_object_new_boolean(kvm != NULL));
	free(kvm);
	if (virNodeGetInfo(connection, &info) == 0) {
		json_object_object_add(facts, "cpu", json_object_new_string(info.model));
		json_object_object_add(facts, "cpus", json_object_new_int((int)info.cpus));
	}
	int64_t memory, available;
	if (hypervisor_memory(connection, &memory, &available) == 0)
		json_object_object_add(facts, "memory_bytes", json_object_new_int64(memory));
	return facts;
}

#include "bench/experiment/wait_watching.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/series.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/run_directory.h"
#include "bench/migrate/page_waits.h"
#include "bench/migrate/qmp.h"
#include "bench/testbed/node.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LOOK_NS (10 * NS_PER_MS)

struct wait_watching {
	char vm[64];
	char monitor_path[400]; /* from outside */
	char log_inside[400], log[400];
	pthread_t thread;
	atomic_bool over;
	struct qmp *monitor; /* NULL: not found */
	int traced;
	int64_t since_ns; /* 0: it does not count */
	struct err trouble;
};

static char *log_path(const char *directory, const char *vm, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/%s.waits", directory, vm);
	return buffer;
}

char *wait_watching_monitor(const char *vm, char *buffer, size_t room)
{
	return qmp_path(NODE_QEMU_DIRECTORY, vm, buffer, room);
}

/* The destination's QEMU comes some time after the call, and before anything is sent. */
static void *find(void *opaque)
{
	struct wait_watching *w = opaque;
	while (!atomic_load(&w->over) && qmp_open(&w->monitor, w->monitor_path, &w->trouble) < 0) {
		w->monitor = NULL;
		clock_sleep(LOOK_NS);
	}
	if (w->monitor && page_waits_begin(w->monitor, w->log_inside, &w->traced, &w->trouble) == 0)
		w->since_ns = clock_now_ns();
	return NULL;
}

int wait_watching_begin(struct wait_watching **ret, const struct experiment *x, const struct node *to, const char *vm,
                        struct err *e)
{
	*ret = NULL;
	if (!x->migration.page_waits)
		return 0;
	struct wait_watching *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, EXIT_CANNOT, "no memory to watch waits for pages");
	snprintf(w->vm, sizeof(w->vm), "%s", vm);
	qmp_path(to->qemu_pid_directory, vm, w->monitor_path, sizeof(w->monitor_path));
	log_path(NODE_QEMU_DIRECTORY, vm, w->log_inside, sizeof(w->log_inside));
	log_path(to->qemu_pid_directory, vm, w->log, sizeof(w->log));
	if (pthread_create(&w->thread, NULL, find, w) != 0) {
		free(w);
		return err_set(e, EXIT_CANNOT, "cannot start a thread to watch waits for pages");
	}
	*ret = w;
	return 0;
}

static void row(void *context, int vcpu, uint64_t address, int64_t begin_ns, int64_t wait_ns)
{
	series_row(context, "%" PRId64 ",%d,%" PRIu64 ",%" PRId64, begin_ns, vcpu, address, wait_ns);
}

static int series_write(const struct wait_watching *w, const struct run_directory *directory, struct err *e)
{
	char name[80];
	struct series *s;
	snprintf(name, sizeof(name), "waits-%.60s.csv", w->vm);
	if (series_create(&s, directory->path, name, "head_ns,vcpu,address,wait_ns", e) < 0)
		return -1;
	int result = page_waits_read(w->log, row, s, e);
	return series_close(s, result < 0 ? NULL : e) < 0 ? -1 : result;
}

void wait_watching_end(struct wait_watching *w, bool moved, struct run_directory *directory)
{
	struct json_object *facts = NULL;
	struct err e = { 0 };
	if (!w)
		return;
	atomic_store(&w->over, true);
	pthread_join(w->thread, NULL);
	int result = w->since_ns ? 0 : -1;
	if (result < 0)
		e = w->trouble;
	else if (moved)
		result = page_waits_end(w->monitor, &facts, &e);
	if (result == 0 && moved && w->traced)
		result = series_write(w, directory, &e);
	facts = facts ? facts : json_object_new_object();
	json_object_object_add(facts, "since_ns", json_object_new_int64(w->since_ns));
	json_object_object_add(facts, "traced", json_object_new_boolean(w->traced));
	if (result < 0)
		json_object_object_add(facts, "trouble", json_object_new_string(e.text));
	run_directory_set(directory, "migration.page_waits", facts);
	unlink(w->log);
	qmp_close(w->monitor);
	free(w);
}

#include "bench/experiment/fault.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/testbed/link_tcp.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct fault {
	const struct experiment_fault *asked;
	const struct testbed *testbed;
	const char *vm;
	event_sink sink;
	void *context;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool triggered, over;
	struct err trouble;
};

static void say(struct fault *f, const char *event, const char *detail)
{
	f->sink(f->context, clock_now_ns(), f->vm, "", event, detail);
}

static int device_set(struct fault *f, const char *state)
{
	const struct testbed_link *l = testbed_migration_link(f->testbed);
	const struct process_place place = { .netns = l->netns_path };
	return process_runf(&place, &f->trouble, "ip link set %s %s", l->device, state);
}

static int cut(struct fault *f)
{
	const struct node *nodes = f->testbed->nodes;
	if (device_set(f, "down") < 0)
		return -1;
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		if (link_cut_tcp(nodes[i].netns_path, nodes[i == NODE_SRC ? NODE_DST : NODE_SRC].migration_ip,
		                 &f->trouble) < 0)
			return -1;
	say(f, "link-cut", "");
	return 0;
}

/* The kernel took the routes away with the link, and what was pinned to them. */
static int restore(struct fault *f)
{
	if (device_set(f, "up") < 0)
		return -1;
	for (int i = NODE_SRC; i <= NODE_DST; i++)
		if (testbed_pin_tcp(f->testbed, i, &f->trouble) < 0)
			return -1;
	say(f, "link-restored", "");
	return 0;
}

/* Until the time has passed or all is over; with the lock. Returns whether it is over. */
static bool wait_for(struct fault *f, int64_t duration_ns)
{
	struct timespec until = clock_to_timespec(clock_now_ns() + duration_ns);
	while (!f->over)
		if (pthread_cond_timedwait(&f->changed, &f->lock, &until) != 0)
			break;
	return f->over;
}

static void *fault_main(void *opaque)
{
	struct fault *f = opaque;
	pthread_mutex_lock(&f->lock);
	while (!f->triggered && !f->over)
		pthread_cond_wait(&f->changed, &f->lock);
	if (!wait_for(f, f->asked->cut_after_ns)) {
		pthread_mutex_unlock(&f->lock);
		int result = cut(f);
		pthread_mutex_lock(&f->lock);
		if (result == 0)
			wait_for(f, f->asked->cut_ns);
		pthread_mutex_unlock(&f->lock);
		restore(f);
		pthread_mutex_lock(&f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

static void fault_free(struct fault *f)
{
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

int fault_start(struct fault **ret, const struct experiment *x, const struct testbed *t, event_sink sink,
                void *context, struct err *e)
{
	*ret = NULL;
	if (!x->fault.cut_ns)
		return 0;
	struct fault *f = calloc(1, sizeof(*f));
	if (!f)
		return err_errno(e, EXIT_CANNOT, "cannot ready a fault");
	*f = (struct fault){
		.asked = &x->fault, .testbed = t, .vm = x->migration.vm, .sink = sink, .context = context
	};
	pthread_mutex_init(&f->lock, NULL);
	clock_condition_init(&f->changed);
	errno = pthread_create(&f->thread, NULL, fault_main, f);
	if (errno) {
		fault_free(f);
		return err_errno(e, EXIT_CANNOT, "cannot start a thread for a fault");
	}
	*ret = f;
	return 0;
}

void fault_trigger(struct fault *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->triggered = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

int fault_end(struct fault *f, struct err *e)
{
	int result = 0;
	if (!f)
		return 0;
	pthread_mutex_lock(&f->lock);
	f->over = true;
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	if (f->trouble.status)
		result = err_set(e, f->trouble.status, "cutting the link: %s", f->trouble.text);
	fault_free(f);
	return result;
}

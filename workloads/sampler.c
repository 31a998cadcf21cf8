/* sampler - samples all workloads of a guest on absolute deadlines, in whichever thread comes by. Never waits. */
#include "workloads/agent.h"
#include "workloads/agent_state.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/settings.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define SEND_EVERY_NS (120 * NS_PER_MS)
#define RETRY_NS NS_PER_MS

/* New samples in a datagram, at most: with as many older ones it is full. */
enum { NEW_SAMPLES_MAX = SAMPLES_PER_MESSAGE / 2 };

/* Wake the sampler's thread then; an alarm set before is forgotten. */
static void alarm_set(struct sampler *s, int64_t at_ns)
{
	const struct itimerspec at = { .it_value = { at_ns / NS_PER_S, at_ns % NS_PER_S } };
	timerfd_settime(s->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL);
}

void sampler_wake(struct agent *a)
{
	alarm_set(&a->sampler, 1);
}

static void take(struct agent *a, int i, int64_t deadline_ns, int64_t now_ns)
{
	struct workload *w = &a->workload[i];
	struct sample sample = { .guest_ns = now_ns };
	if (w->ops->sampled)
		w->ops->sampled(w, deadline_ns, now_ns);
	sample.work = atomic_load_explicit(&w->work, memory_order_relaxed);
	sample.worst_op_ns = workload_take_worst(w, now_ns, &sample.worst_service_ns);
	if (!store_append(&a->store[i], sample))
		atomic_fetch_add(&a->slots_missed, 1);
}

static void send_newest(struct agent *a)
{
	uint32_t count = (uint32_t)a->sampler.count;
	for (int i = 0; i < a->count; i++) {
		struct message m = { .type = MESSAGE_SAMPLES };
		uint32_t next = atomic_load(&a->store[i].next), wanted = count < next ? count : next;
		m.samples.workload = (uint8_t)i;
		m.samples.count = (uint8_t)store_read(&a->store[i], next - wanted, (int)wanted, m.samples.sample);
		if (m.samples.count)
			agent_send(a, &m, MSG_DONTWAIT);
	}
	a->sampler.unsent = 0;
}

/* The thread's turn comes when no workload has come by for a while. */
static void alarm_set_next(struct sampler *s)
{
	alarm_set(s, s->slots.next_ns + s->patience_ns);
}

/* Sample at the interval that is asked for now; what was taken before has then been sent. */
static void begin(struct agent *a, int64_t interval_ns)
{
	struct sampler *s = &a->sampler;
	if (s->unsent)
		send_newest(a);
	s->interval_ns = interval_ns;
	if (!interval_ns) {
		atomic_store(&s->sampling.due_ns, INT64_MAX);
		return;
	}
	int64_t each = SEND_EVERY_NS / interval_ns;
	s->send_every = each < 1 ? 1 : each > NEW_SAMPLES_MAX ? NEW_SAMPLES_MAX : (int)each;
	s->count = 2 * s->send_every < SAMPLES_PER_MESSAGE ? 2 * s->send_every + 1 : SAMPLES_PER_MESSAGE;
	s->patience_ns = 0; /* where no workload ever comes by, the thread's turn is at the deadline itself */
	for (int i = 0; i < a->count; i++)
		if (a->workload[i].ops->run)
			s->patience_ns = interval_ns * 3 / 10;
	slots_begin(&s->slots, interval_ns);
	s->beat_ns = s->slots.next_ns;
	atomic_store(&s->sampling.due_ns, s->slots.next_ns);
	alarm_set_next(s);
}

static void turn(struct agent *a, int64_t now_ns)
{
	struct sampler *s = &a->sampler;
	int64_t deadline_ns = slots_enter(&s->slots, now_ns, &a->slots_missed);
	atomic_store_explicit(&s->sampling.due_ns, s->slots.next_ns, memory_order_relaxed);
	for (int i = 0; i < a->count; i++)
		take(a, i, deadline_ns, now_ns);
	if (deadline_ns >= s->beat_ns) {
		heartbeat_send(&a->heartbeat);
		s->beat_ns = deadline_ns + a->settings->heartbeat_ns;
	}
	if (++s->unsent >= s->send_every)
		send_newest(a);
	alarm_set_next(s);
}

static bool is_over(const struct agent *a)
{
	return atomic_load(&a->stop) || atomic_load(&a->interval_ns) != a->sampler.interval_ns;
}

/* A workload came by behind the deadline. When something has changed, the thread is to see to it. */
static void offered(void *context, int64_t now_ns)
{
	struct agent *a = context;
	struct sampler *s = &a->sampler;
	if (atomic_flag_test_and_set_explicit(&s->taken, memory_order_acquire))
		return;
	if (is_over(a))
		sampler_wake(a);
	else if (now_ns >= atomic_load_explicit(&s->sampling.due_ns, memory_order_relaxed))
		turn(a, now_ns);
	atomic_flag_clear_explicit(&s->taken, memory_order_release);
}

int sampler_init(struct agent *a, struct err *e)
{
	a->sampler = (struct sampler){ .sampling = { INT64_MAX, offered, a }, .taken = ATOMIC_FLAG_INIT };
	a->sampler.alarm_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return a->sampler.alarm_fd < 0 ? err_errno(e, EXIT_CANNOT, "timer of the samples") : 0;
}

void sampler_free(struct agent *a)
{
	if (a->sampler.alarm_fd >= 0)
		close(a->sampler.alarm_fd);
}

void *sampler_main(void *argument)
{
	struct agent *a = argument;
	struct sampler *s = &a->sampler;
	uint64_t unused;
	setpriority(PRIO_PROCESS, (id_t)gettid(), -20);
	sampler_wake(a);
	for (bool ended = false; !ended;) {
		if (read(s->alarm_fd, &unused, sizeof(unused)) < 0)
			continue;
		if (atomic_flag_test_and_set_explicit(&s->taken, memory_order_acquire)) {
			alarm_set(s, clock_now_ns() + RETRY_NS);
			continue;
		}
		int64_t now_ns = clock_now_ns();
		ended = atomic_load(&a->stop);
		if (is_over(a))
			begin(a, ended ? 0 : atomic_load(&a->interval_ns));
		else if (s->interval_ns && now_ns >= s->slots.next_ns)
			turn(a, now_ns);
		else if (s->interval_ns)
			alarm_set_next(s);
		atomic_flag_clear_explicit(&s->taken, memory_order_release);
	}
	return NULL;
}

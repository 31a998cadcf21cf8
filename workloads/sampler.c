/* sampler - the thread that samples all workloads of a guest on absolute deadlines. Never waits for anything else. */
#include "workloads/agent.h"
#include "workloads/agent_state.h"

#include "bench/base/clock.h"
#include "workloads/settings.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define SLACK_MAX_NS (4 * NS_PER_MS) /* a tick, where the kernel has 250 a second */
#define SEND_EVERY_NS (50 * NS_PER_MS)

/* New samples in a datagram, at most: with twice as many older ones it is full. */
enum { NEW_SAMPLES_MAX = SAMPLES_PER_MESSAGE / 3 };

static void take(struct agent *a, int i, int64_t deadline_ns)
{
	struct workload *w = &a->workload[i];
	struct sample sample = { .guest_ns = clock_now_ns() };
	if (w->ops->sampled)
		w->ops->sampled(w, deadline_ns, sample.guest_ns);
	sample.work = atomic_load_explicit(&w->work, memory_order_relaxed);
	sample.worst_op_ns = workload_take_worst(w, sample.guest_ns, &sample.worst_service_ns);
	if (!store_append(&a->store[i], sample))
		atomic_fetch_add(&a->slots_missed, 1);
}

static void send_newest(struct agent *a, int count)
{
	for (int i = 0; i < a->count; i++) {
		struct message m = { .type = MESSAGE_SAMPLES };
		uint32_t next = atomic_load(&a->store[i].next);
		uint32_t wanted = (uint32_t)count < next ? (uint32_t)count : next;
		m.samples.workload = (uint8_t)i;
		m.samples.count = (uint8_t)store_read(&a->store[i], next - wanted, (int)wanted, m.samples.sample);
		if (m.samples.count)
			agent_send(a, &m, MSG_DONTWAIT);
	}
}

/* Sample at one interval until it changes or all ends; what is new has then been sent. */
static void sample_at(struct agent *a, int64_t interval_ns)
{
	int64_t each = SEND_EVERY_NS / interval_ns;
	int send_every = each < 1 ? 1 : each > NEW_SAMPLES_MAX ? NEW_SAMPLES_MAX : (int)each, unsent = 0;
	int count = 3 * send_every < SAMPLES_PER_MESSAGE ? 3 * send_every + 1 : SAMPLES_PER_MESSAGE;
	struct slots slots;
	slots_begin(&slots, interval_ns);
	while (!atomic_load(&a->stop) && atomic_load(&a->interval_ns) == interval_ns) {
		int64_t deadline = slots_next(&slots, &a->slots_missed);
		for (int i = 0; i < a->count; i++)
			take(a, i, deadline);
		heartbeat_send(&a->heartbeat);
		if (++unsent < send_every)
			continue;
		send_newest(a, count);
		unsent = 0;
	}
	if (unsent)
		send_newest(a, count);
}

/*
 * It runs before anything else of normal priority. Not with a real-time one, whose timers have no slack: with some, its
 * wake-ups join the kernel's tick, and a guest that computes is interrupted no more often than without it.
 */
static void prefer(int64_t interval_ns)
{
	setpriority(PRIO_PROCESS, (id_t)gettid(), -20);
	prctl(PR_SET_TIMERSLACK, (unsigned long)(interval_ns / 2 < SLACK_MAX_NS ? interval_ns / 2 : SLACK_MAX_NS));
}

void *sampler_main(void *argument)
{
	struct agent *a = argument;
	while (!atomic_load(&a->stop)) {
		int64_t interval_ns = atomic_load(&a->interval_ns);
		if (interval_ns)
			prefer(interval_ns);
		if (interval_ns)
			sample_at(a, interval_ns);
		else
			while (sem_wait(&a->pace) < 0)
				;
	}
	return NULL;
}

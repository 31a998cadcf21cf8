/* sampler - the thread that samples all workloads of a guest on absolute deadlines. Never waits for anything else. */
#include "workloads/agent.h"
#include "workloads/agent_state.h"

#include "bench/base/clock.h"
#include "workloads/settings.h"

#include <string.h>

#define SEND_EVERY_NS (5 * NS_PER_MS)

static void take(struct agent *a, int i, int64_t deadline_ns)
{
	struct workload *w = &a->workload[i];
	struct sample sample = { .guest_ns = clock_now_ns() };
	if (w->ops->sampled)
		w->ops->sampled(w, deadline_ns, sample.guest_ns);
	sample.work = atomic_load_explicit(&w->work, memory_order_relaxed);
	sample.worst_op_ns = workload_take_worst(w, sample.guest_ns);
	if (!store_append(&a->store[i], sample))
		atomic_fetch_add(&a->slots_missed, 1);
}

static void send_newest(struct agent *a, int i, int count)
{
	struct message m = { .type = MESSAGE_SAMPLES };
	uint32_t next = atomic_load(&a->store[i].next);
	uint32_t wanted = (uint32_t)count < next ? (uint32_t)count : next;
	m.samples.workload = (uint8_t)i;
	m.samples.count = (uint8_t)store_read(&a->store[i], next - wanted, (int)wanted, m.samples.sample);
	if (m.samples.count)
		agent_send(a, &m, MSG_DONTWAIT);
}

static void beat(struct agent *a, uint32_t number)
{
	unsigned char bytes[HEARTBEAT_BYTES] = "MMHB";
	int64_t now = clock_now_ns();
	for (int i = 0; i < 4; i++)
		bytes[4 + i] = (unsigned char)(number >> (8 * i));
	for (int i = 0; i < 8; i++)
		bytes[8 + i] = (unsigned char)((uint64_t)now >> (8 * i));
	sendto(a->heart_fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&a->heart, sizeof(a->heart));
}

void *sampler_main(void *argument)
{
	struct agent *a = argument;
	int64_t interval = a->settings->interval_ns;
	struct slots slots;
	uint32_t slot = 0, send_every = interval < SEND_EVERY_NS ? (uint32_t)(SEND_EVERY_NS / interval) : 1;
	int count = 3 * (int)send_every + 1;
	slots_begin(&slots, interval);
	while (!atomic_load(&a->stop)) {
		int64_t deadline = slots_next(&slots, &a->slots_missed);
		for (int i = 0; i < a->count; i++)
			take(a, i, deadline);
		if (a->heart_fd >= 0)
			beat(a, slot);
		if (++slot % send_every == 0)
			for (int i = 0; i < a->count; i++)
				send_newest(a, i, count);
	}
	if (slot % send_every != 0)
		for (int i = 0; i < a->count; i++)
			send_newest(a, i, count);
	return NULL;
}

#include "workloads/agent.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/agent_state.h"
#include "workloads/memory.h"
#include "workloads/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define HELLO_BEFORE_START_NS (50 * NS_PER_MS)
#define HELLO_AFTER_START_NS NS_PER_S
#define RECEIVE_AT_ONCE 256
#define CONTROL_PRIORITY 10
#define STACK_BYTES (256 << 10)

/* Change the state and its text, log it, and have a HELLO sent. FAILED stays. */
static void agent_set(struct agent *a, enum agent_state state, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void agent_set(struct agent *a, enum agent_state state, const char *format, ...)
{
	static const char *const names[] = { "booting", "preparing", "ready", "running", "done", "failed" };
	char line[sizeof(a->detail) + 32] = "";
	va_list args;
	pthread_mutex_lock(&a->lock);
	if (a->state != AGENT_FAILED) {
		bool changed = a->state != state;
		a->state = state;
		va_start(args, format);
		vsnprintf(a->detail, sizeof(a->detail), format, args);
		va_end(args);
		if (changed)
			snprintf(line, sizeof(line), "%s%s%s", names[state], a->detail[0] ? ": " : "", a->detail);
	}
	pthread_mutex_unlock(&a->lock);
	if (line[0]) {
		a->hooks.log(line);
		eventfd_write(a->wake_fd, 1);
	}
}

void agent_fail(struct agent *a, const struct err *e)
{
	agent_set(a, AGENT_FAILED, "%.*s", (int)sizeof(a->detail) - 1, e->text);
}

void agent_send(struct agent *a, struct message *m, int flags)
{
	unsigned char buffer[MESSAGE_ROOM];
	m->run_id = a->settings->run_id;
	m->vm = a->settings->vm;
	size_t length = message_encode(m, buffer);
	/* What is lost here is kept and can be fetched. */
	sendto(a->control_fd, buffer, length, flags, (struct sockaddr *)&a->head, sizeof(a->head));
}

/* What a paced workload could not do, in the text of a running agent. */
static void note_missed(struct agent *a, char *detail, size_t room)
{
	for (int i = 0; i < a->count; i++) {
		int64_t missed = atomic_load(&a->workload[i].slots_missed);
		size_t used = strlen(detail);
		if (missed)
			snprintf(detail + used, room - used, "%s%s dropped %" PRId64 " slots", used ? "; " : "",
			         a->workload[i].ops->name, missed);
	}
}

static void send_hello(struct agent *a)
{
	struct message m = { .type = MESSAGE_HELLO };
	pthread_mutex_lock(&a->lock);
	m.hello.state = a->state;
	memcpy(m.hello.detail, a->detail, sizeof(m.hello.detail));
	pthread_mutex_unlock(&a->lock);
	m.hello.workloads = a->settings->workload_count ? (uint8_t)a->settings->workload_count : 1;
	m.hello.boot_ns = (uint64_t)clock_now_ns();
	m.hello.slots_missed = (uint64_t)atomic_load(&a->slots_missed);
	for (int i = 0; i < WORKLOADS_PER_GUEST; i++) {
		bool runs = m.hello.state >= AGENT_RUNNING && i < a->count;
		m.hello.next_seq[i] = runs ? atomic_load(&a->store[i].next) : 0;
		m.hello.job_done_guest_ns[i] = runs ? atomic_load(&a->workload[i].job_done_ns) : -1;
	}
	if (m.hello.state == AGENT_RUNNING || m.hello.state == AGENT_DONE)
		note_missed(a, m.hello.detail, sizeof(m.hello.detail));
	agent_send(a, &m, 0);
}

static void answer_fetch(struct agent *a, const struct message *request)
{
	struct message m = { .type = MESSAGE_SAMPLES };
	uint32_t first = request->fetch.first;
	int left = request->fetch.count;
	if (request->fetch.workload >= a->settings->workload_count)
		return;
	m.samples.workload = request->fetch.workload;
	m.samples.fetched = 1;
	while (left > 0) {
		int count = store_read(&a->store[m.samples.workload], first,
		                       left < SAMPLES_PER_MESSAGE ? left : SAMPLES_PER_MESSAGE, m.samples.sample);
		if (count == 0)
			return;
		m.samples.count = (uint8_t)count;
		agent_send(a, &m, 0);
		first += (uint32_t)count;
		left -= count;
	}
}

/* Do what a message asks; returns true when the head waits for a HELLO in answer. */
static bool obey(struct agent *a, const struct message *m)
{
	switch (m->type) {
	case MESSAGE_START:
		if (a->state == AGENT_READY && !a->started) {
			a->started = true;
			sem_post(&a->start);
		}
		return true;
	case MESSAGE_STOP:
		if (a->started && !a->stopped) {
			a->stopped = true;
			atomic_store(&a->stop, true);
			sem_post(&a->start);
			sampler_wake(a);
		}
		return true;
	case MESSAGE_PACE:
		atomic_store(&a->interval_ns, m->pace.interval_ns);
		sampler_wake(a);
		return false;
	case MESSAGE_FETCH:
		answer_fetch(a, m);
		return false;
	case MESSAGE_POWEROFF:
		a->hooks.power_off();
		return false;
	default:
		return false;
	}
}

/* Take what came, up to a bound; anything that is not a message of this run is dropped. */
static bool receive(struct agent *a)
{
	unsigned char bytes[MESSAGE_ROOM];
	struct message m;
	bool answer = false;
	for (int i = 0; i < RECEIVE_AT_ONCE; i++) {
		ssize_t length = recv(a->control_fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);
		if (length < 0)
			break;
		if ((size_t)length <= sizeof(bytes) && message_decode(bytes, (size_t)length, &m, NULL) == 0 &&
		    m.run_id == a->settings->run_id && m.vm == a->settings->vm)
			answer |= obey(a, &m);
	}
	return answer;
}

/* Look after the memory of the samples and after workloads that failed. */
static void look_after(struct agent *a)
{
	struct err e = { 0 };
	if (a->state != AGENT_RUNNING)
		return;
	for (int i = 0; i < a->count; i++) {
		if (store_reserve(&a->store[i], &e) < 0)
			agent_fail(a, &e);
		if (atomic_load(&a->workload[i].failed))
			agent_set(a, AGENT_FAILED, "%s", a->workload[i].failure);
	}
}

static void *control_main(void *argument)
{
	struct agent *a = argument;
	struct pollfd fds[] = { { .fd = a->control_fd, .events = POLLIN }, { .fd = a->wake_fd, .events = POLLIN } };
	int64_t hello_ns = clock_now_ns();
	eventfd_t unused;
	while (!atomic_load(&a->silent)) {
		int64_t wait_ns = hello_ns - clock_now_ns();
		poll(fds, 2, wait_ns > 0 ? (int)(wait_ns / NS_PER_MS) + 1 : 0);
		bool answer = receive(a), changed = eventfd_read(a->wake_fd, &unused) == 0;
		look_after(a);
		if (answer || changed || clock_now_ns() >= hello_ns) {
			send_hello(a);
			hello_ns = clock_now_ns() + (a->started ? HELLO_AFTER_START_NS : HELLO_BEFORE_START_NS);
		}
	}
	send_hello(a);
	return NULL;
}

/* A thread of real-time priority, or without it where that is not allowed (0: normal priority). */
static int thread_start(pthread_t *ret, int priority, void *(*main)(void *), void *argument, struct err *e)
{
	struct sched_param parameter = { .sched_priority = priority };
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (priority) {
		pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
		pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
		pthread_attr_setschedparam(&attributes, &parameter);
	}
	int error = pthread_create(ret, &attributes, main, argument);
	if (error == EPERM) {
		pthread_attr_setinheritsched(&attributes, PTHREAD_INHERIT_SCHED);
		error = pthread_create(ret, &attributes, main, argument);
	}
	pthread_attr_destroy(&attributes);
	errno = error;
	return error ? err_errno(e, EXIT_CANNOT, "cannot start a thread") : 0;
}

static int open_sockets(struct agent *a, struct err *e)
{
	const struct guest_settings *s = a->settings;
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(SAMPLE_CONTROL_PORT) };
	a->head = (struct sockaddr_in){ .sin_family = AF_INET,
		                        .sin_port = htons(SAMPLE_WIRE_PORT),
		                        .sin_addr = { htonl(s->head_address) } };
	here.sin_addr.s_addr = htonl(s->management.address);
	a->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	a->control_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (a->wake_fd < 0 || a->control_fd < 0 || bind(a->control_fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot listen on UDP port %d", SAMPLE_CONTROL_PORT);
	int opened = s->head_data_address ? heartbeat_open(&a->heartbeat, s->head_data_address, e) : 0;
	if (opened > 0)
		a->hooks.log("no way to the head's data address");
	return opened < 0 ? -1 : 0;
}

static void agent_free(struct agent *a)
{
	int fds[] = { a->wake_fd, a->control_fd };
	heartbeat_close(&a->heartbeat);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (int i = 0; i < a->count; i++) {
		workload_end(&a->workload[i]);
		store_free(&a->store[i]);
	}
	sampler_free(a);
	pthread_mutex_destroy(&a->lock);
	sem_destroy(&a->start);
	free(a);
}

int agent_start(struct agent **ret, const struct guest_settings *settings, const struct agent_hooks *hooks,
                struct err *e)
{
	struct agent *a = calloc(1, sizeof(*a));
	if (!a)
		return err_errno(e, EXIT_CANNOT, "agent");
	a->settings = settings;
	a->hooks = *hooks;
	a->wake_fd = a->control_fd = -1;
	heartbeat_init(&a->heartbeat);
	pthread_mutex_init(&a->lock, NULL);
	sem_init(&a->start, 0, 0);
	atomic_store(&a->interval_ns, settings->interval_ns);
	if (sampler_init(a, e) < 0 || open_sockets(a, e) < 0 ||
	    thread_start(&a->control, CONTROL_PRIORITY, control_main, a, e) < 0) {
		agent_free(a);
		return -1;
	}
	*ret = a;
	return 0;
}

static void fill_progress(void *argument, int64_t filled_bytes, int64_t goal_bytes)
{
	agent_set(argument, AGENT_PREPARING, "filling memory: %" PRId64 " of %" PRId64 " MiB", filled_bytes >> 20,
	          goal_bytes >> 20);
}

static int prepare(struct agent *a, struct err *e)
{
	const struct guest_settings *s = a->settings;
	int64_t filled_bytes = 0;
	agent_set(a, AGENT_PREPARING, "%s", "");
	if (s->fill_random && memory_fill(s->empty_bytes, fill_progress, a, &filled_bytes, e) < 0)
		return -1;
	for (int i = 0; i < s->workload_count; i++) {
		agent_set(a, AGENT_PREPARING, "preparing %s", s->workload[i]->name);
		if (workload_init(&a->workload[i], s->workload[i], s->options[i], e) < 0)
			return -1;
		a->workload[i].sampling = &a->sampler.sampling;
		a->count = i + 1;
		if (store_reserve(&a->store[i], e) < 0)
			return -1;
	}
	agent_set(a, AGENT_READY, "memory filled: %" PRId64 " MiB", filled_bytes >> 20);
	return 0;
}

static void *workload_main(void *argument)
{
	struct workload *w = argument;
	w->ops->run(w);
	return NULL;
}

static int run(struct agent *a, struct err *e)
{
	pthread_t sampler, thread[WORKLOADS_PER_GUEST];
	int started = 0, result = thread_start(&sampler, 0, sampler_main, a, e);
	if (result < 0)
		return -1;
	for (; started < a->count && result == 0; started++)
		if (a->workload[started].ops->run)
			result = thread_start(&thread[started], 0, workload_main, &a->workload[started], e);
	if (result == 0) {
		agent_set(a, AGENT_RUNNING, "%s", "");
		while (sem_wait(&a->start) < 0)
			;
	} else {
		started--;
	}
	for (int i = 0; i < started; i++)
		atomic_store(&a->workload[i].stop, true);
	for (int i = 0; i < started; i++)
		if (a->workload[i].ops->run)
			pthread_join(thread[i], NULL);
	atomic_store(&a->stop, true);
	sampler_wake(a);
	pthread_join(sampler, NULL);
	return result;
}

int agent_work(struct agent *a, struct err *e)
{
	int result = prepare(a, e);
	if (result == 0) {
		while (sem_wait(&a->start) < 0)
			;
		result = run(a, e);
	}
	if (result < 0)
		agent_fail(a, e);
	else
		agent_set(a, AGENT_DONE, "%s", "");
	return result;
}

void agent_serve(struct agent *a)
{
	pthread_join(a->control, NULL);
	abort(); /* the control thread ends for agent_end() only */
}

void agent_end(struct agent *a)
{
	atomic_store(&a->silent, true);
	eventfd_write(a->wake_fd, 1);
	pthread_join(a->control, NULL);
	agent_free(a);
}

/* samples_control.c - commands to the agents, waiting for their answers, and the facts at the end. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "collectors/samples_state.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
	COMMANDS_AT_LEAST = 3,                    /* an agent may be done by itself: it is told all the same */
	FETCH_SAMPLES = 10 * SAMPLES_PER_MESSAGE, /* asked for with one FETCH */
	FETCHES_PER_ROUND = 8,                    /* per workload, so that the answers fit the receive buffer */
};

#define ROUND_QUIET_NS (60 * NS_PER_MS) /* a round of FETCH is over when nothing came for so long */

static const char *const state_names[] = {
	[AGENT_BOOTING] = "booting", [AGENT_PREPARING] = "preparing", [AGENT_READY] = "ready",
	[AGENT_RUNNING] = "running", [AGENT_DONE] = "done",           [AGENT_FAILED] = "failed",
};

void samples_send(struct samples *s, const struct vm_samples *v, struct message *m)
{
	unsigned char bytes[MESSAGE_ROOM];
	struct sockaddr_in there = { .sin_family = AF_INET,
		                     .sin_port = htons(SAMPLE_CONTROL_PORT),
		                     .sin_addr = v->address };
	m->run_id = s->watch->run_id;
	m->vm = (uint16_t)v->vm->index;
	size_t length = message_encode(m, bytes);
	if (sendto(s->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&there, sizeof(there)) < 0)
		s->send_failures++;
}

static int wants_command(const struct samples *s, const struct vm_samples *v)
{
	const struct samples_agent *a = &v->agent;
	switch (s->command) {
	case MESSAGE_START:
		return a->heard && a->state == AGENT_READY;
	case MESSAGE_STOP:
		return a->heard && a->state != AGENT_FAILED &&
		       (a->state != AGENT_DONE || v->commands_sent < COMMANDS_AT_LEAST);
	case MESSAGE_POWEROFF:
	case MESSAGE_PACE:
		return v->commands_sent < COMMANDS_AT_LEAST;
	default:
		return 0;
	}
}

void samples_repeat_command(struct samples *s)
{
	for (int i = 0; s->command && i < s->watch->vm_count; i++) {
		struct vm_samples *v = &s->vms[i];
		struct message m = { .type = s->command };
		if (!wants_command(s, v))
			continue;
		if (m.type == MESSAGE_PACE)
			m.pace.interval_ns = s->pace_ns;
		samples_send(s, v, &m);
		v->commands_sent++;
	}
}

static void command(struct samples *s, enum message_type type)
{
	pthread_mutex_lock(&s->lock);
	s->command = type;
	for (int i = 0; i < s->watch->vm_count; i++)
		s->vms[i].commands_sent = 0;
	samples_repeat_command(s);
	pthread_mutex_unlock(&s->lock);
}

void samples_start_agents(struct samples *s)
{
	command(s, MESSAGE_START);
}

void samples_stop_agents(struct samples *s)
{
	command(s, MESSAGE_STOP);
}

void samples_power_off(struct samples *s)
{
	command(s, MESSAGE_POWEROFF);
}

void samples_pace(struct samples *s, int64_t interval_ns)
{
	pthread_mutex_lock(&s->lock);
	s->pace_ns = interval_ns;
	pthread_mutex_unlock(&s->lock);
	command(s, MESSAGE_PACE);
}

void samples_interrupt(struct samples *s)
{
	pthread_mutex_lock(&s->lock);
	s->interrupted = 1;
	pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
}

void samples_agent_state(struct samples *s, int vm, struct samples_agent *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->vms[vm].agent;
	ret->age_ns = clock_now_ns() - s->vms[vm].hello_ns;
	pthread_mutex_unlock(&s->lock);
}

void samples_last_work(struct samples *s, int vm, int workload, struct samples_progress *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->vms[vm].workload[workload].last;
	pthread_mutex_unlock(&s->lock);
}

static int describe_late(const struct vm_samples *v, enum agent_state state, struct err *e)
{
	const struct samples_agent *a = &v->agent;
	const char *wanted = state_names[state];
	if (!a->heard)
		return err_set(e, EXIT_MEASURED_BAD,
		               "the guest of VM '%s' did not answer in time (waiting for '%s'): see its console log",
		               v->vm->name, wanted);
	return err_set(e, EXIT_MEASURED_BAD,
	               "the guest of VM '%s' did not become '%s' in time: last heard %.1f s ago, state '%s'%s%s",
	               v->vm->name, wanted, (double)(clock_now_ns() - v->hello_ns) / NS_PER_S, state_names[a->state],
	               a->detail[0] ? ", " : "", a->detail);
}

int samples_wait_state(struct samples *s, int vm, enum agent_state state, int64_t deadline_ns, struct err *e)
{
	int first = vm == SAMPLES_ALL_VMS ? 0 : vm;
	int end = vm == SAMPLES_ALL_VMS ? s->watch->vm_count : vm + 1;
	const struct timespec until = clock_to_timespec(deadline_ns);
	int result = 0;
	pthread_mutex_lock(&s->lock);
	for (int i = first; i < end && result == 0;) {
		const struct vm_samples *v = &s->vms[i];
		if (s->interrupted)
			result = err_set(e, EXIT_INTERRUPTED, "interrupted while waiting for the guest of VM '%s'",
			                 v->vm->name);
		else if (v->agent.heard && v->agent.state == AGENT_FAILED && state != AGENT_FAILED)
			result = err_set(e, EXIT_MEASURED_BAD, "the guest of VM '%s' failed: %s", v->vm->name,
			                 v->agent.detail);
		else if (v->agent.heard && v->agent.state >= state)
			i++;
		else if (clock_now_ns() >= deadline_ns)
			result = describe_late(v, state, e);
		else
			pthread_cond_timedwait(&s->change, &s->lock, &until);
	}
	pthread_mutex_unlock(&s->lock);
	return result;
}

uint32_t samples_expected(const struct vm_samples *v, int workload)
{
	/* The guest's word is bounded like all else it sends. */
	uint32_t said = v->agent.next_seq[workload] < SEEN_LIMIT ? v->agent.next_seq[workload] : SEEN_LIMIT;
	uint32_t end = v->workload[workload].seen.end;
	return said > end ? said : end;
}

/* Ask for the first gaps of a workload; returns how many samples it misses. */
static int64_t fetch_workload(struct samples *s, struct vm_samples *v, int workload)
{
	const struct seen *seen = &v->workload[workload].seen;
	uint32_t end = samples_expected(v, workload), from = 0;
	for (int i = 0; i < FETCHES_PER_ROUND; i++) {
		struct message m = { .type = MESSAGE_FETCH };
		uint32_t count = seen_gap(seen, from, end, FETCH_SAMPLES, &from);
		if (count == 0)
			break;
		m.fetch.workload = (uint8_t)workload;
		m.fetch.first = from;
		m.fetch.count = (uint16_t)count;
		samples_send(s, v, &m);
		from += count;
	}
	return (int64_t)end - seen->count;
}

static int64_t describe_missing(const struct samples *s, int64_t missing, struct err *e)
{
	for (int i = 0; i < s->watch->vm_count; i++) {
		const struct vm_samples *v = &s->vms[i];
		for (int w = 0; w < v->workload_count; w++) {
			uint32_t expected = samples_expected(v, w);
			if (v->workload[w].seen.count == expected)
				continue;
			err_set(e, EXIT_MEASURED_BAD,
			        "%" PRIu32 " of %" PRIu32
			        " samples of '%s' in VM '%s' did not come; the guest was heard "
			        "%.1f s ago",
			        expected - v->workload[w].seen.count, expected, v->vm->workloads[w], v->vm->name,
			        (double)(clock_now_ns() - v->hello_ns) / NS_PER_S);
			return missing;
		}
	}
	return missing;
}

int64_t samples_fetch_missing(struct samples *s, int64_t deadline_ns, struct err *e)
{
	int64_t missing;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		missing = 0;
		for (int i = 0; i < s->watch->vm_count; i++)
			for (int w = 0; w < s->vms[i].workload_count; w++)
				missing += fetch_workload(s, &s->vms[i], w);
		if (missing == 0 || s->interrupted || clock_now_ns() >= deadline_ns)
			break;
		int64_t asked_at = s->fetched, came = -1;
		while (came != s->fetched && s->fetched - asked_at < missing && !s->interrupted) {
			came = s->fetched;
			int64_t quiet_end = clock_now_ns() + ROUND_QUIET_NS;
			struct timespec until = clock_to_timespec(quiet_end < deadline_ns ? quiet_end : deadline_ns);
			while (came == s->fetched && !s->interrupted &&
			       pthread_cond_timedwait(&s->change, &s->lock, &until) == 0)
				;
		}
	}
	if (s->interrupted)
		missing = err_set(e, EXIT_INTERRUPTED, "interrupted while fetching missing samples");
	else if (missing)
		missing = describe_missing(s, missing, e);
	pthread_mutex_unlock(&s->lock);
	return missing;
}

static struct json_object *vm_facts(const struct vm_samples *v, struct json_object *jobs, int64_t *missing)
{
	struct json_object *fact = json_object_new_object(), *workloads = json_object_new_array();
	fact_text(fact, "vm", v->vm->name);
	fact_text(fact, "state", v->agent.heard ? state_names[v->agent.state] : "never heard");
	fact_text(fact, "detail", v->agent.detail);
	if (v->agent.heard) {
		fact_number(fact, "first_hello_head_ns", v->agent.first_hello_ns);
		fact_number(fact, "last_hello_head_ns", v->hello_ns);
		fact_number(fact, "slots_missed", (int64_t)v->agent.slots_missed);
	}
	fact_number(fact, "guest_restarts", v->guest_restarts);
	for (int w = 0; w < v->workload_count; w++) {
		const struct workload_samples *got = &v->workload[w];
		struct json_object *one = json_object_new_object();
		int64_t lacking = (int64_t)samples_expected(v, w) - got->seen.count;
		fact_text(one, "workload", v->vm->workloads[w]);
		fact_number(one, "samples", got->seen.count);
		fact_number(one, "fetched_samples", got->fetched);
		fact_number(one, "missing_samples", lacking);
		json_object_array_add(workloads, one);
		*missing += lacking;
		if (!v->agent.heard || w >= v->agent.workloads || v->agent.job_done_guest_ns[w] < 0)
			continue;
		struct json_object *job = json_object_new_object();
		fact_text(job, "vm", v->vm->name);
		fact_text(job, "workload", v->vm->workloads[w]);
		fact_number(job, "done_guest_ns", v->agent.job_done_guest_ns[w]);
		json_object_array_add(jobs, job);
	}
	json_object_object_add(fact, "workloads", workloads);
	return fact;
}

void samples_facts(const struct samples *s, struct json_object *facts)
{
	struct json_object *dropped = json_object_new_object(), *vms = json_object_new_array();
	struct json_object *jobs = json_object_new_array();
	int64_t missing = 0;
	for (size_t i = 0; i < sizeof(s->drops) / sizeof(s->drops[0]) && s->drops[i].reason; i++)
		fact_number(dropped, s->drops[i].reason, s->drops[i].count);
	for (int i = 0; i < s->watch->vm_count; i++)
		json_object_array_add(vms, vm_facts(&s->vms[i], jobs, &missing));
	fact_number(facts, "datagrams", s->datagrams);
	fact_number(facts, "samples", s->samples);
	fact_number(facts, "duplicates", s->duplicates);
	fact_number(facts, "fetched_samples", s->fetched);
	fact_number(facts, "missing_samples", missing);
	fact_number(facts, "send_failures", s->send_failures);
	fact_number(facts, "receive_buffer_bytes", s->receive_buffer_bytes);
	json_object_object_add(facts, "dropped", dropped);
	json_object_object_add(facts, "vms", vms);
	json_object_object_add(facts, "jobs", jobs);
}

/*
 * samples.c - receives what the guests' agents send and keeps every sample once.
 *
 * Writes samples-VM.csv (workload,seq,guest_ns,head_ns,work,worst_op_ns,worst_service_ns) in the order of arrival; head_ns is the
 * kernel's stamp of the datagram that brought the sample first, `missing` where only FETCH brought it.
 *
 * Every datagram is hostile until checked: length, sender's address, codec, run id, VM, workload, and a sequence
 * number that cannot be ahead of the time that has passed. What is dropped is counted by reason. Memory is bounded:
 * the bitmap of a workload grows with time, not with what a datagram claims.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/series.h"
#include "collectors/samples_state.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BATCH = 256,
	RECEIVE_BUFFER_BYTES = 64 * 1024 * 1024, /* over a second of 2 x 10^4 datagrams/s */
	SLACK_SAMPLES = 1000,                    /* how far seq may be ahead of the time that has passed */
};

/* The kernel stamps arrivals, so the thread may sleep between batches: at most 500 wake-ups a second at any rate. */
#define NAP_NS (2 * NS_PER_MS)

struct inbox {
	struct mmsghdr header[BATCH];
	struct iovec piece[BATCH];
	struct sockaddr_in sender[BATCH];
	unsigned char bytes[BATCH][MESSAGE_ROOM];
	_Alignas(struct cmsghdr) unsigned char control[BATCH][CMSG_SPACE(sizeof(struct timespec))];
};

static void drop(struct samples *s, const char *reason)
{
	size_t last = sizeof(s->drops) / sizeof(s->drops[0]) - 1, i = 0;
	while (i < last && s->drops[i].reason && strcmp(s->drops[i].reason, reason) != 0)
		i++;
	if (!s->drops[i].reason)
		s->drops[i].reason = i < last ? reason : "other";
	s->drops[i].count++;
}

static int compare_address(const void *a, const void *b)
{
	const struct vm_samples *const *x = a, *const *y = b;
	uint32_t p = ntohl((*x)->address.s_addr), q = ntohl((*y)->address.s_addr);
	return (p > q) - (p < q);
}

static struct vm_samples *find_sender(const struct samples *s, struct in_addr address)
{
	struct vm_samples key = { .address = address }, *wanted = &key;
	struct vm_samples **found =
		bsearch(&wanted, s->by_address, (size_t)s->watch->vm_count, sizeof(*s->by_address), compare_address);
	return found ? *found : NULL;
}

static void take_hello(struct vm_samples *v, const struct message *m, int64_t arrival_ns)
{
	struct samples_agent *a = &v->agent;
	if (a->heard && m->hello.boot_ns < v->boot_ns)
		v->guest_restarts++;
	if (!a->heard)
		a->first_hello_ns = arrival_ns;
	a->heard = 1;
	a->state = m->hello.state;
	a->workloads = m->hello.workloads;
	a->slots_missed = m->hello.slots_missed;
	memcpy(a->next_seq, m->hello.next_seq, sizeof(a->next_seq));
	memcpy(a->job_done_guest_ns, m->hello.job_done_guest_ns, sizeof(a->job_done_guest_ns));
	snprintf(a->detail, sizeof(a->detail), "%s", m->hello.detail);
	v->boot_ns = m->hello.boot_ns;
	v->hello_ns = arrival_ns;
}

static void take_samples(struct samples *s, struct vm_samples *v, const struct message *m, int64_t arrival_ns)
{
	struct workload_samples *w = &v->workload[m->samples.workload];
	int64_t elapsed = arrival_ns - s->start_ns;
	int64_t most = (elapsed + elapsed / 8) / s->watch->sample_interval_ns + SLACK_SAMPLES;
	uint32_t limit = most < 0 ? 0 : most < SEEN_LIMIT ? (uint32_t)most : SEEN_LIMIT;
	char head_ns[24] = "missing";
	if (!m->samples.fetched)
		snprintf(head_ns, sizeof(head_ns), "%" PRId64, arrival_ns);

	for (int i = 0; i < m->samples.count; i++) {
		const struct sample *sample = &m->samples.sample[i];
		int fresh = seen_add(&w->seen, sample->seq, limit);
		if (fresh < 0)
			drop(s, "seq ahead of time");
		else if (fresh == 0)
			s->duplicates++;
		if (fresh <= 0)
			continue;
		s->samples++;
		s->fetched += m->samples.fetched;
		w->fetched += m->samples.fetched;
		series_row(v->series, "%s,%" PRIu32 ",%" PRId64 ",%s,%" PRId64 ",%" PRId64 ",%" PRId64,
		           v->vm->workloads[m->samples.workload], sample->seq, sample->guest_ns, head_ns,
		           sample->work, sample->worst_op_ns, sample->worst_service_ns);
		w->last.samples = w->seen.count;
		if (w->seen.count > 1 && sample->seq < w->last.seq)
			continue;
		w->last.seq = sample->seq;
		w->last.work = sample->work;
		w->last.guest_ns = sample->guest_ns;
		w->last.head_ns = m->samples.fetched ? INT64_MIN : arrival_ns;
	}
}

/* Returns 1 when somebody may be waiting for what came. */
static int take_datagram(struct samples *s, const unsigned char *bytes, size_t length, int cut,
                         const struct sockaddr_in *sender, int64_t arrival_ns)
{
	struct message m;
	const char *reason = "malformed";
	struct vm_samples *v = find_sender(s, sender->sin_addr);
	s->datagrams++;
	if (!v)
		drop(s, "unknown sender");
	else if (cut)
		drop(s, "too long");
	else if (message_decode(bytes, length, &m, &reason) < 0)
		drop(s, reason);
	else if (m.run_id != s->watch->run_id)
		drop(s, "wrong run id");
	else if (m.vm != v->vm->index)
		drop(s, "vm of another address");
	else if (m.type == MESSAGE_HELLO) {
		take_hello(v, &m, arrival_ns);
		return 1;
	} else if (m.type != MESSAGE_SAMPLES)
		drop(s, "not for the head");
	else if (m.samples.workload >= v->workload_count)
		drop(s, "unknown workload");
	else {
		take_samples(s, v, &m, arrival_ns);
		return m.samples.fetched;
	}
	return 0;
}

/* The kernel's stamp mapped to head time; a datagram without one (the clock was just switched on) arrived now. */
static int64_t arrival_of(struct msghdr *h, int64_t wall_offset_ns)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct timespec t;
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&t, CMSG_DATA(c), sizeof(t));
		return t.tv_sec * NS_PER_S + t.tv_nsec + wall_offset_ns;
	}
	return clock_now_ns();
}

/* Take one batch; returns how many datagrams it had. */
static int receive_batch(struct samples *s, struct inbox *in)
{
	for (int i = 0; i < BATCH; i++) {
		in->piece[i] = (struct iovec){ in->bytes[i], MESSAGE_ROOM };
		in->header[i].msg_hdr = (struct msghdr){ .msg_name = &in->sender[i],
			                                 .msg_namelen = sizeof(in->sender[i]),
			                                 .msg_iov = &in->piece[i],
			                                 .msg_iovlen = 1,
			                                 .msg_control = in->control[i],
			                                 .msg_controllen = sizeof(in->control[i]) };
	}
	int count = recvmmsg(s->fd, in->header, BATCH, MSG_DONTWAIT, NULL);
	if (count <= 0)
		return 0;
	int64_t offset = clock_wall_offset_ns();
	int news = 0;
	pthread_mutex_lock(&s->lock);
	for (int i = 0; i < count; i++)
		news |= take_datagram(s, in->bytes[i], in->header[i].msg_len,
		                      in->header[i].msg_hdr.msg_flags & MSG_TRUNC, &in->sender[i],
		                      arrival_of(&in->header[i].msg_hdr, offset));
	if (news)
		pthread_cond_broadcast(&s->change);
	pthread_mutex_unlock(&s->lock);
	return count;
}

static void *receive_main(void *argument)
{
	struct samples *s = argument;
	struct inbox *in = calloc(1, sizeof(*in));
	int64_t repeat_ns = clock_now_ns();
	while (in) {
		struct pollfd p[2] = { { .fd = s->fd, .events = POLLIN },
			               { .fd = s->worker.stop_fd, .events = POLLIN } };
		int64_t wait_ns = repeat_ns - clock_now_ns();
		poll(p, 2, wait_ns > 0 ? (int)(wait_ns / NS_PER_MS) + 1 : 0);
		/* A flood of small datagrams must not hold off the commands nor the end. */
		for (int i = 0; i < 16 && receive_batch(s, in) == BATCH; i++)
			;
		if (clock_now_ns() >= repeat_ns) {
			pthread_mutex_lock(&s->lock);
			samples_repeat_command(s);
			pthread_mutex_unlock(&s->lock);
			repeat_ns = worker_next_tick(repeat_ns, CONTROL_INTERVAL_NS);
		}
		if (p[1].revents)
			break;
		clock_sleep(NAP_NS);
	}
	/* What had arrived before the end still counts. */
	for (int i = 0; in && i < 1024 && receive_batch(s, in) > 0; i++)
		;
	free(in);
	return NULL;
}

static int open_socket(struct samples *s, struct err *e)
{
	const char *ip = s->watch->management_ip;
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(SAMPLE_WIRE_PORT) };
	if (!ip || inet_pton(AF_INET, ip, &here.sin_addr) != 1)
		return err_set(e, EXIT_USAGE, "bad management address '%s' of the head", ip ? ip : "");
	s->fd = netns_socket(s->watch->head_netns, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0, e);
	if (s->fd < 0)
		return -1;
	int room = RECEIVE_BUFFER_BYTES, on = 1;
	socklen_t size = sizeof(s->receive_buffer_bytes);
	if (setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	getsockopt(s->fd, SOL_SOCKET, SO_RCVBUF, &s->receive_buffer_bytes, &size);
	if (setsockopt(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot have arrival stamps on UDP port %d", SAMPLE_WIRE_PORT);
	if (bind(s->fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot listen on '%s' UDP port %d", ip, SAMPLE_WIRE_PORT);
	return 0;
}

static int open_vms(struct samples *s, struct err *e)
{
	const struct watch *watch = s->watch;
	s->vms = calloc((size_t)watch->vm_count + 1, sizeof(*s->vms));
	s->by_address = calloc((size_t)watch->vm_count + 1, sizeof(*s->by_address));
	if (!s->vms || !s->by_address)
		return err_errno(e, EXIT_CANNOT, "cannot keep samples of %d VMs", watch->vm_count);
	for (int i = 0; i < watch->vm_count; i++) {
		struct vm_samples *v = &s->vms[i];
		char name[256];
		v->vm = &watch->vms[i];
		s->by_address[i] = v;
		while (v->workload_count < WORKLOADS_PER_GUEST && v->vm->workloads[v->workload_count])
			v->workload_count++;
		if (!v->vm->management_ip || inet_pton(AF_INET, v->vm->management_ip, &v->address) != 1)
			return err_set(e, EXIT_USAGE, "bad management address '%s' of VM '%s'",
			               v->vm->management_ip ? v->vm->management_ip : "", v->vm->name);
		snprintf(name, sizeof(name), "samples-%s.csv", v->vm->name);
		if (series_create(&v->series, watch->directory, name,
		                  "workload,seq,guest_ns,head_ns,work,worst_op_ns,worst_service_ns", e) < 0)
			return -1;
	}
	qsort(s->by_address, (size_t)watch->vm_count, sizeof(*s->by_address), compare_address);
	for (int i = 1; i < watch->vm_count; i++)
		if (s->by_address[i - 1]->address.s_addr == s->by_address[i]->address.s_addr)
			return err_set(e, EXIT_USAGE, "VMs '%s' and '%s' have one management address '%s'",
			               s->by_address[i - 1]->vm->name, s->by_address[i]->vm->name,
			               s->by_address[i]->vm->management_ip);
	return 0;
}

static int samples_free(struct samples *s, struct err *e)
{
	int result = 0;
	for (int i = 0; s->vms && i < s->watch->vm_count; i++) {
		for (int w = 0; w < WORKLOADS_PER_GUEST; w++)
			seen_free(&s->vms[i].workload[w].seen);
		/* The first failure is the one that is told. */
		result |= series_close(s->vms[i].series, result ? NULL : e);
	}
	if (s->fd >= 0)
		close(s->fd);
	pthread_cond_destroy(&s->change);
	pthread_mutex_destroy(&s->lock);
	free(s->by_address);
	free(s->vms);
	free(s);
	return result;
}

static int samples_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct samples *s = calloc(1, sizeof(*s));
	if (!s)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'samples'");
	clock_condition_init(&s->change);
	pthread_mutex_init(&s->lock, NULL);
	s->watch = watch;
	s->fd = -1;
	s->start_ns = clock_now_ns();
	if (watch->sample_interval_ns <= 0) {
		err_set(e, EXIT_USAGE, "sample interval must be above 0");
		goto fail;
	}
	if (open_vms(s, e) < 0 || open_socket(s, e) < 0 ||
	    worker_start(&s->worker, "mm-samples", receive_main, s, e) < 0)
		goto fail;
	*ret_state = s;
	return 0;
fail:
	samples_free(s, NULL);
	return -1;
}

static int samples_stop(void *state, struct json_object *facts, struct err *e)
{
	struct samples *s = state;
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(memory);
	if (worker_stop(&s->worker, 10 * NS_PER_S) < 0)
		return err_set(e, EXIT_MEASURED_BAD, "collector 'samples' does not end");
	if (getsockopt(s->fd, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0)
		fact_number(facts, "kernel_drops", memory[SK_MEMINFO_DROPS]);
	samples_facts(s, facts);
	return samples_free(s, e);
}

const struct collector_ops samples_collector = {
	.name = "samples",
	.files = "samples-VM.csv",
	.help = "work done in the guests, as their agents send it",
	.start = samples_start,
	.stop = samples_stop,
};

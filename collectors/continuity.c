#include "collectors/continuity.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/series.h"
#include "bench/base/stream_end.h"
#include "collectors/collector.h"
#include "collectors/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#define HEADER                                                                                                        \
	"head_ns,stream,sent,received,next,reordered,duplicates,longest_silence_ns,oldest_news_ns,guest_received,"    \
	"guest_next,guest_reordered,guest_duplicates,guest_hole_ns,guest_hole_from_ns,retransmits,guest_retransmits," \
	"alive,guest_silence_ns,guest_silence_from_ns,guest_epoch,last_ns"

enum { UDP, TCP, STREAMS };

struct stream {
	struct stream_end end;
	uint32_t sent;               /* when the latest record came */
	struct stream_receipt here;  /* received by then, that one included */
	struct stream_receipt guest; /* as the guest last said */
	uint32_t guest_retransmits, retransmits;
	int64_t last_ns; /* arrival of the latest record; INT64_MIN: none came */
	int64_t bin;     /* being filled */
	bool filled;
	int64_t silence_ns, silence_end_ns, news_ns; /* of this bin; -1: none */
};

struct conversation {
	const struct watched_vm *vm;
	struct sockaddr_in to;
	struct series *series;
	struct stream streams[STREAMS];
	int64_t next_ns; /* slot */
	uint32_t slot;
	int64_t slots_missed;
	bool begun;
};

struct continuity {
	const struct watch *watch;
	struct worker worker;
	_Atomic bool begin, end;
	_Atomic int phase;
	struct conversation *conversations;
	struct pollfd *fds;
	int count;
};

/* ---- rows ---- */

static char *or_missing(int64_t value, bool known, char buffer[24])
{
	snprintf(buffer, 24, "%" PRId64, value);
	return known ? buffer : strcpy(buffer, "missing");
}

static void row_write(struct conversation *c, int which, int64_t head_ns, int64_t silence_ns)
{
	const struct stream *s = &c->streams[which];
	const struct stream_receipt *here = &s->here, *there = &s->guest;
	char silence[24], news[24], again[24], guest_again[24], alive[24], last[24];
	series_row(c->series,
	           "%" PRId64 ",%s,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%s,%s,%" PRIu32
	           ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRId64 ",%" PRId64 ",%s,%s,%s,%" PRId64 ",%" PRId64
	           ",%u,%s",
	           head_ns, which == UDP ? "udp" : "tcp", s->sent, here->received, here->next, here->reordered,
	           here->duplicates, or_missing(silence_ns, silence_ns >= 0, silence),
	           or_missing(s->news_ns, s->news_ns >= 0, news), there->received, there->next, there->reordered,
	           there->duplicates, there->hole_ns, there->hole_from_ns,
	           or_missing(s->retransmits, s->retransmits != STREAM_CLOSED, again),
	           or_missing(s->guest_retransmits, s->guest_retransmits != STREAM_CLOSED, guest_again),
	           or_missing(s->end.fd >= 0, which == TCP, alive), there->silence_ns, there->silence_from_ns,
	           there->epoch, or_missing(s->last_ns, s->last_ns != INT64_MIN, last));
}

static void bin_flush(struct conversation *c, int which)
{
	struct stream *s = &c->streams[which];
	if (!s->filled)
		return;
	if (which == TCP && s->end.fd >= 0)
		s->retransmits = stream_end_retransmits(&s->end);
	row_write(c, which, s->silence_end_ns, s->silence_ns);
	s->filled = false;
	s->news_ns = -1;
}

/* ---- the talk ---- */

static void arrived(struct conversation *c, int which, const struct stream_record *r, int64_t now_ns, int64_t bin_ns)
{
	struct stream *s = &c->streams[which];
	int64_t silence_ns = s->last_ns == INT64_MIN ? -1 : now_ns - s->last_ns, bin = now_ns / bin_ns;
	if (bin != s->bin)
		bin_flush(c, which);
	if (!s->filled || silence_ns > s->silence_ns) {
		s->silence_ns = silence_ns;
		s->silence_end_ns = now_ns;
	}
	s->bin = bin;
	s->filled = true;
	s->last_ns = now_ns;
	s->sent = s->end.number;
	s->here = s->end.got.receipt;
	/* One that was overtaken reports what is past. */
	if (r->number + 1 != s->end.got.receipt.next)
		return;
	int64_t news_ns = s->guest.next ? now_ns - s->guest.newest_sent_ns : -1;
	s->news_ns = news_ns > s->news_ns ? news_ns : s->news_ns;
	s->guest = r->report;
	s->guest_retransmits = r->retransmits;
}

static void take_all(struct conversation *c, int64_t bin_ns)
{
	struct stream_record r;
	for (int which = 0; which < STREAMS; which++)
		while (stream_end_take(&c->streams[which].end, &r) > 0)
			arrived(c, which, &r, clock_now_ns(), bin_ns);
}

static void send_due(struct conversation *c, uint16_t epoch, int64_t now_ns)
{
	if (now_ns < c->next_ns)
		return;
	c->streams[UDP].end.epoch = c->streams[TCP].end.epoch = epoch;
	stream_end_send(&c->streams[UDP].end, now_ns);
	if (c->slot++ % STREAM_TCP_EVERY == 0)
		stream_end_send(&c->streams[TCP].end, now_ns);
	int64_t over = (now_ns - c->next_ns) / c->vm->stream_interval_ns;
	c->slots_missed += over;
	c->next_ns += (over + 1) * c->vm->stream_interval_ns;
}

static int sockets_open(struct continuity *k, struct conversation *c, struct err *e)
{
	static const int types[STREAMS] = { SOCK_DGRAM, SOCK_STREAM };
	uint64_t stream;
	if (inet_pton(AF_INET, c->vm->data_ip, &c->to.sin_addr) != 1)
		return err_set(e, EXIT_USAGE, "bad data address '%s' of VM '%s'", c->vm->data_ip, c->vm->name);
	if (getrandom(&stream, sizeof(stream), 0) != sizeof(stream))
		return err_errno(e, EXIT_CANNOT, "cannot draw a stream's number");
	for (int which = 0; which < STREAMS; which++) {
		int fd = netns_socket(k->watch->head_netns, AF_INET, types[which], 0, e);
		if (fd < 0)
			return -1;
		stream_end_open(&c->streams[which].end, fd, which == TCP, STREAM_CLIENT, stream | 1);
	}
	return 0;
}

/* A guest listens before it says that it is ready, so this connects soon. */
static void begin(struct conversation *c)
{
	for (int which = 0; which < STREAMS; which++) {
		struct stream_end *end = &c->streams[which].end;
		if (connect(end->fd, (struct sockaddr *)&c->to, sizeof(c->to)) < 0 && errno != EINPROGRESS) {
			snprintf(end->reason, sizeof(end->reason), "%s", strerror(errno));
			stream_end_close(end);
		}
	}
	c->next_ns = clock_now_ns();
	c->begun = true;
}

/* How long until the next slot of any. */
static int64_t left_ns(const struct continuity *k)
{
	int64_t next_ns = clock_now_ns() + 50 * NS_PER_MS;
	for (int i = 0; i < k->count; i++)
		if (k->conversations[i].begun && !atomic_load(&k->end) && k->conversations[i].next_ns < next_ns)
			next_ns = k->conversations[i].next_ns;
	int64_t left = next_ns - clock_now_ns();
	return left > 0 ? left : 0;
}

static void *continuity_main(void *argument)
{
	struct continuity *k = argument;
	int stop = k->count * STREAMS;
	k->fds[stop] = (struct pollfd){ .fd = k->worker.stop_fd, .events = POLLIN };
	while (!k->fds[stop].revents) {
		for (int i = 0; atomic_load(&k->begin) && i < k->count; i++) {
			struct conversation *c = &k->conversations[i];
			if (!c->begun)
				begin(c);
			take_all(c, k->watch->packet_bin_ns);
			if (!atomic_load(&k->end))
				send_due(c, (uint16_t)atomic_load(&k->phase), clock_now_ns());
		}
		for (int i = 0; i < stop; i++) {
			const struct conversation *c = &k->conversations[i / STREAMS];
			k->fds[i] = (struct pollfd){ .fd = c->begun ? c->streams[i % STREAMS].end.fd : -1,
				                     .events = POLLIN };
		}
		struct timespec left = clock_to_timespec(left_ns(k));
		ppoll(k->fds, (nfds_t)stop + 1, &left, NULL);
	}
	return NULL;
}

void continuity_begin(void *state)
{
	struct continuity *k = state;
	if (k)
		atomic_store(&k->begin, true);
}

void continuity_phase(void *state, enum continuity_phase phase)
{
	struct continuity *k = state;
	if (k)
		atomic_store(&k->phase, (int)phase);
}

void continuity_end(void *state)
{
	struct continuity *k = state;
	if (k)
		atomic_store(&k->end, true);
}

/* ---- start and end ---- */

static int continuity_free(struct continuity *k, struct err *e)
{
	int result = 0;
	for (int i = 0; i < k->count; i++) {
		struct conversation *c = &k->conversations[i];
		for (int which = 0; which < STREAMS; which++)
			stream_end_close(&c->streams[which].end);
		result |= series_close(c->series, result ? NULL : e);
	}
	free(k->conversations);
	free(k->fds);
	free(k);
	return result;
}

static int conversation_open(struct continuity *k, const struct watched_vm *vm, struct err *e)
{
	struct conversation *c = &k->conversations[k->count++];
	char name[256];
	*c = (struct conversation){ .vm = vm, .to = { .sin_family = AF_INET, .sin_port = htons(STREAM_PORT) } };
	for (int which = 0; which < STREAMS; which++) {
		c->streams[which].end.fd = -1;
		c->streams[which].last_ns = INT64_MIN;
		c->streams[which].news_ns = -1;
		c->streams[which].guest_retransmits = c->streams[which].retransmits = STREAM_CLOSED;
	}
	snprintf(name, sizeof(name), "continuity-%s.csv", vm->name);
	if (series_create(&c->series, k->watch->directory, name, HEADER, e) < 0)
		return -1;
	return sockets_open(k, c, e);
}

static int continuity_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct continuity *k = calloc(1, sizeof(*k));
	int result = 0;
	if (k) {
		k->watch = watch;
		k->conversations = calloc((size_t)watch->vm_count + 1, sizeof(*k->conversations));
		k->fds = calloc((size_t)watch->vm_count * STREAMS + 1, sizeof(*k->fds));
	}
	if (!k || !k->conversations || !k->fds) {
		if (k)
			continuity_free(k, NULL);
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'continuity'");
	}
	for (int i = 0; i < watch->vm_count && result == 0; i++)
		if (watch->vms[i].stream_interval_ns)
			result = conversation_open(k, &watch->vms[i], e);
	if (result < 0 || worker_start(&k->worker, "mm-stream", continuity_main, k, e) < 0) {
		continuity_free(k, NULL);
		return -1;
	}
	*ret_state = k;
	return 0;
}

static int continuity_stop(void *state, struct json_object *facts, struct err *e)
{
	struct continuity *k = state;
	struct json_object *vms = json_object_new_array();
	if (worker_stop(&k->worker, 10 * NS_PER_S) < 0)
		return err_set(e, EXIT_MEASURED_BAD, "collector 'continuity' does not end");
	for (int i = 0; i < k->count; i++) {
		struct conversation *c = &k->conversations[i];
		struct json_object *one = json_object_new_object();
		for (int which = 0; which < STREAMS; which++) {
			bin_flush(c, which);
			c->streams[which].sent = c->streams[which].end.number;
			row_write(c, which, clock_now_ns(), -1);
		}
		fact_text(one, "vm", c->vm->name);
		fact_number(one, "slots_missed", c->slots_missed);
		fact_number(one, "tcp_stalled", c->streams[TCP].end.stalled);
		if (c->streams[UDP].end.reason[0])
			fact_text(one, "udp_ended", c->streams[UDP].end.reason);
		if (c->streams[TCP].end.reason[0])
			fact_text(one, "tcp_ended", c->streams[TCP].end.reason);
		json_object_array_add(vms, one);
	}
	json_object_object_add(facts, "vms", vms);
	return continuity_free(k, e);
}

const struct collector_ops continuity_collector = {
	.name = "continuity",
	.files = "continuity-VM.csv",
	.help = "streams of UDP and TCP between a client and guests with workload stream: gaps, losses, the connection's life",
	.start = continuity_start,
	.stop = continuity_stop,
};

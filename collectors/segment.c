#include "collectors/segment.h"

#include "bench/base/big_endian.h"

#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

enum {
	IP_HEADER = 20,
	IP_PROTOCOL = 9,
	IP_FRAGMENT = 0x3fff, /* more fragments, or not the first */
	TCP_HEADER = 20,
	FLAG_FIN = 1,
	FLAG_SYN = 2,
	FLAG_RST = 4,
	FLAG_ACK = 16,
	OPTION_END = 0,
	OPTION_NOTHING = 1,
	OPTION_SCALE = 3,
	SCALE_MOST = 14,
};

/* A window is at most 2^30 bytes: what is further off is of no connection that is followed. */
#define FAR_AWAY (INT64_C(1) << 30)

/* ---- a frame ---- */

static int scale_of(const unsigned char *options, size_t length, bool cut)
{
	for (size_t at = 0; at < length && options[at] != OPTION_END;) {
		size_t size = 1;
		if (options[at] != OPTION_NOTHING) {
			if (length - at < 2 || options[at + 1] < 2 || options[at + 1] > length - at)
				return SEGMENT_SCALE_UNKNOWN;
			size = options[at + 1];
			if (options[at] == OPTION_SCALE && size == 3)
				return options[at + 2] < SCALE_MOST ? options[at + 2] : SCALE_MOST;
		}
		at += size;
	}
	return cut ? SEGMENT_SCALE_UNKNOWN : SEGMENT_SCALE_NONE;
}

int segment_parse(const unsigned char *bytes, size_t length, size_t whole_length, struct segment *ret)
{
	size_t link = sizeof(struct ether_header);
	if (length > whole_length || length < link + IP_HEADER || read_be16(bytes + 12) != ETHERTYPE_IP)
		return -1;
	const unsigned char *ip = bytes + link;
	size_t ip_header = (size_t)(ip[0] & 15) * 4, ip_length = read_be16(ip + 2);
	if (ip_length == 0) /* joined to more than can be said */
		ip_length = whole_length - link;
	if (ip[0] >> 4 != 4 || ip_header < IP_HEADER || ip[IP_PROTOCOL] != IPPROTO_TCP ||
	    (read_be16(ip + 6) & IP_FRAGMENT) || ip_length > whole_length - link ||
	    ip_length < ip_header + TCP_HEADER || length < link + ip_header + TCP_HEADER)
		return -1;
	const unsigned char *tcp = ip + ip_header;
	size_t tcp_header = (size_t)(tcp[12] >> 4) * 4;
	if (tcp_header < TCP_HEADER || ip_length < ip_header + tcp_header)
		return -1;
	size_t seen = length - link - ip_header < tcp_header ? length - link - ip_header : tcp_header;
	unsigned flags = tcp[13];
	*ret = (struct segment){
		.source = read_be32(ip + 12),
		.destination = read_be32(ip + 16),
		.source_port = read_be16(tcp),
		.destination_port = read_be16(tcp + 2),
		.seq = read_be32(tcp + 4),
		.ack = read_be32(tcp + 8),
		.syn = flags & FLAG_SYN,
		.fin = flags & FLAG_FIN,
		.rst = flags & FLAG_RST,
		.has_ack = flags & FLAG_ACK,
		.window = read_be16(tcp + 14),
		.scale = flags & FLAG_SYN ? scale_of(tcp + TCP_HEADER, seen - TCP_HEADER, seen < tcp_header)
		                          : SEGMENT_SCALE_UNKNOWN,
		.payload = (int64_t)(ip_length - ip_header - tcp_header),
		.frame_bytes = (int64_t)whole_length,
	};
	return 0;
}

/* ---- holes ---- */

static void hole_remove(struct segment_flow *f, int at)
{
	f->hole_count--;
	memmove(&f->holes[at], &f->holes[at + 1], (size_t)(f->hole_count - at) * sizeof(f->holes[0]));
}

/* When there are too many, the oldest is given up. `at` is where it belongs; returns where it is. */
static int hole_insert(struct segment_flow *f, int at, struct segment_hole hole)
{
	if (f->hole_count == SEGMENT_HOLES) {
		f->unseen_bytes += f->holes[0].to - f->holes[0].from;
		hole_remove(f, 0);
		at -= at > 0;
	}
	memmove(&f->holes[at + 1], &f->holes[at], (size_t)(f->hole_count - at) * sizeof(f->holes[0]));
	f->holes[at] = hole;
	f->hole_count++;
	return at;
}

/* Take [from, to) out of the holes; how many bytes of it were in one. */
static int64_t holes_fill(struct segment_flow *f, int64_t from, int64_t to)
{
	int64_t filled = 0;
	for (int i = 0; i < f->hole_count; i++) {
		struct segment_hole *h = &f->holes[i], before = *h;
		int64_t begin = from > h->from ? from : h->from, end = to < h->to ? to : h->to;
		if (begin >= end)
			continue;
		filled += end - begin;
		if (begin > before.from && end < before.to) {
			h->to = begin;
			i = hole_insert(f, i + 1, (struct segment_hole){ end, before.to });
		} else if (begin > before.from)
			h->to = begin;
		else if (end < before.to)
			h->from = end;
		else
			hole_remove(f, i--);
	}
	return filled;
}

/* ---- a connection ---- */

void segment_flow_begin(struct segment_flow *f)
{
	*f = (struct segment_flow){ .window_bytes = -1,
		                    .finished = -1,
		                    .own_scale = SEGMENT_SCALE_UNKNOWN,
		                    .peer_scale = SEGMENT_SCALE_UNKNOWN };
}

/* Byte 0 has this sequence number; a port that is used again goes on counting. */
static void base_set(struct segment_flow *f, uint32_t base)
{
	f->begun = true;
	f->base = base;
	f->next = f->acked = 0;
	f->finished = -1;
	f->hole_count = 0;
}

/* The offset of a sequence number, nearest to `near`. */
static int64_t offset_of(const struct segment_flow *f, uint32_t number, int64_t near)
{
	return near + (int32_t)(number - (uint32_t)(f->base + (uint64_t)near));
}

static bool is_far(int64_t offset, int64_t near)
{
	return offset > near + FAR_AWAY || offset < near - FAR_AWAY;
}

static void flight_set(struct segment_flow *f)
{
	f->flight_bytes = f->next > f->acked ? f->next - f->acked : 0;
}

static void payload_add(struct segment_flow *f, int64_t from, int64_t to)
{
	int64_t first = 0;
	if (from > f->next)
		hole_insert(f, f->hole_count, (struct segment_hole){ f->next, from });
	else if (from < f->next) {
		first = holes_fill(f, from, to < f->next ? to : f->next);
		f->late_bytes += first;
	}
	if (to > f->next) {
		first += to - (from > f->next ? from : f->next);
		f->next = to;
	}
	f->first_bytes += first;
	f->resent_bytes += to - from - first;
}

void segment_sent(struct segment_flow *f, const struct segment *s)
{
	if (s->syn && (!f->begun || s->seq + 1 != f->base)) {
		base_set(f, s->seq + 1);
		f->own_scale = s->scale;
		f->peer_scale = s->has_ack ? f->peer_scale : SEGMENT_SCALE_UNKNOWN;
	}
	if (!f->begun)
		base_set(f, s->seq);
	int64_t from = offset_of(f, s->seq + s->syn, f->next), to = from + s->payload;
	f->segments++;
	f->frame_bytes += s->frame_bytes;
	if (is_far(from, f->next)) {
		f->ignored++;
		return;
	}
	f->payload_bytes += s->payload;
	if (s->payload > 0)
		payload_add(f, from, to);
	if (s->fin && to >= f->next)
		f->finished = to;
	flight_set(f);
}

/* An acknowledgement says what must have been sent, whether or not it was seen. */
static void acked_up_to(struct segment_flow *f, int64_t offset)
{
	f->acked_bytes += offset - f->acked;
	f->acked = offset;
	if (offset > f->next) {
		f->unseen_bytes += offset - f->next;
		f->next = offset;
	}
	while (f->hole_count && f->holes[0].from < offset) {
		int64_t to = f->holes[0].to < offset ? f->holes[0].to : offset;
		f->unseen_bytes += to - f->holes[0].from;
		f->holes[0].from = to;
		if (to == f->holes[0].to)
			hole_remove(f, 0);
		else
			break;
	}
	flight_set(f);
}

static int64_t window_of(const struct segment_flow *f, const struct segment *s)
{
	if (f->own_scale == SEGMENT_SCALE_UNKNOWN || f->peer_scale == SEGMENT_SCALE_UNKNOWN)
		return -1;
	return (int64_t)s->window << (f->own_scale >= 0 && f->peer_scale >= 0 ? f->peer_scale : 0);
}

void segment_answered(struct segment_flow *f, const struct segment *s)
{
	if (s->syn)
		f->peer_scale = s->scale;
	if (!s->has_ack || s->rst || !f->begun)
		return;
	int64_t offset = offset_of(f, s->ack, f->acked);
	if (f->finished >= 0 && offset == f->finished + 1) /* the FIN has a number of its own */
		offset = f->finished;
	if (is_far(offset, f->acked)) {
		f->ignored++;
		return;
	}
	if (offset < f->acked) /* overtaken */
		return;
	acked_up_to(f, offset);
	if (!s->syn) /* there it is not scaled, and nothing waits for it */
		f->window_bytes = window_of(f, s);
}

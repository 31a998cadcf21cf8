#include "collectors/tcp_diag.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define VALUE_LIMIT (INT64_C(1) << 62)
#define US 1000
#define UNKNOWN_32 UINT32_MAX

const char *const tcp_value_names[TCP_VALUES] = {
	[TCP_CWND] = "cwnd_segments",
	[TCP_SSTHRESH] = "ssthresh_segments",
	[TCP_MSS] = "mss_bytes",
	[TCP_UNACKED] = "unacked_segments",
	[TCP_SACKED] = "sacked_segments",
	[TCP_LOST] = "lost_segments",
	[TCP_RESENDING] = "resending_segments",
	[TCP_NOTSENT] = "notsent_bytes",
	[TCP_PEER_WINDOW] = "peer_window_bytes",
	[TCP_RTT] = "rtt_ns",
	[TCP_RTT_DEVIATION] = "rtt_deviation_ns",
	[TCP_RTT_LOWEST] = "rtt_lowest_ns",
	[TCP_SENT] = "sent_bytes",
	[TCP_ACKED] = "acked_bytes",
	[TCP_RECEIVED] = "received_bytes",
	[TCP_RESENT_BYTES] = "resent_bytes",
	[TCP_RESENT] = "resent_segments",
	[TCP_PACING] = "pacing_bytes_per_s",
	[TCP_DELIVERY] = "delivery_bytes_per_s",
	[TCP_BUSY] = "busy_ns",
	[TCP_PEER_LIMITED] = "peer_limited_ns",
	[TCP_BUFFER_LIMITED] = "buffer_limited_ns",
	[TCP_SEND_BUFFER] = "send_buffer_bytes",
	[TCP_RECEIVE_BUFFER] = "receive_buffer_bytes",
};

/* Where struct tcp_info has what; it has grown over the years, and only at its end. */
static const struct {
	enum tcp_value value;
	size_t offset, size;
	int64_t factor;
} fields[] = {
#define FIELD(value, member, factor)                                                                                 \
	{                                                                                                            \
		value, offsetof(struct tcp_info, member), sizeof(((struct tcp_info *)0)->member), factor             \
	}
	FIELD(TCP_CWND, tcpi_snd_cwnd, 1),
	FIELD(TCP_SSTHRESH, tcpi_snd_ssthresh, 1),
	FIELD(TCP_MSS, tcpi_snd_mss, 1),
	FIELD(TCP_UNACKED, tcpi_unacked, 1),
	FIELD(TCP_SACKED, tcpi_sacked, 1),
	FIELD(TCP_LOST, tcpi_lost, 1),
	FIELD(TCP_RESENDING, tcpi_retrans, 1),
	FIELD(TCP_NOTSENT, tcpi_notsent_bytes, 1),
	FIELD(TCP_PEER_WINDOW, tcpi_snd_wnd, 1),
	FIELD(TCP_RTT, tcpi_rtt, US),
	FIELD(TCP_RTT_DEVIATION, tcpi_rttvar, US),
	FIELD(TCP_RTT_LOWEST, tcpi_min_rtt, US),
	FIELD(TCP_SENT, tcpi_bytes_sent, 1),
	FIELD(TCP_ACKED, tcpi_bytes_acked, 1),
	FIELD(TCP_RECEIVED, tcpi_bytes_received, 1),
	FIELD(TCP_RESENT_BYTES, tcpi_bytes_retrans, 1),
	FIELD(TCP_RESENT, tcpi_total_retrans, 1),
	FIELD(TCP_PACING, tcpi_pacing_rate, 1),
	FIELD(TCP_DELIVERY, tcpi_delivery_rate, 1),
	FIELD(TCP_BUSY, tcpi_busy_time, US),
	FIELD(TCP_PEER_LIMITED, tcpi_rwnd_limited, US),
	FIELD(TCP_BUFFER_LIMITED, tcpi_sndbuf_limited, US),
};

/* Indexed by enum tcp_state of the kernel. */
static const char *const states[] = { "unknown",    "established", "syn-sent", "syn-received", "fin-wait-1",
	                              "fin-wait-2", "time-wait",   "closed",   "close-wait",   "last-ack",
	                              "listening",  "closing",     "new" };
enum { STATES = sizeof(states) / sizeof(*states) };

/* Of the states above, those of a connection that carries data or did. */
#define CONNECTED (1u << 1 | 1u << 2 | 1u << 4 | 1u << 5 | 1u << 8 | 1u << 9 | 1u << 11)

/* An address that IPv6 sockets have for IPv4 is that one. */
static int address_format(int family, const __be32 *address, char *ret, size_t room)
{
	static const unsigned char mapped[12] = { [10] = 0xff, 0xff };
	if (family == AF_INET6 && memcmp(address, mapped, sizeof(mapped)) == 0) {
		family = AF_INET;
		address += 3;
	}
	return inet_ntop(family, address, ret, (socklen_t)room) ? 0 : -1;
}

static void endpoint_format(const char *address, __be16 port, char *ret, size_t room)
{
	snprintf(ret, room, strchr(address, ':') ? "[%.45s]:%u" : "%.45s:%u", address, ntohs(port));
}

static int64_t known(uint64_t value, size_t size, int64_t factor)
{
	if ((size == sizeof(uint32_t) && value == UNKNOWN_32) || value >= (uint64_t)(VALUE_LIMIT / factor))
		return TCP_UNTOLD;
	return (int64_t)value * factor;
}

static void take_info(const unsigned char *info, size_t length, struct tcp_socket *ret)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		uint64_t wide;
		uint32_t narrow;
		if (fields[i].offset + fields[i].size > length)
			continue;
		if (fields[i].size == sizeof(wide))
			memcpy(&wide, info + fields[i].offset, sizeof(wide));
		else {
			memcpy(&narrow, info + fields[i].offset, sizeof(narrow));
			wide = narrow;
		}
		ret->values[fields[i].value] = known(wide, fields[i].size, fields[i].factor);
	}
}

static void take_memory(const unsigned char *values, size_t length, struct tcp_socket *ret)
{
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	memcpy(memory, values, length < sizeof(memory) ? length : sizeof(memory));
	if (length > SK_MEMINFO_RCVBUF * sizeof(*memory))
		ret->values[TCP_RECEIVE_BUFFER] = memory[SK_MEMINFO_RCVBUF];
	if (length >= (SK_MEMINFO_SNDBUF + 1) * sizeof(*memory))
		ret->values[TCP_SEND_BUFFER] = memory[SK_MEMINFO_SNDBUF];
}

/* What has a comma or a line end in it would break the row; no congestion control has. */
static void take_name(const unsigned char *text, size_t length, struct tcp_socket *ret)
{
	size_t used = 0;
	for (; used < length && used < sizeof(ret->congestion_control) - 1 && text[used]; used++) {
		unsigned char c = text[used];
		ret->congestion_control[used] = c > ' ' && c < 0x7f && c != ',' && c != '"' ? (char)c : '?';
	}
	ret->congestion_control[used] = '\0';
}

static void take_attribute(unsigned type, const unsigned char *value, size_t length, struct tcp_socket *ret)
{
	if (type == INET_DIAG_INFO)
		take_info(value, length, ret);
	else if (type == INET_DIAG_SKMEMINFO)
		take_memory(value, length, ret);
	else if (type == INET_DIAG_CONG)
		take_name(value, length, ret);
}

int tcp_diag_parse(const void *bytes, size_t length, struct tcp_socket *ret)
{
	struct inet_diag_msg m;
	struct tcp_socket s = { .state = "unknown" };
	char local[TCP_ENDPOINT_ROOM];
	if (length < sizeof(m))
		return -1;
	memcpy(&m, bytes, sizeof(m));
	if ((m.idiag_family != AF_INET && m.idiag_family != AF_INET6) ||
	    address_format(m.idiag_family, m.id.idiag_src, local, sizeof(local)) < 0 ||
	    address_format(m.idiag_family, m.id.idiag_dst, s.peer_address, sizeof(s.peer_address)) < 0)
		return -1;
	endpoint_format(local, m.id.idiag_sport, s.local, sizeof(s.local));
	endpoint_format(s.peer_address, m.id.idiag_dport, s.peer, sizeof(s.peer));
	if (m.idiag_state < STATES)
		s.state = states[m.idiag_state];
	for (int i = 0; i < TCP_VALUES; i++)
		s.values[i] = TCP_UNTOLD;
	const unsigned char *at = (const unsigned char *)bytes + NLMSG_ALIGN(sizeof(m));
	size_t left = length - sizeof(m);
	while (left >= sizeof(struct rtattr)) {
		struct rtattr a;
		memcpy(&a, at, sizeof(a));
		if (a.rta_len < RTA_LENGTH(0) || a.rta_len > left)
			return -1;
		take_attribute(a.rta_type, at + RTA_LENGTH(0), a.rta_len - RTA_LENGTH(0), &s);
		size_t step = RTA_ALIGN(a.rta_len) < left ? RTA_ALIGN(a.rta_len) : left;
		at += step;
		left -= step;
	}
	*ret = s;
	return left ? -1 : 0;
}

struct tcp_diag_request tcp_diag_request_all(void)
{
	return (struct tcp_diag_request){
		.header = { .nlmsg_len = sizeof(struct tcp_diag_request),
		            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		            .nlmsg_flags = NLM_F_DUMP },
		.body = { .sdiag_family = AF_INET,
		          .sdiag_protocol = IPPROTO_TCP,
		          .idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1) |
		                       1 << (INET_DIAG_SKMEMINFO - 1),
		          .idiag_states = CONNECTED },
	};
}

char *tcp_diag_format(const struct tcp_socket *s, char *buffer, size_t room)
{
	size_t used = (size_t)snprintf(buffer, room, "%s,%s,%s,%s", s->local, s->peer, s->state,
	                               s->congestion_control[0] ? s->congestion_control : "missing");
	for (int i = 0; i < TCP_VALUES && used < room; i++)
		used += (size_t)(s->values[i] == TCP_UNTOLD
		                         ? snprintf(buffer + used, room - used, ",missing")
		                         : snprintf(buffer + used, room - used, ",%" PRId64, s->values[i]));
	return buffer;
}

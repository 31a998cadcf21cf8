/*
 * made_diag.h - for tests: a message of sock_diag about a TCP socket, as a kernel would send it.
 */
#ifndef T_MADE_DIAG_H
#define T_MADE_DIAG_H

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

enum { MADE_DIAG_ROOM = 1024 };

/* Add an attribute; the new length. */
static inline size_t made_attribute(unsigned char *at, size_t length, int type, const void *value, size_t size)
{
	struct rtattr a = { (unsigned short)RTA_LENGTH(size), (unsigned short)type };
	memset(at + length, 0, RTA_SPACE(size));
	memcpy(at + length, &a, sizeof(a));
	memcpy(at + length + RTA_LENGTH(0), value, size);
	return length + RTA_SPACE(size);
}

/* 10.77.3.2:40000 to 10.77.3.3:49152, established; family AF_INET6: the same in IPv6 notation. */
static inline size_t made_socket(unsigned char *at, int family)
{
	struct inet_diag_msg m = { .idiag_family = (unsigned char)family, .idiag_state = 1 };
	int last = family == AF_INET6 ? 3 : 0;
	m.id.idiag_sport = htons(40000);
	m.id.idiag_dport = htons(49152);
	if (last)
		m.id.idiag_src[2] = m.id.idiag_dst[2] = htonl(0xffff);
	m.id.idiag_src[last] = htonl(0x0a4d0302);
	m.id.idiag_dst[last] = htonl(0x0a4d0303);
	memset(at, 0, NLMSG_ALIGN(sizeof(m)));
	memcpy(at, &m, sizeof(m));
	return NLMSG_ALIGN(sizeof(m));
}

/* 100 segments of 1448 bytes in the window, 20 ms of round trip, 5 GB acknowledged, 7 segments sent again. */
static inline struct tcp_info made_info(void)
{
	struct tcp_info info = { .tcpi_state = 1,
		                 .tcpi_snd_cwnd = 100,
		                 .tcpi_snd_ssthresh = 0x7fffffff,
		                 .tcpi_snd_mss = 1448,
		                 .tcpi_unacked = 90,
		                 .tcpi_sacked = 20,
		                 .tcpi_lost = 10,
		                 .tcpi_retrans = 6,
		                 .tcpi_rtt = 20000,
		                 .tcpi_rttvar = 50,
		                 .tcpi_min_rtt = 19000,
		                 .tcpi_bytes_acked = 5000000000ull,
		                 .tcpi_bytes_sent = 5000010136ull,
		                 .tcpi_bytes_retrans = 10136,
		                 .tcpi_total_retrans = 7,
		                 .tcpi_pacing_rate = ~0ull,
		                 .tcpi_delivery_rate = 7240000,
		                 .tcpi_busy_time = 3000000,
		                 .tcpi_rwnd_limited = 2000000,
		                 .tcpi_sndbuf_limited = 1 };
	info.tcpi_snd_wnd = 350000;
	return info;
}

/* With all attributes that are asked for. */
static inline size_t made_whole(unsigned char *at, int family)
{
	const struct tcp_info info = made_info();
	const unsigned memory[] = { 1, 131072, 3, 700000 };
	size_t length = made_socket(at, family);
	length = made_attribute(at, length, INET_DIAG_CONG, "cubic", sizeof("cubic"));
	length = made_attribute(at, length, INET_DIAG_INFO, &info, sizeof(info));
	return made_attribute(at, length, INET_DIAG_SKMEMINFO, memory, sizeof(memory));
}

#endif

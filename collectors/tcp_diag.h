/*
 * tcp_diag.h - what the kernel's sock_diag says of a TCP socket (struct inet_diag_msg and its attributes, among them
 * struct tcp_info), taken apart and checked.
 *
 * An older kernel tells less: what it does not tell is TCP_UNTOLD, as is what the kernel itself marks as not known.
 */
#ifndef COLLECTORS_TCP_DIAG_H
#define COLLECTORS_TCP_DIAG_H

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

#define TCP_UNTOLD (-1)

enum tcp_value {
	TCP_CWND, /* segments */
	TCP_SSTHRESH,
	TCP_MSS,         /* bytes, without headers */
	TCP_UNACKED,     /* segments sent and not acknowledged; of these: */
	TCP_SACKED,      /* those the receiver has all the same, by its selective acknowledgements */
	TCP_LOST,        /* those taken to be lost */
	TCP_RESENDING,   /* those sent once more and not acknowledged yet */
	TCP_NOTSENT,     /* bytes that the sender holds and has not sent */
	TCP_PEER_WINDOW, /* bytes that the receiver has room for */
	TCP_RTT,
	TCP_RTT_DEVIATION,
	TCP_RTT_LOWEST,
	TCP_SENT, /* bytes, repeated ones too */
	TCP_ACKED,
	TCP_RECEIVED,
	TCP_RESENT_BYTES,
	TCP_RESENT, /* segments */
	TCP_PACING, /* bytes/s */
	TCP_DELIVERY,
	TCP_BUSY,           /* ns with something to send */
	TCP_PEER_LIMITED,   /* ns of them held up by the receiver's window */
	TCP_BUFFER_LIMITED, /* ns of them held up by the send buffer */
	TCP_SEND_BUFFER,    /* bytes, as the kernel counts them: with its own overhead */
	TCP_RECEIVE_BUFFER,
	TCP_VALUES
};

/* Column names of tcp.csv, in this order. */
extern const char *const tcp_value_names[TCP_VALUES];

enum { TCP_ENDPOINT_ROOM = 64 };

struct tcp_socket {
	char local[TCP_ENDPOINT_ROOM], peer[TCP_ENDPOINT_ROOM]; /* "10.77.3.2:49152", "[fe80::1]:7" */
	char peer_address[TCP_ENDPOINT_ROOM];                   /* without the port */
	const char *state;                                      /* "established", "closed" ... */
	char congestion_control[32];                            /* "" where it is not told */
	int64_t values[TCP_VALUES];                             /* at least 0, below 2^62; TCP_UNTOLD */
};

/* The payload of a netlink message about a socket. 0, or -1 when it is none, or not as long as it says. */
int tcp_diag_parse(const void *bytes, size_t length, struct tcp_socket *ret);

/* A request for all IPv4 TCP sockets that are connected, or were. */
struct tcp_diag_request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

struct tcp_diag_request tcp_diag_request_all(void);

/* A row of tcp.csv from its column local on; not told is `missing`. Returns buffer. */
char *tcp_diag_format(const struct tcp_socket *s, char *buffer, size_t room);

#endif

/*
 * heartbeat.h - small datagrams on the guest's data NIC, whose absence tells the head that nobody can reach the guest.
 *
 * One is "MMHB", its number u32, guest CLOCK_MONOTONIC in ns i64, little endian: 16 bytes of UDP to the head's data
 * address. Where the head is on the same link, a beat is written to the NIC as a finished frame, past the kernel's UDP,
 * IP and queueing: that halves what it costs a computing guest (t/bench_observer.c). Each 128th goes the long way, which
 * keeps the neighbour's address fresh; so do all where there is no packet socket, no Ethernet, or a router between.
 */
#ifndef WORKLOADS_HEARTBEAT_H
#define WORKLOADS_HEARTBEAT_H

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct err;

#define HEARTBEAT_BYTES 16

enum { HEARTBEAT_FRAME_BYTES = 14 + 20 + 8 + HEARTBEAT_BYTES };

struct heartbeat {
	int udp_fd, packet_fd; /* -1: none */
	struct sockaddr_in to;
	struct sockaddr_ll nic; /* that leads there */
	char nic_name[IF_NAMESIZE];
	bool direct;     /* the frame is complete */
	uint32_t number; /* of the next beat */
	unsigned char frame[HEARTBEAT_FRAME_BYTES];
};

/* Nothing is open, nothing is sent. */
void heartbeat_init(struct heartbeat *h);

/*
 * Send to this address, IPv4 in host byte order. Returns 0, 1 when no NIC leads there (beats are then lost), -1 on
 * error. heartbeat_close() in any case.
 */
int heartbeat_open(struct heartbeat *h, uint32_t head, struct err *e);
void heartbeat_close(struct heartbeat *h);

/* Never waits; a beat that cannot be sent is lost. Nothing when it is not open. */
void heartbeat_send(struct heartbeat *h);

#endif

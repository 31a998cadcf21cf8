#include "workloads/heartbeat.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/sample_wire.h"

#include <ifaddrs.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LONG_WAY_EVERY = 128, PAYLOAD_AT = HEARTBEAT_FRAME_BYTES - HEARTBEAT_BYTES };

void heartbeat_init(struct heartbeat *h)
{
	*h = (struct heartbeat){ .udp_fd = -1, .packet_fd = -1 };
}

void heartbeat_close(struct heartbeat *h)
{
	if (h->packet_fd >= 0)
		close(h->packet_fd);
	if (h->udp_fd >= 0)
		close(h->udp_fd);
	heartbeat_init(h);
}

/* The Ethernet device with this address: its index, name and own link address. False: there is none. */
static bool nic_find(struct heartbeat *h, struct in_addr address)
{
	struct ifaddrs *all, *is, *link;
	if (getifaddrs(&all) < 0)
		return false;
	for (is = all; is; is = is->ifa_next)
		if (is->ifa_addr && is->ifa_addr->sa_family == AF_INET &&
		    ((struct sockaddr_in *)(void *)is->ifa_addr)->sin_addr.s_addr == address.s_addr)
			break;
	for (link = is ? all : NULL; link; link = link->ifa_next)
		if (link->ifa_addr && link->ifa_addr->sa_family == AF_PACKET &&
		    strcmp(link->ifa_name, is->ifa_name) == 0)
			break;
	if (link) {
		snprintf(h->nic_name, sizeof(h->nic_name), "%s", link->ifa_name);
		memcpy(&h->nic, link->ifa_addr, sizeof(h->nic));
	}
	freeifaddrs(all);
	return link && h->nic.sll_hatype == ARPHRD_ETHER;
}

/* The link address of the other end, as the kernel has learnt it. */
static bool neighbour_find(const struct heartbeat *h, unsigned char *ret)
{
	struct arpreq arp = { 0 };
	memcpy(&arp.arp_pa, &h->to, sizeof(h->to));
	memcpy(arp.arp_dev, h->nic_name, sizeof(arp.arp_dev));
	if (ioctl(h->udp_fd, SIOCGARP, &arp) < 0 || !(arp.arp_flags & ATF_COM))
		return false;
	memcpy(ret, arp.arp_ha.sa_data, ETH_ALEN);
	return true;
}

/* RFC 1071 */
static uint16_t checksum(const void *bytes, size_t length)
{
	const unsigned char *b = bytes;
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)(b[i] << 8 | b[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t) ~(sum + (sum >> 16)));
}

/* All of the frame but who takes it and what it carries. */
static void frame_make(struct heartbeat *h, const struct sockaddr_in *from)
{
	struct ether_header ether = { .ether_type = htons(ETHERTYPE_IP) };
	struct iphdr ip = { .version = 4,
		            .ihl = sizeof(ip) / 4,
		            .tot_len = htons(HEARTBEAT_FRAME_BYTES - sizeof(ether)),
		            .frag_off = htons(IP_DF),
		            .ttl = IPDEFTTL,
		            .protocol = IPPROTO_UDP,
		            .saddr = from->sin_addr.s_addr,
		            .daddr = h->to.sin_addr.s_addr };
	/* Without a checksum of its own, as UDP on IPv4 allows: what it carries is checked by nobody. */
	const struct udphdr udp = { .source = from->sin_port,
		                    .dest = h->to.sin_port,
		                    .len = htons(sizeof(udp) + HEARTBEAT_BYTES) };
	memcpy(ether.ether_shost, h->nic.sll_addr, ETH_ALEN);
	ip.check = checksum(&ip, sizeof(ip));
	memcpy(h->frame, &ether, sizeof(ether));
	memcpy(h->frame + sizeof(ether), &ip, sizeof(ip));
	memcpy(h->frame + sizeof(ether) + sizeof(ip), &udp, sizeof(udp));
}

/* A socket that takes frames for this device and nothing from it. */
static int packet_open(int nic_index)
{
	const struct sockaddr_ll on = { .sll_family = AF_PACKET, .sll_ifindex = nic_index };
	const int yes = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind(fd, (const struct sockaddr *)&on, sizeof(on)) < 0) {
		close(fd);
		return -1;
	}
	if (fd >= 0)
		setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes)); /* only cheaper */
	return fd;
}

int heartbeat_open(struct heartbeat *h, uint32_t head, struct err *e)
{
	struct sockaddr_in from;
	socklen_t room = sizeof(from);
	heartbeat_init(h);
	h->to = (struct sockaddr_in){ .sin_family = AF_INET,
		                      .sin_port = htons(SAMPLE_HEARTBEAT_PORT),
		                      .sin_addr = { htonl(head) } };
	h->udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (h->udp_fd < 0)
		return err_errno(e, EXIT_CANNOT, "socket of the heartbeat");
	if (connect(h->udp_fd, (const struct sockaddr *)&h->to, sizeof(h->to)) < 0)
		return 1;
	if (getsockname(h->udp_fd, (struct sockaddr *)&from, &room) == 0 && nic_find(h, from.sin_addr)) {
		h->packet_fd = packet_open(h->nic.sll_ifindex);
		frame_make(h, &from);
	}
	return 0;
}

static void payload_make(struct heartbeat *h)
{
	unsigned char *bytes = h->frame + PAYLOAD_AT;
	uint64_t now = (uint64_t)clock_now_ns();
	memcpy(bytes, "MMHB", 4);
	for (int i = 0; i < 4; i++)
		bytes[4 + i] = (unsigned char)(h->number >> (8 * i));
	for (int i = 0; i < 8; i++)
		bytes[8 + i] = (unsigned char)(now >> (8 * i));
}

void heartbeat_send(struct heartbeat *h)
{
	if (h->udp_fd < 0)
		return;
	payload_make(h);
	uint32_t turn = h->number++ % LONG_WAY_EVERY;
	if (h->direct && turn && send(h->packet_fd, h->frame, sizeof(h->frame), MSG_DONTWAIT) >= 0)
		return;
	send(h->udp_fd, h->frame + PAYLOAD_AT, HEARTBEAT_BYTES, MSG_DONTWAIT);
	if (turn == 8 || turn == 0) /* by the eighth beat the neighbour has answered */
		h->direct = h->packet_fd >= 0 && neighbour_find(h, h->frame);
}

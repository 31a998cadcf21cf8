#include "workloads/heartbeat.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/sample_wire.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LONG_WAY_EVERY = 128, PAYLOAD_AT = HEARTBEAT_FRAME_BYTES - HEARTBEAT_BYTES, INTERFACES_MAX = 64 };

void heartbeat_init(struct heartbeat *h)
{
	*h = (struct heartbeat){ .udp_fd = -1, .packet_fd = -1 };
}

int heartbeat_open(struct heartbeat *h, uint32_t head, struct err *e)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		                        .sin_port = htons(SAMPLE_HEARTBEAT_PORT),
		                        .sin_addr = { htonl(head) } };
	heartbeat_init(h);
	h->udp_fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (h->udp_fd < 0)
		return err_errno(e, EXIT_CANNOT, "socket of the heartbeat");
	return connect(h->udp_fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ? 1 : 0;
}

static void packet_close(struct heartbeat *h)
{
	if (h->packet_fd >= 0)
		close(h->packet_fd);
	h->packet_fd = -1;
	h->direct = false;
}

void heartbeat_close(struct heartbeat *h)
{
	packet_close(h);
	if (h->udp_fd >= 0)
		close(h->udp_fd);
	h->udp_fd = -1;
}

/* The interface with this address; returns its index and its name in *request, or 0. */
static int interface_of(int fd, struct in_addr address, struct ifreq *request)
{
	for (int index = 1; index < INTERFACES_MAX; index++) {
		struct sockaddr_in has;
		*request = (struct ifreq){ .ifr_ifindex = index };
		if (ioctl(fd, SIOCGIFNAME, request) < 0 || ioctl(fd, SIOCGIFADDR, request) < 0)
			continue;
		memcpy(&has, &request->ifr_addr, sizeof(has));
		if (has.sin_addr.s_addr == address.s_addr)
			return index;
	}
	return 0;
}

/* The link addresses of both ends, as the kernel has learnt them; returns the interface's index, or 0. */
static int link_of(int fd, const struct sockaddr_in *from, const struct sockaddr_in *to, struct ether_header *ether)
{
	struct arpreq arp = { 0 };
	struct ifreq request;
	int index = interface_of(fd, from->sin_addr, &request);
	memcpy(&arp.arp_pa, to, sizeof(*to));
	memcpy(arp.arp_dev, request.ifr_name, sizeof(arp.arp_dev));
	if (!index || ioctl(fd, SIOCGARP, &arp) < 0 || !(arp.arp_flags & ATF_COM) ||
	    ioctl(fd, SIOCGIFHWADDR, &request) < 0 || request.ifr_hwaddr.sa_family != ARPHRD_ETHER)
		return 0;
	memcpy(ether->ether_dhost, arp.arp_ha.sa_data, ETH_ALEN);
	memcpy(ether->ether_shost, request.ifr_hwaddr.sa_data, ETH_ALEN);
	ether->ether_type = htons(ETHERTYPE_IP);
	return index;
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

static void frame_make(struct heartbeat *h, const struct ether_header *ether, const struct sockaddr_in *from,
                       const struct sockaddr_in *to)
{
	struct iphdr ip = { .version = 4,
		            .ihl = sizeof(ip) / 4,
		            .tot_len = htons(HEARTBEAT_FRAME_BYTES - sizeof(*ether)),
		            .frag_off = htons(IP_DF),
		            .ttl = IPDEFTTL,
		            .protocol = IPPROTO_UDP,
		            .saddr = from->sin_addr.s_addr,
		            .daddr = to->sin_addr.s_addr };
	/* Without a checksum of its own, as UDP on IPv4 allows: what it carries is checked by nobody. */
	const struct udphdr udp = { .source = from->sin_port,
		                    .dest = to->sin_port,
		                    .len = htons(sizeof(udp) + HEARTBEAT_BYTES) };
	ip.check = checksum(&ip, sizeof(ip));
	memcpy(h->frame, ether, sizeof(*ether));
	memcpy(h->frame + sizeof(*ether), &ip, sizeof(ip));
	memcpy(h->frame + sizeof(*ether) + sizeof(ip), &udp, sizeof(udp));
}

/* A socket that takes frames for this interface and nothing from it. */
static int packet_open(int index)
{
	const struct sockaddr_ll on = { .sll_family = AF_PACKET, .sll_ifindex = index };
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

/* Make the frame from what the kernel knows now; without that beats go the long way. */
static void shorten(struct heartbeat *h)
{
	struct ether_header ether = { 0 };
	struct sockaddr_in from, to;
	socklen_t room = sizeof(from), to_room = sizeof(to);
	h->direct = false;
	if (getsockname(h->udp_fd, (struct sockaddr *)&from, &room) < 0 ||
	    getpeername(h->udp_fd, (struct sockaddr *)&to, &to_room) < 0)
		return;
	int index = link_of(h->udp_fd, &from, &to, &ether);
	if (!index)
		return;
	if (h->packet_fd < 0)
		h->packet_fd = packet_open(index);
	if (h->packet_fd < 0)
		return;
	frame_make(h, &ether, &from, &to);
	h->direct = true;
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
		shorten(h);
}

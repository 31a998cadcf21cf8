#include "bench/testbed/port.h"

#include "bench/base/err.h"
#include "bench/base/netns.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* RTM_SETLINK with IFLA_PROTINFO { IFLA_BRPORT_STATE }, as bridge(8) sends it. */
struct request {
	struct nlmsghdr head;
	struct ifinfomsg link;
	struct rtattr protinfo, state;
	unsigned char value, padding[3];
};

struct answer {
	struct nlmsghdr head;
	struct nlmsgerr error;
	char rest[512];
};

int port_find(struct port *ret, const char *netns, const char *device, struct err *e)
{
	struct ifreq request = { 0 };
	*ret = (struct port){ .fd = -1 };
	snprintf(ret->device, sizeof(ret->device), "%s", device);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	int any = netns_socket(netns, AF_INET, SOCK_DGRAM, 0, e);
	if (any < 0)
		return -1;
	int found = ioctl(any, SIOCGIFINDEX, &request);
	close(any);
	if (found < 0)
		return err_errno(e, EXIT_CANNOT, "cannot find port '%s'", device);
	ret->index = request.ifr_ifindex;
	ret->fd = netns_socket(netns, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, e);
	return ret->fd < 0 ? -1 : 0;
}

int port_set(const struct port *port, bool open, struct err *e)
{
	struct answer answer = { 0 };
	struct request r = {
		.head = { .nlmsg_len = sizeof(r),
		          .nlmsg_type = RTM_SETLINK,
		          .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_family = AF_BRIDGE, .ifi_index = port->index },
		.protinfo = { .rta_len = RTA_LENGTH(RTA_SPACE(1)), .rta_type = IFLA_PROTINFO | NLA_F_NESTED },
		.state = { .rta_len = RTA_LENGTH(1), .rta_type = IFLA_BRPORT_STATE },
		.value = open ? BR_STATE_FORWARDING : BR_STATE_DISABLED,
	};
	if (send(port->fd, &r, sizeof(r), 0) < 0 || recv(port->fd, &answer, sizeof(answer), 0) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot %s port '%s'", open ? "open" : "close", port->device);
	if (answer.head.nlmsg_type != NLMSG_ERROR || answer.error.error == 0)
		return 0;
	errno = -answer.error.error;
	return err_errno(e, EXIT_CANNOT, "cannot %s port '%s'", open ? "open" : "close", port->device);
}

void port_forget(struct port *port)
{
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
}

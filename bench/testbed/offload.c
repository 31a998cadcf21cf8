#include "bench/testbed/offload.h"

#include "bench/base/err.h"
#include "bench/base/netns.h"

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

int offload_off(const char *netns, const char *device, unsigned which, struct err *e)
{
	static const struct {
		unsigned of;
		__u32 command;
	} commands[] = {
		{ OFFLOAD_SEGMENTS, ETHTOOL_STSO },
		{ OFFLOAD_SEGMENTS, ETHTOOL_SGSO },
		{ OFFLOAD_CHECKSUM, ETHTOOL_STXCSUM },
		{ OFFLOAD_JOIN, ETHTOOL_SGRO },
	};
	int s = netns_socket(netns, AF_INET, SOCK_DGRAM, 0, e);
	if (s < 0)
		return -1;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct ethtool_value value = { .cmd = commands[i].command, .data = 0 };
		struct ifreq r = { .ifr_data = (void *)&value };
		snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
		if ((which & commands[i].of) && ioctl(s, SIOCETHTOOL, &r) < 0) {
			err_errno(e, EXIT_CANNOT, "cannot switch offloads of '%s' off", device);
			close(s);
			return -1;
		}
	}
	return close(s);
}

#include "workloads/init.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODULES_ORDER "/etc/modules-order"
#define NIC_DEADLINE_NS (5 * NS_PER_S)

static int mount_one(const char *type, const char *where, struct err *e)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY)
		return err_errno(e, EXIT_CANNOT, "cannot mount '%s'", where);
	return 0;
}

int init_mount(struct err *e)
{
	if (mount_one("devtmpfs", "/dev", e) < 0)
		return -1;
	int fd = open("/dev/console", O_RDWR | O_NOCTTY); /* inherited by nobody: there is no other program */
	for (int i = 0; fd >= 0 && i <= 2; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	return mount_one("proc", "/proc", e) < 0 ? -1 : mount_one("sysfs", "/sys", e);
}

int init_command_line(char *buffer, size_t room, struct err *e)
{
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, buffer, room - 1);
	int saved = errno;
	if (fd >= 0)
		close(fd);
	errno = saved;
	if (length < 0)
		return err_errno(e, EXIT_CANNOT, "cannot read the kernel command line");
	buffer[length] = '\0';
	return 0;
}

/* A line of the list: a path, and after a blank the module's parameters. */
static int module_load(char *path, struct err *e)
{
	char *parameters = strchr(path, ' ');
	if (parameters)
		*parameters++ = '\0';
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot open module '%s'", path);
	long result = syscall(SYS_finit_module, fd, parameters ? parameters : "", 0);
	int saved = errno;
	close(fd);
	errno = saved;
	if (result < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot load module '%s'", path);
	return 0;
}

int init_modules(struct err *e)
{
	char path[256];
	int result = 0;
	FILE *f = fopen(MODULES_ORDER, "re");
	if (!f)
		return 0;
	while (result == 0 && fgets(path, sizeof(path), f)) {
		path[strcspn(path, "\n")] = '\0';
		if (path[0])
			result = module_load(path, e);
	}
	fclose(f);
	return result;
}

/* The interface with this MAC address; returns 0 and its name in *request, or -1. */
static int nic_find(int fd, const unsigned char mac[6], struct ifreq *request)
{
	for (int index = 1; index < 64; index++) {
		memset(request, 0, sizeof(*request));
		request->ifr_ifindex = index;
		if (ioctl(fd, SIOCGIFNAME, request) < 0 || ioctl(fd, SIOCGIFHWADDR, request) < 0)
			continue;
		if (request->ifr_hwaddr.sa_family == ARPHRD_ETHER && memcmp(request->ifr_hwaddr.sa_data, mac, 6) == 0)
			return 0;
	}
	return -1;
}

static int set_address(int fd, unsigned long operation, struct ifreq *request, uint32_t address)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(address) } };
	memcpy(&request->ifr_addr, &a, sizeof(a));
	return ioctl(fd, operation, request);
}

static int bring_up(int fd, struct ifreq *request)
{
	if (ioctl(fd, SIOCGIFFLAGS, request) < 0)
		return -1;
	request->ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, request);
}

static int nic_configure(int fd, const struct guest_nic *nic, const char *role, struct err *e)
{
	const unsigned char *m = nic->mac;
	struct ifreq request;
	int64_t deadline = clock_now_ns() + NIC_DEADLINE_NS;
	if (!nic->address)
		return 0;
	while (nic_find(fd, nic->mac, &request) < 0) {
		if (clock_now_ns() >= deadline)
			return err_set(e, EXIT_CANNOT, "no %s NIC with address %02x:%02x:%02x:%02x:%02x:%02x", role,
			               m[0], m[1], m[2], m[3], m[4], m[5]);
		clock_sleep(NS_PER_MS);
	}
	if (set_address(fd, SIOCSIFADDR, &request, nic->address) < 0 ||
	    set_address(fd, SIOCSIFNETMASK, &request, UINT32_MAX << (32 - nic->prefix)) < 0 ||
	    bring_up(fd, &request) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot set up the %s NIC", role);
	return 0;
}

int init_network(const struct guest_settings *settings, struct err *e)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot open a socket");
	bring_up(fd, &lo);
	int result = nic_configure(fd, &settings->management, "management", e);
	if (result == 0)
		result = nic_configure(fd, &settings->data, "data", e);
	close(fd);
	return result;
}

void init_power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;) /* the power is off, or there is none to switch off */
		pause();
}

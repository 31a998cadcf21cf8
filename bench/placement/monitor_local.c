#include "bench/placement/monitor_local.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "collectors/proc_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEVICES_MAX = 16 };
#define SECTOR_BYTES 512 /* of /proc/diskstats, whatever the disk's are */

struct local_counters {
	int core;  /* as in struct monitor_node */
	int cores; /* that are the node's */
	enum core_source source;
	int64_t busy_ns; /* as last read */
	int net_dev;     /* /proc/net/dev of the node's namespace */
	char device_names[DEVICES_MAX][IFNAMSIZ];
	const char *devices[DEVICES_MAX + 1]; /* into device_names; NULL ends */
	char text[256 * 1024];                /* /proc/stat of a large machine */
};

int net_dev_parse(const char *text, const char *const *devices, int64_t *ret_received, int64_t *ret_sent)
{
	int64_t received = 0, sent = 0;
	/* Two lines of heads. */
	const char *line = strchr(text, '\n');
	line = line ? strchr(line + 1, '\n') : NULL;
	if (!line)
		return -1;
	for (; line && line[1]; line = strchr(line + 1, '\n')) {
		char name[64];
		int64_t in, out;
		if (sscanf(line + 1, " %63[^:]: %" SCNd64 " %*u %*u %*u %*u %*u %*u %*u %" SCNd64, name, &in, &out) !=
		    3)
			return -1;
		for (int i = 0; devices[i]; i++)
			if (strcmp(devices[i], name) == 0) {
				received += in;
				sent += out;
			}
	}
	*ret_received = received;
	*ret_sent = sent;
	return 0;
}

int diskstats_parse(const char *text, bool (*is_disk)(const char *name), int64_t *ret_read, int64_t *ret_written)
{
	int64_t sectors_read = 0, sectors_written = 0;
	for (const char *line = text; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		char name[64];
		int64_t in, out;
		if (sscanf(line, "%*u %*u %63s %*u %*u %" SCNd64 " %*u %*u %*u %" SCNd64, name, &in, &out) != 3)
			return -1;
		if (is_disk(name)) {
			sectors_read += in;
			sectors_written += out;
		}
	}
	*ret_read = sectors_read * SECTOR_BYTES;
	*ret_written = sectors_written * SECTOR_BYTES;
	return 0;
}

/* A whole one, and not one that is made of others or of memory. */
static bool is_real_disk(const char *name)
{
	char path[96];
	snprintf(path, sizeof(path), "/sys/block/%s/device", name);
	return access(path, F_OK) == 0;
}

static int open_net_dev(void *argument, struct err *e)
{
	(void)argument;
	int fd = open("/proc/thread-self/net/dev", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, EXIT_CANNOT, "cannot read the counters of network devices") : fd;
}

int local_counters_open(struct local_counters **ret, const struct monitor_node *node, struct err *e)
{
	struct local_counters *c = calloc(1, sizeof(*c));
	if (!c)
		return err_errno(e, EXIT_CANNOT, "cannot read the counters of node '%s'", node->name);
	c->core = node->core;
	c->cores = node->core ? 1 : (int)sysconf(_SC_NPROCESSORS_ONLN);
	c->source = core_source_probe();
	for (int i = 0; node->devices && node->devices[i] && i < DEVICES_MAX; i++) {
		snprintf(c->device_names[i], sizeof(c->device_names[i]), "%s", node->devices[i]);
		c->devices[i] = c->device_names[i];
	}
	c->net_dev = netns_call(node->netns, open_net_dev, NULL, e);
	if (c->net_dev < 0) {
		local_counters_close(c);
		return err_prefix(e, "node '%s'", node->name);
	}
	*ret = c;
	return 0;
}

void local_counters_close(struct local_counters *c)
{
	if (c && c->net_dev >= 0)
		close(c->net_dev);
	free(c);
}

static void read_cpu(struct local_counters *c, struct monitor_reading *ret)
{
	int64_t now_ns = core_source_read(c->source, c->text, sizeof(c->text)), sum_ns = 0, busy_ns;
	ret->head_ns = now_ns < 0 ? clock_now_ns() : now_ns;
	int last = c->core ? c->core - 1 : (int)sysconf(_SC_NPROCESSORS_CONF) - 1, found = 0;
	for (int core = c->core ? last : 0; now_ns >= 0 && core <= last; core++)
		if (core_busy_parse(c->source, c->text, core, now_ns, &busy_ns) == 0) {
			sum_ns += busy_ns;
			found++;
		}
	if (found != c->cores)
		return;
	/* Idle time that is printed in steps makes busy time fall by up to a step: cumulative means never. */
	c->busy_ns = !c->busy_ns || sum_ns > c->busy_ns ? sum_ns : c->busy_ns;
	ret->value[MONITOR_CPU_NS] = c->busy_ns;
}

void local_counters_read(struct local_counters *c, struct monitor_reading *ret)
{
	int64_t *value = ret->value, total, available;
	read_cpu(c, ret);
	value[MONITOR_CPUS] = c->cores;
	if (proc_read_memory(&total, &available) == 0) {
		value[MONITOR_MEMORY_TOTAL] = total;
		value[MONITOR_MEMORY] = total - available;
	}
	if (proc_read_file(AT_FDCWD, "/proc/diskstats", c->text, sizeof(c->text)) >= 0)
		diskstats_parse(c->text, is_real_disk, &value[MONITOR_DISK_READ], &value[MONITOR_DISK_WRITTEN]);
	if (c->devices[0] && proc_read_open(c->net_dev, c->text, sizeof(c->text)) >= 0)
		net_dev_parse(c->text, c->devices, &value[MONITOR_NET_RECEIVED], &value[MONITOR_NET_SENT]);
	monitor_reading_explain(ret, c->devices[0] ? "this machine" : "this machine (no network devices are named)");
}

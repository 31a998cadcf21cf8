/*
 * ping.c - what a ping of each guest at 10, 100 and 200 ms would see: ICMP echoes from the head over the data network.
 *
 * For comparison with what this program measures otherwise, so it is off unless asked for. Writes ping-VM.csv
 * (interval_ns,seq,sent_ns,answered_ns): a row for each echo that was answered, in order of the answers. seq counts
 * the echoes of one interval from 0, so one that is not there was not answered. Echoes are sent on absolute deadlines;
 * a deadline that has passed is dropped and has no number. Both stamps are taken by the sender, as ping does.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/series.h"
#include "collectors/collector.h"
#include "collectors/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const int64_t intervals_ns[] = { 10 * NS_PER_MS, 100 * NS_PER_MS, 200 * NS_PER_MS };
enum { INTERVALS = sizeof(intervals_ns) / sizeof(*intervals_ns), ECHO_ID = 0x6d6d };

/* Comes back as it was sent, so nothing has to be remembered. */
struct echo {
	struct icmphdr head;
	uint64_t run_id;
	uint32_t vm, interval;
	int64_t seq, sent_ns;
};

struct ping {
	const struct watch *watch;
	struct worker worker;
	int fd;
	int64_t next_ns[INTERVALS], sent[INTERVALS];
	int64_t answered, not_sent, strange;
	struct sockaddr_in *addresses; /* one a VM */
	struct series **series;
};

static uint16_t checksum(const void *data, size_t length)
{
	const unsigned char *bytes = data;
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += (uint32_t)(bytes[i] | bytes[i + 1] << 8);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void send_echoes(struct ping *p, uint32_t interval)
{
	for (int i = 0; i < p->watch->vm_count; i++) {
		struct echo echo = { .head = { .type = ICMP_ECHO, .un.echo.id = htons(ECHO_ID) },
			             .run_id = p->watch->run_id,
			             .vm = (uint32_t)i,
			             .interval = interval,
			             .seq = p->sent[interval],
			             .sent_ns = clock_now_ns() };
		echo.head.un.echo.sequence = htons((uint16_t)echo.seq);
		echo.head.checksum = checksum(&echo, sizeof(echo));
		if (sendto(p->fd, &echo, sizeof(echo), MSG_DONTWAIT, (struct sockaddr *)&p->addresses[i],
		           sizeof(p->addresses[i])) < 0)
			p->not_sent++;
	}
	p->sent[interval]++;
}

static void take_answer(struct ping *p, const unsigned char *packet, size_t length, int64_t now_ns)
{
	struct iphdr ip;
	struct echo echo;
	memcpy(&ip, packet, sizeof(ip));
	size_t offset = (size_t)ip.ihl * 4;
	if (length != offset + sizeof(echo))
		return;
	memcpy(&echo, packet + offset, sizeof(echo));
	if (echo.head.type != ICMP_ECHOREPLY || echo.head.un.echo.id != htons(ECHO_ID) ||
	    echo.run_id != p->watch->run_id)
		return;
	if (echo.vm >= (uint32_t)p->watch->vm_count || ip.saddr != p->addresses[echo.vm].sin_addr.s_addr ||
	    echo.interval >= INTERVALS || echo.seq < 0 || echo.seq >= p->sent[echo.interval] || echo.sent_ns < 0 ||
	    echo.sent_ns > now_ns) {
		p->strange++;
		return;
	}
	p->answered++;
	series_row(p->series[echo.vm], "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, intervals_ns[echo.interval],
	           echo.seq, echo.sent_ns, now_ns);
}

static void take_answers(struct ping *p)
{
	unsigned char packet[512];
	ssize_t length;
	while ((length = recv(p->fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0)
		if ((size_t)length >= sizeof(struct iphdr))
			take_answer(p, packet, (size_t)length, clock_now_ns());
}

static void *ping_main(void *argument)
{
	struct ping *p = argument;
	struct pollfd poll_fd[2] = { { .fd = p->fd, .events = POLLIN },
		                     { .fd = p->worker.stop_fd, .events = POLLIN } };
	for (uint32_t i = 0; i < INTERVALS; i++)
		p->next_ns[i] = clock_now_ns() + (i + 1) * NS_PER_MS; /* not all at once */
	while (!poll_fd[1].revents) {
		int64_t now_ns = clock_now_ns(), next_ns = INT64_MAX;
		for (uint32_t i = 0; i < INTERVALS; i++) {
			if (p->next_ns[i] <= now_ns) {
				send_echoes(p, i);
				p->next_ns[i] = worker_next_tick(p->next_ns[i], intervals_ns[i]);
			}
			if (p->next_ns[i] < next_ns)
				next_ns = p->next_ns[i];
		}
		int64_t left_ns = next_ns - clock_now_ns();
		struct timespec left = clock_to_timespec(left_ns > 0 ? left_ns : 0);
		ppoll(poll_fd, 2, &left, NULL);
		take_answers(p);
	}
	return NULL;
}

static int open_all(struct ping *p, struct err *e)
{
	const struct watch *watch = p->watch;
	p->addresses = calloc((size_t)watch->vm_count + 1, sizeof(*p->addresses));
	p->series = calloc((size_t)watch->vm_count + 1, sizeof(*p->series));
	if (!p->addresses || !p->series)
		return err_errno(e, EXIT_CANNOT, "cannot ping %d VMs", watch->vm_count);
	for (int i = 0; i < watch->vm_count; i++) {
		char name[256];
		p->addresses[i].sin_family = AF_INET;
		if (inet_pton(AF_INET, watch->vms[i].data_ip, &p->addresses[i].sin_addr) != 1)
			return err_set(e, EXIT_USAGE, "bad data address '%s' of VM '%s'", watch->vms[i].data_ip,
			               watch->vms[i].name);
		snprintf(name, sizeof(name), "ping-%s.csv", watch->vms[i].name);
		if (series_create(&p->series[i], watch->directory, name, "interval_ns,seq,sent_ns,answered_ns", e) <
		    0)
			return -1;
	}
	p->fd = netns_socket(watch->head_netns, AF_INET, SOCK_RAW, IPPROTO_ICMP, e);
	return p->fd < 0 ? -1 : 0;
}

static int ping_free(struct ping *p, struct err *e)
{
	int result = 0;
	for (int i = 0; p->series && i < p->watch->vm_count; i++)
		result |= series_close(p->series[i], result ? NULL : e);
	if (p->fd >= 0)
		close(p->fd);
	free(p->series);
	free(p->addresses);
	free(p);
	return result;
}

static int ping_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct ping *p = calloc(1, sizeof(*p));
	if (!p)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'ping'");
	p->watch = watch;
	p->fd = -1;
	if (open_all(p, e) < 0 || worker_start(&p->worker, "mm-ping", ping_main, p, e) < 0) {
		ping_free(p, NULL);
		return -1;
	}
	*ret_state = p;
	return 0;
}

static int ping_stop(void *state, struct json_object *facts, struct err *e)
{
	struct ping *p = state;
	struct json_object *sent = json_object_new_array();
	if (worker_stop(&p->worker, 10 * NS_PER_S) < 0)
		return err_set(e, EXIT_MEASURED_BAD, "collector 'ping' does not end");
	for (int i = 0; i < INTERVALS; i++)
		json_object_array_add(sent, json_object_new_int64(p->sent[i]));
	json_object_object_add(facts, "sent", sent);
	fact_number(facts, "answered", p->answered);
	fact_number(facts, "not_sent", p->not_sent);
	fact_number(facts, "strange", p->strange);
	return ping_free(p, e);
}

const struct collector_ops ping_collector = {
	.name = "ping",
	.files = "ping-VM.csv",
	.help = "what a ping at 10, 100 and 200 ms sees of the guests, for comparison",
	.start = ping_start,
	.stop = ping_stop,
};

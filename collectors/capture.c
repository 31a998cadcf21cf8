#include "collectors/capture.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "collectors/collector.h"
#include "collectors/worker.h"

#include <poll.h>
#include <stdio.h>

enum {
	RING_BYTES = 16 * 1024 * 1024,
	BLOCK_TIMEOUT_MS = 50, /* the kernel hands packets over in blocks, at the latest after this */
};

struct request {
	struct capture *capture;
	const char *device, *filter;
	int snap_length;
};

static int set_filter(const struct request *r, struct err *e)
{
	struct bpf_program program;
	pcap_t *pcap = r->capture->pcap;
	int status = pcap_compile(pcap, &program, r->filter, 1, PCAP_NETMASK_UNKNOWN);
	if (status == 0) {
		status = pcap_setfilter(pcap, &program);
		pcap_freecode(&program);
	}
	return status < 0 ? err_set(e, EXIT_CANNOT, "cannot filter packets on '%s': %s", r->device, pcap_geterr(pcap))
	                  : 0;
}

/* In the device's namespace. */
static int open_there(void *argument, struct err *e)
{
	const struct request *r = argument;
	struct capture *c = r->capture;
	char text[PCAP_ERRBUF_SIZE] = "";
	c->pcap = pcap_create(r->device, text);
	if (!c->pcap)
		return err_set(e, EXIT_CANNOT, "cannot capture packets on '%s': %s", r->device, text);
	pcap_set_snaplen(c->pcap, r->snap_length);
	pcap_set_promisc(c->pcap, 0);
	pcap_set_timeout(c->pcap, BLOCK_TIMEOUT_MS);
	pcap_set_buffer_size(c->pcap, RING_BYTES);
	pcap_set_tstamp_precision(c->pcap, PCAP_TSTAMP_PRECISION_NANO);
	int status = pcap_activate(c->pcap);
	if (status < 0)
		return err_set(e, EXIT_CANNOT, "cannot capture packets on '%s': %s: %s", r->device,
		               pcap_statustostr(status), pcap_geterr(c->pcap));
	if (pcap_datalink(c->pcap) != DLT_EN10MB)
		return err_set(e, EXIT_CANNOT, "cannot capture packets on '%s': it is not an Ethernet device",
		               r->device);
	c->nanoseconds = pcap_get_tstamp_precision(c->pcap) == PCAP_TSTAMP_PRECISION_NANO;
	if (pcap_setnonblock(c->pcap, 1, text) < 0)
		return err_set(e, EXIT_CANNOT, "cannot capture packets on '%s': %s", r->device, text);
	return set_filter(r, e);
}

int capture_open(struct capture *c, const char *netns, const char *device, const char *filter, int snap_length,
                 capture_fn *take, void *context, struct err *e)
{
	struct request request = { c, device, filter, snap_length };
	*c = (struct capture){ .take = take, .context = context };
	int result = netns_call(netns, open_there, &request, e);
	if (result < 0)
		capture_close(c);
	return result;
}

static void take_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	const struct capture *c = (const struct capture *)(const void *)user;
	int64_t wall_ns = header->ts.tv_sec * NS_PER_S + header->ts.tv_usec * (c->nanoseconds ? 1 : NS_PER_US);
	const struct captured p = { wall_ns + c->wall_offset_ns, bytes, header->caplen, header->len };
	c->take(c->context, &p);
}

static int take_batch(struct capture *c)
{
	c->wall_offset_ns = clock_wall_offset_ns();
	int count = pcap_dispatch(c->pcap, -1, take_packet, (u_char *)c);
	if (count < 0 && !c->failed) {
		c->failed = 1;
		snprintf(c->trouble, sizeof(c->trouble), "%s", pcap_geterr(c->pcap));
	}
	return count;
}

void capture_run(struct worker *w, struct capture *captures, int count, capture_batch_fn *after_batch, void *context)
{
	for (int ending = 0; !ending;) {
		struct pollfd fds[CAPTURES_MAX + 1] = { { .fd = w->stop_fd, .events = POLLIN } };
		for (int i = 0; i < count; i++) {
			int fd = captures[i].failed ? -1 : pcap_get_selectable_fd(captures[i].pcap);
			fds[i + 1] =
				(struct pollfd){ .fd = fd, .events = POLLIN }; /* a negative one is passed over */
		}
		poll(fds, (nfds_t)count + 1, 4 * BLOCK_TIMEOUT_MS);
		ending = fds[0].revents != 0;
		/* What was sent before the end may still be in a block that the kernel has not handed over. */
		if (ending)
			clock_sleep(2 * BLOCK_TIMEOUT_MS * NS_PER_MS);
		for (int i = 0; i < count; i++)
			while (!captures[i].failed && take_batch(&captures[i]) > 0)
				;
		after_batch(context, ending ? INT64_MAX : clock_now_ns() - 2 * BLOCK_TIMEOUT_MS * NS_PER_MS);
	}
}

int64_t capture_drops(struct capture *c)
{
	struct pcap_stat stat;
	return pcap_stats(c->pcap, &stat) == 0 ? (int64_t)stat.ps_drop : -1;
}

void capture_facts(struct capture *c, struct json_object *facts)
{
	struct pcap_stat stat;
	if (pcap_stats(c->pcap, &stat) == 0) {
		fact_number(facts, "received", stat.ps_recv);
		fact_number(facts, "kernel_drops", stat.ps_drop);
		fact_number(facts, "interface_drops", stat.ps_ifdrop);
	}
	fact_number(facts, "ring_bytes", RING_BYTES);
	fact_number(facts, "stamp_resolution_ns", c->nanoseconds ? 1 : NS_PER_US);
	if (c->failed)
		fact_text(facts, "trouble", c->trouble);
}

void capture_close(struct capture *c)
{
	if (c->pcap)
		pcap_close(c->pcap);
	c->pcap = NULL;
}

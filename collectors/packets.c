/*
 * packets.c - what the guests send, as seen at the client: libpcap on the head's data device, headers only.
 *
 * Writes packets-VM.csv (head_ns,packets,bytes,longest_silence_ns): a row for each bin of packet_bin_ns in which the
 * VM sent something.
 *	packets, bytes       of this bin, as captured: a segment that the sender's offload joined is one packet, and
 *	                     its bytes (Ethernet header included) are all counted
 *	longest_silence_ns   longest time without a packet of this VM that ended in this bin, from packet stamps;
 *	                     `missing` when the VM's very first packet is the only one in the bin
 *	head_ns              stamp of the packet that ended that silence: nothing came from the VM in
 *	                     (head_ns - longest_silence_ns, head_ns), exactly, whatever the bin's width
 * Any IPv4 packet from the VM's data address counts as a sign of life, but for answers to pings; the agent's heartbeat
 * sets the usual spacing.
 * A socket is bound to the heartbeat's port, so that the head does not answer each one with an ICMP error.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/sample_wire.h"
#include "bench/base/series.h"
#include "collectors/capture.h"
#include "collectors/collector.h"
#include "collectors/worker.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SNAPLEN = 96,
	ADDRESS_OFFSET = sizeof(struct ether_header) + 12, /* IPv4 source address */
};

struct vm_packets {
	const struct watched_vm *vm;
	uint32_t address; /* host order */
	struct series *series;
	int64_t bin;            /* number of the bin being filled, from the first packet's */
	int64_t packets, bytes; /* of this bin */
	int64_t silence_ns;     /* longest that ended in this bin; -1: none */
	int64_t silence_end_ns;
	int64_t last_ns; /* stamp of the VM's latest packet; INT64_MIN: none came */
	int64_t all_packets, late_stamps;
};

struct packets {
	const struct watch *watch;
	struct worker worker;
	struct capture capture;
	int heartbeat_fd;
	int64_t strangers;
	struct vm_packets *vms; /* sorted by address */
	char *filter;
};

static void flush_bin(struct vm_packets *v)
{
	if (v->packets == 0)
		return;
	if (v->silence_ns < 0)
		series_row(v->series, "%" PRId64 ",%" PRId64 ",%" PRId64 ",missing", v->silence_end_ns, v->packets,
		           v->bytes);
	else
		series_row(v->series, "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, v->silence_end_ns, v->packets,
		           v->bytes, v->silence_ns);
	v->packets = v->bytes = 0;
}

static void count_packet(struct vm_packets *v, int64_t stamp_ns, int64_t bytes, int64_t bin_ns)
{
	/* Two cores may stamp a hair out of order: never a negative silence. */
	if (stamp_ns < v->last_ns) {
		stamp_ns = v->last_ns;
		v->late_stamps++;
	}
	int64_t silence_ns = v->last_ns == INT64_MIN ? -1 : stamp_ns - v->last_ns;
	int64_t bin = stamp_ns / bin_ns;
	if (v->packets && bin != v->bin)
		flush_bin(v);
	if (v->packets == 0 || silence_ns > v->silence_ns) {
		v->silence_ns = silence_ns;
		v->silence_end_ns = stamp_ns;
	}
	v->bin = bin;
	v->packets++;
	v->bytes += bytes;
	v->all_packets++;
	v->last_ns = stamp_ns;
}

static int compare_address(const void *a, const void *b)
{
	const struct vm_packets *x = a, *y = b;
	return (x->address > y->address) - (x->address < y->address);
}

static void take_packet(void *context, const struct captured *captured)
{
	struct packets *p = context;
	struct vm_packets key = { 0 }, *v = NULL;
	uint32_t address;
	if (captured->length >= ADDRESS_OFFSET + sizeof(address)) {
		memcpy(&address, captured->bytes + ADDRESS_OFFSET, sizeof(address));
		key.address = ntohl(address);
		v = bsearch(&key, p->vms, (size_t)p->watch->vm_count, sizeof(key), compare_address);
	}
	if (v)
		count_packet(v, captured->head_ns, (int64_t)captured->whole_length, p->watch->packet_bin_ns);
	else
		p->strangers++;
}

/* Bins that are over by now: rows must not wait for the packet that ends the next silence. */
static void flush_old_bins(void *context, int64_t before_ns)
{
	struct packets *p = context;
	for (int i = 0; i < p->watch->vm_count; i++)
		if (p->vms[i].packets && p->vms[i].bin < before_ns / p->watch->packet_bin_ns)
			flush_bin(&p->vms[i]);
}

static void *packets_main(void *argument)
{
	struct packets *p = argument;
	capture_run(&p->worker, &p->capture, 1, flush_old_bins, p);
	return NULL;
}

static int open_heartbeat_port(struct packets *p, struct err *e)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(SAMPLE_HEARTBEAT_PORT) };
	int least = 1;
	p->heartbeat_fd = netns_socket(p->watch->head_netns, AF_INET, SOCK_DGRAM, 0, e);
	if (p->heartbeat_fd < 0)
		return -1;
	/* Nobody reads it: the kernel drops what comes, silently. */
	setsockopt(p->heartbeat_fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	if (bind(p->heartbeat_fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot listen on UDP port %d", SAMPLE_HEARTBEAT_PORT);
	return 0;
}

static int open_vms(struct packets *p, struct err *e)
{
	const struct watch *watch = p->watch;
	size_t room = 48 + (size_t)watch->vm_count * (INET_ADDRSTRLEN + 16), used = 0;
	p->vms = calloc((size_t)watch->vm_count + 1, sizeof(*p->vms));
	p->filter = calloc(1, room);
	if (!p->vms || !p->filter)
		return err_errno(e, EXIT_CANNOT, "cannot watch packets of %d VMs", watch->vm_count);
	used += (size_t)snprintf(p->filter, room, "ip and not icmp and (");
	for (int i = 0; i < watch->vm_count; i++) {
		struct vm_packets *v = &p->vms[i];
		struct in_addr address;
		char name[256];
		v->vm = &watch->vms[i];
		v->last_ns = INT64_MIN;
		if (!v->vm->data_ip || inet_pton(AF_INET, v->vm->data_ip, &address) != 1)
			return err_set(e, EXIT_USAGE, "bad data address '%s' of VM '%s'",
			               v->vm->data_ip ? v->vm->data_ip : "", v->vm->name);
		v->address = ntohl(address.s_addr);
		used += (size_t)snprintf(p->filter + used, room - used, "%ssrc host %s", i ? " or " : "",
		                         v->vm->data_ip);
		snprintf(name, sizeof(name), "packets-%s.csv", v->vm->name);
		if (series_create(&v->series, watch->directory, name, "head_ns,packets,bytes,longest_silence_ns", e) <
		    0)
			return -1;
	}
	snprintf(p->filter + used, room - used, ")");
	qsort(p->vms, (size_t)watch->vm_count, sizeof(*p->vms), compare_address);
	return 0;
}

static int packets_free(struct packets *p, struct err *e)
{
	int result = 0;
	for (int i = 0; p->vms && i < p->watch->vm_count; i++)
		result |= series_close(p->vms[i].series, result ? NULL : e);
	capture_close(&p->capture);
	if (p->heartbeat_fd >= 0)
		close(p->heartbeat_fd);
	free(p->filter);
	free(p->vms);
	free(p);
	return result;
}

static int packets_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct packets *p = calloc(1, sizeof(*p));
	if (!p)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'packets'");
	p->watch = watch;
	p->heartbeat_fd = -1;
	if (watch->packet_bin_ns <= 0 || watch->vm_count <= 0 || !watch->data_device) {
		err_set(e, EXIT_USAGE, "cannot watch packets: no VM, no data device or no bin width");
		goto fail;
	}
	if (open_vms(p, e) < 0 || open_heartbeat_port(p, e) < 0 ||
	    capture_open(&p->capture, watch->head_netns, watch->data_device, p->filter, SNAPLEN, take_packet, p, e) <
	            0 ||
	    worker_start(&p->worker, "mm-packets", packets_main, p, e) < 0)
		goto fail;
	*ret_state = p;
	return 0;
fail:
	packets_free(p, NULL);
	return -1;
}

static void packets_facts(struct packets *p, struct json_object *facts)
{
	struct json_object *vms = json_object_new_array();
	capture_facts(&p->capture, facts);
	fact_number(facts, "from_no_vm", p->strangers);
	for (int i = 0; i < p->watch->vm_count; i++) {
		const struct vm_packets *v = &p->vms[i];
		struct json_object *one = json_object_new_object();
		fact_text(one, "vm", v->vm->name);
		fact_number(one, "packets", v->all_packets);
		fact_number(one, "late_stamps", v->late_stamps);
		if (v->all_packets)
			fact_number(one, "last_packet_head_ns", v->last_ns);
		json_object_array_add(vms, one);
	}
	json_object_object_add(facts, "vms", vms);
}

static int packets_stop(void *state, struct json_object *facts, struct err *e)
{
	struct packets *p = state;
	if (worker_stop(&p->worker, 10 * NS_PER_S) < 0)
		return err_set(e, EXIT_MEASURED_BAD, "collector 'packets' does not end");
	packets_facts(p, facts);
	return packets_free(p, e);
}

const struct collector_ops packets_collector = {
	.name = "packets",
	.files = "packets-VM.csv",
	.help = "packets from the guests at the client, and the silences between them",
	.start = packets_start,
	.stop = packets_stop,
};

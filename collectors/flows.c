/*
 * flows.c - what each flow of the nodes' switches has carried, asked of the switches through OpenFlow (ovs-ofctl) every
 * flow_interval_ns; and where they have learnt each VM to be, and from when on they carry its client's streams, which their
 * controller writes down (bench/testbed/learning_switch.py).
 *
 * Writes flows.csv, a row a flow and reading, counters cumulative since the flow was made (a flow that was not used for a
 * minute goes):
 *
 *	head_ns,switch,priority,protocol,in_port,eth_src,eth_dst,ip_src,ip_dst,port_src,port_dst,actions,duration_ns,packets,
 *	bytes,cookie
 *
 * cookie is the conversation's at that switch, as its controller has numbered them ("0x1a"; 0x0: of none). switch is the node's name; what a flow does not ask for is `any`; bytes are of Ethernet frames without FCS. head_ns is
 * halfway between question and answer; the counts are up to half a second older, but for the last reading's, which is made
 * when no counted traffic goes on any more.
 *
 * An event `learned` of a VM says at which port the switch of a node knows it from then on, give or take what detail says
 * ("port tun0 error_ns 1200000"): it is halfway between what the controller told the switch and the switch's word that it
 * is done, which both cross the network. An event `flow-made` says the same of the flow of its client's stream (collector
 * continuity): "udp from-guest port vnet1 error_ns 1200000", at the port where its frames come in.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/series.h"
#include "bench/base/stream_wire.h"
#include "collectors/collector.h"
#include "collectors/flow_text.h"
#include "collectors/worker.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER                                                                                                       \
	"head_ns,switch,priority,protocol,in_port,eth_src,eth_dst,ip_src,ip_dst,port_src,port_dst,actions,"          \
	"duration_ns,packets,bytes,cookie"

/* Of a switch's answer, at first and at most. */
enum { ANSWER_ROOM = 1 << 20, ANSWER_MOST = 16 << 20 };

/* Open vSwitch carries counts from its datapath to its flows each half a second. */
#define LATE_NS NS_PER_S

struct flows {
	const struct watch *watch;
	struct worker worker;
	struct series *series;
	char *answer;
	size_t room;
	int64_t readings, unread, not_understood, slots_missed, learned, made;
	char trouble[256];
	FILE *places; /* NULL: not there yet */
	int64_t from_ns;
};

/* ---- flows ---- */

static const char *or_any(const char *text)
{
	return *text ? text : "any";
}

static void row_write(struct flows *f, const char *name, int64_t head_ns, const struct flow *flow)
{
	series_row(f->series,
	           "%" PRId64 ",%s,%" PRId64 ",%s,%s,%s,%s,%s,%s,%s,%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64
	           ",0x%" PRIx64,
	           head_ns, name, flow->priority, or_any(flow->protocol), or_any(flow->in_port),
	           or_any(flow->eth_src), or_any(flow->eth_dst), or_any(flow->ip_src), or_any(flow->ip_dst),
	           or_any(flow->port_src), or_any(flow->port_dst), flow->actions, flow->duration_ns, flow->packets,
	           flow->bytes, flow->cookie);
}

/* The whole of it: one that fills its room is cut off, and where that is inside of a flow, the rest may look like another one. */
static int answer_read(struct flows *f, const struct watched_node *node, int64_t *ret_head_ns, struct err *e)
{
	char target[320];
	snprintf(target, sizeof(target), "unix:%s", node->flow_socket);
	const char *const argv[] = { "ovs-ofctl", "--names", "dump-flows", target, NULL };
	for (;;) {
		int64_t begin_ns = clock_now_ns();
		if (process_run(NULL, argv, 5 * NS_PER_S, f->answer, f->room, e) < 0)
			return -1;
		*ret_head_ns = begin_ns + (clock_now_ns() - begin_ns) / 2;
		if (strlen(f->answer) < f->room - 1)
			return 0;
		char *grown = f->room < ANSWER_MOST ? realloc(f->answer, 2 * f->room) : NULL;
		if (!grown)
			return err_set(e, EXIT_MEASURED_BAD, "the flows of '%s' are more than %zu MiB", node->name,
			               f->room >> 20);
		f->answer = grown;
		f->room *= 2;
	}
}

static void ask(struct flows *f, const struct watched_node *node)
{
	char *save = NULL;
	struct err e = { 0 };
	struct flow flow;
	int64_t head_ns;
	if (answer_read(f, node, &head_ns, &e) < 0) {
		f->unread++;
		snprintf(f->trouble, sizeof(f->trouble), "%.*s", (int)sizeof(f->trouble) - 1, e.text);
		return;
	}
	f->readings++;
	for (char *line = strtok_r(f->answer, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char said[200];
		snprintf(said, sizeof(said), "%s", line);
		int kind = flow_parse(line, &flow);
		if (kind > 0)
			row_write(f, node->name, head_ns, &flow);
		if (kind < 0) {
			f->not_understood++;
			snprintf(f->trouble, sizeof(f->trouble), "not understood: %s", said);
		}
	}
}

/* ---- places ---- */

/* A line of the controller's. */
struct told {
	long long asked_ns, answered_ns;
	int number; /* of the switch */
	char mac[24], port[24];
	/* of a conversation; protocol "": a host */
	char to_mac[24], protocol[8];
	int port_from, port_to;
};

/* "asked_ns,answered_ns,switch,mac,port", and of a conversation ",mac,protocol,port,port". */
static bool told_parse(const char *line, struct told *t)
{
	int used = 0;
	char end = 0;
	*t = (struct told){ 0 };
	if (sscanf(line, "%lld,%lld,%d,%23[0-9a-f:],%23[A-Za-z0-9_.-]%n", &t->asked_ns, &t->answered_ns, &t->number,
	           t->mac, t->port, &used) != 5 ||
	    t->answered_ns < t->asked_ns)
		return false;
	if (line[used] == '\n')
		return true;
	return sscanf(line + used, ",%23[0-9a-f:],%7[a-z],%d,%d%c", t->to_mac, t->protocol, &t->port_from,
	              &t->port_to, &end) == 5 &&
	       end == '\n';
}

/* Of which VM's place or stream it is, in words; NULL: of another's. */
static const char *told_of(const struct told *t, const struct watched_vm *vm)
{
	bool from = vm->data_mac && strcmp(vm->data_mac, t->mac) == 0;
	bool to = vm->data_mac && strcmp(vm->data_mac, t->to_mac) == 0;
	if (!*t->protocol)
		return from ? "" : NULL;
	return from && t->port_from == STREAM_PORT ? " from-guest "
	       : to && t->port_to == STREAM_PORT   ? " to-guest "
	                                           : NULL;
}

static void place_take(struct flows *f, const char *line)
{
	const struct watch *w = f->watch;
	struct told t;
	if (!w->event || !told_parse(line, &t) || t.asked_ns < f->from_ns)
		return;
	int64_t half_ns = (t.answered_ns - t.asked_ns + 1) / 2;
	for (int n = 0; n < w->node_count; n++)
		for (int v = 0; v < w->vm_count && w->nodes[n].flow_socket && w->nodes[n].switch_number == t.number;
		     v++) {
			const char *way = told_of(&t, &w->vms[v]);
			char detail[120];
			if (!way)
				continue;
			snprintf(detail, sizeof(detail), "%s%sport %s error_ns %" PRId64, t.protocol, way, t.port,
			         half_ns);
			w->event(w->event_context, t.asked_ns + half_ns, w->vms[v].name, w->nodes[n].name,
			         *t.protocol ? "flow-made" : "learned", detail);
			*(*t.protocol ? &f->made : &f->learned) += 1;
		}
}

/* Lines that are whole; the rest next time. */
static void places_read(struct flows *f)
{
	char line[256];
	if (!f->places && f->watch->learned_path)
		f->places = fopen(f->watch->learned_path, "re");
	if (!f->places)
		return;
	long at = ftell(f->places);
	clearerr(f->places);
	while (fgets(line, sizeof(line), f->places)) {
		if (!strchr(line, '\n')) {
			fseek(f->places, at, SEEK_SET);
			return;
		}
		at = ftell(f->places);
		place_take(f, line);
	}
}

/* ---- the collector ---- */

static void read_all(struct flows *f)
{
	for (int i = 0; i < f->watch->node_count; i++)
		if (f->watch->nodes[i].flow_socket)
			ask(f, &f->watch->nodes[i]);
	places_read(f);
}

static void *flows_main(void *argument)
{
	struct flows *f = argument;
	int64_t interval_ns = f->watch->flow_interval_ns;
	for (int64_t next = clock_now_ns(); !worker_sleep_until(&f->worker, next);) {
		read_all(f);
		int64_t then = worker_next_tick(next, interval_ns);
		f->slots_missed += (then - next) / interval_ns - 1;
		next = then;
	}
	return NULL;
}

static int flows_free(struct flows *f, struct err *e)
{
	int result = series_close(f->series, e);
	if (f->places)
		fclose(f->places);
	free(f->answer);
	free(f);
	return result;
}

static int flows_start(const struct watch *watch, void **ret_state, struct err *e)
{
	bool switches = false;
	for (int i = 0; i < watch->node_count; i++)
		switches |= watch->nodes[i].flow_socket != NULL;
	*ret_state = NULL;
	if (!switches) /* there is nothing to watch */
		return 0;
	struct flows *f = calloc(1, sizeof(*f));
	if (f)
		f->answer = malloc(f->room = ANSWER_ROOM);
	if (!f || !f->answer) {
		free(f);
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'flows'");
	}
	f->watch = watch;
	f->from_ns = clock_now_ns();
	if (series_create(&f->series, watch->directory, "flows.csv", HEADER, e) < 0 ||
	    worker_start(&f->worker, "mm-flows", flows_main, f, e) < 0) {
		flows_free(f, NULL);
		return -1;
	}
	*ret_state = f;
	return 0;
}

static int flows_stop(void *state, struct json_object *facts, struct err *e)
{
	struct flows *f = state;
	if (worker_stop(&f->worker, 15 * NS_PER_S) < 0)
		return err_set(e, EXIT_MEASURED_BAD, "collector 'flows' does not end");
	clock_sleep(LATE_NS);
	read_all(f);
	fact_number(facts, "readings", f->readings);
	fact_number(facts, "unread", f->unread);
	fact_number(facts, "lines_not_understood", f->not_understood);
	fact_number(facts, "slots_missed", f->slots_missed);
	fact_number(facts, "learned", f->learned);
	fact_number(facts, "flows_made", f->made);
	if (f->trouble[0])
		fact_text(facts, "trouble", f->trouble);
	return flows_free(f, e);
}

const struct collector_ops flows_collector = {
	.name = "flows",
	.files = "flows.csv",
	.help = "packets and bytes of each flow of the Open vSwitches, by OpenFlow, and from when on they know where the VMs are",
	.start = flows_start,
	.stop = flows_stop,
};

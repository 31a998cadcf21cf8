/* The collector of flows beside a switch of ours: what its flows carried, and when it learnt where a VM is. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "collectors/collector.h"
#include "t/scratch.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Stands in for ovs-ofctl. */
static const char program[] =
	"#!/bin/sh\n"
	"echo 'NXST_FLOW reply (xid=0x4):'\n"
	"echo ' cookie=0x1a2b, duration=2.5s, table=0, n_packets=5, n_bytes=490, priority=1,udp,in_port=up0,"
	"nw_src=10.77.2.1,nw_dst=10.77.2.11,tp_src=40000,tp_dst=7707 actions=output:tun0'\n";

struct heard {
	int count;
	int64_t head_ns;
	char flow[400]; /* all of flow-made */
	char vm[16], node[16], event[16], detail[120];
};

static void on_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                     const char *detail)
{
	struct heard *h = context;
	if (strcmp(event, "flow-made") == 0) {
		snprintf(h->flow + strlen(h->flow), sizeof(h->flow) - strlen(h->flow), "%s %s: %s\n", vm, node,
		         detail);
		return;
	}
	h->count++;
	h->head_ns = head_ns;
	snprintf(h->vm, sizeof(h->vm), "%s", vm);
	snprintf(h->node, sizeof(h->node), "%s", node);
	snprintf(h->event, sizeof(h->event), "%s", event);
	snprintf(h->detail, sizeof(h->detail), "%s", detail);
}

static void put(const char *name, mode_t mode, const char *text)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(path, mode);
}

static void learning_is_between_question_and_answer(void **state)
{
	char learned[128], lines[1024], path[4096];
	struct heard heard = { 0 };
	static const char client[] = "02:00:0a:4d:02:01";
	struct watched_node node = { .name = "src", .flow_socket = "/nonexistent", .switch_number = 1 };
	struct watched_vm vm = { .name = "vm1", .data_mac = "52:54:00:77:02:0b" };
	struct watch watch = { .directory = scratch,
		               .nodes = &node,
		               .node_count = 1,
		               .vms = &vm,
		               .vm_count = 1,
		               .learned_path = learned,
		               .event = on_event,
		               .event_context = &heard,
		               .flow_interval_ns = 10 * NS_PER_S };
	struct json_object *facts = json_object_new_object();
	struct err e = { 0 };
	void *flows = NULL;
	(void)state;
	snprintf(path, sizeof(path), "%s:%s", scratch, getenv("PATH"));
	setenv("PATH", path, 1);
	put("ovs-ofctl", 0755, program);
	snprintf(learned, sizeof(learned), "%s/learned", scratch);
	if (flows_collector.start(&watch, &flows, &e) < 0)
		fail_msg("%s", e.text);
	assert_non_null(flows);
	int64_t asked_ns = clock_now_ns();
	/* One that is of before, a switch and a host that are not watched, an answer before its question. */
	int used = snprintf(lines, sizeof(lines),
	                    "1,2,1,%s,up0\n%" PRId64 ",%" PRId64 ",9,%s,up0\n%" PRId64 ",%" PRId64
	                    ",1,52:54:00:77:02:0c,up0\n"
	                    "%" PRId64 ",%" PRId64 ",1,%s,up0\n%" PRId64 ",%" PRId64 ",1,%s,tun0\n",
	                    vm.data_mac, asked_ns, asked_ns + 7, vm.data_mac, asked_ns, asked_ns + 7, asked_ns,
	                    asked_ns - 1, vm.data_mac, asked_ns, asked_ns + 4000001, vm.data_mac);
	/* Both ways of the client's stream; another conversation of the VM's, and one that is not whole. */
	snprintf(lines + used, sizeof(lines) - (size_t)used,
	         "%" PRId64 ",%" PRId64 ",1,%s,tun0,%s,udp,7707,41000\n%" PRId64 ",%" PRId64
	         ",1,%s,up0,%s,tcp,41000,7707\n"
	         "%" PRId64 ",%" PRId64 ",1,%s,tun0,%s,tcp,80,41000\n%" PRId64 ",%" PRId64 ",1,%s,tun0,%s,udp,7707\n",
	         asked_ns, asked_ns + 20, vm.data_mac, client, asked_ns, asked_ns + 40, client, vm.data_mac, asked_ns,
	         asked_ns + 7, vm.data_mac, client, asked_ns, asked_ns + 7, vm.data_mac, client);
	put("learned", 0644, lines);
	assert_int_equal(flows_collector.stop(flows, facts, &e), 0);
	assert_int_equal(heard.count, 1);
	assert_string_equal(heard.vm, "vm1");
	assert_string_equal(heard.node, "src");
	assert_string_equal(heard.event, "learned");
	assert_string_equal(heard.detail, "port tun0 error_ns 2000001");
	assert_int_equal(heard.head_ns, asked_ns + 2000001);
	assert_string_equal(heard.flow, "vm1 src: udp from-guest port tun0 error_ns 10\n"
	                                "vm1 src: tcp to-guest port up0 error_ns 20\n");
	json_object_put(facts);
	snprintf(path, sizeof(path), "%s/flows.csv", scratch);
	char *text = whole_file_read(path, 100000);
	assert_non_null(text);
	assert_non_null(strstr(text, ",packets,bytes,cookie\n"));
	assert_non_null(strstr(text, ",src,1,udp,up0,any,any,10.77.2.1,10.77.2.11,"));
	assert_non_null(strstr(text, ",40000,7707,output:tun0,2500000000,5,490,0x1a2b\n"));
	free(text);
}

/* So many flows, of 170 bytes each. */
static const char many[] =
	"#!/bin/sh\n"
	"yes \" cookie=0x1, duration=2.5s, table=0, n_packets=5, n_bytes=490, priority=1,udp,in_port=up0,"
	"nw_src=10.77.2.1,nw_dst=10.77.2.11,tp_src=40000,tp_dst=7707 actions=output:tun0\" | head -n %d\n";

static void asked(int flows, struct json_object *facts)
{
	struct watched_node node = { .name = "src", .flow_socket = "/nonexistent", .switch_number = 1 };
	struct watch watch = {
		.directory = scratch, .nodes = &node, .node_count = 1, .flow_interval_ns = 100 * NS_PER_S
	};
	struct err e = { 0 };
	void *state = NULL;
	char text[1000], path[128];
	snprintf(path, sizeof(path), "%s/flows.csv", scratch);
	unlink(path);
	snprintf(text, sizeof(text), many, flows);
	put("ovs-ofctl", 0755, text);
	if (flows_collector.start(&watch, &state, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(flows_collector.stop(state, facts, &e), 0);
}

static int64_t fact(struct json_object *facts, const char *name)
{
	return json_object_get_int64(json_object_object_get(facts, name));
}

/* However many flows there are, each is read whole, or it is said that none was. */
static void many_flows(void **state)
{
	(void)state;
	enum { FLOWS = 20000, ENDLESS = 120000 };
	struct json_object *facts = json_object_new_object();
	char path[128], line[512];
	int64_t rows = 0;
	asked(FLOWS, facts);
	snprintf(path, sizeof(path), "%s/flows.csv", scratch);
	FILE *file = fopen(path, "re");
	assert_non_null(fgets(line, sizeof(line), file));
	for (; fgets(line, sizeof(line), file); rows++)
		assert_non_null(strstr(line, ",output:tun0,2500000000,5,490,0x1\n"));
	fclose(file);
	assert_true(fact(facts, "readings") > 0);
	assert_int_equal(rows, FLOWS * fact(facts, "readings"));
	assert_int_equal(fact(facts, "lines_not_understood"), 0);
	json_object_put(facts);
	facts = json_object_new_object();
	asked(ENDLESS, facts);
	assert_int_equal(fact(facts, "readings"), 0);
	assert_true(fact(facts, "unread") > 0);
	assert_non_null(strstr(json_object_get_string(json_object_object_get(facts, "trouble")), "more than 16 MiB"));
	json_object_put(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(learning_is_between_question_and_answer),
		                            cmocka_unit_test(many_flows) };
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

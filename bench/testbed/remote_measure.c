/*
 * What the way between two remote nodes does, measured by programs that are there: ping, and iperf3 where both have it.
 * Declared in remote_testbed.h.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/ssh.h"
#include "bench/testbed/remote_measure.h"
#include "bench/testbed/remote_testbed.h"
#include "bench/testbed/testbed.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PINGS = 50, TEXT_ROOM = 16384, IPERF_PORT = 5209 };

#define PING_INTERVAL "0.02"
#define ASK_NS (40 * NS_PER_S)

int ping_read(const char *text, struct link_measured *m)
{
	int64_t rtt[PINGS];
	double ms;
	int came = 0;
	for (const char *at = strstr(text, " time="); at && came < PINGS; at = strstr(at + 1, " time="))
		if (sscanf(at, " time=%lf", &ms) == 1 && ms >= 0 && ms < 1e5)
			rtt[came++] = (int64_t)(ms * NS_PER_MS);
	if (!came)
		return -1;
	m->probes_sent = PINGS;
	link_measured_round_trips(m, rtt, came);
	return 0;
}

double iperf3_read(const char *text)
{
	struct json_object *root = json_tokener_parse(text), *rate = NULL;
	double value = NAN;
	if (root && json_pointer_get(root, "/end/sum_received/bits_per_second", &rate) == 0)
		value = json_object_get_double(rate);
	json_object_put(root);
	return value > 0 ? value : NAN;
}

/* 2 s of one stream after a second that does not count. */
static double goodput(struct ssh *src, struct ssh *dst, const char *address)
{
	char script[600], text[TEXT_ROOM];
	snprintf(
		script, sizeof(script),
		"command -v iperf3 >/dev/null && { timeout 20 iperf3 -s -1 -B '%s' -p %d >/dev/null 2>&1 & sleep 0.5; }",
		address, IPERF_PORT);
	if (ssh_ask(src, "command -v iperf3 >/dev/null", ASK_NS, NULL, 0, NULL, NULL) < 0 ||
	    ssh_ask(dst, script, ASK_NS, NULL, 0, NULL, NULL) < 0)
		return NAN;
	snprintf(script, sizeof(script), "timeout 20 iperf3 -J -O 1 -t 2 -c '%s' -p %d", address, IPERF_PORT);
	if (ssh_ask(src, script, ASK_NS, text, sizeof(text), NULL, NULL) < 0)
		return NAN;
	return iperf3_read(text);
}

int remote_testbed_measure(const struct testbed *t, struct link_measured *ret, struct err *e)
{
	const struct link *l = t->links[0].link;
	struct ssh *src = remote_testbed_host(t, NODE_SRC)->ssh, *dst = remote_testbed_host(t, NODE_DST)->ssh;
	const char *address = t->nodes[NODE_DST].migration_ip;
	struct link_measured m = { .late_p99_ns = -1,
		                   .late_max_ns = -1,
		                   .ideal_bits_per_s = link_ideal_goodput(l),
		                   .rtt_expected_ns = l->shape.rtt_ns };
	char script[300], text[TEXT_ROOM];
	snprintf(script, sizeof(script),
	         "if command -v ping >/dev/null; then ping -n -c %d -i " PING_INTERVAL
	         " -w 20 '%s'; else echo none; fi",
	         PINGS, address);
	if (ssh_ask(src, script, ASK_NS, text, sizeof(text), NULL, e) < 0)
		return err_prefix(e, "no round trip from src to '%s' can be measured", address);
	if (strcmp(text, "none\n") == 0)
		m.rtt_p50_ns = m.rtt_p99_ns = -1;
	else if (ping_read(text, &m) < 0)
		return err_set(e, EXIT_CANNOT, "no round trip from src to '%s' can be measured: ping says '%.100s'",
		               address, text);
	m.goodput_bits_per_s = goodput(src, dst, address);
	link_measured_judge(l, &m);
	*ret = m;
	return 0;
}

/* What a client notices of a made migration whose gap, losses and learning are known. */
#include "t/analysed.h"

#define HEADER                                                                                                        \
	"head_ns,stream,sent,received,next,reordered,duplicates,longest_silence_ns,oldest_news_ns,guest_received,"    \
	"guest_next,guest_reordered,guest_duplicates,guest_hole_ns,guest_hole_from_ns,retransmits,guest_retransmits," \
	"alive\n"
#define FLOW_HEADER                                                                                                  \
	"head_ns,switch,priority,protocol,in_port,eth_src,eth_dst,ip_src,ip_dst,port_src,port_dst,actions,"          \
	"duration_ns,packets,bytes\n"

/* Stopped 15..15.2; the switches learn at 15.25 (dst) and 15.3 (src); records come again at 15.35. */
enum { BACK_MS = 15350, GAP_FROM_MS = 15000, LOST = 120, LOST_TO = 80 };

static void make_events(int learned)
{
	char events[4096] = "";
	made_event(events, 1, "vm1", "src", "learned", "port vnet1");
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 15, "vm1", "src", "stop", "");
	made_event(events, 15.2, "vm1", "dst", "resume", "");
	if (learned) {
		made_event(events, 15.25, "vm1", "dst", "learned", "port vnet1");
		made_event(events, 15.3, "vm1", "src", "learned", "port tun0");
		made_event(events, 16, "vm1", "src", "learned", "port tun0"); /* again: it knew */
	}
	made_event(events, 15.5, "vm1", "src", "migrate-done", "");
	made_run(run_path, "precopy",
	         "{\"name\":\"vm1\",\"index\":0,\"role\":\"migrating\",\"node\":\"src\",\"memory_bytes\":134217728,"
	         "\"data_ip\":\"10.77.2.11\",\"workloads\":[],\"sample_interval_ns\":10000000}",
	         10, 15.5, 30, events);
}

/* Up to dead_ms of the run, and then no more. */
static void make_streams(int dead_ms)
{
	FILE *file = made_open(run_path, "continuity-vm1.csv");
	fputs(HEADER, file);
	int last_ms = 0, received = 0;
	for (int ms = 1000; ms < dead_ms; ms += 10) {
		if (ms > GAP_FROM_MS && ms < BACK_MS)
			continue;
		int after = ms >= BACK_MS, silence_ms = last_ms ? ms - last_ms : -1;
		received += 10;
		for (int tcp = 0; tcp < 2; tcp++) {
			fprintf(file, "%" PRId64 ",%s,%d,%d,%d,%d,0,", MADE_HEAD + ms * MADE_MS, tcp ? "tcp" : "udp",
			        ms, received, received + (after && !tcp ? LOST : 0), after && !tcp ? 3 : 0);
			fprintf(file, silence_ms < 0 ? "missing" : "%" PRId64, silence_ms * MADE_MS);
			fprintf(file, ",%" PRId64 ",%d,%d,%d,0,", (tcp && ms == BACK_MS ? 400 : 2) * MADE_MS,
			        received - LOST_TO, received - (after && !tcp ? 0 : LOST_TO), after && !tcp ? 1 : 0);
			fprintf(file, after && !tcp ? "%" PRId64 ",%" PRId64 ",%s\n" : "%" PRId64 ",%" PRId64 ",%s\n",
			        (after && !tcp ? 310 : 3) * MADE_MS,
			        after && !tcp ? MADE_HEAD + 15010 * MADE_MS : MADE_HEAD + 1500 * MADE_MS,
			        !tcp    ? "missing,missing,missing"
			        : after ? "7,2,1"
			                : "1,0,1");
		}
		last_ms = ms;
	}
	fclose(file);
}

static double part(const char *variant)
{
	return metric("stream_gap_part", variant) / 1e6;
}

static void a_gap_is_split_at_stop_resume_and_learning(void **state)
{
	(void)state;
	make_events(1);
	make_streams(30500);
	analyse_well();
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 350, 1e-6, "gap");
	assert_near(metric("stream_gap_floor", "udp:from-guest") / 1e6, 10, 1e-6, "floor");
	assert_near(part("from-guest:before"), 0, 1e-6, "before");
	assert_near(part("from-guest:stopped"), 200, 1e-6, "stopped");
	assert_near(part("from-guest:unreachable"), 100, 1e-6, "unreachable");
	assert_near(part("from-guest:returning"), 50, 1e-6, "returning");
	assert_near(metric("stream_gap", "udp:to-guest") / 1e6, 310, 1e-6, "hole");
	assert_near(part("to-guest:stopped"), 190, 1e-6, "stopped");
	assert_near(part("to-guest:unreachable"), 100, 1e-6, "unreachable");
	assert_near(part("to-guest:returning"), 20, 1e-6, "returning");
	assert_near(metric("stream_gap", "tcp:to-guest") / 1e6, 400, 1e-6, "news");
	assert_near(metric("learning_time", "dst") / 1e6, 50, 1e-6, "dst");
	assert_near(metric("learning_time", "src") / 1e6, 100, 1e-6, "src");
	assert_near(metric("stream_lost", "udp:from-guest"), LOST, 0, "lost");
	assert_near(metric("stream_lost", "udp:to-guest"), LOST_TO, 0, "lost to it");
	assert_near(metric("stream_reordered", "udp:from-guest"), 3, 0, "reordered");
	assert_near(metric("stream_reordered", "udp:to-guest"), 1, 0, "reordered to it");
	assert_near(metric("stream_retransmits", "tcp:to-guest"), 6, 0, "retransmits");
	assert_near(metric("stream_retransmits", "tcp:from-guest"), 2, 0, "its retransmits");
	assert_near(metric("connection_alive", "tcp"), 1, 0, "alive");
}

static void a_network_that_does_not_say_leaves_parts_missing(void **state)
{
	(void)state;
	make_events(0);
	make_streams(30500);
	analyse_well();
	assert_near(part("from-guest:stopped"), 200, 1e-6, "stopped");
	assert_missing("stream_gap_part", "from-guest:unreachable", "no switch says");
	assert_missing("stream_gap_part", "from-guest:returning", "no switch says");
}

static void a_connection_that_went_silent_is_dead(void **state)
{
	(void)state;
	make_events(1);
	make_streams(14000);
	analyse_well();
	assert_near(metric("connection_alive", "tcp"), 0, 0, "alive");
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 16010, 1e-6, "to the end");
	assert_non_null(strstr(metric_reason("stream_gap", "udp:from-guest"), "at least so long"));
}

/* The guest's port goes, and its flow's has no name any more; it comes by another; a flow is made again. */
static void the_switch_has_counted_what_the_client_sent(void **state)
{
	static const char to[] = "udp,up0,a,b,10.77.2.1,10.77.2.11,4000,7707,output:vnet1,",
			  from[] = "udp,vnet1,b,a,10.77.2.11,10.77.2.1,7707,4000,output:up0,",
			  gone[] = "udp,2,b,a,10.77.2.11,10.77.2.1,7707,4000,output:up0,",
			  moved[] = "udp,tun0,b,a,10.77.2.11,10.77.2.1,7707,4000,output:up0,";
	(void)state;
	make_events(1);
	make_streams(30500);
	made_file(run_path, "flows.csv",
	          FLOW_HEADER "%" PRId64 ",src,1,%s5000000000,1000,1\n%" PRId64 ",src,1,%s4000000000,900,1\n"
	                      "%" PRId64 ",dst,1,%s5000000000,77,1\n%" PRId64 ",src,1,%s6001000000,30490,1\n"
	                      "%" PRId64 ",src,1,%s5002000000,950,1\n%" PRId64 ",src,1,%s500000000,12000,1\n"
	                      "%" PRId64 ",src,1,%s100000000,50,1\n"
	                      "%" PRId64 ",src,1,udp,up0,a,b,10.77.2.1,10.77.2.12,4000,7707,drop,1,55,1\n",
	          MADE_HEAD, to, MADE_HEAD, from, MADE_HEAD, to, MADE_HEAD + MADE_S, to, MADE_HEAD + MADE_S, gone,
	          MADE_HEAD + MADE_S, moved, MADE_HEAD + MADE_S, moved, MADE_HEAD + MADE_S);
	analyse_well();
	assert_near(metric("flow_counted", "udp:to-guest"), 100, 1e-9, "sent");
	/* 950 at the old port, 12000 and 50 at the tunnel; the client has 29160 */
	assert_near(metric("flow_counted", "udp:from-guest"), 100 * 13000 / 29160., 1e-9, "received");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_gap_is_split_at_stop_resume_and_learning, run_make, run_remove),
		cmocka_unit_test_setup_teardown(a_network_that_does_not_say_leaves_parts_missing, run_make,
		                                run_remove),
		cmocka_unit_test_setup_teardown(a_connection_that_went_silent_is_dead, run_make, run_remove),
		cmocka_unit_test_setup_teardown(the_switch_has_counted_what_the_client_sent, run_make, run_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

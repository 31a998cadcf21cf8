/* What a client notices of a made migration whose gap, losses and learning are known. */
#include "bench/base/whole_file.h"
#include "t/analysed.h"

#define IN_A_RUN(test) cmocka_unit_test_setup_teardown(test, run_make, run_remove)
#define HEADER                                                                                                        \
	"head_ns,stream,sent,received,next,reordered,duplicates,longest_silence_ns,oldest_news_ns,guest_received,"    \
	"guest_next,guest_reordered,guest_duplicates,guest_hole_ns,guest_hole_from_ns,retransmits,guest_retransmits," \
	"alive,guest_silence_ns,guest_silence_from_ns,guest_epoch\n"
#define FLOW_HEADER                                                                                                  \
	"head_ns,switch,priority,protocol,in_port,eth_src,eth_dst,ip_src,ip_dst,port_src,port_dst,actions,"          \
	"duration_ns,packets,bytes,cookie\n"

/* make_events(): whether the switches say where it is, and one does not say how well it knows when. */
enum { SILENT, SURE, UNSURE };

/* Stopped 15..15.2; the switches learn at 15.21 (dst) and 15.22 (src), and carry the conversation at 15.27 to it, at 15.3 from
 * it; its program ends a turn at 15.24 (make_samples()); records come again at 15.35. */
enum { BASELINE_MS = 2000, MIGRATION_MS = 10000, BACK_MS = 15350, GAP_FROM_MS = 15000, LOST = 120, LOST_TO = 80 };

static void make_events(int learned)
{
	char events[4096] = "";
	made_event(events, 1, "vm1", "src", "learned", "port vnet1");
	made_event(events, 10, "vm1", "src", "migrate-start", "");
	made_event(events, 11, "vm1", "dst", "stop", ""); /* it waits for the VM */
	made_event(events, 12, "vm1", "src", "stop", ""); /* taken back */
	made_event(events, 12.5, "vm1", "src", "resume", "");
	made_event(events, 15, "vm1", "src", "stop", "");
	made_event(events, 15.01, "vm1", "src", "stop", ""); /* said twice */
	made_event(events, 15.2, "vm1", "dst", "resume", "");
	if (learned) {
		made_event(events, 15.21, "vm1", "dst", "learned", "port vnet1 error_ns 1000000");
		made_event(events, 15.22, "vm1", "src", "learned",
		           learned == UNSURE ? "port tun0" : "port tun0 error_ns 4000000");
		made_event(events, 15.23, "vm1", "dst", "flow-made", "tcp from-guest port vnet1 error_ns 1000000");
		made_event(events, 15.26, "vm1", "dst", "flow-made", "udp from-guest port vnet1 error_ns 1000000");
		made_event(events, 15.27, "vm1", "dst", "flow-made", "udp to-guest port tun0 error_ns 1000000");
		made_event(events, 15.3, "vm1", "src", "flow-made",
		           learned == UNSURE ? "udp from-guest port tun0"
		                             : "udp from-guest port tun0 error_ns 4000000");
		made_event(events, 15.32, "vm1", "dst", "flow-made", "udp from-guest port vnet1 error_ns 1000000");
		made_event(events, 16, "vm1", "src", "learned", "port tun0"); /* again: it knew */
	}
	made_event(events, 15.5, "vm1", "src", "migrate-done", "");
	made_run(run_path, "precopy",
	         "{\"name\":\"vm1\",\"index\":0,\"role\":\"migrating\",\"node\":\"src\",\"memory_bytes\":134217728,"
	         "\"data_ip\":\"10.77.2.11\",\"workloads\":[],\"sample_interval_ns\":10000000}",
	         10, 15.5, 30, events);
}

/* Of the guest, whose program did nothing from the resume up to then. */
static void make_samples(double turn_s)
{
	const struct made_vm vm = { .name = "vm1",
		                    .workload = "stream",
		                    .length_s = 30,
		                    .interval_ns = 10 * MADE_MS,
		                    .rate = 2000,
		                    .jitter_ms = 0.05,
		                    .stops = { { 15, 15.2, 0 } },
		                    .dips = { { 15.2, turn_s, 0 } } };
	made_samples(run_path, &vm);
}

/* What the guest says of its longest gaps once it can be heard again: by sending, by taking, and when each began. */
struct gap {
	int hole_ms, hole_from_ms, silence_ms, silence_from_ms;
};

static const struct gap lost_ones = { 310, 15010, 5, 15010 };

/* Between these the client heard nothing, too. */
static int deaf_from_ms, deaf_to_ms;

/* Up to dead_ms of the run, and then no more. In warm-up there was a longer gap than any. */
static void make_streams_with(int dead_ms, const struct gap *gap)
{
	static const struct gap epochs[] = { { 900, 1100, 4, 1200 }, { 3, 6500, 7, 7000 }, { 2, 10200, 2, 10300 } };
	FILE *file = made_open(run_path, "continuity-vm1.csv");
	fputs(HEADER, file);
	int last_ms = 0, received = 0;
	for (int ms = 1000; ms < dead_ms; ms += 10) {
		if ((ms > GAP_FROM_MS && ms < BACK_MS) || (ms > deaf_from_ms && ms < deaf_to_ms))
			continue;
		int after = ms >= BACK_MS, silence_ms = last_ms ? ms - last_ms : -1;
		int epoch = ms <= BASELINE_MS ? 0 : ms <= MIGRATION_MS ? 1 : 2;
		const struct gap *said = after ? gap : &epochs[epoch];
		received += 10;
		for (int tcp = 0; tcp < 2; tcp++) {
			fprintf(file, "%" PRId64 ",%s,%d,%d,%d,%d,0,", MADE_HEAD + ms * MADE_MS, tcp ? "tcp" : "udp",
			        ms, received, received + (after && !tcp ? LOST : 0), after && !tcp ? 3 : 0);
			fprintf(file, silence_ms < 0 ? "missing" : "%" PRId64, silence_ms * MADE_MS);
			fprintf(file, ",%" PRId64 ",%d,%d,%d,0,", (ms == BACK_MS ? (tcp ? 400 : 600) : 2) * MADE_MS,
			        received - LOST_TO, received - (after && !tcp ? 0 : LOST_TO), after && !tcp ? 1 : 0);
			fprintf(file, "%" PRId64 ",%" PRId64 ",%s,%" PRId64 ",%" PRId64 ",%d\n",
			        said->hole_ms * MADE_MS, MADE_HEAD + said->hole_from_ms * MADE_MS,
			        !tcp    ? "missing,missing,missing"
			        : after ? "7,2,1"
			                : "1,0,1",
			        said->silence_ms * MADE_MS, MADE_HEAD + said->silence_from_ms * MADE_MS, epoch);
		}
		last_ms = ms;
	}
	fclose(file);
}

static void make_streams(int dead_ms)
{
	make_streams_with(dead_ms, &lost_ones);
}

static double part(const char *variant)
{
	return metric("stream_gap_part", variant) / 1e6;
}

static double part_end(const char *variant, const char *end)
{
	return metric_number("stream_gap_part", "vm1", variant, end) / 1e6;
}

/* A turn is known to half the time between two samples, and to their clock's error. */
#define TURN_ERROR_MS 8

static void a_gap_is_split_at_its_moments(void **state)
{
	static const char *const parts[] = { "before", "stopped", "starting", "unreachable", "returning" };
	double sum = 0;
	(void)state;
	make_events(SURE);
	make_streams(30500);
	make_samples(15.24);
	analyse_well();
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 350, 1e-6, "gap");
	assert_string_equal(metric_reason("stream_gap", "udp:from-guest"), "");
	assert_near(metric("switch_over_gap", "udp:from-guest") / 1e6, 350, 1e-6, "gap");
	assert_near(metric("switch_over_gap", "tcp:from-guest") / 1e6, 350, 1e-6, "gap");
	assert_near(metric("stream_gap_floor", "udp:from-guest") / 1e6, 10, 1e-6, "floor");
	assert_near(part("from-guest:before"), 0, 1e-6, "before");
	assert_near(part("from-guest:stopped"), 200, 1e-6, "stopped");
	assert_near(part("from-guest:starting"), 40, TURN_ERROR_MS, "starting");
	assert_near(part("from-guest:unreachable"), 60, TURN_ERROR_MS, "unreachable");
	assert_near(part("from-guest:returning"), 50, 1e-6, "returning");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		char variant[64];
		snprintf(variant, sizeof(variant), "from-guest:%s", parts[i]);
		sum += part(variant);
	}
	assert_near(sum, 350, 1e-6, "all parts");
	assert_near(metric("stream_gap", "udp:to-guest") / 1e6, 310, 1e-6, "hole");
	assert_near(metric("switch_over_gap", "udp:to-guest") / 1e6, 310, 1e-6, "hole");
	assert_near(metric("stream_gap_floor", "udp:to-guest") / 1e6, 7, 1e-6, "floor, without the warm-up");
	assert_near(part("to-guest:stopped"), 190, 1e-6, "stopped");
	assert_near(part("to-guest:unreachable"), 70, 1e-6, "unreachable");
	assert_near(part("to-guest:starting"), 0, 1e-6, "starting, before its flows were there");
	assert_near(part("to-guest:returning"), 50, 1e-6, "returning");
	assert_near(metric("stream_gap", "tcp:to-guest") / 1e6, 400, 1e-6, "news");
	assert_near(metric("learning_time", "dst") / 1e6, 10, 1e-6, "dst");
	assert_near(metric("learning_time", "src") / 1e6, 20, 1e-6, "src");
	assert_near(metric("stream_lost", "udp:from-guest"), LOST, 0, "lost");
	assert_near(metric("stream_lost", "udp:to-guest"), LOST_TO, 0, "lost to it");
	assert_near(metric("stream_reordered", "udp:from-guest"), 3, 0, "reordered");
	assert_near(metric("stream_reordered", "udp:to-guest"), 1, 0, "reordered to it");
	assert_near(metric("stream_retransmits", "tcp:to-guest"), 6, 0, "retransmits");
	assert_near(metric("stream_retransmits", "tcp:from-guest"), 2, 0, "its retransmits");
	assert_near(metric("connection_alive", "tcp"), 1, 0, "alive");
}

/* What is late is silence, too; a stop in it is not in the guest's time. */
static void a_gap_at_the_guest_is_what_it_did_not_take(void **state)
{
	static const struct {
		struct gap said;
		double truth_ms;
	} cases[] = {
		{ { 1, 15005, 250, 15005 }, 250 },   /* late, behind the stop */
		{ { 1, 14990, 250, 14990 }, 450 },   /* late, and stopped */
		{ { 310, 14990, 150, 14980 }, 350 }, /* some lost; stopped, and the ones before taken late */
		{ { 310, 14990, 20, 14990 }, 310 },  /* lost */
		{ { 1, 14990, 500, 14990 }, 600 },   /* the client had no news for so long */
		{ { 350, 13000, 2, 13100 }, 350 },   /* lost, long before the stop */
	};
	(void)state;
	make_events(SURE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		make_streams_with(30500, &cases[i].said);
		analyse_well();
		assert_near(metric("stream_gap", "udp:to-guest") / 1e6, cases[i].truth_ms, 1e-6, "gap");
	}
}

static void a_guest_that_kept_its_warm_up_says_nothing(void **state)
{
	char *text, *line, *save = NULL, path[128];
	(void)state;
	make_events(SURE);
	make_streams(30500);
	snprintf(path, sizeof(path), "%s/continuity-vm1.csv", run_path);
	text = whole_file_read(path, 10 << 20);
	assert_non_null(text);
	FILE *file = made_open(run_path, "continuity-vm1.csv");
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		for (int columns = 0; columns < 3; columns++)
			*strrchr(line, ',') = '\0';
		fprintf(file, "%s\n", line);
	}
	fclose(file);
	free(text);
	analyse_well();
	assert_missing("stream_gap", "udp:to-guest", "warm-up included");
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 350, 1e-6, "gap");
}

/* Stamps of events are 0.1 ms off, a switch's word half its round trip. */
static void parts_say_how_well_they_are_known(void **state)
{
	(void)state;
	make_events(SURE);
	make_streams(30500);
	make_samples(15.24);
	analyse_well();
	assert_near(part_end("from-guest:stopped", "low"), 199.8, 1e-6, "stopped at least");
	assert_near(part_end("from-guest:stopped", "high"), 200.1, 1e-6, "stopped at most, within the gap");
	assert_true(part_end("from-guest:starting", "low") <= 40 && part_end("from-guest:starting", "high") >= 40);
	assert_true(part_end("from-guest:unreachable", "low") <= 60 &&
	            part_end("from-guest:unreachable", "high") >= 60);
	assert_near(part_end("from-guest:returning", "low"), 46, 1e-6, "returning at least");
	assert_near(part_end("from-guest:returning", "high"), 54, 1e-6, "returning at most");
	assert_near(part_end("to-guest:unreachable", "low"), 68.9, 1e-6, "unreachable at least");
	assert_near(part_end("to-guest:unreachable", "high"), 71.1, 1e-6, "unreachable at most");
	assert_near(metric_number("learning_time", "vm1", "src", "low") / 1e6, 15.9, 1e-6, "learning at least");
	make_events(UNSURE);
	make_streams(30500);
	analyse_well();
	assert_near(part("from-guest:returning"), 50, 1e-6, "returning");
	assert_true(isnan(part_end("from-guest:returning", "low")));
	assert_near(part_end("from-guest:stopped", "low"), 199.8, 1e-6, "stopped at least");
}

/* No sample tells whether the first one after the resume has work of after it: its turn may have ended at once. */
static void a_turn_that_ends_soon_is_known_to_two_samples(void **state)
{
	(void)state;
	make_events(SURE);
	make_streams(30500);
	make_samples(15.2);
	analyse_well();
	assert_near(part("from-guest:starting"), 10, TURN_ERROR_MS, "starting");
	assert_near(part_end("from-guest:starting", "low"), 0, 1e-6, "starting at least");
	assert_true(part_end("from-guest:starting", "high") >= 10);
}

/* The longest silence was before the stop: the parts are those of the stop's. */
static void parts_are_of_the_gap_with_the_stop(void **state)
{
	(void)state;
	make_events(SURE);
	deaf_from_ms = 11000;
	deaf_to_ms = 11700;
	make_streams(30500);
	deaf_from_ms = deaf_to_ms = 0;
	make_samples(15.24);
	analyse_well();
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 700, 1e-6, "longest");
	assert_non_null(strstr(metric_reason("stream_gap", "udp:from-guest"), "before the VM stopped"));
	assert_near(metric("switch_over_gap", "udp:from-guest") / 1e6, 350, 1e-6, "that of the stop");
	assert_near(part("from-guest:stopped"), 200, 1e-6, "stopped");
	assert_near(part("from-guest:returning"), 50, 1e-6, "returning");
}

/* The guest keeps its longest only: what it says of another time is not of the stop. */
static void a_gap_that_a_longer_one_hid_is_missing(void **state)
{
	static const struct gap hidden = { 400, 12000, 390, 12000 }, late = { 400, 12000, 50, 14990 };
	(void)state;
	make_events(SURE);
	make_samples(15.24);
	make_streams_with(30500, &hidden);
	analyse_well();
	assert_near(metric("stream_gap", "udp:to-guest") / 1e6, 400, 1e-6, "longest");
	assert_missing("switch_over_gap", "udp:to-guest", "no such gap");
	make_streams_with(30500, &late);
	analyse_well();
	assert_near(metric("switch_over_gap", "udp:to-guest") / 1e6, 250, 1e-6, "50 of its own and the stop");
	assert_near(part("to-guest:stopped"), 200, 1e-6, "stopped");
	assert_near(part("to-guest:before"), 10, 1e-6, "before");
}

static void a_network_that_does_not_say_leaves_parts_missing(void **state)
{
	(void)state;
	make_events(SILENT);
	make_streams(30500);
	make_samples(15.24);
	analyse_well();
	assert_near(part("from-guest:stopped"), 200, 1e-6, "stopped");
	assert_near(part("from-guest:starting"), 40, TURN_ERROR_MS, "starting");
	assert_missing("stream_gap_part", "from-guest:unreachable", "no switch says");
	assert_missing("stream_gap_part", "from-guest:returning", "no switch says");
	assert_missing("stream_gap_part", "to-guest:unreachable", "no switch says");
}

static void a_guest_without_samples_leaves_its_start_missing(void **state)
{
	(void)state;
	make_events(SURE);
	make_streams(30500);
	analyse_well();
	assert_missing("stream_gap_part", "from-guest:starting", "no samples of its workload");
	assert_missing("stream_gap_part", "from-guest:unreachable", "no samples of its workload");
	assert_near(part("from-guest:returning"), 50, 1e-6, "returning");
	assert_near(part("to-guest:unreachable"), 70, 1e-6, "unreachable");
}

/* Records at 5 ms of every 10 ms up to dead_ms, but for 15 s to 15.3 s, in bins of a second. */
static void make_wide_streams(int dead_ms, int silent_from_ms, int silent_to_ms)
{
	FILE *file = made_open(run_path, "continuity-vm1.csv");
	int last_ms = 0, received = 0, silence_ms = -1, silence_end_ms = 0;
	fputs(HEADER, file);
	fseek(file, -1, SEEK_CUR);
	fputs(",last_ns\n", file);
	for (int ms = 1005; ms < 33000; ms += 10) {
		int comes =
			ms < dead_ms && !(ms > 15000 && ms < 15300) && !(ms > silent_from_ms && ms < silent_to_ms);
		if (last_ms && (ms % 1000 == 5) && silence_end_ms) {
			for (int tcp = 0; tcp < 2; tcp++)
				fprintf(file,
				        "%" PRId64 ",%s,%d,%d,%d,0,0,%" PRId64 ",2000000,%d,%d,0,0,1,1,%s,%" PRId64
				        ",1,2,%" PRId64 "\n",
				        MADE_HEAD + silence_end_ms * MADE_MS, tcp ? "tcp" : "udp", received, received,
				        received, silence_ms * MADE_MS, received, received,
				        tcp ? "1,0,1" : "missing,missing,missing", MADE_MS,
				        MADE_HEAD + last_ms * MADE_MS);
			silence_end_ms = 0;
		}
		if (!comes)
			continue;
		if (last_ms && (!silence_end_ms || ms - last_ms > silence_ms)) {
			silence_ms = ms - last_ms;
			silence_end_ms = ms;
		}
		last_ms = ms;
		received++;
	}
	fclose(file);
}

/* A row's stamp is that of its longest silence, up to a bin before its last record; the next row's lies behind the window. */
static void wide_bins_do_not_lengthen_the_end(void **state)
{
	(void)state;
	make_events(SURE);
	make_wide_streams(40000, 0, 0);
	analyse_well();
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 310, 1e-6, "gap");
	assert_string_equal(metric_reason("stream_gap", "udp:from-guest"), "");
	assert_near(metric("stream_gap", "tcp:from-guest") / 1e6, 310, 1e-6, "gap of TCP");
	/* It went silent within the window, and came again behind it. */
	make_wide_streams(40000, 29500, 31000);
	analyse_well();
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 505, 1e-6, "up to the end");
	assert_non_null(strstr(metric_reason("stream_gap", "udp:from-guest"), "went on"));
	/* It never came again. */
	make_wide_streams(20700, 0, 0);
	analyse_well();
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 9305, 1e-6, "from the last one");
	assert_non_null(strstr(metric_reason("stream_gap", "udp:from-guest"), "nothing came any more"));
}

static void a_connection_that_went_silent_is_dead(void **state)
{
	(void)state;
	make_events(SURE);
	make_streams(14000);
	analyse_well();
	assert_near(metric("connection_alive", "tcp"), 0, 0, "alive");
	assert_near(metric("stream_gap", "udp:from-guest") / 1e6, 16010, 1e-6, "to the end");
	assert_non_null(strstr(metric_reason("stream_gap", "udp:from-guest"), "at least so long"));
}

/* A reading of one flow that was made at made_s; the first LAN's switch counts, ip_dst and ports say the direction. */
static void flow_row_made(FILE *file, double at_s, double made_s, const char *node, const char *match, int packets,
                          const char *cookie)
{
	fprintf(file, "%" PRId64 ",%s,1,%s,%" PRId64 ",%d,1,%s\n", MADE_HEAD + (int64_t)(at_s * 1e9), node, match,
	        (int64_t)((at_s - made_s) * 1e9), packets, cookie);
}

static void flow_row(FILE *file, double at_s, const char *node, const char *match, int packets, const char *cookie)
{
	flow_row_made(file, at_s, at_s - 1, node, match, packets, cookie);
}

static const char to[] = "udp,up0,a,b,10.77.2.1,10.77.2.11,4000,7707,output:vnet1",
		  from[] = "udp,vnet1,b,a,10.77.2.11,10.77.2.1,7707,4000,output:up0",
		  gone[] = "udp,2,b,a,10.77.2.11,10.77.2.1,7707,4000,output:up0",
		  moved[] = "udp,tun0,b,a,10.77.2.11,10.77.2.1,7707,4000,output:up0",
		  other[] = "udp,up0,a,b,10.77.2.1,10.77.2.12,4000,7707,drop";

/* The guest's port goes, and its flow's has no name any more; it comes by another; a flow goes and is made again. */
static void the_switch_has_counted_what_the_client_sent(void **state)
{
	(void)state;
	make_events(SURE);
	make_streams(30500);
	FILE *file = made_open(run_path, "flows.csv");
	fputs(FLOW_HEADER, file);
	flow_row(file, 0, "src", to, 1000, "0x1");
	flow_row(file, 0, "src", from, 900, "0x2");
	flow_row(file, 0, "dst", to, 77, "0x1");
	flow_row(file, 1, "src", to, 30490, "0x1"); /* read seconds late: it is the same */
	flow_row(file, 1, "src", gone, 950, "0x2");
	flow_row(file, 1, "src", moved, 12000, "0x3");
	flow_row(file, 2, "src", moved, 50, "0x3"); /* anew */
	flow_row(file, 2, "src", moved, 60, "0x3");
	flow_row(file, 2, "src", other, 55, "0x4");
	fclose(file);
	analyse_well();
	assert_near(metric("flow_counted", "udp:to-guest"), 100, 1e-9, "sent");
	/* 950 at the old port, 12000 and 60 at the tunnel; the client has 29160 */
	assert_near(metric("flow_counted", "udp:from-guest"), 100 * 13010 / 29160., 1e-9, "received");
}

/* Runs without the event: the first flow that the first LAN's switch made since the stop, as two readings have it. */
static void flows_say_when_they_were_made(void **state)
{
	(void)state;
	make_events(SILENT);
	make_streams(30500);
	make_samples(15.24);
	FILE *file = made_open(run_path, "flows.csv");
	fputs(FLOW_HEADER, file);
	flow_row_made(file, 14, 1, "src", from, 900, "0x2");
	flow_row_made(file, 16, 1, "src", gone, 950, "0x2");
	flow_row_made(file, 16, 15.25, "dst", moved, 10, "0x5"); /* another switch's */
	flow_row_made(file, 16, 15.302, "src", moved, 500, "0x3");
	flow_row_made(file, 17, 15.298, "src", moved, 900, "0x3");
	flow_row_made(file, 20, 19, "src", moved, 10, "0x3"); /* anew */
	fclose(file);
	analyse_well();
	assert_near(part("from-guest:unreachable"), 60, TURN_ERROR_MS, "unreachable");
	assert_near(part("from-guest:returning"), 50, 1e-3, "returning");
	assert_near(part_end("from-guest:returning", "low"), 47, 1e-3, "at least");
	assert_near(part_end("from-guest:returning", "high"), 53, 1e-3, "at most");
	assert_missing("stream_gap_part", "to-guest:unreachable", "no switch says");
}

static void flows_that_cannot_be_counted_are_told(void **state)
{
	(void)state;
	make_events(SURE);
	make_streams(30500);
	FILE *file = made_open(run_path, "flows.csv");
	fputs(FLOW_HEADER, file);
	for (int i = 1; i <= 257; i++) {
		char cookie[24];
		snprintf(cookie, sizeof(cookie), "0x%x", i);
		flow_row(file, 1, "src", to, 10, cookie);
	}
	flow_row(file, 1, "src", from, 29160, "0x9999");
	fclose(file);
	analyse_well();
	assert_missing("flow_counted", "udp:to-guest", "more than 256 flows");
	assert_near(metric("flow_counted", "udp:from-guest"), 100, 1e-9, "received");
	file = made_open(run_path, "flows.csv");
	fputs(FLOW_HEADER, file);
	flow_row(file, 1, "src", to, 10, "0x0");
	fclose(file);
	analyse_well();
	assert_missing("flow_counted", "udp:to-guest", "no cookies");
	file = made_open(run_path, "flows.csv");
	fputs(FLOW_HEADER, file);
	fclose(file);
	analyse_well();
	assert_missing("flow_counted", "udp:to-guest", "manifest.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_RUN(a_gap_is_split_at_its_moments),
		IN_A_RUN(a_gap_at_the_guest_is_what_it_did_not_take),
		IN_A_RUN(a_guest_that_kept_its_warm_up_says_nothing),
		IN_A_RUN(parts_say_how_well_they_are_known),
		IN_A_RUN(a_turn_that_ends_soon_is_known_to_two_samples),
		IN_A_RUN(parts_are_of_the_gap_with_the_stop),
		IN_A_RUN(a_gap_that_a_longer_one_hid_is_missing),
		IN_A_RUN(a_guest_without_samples_leaves_its_start_missing),
		IN_A_RUN(flows_say_when_they_were_made),
		IN_A_RUN(a_network_that_does_not_say_leaves_parts_missing),
		IN_A_RUN(wide_bins_do_not_lengthen_the_end),
		IN_A_RUN(a_connection_that_went_silent_is_dead),
		IN_A_RUN(the_switch_has_counted_what_the_client_sent),
		IN_A_RUN(flows_that_cannot_be_counted_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

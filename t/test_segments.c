/* TCP as captured: frames taken apart, a connection followed by its numbers, and what segments.csv has made into metrics. */
#include "collectors/segment.h"
#include "reports/csv_table.h"
#include "t/analysed_migration.h"
#include "t/made_segment.h"

/* ---- frames ---- */

static void a_frame_is_taken_apart(void **state)
{
	const struct made_segment m = {
		.seq = 4000000000u, .ack = 7, .flags = MADE_ACK, .window = 500, .payload = 64000
	};
	unsigned char frame[MADE_FRAME_ROOM];
	struct segment s;
	size_t whole, length = made_frame(&m, frame, &whole);
	(void)state;
	assert_int_equal(segment_parse(frame, length, whole, &s), 0);
	assert_int_equal(s.source, 0x0a4d0302);
	assert_int_equal(s.destination, 0x0a4d0303);
	assert_int_equal(s.source_port, 40000);
	assert_int_equal(s.destination_port, 49152);
	assert_int_equal(s.seq, 4000000000u);
	assert_int_equal(s.ack, 7);
	assert_true(s.has_ack && !s.syn && !s.fin && !s.rst);
	assert_int_equal(s.window, 500);
	assert_int_equal(s.payload, 64000);
	assert_int_equal(s.frame_bytes, 64054);
	/* A short frame is padded: what is behind the packet is no payload. */
	made_frame(&(struct made_segment){ .flags = MADE_ACK }, frame, &whole);
	assert_int_equal(segment_parse(frame, 60, 60, &s), 0);
	assert_int_equal(s.payload, 0);
	/* Joined to more than its own length can say. */
	length = made_frame(&(struct made_segment){ .flags = MADE_ACK, .payload = 200000 }, frame, &whole);
	assert_int_equal(segment_parse(frame, length, whole, &s), 0);
	assert_int_equal(s.payload, 200000);
}

static void the_scale_is_in_the_syn(void **state)
{
	unsigned char frame[MADE_FRAME_ROOM];
	struct segment s;
	size_t whole, length = made_frame(&(struct made_segment){ .flags = MADE_SYN, .scale = 7 }, frame, &whole);
	(void)state;
	assert_int_equal(segment_parse(frame, length, whole, &s), 0);
	assert_int_equal(s.scale, 7);
	assert_int_equal(segment_parse(frame, length - 1, whole, &s), 0); /* the option is cut off */
	assert_int_equal(s.scale, SEGMENT_SCALE_UNKNOWN);
	frame[length - 1] = 200;
	assert_int_equal(segment_parse(frame, length, whole, &s), 0);
	assert_int_equal(s.scale, 14);
	frame[length - 2] = 0; /* the length of an option */
	assert_int_equal(segment_parse(frame, length, whole, &s), 0);
	assert_int_equal(s.scale, SEGMENT_SCALE_UNKNOWN);
	length = made_frame(&(struct made_segment){ .flags = MADE_SYN }, frame, &whole);
	assert_int_equal(segment_parse(frame, length, whole, &s), 0);
	assert_int_equal(s.scale, SEGMENT_SCALE_NONE);
}

static void what_is_no_segment_is_refused(void **state)
{
	/* Where a byte is changed, and to what. */
	static const struct {
		size_t at;
		unsigned char value;
	} bad[] = {
		{ 12, 0x86 },      /* IPv6 */
		{ 14, 0x65 },      /* another version in it */
		{ 14, 0x44 },      /* a header of 16 bytes */
		{ 14, 0x4f },      /* or one of 60, which does not leave room for TCP's */
		{ 16, 0xff },      /* longer than the frame */
		{ 14 + 9, 17 },    /* UDP */
		{ 14 + 6, 0x20 },  /* more fragments */
		{ 14 + 7, 1 },     /* not the first */
		{ 34 + 12, 0x40 }, /* TCP's header of 16 bytes */
		{ 34 + 12, 0xf0 }, /* or one longer than the packet */
	};
	unsigned char frame[MADE_FRAME_ROOM];
	struct segment s = { .seq = 99 };
	size_t whole, length = made_frame(&(struct made_segment){ .flags = MADE_ACK, .payload = 10 }, frame, &whole);
	(void)state;
	for (size_t cut = 0; cut < length; cut++)
		assert_int_equal(segment_parse(frame, cut, whole, &s), -1);
	assert_int_equal(segment_parse(frame, length, whole - 1, &s), -1); /* cut short on the way */
	assert_int_equal(segment_parse(frame, length, length - 1, &s), -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		unsigned char changed[MADE_FRAME_ROOM];
		memcpy(changed, frame, sizeof(changed));
		changed[bad[i].at] = bad[i].value;
		assert_int_equal(segment_parse(changed, length, whole, &s), -1);
	}
	assert_int_equal(s.seq, 99);
}

/* ---- connections ---- */

static struct segment_flow flow;

static void take(const struct made_segment *m)
{
	unsigned char frame[MADE_FRAME_ROOM];
	struct segment s;
	size_t whole, length = made_frame(m, frame, &whole);
	assert_int_equal(segment_parse(frame, length, whole, &s), 0);
	if (m->back)
		segment_answered(&flow, &s);
	else
		segment_sent(&flow, &s);
	assert_int_equal(flow.payload_bytes, flow.first_bytes + flow.resent_bytes);
}

/* Byte `from` of the connection is sequence number base + from. */
static uint32_t base;

static void sent(uint32_t from, size_t payload)
{
	take(&(struct made_segment){ .seq = base + from, .flags = MADE_ACK, .payload = payload });
}

static void acked(uint32_t up_to, unsigned window)
{
	take(&(struct made_segment){ .ack = base + up_to, .flags = MADE_ACK, .window = window, .back = 1 });
}

static void opened(uint32_t first, int own_scale, int peer_scale)
{
	segment_flow_begin(&flow);
	base = first;
	take(&(struct made_segment){ .seq = base - 1, .flags = MADE_SYN, .scale = own_scale });
	take(&(struct made_segment){ .seq = 77,
	                             .ack = base,
	                             .flags = MADE_SYN | MADE_ACK,
	                             .window = 60000,
	                             .scale = peer_scale,
	                             .back = 1 });
}

static void bytes_count_once(void **state)
{
	(void)state;
	opened(1000, 7, 8);
	assert_int_equal(flow.window_bytes, -1);
	sent(0, 1000);
	sent(1000, 64000);
	assert_int_equal(flow.flight_bytes, 65000);
	acked(1000, 200);
	assert_int_equal(flow.flight_bytes, 64000);
	assert_int_equal(flow.window_bytes, 200 << 8);
	sent(60000, 3000); /* again */
	sent(64000, 2000); /* the half of it */
	acked(500, 1);     /* overtaken: says nothing */
	acked(66000, 100);
	assert_int_equal(flow.window_bytes, 100 << 8);
	assert_int_equal(flow.first_bytes, 66000);
	assert_int_equal(flow.resent_bytes, 4000);
	assert_int_equal(flow.late_bytes, 0);
	assert_int_equal(flow.unseen_bytes, 0);
	assert_int_equal(flow.acked_bytes, 66000);
	assert_int_equal(flow.flight_bytes, 0);
	assert_int_equal(flow.segments, 5); /* with the SYN */
	assert_int_equal(flow.frame_bytes, 62 + 4 * 54 + 70000);
	/* The end has a number, and is no byte; nor is a look whether the peer is still there. */
	take(&(struct made_segment){ .seq = base + 66000, .flags = MADE_FIN | MADE_ACK });
	acked(66001, 100);
	assert_int_equal(flow.acked_bytes, 66000);
	assert_int_equal(flow.unseen_bytes, 0);
	sent(65999, 0);
	assert_int_equal(flow.resent_bytes, 4000);
	assert_int_equal(flow.ignored, 0);
}

/* 10 GB: sequence numbers begin anew twice, the first time in the midst of a segment. */
static void numbers_begin_anew(void **state)
{
	(void)state;
	opened(UINT32_MAX - 99, 7, 7);
	for (int64_t at = 0; at < INT64_C(10000000000); at += 50000) {
		sent((uint32_t)at, 50000);
		if (at % 7 == 0)
			sent((uint32_t)at, 50000);
		acked((uint32_t)(at + 50000), 1000);
	}
	assert_int_equal(flow.first_bytes, INT64_C(10000000000));
	assert_int_equal(flow.acked_bytes, INT64_C(10000000000));
	assert_int_equal(flow.resent_bytes, (200000 + 6) / 7 * INT64_C(50000));
	assert_int_equal(flow.unseen_bytes, 0);
	assert_int_equal(flow.ignored, 0);
}

/* What is acknowledged and was not seen was lost by the capture; what comes behind higher numbers was only late. */
static void what_the_capture_missed_is_said(void **state)
{
	(void)state;
	opened(5, 7, 7);
	sent(0, 1000);
	sent(2000, 1000); /* 1000 to 2000 is not there */
	sent(4000, 1000); /* 3000 to 4000 is not there */
	assert_int_equal(flow.hole_count, 2);
	sent(3200, 500); /* its middle comes */
	assert_int_equal(flow.late_bytes, 500);
	assert_int_equal(flow.hole_count, 3);
	acked(1500, 9);
	assert_int_equal(flow.unseen_bytes, 500);
	sent(1500, 500);
	assert_int_equal(flow.late_bytes, 1000);
	sent(3000, 1000); /* both ends of the hole, and its middle again */
	assert_int_equal(flow.late_bytes, 1500);
	assert_int_equal(flow.resent_bytes, 500);
	assert_int_equal(flow.hole_count, 0);
	acked(9000, 9); /* 5000 to 9000 was not seen at all */
	assert_int_equal(flow.unseen_bytes, 4500);
	assert_int_equal(flow.first_bytes + flow.unseen_bytes, 9000);
	assert_int_equal(flow.acked_bytes, 9000);
}

static void holes_are_bounded(void **state)
{
	(void)state;
	opened(5, 7, 7);
	for (uint32_t i = 0; i < 100; i++)
		sent(200 * i + 100, 100);
	assert_int_equal(flow.hole_count, SEGMENT_HOLES);
	assert_int_equal(flow.unseen_bytes, (100 - SEGMENT_HOLES) * 100);
	assert_int_equal(flow.first_bytes, 10000);
	for (uint32_t i = 100; i-- > 0;)
		sent(200 * i + 20, 20); /* splits what is there */
	assert_int_equal(flow.hole_count, SEGMENT_HOLES);
	acked(20000, 1);
	assert_int_equal(flow.hole_count, 0);
	assert_int_equal(flow.first_bytes + flow.unseen_bytes, 20000);
}

static void strange_numbers_are_passed_over(void **state)
{
	(void)state;
	opened(5, 7, 0);
	sent(0, 1000);
	sent(0x70000000, 1000);
	acked(0x70000000, 1);
	assert_int_equal(flow.ignored, 2);
	assert_int_equal(flow.first_bytes, 1000);
	assert_int_equal(flow.acked_bytes, 0);
	acked(1000, 300); /* the peer does not scale */
	assert_int_equal(flow.window_bytes, 300);
	/* The port is used again: counters go on. */
	base = 0x90000000;
	take(&(struct made_segment){ .seq = base - 1, .flags = MADE_SYN, .scale = 7 });
	take(&(struct made_segment){ .ack = base, .flags = MADE_SYN | MADE_ACK, .scale = 2, .back = 1 });
	sent(0, 500);
	acked(500, 10);
	assert_int_equal(flow.first_bytes, 1500);
	assert_int_equal(flow.acked_bytes, 1500);
	assert_int_equal(flow.unseen_bytes, 0);
	assert_int_equal(flow.window_bytes, 40);
	/* Without its begin a connection is followed from where it is, and its windows are not known. */
	segment_flow_begin(&flow);
	acked(10, 10);
	sent(100000, 500);
	sent(99000, 500);
	acked(100500, 10);
	assert_int_equal(flow.first_bytes, 500);
	assert_int_equal(flow.resent_bytes, 500);
	assert_int_equal(flow.acked_bytes, 500);
	assert_int_equal(flow.window_bytes, -1);
}

/* ---- metrics ---- */

static FILE *made_segments(void)
{
	FILE *f = made_open(run_path, "segments.csv");
	fputs("head_ns,node,local,peer,since_ns,segments,frame_bytes,payload_bytes,first_bytes,late_bytes,resent_bytes,"
	      "unseen_bytes,acked_bytes,window_bytes,window_least_bytes,flight_bytes,flight_most_bytes,kernel_drops\n",
	      f);
	return f;
}

/* From second `since` to second `t` of the run; window and flight: those at its end. */
static void row(FILE *f, const char *local, double since, double t, int64_t first, int64_t resent, int64_t unseen,
                int window, int flight)
{
	fprintf(f, "%" PRId64 ",src,%s,10.77.3.3:49152,%" PRId64 ",9,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64,
	        MADE_HEAD + (int64_t)(t * 1e9), local, MADE_HEAD + (int64_t)(since * 1e9), first + resent + 1000,
	        first + resent, first, first ? INT64_C(300) : 0);
	fprintf(f, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%d,%d,%d,4\n", resent, unseen, first + unseen, window,
	        window - 1000, flight, flight + 5);
}

/* The migration is from 10 s to 15.5 s. */
static void made_capture(int64_t unseen)
{
	FILE *f = made_segments();
	row(f, "10.77.3.2:7", 9, 9.9, 5000000, 9000, 0, 50000, 1); /* from before: libvirt's, say */
	row(f, "10.77.3.2:7", 10.2, 10.5, 5001000, 9000, 0, 50000, 1);
	row(f, "10.77.3.2:8", 10.3, 10.5, 1000000, 0, 0, 200000, 40000);
	row(f, "10.77.3.2:8", 10.5, 11.5, 5000000, 2000, 0, 100000, 80000);
	row(f, "10.77.3.2:8", 11.5, 12.5, 9000000 - unseen, 7000, unseen, 100000, 100000);
	row(f, "10.77.3.2:8", 12.5, 12.5, 9000000 - unseen, 7000, unseen, 5, 0);     /* an acknowledgement */
	fputs("1,dst,10.77.3.3:49152,10.77.3.2:8,0,9,9,9,9,9,9,9,9,9,9,9,9,9\n", f); /* the other end */
	fclose(f);
}

static void metrics_come_of_rows(void **state)
{
	struct csv_table *plot;
	(void)state;
	make_migration();
	made_capture(0);
	analyse_well();
	assert_near(metric("captured_goodput", "mean"), 9000000 / 2.2, 1, "from 10.3 to 12.5 s");
	assert_near(metric("captured_goodput", "middle"), 4e6, 1e3, "goodput in the middle");
	assert_near(metric("captured_bytes", "carried"), 9000000, 0, "carried");
	assert_near(metric("captured_bytes", "resent"), 7000, 0, "again");
	assert_near(metric("captured_bytes", "late"), 300, 0, "late");
	assert_near(metric("captured_bytes", "unseen"), 0, 0, "missed");
	assert_near(metric("captured_bytes", "frames"), 9008000, 0, "frames");
	/* 0.2, 1 and 1 s */
	assert_near(metric("captured_window", "flight"), (0.2 * 40000 + 80000 + 100000) / 2.2, 1, "flight");
	assert_near(metric("captured_window", "peer"), (0.2 * 200000 + 100000 + 100000) / 2.2, 1, "window");
	assert_near(metric("captured_window", "least"), 99000, 0, "lowest window");
	assert_int_equal(csv_table_load(&plot, run_path, "plots/segments.csv", 100, NULL), 0);
	assert_int_equal(csv_table_rows(plot), 25); /* 10 to 12.5 s */
	assert_near(csv_table_number(plot, 4, "bit_per_s"), 8 * 5e6, 1, "a million bytes in 0.2 s");
	csv_table_free(plot);
}

/* The kernel's count of the same connection. */
static void made_kernel(int64_t acked_bytes, int64_t resent_bytes)
{
	made_file(
		run_path, "tcp.csv",
		"head_ns,node,local,peer,state,cwnd_segments,mss_bytes,unacked_segments,notsent_bytes,peer_window_bytes,"
		"rtt_ns,rtt_lowest_ns,sent_bytes,acked_bytes,resent_bytes,resent_segments,busy_ns,peer_limited_ns,"
		"buffer_limited_ns,send_buffer_bytes\n"
		"%" PRId64 ",src,10.77.3.2:8,10.77.3.3:49152,closed,9,1000,0,0,9,9,9,%" PRId64 ",%" PRId64 ",%" PRId64
		",3,2000000000,0,0,9\n",
		MADE_HEAD + INT64_C(12500000000), acked_bytes, acked_bytes, resent_bytes);
}

/* Something of the capture is said; NULL: nothing is. */
static void assert_warned(const char *said)
{
	const char *warnings = json_object_to_json_string(json_object_object_get(analysed, "warnings"));
	if (said ? !strstr(warnings, said) : strstr(warnings, "capture") != NULL)
		fail_msg("'%s' is wanted of: %s", said ? said : "nothing", warnings);
}

static void both_counts_check_each_other(void **state)
{
	static const struct {
		int64_t acked_bytes, resent_bytes, unseen;
		const char *said;
	} cases[] = {
		{ 9000000, 7300, 0, NULL },
		{ 9000000, 7300, 90000,
		  "the capture missed 90000 bytes that were acknowledged (1.00 % of what was carried; the kernel dropped 4 "
		  "packets of it)" },
		{ 10000000, 7300, 0,
		  "the capture and the kernel disagree on what TCP carried: 9000000 bytes (segments.csv), 10000000 bytes" },
		{ 9000000, 900000, 0,
		  "the kernel disagree on what TCP sent again: 7300 bytes (segments.csv), 900000 bytes" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		run_remove(state);
		run_make(state);
		make_migration();
		made_capture(cases[i].unseen);
		made_kernel(cases[i].acked_bytes, cases[i].resent_bytes);
		analyse_well();
		assert_near(metric("captured_bytes", "carried"), 9000000, 0, "what was missed is carried");
		assert_near(metric("captured_difference", "carried"),
		            100 * (9e6 - (double)cases[i].acked_bytes) / (double)cases[i].acked_bytes, 1e-6,
		            "difference");
		assert_near(metric("captured_difference", "resent"),
		            100 * (7300 - (double)cases[i].resent_bytes) / (double)cases[i].acked_bytes, 1e-6,
		            "again");
		assert_warned(cases[i].said);
	}
}

static void without_bytes_it_is_said(void **state)
{
	(void)state;
	make_migration();
	fclose(made_segments());
	analyse_well();
	assert_missing("captured_goodput", "", "no connection");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_taken_apart),
		cmocka_unit_test(the_scale_is_in_the_syn),
		cmocka_unit_test(what_is_no_segment_is_refused),
		cmocka_unit_test(bytes_count_once),
		cmocka_unit_test(numbers_begin_anew),
		cmocka_unit_test(what_the_capture_missed_is_said),
		cmocka_unit_test(holes_are_bounded),
		cmocka_unit_test(strange_numbers_are_passed_over),
		cmocka_unit_test_setup_teardown(metrics_come_of_rows, run_make, run_remove),
		cmocka_unit_test_setup_teardown(both_counts_check_each_other, run_make, run_remove),
		cmocka_unit_test_setup_teardown(without_bytes_it_is_said, run_make, run_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

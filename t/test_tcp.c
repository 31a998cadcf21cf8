/* What sock_diag tells of TCP connections: taken apart, and what tcp.csv has of them made into metrics. */
#include "collectors/tcp_diag.h"
#include "reports/csv_table.h"
#include "t/analysed_migration.h"
#include "t/made_diag.h"

/* ---- messages ---- */

static void a_message_is_taken_apart(void **state)
{
	(void)state;
	const int families[] = { AF_INET, AF_INET6 };
	for (int i = 0; i < 2; i++) {
		unsigned char bytes[MADE_DIAG_ROOM];
		struct tcp_socket s;
		char row[1024];
		assert_int_equal(tcp_diag_parse(bytes, made_whole(bytes, families[i]), &s), 0);
		assert_string_equal(s.local, "10.77.3.2:40000");
		assert_string_equal(s.peer, "10.77.3.3:49152");
		assert_string_equal(s.peer_address, "10.77.3.3");
		assert_string_equal(s.state, "established");
		assert_string_equal(s.congestion_control, "cubic");
		assert_int_equal(s.values[TCP_CWND], 100);
		assert_int_equal(s.values[TCP_SACKED], 20);
		assert_int_equal(s.values[TCP_LOST], 10);
		assert_int_equal(s.values[TCP_RESENDING], 6);
		assert_int_equal(s.values[TCP_RTT], 20000000);
		assert_int_equal(s.values[TCP_ACKED], 5000000000);
		assert_int_equal(s.values[TCP_PEER_WINDOW], 350000);
		assert_int_equal(s.values[TCP_PEER_LIMITED], 2000000000);
		assert_int_equal(s.values[TCP_SEND_BUFFER], 700000);
		assert_int_equal(s.values[TCP_RECEIVE_BUFFER], 131072);
		assert_int_equal(s.values[TCP_PACING], TCP_UNTOLD); /* no limit is no rate */
		assert_string_equal(
			tcp_diag_format(&s, row, sizeof(row)),
			"10.77.3.2:40000,10.77.3.3:49152,established,cubic,100,2147483647,1448,90,20,10,6,0,"
			"350000,20000000,50000,19000000,5000010136,5000000000,0,10136,7,missing,7240000,"
			"3000000000,2000000000,1000,700000,131072");
	}
}

static void an_older_kernel_tells_less(void **state)
{
	(void)state;
	const struct tcp_info info = made_info();
	unsigned char bytes[MADE_DIAG_ROOM];
	struct tcp_socket s;
	size_t length = made_attribute(bytes, made_socket(bytes, AF_INET), INET_DIAG_INFO, &info,
	                               offsetof(struct tcp_info, tcpi_bytes_acked) + 4);
	assert_int_equal(tcp_diag_parse(bytes, length, &s), 0);
	assert_int_equal(s.values[TCP_RTT], 20000000);
	assert_int_equal(s.values[TCP_ACKED], TCP_UNTOLD); /* cut in its middle */
	assert_int_equal(s.values[TCP_PEER_WINDOW], TCP_UNTOLD);
	assert_int_equal(s.values[TCP_SEND_BUFFER], TCP_UNTOLD);
	assert_string_equal(s.congestion_control, "");
	assert_int_equal(tcp_diag_parse(bytes, made_socket(bytes, AF_INET), &s), 0);
	assert_int_equal(s.values[TCP_RTT], TCP_UNTOLD);
}

static void what_is_no_message_is_refused(void **state)
{
	(void)state;
	unsigned char bytes[MADE_DIAG_ROOM];
	struct tcp_socket s = { .local = "as before" };
	size_t head = made_socket(bytes, AF_INET), length = made_whole(bytes, AF_INET);
	for (size_t cut = 0; cut < length; cut++) {
		/* Between two attributes it is whole, and in the padding behind the last one. */
		struct rtattr a;
		size_t at = head;
		while (at < cut) {
			memcpy(&a, bytes + at, sizeof(a));
			if (cut >= at + a.rta_len && cut <= at + RTA_ALIGN(a.rta_len))
				break;
			at += RTA_ALIGN(a.rta_len);
		}
		int whole = cut == head || (at < cut && cut >= head);
		assert_int_equal(tcp_diag_parse(bytes, cut, &s), whole ? 0 : -1);
	}
	const struct rtattr bad[] = { { 0, INET_DIAG_INFO }, { 3, INET_DIAG_INFO }, { 0xffff, INET_DIAG_INFO } };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memcpy(bytes + head, &bad[i], sizeof(bad[i]));
		assert_int_equal(tcp_diag_parse(bytes, length, &s), -1);
	}
	bytes[0] = AF_UNIX;
	assert_int_equal(tcp_diag_parse(bytes, head, &s), -1);
	made_whole(bytes, AF_INET);
	made_attribute(bytes, head, INET_DIAG_CONG, "a,\"\n", 5);
	assert_int_equal(tcp_diag_parse(bytes, head + RTA_SPACE(5), &s), 0);
	assert_string_equal(s.congestion_control, "a???");
}

/* ---- metrics ---- */

/* A row of src at second t of the run; 1000 bytes a segment. As many as the window has are not acknowledged, of which 6
 * are lost and have been sent again, and half of the window has arrived. */
static void row(FILE *f, double t, const char *local, const char *state, int64_t acked, int cwnd, double busy_s,
                double peer_s)
{
	fprintf(f, "%" PRId64 ",src,%s,10.77.3.3:49152,%s,cubic,%d,missing,1000,%d,%d,6,6,5000,90000,%d,0,%d",
	        MADE_HEAD + (int64_t)(t * 1e9), local, state, cwnd, cwnd, cwnd / 2, 20000000, 19000000);
	fprintf(f, ",%" PRId64 ",%" PRId64 ",0,0,%d,missing,missing,%.0f,%.0f,0,700000,0\n", acked, acked,
	        acked > 1000000 ? 3 : 0, busy_s * 1e9, peer_s * 1e9);
}

static FILE *made_tcp(void)
{
	FILE *f = made_open(run_path, "tcp.csv");
	fputs("head_ns,node,local,peer,state,congestion_control", f);
	for (int i = 0; i < TCP_VALUES; i++)
		fprintf(f, ",%s", tcp_value_names[i]);
	putc('\n', f);
	return f;
}

/* The migration is from 10 s to 15.5 s. */
static void metrics_come_of_rows(void **state)
{
	(void)state;
	make_migration();
	FILE *f = made_tcp();
	row(f, 9.9, "10.77.3.2:7", "established", 5000000, 9, 60, 60); /* from before: libvirt's, say */
	row(f, 10.5, "10.77.3.2:7", "established", 5001000, 9, 60, 60);
	row(f, 10.5, "10.77.3.2:8", "established", 1000000, 40, 0.2, 0);
	row(f, 11.5, "10.77.3.2:8", "established", 5000000, 80, 1.2, 0.5);
	row(f, 12.5, "10.77.3.2:8", "established", 9000000, 100, 2.2, 1);
	row(f, 12.6, "10.77.3.2:8", "closed", 9400000, 0, 2.3, 1);
	row(f, 12.7, "10.77.3.2:7", "established", 5002000, 9, 60, 60);
	row(f, 13.5, "10.77.3.2:8", "closed", 9400001, 0, 2.3, 1); /* its end, not a byte */
	fputs("1,dst,10.77.3.3:49152,10.77.3.2:8,established,cubic" /* the other end */, f);
	for (int i = 0; i < TCP_VALUES; i++)
		fputs(",99", f);
	putc('\n', f);
	fclose(f);
	analyse_well();
	assert_near(metric("tcp_connections", ""), 1, 0, "connections");
	assert_near(metric("transfer_time", "") / 1e9, 2.3, 1e-6, "from 10.3 to 12.6 s");
	assert_near(metric("tcp_goodput", "mean"), 9400000 / 2.3, 1, "mean goodput");
	assert_near(metric("tcp_goodput", "middle"), 4e6, 1e3, "goodput in the middle");
	/* 0.2, 1 and 1 s */
	assert_near(metric("tcp_window", "congestion"), 1000 * (0.2 * 40 + 80 + 100) / 2.2, 1, "cwnd");
	assert_near(metric("tcp_window", "flight"), 1000 * (0.2 * 20 + 40 + 50) / 2.2, 1, "flight");
	assert_near(metric("tcp_window", "unacked"), 1000 * (0.2 * 40 + 80 + 100) / 2.2, 1, "not acknowledged");
	assert_near(metric("tcp_window", "peer"), 90000, 1e-6, "peer's window");
	assert_near(metric("tcp_window", "buffer"), 700000, 1e-6, "send buffer");
	assert_near(metric("tcp_window", "unsent"), 5000, 1e-6, "not sent yet");
	assert_near(metric("tcp_rtt", "mean"), 20e6, 1e-3, "rtt");
	assert_near(metric("tcp_rtt", "lowest"), 19e6, 0, "lowest rtt");
	assert_near(metric("tcp_resent", ""), 3, 0, "sent again");
	assert_near(metric("tcp_limited", "peer"), 100 * 1 / 2.3, 1e-6, "held up by the peer");
	assert_near(metric("tcp_limited", "buffer"), 0, 0, "held up by the buffer");
	struct csv_table *plot;
	assert_int_equal(csv_table_load(&plot, run_path, "plots/tcp.csv", 100, NULL), 0);
	assert_int_equal(csv_table_rows(plot), 26); /* 10 to 12.6 s */
	assert_near(csv_table_number(plot, 0, "bit_per_s"), 0, 0, "before it began");
	assert_near(csv_table_number(plot, 4, "bit_per_s"), 8 * 5e6, 1, "a million bytes in 0.2 s");
	assert_near(csv_table_number(plot, 10, "time_s"), 1.05, 1e-9, "the middle of a bin");
	assert_near(csv_table_number(plot, 10, "bit_per_s"), 8 * 4e6, 1, "four million a second");
	csv_table_free(plot);
}

/* Before, tcp.csv did not have what has arrived out of order, or is lost. */
static void a_run_of_before_has_no_flight(void **state)
{
	(void)state;
	char text[2048] =
		"head_ns,node,local,peer,state,cwnd_segments,mss_bytes,unacked_segments,notsent_bytes,"
		"peer_window_bytes,rtt_ns,rtt_lowest_ns,sent_bytes,acked_bytes,resent_bytes,resent_segments,"
		"busy_ns,peer_limited_ns,buffer_limited_ns,send_buffer_bytes\n";
	make_migration();
	for (int i = 1; i <= 3; i++)
		sprintf(text + strlen(text),
		        "%" PRId64
		        ",src,10.77.3.2:8,10.77.3.3:49152,established,50,1000,60,0,9,9,9,%d,%d,0,0,%d000000000,"
		        "0,0,9\n",
		        MADE_HEAD + (10 + i) * INT64_C(1000000000), i * 4000000, i * 4000000, i);
	made_file(run_path, "tcp.csv", "%s", text);
	analyse_well();
	assert_near(metric("tcp_window", "unacked"), 60000, 1e-6, "not acknowledged");
	assert_missing("tcp_window", "flight", "tcp.csv does not tell it");
}

/* Two holes in what arrived: twice nothing is acknowledged for a while, and then all that has come. */
static void no_goodput_is_above_the_link(void **state)
{
	(void)state;
	static const struct {
		double t;
		int64_t acked;
	} rows[] = { { 10.4, 2000000 }, { 10.5, 3000000 }, { 10.7, 3100000 }, { 10.8, 6000000 }, { 11, 8000000 } };
	char path[256];
	make_migration();
	snprintf(path, sizeof(path), "%s/manifest.json", run_path);
	struct json_object *manifest = json_object_from_file(path);
	assert_int_equal(json_pointer_set(&manifest, "/link", json_object_new_object()), 0);
	assert_int_equal(json_pointer_set(&manifest, "/link/measured", json_object_new_object()), 0);
	json_pointer_set(&manifest, "/link/measured/ideal_bits_per_s", json_object_new_double(80e6));
	json_object_to_file(path, manifest);
	json_object_put(manifest);
	FILE *f = made_tcp();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		row(f, rows[i].t, "10.77.3.2:8", "established", rows[i].acked, 50, rows[i].t - 10.1, 0);
	fclose(f);
	analyse_well();
	struct csv_table *plot;
	double bytes = 0;
	/* from 2 MB to 6 MB; by acknowledgements alone in 0.35 s */
	assert_near(metric("tcp_goodput", "middle"), 1e7, 2e5, "goodput in the middle");
	/* 2 MB in 0.3 s; 1 MB; 100 kB in 0.2 s; 2.9 MB at once: of them 1.9 before; 2 MB in 0.2 s */
	static const double wanted[] = { 0, 6.667e5, 6.667e5, 6.667e5, 1e6, 1e6, 1e6, 1e6, 1e6, 1e6 };
	assert_int_equal(csv_table_load(&plot, run_path, "plots/tcp.csv", 100, NULL), 0);
	assert_int_equal(csv_table_rows(plot), 10);
	for (int i = 0; i < csv_table_rows(plot); i++) {
		double own = csv_table_number(plot, i, "bit_per_s") / 80;
		bytes += own;
		assert_true(own <= 1e6 + 1);
		assert_near(own, wanted[i], 1e3, "bytes in a tenth of a second");
	}
	assert_near(bytes, 8e6, 10, "none is lost");
	csv_table_free(plot);
}

static void parallel_connections_add_up(void **state)
{
	(void)state;
	make_migration();
	FILE *f = made_tcp();
	for (int second = 1; second <= 4; second++)
		for (int i = 0; i < 4; i++) {
			char local[32];
			snprintf(local, sizeof(local), "10.77.3.2:%d", i + 1);
			row(f, 10 + second, local, "established", second * 500000, 50, second, 0);
		}
	fclose(f);
	analyse_well();
	assert_near(metric("tcp_connections", ""), 4, 0, "connections");
	assert_near(metric("transfer_time", "") / 1e9, 4, 1e-6, "time");
	assert_near(metric("tcp_goodput", "mean"), 2e6, 1, "goodput");
	assert_near(metric("tcp_window", "congestion"), 4 * 50000, 1e-6, "windows");
	assert_near(metric("tcp_rtt", "mean"), 20e6, 1e-3, "rtt is no sum");
}

static void without_bytes_it_is_said(void **state)
{
	(void)state;
	make_migration();
	fclose(made_tcp());
	analyse_well();
	assert_missing("transfer_time", "", "no connection");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_taken_apart),
		cmocka_unit_test(an_older_kernel_tells_less),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test_setup_teardown(metrics_come_of_rows, run_make, run_remove),
		cmocka_unit_test_setup_teardown(a_run_of_before_has_no_flight, run_make, run_remove),
		cmocka_unit_test_setup_teardown(no_goodput_is_above_the_link, run_make, run_remove),
		cmocka_unit_test_setup_teardown(parallel_connections_add_up, run_make, run_remove),
		cmocka_unit_test_setup_teardown(without_bytes_it_is_said, run_make, run_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

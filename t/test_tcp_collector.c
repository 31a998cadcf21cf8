/* The collector of TCP on a connection of our own, over a link between two network namespaces. */
#include "collectors/collector.h"
#include "reports/csv_table.h"
#include "t/link_pair.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

enum { SENT_BYTES = 3000000 };

static void *drain(void *argument)
{
	static char buffer[65536];
	while (recv(*(int *)argument, buffer, sizeof(buffer), 0) > 0)
		;
	return NULL;
}

/* Send over the link, with a receive buffer that bounds the window, and close. */
static void send_all(void)
{
	static char bytes[SENT_BYTES];
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	struct err e = { 0 };
	pthread_t reader;
	int out = netns_socket(path_a, AF_INET, SOCK_STREAM, 0, &e);
	int listener = netns_socket(path_b, AF_INET, SOCK_STREAM, 0, &e), in;
	assert_true(out >= 0 && listener >= 0);
	inet_pton(AF_INET, ADDRESS_B, &address.sin_addr);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(out, (struct sockaddr *)&address, size), 0);
	in = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(in >= 0);
	assert_int_equal(pthread_create(&reader, NULL, drain, &in), 0);
	assert_int_equal(send(out, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	close(out);
	pthread_join(reader, NULL);
	close(in);
	close(listener);
}

static void the_collector_follows_a_connection_to_its_end(void **state)
{
	const struct link_shape shape = { .rate_bits_per_s = 50000000, .rtt_ns = 20 * NS_PER_MS };
	const struct watched_node nodes[] = { { .name = "src", .netns = path_a, .migration_ip = ADDRESS_A },
		                              { .name = "dst", .netns = path_b, .migration_ip = ADDRESS_B },
		                              { .name = "sto", .netns = path_b } };
	const struct watch watch = {
		.directory = directory, .nodes = nodes, .node_count = 3, .tcp_interval_ns = 20 * NS_PER_MS
	};
	struct json_object *facts = json_object_new_object();
	struct csv_table *t;
	struct err e = { 0 };
	void *collector;
	int last = -1, busy_rows = 0;
	(void)state;
	make_link(&shape, LINK_EMULATOR, NULL);
	assert_int_equal(link_pin_tcp(path_b, NULL, 64 << 10, NULL, &e), 0);
	if (tcp_collector.start(&watch, &collector, &e) < 0)
		fail_msg("%s", e.text);
	send_all();
	clock_sleep(300 * NS_PER_MS);
	assert_int_equal(tcp_collector.stop(collector, facts, &e), 0);
	print_message("# %s\n", json_object_to_json_string(facts));
	assert_int_equal(json_object_get_int64(json_object_object_get(facts, "unread")), 0);
	assert_int_equal(json_object_get_int64(json_object_object_get(facts, "unknown_messages")), 0);
	json_object_put(facts);
	assert_int_equal(link_pin_tcp(path_b, NULL, 0, NULL, &e), 0);

	assert_int_equal(csv_table_load(&t, directory, "tcp.csv", 10000, &e), 0);
	for (int i = 0; i < csv_table_rows(t); i++) {
		if (strcmp(csv_table_text(t, i, "node"), "src") != 0)
			continue;
		assert_int_equal(strncmp(csv_table_text(t, i, "local"), ADDRESS_A ":", sizeof(ADDRESS_A)), 0);
		if (last >= 0) {
			assert_true(csv_table_number(t, i, "acked_bytes") >=
			            csv_table_number(t, last, "acked_bytes"));
			assert_true(csv_table_number(t, i, "head_ns") >= csv_table_number(t, last, "head_ns"));
		}
		last = i;
		if (strcmp(csv_table_text(t, i, "state"), "established") != 0)
			continue;
		busy_rows++;
		assert_true(csv_table_number(t, i, "peer_window_bytes") <= 64 << 10);
	}
	assert_true(busy_rows > 5);
	/* The kernel's last word: all came, most of the time the receiver's window held it up, and 20 ms are the least. */
	assert_string_equal(csv_table_text(t, last, "state"), "closed");
	assert_float_equal(csv_table_number(t, last, "acked_bytes"), SENT_BYTES, 2);
	assert_true(csv_table_number(t, last, "peer_limited_ns") > 0.5 * csv_table_number(t, last, "busy_ns"));
	assert_true(csv_table_number(t, last, "rtt_lowest_ns") >= 20e6);
	csv_table_free(t);
}

static void without_addresses_nothing_is_watched(void **state)
{
	const struct watched_node nodes[] = { { .name = "src", .netns = path_a } };
	struct watch watch = { .directory = directory, .nodes = nodes, .node_count = 1 };
	struct json_object *facts = json_object_new_object();
	struct err e = { 0 };
	void *collector;
	(void)state;
	assert_int_equal(tcp_collector.start(&watch, &collector, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	watch.tcp_interval_ns = NS_PER_MS;
	assert_int_equal(tcp_collector.start(&watch, &collector, &e), 0);
	assert_int_equal(tcp_collector.stop(collector, facts, &e), 0);
	assert_int_equal(json_object_get_int64(json_object_object_get(facts, "rows")), 0);
	json_object_put(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_collector_follows_a_connection_to_its_end, teardown),
		cmocka_unit_test_teardown(without_addresses_nothing_is_watched, teardown),
	};
	return link_pair_run(tests);
}

/* The collector of segments on a connection of our own, over a link between two network namespaces, beside that of TCP. */
#include "collectors/collector.h"
#include "reports/csv_table.h"
#include "t/link_pair.h"

#include <arpa/inet.h>
#include <json-c/json.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

enum { SENT_BYTES = 3000000, CONNECTIONS = 3 };

static int listener;

static void *drain(void *argument)
{
	static char buffer[65536];
	int in = *(int *)argument;
	while (recv(in, buffer, sizeof(buffer), 0) > 0)
		;
	close(in);
	return NULL;
}

static void *send_all(void *argument)
{
	static const char bytes[SENT_BYTES];
	int out = *(int *)argument;
	assert_int_equal(send(out, bytes, sizeof(bytes), MSG_NOSIGNAL), sizeof(bytes));
	close(out);
	return NULL;
}

/* At once over so many connections, from A to B. */
static void transfer(int connections)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	struct err e = { 0 };
	pthread_t threads[2 * CONNECTIONS];
	int out[CONNECTIONS], in[CONNECTIONS];
	listener = netns_socket(path_b, AF_INET, SOCK_STREAM, 0, &e);
	inet_pton(AF_INET, ADDRESS_B, &address.sin_addr);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, CONNECTIONS), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	for (int i = 0; i < connections; i++) {
		out[i] = netns_socket(path_a, AF_INET, SOCK_STREAM, 0, &e);
		assert_int_equal(connect(out[i], (struct sockaddr *)&address, size), 0);
		in[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		assert_true(in[i] >= 0);
		assert_int_equal(pthread_create(&threads[2 * i], NULL, drain, &in[i]), 0);
		assert_int_equal(pthread_create(&threads[2 * i + 1], NULL, send_all, &out[i]), 0);
	}
	for (int i = 0; i < 2 * connections; i++)
		pthread_join(threads[i], NULL);
	close(listener);
}

/* Both collectors watch a transfer over a link of this shape. */
static void watch_transfer(const struct link_shape *shape, int connections, struct json_object *facts)
{
	static const struct collector_ops *const both[] = { &segments_collector, &tcp_collector };
	const struct watched_node nodes[] = { { .name = "src", .netns = path_a, .migration_ip = ADDRESS_A },
		                              { .name = "dst", .netns = path_b, .migration_ip = ADDRESS_B },
		                              { .name = "sto", .netns = path_b } };
	const struct watch watch = {
		.directory = directory, .nodes = nodes, .node_count = 3, .tcp_interval_ns = 20 * NS_PER_MS
	};
	struct json_object *other = json_object_new_object();
	struct err e = { 0 };
	void *states[2];
	assert_int_equal(process_runf(NULL, &e, "rm -f %s/segments.csv %s/tcp.csv", directory, directory), 0);
	make_link(shape, LINK_EMULATOR, NULL);
	for (int i = 0; i < 2; i++)
		if (both[i]->start(&watch, &states[i], &e) < 0)
			fail_msg("%s", e.text);
	transfer(connections);
	clock_sleep(300 * NS_PER_MS);
	for (int i = 0; i < 2; i++)
		assert_int_equal(both[i]->stop(states[i], i ? other : facts, &e), 0);
	json_object_put(other);
	print_message("# %s\n", json_object_to_json_string(facts));
}

struct total {
	double first, payload, resent, late, unseen, acked, least_window;
	int rows, connections;
};

/* Of what src sent: the last row of each of its connections. */
static struct total totals(struct csv_table *t)
{
	struct total total = { .least_window = INFINITY };
	for (int i = 0; i < csv_table_rows(t); i++) {
		bool last = true;
		if (strcmp(csv_table_text(t, i, "node"), "src") != 0)
			continue;
		total.rows++;
		assert_true(csv_table_number(t, i, "since_ns") <= csv_table_number(t, i, "head_ns"));
		assert_true(csv_table_number(t, i, "flight_bytes") <= csv_table_number(t, i, "flight_most_bytes"));
		total.least_window = fmin(total.least_window, csv_table_number(t, i, "window_least_bytes"));
		for (int k = i + 1; k < csv_table_rows(t); k++)
			if (strcmp(csv_table_text(t, i, "local"), csv_table_text(t, k, "local")) == 0) {
				last = false;
				assert_true(csv_table_number(t, k, "since_ns") >= csv_table_number(t, i, "head_ns"));
				assert_true(csv_table_number(t, k, "payload_bytes") >=
				            csv_table_number(t, i, "payload_bytes"));
				break;
			}
		if (!last)
			continue;
		total.connections++;
		total.first += csv_table_number(t, i, "first_bytes");
		total.payload += csv_table_number(t, i, "payload_bytes");
		total.resent += csv_table_number(t, i, "resent_bytes");
		total.late += csv_table_number(t, i, "late_bytes");
		total.unseen += csv_table_number(t, i, "unseen_bytes");
		total.acked += csv_table_number(t, i, "acked_bytes");
	}
	return total;
}

/* The kernel's last word on the connections of src. */
static double kernel_says(const char *column)
{
	struct csv_table *t;
	double sum = 0;
	assert_int_equal(csv_table_load(&t, directory, "tcp.csv", 10000, NULL), 0);
	for (int i = 0; i < csv_table_rows(t); i++)
		if (strcmp(csv_table_text(t, i, "node"), "src") == 0 &&
		    strcmp(csv_table_text(t, i, "state"), "closed") == 0)
			sum += csv_table_number(t, i, column);
	csv_table_free(t);
	return sum;
}

static void bytes_are_those_that_were_sent(void **state)
{
	const struct link_shape shape = { .rate_bits_per_s = 100000000, .rtt_ns = 10 * NS_PER_MS };
	struct json_object *facts = json_object_new_object();
	struct csv_table *t;
	struct err e = { 0 };
	(void)state;
	assert_int_equal(link_pin_tcp(path_b, NULL, 64 << 10, NULL, &e), 0);
	watch_transfer(&shape, CONNECTIONS, facts);
	assert_int_equal(link_pin_tcp(path_b, NULL, 0, NULL, &e), 0);
	assert_int_equal(csv_table_load(&t, directory, "segments.csv", 10000, &e), 0);
	struct total total = totals(t);
	assert_int_equal(total.connections, CONNECTIONS);
	assert_true(total.rows > 3 * CONNECTIONS);
	assert_float_equal(total.first + total.unseen, CONNECTIONS * SENT_BYTES, 0);
	assert_float_equal(total.acked, CONNECTIONS * SENT_BYTES, 0);
	assert_float_equal(total.unseen, 0, 0);
	assert_float_equal(total.payload, total.first + total.resent, 0);
	assert_true(total.least_window <= 64 << 10);
	/* The kernel counts the SYN too. */
	assert_float_equal(total.acked, kernel_says("acked_bytes"), 2 * CONNECTIONS);
	assert_float_equal(total.resent + total.late, kernel_says("resent_bytes"), 0.01 * total.first);
	csv_table_free(t);
	json_object_put(facts);
}

static void what_is_lost_is_sent_again_and_counts_once(void **state)
{
	const struct link_shape shape = { .rate_bits_per_s = 50000000, .rtt_ns = 4 * NS_PER_MS, .loss = 0.01 };
	struct json_object *facts = json_object_new_object();
	struct csv_table *t;
	struct err e = { 0 };
	(void)state;
	watch_transfer(&shape, 1, facts);
	assert_int_equal(csv_table_load(&t, directory, "segments.csv", 10000, &e), 0);
	struct total total = totals(t);
	double resent = kernel_says("resent_bytes");
	print_message("# sent again: %.0f, late %.0f; the kernel: %.0f\n", total.resent, total.late, resent);
	assert_float_equal(total.first + total.unseen, SENT_BYTES, 0);
	assert_true(total.resent > 0);
	assert_float_equal(total.resent + total.late, resent, 0.001 * SENT_BYTES);
	csv_table_free(t);
	json_object_put(facts);
}

static void without_two_addresses_nothing_is_watched(void **state)
{
	const struct watched_node nodes[] = { { .name = "src", .netns = path_a, .migration_ip = ADDRESS_A } };
	const struct watched_node two[] = { nodes[0], { .name = "dst", .migration_ip = "10.99.99.99" } };
	struct watch watch = { .directory = directory, .nodes = nodes, .node_count = 1 };
	struct json_object *facts = json_object_new_object();
	struct err e = { 0 };
	void *collector;
	(void)state;
	assert_int_equal(segments_collector.start(&watch, &collector, &e), -1);
	assert_int_equal(e.status, EXIT_USAGE);
	watch.tcp_interval_ns = NS_PER_MS;
	assert_int_equal(segments_collector.start(&watch, &collector, &e), 0);
	assert_int_equal(segments_collector.stop(collector, facts, &e), 0);
	json_object_put(facts);
	watch.nodes = two;
	watch.node_count = 2;
	assert_int_equal(segments_collector.start(&watch, &collector, &e), -1);
	assert_non_null(strstr(e.text, "no interface with its address for migrations, 10."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(bytes_are_those_that_were_sent, teardown),
		cmocka_unit_test_teardown(what_is_lost_is_sent_again_and_counts_once, teardown),
		cmocka_unit_test_teardown(without_two_addresses_nothing_is_watched, teardown),
	};
	return link_pair_run(tests);
}

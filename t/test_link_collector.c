/* The link collector on links between two network namespaces. */
#include "bench/testbed/link_probe.h"
#include "collectors/collector.h"
#include "t/link_pair.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

/* Watch a link while TCP overflows its queue; the collector's last rows are checked against what was received. */
static void watch_link(enum link_backend backend)
{
	const struct link_shape shape = { .rate_bits_per_s = 100000000, .queue_bytes = 30000 };
	const struct watched_link links[] = { { "migration", path_a, "wire-a", "a-to-b", "b-to-a" } };
	const struct watch watch = {
		.directory = directory, .links = links, .link_count = 1, .link_interval_ns = 20 * NS_PER_MS
	};
	const struct probe_load load = { .window_ns = NS_PER_S };
	struct probe_path path = { path_a, ADDRESS_A, path_b, ADDRESS_B };
	struct json_object *facts = json_object_new_object();
	struct err e = { 0 };
	double goodput;
	int64_t window;
	void *state;
	char file[128], line[256], direction[32];
	int64_t ns, bytes, packets, drops, last_bytes[2] = { 0 }, first_bytes = -1, last_drops[2] = { 0 };
	int rows = 0;

	make_link(&shape, backend, NULL);
	snprintf(file, sizeof(file), "%s/link.csv", directory);
	unlink(file);
	if (link_collector.start(&watch, &state, &e) < 0 || probe_goodput(&path, &load, &goodput, &window, &e) < 0)
		fail_msg("%s", e.text);
	clock_sleep(500 * NS_PER_MS);
	assert_int_equal(link_collector.stop(state, facts, &e), 0);

	FILE *csv = fopen(file, "re");
	assert_non_null(csv);
	assert_non_null(fgets(line, sizeof(line), csv));
	assert_string_equal(line, "head_ns,link,direction,bytes,packets,drops\n");
	while (fgets(line, sizeof(line), csv)) {
		assert_int_equal(sscanf(line, "%" SCNd64 ",migration,%31[^,],%" SCNd64 ",%" SCNd64 ",%" SCNd64, &ns,
		                        direction, &bytes, &packets, &drops),
		                 5);
		int way = strcmp(direction, "b-to-a") == 0;
		assert_true(way || strcmp(direction, "a-to-b") == 0);
		assert_true(bytes >= last_bytes[way] && drops >= last_drops[way]);
		last_bytes[way] = bytes;
		last_drops[way] = drops;
		if (first_bytes < 0)
			first_bytes = bytes;
		rows++;
	}
	fclose(csv);
	print_message("# %s\n", json_object_to_json_string(facts));
	json_object_put(facts);
	assert_true(rows > 40);
	/* The receiver got goodput x window of payload; it came over the link with its headers, and more than once at
	 * times. */
	assert_true((double)(last_bytes[0] - first_bytes) > goodput * (double)window / 8e9);
	assert_true(last_drops[0] > 0);
	assert_true(last_bytes[1] > 0);
}

static void collector_watches_an_emulated_link(void **state)
{
	(void)state;
	watch_link(LINK_EMULATOR);
}

static void collector_watches_a_shaped_veth(void **state)
{
	(void)state;
	watch_link(LINK_HTB);
}

static void collector_needs_its_device(void **state)
{
	const struct watched_link links[] = { { "migration", path_a, "nosuch", "a-to-b", "b-to-a" } };
	const struct watch watch = {
		.directory = directory, .links = links, .link_count = 1, .link_interval_ns = 20 * NS_PER_MS
	};
	struct err e = { 0 };
	void *collector;
	(void)state;
	assert_int_equal(link_collector.start(&watch, &collector, &e), -1);
	assert_non_null(strstr(e.text, "nosuch"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(collector_watches_an_emulated_link, teardown),
		cmocka_unit_test_teardown(collector_watches_a_shaped_veth, teardown),
		cmocka_unit_test_teardown(collector_needs_its_device, teardown),
	};
	return link_pair_run(tests);
}

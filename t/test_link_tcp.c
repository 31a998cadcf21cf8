/* TCP in a network namespace: what is pinned there, and there only. */
#include "t/link_pair.h"

#include <string.h>

/* The congestion control of a connection over a route, wherever it was named. */
static void routes_name_what_the_default_may_not(void **state)
{
	struct link_tcp pinned;
	struct err e = { 0 };
	char available[256] = "";
	FILE *f = fopen("/proc/sys/net/ipv4/tcp_available_congestion_control", "re");
	(void)state;
	assert_non_null(f);
	assert_non_null(fgets(available, sizeof(available), f));
	fclose(f);
	assert_int_equal(process_runf(NULL, &e, "ip -n %s link add cc0 type veth peer name cc1", name_a), 0);
	assert_int_equal(process_runf(NULL, &e, "ip -n %s addr add 10.98.0.1/24 dev cc0", name_a), 0);
	assert_int_equal(process_runf(NULL, &e, "ip -n %s link set cc0 up", name_a), 0);
	assert_int_equal(process_runf(NULL, &e, "ip -n %s link set cc1 up", name_a), 0);
	assert_int_equal(link_pin_tcp(path_a, NULL, &pinned, &e), 0);
	assert_string_equal(pinned.congestion_control, strstr(available, "cubic") ? "cubic" : "reno");
	assert_int_equal(process_runf(NULL, &e, "ip -n %s link del cc0", name_a), 0);
}

static void tcp_is_pinned_in_the_namespace_only(void **state)
{
	struct link_tcp before, pinned, after;
	struct err e = { 0 };
	(void)state;
	assert_int_equal(link_read_tcp(NULL, &before, &e), 0);
	assert_int_equal(link_pin_tcp(path_a, NULL, &pinned, &e), 0);
	assert_true(strcmp(pinned.congestion_control, "cubic") == 0 ||
	            strcmp(pinned.congestion_control, "reno") == 0);
	assert_string_equal(pinned.rmem, "4096 131072 67108864");
	assert_string_equal(pinned.no_metrics_save, "1");
	assert_int_equal(link_pin_tcp(path_a, "reno", &pinned, &e), 0);
	assert_string_equal(pinned.congestion_control, "reno");
	assert_int_equal(link_pin_tcp(path_a, "nosuch", &pinned, &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	assert_non_null(strstr(e.text, "reno"));
	assert_int_equal(link_read_tcp(NULL, &after, &e), 0);
	assert_memory_equal(&before, &after, sizeof(after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(routes_name_what_the_default_may_not, teardown),
		cmocka_unit_test_teardown(tcp_is_pinned_in_the_namespace_only, teardown),
	};
	return link_pair_run(tests);
}

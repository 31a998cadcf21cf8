/* TCP in a network namespace: what is pinned there, and there only; and cutting connections. */
#include "t/link_pair.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

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
	assert_int_equal(link_pin_tcp(path_a, NULL, 0, &pinned, &e), 0);
	assert_string_equal(pinned.congestion_control, strstr(available, "cubic") ? "cubic" : "reno");
	assert_int_equal(process_runf(NULL, &e, "ip -n %s link del cc0", name_a), 0);
}

static void tcp_is_pinned_in_the_namespace_only(void **state)
{
	struct link_tcp before, pinned, after;
	struct err e = { 0 };
	(void)state;
	assert_int_equal(link_read_tcp(NULL, &before, &e), 0);
	assert_int_equal(link_pin_tcp(path_a, NULL, 0, &pinned, &e), 0);
	assert_true(strcmp(pinned.congestion_control, "cubic") == 0 ||
	            strcmp(pinned.congestion_control, "reno") == 0);
	assert_string_equal(pinned.rmem, "4096 131072 67108864");
	assert_string_equal(pinned.no_metrics_save, "1");
	assert_int_equal(link_pin_tcp(path_a, "reno", 350000, &pinned, &e), 0);
	assert_string_equal(pinned.congestion_control, "reno");
	assert_string_equal(pinned.rmem, "4096 131072 350000");
	assert_string_equal(pinned.wmem, "4096 16384 350000");
	assert_int_equal(link_pin_tcp(path_a, "reno", 8192, &pinned, &e), 0);
	assert_string_equal(pinned.rmem, "4096 8192 8192");
	assert_int_equal(link_pin_tcp(path_a, "nosuch", 0, &pinned, &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	assert_non_null(strstr(e.text, "reno"));
	assert_int_equal(link_read_tcp(NULL, &after, &e), 0);
	assert_memory_equal(&before, &after, sizeof(after));
}

/* A connection within the namespace: ends[0] called, ends[1] answered. */
static void connect_within(int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(address);
	struct err e = { 0 };
	int listener = netns_socket(path_a, AF_INET, SOCK_STREAM, 0, &e);
	ends[0] = netns_socket(path_a, AF_INET, SOCK_STREAM, 0, &e);
	assert_true(listener >= 0 && ends[0] >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(ends[0], (struct sockaddr *)&address, size), 0);
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(ends[1] >= 0);
	close(listener);
}

/* An ss that closes nothing and says nothing of it, as the real one on a kernel without INET_DIAG_DESTROY. */
static void idle_ss_write(void)
{
	char path[64];
	snprintf(path, sizeof(path), "%s/ss", directory);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ncase \"$*\" in *--kill*) exit 0 ;; esac\nPATH=${PATH#*:}\nexec ss \"$@\"\n");
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0700), 0);
}

static void connections_are_cut_or_it_is_said(void **state)
{
	int ends[2];
	char *path = strdup(getenv("PATH")), with_idle[4096], byte;
	struct err e = { 0 };
	(void)state;
	assert_int_equal(process_runf(NULL, &e, "ip -n %s link set lo up", name_a), 0);
	connect_within(ends);
	assert_int_equal(link_cut_tcp(path_a, "10.99.9.9", &e), 0); /* another's connection */

	idle_ss_write();
	snprintf(with_idle, sizeof(with_idle), "%s:%s", directory, path);
	setenv("PATH", with_idle, 1);
	int result = link_cut_tcp(path_a, "127.0.0.1", &e);
	setenv("PATH", path, 1);
	free(path);
	assert_int_equal(result, -1);
	assert_int_equal(e.status, EXIT_CANNOT);
	assert_non_null(strstr(e.text, "2 TCP connections to '127.0.0.1'"));
	assert_int_equal(recv(ends[0], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);

	/* This kernel's way. */
	result = link_cut_tcp(path_a, "127.0.0.1", &e);
	assert_int_equal(recv(ends[0], &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(result == 0, errno == ECONNABORTED || errno == ECONNRESET); /* as which end went first */
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(routes_name_what_the_default_may_not, teardown),
		cmocka_unit_test_teardown(tcp_is_pinned_in_the_namespace_only, teardown),
		cmocka_unit_test_teardown(connections_are_cut_or_it_is_said, teardown),
	};
	return link_pair_run(tests);
}

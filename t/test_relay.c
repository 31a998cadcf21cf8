/*
 * The relay: bytes unchanged both ways, ends that close, break off or are not there; then real migrations between two
 * QEMUs through it, whose pages are counted in pages.csv.
 */
#include "bench/base/series.h"
#include "collectors/stream/page_watch.h"
#include "collectors/stream/relay.h"
#include "t/loopback.h"
#include "t/small_qemu.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TARGET_PORT = 4747, FORTH = 9 << 20, BACK = 3 << 20 };

static const struct relay_spec plain = { .listen_ip = "127.0.0.1",
	                                 .target_ip = "127.0.0.1",
	                                 .target_port = TARGET_PORT };

/* ---- sockets ---- */

static int tcp_socket(int port, int listening)
{
	int fd = loopback_socket("127.0.0.1", port, listening);
	assert_int_not_equal(fd, -1);
	return fd;
}

static void reset(int fd)
{
	struct linger at_once = { .l_onoff = 1 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(fd);
}

static unsigned char byte_at(size_t at, int back)
{
	return (unsigned char)(at * 2654435761u >> 13 ^ (size_t)back * 77);
}

static void *send_all(void *argument)
{
	int fd = *(int *)argument;
	unsigned char piece[5000];
	for (size_t at = 0; at < FORTH;) {
		size_t length = FORTH - at < sizeof(piece) ? FORTH - at : sizeof(piece);
		for (size_t i = 0; i < length; i++)
			piece[i] = byte_at(at + i, 0);
		ssize_t n = send(fd, piece, length, MSG_NOSIGNAL);
		if (n < 0)
			return NULL;
		at += (size_t)n;
	}
	shutdown(fd, SHUT_WR);
	return NULL;
}

/* How many came before the end; -1: they are not those that were sent. */
static long receive_all(int fd, int back)
{
	unsigned char piece[7000];
	size_t at = 0;
	for (ssize_t n; (n = recv(fd, piece, sizeof(piece), 0)) > 0;)
		for (ssize_t i = 0; i < n; i++)
			if (piece[i] != byte_at(at++, back))
				return -1;
	return (long)at;
}

struct tapped {
	atomic_int opened, closed;
	int64_t bytes[2];
	int wrong;
};

static void on_opened(void *context, int connection)
{
	struct tapped *t = context;
	t->wrong += connection != atomic_fetch_add(&t->opened, 1);
}

static void on_passed(void *context, int connection, bool back, const unsigned char *bytes, size_t length)
{
	struct tapped *t = context;
	(void)connection;
	for (size_t i = 0; i < length; i++)
		t->wrong += bytes[i] != byte_at((size_t)t->bytes[back]++, back);
}

static void on_closed(void *context, int connection)
{
	struct tapped *t = context;
	(void)connection;
	atomic_fetch_add(&t->closed, 1);
}

static void until(atomic_int *counter, int count)
{
	for (int64_t end_ns = clock_now_ns() + 20 * NS_PER_S;
	     atomic_load(counter) < count && clock_now_ns() < end_ns;)
		clock_sleep(5 * NS_PER_MS);
	assert_int_equal(atomic_load(counter), count);
}

/* The client ends its direction first; the other one goes on to its end. */
static void bytes_both_ways(void **state)
{
	(void)state;
	struct tapped tapped = { .wrong = 0 };
	struct relay_spec spec = plain;
	struct relay_report report;
	struct relay *relay;
	struct err e = { 0 };
	pthread_t sender;
	spec.tap = (struct relay_tap){ &tapped, on_opened, on_passed, on_closed, NULL };
	int listening = tcp_socket(TARGET_PORT, 1);
	assert_int_equal(relay_start(&relay, &spec, &e), 0);
	int client = tcp_socket(relay_port(relay), 0), target = accept(listening, NULL, NULL);
	assert_int_equal(pthread_create(&sender, NULL, send_all, &client), 0);
	assert_int_equal(receive_all(target, 0), FORTH);
	pthread_join(sender, NULL);
	unsigned char piece[1024];
	for (size_t at = 0; at < BACK; at += sizeof(piece)) {
		for (size_t i = 0; i < sizeof(piece); i++)
			piece[i] = byte_at(at + i, 1);
		/* Nobody reads yet: what the sockets do not hold waits for the client. */
		ssize_t n = send(target, piece, sizeof(piece), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0)
			break;
	}
	shutdown(target, SHUT_WR);
	long came = receive_all(client, 1);
	assert_true(came > 0);
	until(&tapped.closed, 1);
	relay_stop(relay, &report);
	assert_int_equal(tapped.wrong, 0);
	assert_int_equal(tapped.bytes[0], FORTH);
	assert_int_equal(tapped.bytes[1], came);
	assert_int_equal(report.bytes, FORTH);
	assert_int_equal(report.bytes_back, came);
	assert_int_equal(report.connections, 1);
	assert_int_equal(report.broken, 0);
	assert_true(report.connected_ns >= report.watched_ns);
	close(client);
	close(target);
	close(listening);
}

static void a_target_that_is_not_there(void **state)
{
	(void)state;
	struct relay_report report;
	struct relay *relay;
	struct err e = { 0 };
	char byte;
	assert_int_equal(relay_start(&relay, &plain, &e), 0);
	int client = tcp_socket(relay_port(relay), 0);
	assert_true(recv(client, &byte, 1, 0) <= 0);
	close(client);
	relay_stop(relay, &report);
	assert_int_equal(report.refused, 1);
	assert_int_equal(report.connections, 0);
}

/* Either end vanishes: the other one sees it. */
static void an_end_that_breaks_off(void **state)
{
	(void)state;
	for (int of_client = 0; of_client < 2; of_client++) {
		struct tapped tapped = { .wrong = 0 };
		struct relay_spec spec = plain;
		struct relay_report report;
		struct relay *relay;
		struct err e = { 0 };
		char byte = 0;
		spec.tap = (struct relay_tap){ &tapped, on_opened, NULL, on_closed, NULL };
		int listening = tcp_socket(TARGET_PORT, 1);
		assert_int_equal(relay_start(&relay, &spec, &e), 0);
		int client = tcp_socket(relay_port(relay), 0), target = accept(listening, NULL, NULL);
		assert_int_equal(send(client, "x", 1, 0), 1);
		assert_int_equal(recv(target, &byte, 1, 0), 1);
		reset(of_client ? client : target);
		errno = 0;
		assert_int_equal(recv(of_client ? target : client, &byte, 1, 0), -1);
		assert_int_equal(errno, ECONNRESET);
		until(&tapped.closed, 1);
		relay_stop(relay, &report);
		assert_int_equal(report.broken, 1);
		close(of_client ? target : client);
		close(listening);
	}
}

struct stuck {
	atomic_int come, may_go, gone;
};

static void on_passed_stuck(void *context, int connection, bool back, const unsigned char *bytes, size_t length)
{
	struct stuck *s = context;
	(void)connection, (void)back, (void)bytes, (void)length;
	atomic_store(&s->come, 1);
	until(&s->may_go, 1);
}

static void on_closed_stuck(void *context, int connection)
{
	(void)connection;
	atomic_store(&((struct stuck *)context)->gone, 1);
}

/* Whoever looks at the bytes does not return: that is said, and what it uses is used still. */
static void a_tap_that_does_not_return(void **state)
{
	static struct stuck stuck;
	static struct relay *relay; /* for ever */
	struct relay_spec spec = plain;
	struct relay_report report = { .bytes = 77 };
	struct err e = { 0 };
	(void)state;
	spec.tap = (struct relay_tap){ &stuck, NULL, on_passed_stuck, on_closed_stuck, NULL };
	spec.patience_ns = 20 * NS_PER_MS;
	int listening = tcp_socket(TARGET_PORT, 1);
	assert_int_equal(relay_start(&relay, &spec, &e), 0);
	int client = tcp_socket(relay_port(relay), 0), target = accept(listening, NULL, NULL);
	assert_int_equal(send(client, "x", 1, 0), 1);
	until(&stuck.come, 1);
	assert_int_equal(relay_stop(relay, &report), -1);
	assert_int_equal(report.bytes, 0);
	assert_int_equal(stuck.gone, 0);
	atomic_store(&stuck.may_go, 1);
	until(&stuck.gone, 1);
	close(client);
	close(target);
	close(listening);
}

/* ---- QEMU ---- */

struct move {
	struct small_qemu source, destination;
	struct page_pool *pool;
	struct page_watch *watch;
	struct series *series;
	struct relay *relay;
	atomic_int closed;
};

static struct move move;

static void on_move_closed(void *context, int connection)
{
	page_watch_closed(context, connection);
	atomic_fetch_add(&move.closed, 1);
}

static void begin_move(void)
{
	struct page_pool *pool;
	struct err e = { 0 };
	const struct page_limits limits = { .zstd_level = 1, .seed = 3 };
	char path[96];
	snprintf(path, sizeof(path), "%s/pages.csv", scratch);
	unlink(path);
	assert_int_equal(page_pool_create(&pool, &limits, &e), 0);
	move = (struct move){ .pool = pool };
	assert_int_equal(series_create(&move.series, scratch, "pages.csv", PAGES_COLUMNS, &e), 0);
	const struct page_watch_spec spec = { "vm1", "src", "dst", 0, pool, move.series, 100 * NS_PER_MS };
	assert_int_equal(page_watch_create(&move.watch, &spec, &e), 0);
	struct relay_spec relay = plain;
	relay.tap = (struct relay_tap){ move.watch, page_watch_opened, page_watch_passed, on_move_closed,
		                        page_watch_tick };
	assert_int_equal(relay_start(&move.relay, &relay, &e), 0);
	if (small_qemu_start(&move.source, "src", NULL, &e) < 0 ||
	    small_qemu_start(&move.destination, "dst", "tcp:127.0.0.1:4747", &e) < 0)
		fail_msg("%s", e.text);
}

static void say(const struct small_qemu *q, const char *command, const char *arguments)
{
	struct err e = { 0 };
	if (small_qemu_say(q, command, arguments, &e) < 0)
		fail_msg("%s", e.text);
}

static void migrate(void)
{
	char arguments[96];
	snprintf(arguments, sizeof(arguments), "{\"uri\":\"tcp:127.0.0.1:%d\"}", relay_port(move.relay));
	say(&move.source, "migrate", arguments);
}

/* The destination's memory where the pattern is. */
static void assert_arrived(void)
{
	struct err e = { 0 };
	assert_int_equal(small_qemu_wrong_pages(&move.destination, &e), 0);
}

/* Of pages.csv: the sum of a column over the rows with this kind ("": any) and this class ("": any). */
static int64_t sum_of(const char *kind, const char *equal, int column)
{
	char path[96], line[512], *cells[16];
	int64_t sum = 0;
	snprintf(path, sizeof(path), "%s/pages.csv", scratch);
	FILE *file = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), file));
	while (fgets(line, sizeof(line), file)) {
		int count = 0;
		char *rest = line;
		while (count < 16 && (cells[count] = strsep(&rest, ",\n")))
			count++;
		if ((!*kind || strcmp(cells[5], kind) == 0) && (!*equal || strstr(cells[6], equal)))
			sum += atoll(cells[column]);
	}
	fclose(file);
	return sum;
}

enum { PAGES_COLUMN = 7, BYTES_COLUMN = 9, ZSTD_PAGES_COLUMN = 10 };

/* Returns what was understood; pages.csv is complete then. */
static struct json_object *end_move(struct relay_report *report)
{
	struct err e = { 0 };
	relay_stop(move.relay, report);
	move.relay = NULL;
	struct json_object *facts = page_watch_end(move.watch);
	assert_int_equal(series_close(move.series, &e), 0);
	move.series = NULL;
	assert_int_equal(sum_of("", "", BYTES_COLUMN), report->bytes);
	return facts;
}

static const char *fact(struct json_object *facts, const char *name)
{
	return json_object_get_string(json_object_object_get(facts, name));
}

static int free_move(void **state)
{
	(void)state;
	relay_stop(move.relay, NULL);
	page_watch_free(move.watch);
	page_pool_free(move.pool);
	series_close(move.series, NULL);
	small_qemu_end(&move.source);
	small_qemu_end(&move.destination);
	move = (struct move){ 0 };
	return 0;
}

static void a_precopy(void **state)
{
	(void)state;
	struct relay_report report;
	begin_move();
	say(&move.source, "migrate-set-parameters", "{\"max-bandwidth\":1073741824}");
	migrate();
	until(&move.closed, 1);
	assert_arrived();
	struct json_object *facts = end_move(&report);
	assert_string_equal(fact(facts, "verdict"), "complete");
	assert_null(fact(facts, "reason"));
	/* The copies, and what firmware has twice. */
	assert_true(sum_of("page", "own", PAGES_COLUMN) >= PATTERN_COPIES);
	assert_true(sum_of("page", "unique", PAGES_COLUMN) >= PATTERN_DIFFERENT);
	assert_int_equal(sum_of("page", "group", PAGES_COLUMN), 0);
	assert_int_equal(sum_of("page", "", PAGES_COLUMN), sum_of("page", "", ZSTD_PAGES_COLUMN));
	assert_true(sum_of("zero", "", PAGES_COLUMN) > 1000);
	assert_true(sum_of("device", "", BYTES_COLUMN) > 1000);
	assert_int_equal(sum_of("unknown", "", BYTES_COLUMN), 0);
	assert_int_equal(report.connections, 1);
	json_object_put(facts);
}

static void a_postcopy(void **state)
{
	(void)state;
	struct relay_report report;
	struct err e = { 0 };
	begin_move();
	if (small_qemu_capability(&move.destination, "postcopy-ram", &e) < 0) {
		print_message("# no post-copy here: %s\n", e.text);
		skip();
	}
	assert_int_equal(small_qemu_capability(&move.source, "postcopy-ram", &e), 0);
	say(&move.source, "migrate-set-parameters", "{\"max-bandwidth\":1048576}");
	migrate();
	clock_sleep(300 * NS_PER_MS);
	say(&move.source, "migrate-start-postcopy", NULL);
	until(&move.closed, 1);
	assert_arrived();
	struct json_object *facts = end_move(&report);
	assert_string_equal(fact(facts, "verdict"), "complete");
	assert_string_equal(fact(facts, "postcopy"), "true");
	assert_string_equal(fact(facts, "return_path_understood"), "true");
	assert_true(report.bytes_back > 0);
	assert_true(sum_of("device", "", BYTES_COLUMN) > 1000);
	assert_true(sum_of("page", "unique", PAGES_COLUMN) >= PATTERN_DIFFERENT);
	json_object_put(facts);
}

/* The destination dies: the source works on, and what passed is told. */
static void a_destination_that_dies(void **state)
{
	(void)state;
	struct relay_report report;
	begin_move();
	say(&move.source, "migrate-set-parameters", "{\"max-bandwidth\":1048576}");
	migrate();
	clock_sleep(300 * NS_PER_MS);
	small_qemu_end(&move.destination);
	until(&move.closed, 1);
	say(&move.source, "query-status", NULL);
	say(&move.source, "query-migrate", NULL);
	struct json_object *facts = end_move(&report);
	assert_string_equal(fact(facts, "verdict"), "cut-off");
	assert_non_null(fact(facts, "reason"));
	assert_int_equal(report.broken, 1);
	json_object_put(facts);
}

/* Pages over other connections are told, and arrive. */
static void multifd(void **state)
{
	(void)state;
	struct relay_report report;
	struct err e = { 0 };
	begin_move();
	small_qemu_end(&move.destination);
	assert_int_equal(small_qemu_start(&move.destination, "dst", "defer", &e), 0);
	assert_int_equal(small_qemu_capability(&move.destination, "multifd", &e), 0);
	assert_int_equal(small_qemu_capability(&move.source, "multifd", &e), 0);
	say(&move.destination, "migrate-incoming", "{\"uri\":\"tcp:127.0.0.1:4747\"}");
	say(&move.source, "migrate-set-parameters", "{\"max-bandwidth\":1073741824}");
	migrate();
	until(&move.closed, 3);
	assert_arrived();
	struct json_object *facts = end_move(&report);
	assert_string_equal(fact(facts, "verdict"), "not-understood");
	assert_non_null(strstr(fact(facts, "reason"), "multifd"));
	assert_int_equal(report.connections, 3);
	assert_true(sum_of("unknown", "", BYTES_COLUMN) > PATTERN_DIFFERENT * MADE_PAGE_BYTES);
	json_object_put(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_both_ways),
		cmocka_unit_test(a_target_that_is_not_there),
		cmocka_unit_test(an_end_that_breaks_off),
		cmocka_unit_test(a_tap_that_does_not_return),
		cmocka_unit_test_teardown(a_precopy, free_move),
		cmocka_unit_test_teardown(a_postcopy, free_move),
		cmocka_unit_test_teardown(a_destination_that_dies, free_move),
		cmocka_unit_test_teardown(multifd, free_move),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests_name("relay", tests, small_qemu_setup, scratch_remove);
}

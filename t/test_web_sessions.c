/*
 * The web session generator: its schedule and its pages, and whole sessions against nginx, which delays its responses and
 * errs as told and whose access log says what it answered. In a network of the test's own.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "collectors/collector.h"
#include "collectors/web_schedule.h"
#include "collectors/web_sessions.h"
#include "t/loopback.h"
#include "t/scratch.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define NGINX "/usr/sbin/nginx"
#define ECHO_MODULE "/usr/lib/nginx/modules/ngx_http_echo_module.so"

static char path[128];

static const char *in(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

/* ---- the schedule ---- */

static void schedule_is(const char *text, int most, int count, const struct web_step *steps)
{
	struct web_schedule s;
	struct err e = { 0 };
	if (web_schedule_parse(text, &s, &e) < 0)
		fail_msg("'%s': %s", text, e.text);
	assert_int_equal(s.most, most);
	assert_int_equal(s.count, count);
	for (int i = 0; i < count; i++) {
		assert_int_equal(s.steps[i].from_ns, steps[i].from_ns * NS_PER_S);
		assert_int_equal(s.steps[i].sessions, steps[i].sessions);
	}
}

static void a_schedule_is_levels_and_ramps(void **state)
{
	(void)state;
	schedule_is("100", 100, 1, (const struct web_step[]){ { 0, 100 } });
	schedule_is(
		"20:60,+30/10s..200", 200, 7,
		(const struct web_step[]){
			{ 0, 20 }, { 60, 50 }, { 70, 80 }, { 80, 110 }, { 90, 140 }, { 100, 170 }, { 110, 200 } });
	/* The last level of a ramp is its target, and is held as long as the others. */
	schedule_is("0:1min, +40/5s..100, -60/2s..0, 7", 100, 7,
	            (const struct web_step[]){
			    { 0, 0 }, { 60, 40 }, { 65, 80 }, { 70, 100 }, { 75, 40 }, { 77, 0 }, { 79, 7 } });
}

static void a_schedule_that_makes_no_sense_is_refused(void **state)
{
	static const char *const bad[] = { "",
		                           "many",
		                           "20:60,",
		                           "20,30",
		                           "+30/10s..200",
		                           "20:60,+30/10s..10",
		                           "20:60,-30/10s..100",
		                           "20:60,+0/10s..200",
		                           "20:60,+30/0s..200",
		                           "20:60,+30..200",
		                           "20:0",
		                           "20:25h",
		                           "10001",
		                           "0:1,+1/1s..9999" };
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct web_schedule s;
		struct err e = { 0 };
		if (web_schedule_parse(bad[i], &s, &e) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.status, EXIT_USAGE);
	}
}

/* ---- pages and classes ---- */

static void texts_are_of_the_visit(void **state)
{
	const struct web_visit visit = { .session = 4, .sessions = 5, .number = 51 };
	char text[WEB_TEXT_ROOM], little[8];
	(void)state;
	assert_string_equal(web_text("Paid %a to %p, reference %r", &visit, text, sizeof(text)),
	                    "Paid 2 to user00000, reference 00004-51");
	assert_string_equal(web_text("user=%u&x=%", &visit, text, sizeof(text)), "user=user00004&x=%");
	assert_string_equal(web_text("user=%u", &visit, little, sizeof(little)), "user=us");
}

static void the_borders_of_classes_belong_to_the_better_one(void **state)
{
	const struct web_options o = { .good_ns = 2 * NS_PER_S, .tolerable_ns = 4 * NS_PER_S };
	(void)state;
	assert_int_equal(web_classify(&o, 0), WEB_GOOD);
	assert_int_equal(web_classify(&o, o.good_ns), WEB_GOOD);
	assert_int_equal(web_classify(&o, o.good_ns + 1), WEB_TOLERABLE);
	assert_int_equal(web_classify(&o, o.tolerable_ns), WEB_TOLERABLE);
	assert_int_equal(web_classify(&o, o.tolerable_ns + 1), WEB_FAILED);
}

/* ---- the server ---- */

/* A bank that remembers in cookies, and pays and tells late; 127.0.0.2 takes everyone for somebody else, 127.0.0.3 breaks
 * down after the log in. */
static const char configuration[] =
	"load_module " ECHO_MODULE ";\n"
	"daemon off; worker_processes 1; user root; pid %1$s/pid; error_log %1$s/error.log;\n"
	"events { worker_connections 512; }\n"
	"http {\n"
	"log_format page '$server_addr $uri $status'; access_log %1$s/access.log page; default_type text/html;\n"
	"client_body_temp_path %1$s/t1; proxy_temp_path %1$s/t2; fastcgi_temp_path %1$s/t3;\n"
	"uwsgi_temp_path %1$s/t4; scgi_temp_path %1$s/t5; keepalive_requests 1000000;\n"
	"map $request_body $user { '~^user=(?<u>[^&]+)&password=secret-(?P=u)$' $u; }\n"
	"map $request_body $paid { '~^to=(?<to>[^&]+)&amount=(?<amount>[0-9]+)&reference=' 'Paid $amount to $to'; }\n"
	"map $request_body $reference { '~&reference=(?<r>[^&]+)$' $r; }\n"
	"server { listen 127.0.0.1:443 ssl; ssl_certificate %1$s/cert.pem; ssl_certificate_key %1$s/key.pem;\n"
	"location = /login { echo_read_request_body; add_header Set-Cookie user=$user; echo 'Welcome, $user'; }\n"
	"location = /summary { echo 'Balance of $cookie_user: 1000'; }\n"
	"location = /pay { echo_read_request_body; add_header Set-Cookie reference=$reference; echo_sleep 1.5;\n"
	"	echo '$paid, reference $reference'; }\n"
	"location = /history { echo_sleep 2.5; echo 'reference $cookie_reference'; }\n"
	"location = /logout { echo 'Goodbye, $cookie_user'; } }\n"
	"server { listen 127.0.0.2:443 ssl; ssl_certificate %1$s/cert.pem; ssl_certificate_key %1$s/key.pem;\n"
	"location / { echo 'Welcome, user00001'; } }\n"
	"server { listen 127.0.0.3:443 ssl; ssl_certificate %1$s/cert.pem; ssl_certificate_key %1$s/key.pem;\n"
	"location = /login { echo_read_request_body; echo 'Welcome, $user'; }\n"
	"location / { return 503; } }\n"
	"}\n";

static pid_t nginx;

static bool there_is_nginx(void)
{
	return access(NGINX, X_OK) == 0 && access(ECHO_MODULE, R_OK) == 0 && access("/usr/bin/openssl", X_OK) == 0;
}

static int connects(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		                  .sin_port = htons(443),
		                  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result = connect(fd, (struct sockaddr *)&to, sizeof(to));
	close(fd);
	return result == 0;
}

static int server_start(void **state)
{
	struct err e = { 0 };
	char config[128], prefix[128];
	if (scratch_make(state) < 0)
		return -1;
	if (!there_is_nginx())
		return 0;
	if (process_runf(
		    NULL, &e,
		    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bank "
		    "-keyout %s/key.pem -out %s/cert.pem",
		    scratch, scratch) < 0) {
		print_message("# %s\n", e.text);
		return -1;
	}
	FILE *f = fopen(in("nginx.conf"), "we");
	fprintf(f, configuration, scratch);
	fclose(f);
	snprintf(config, sizeof(config), "%s/nginx.conf", scratch);
	snprintf(prefix, sizeof(prefix), "%s/", scratch);
	const char *argv[] = { NGINX, "-p", prefix, "-c", config, "-e", "stderr", NULL };
	if (process_start(NULL, argv, in("nginx.log"), &nginx, &e) < 0) {
		print_message("# %s\n", e.text);
		return -1;
	}
	while (process_start_time(nginx) && !connects())
		clock_sleep(10 * NS_PER_MS);
	return process_start_time(nginx) ? 0 : -1;
}

static int server_end(void **state)
{
	if (nginx)
		kill(-nginx, SIGKILL); /* its workers, too */
	nginx = 0;
	return scratch_remove(state);
}

/* ---- whole sessions ---- */

struct book {
	int64_t rows, pages[WEB_PAGES], classes[WEB_CLASSES];
	int64_t first_ns;          /* intended start of the first row */
	int at_first, begin_later; /* log ins intended for it; of them begun after it */
	char reason[120];          /* of the last one that failed */
};

/* Every row as it must be; the counts come back. */
static struct book read_responses(const char *vm, const struct web_options *o)
{
	struct book b = { .first_ns = 0 };
	char line[512], page[16], class[16], name[64];
	int64_t intended, begin, end, bytes, last_end = 0;
	int session, status, reason_at;
	snprintf(name, sizeof(name), "responses-%s.csv", vm);
	FILE *f = fopen(in(name), "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "intended_ns,begin_ns,end_ns,session,page,status,bytes,class,reason\n");
	for (; fgets(line, sizeof(line), f); b.rows++) {
		assert_int_equal(sscanf(line,
		                        "%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%d,%15[^,],%d,%" SCNd64 ",%15[^,],%n",
		                        &intended, &begin, &end, &session, page, &status, &bytes, class, &reason_at),
		                 8);
		int p = 0, c = 0;
		while (strcmp(web_pages[p].name, page) != 0)
			assert_true(++p < WEB_PAGES);
		while (strcmp(web_class_names[c], class) != 0)
			assert_true(++c < WEB_CLASSES);
		assert_true(intended <= begin && begin <= end && last_end <= end);
		bool wrong = c == WEB_FAILED && strcmp(line + reason_at, "late\n") != 0;
		if (!wrong)
			assert_int_equal(c, web_classify(o, end - intended));
		if (c == WEB_FAILED)
			snprintf(b.reason, sizeof(b.reason), "%.*s", (int)strcspn(line + reason_at, "\n"),
			         line + reason_at);
		if (p == 0 && (!b.first_ns || intended == b.first_ns)) {
			b.first_ns = intended;
			b.at_first++;
			b.begin_later += begin > intended;
		}
		last_end = end;
		b.pages[p]++;
		b.classes[c]++;
	}
	fclose(f);
	return b;
}

/* The rows of seconds add up to the responses; none is open at the end. */
static void check_seconds(const char *vm, const struct book *b, int most)
{
	int64_t head, counts[WEB_CLASSES], sums[WEB_CLASSES] = { 0 }, longest, last_head = 0;
	char line[256], name[64];
	int sessions = -1, in_flight = -1, highest = 0, rows = 0;
	snprintf(name, sizeof(name), "web-%s.csv", vm);
	FILE *f = fopen(in(name), "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "head_ns,sessions,in_flight,good,tolerable,failed,longest_ns\n");
	for (; fgets(line, sizeof(line), f); rows++) {
		assert_int_equal(sscanf(line, "%" SCNd64 ",%d,%d,%" SCNd64 ",%" SCNd64 ",%" SCNd64 ",%" SCNd64, &head,
		                        &sessions, &in_flight, &counts[0], &counts[1], &counts[2], &longest),
		                 7);
		assert_true(head > last_head && sessions <= most && in_flight <= most);
		last_head = head;
		highest = sessions > highest ? sessions : highest;
		for (int c = 0; c < WEB_CLASSES; c++)
			sums[c] += counts[c];
	}
	fclose(f);
	assert_true(rows > 1);
	assert_int_equal(highest, most);
	assert_int_equal(sessions, 0);
	assert_int_equal(in_flight, 0);
	for (int c = 0; c < WEB_CLASSES; c++)
		assert_int_equal(sums[c], b->classes[c]);
}

/* Lines of nginx's log such as "127.0.0.1 /pay 200". */
static int64_t logged(const char *wanted)
{
	char line[128];
	int64_t count = 0;
	FILE *f = fopen(in("access.log"), "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		count += strcmp(line, wanted) == 0;
	}
	fclose(f);
	return count;
}

static int64_t fact(struct json_object *facts, int vm, const char *name)
{
	struct json_object *vms, *value = NULL;
	assert_true(json_object_object_get_ex(facts, "vms", &vms));
	assert_true(json_object_object_get_ex(json_object_array_get_idx(vms, (size_t)vm), name, &value));
	return json_object_get_int64(value);
}

/* Run until every response has come: the schedules end with no session. */
static struct json_object *run_sessions(const struct web_options *o, const struct watched_vm *vms, int count,
                                        int64_t length_ns)
{
	const struct watch watch = { .directory = scratch, .vms = vms, .vm_count = count, .web = o, .seed = 1 };
	struct json_object *facts = json_object_new_object();
	struct err e = { 0 };
	void *state;
	if (web_sessions_collector.start(&watch, &state, &e) < 0)
		fail_msg("%s", e.text);
	clock_sleep(200 * NS_PER_MS);
	web_sessions_begin(state);
	clock_sleep(length_ns);
	if (web_sessions_collector.stop(state, facts, &e) < 0)
		fail_msg("%s", e.text);
	print_message("# %s\n", json_object_to_json_string(facts));
	return facts;
}

static void every_response_is_counted_in_its_class(void **state)
{
	const struct web_options o = { .think_ns = 0,
		                       .good_ns = NS_PER_S,
		                       .tolerable_ns = 2 * NS_PER_S,
		                       .timeout_ns = 30 * NS_PER_S,
		                       .tls = true };
	const struct watched_vm vm = { .name = "vm1", .data_ip = "127.0.0.1", .sessions = "2:1,+2/2s..6,0" };
	(void)state;
	if (!there_is_nginx())
		skip();
	struct json_object *facts = run_sessions(&o, &vm, 1, 9 * NS_PER_S);
	struct book b = read_responses("vm1", &o);
	/* nginx says what it answered; only what it held back is not good. */
	assert_int_equal(b.pages[0], logged("127.0.0.1 /login 200"));
	assert_int_equal(b.pages[1], logged("127.0.0.1 /summary 200"));
	assert_int_equal(b.pages[2], logged("127.0.0.1 /pay 200"));
	assert_int_equal(b.pages[3], logged("127.0.0.1 /history 200"));
	assert_int_equal(b.pages[4], logged("127.0.0.1 /logout 200"));
	assert_true(b.pages[2] >= 6 && b.pages[3] > 0 && b.pages[4] > 0);
	assert_int_equal(b.classes[WEB_GOOD], b.pages[0] + b.pages[1] + b.pages[4]);
	assert_int_equal(b.classes[WEB_TOLERABLE], b.pages[2]);
	assert_int_equal(b.classes[WEB_FAILED], b.pages[3]);
	assert_string_equal(b.reason, "late");
	/* A level's sessions are intended for its instant, whenever each is sent. */
	assert_int_equal(b.at_first, 2);
	assert_int_equal(b.begin_later, 2);
	check_seconds("vm1", &b, 6);
	assert_int_equal(fact(facts, 0, "good"), b.classes[WEB_GOOD]);
	assert_int_equal(fact(facts, 0, "tolerable"), b.classes[WEB_TOLERABLE]);
	assert_int_equal(fact(facts, 0, "failed"), b.classes[WEB_FAILED]);
	assert_int_equal(fact(facts, 0, "unfinished"), 0);
	json_object_put(facts);
}

static void what_is_wrong_has_failed_with_its_reason(void **state)
{
	const struct web_options o = { .think_ns = 50 * NS_PER_MS,
		                       .good_ns = 2 * NS_PER_S,
		                       .tolerable_ns = 4 * NS_PER_S,
		                       .timeout_ns = 30 * NS_PER_S,
		                       .tls = true };
	const struct watched_vm vms[] = {
		{ .name = "mixed", .index = 0, .data_ip = "127.0.0.2", .sessions = "1:1,0" },
		{ .name = "plain", .index = 1, .data_ip = "127.0.0.9" },
		{ .name = "broken", .index = 2, .data_ip = "127.0.0.3", .sessions = "1:1,0" },
		{ .name = "gone", .index = 3, .data_ip = "127.0.0.4", .sessions = "1:1,0" },
	};
	(void)state;
	if (!there_is_nginx())
		skip();
	struct json_object *facts = run_sessions(&o, vms, 4, 3 * NS_PER_S);
	struct book mixed = read_responses("mixed", &o), broken = read_responses("broken", &o),
		    gone = read_responses("gone", &o);
	assert_true(mixed.rows > 0);
	assert_int_equal(mixed.classes[WEB_FAILED], mixed.rows);
	assert_string_equal(mixed.reason, "\"no 'Welcome, user00000' in the answer\"");
	assert_int_equal(mixed.rows, logged("127.0.0.2 /login 200"));
	/* After the error the person logs in again. */
	assert_true(broken.pages[0] > 1);
	assert_int_equal(broken.classes[WEB_GOOD], broken.pages[0]);
	assert_int_equal(broken.classes[WEB_FAILED], broken.pages[1]);
	assert_int_equal(broken.rows, broken.pages[0] + broken.pages[1]);
	assert_int_equal(broken.pages[1], logged("127.0.0.3 /summary 503"));
	assert_string_equal(broken.reason, "status 503");
	assert_true(gone.rows > 0);
	assert_int_equal(gone.classes[WEB_FAILED], gone.rows);
	assert_non_null(strstr(gone.reason, "connect to server"));
	assert_int_equal(access(in("web-plain.csv"), F_OK), -1);
	json_object_put(facts);
}

/* Sessions of one level do not log in in step, unless they are to; the same seed gives the same. */
static void sessions_begin_with_a_think_time(void **state)
{
	enum { SESSIONS_OPENED = 50 };
	const struct web_options options[] = {
		{ .think_ns = NS_PER_S, .timeout_ns = NS_PER_S },
		{ .think_ns = NS_PER_S, .timeout_ns = NS_PER_S, .start = WEB_START_AT_ONCE }
	};
	static struct web_session s; /* it is large */
	struct err e = { 0 };
	int64_t first[SESSIONS_OPENED], within_ns = NS_PER_S / 2, sum_ns = 0;
	(void)state;
	for (int round = 0; round < 3; round++)
		for (int i = 0; i < SESSIONS_OPENED; i++) {
			const struct web_visit visit = { .session = i, .sessions = SESSIONS_OPENED, .number = -1 };
			assert_int_equal(
				web_session_init(&s, &options[round / 2], "127.0.0.1", &visit, 7 + (uint64_t)i, &e),
				0);
			web_session_open(&s, NS_PER_S, within_ns);
			assert_true(s.open && s.intended_ns >= NS_PER_S && s.intended_ns < NS_PER_S + within_ns);
			if (round == 0)
				first[i] = s.intended_ns;
			else
				assert_int_equal(s.intended_ns, round == 1 ? first[i] : NS_PER_S);
			sum_ns += round == 0 ? s.intended_ns - NS_PER_S : 0;
			if (round == 0 && i > 0)
				assert_int_not_equal(first[i], first[i - 1]);
			web_session_end(&s);
		}
	/* All over the step. */
	assert_true(sum_ns / SESSIONS_OPENED > within_ns / 4 && sum_ns / SESSIONS_OPENED < 3 * within_ns / 4);
}

/* Stopped while everybody waits: who is late already has failed, the others are of no class. */
static void what_waits_at_the_end_is_told(void **state)
{
	struct web_options o = {
		.good_ns = 100 * NS_PER_MS, .tolerable_ns = 200 * NS_PER_MS, .timeout_ns = 30 * NS_PER_S, .tls = true
	};
	const struct watched_vm vm = { .name = "vm1", .data_ip = "127.0.0.1", .sessions = "3" };
	(void)state;
	if (!there_is_nginx())
		skip();
	/* Stopped, its kernel still takes the connections. */
	assert_int_equal(kill(-nginx, SIGSTOP), 0);
	struct json_object *facts = run_sessions(&o, &vm, 1, 500 * NS_PER_MS);
	struct book b = read_responses("vm1", &o);
	assert_int_equal(b.classes[WEB_FAILED], 3);
	assert_string_equal(b.reason, "unfinished");
	json_object_put(facts);
	unlink(in("responses-vm1.csv"));
	unlink(in("web-vm1.csv"));
	o.tolerable_ns = 100 * NS_PER_S;
	facts = run_sessions(&o, &vm, 1, 500 * NS_PER_MS);
	b = read_responses("vm1", &o);
	assert_int_equal(b.rows, 0);
	assert_int_equal(fact(facts, 0, "unfinished"), 3);
	json_object_put(facts);
	/* Given up after the timeout. */
	unlink(in("responses-vm1.csv"));
	unlink(in("web-vm1.csv"));
	o.timeout_ns = 200 * NS_PER_MS;
	facts = run_sessions(&o, &vm, 1, 900 * NS_PER_MS);
	b = read_responses("vm1", &o);
	assert_true(b.rows >= 3);
	assert_int_equal(b.classes[WEB_FAILED], b.rows);
	assert_string_equal(b.reason, "Timeout was reached");
	json_object_put(facts);
}

static void a_bad_schedule_starts_nothing(void **state)
{
	const struct web_options o = { .good_ns = NS_PER_S, .tolerable_ns = NS_PER_S, .timeout_ns = NS_PER_S };
	const struct watched_vm vm = { .name = "vm1", .data_ip = "127.0.0.1", .sessions = "20,30" };
	const struct watch watch = { .directory = "/nonexistent", .vms = &vm, .vm_count = 1, .web = &o };
	struct err e = { 0 };
	void *collector;
	(void)state;
	assert_int_equal(web_sessions_collector.start(&watch, &collector, &e), -1);
	assert_non_null(strstr(e.text, "sessions of VM 'vm1': '30': the level before it has no time"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schedule_is_levels_and_ramps),
		cmocka_unit_test(a_schedule_that_makes_no_sense_is_refused),
		cmocka_unit_test(texts_are_of_the_visit),
		cmocka_unit_test(the_borders_of_classes_belong_to_the_better_one),
		cmocka_unit_test(a_bad_schedule_starts_nothing),
		cmocka_unit_test(sessions_begin_with_a_think_time),
		cmocka_unit_test_setup_teardown(every_response_is_counted_in_its_class, server_start, server_end),
		cmocka_unit_test_setup_teardown(what_is_wrong_has_failed_with_its_reason, server_start, server_end),
		cmocka_unit_test_setup_teardown(what_waits_at_the_end_is_told, server_start, server_end),
	};
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests_name("web_sessions", tests, NULL, NULL);
}

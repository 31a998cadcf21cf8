/* The workloads that run programs of a system: here this machine's, on files of the test's own. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "t/loopback.h"
#include "t/scratch.h"
#include "workloads/program.h"
#include "workloads/workload.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[128];

static const char *in(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(in(name), "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* A workload with root = / and options "key=value"; NULL ends them. */
static int open_workload(struct workload *w, const char *name, const char *const *settings, struct err *e)
{
	const struct workload_ops *ops = workload_find(name, e);
	assert_non_null(ops);
	void *options = workload_options_new(ops, e);
	assert_non_null(options);
	assert_int_equal(option_set(ops->options, options, "root", "/", e), 0);
	for (; *settings; settings++) {
		char key[32];
		snprintf(key, sizeof(key), "%.*s", (int)strcspn(*settings, "="), *settings);
		assert_int_equal(option_set(ops->options, options, key, strchr(*settings, '=') + 1, e), 0);
	}
	return workload_init(w, ops, options, e);
}

static void close_workload(struct workload *w)
{
	workload_end(w);
	free(w->options);
}

static void *run_main(void *argument)
{
	struct workload *w = argument;
	w->ops->run(w);
	return NULL;
}

/* ---- programs ---- */

static void lines_come_whole(void **state)
{
	static const char *const argv[] = { "/bin/sh", "-c",
		                            "printf 'one\\ntw'; sleep 0.3; printf 'o\\n\\n%0300d\\nend' 7; exit 3",
		                            NULL };
	struct program p;
	struct err e = { 0 };
	char line[PROGRAM_LINE_ROOM], lines[2 * PROGRAM_LINE_ROOM + 100] = "";
	int got, waited = 0;
	(void)state;
	assert_int_equal(program_start(&p, "/", "/", argv, &e), 0);
	while ((got = program_line(&p, 20 * NS_PER_MS, line, sizeof(line))) >= 0) {
		waited += got == 0;
		if (got)
			snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%s|", line);
	}
	int status = program_wait(&p);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	assert_true(waited > 0);
	assert_memory_equal(lines, "one|two||0000", 13);
	/* 300 characters are more than a line holds (255 of the first 256 fit); what has no end of line is none. */
	assert_int_equal(strlen(lines), strlen("one|two||") + 255 + 1 + 44 + 1);
}

static void a_program_is_killed_with_all_that_it_started(void **state)
{
	char command[128], line[PROGRAM_LINE_ROOM];
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	struct program p;
	struct err e = { 0 };
	int child;
	(void)state;
	snprintf(command, sizeof(command), "sleep 1000 & echo $!; wait");
	assert_int_equal(program_start(&p, "/", "/", argv, &e), 0);
	while (program_line(&p, NS_PER_S, line, sizeof(line)) == 0)
		;
	assert_int_equal(sscanf(line, "%d", &child), 1);
	program_kill(&p);
	program_kill(&p);
	/* Its parent is gone: whoever inherited it may take a moment to bury it. */
	for (int i = 0; i < 500 && kill(child, 0) == 0; i++)
		clock_sleep(10 * NS_PER_MS);
	assert_int_equal(kill(child, 0), -1);
}

static void what_cannot_be_run_says_so(void **state)
{
	static const char *const argv[] = { "/nonexistent/program", NULL };
	struct program p;
	struct err e = { 0 };
	char line[PROGRAM_LINE_ROOM];
	(void)state;
	assert_int_equal(program_start(&p, "/", "/", argv, &e), 0);
	assert_int_equal(program_line(&p, NS_PER_S, line, sizeof(line)), -1);
	int status = program_wait(&p);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 127);
	assert_int_equal(system_mount("/nonexistent", &e), -1);
	assert_int_equal(e.status, EXIT_CANNOT);
}

/* ---- compile ---- */

/* What is built there lies in linux and prepared; only linux has to be configured. */
static const char linux_makefile[] = "allnoconfig:\n\t@echo '  HOSTCC  scripts/basic/fixdep.o'; touch configured\n"
				     "all: a b c\n\t@test -e configured; echo '  AR      built-in.a'\n"
				     "a b c:\n\t@echo '  CC      kernel/$@.o'; echo '#'; echo '  LD      vmlinux'\n",
		  prepared_makefile[] = "part/:\n\t@echo '  AS      part/x.o'\n"
					"broken:\n\t@echo '  CC      x.o'; echo 'x.c:1: error'; false\n"
					"endless:\n\t@echo '  CC      x.o'; sleep 1000\n";

static char directory[80]; /* the option */

static int make_trees(void **state)
{
	if (scratch_make(state) < 0)
		return -1;
	snprintf(directory, sizeof(directory), "directory=%s", scratch);
	mkdir(in("linux"), 0755);
	mkdir(in("prepared"), 0755);
	write_file("linux/Makefile", linux_makefile, 0644);
	write_file("prepared/Makefile", prepared_makefile, 0644);
	return 0;
}

static void finished_objects_are_work(void **state)
{
	struct workload w;
	struct err e = { 0 };
	(void)state;
	if (open_workload(&w, "compile",
	                  (const char *const[]){ directory, "target=all", "prepared=no", "delay=300ms", NULL },
	                  &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(access(in("linux/configured"), F_OK), 0);
	int64_t before_ns = clock_now_ns();
	w.ops->run(&w);
	assert_false(atomic_load(&w.failed));
	assert_int_equal(atomic_load(&w.work), 3);
	assert_true(atomic_load(&w.job_done_ns) >= before_ns + 300 * NS_PER_MS);
	assert_true(atomic_load(&w.job_done_ns) <= clock_now_ns());
	close_workload(&w);

	assert_int_equal(
		open_workload(&w, "compile",
	                      (const char *const[]){ directory, "target=part/", "prepared=yes", "jobs=1", NULL }, &e),
		0);
	w.ops->run(&w);
	assert_int_equal(atomic_load(&w.work), 1);
	assert_true(atomic_load(&w.job_done_ns) > 0);
	close_workload(&w);
}

static void a_build_that_fails_fails_the_workload(void **state)
{
	struct workload w;
	struct err e = { 0 };
	const char *const broken[] = { directory, "target=broken", "prepared=yes", NULL };
	(void)state;
	assert_int_equal(open_workload(&w, "compile", broken, &e), 0);
	w.ops->run(&w);
	assert_true(atomic_load(&w.failed));
	assert_string_equal(w.failure, "make broken: exit status 2: x.c:1: error");
	assert_int_equal(atomic_load(&w.job_done_ns), -1);
	close_workload(&w);
	/* One that cannot be configured does not begin. */
	unlink(in("linux/Makefile"));
	assert_int_equal(open_workload(&w, "compile", (const char *const[]){ directory, "prepared=no", NULL }, &e),
	                 -1);
	assert_non_null(strstr(e.text, "workload 'compile': make allnoconfig: exit status 2"));
	free(w.options);
}

static void a_build_can_be_stopped(void **state)
{
	struct workload w;
	struct err e = { 0 };
	pthread_t thread;
	const char *const endless[] = { directory, "target=endless", "prepared=yes", NULL };
	(void)state;
	assert_int_equal(open_workload(&w, "compile", endless, &e), 0);
	assert_int_equal(pthread_create(&thread, NULL, run_main, &w), 0);
	/* Its object is not finished; there is nothing but time to wait for. */
	clock_sleep(300 * NS_PER_MS);
	atomic_store(&w.stop, true);
	pthread_join(thread, NULL);
	assert_false(atomic_load(&w.failed));
	assert_int_equal(atomic_load(&w.work), 0);
	assert_int_equal(atomic_load(&w.job_done_ns), -1);
	close_workload(&w);
}

/* ---- web ---- */

/* Answers each request and tells of it; "/end" is its end. Not open at once. */
static const char server[] =
	"#!/usr/bin/perl\n"
	"use IO::Socket::INET;\n"
	"$| = 1; print \"threads $ARGV[1]\\n\"; select(undef, undef, undef, 0.3);\n"
	"my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 80, Listen => 5, ReuseAddr => 1) or die;\n"
	"while (my $c = $s->accept) { my $r = <$c>; while (<$c>) { last if /^\\r?$/ }\n"
	"print $c \"HTTP/1.1 200 OK\\r\\n\\r\\nhere\"; close $c;\n"
	"print \"request 0.250\\n\" if $r =~ m{/page}; if ($r =~ m{/end}) { print \"the end\\n\"; exit 1 } }\n";

static void get(const char *page)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		                        .sin_port = htons(80),
		                        .sin_addr = { htonl(INADDR_LOOPBACK) } };
	char text[128];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	int length = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", page);
	assert_int_equal(write(fd, text, (size_t)length), length);
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

static void answered_requests_are_work(void **state)
{
	struct workload w;
	struct err e = { 0 };
	pthread_t thread;
	int64_t service_ns;
	char program[128];
	(void)state;
	write_file("serve", server, 0755);
	snprintf(program, sizeof(program), "program=%s", path);
	if (open_workload(&w, "web", (const char *const[]){ program, "threads=3", NULL }, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(pthread_create(&thread, NULL, run_main, &w), 0);
	for (int i = 0; i < 3; i++)
		get("/page");
	while (atomic_load(&w.work) < 3)
		clock_sleep(NS_PER_MS);
	assert_int_equal(workload_take_worst(&w, clock_now_ns(), &service_ns), 250 * NS_PER_MS);
	assert_false(atomic_load(&w.failed));
	/* A server that ends is a failure, with its last words. */
	get("/end");
	pthread_join(thread, NULL);
	assert_true(atomic_load(&w.failed));
	assert_string_equal(w.failure, "web: the server has ended: the end");
	assert_int_equal(atomic_load(&w.work), 3);
	close_workload(&w);
}

static void a_server_that_does_not_start_is_told(void **state)
{
	struct workload w;
	struct err e = { 0 };
	char program[128];
	(void)state;
	write_file("serve", "#!/bin/sh\necho no certificate >&2\nexit 1\n", 0755);
	snprintf(program, sizeof(program), "program=%s", path);
	assert_int_equal(open_workload(&w, "web", (const char *const[]){ program, NULL }, &e), -1);
	assert_string_equal(e.text, "workload 'web': the web server has ended: no certificate");
	free(w.options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_whole),
		cmocka_unit_test(a_program_is_killed_with_all_that_it_started),
		cmocka_unit_test(what_cannot_be_run_says_so),
		cmocka_unit_test_setup_teardown(finished_objects_are_work, make_trees, scratch_remove),
		cmocka_unit_test_setup_teardown(a_build_that_fails_fails_the_workload, make_trees, scratch_remove),
		cmocka_unit_test_setup_teardown(a_build_can_be_stopped, make_trees, scratch_remove),
		cmocka_unit_test_setup_teardown(answered_requests_are_work, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(a_server_that_does_not_start_is_told, scratch_make, scratch_remove),
	};
	if (loopback_enter() < 0)
		return loopback_skip();
	return cmocka_run_group_tests_name("programs", tests, NULL, NULL);
}

/* The cpu collector and its readers of /proc, with this process and its children in the part of QEMU. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "collectors/collector.h"
#include "collectors/proc_read.h"

#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <pthread.h>
#include <semaphore.h>
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

static void core_lines_are_parsed(void **state)
{
	(void)state;
	static const char stat[] = "cpu  30 0 20 900 40 0 0 0 0 0\n"
				   "cpu1 10 0 10 400 20 0 0 7 0 0\n"
				   "cpu10 20 0 10 500 20 0 0 0 0 0\nintr 1 2 3\n";
	static const char schedstat[] = "version 15\ntimestamp 4295300000\n"
					"cpu0 0 0 11 12 13 14 123456789012 555 99\n"
					"domain0 3 1 2 3 4 5 6 7 8 9\n"
					"cpu1 0 0 0 0 0 0 42 0 0\n";
	int64_t busy, stolen, tick = core_source_resolution_ns(CORE_STAT);
	assert_int_equal(core_busy_parse(CORE_STAT, stat, 1, 1000 * tick, &busy), 0);
	assert_int_equal(busy, (1000 - 420) * tick);
	assert_int_equal(core_busy_parse(CORE_STAT, stat, 10, 1000 * tick, &busy), 0);
	assert_int_equal(busy, (1000 - 520) * tick);
	assert_int_equal(core_busy_parse(CORE_STAT, stat, 0, 1000 * tick, &busy), -1);
	assert_int_equal(core_busy_parse(CORE_STAT, "cpu0 1 2", 0, 0, &busy), -1);
	assert_int_equal(core_busy_parse(CORE_SCHEDSTAT, schedstat, 0, 0, &busy), 0);
	assert_int_equal(busy, INT64_C(123456789012));
	assert_int_equal(core_busy_parse(CORE_SCHEDSTAT, schedstat, 1, 0, &busy), 0);
	assert_int_equal(busy, 42);
	assert_int_equal(core_busy_parse(CORE_SCHEDSTAT, schedstat, 2, 0, &busy), -1);
	assert_int_not_equal(core_source_probe(), CORE_NONE);
	assert_int_equal(core_stolen_parse(stat, 1, &stolen), 0);
	assert_int_equal(stolen, 7 * tick);
	assert_int_equal(core_stolen_parse(stat, 10, &stolen), 0);
	assert_int_equal(stolen, 0);
	assert_int_equal(core_stolen_parse(stat, 0, &stolen), -1);
	assert_int_equal(core_stolen_parse("cpu0 1 2 3 4 5 6 7", 0, &stolen), -1); /* kernels before 2.6.11 */
}

static void thread_names_are_known(void **state)
{
	(void)state;
	assert_int_equal(thread_group_of("CPU 0/TCG\n"), THREAD_VCPU);
	assert_int_equal(thread_group_of("CPU ALL/TCG"), THREAD_VCPU);
	assert_int_equal(thread_group_of("CPU 11/KVM"), THREAD_VCPU);
	assert_int_equal(thread_group_of("live_migration\n"), THREAD_MIGRATION);
	assert_int_equal(thread_group_of("multifdsend_0"), THREAD_MIGRATION);
	assert_int_equal(thread_group_of("postcopy/listen"), THREAD_MIGRATION);
	assert_int_equal(thread_group_of("mig/src/send_0"), THREAD_MIGRATION);
	assert_int_equal(thread_group_of("return path"), THREAD_MIGRATION);
	assert_int_equal(thread_group_of("qemu-system-x86"), THREAD_OTHER);
	assert_int_equal(thread_group_of("IO mon_iothread"), THREAD_OTHER);
	assert_int_equal(thread_group_of("CPU"), THREAD_OTHER);
}

static void last_core_is_parsed(void **state)
{
	(void)state;
	static const char stat[] =
		"29281 (a) 7 (tgtd) S 1 29281 29281 0 -1 1077936384 512 0 3 0 41 250 0 0 20 0 2 0 8011257 5005312 "
		"1536 18446744073709551615 1 1 0 0 0 0 0 4096 16384 0 0 0 17 13 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
	char cut[sizeof(stat)];
	assert_int_equal(thread_core_parse(stat), 13);
	snprintf(cut, sizeof(cut), "%.*s", (int)(strstr(stat, " 17 13") - stat), stat);
	assert_int_equal(thread_core_parse(cut), -1);
	assert_int_equal(thread_core_parse("nothing"), -1);
	assert_int_equal(thread_core_parse(""), -1);
}

struct burner {
	const char *name;
	int64_t cpu_ns;
	sem_t burned, end;
	pthread_t thread;
};

/* Use so much CPU time, sleep until told, end. */
static void *burner_main(void *argument)
{
	struct burner *b = argument;
	struct timespec t = { 0 };
	pthread_setname_np(pthread_self(), b->name);
	while (t.tv_sec * NS_PER_S + t.tv_nsec < b->cpu_ns)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	sem_post(&b->burned);
	sem_wait(&b->end);
	return NULL;
}

static void burner_start(struct burner *b)
{
	sem_init(&b->burned, 0, 0);
	sem_init(&b->end, 0, 0);
	assert_int_equal(pthread_create(&b->thread, NULL, burner_main, b), 0);
	sem_wait(&b->burned);
}

static void burner_end(struct burner *b)
{
	sem_post(&b->end);
	pthread_join(b->thread, NULL);
}

static void threads_are_told_apart(void **state)
{
	(void)state;
	struct burner vcpu = { .name = "CPU 0/TCG) S 1", .cpu_ns = 50 * NS_PER_MS };
	struct burner migration = { .name = "live_migration", .cpu_ns = 30 * NS_PER_MS };
	struct watched_process self;
	struct process_cpu before, during, after;
	struct err e = { 0 };
	assert_int_equal(watched_process_open(&self, getpid(), &e), 0);
	assert_int_equal(watched_process_read(&self, &before), 0);
	assert_int_equal(before.group_ns[THREAD_VCPU], 0);
	burner_start(&vcpu);
	burner_start(&migration);
	/* The burners have posted and sleep or are about to: what they burned is on their account. */
	do
		assert_int_equal(watched_process_read(&self, &during), 0);
	while (during.group_ns[THREAD_VCPU] < vcpu.cpu_ns || during.group_ns[THREAD_MIGRATION] < migration.cpu_ns);
	assert_true(during.all_ns - before.all_ns >= vcpu.cpu_ns + migration.cpu_ns);
	assert_true(during.group_ns[THREAD_VCPU] <= during.all_ns);
	burner_end(&migration);
	assert_int_equal(watched_process_read(&self, &after), 0);
	/* A thread that ended takes nothing with it. */
	for (int g = 0; g < THREAD_GROUPS; g++)
		assert_true(after.group_ns[g] >= during.group_ns[g]);
	burner_end(&vcpu);
	watched_process_close(&self);
}

static pid_t child_start(void)
{
	pid_t pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_true(pid > 0);
	return pid;
}

static void child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void ended_process_is_noticed(void **state)
{
	(void)state;
	struct watched_process p;
	struct process_cpu cpu;
	struct err e = { 0 };
	pid_t pid = child_start();
	assert_int_equal(watched_process_open(&p, pid, &e), 0);
	assert_int_equal(watched_process_read(&p, &cpu), 0);
	child_end(pid);
	assert_int_equal(watched_process_read(&p, &cpu), -1);
	watched_process_close(&p);
	assert_int_equal(watched_process_open(&p, pid, &e), -1);
	assert_non_null(strstr(e.text, "cannot watch process"));
}

struct fixture {
	char directory[64], src[96], dst[96];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	strcpy(f->directory, "/tmp/test_cpu.XXXXXX");
	assert_non_null(mkdtemp(f->directory));
	snprintf(f->src, sizeof(f->src), "%s/src", f->directory);
	snprintf(f->dst, sizeof(f->dst), "%s/dst", f->directory);
	assert_int_equal(mkdir(f->src, 0700), 0);
	assert_int_equal(mkdir(f->dst, 0700), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	static const char *const files[] = { "src/a.pid", "src/b.pid", "dst/a.pid",
		                             "dst/b.pid", "cpu.csv",   "stolen.csv" };
	char path[160];
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->directory, files[i]);
		unlink(path);
	}
	rmdir(f->src);
	rmdir(f->dst);
	assert_int_equal(rmdir(f->directory), 0);
	free(f);
	return 0;
}

static void write_pid(const char *directory, const char *vm, pid_t pid, int64_t age_s)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/%s.pid", directory, vm);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%d\n", (int)pid);
	fclose(file);
	if (age_s) {
		struct timespec old = { .tv_sec = time(NULL) - age_s };
		assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){ old, old }, 0), 0);
	}
}

/* Rows of one node, VM and thread group; -1 in *ret_falls when its time ever fell. */
static int count_rows(const struct fixture *f, const char *node, const char *vm, const char *thread, int *ret_falls)
{
	char path[160], line[160], key[80];
	int count = 0;
	int64_t last = INT64_MIN;
	snprintf(path, sizeof(path), "%s/cpu.csv", f->directory);
	snprintf(key, sizeof(key), ",%s,%s,%s,", node, vm, thread);
	*ret_falls = 0;
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "head_ns,node,vm,thread,cpu_ns\n");
	while (fgets(line, sizeof(line), file)) {
		const char *comma = strchr(line, ',');
		if (!comma || strncmp(comma, key, strlen(key)) != 0)
			continue;
		int64_t cpu = strtoll(comma + strlen(key), NULL, 10);
		*ret_falls |= cpu < last;
		last = cpu;
		count++;
	}
	fclose(file);
	return count;
}

static void wait_rows(const struct fixture *f, const char *node, const char *vm)
{
	int falls;
	int64_t end = clock_now_ns() + 60 * NS_PER_S;
	while (count_rows(f, node, vm, "", &falls) < 3) {
		assert_true(clock_now_ns() < end);
		clock_sleep(20 * NS_PER_MS);
	}
}

/* The VM is seen on its source, then also on its destination while both run, then there alone. */
static void follows_a_migration(void **state)
{
	struct fixture *f = *state;
	const struct watched_node nodes[] = { { .name = "src", .core = 0, .qemu_pid_directory = f->src },
		                              { .name = "dst", .core = -1, .qemu_pid_directory = f->dst },
		                              { .name = "far", .core = 100000 } };
	const struct watched_vm vms[] = { { .name = "a" }, { .name = "b" } };
	const struct watch watch = { .directory = f->directory,
		                     .nodes = nodes,
		                     .node_count = 3,
		                     .vms = vms,
		                     .vm_count = 2,
		                     .cpu_interval_ns = 5 * NS_PER_MS };
	struct json_object *facts = json_object_new_object(), *value;
	struct err e = { 0 };
	void *collector = NULL;
	int falls;
	pid_t source = child_start(), destination = child_start();
	write_pid(f->src, "a", source, 0);
	write_pid(f->src, "b", source, 3600); /* written long before this process was born */
	assert_int_equal(cpu_collector.start(&watch, &collector, &e), 0);
	wait_rows(f, "src", "a");
	assert_int_equal(count_rows(f, "dst", "a", "", &falls), 0);
	write_pid(f->dst, "a", destination, 0);
	wait_rows(f, "dst", "a");
	child_end(source);
	wait_rows(f, "src", ""); /* goes on after a process ended */
	assert_int_equal(cpu_collector.stop(collector, facts, &e), 0);
	child_end(destination);

	int whole = count_rows(f, "dst", "a", "", &falls);
	assert_int_equal(falls, 0);
	assert_true(count_rows(f, "src", "", "", &falls) > 0);
	assert_int_equal(falls, 0);
	static const char *const threads[] = { "vcpu", "migration", "other" };
	for (int i = 0; i < 3; i++) {
		assert_int_equal(count_rows(f, "dst", "a", threads[i], &falls), whole);
		assert_int_equal(falls, 0);
	}
	assert_int_equal(count_rows(f, "src", "b", "", &falls), 0);
	assert_int_equal(count_rows(f, "dst", "", "", &falls), 0);
	assert_int_equal(count_rows(f, "far", "", "", &falls), 0);
	assert_true(json_object_object_get_ex(facts, "processes", &value));
	assert_int_equal(json_object_get_int64(value), 2);
	assert_true(json_object_object_get_ex(facts, "stale_pid_files", &value));
	assert_int_equal(json_object_get_int64(value), 1);
	assert_true(json_object_object_get_ex(facts, "unreadable_cores", &value));
	assert_true(json_object_get_int64(value) > 0);
	json_object_put(facts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(core_lines_are_parsed),
		cmocka_unit_test(thread_names_are_known),
		cmocka_unit_test(last_core_is_parsed),
		cmocka_unit_test(threads_are_told_apart),
		cmocka_unit_test(ended_process_is_noticed),
		cmocka_unit_test_setup_teardown(follows_a_migration, setup, teardown),
	};
	return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}

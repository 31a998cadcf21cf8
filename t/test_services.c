/* Services of a testbed's nodes found on the real machine: processes in a network namespace made here, and others. */
#include "bench/base/clock.h"
#include "collectors/collector.h"
#include "collectors/services.h"

#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SERVED, GUEST, HOG, LATE, CHILDREN };

/* What a child is told, and what it has done of it. */
struct orders {
	char name[16];
	int core, obeyed, number;
};

static struct orders *orders; /* shared with the children */
static pid_t pids[CHILDREN];
static char netns[64];
static int cores[2];

static void pin(int core)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Burns all that it gets of its core. */
static void child_main(int child)
{
	struct orders *o = &orders[child];
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (child == GUEST || child == LATE) {
		int fd = open(netns, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
			_exit(1);
	} else if (child == SERVED && unshare(CLONE_NEWNET) < 0) {
		_exit(1);
	}
	for (int done = 0;;) {
		int number = __atomic_load_n(&o->number, __ATOMIC_ACQUIRE);
		if (number == done)
			continue;
		prctl(PR_SET_NAME, o->name);
		pin(o->core);
		done = number;
		__atomic_store_n(&o->obeyed, done, __ATOMIC_RELEASE);
	}
}

static void tell(int child, const char *name, int core)
{
	struct orders *o = &orders[child];
	snprintf(o->name, sizeof(o->name), "%s", name);
	o->core = core;
	int number = __atomic_add_fetch(&o->number, 1, __ATOMIC_RELEASE);
	if (!pids[child]) {
		pids[child] = fork();
		if (pids[child] == 0)
			child_main(child);
		assert_true(pids[child] > 0);
	}
	for (int64_t end = clock_now_ns() + 60 * NS_PER_S; __atomic_load_n(&o->obeyed, __ATOMIC_ACQUIRE) != number;) {
		if (waitpid(pids[child], NULL, WNOHANG) == pids[child])
			fail_msg("'%s' did not come to be", name);
		assert_true(clock_now_ns() < end);
		clock_sleep(NS_PER_MS);
	}
}

static int64_t clock_of(int child)
{
	clockid_t clock;
	struct timespec t = { 0 };
	assert_int_equal(clock_getcpuclockid(pids[child], &clock), 0);
	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* -1: there is no such service. */
static int64_t used(struct services *s, const char *name, int node)
{
	const struct service_use *uses;
	int count = services_read(s, &uses);
	for (int i = 0; i < count; i++)
		if (uses[i].node == node && strcmp(uses[i].name, name) == 0)
			return uses[i].cpu_ns;
	return -1;
}

static int64_t wait_used(struct services *s, const char *name, int node, int64_t wanted_ns)
{
	int64_t cpu_ns, end = clock_now_ns() + 60 * NS_PER_S;
	while ((cpu_ns = used(s, name, node)) < wanted_ns) {
		if (clock_now_ns() > end)
			fail_msg("'%s' is seen with %" PRId64 " ns only", name, cpu_ns);
		clock_sleep(10 * NS_PER_MS);
	}
	return cpu_ns;
}

static int64_t fact_of(const struct services *s, const char *name)
{
	struct json_object *facts = json_object_new_object(), *value;
	services_facts(s, facts);
	assert_true(json_object_object_get_ex(facts, name, &value));
	int64_t number = json_object_get_int64(value);
	json_object_put(facts);
	return number;
}

static int setup(void **state)
{
	(void)state;
	cpu_set_t set;
	int count = 0;
	sched_getaffinity(0, sizeof(set), &set);
	for (int i = 0; i < CPU_SETSIZE && count < 2; i++)
		if (CPU_ISSET(i, &set))
			cores[count++] = i;
	orders = mmap(NULL, CHILDREN * sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return count == 2 && orders != MAP_FAILED ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < CHILDREN; i++)
		if (pids[i] > 0) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
			pids[i] = 0;
		}
	return munmap(orders, CHILDREN * sizeof(*orders));
}

static void told_by_namespace_and_core(void **state)
{
	(void)state;
	tell(SERVED, "served", cores[0]);
	snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)pids[SERVED]);
	tell(GUEST, "qemu-system-x86", cores[0]);
	tell(HOG, "hog", cores[0]);
	const struct watched_node nodes[] = { { .name = "src", .core = cores[0] },
		                              { .name = "dst", .core = cores[1] },
		                              { .name = "sto", .core = -1, .netns = netns },
		                              { .name = "gone", .core = -1, .netns = "/run/netns/mm-nowhere" } };
	struct services *s = services_open(nodes, 4);
	assert_non_null(s);

	int64_t before_ns = clock_of(SERVED);
	assert_int_equal(used(s, "served", 0), -1); /* what it used before is not counted */
	int64_t seen_ns = wait_used(s, "served", 0, 50 * NS_PER_MS);
	assert_true(seen_ns <= clock_of(SERVED) - before_ns);

	/* On another core it counts there, and there only. */
	tell(SERVED, "served", cores[1]);
	seen_ns = used(s, "served", 0);
	wait_used(s, "served", 1, 50 * NS_PER_MS);
	assert_int_equal(used(s, "served", 0), seen_ns);

	/* One that comes later is found, without a name too; it may turn into a guest. */
	tell(LATE, "", cores[0]);
	wait_used(s, "?", 0, 1);
	tell(LATE, "now,\001it", cores[0]);
	wait_used(s, "now,?it", 0, 1);
	tell(LATE, "qemu-system-x86", cores[0]);
	int64_t looks = fact_of(s, "looks_for_services"), end_ns = clock_now_ns() + 60 * NS_PER_S;
	while (fact_of(s, "looks_for_services") < looks + 2) {
		assert_true(clock_now_ns() < end_ns);
		used(s, "", 0);
		clock_sleep(10 * NS_PER_MS);
	}
	seen_ns = used(s, "now,?it", 0);
	for (int64_t until_ns = clock_of(LATE) + 20 * NS_PER_MS; clock_of(LATE) < until_ns;)
		clock_sleep(NS_PER_MS);
	assert_int_equal(used(s, "now,?it", 0), seen_ns);

	/* One that has ended keeps what it used. */
	seen_ns = used(s, "served", 1);
	kill(pids[SERVED], SIGKILL);
	waitpid(pids[SERVED], NULL, 0);
	pids[SERVED] = 0;
	assert_true(used(s, "served", 1) >= seen_ns);

	for (int node = 0; node < 2; node++) {
		assert_int_equal(used(s, "hog", node), -1);
		assert_int_equal(used(s, "qemu-system-x86", node), -1);
	}
	assert_true(fact_of(s, "services") >= 3); /* served, late and this process */
	assert_int_equal(fact_of(s, "services_not_counted"), 0);
	services_close(s);
}

static void counts_this_process(void **state)
{
	(void)state;
	const struct watched_node nodes[] = { { .name = "src", .core = cores[1] } };
	struct services *s = services_open(nodes, 1);
	char name[16];
	assert_non_null(s);
	prctl(PR_GET_NAME, name);
	used(s, name, 0);
	pin(cores[1]);
	int64_t seen_ns = wait_used(s, name, 0, 1);
	assert_true(used(s, name, 0) >= seen_ns);
	services_close(s);
	services_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(told_by_namespace_and_core, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_this_process, setup, teardown),
	};
	cpu_set_t set;
	if (geteuid() != 0 || sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) < 2) {
		printf("TAP version 13\n1..0 # SKIP needs root, to make a network namespace, and two cores\n");
		return 0;
	}
	return cmocka_run_group_tests_name("services", tests, NULL, NULL);
}

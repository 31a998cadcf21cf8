/* Programs that a testbed needs: that one has ended is seen and told, with its log. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/undo.h"
#include "bench/base/whole_file.h"
#include "bench/testbed/testbed.h"
#include "t/scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct undo *undo;

static void start(struct testbed *t, const char *name, const char *script)
{
	struct node node = { .name = "src", .netns_path = "/proc/self/ns/net", .core = -1 };
	const char *const argv[] = { "sh", "-c", script, NULL };
	char path[100];
	struct err e = { 0 };
	snprintf(node.state_directory, sizeof(node.state_directory), "%s", scratch);
	snprintf(path, sizeof(path), "%s/register", scratch);
	if (!undo)
		assert_int_equal(undo_open(&undo, path, &e), 0);
	if (daemons_start(&t->daemons, &node, name, argv, undo, &e) < 0)
		fail_msg("%s", e.text);
}

/* A log that has something in it. */
static void wait_for(const char *name)
{
	char path[100];
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s.log", scratch, name);
	while (stat(path, &st) < 0 || st.st_size == 0)
		clock_sleep(NS_PER_MS);
}

static void what_has_ended_is_told(void **state)
{
	struct testbed t = { 0 };
	struct err e = { 0 };
	char keep[100], path[200], process[60];
	(void)state;
	if (geteuid() != 0)
		skip(); /* it enters a namespace */
	assert_int_equal(testbed_trouble(&t, NULL, &e), 0);
	start(&t, "good", "exec sleep 1000");
	start(&t, "bad", "echo first; echo it is well; exec sleep 1000");
	wait_for("bad");
	assert_int_equal(testbed_trouble(&t, scratch, &e), 0);
	kill(t.daemons.list[1].pid, SIGKILL);
	waitid(P_PID, (id_t)t.daemons.list[1].pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	snprintf(keep, sizeof(keep), "%s/run", scratch);
	mkdir(keep, 0755);
	assert_int_equal(testbed_trouble(&t, keep, &e), -1); /* nobody has reaped it */
	assert_int_equal(e.status, EXIT_MEASURED_BAD);
	snprintf(process, sizeof(process), "bad of node 'src' (process %d) has ended: it is well",
	         (int)t.daemons.list[1].pid);
	assert_ptr_equal(strstr(e.text, process), e.text);
	snprintf(path, sizeof(path), "(its log: '%s/src-bad.log')", keep);
	assert_non_null(strstr(e.text, path));
	snprintf(path, sizeof(path), "%s/src-bad.log", keep);
	char *kept = whole_file_read(path, 1000);
	assert_non_null(kept);
	assert_string_equal(kept, "first\nit is well\n");
	free(kept);
	/* One that stays up is another's to take down. */
	t.kept = true;
	assert_int_equal(testbed_trouble(&t, NULL, &e), -1);
	assert_non_null(strstr(e.text, "run 'migmeter testbed down': bad of node 'src'"));
	assert_non_null(strstr(e.text, "/bad.log')"));
	/* Its number is another process's now. */
	t.daemons.list[1].pid = t.daemons.list[0].pid;
	t.daemons.list[1].start_time = t.daemons.list[0].start_time;
	assert_int_equal(testbed_trouble(&t, NULL, &e), 0);
	t.daemons.list[1].start_time--;
	assert_int_equal(testbed_trouble(&t, NULL, &e), -1);
	assert_int_equal(undo_run(undo, &e), 0);
	undo_close(undo);
	assert_int_equal(testbed_trouble(&t, NULL, &e), -1);
	assert_non_null(strstr(e.text, "good of node"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_has_ended_is_told) };
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

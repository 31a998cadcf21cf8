/* Traces of arrivals: what is read of them, what is refused at which line, and that points share one. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/experiment/config_file.h"
#include "bench/experiment/simulated.h"
#include "bench/experiment/trace_file.h"
#include "t/fuzz_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct scenario scenario = {
	.sites = 2, .nodes_per_site = 2, .node_memory_bytes = INT64_C(8) << 30, .vm_memory_bytes = INT64_C(2) << 30
};

/* A trace of this text; NULL, with what it says behind the path. */
static struct trace *text_read(const char *text, size_t length, const char **ret_says)
{
	static struct err e;
	char path[64];
	int fd = fuzz_file(text, length, path, sizeof(path));
	e = (struct err){ 0 };
	struct trace *t = trace_read(path, &e);
	if (t && trace_fits(t, &scenario, &e) < 0) {
		trace_free(t);
		t = NULL;
	}
	*ret_says = e.text + (strncmp(e.text, path, strlen(path)) == 0 ? strlen(path) : 0);
	fuzz_file_close(fd);
	return t;
}

static void what_is_given_is_taken(void **state)
{
	(void)state;
	static const char text[] = "\xef\xbb\xbfkind,arrival_s,work_s,home,memory_bytes,used_bytes,done_s,done_n\r\n"
				   "\r\n"
				   "small,0,60,3,5e8,1000,12.5,3\r\n"
				   ",1.5,,,,,missing,\r\n"
				   " large , 4294967295 ,0.5,0,8589934592,2147483648,,";
	const char *says;
	struct trace *t = text_read(text, sizeof(text) - 1, &says);
	if (!t)
		fail_msg("%s", says);
	assert_int_equal(t->count, 3);
	const struct simulated_vm *v = t->vms;
	assert_true(v[0].arrival_ns == 0 && v[0].work_ns == 60 * NS_PER_S && v[0].home == 3 && v[0].kind == 0);
	assert_true(v[0].memory_bytes == 500000000 && v[0].used_bytes == 1000);
	assert_true(v[1].arrival_ns == 1500 * NS_PER_MS && v[1].work_ns == 0 && v[1].home == -1 && v[1].kind == -1);
	assert_true(v[1].memory_bytes == 0 && v[1].used_bytes == 0);
	assert_true(v[2].arrival_ns == INT64_C(4294967295) * NS_PER_S && v[2].kind == 2 && v[2].home == 0);
	trace_free(t);
}

static void what_is_wrong_has_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", ":1: there is no VM" },
		{ "arrival_s\n", ":2: there is no VM" },
		{ "home\n1\n", ":1: there is no column arrival_s" },
		{ "arrival_s,work\n0,60\n", ":1: unknown column 'work', did you mean 'work_s'?" },
		{ "arrival_s,\x1b[31m\n0,\n", ":1: unknown column '?[31m'" },
		{ "arrival_s,home,arrival_s\n5,0,0\n", ":1: arrival_s is there twice" },
		{ "arrival_s;home\n0;1\n", ":1: unknown column 'arrival_s;home'" },
		{ "arrival_s,home,kind\n0\n", ":2: 1 field, and the header has 3" },
		{ "arrival_s\n0,1,2,3\n", ":2: 4 fields, and the header has 1" },
		{ "arrival_s\n5\n4\n", ":3: arrival_s is missing, or before that of the row before" },
		{ "arrival_s,home\n,1\n", ":2: arrival_s is missing, or before" },
		{ "arrival_s\n1e15\n", ":2: arrival_s is not a time from 0 to 2^32 s" },
		{ "arrival_s\nnan\n", ":2: arrival_s is not a time" },
		{ "arrival_s\n-1\n", ":2: arrival_s is not a time" },
		{ "arrival_s\n+1\n", ":2: arrival_s is not a time" },
		{ "arrival_s\n0x10\n", ":2: arrival_s is not a time" },
		{ "arrival_s,work_s\n0,0\n", ":2: work_s is not a time from 1e-9 to 2^32 s" },
		{ "arrival_s,memory_bytes\n0,0\n", ":2: memory_bytes is not a whole number from 1 to 2^53" },
		{ "arrival_s,memory_bytes\n0,0.5\n", ":2: memory_bytes is not a whole number" },
		{ "arrival_s,used_bytes\n0,1.5\n", ":2: used_bytes is not a whole number" },
		{ "arrival_s,home\n0,1.9\n", ":2: home is not a node: a whole number from 0" },
		{ "arrival_s,home\n0,-1\n", ":2: home is not a node" },
		{ "arrival_s,home\n0,3\n0,4\n0,1\n", ":3: home is no node: there are 4, from 0" },
		{ "arrival_s,kind\n0,tiny\n", ":2: kind is not one of small, medium, large" },
		{ "arrival_s,done_s\n0,soon\n", ":2: done_s is not a number" },
		{ "arrival_s,memory_bytes\n0,1e9\n0,9e9\n", ":3: memory_bytes is more than nodes.memory" },
		{ "arrival_s,used_bytes\n0,1\n0,2147483649\n",
		  ":3: used_bytes is more than the VM's memory (vms.memory)" },
		{ "arrival_s,memory_bytes,used_bytes\n0,5,6\n", ":2: used_bytes is more than the VM's memory" },
		/* Lines are the file's, also behind blank ones and within quotes. */
		{ "\n\narrival_s,home\n\n\n0,x\n", ":6: home is not a node" },
		{ "arrival_s,home\r\n\r\n0,1\r\n0,x\r\n", ":4: home is not a node" },
		{ "arrival_s,home\r0,1\r0,x\r", ":3: home is not a node" },
		{ "arrival_s,kind\n0,\"\n\n\"\n0,x\n", ":2: kind is not one of" },
		{ "arrival_s,kind\n0,\"small\n1,large\n", ":2: a quote that does not end" },
		{ "arrival_s,kind\n0,sm\"all\n", ":2: a quote in the wrong place" },
		{ "arrival_s\n0000000000000000000000000000000000000000000000000000000000000000\n",
		  ":2: a field is longer than 63 bytes, or not text" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *says;
		struct trace *t = text_read(cases[i].text, strlen(cases[i].text), &says);
		if (t || strncmp(says, cases[i].says, strlen(cases[i].says)) != 0)
			fail_msg("'%s': '%s', expected '%s'", cases[i].text, t ? "taken" : says, cases[i].says);
	}
}

/* What never ends, or has no rows, comes to an end soon. */
static void no_file_is_waited_for(void **state)
{
	(void)state;
	enum { BYTES = 4 << 20 };
	static char zeros[BYTES];
	struct err e = { 0 };
	const char *says;
	assert_null(trace_read("/dev/zero", &e));
	assert_string_equal(e.text, "cannot read '/dev/zero': it is no regular file");
	assert_null(trace_read("/tmp", &e));
	assert_string_equal(e.text, "cannot read '/tmp': it is no regular file");
	assert_null(text_read(zeros, BYTES, &says));
	assert_string_equal(says, ":1: a field is longer than 63 bytes, or not text");
	assert_null(text_read("arrival_s\n5\0002\n", 14, &says));
	assert_string_equal(says, ":2: a field is longer than 63 bytes, or not text");
}

static void points_share_it(void **state)
{
	(void)state;
	static const char text[] = "arrival_s,home\n0,3\n";
	struct simulated_config x[4];
	struct config_file c = { 0 };
	struct err e = { 0 };
	char path[64], other_path[64];
	int fd = fuzz_file(text, sizeof(text) - 1, path, sizeof(path));
	int other = fuzz_file(text, sizeof(text) - 1, other_path, sizeof(other_path));
	assert_int_equal(config_assign(&c, "vms.arrival", "trace", "a.conf:1", &e), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(config_assign(&c, "vms.trace", i == 1 ? other_path : path, "a.conf:2", &e), 0);
		assert_int_equal(config_assign(&c, "sites.count", i == 3 ? "3" : "4", "a.conf:3", &e), 0);
		int built = simulated_build(&x[i], &c, x, i, &e);
		if (built < 0 && i < 3)
			fail_msg("%s", e.text);
		assert_int_equal(built, i < 3 ? 0 : -1);
	}
	/* The last has too few nodes for what the others read. */
	assert_non_null(strstr(e.text, ":2: home is no node: there are 3, from 0"));
	assert_ptr_equal(x[0].trace, x[2].trace);
	assert_ptr_not_equal(x[0].trace, x[1].trace);
	assert_true(x[2].scenario.vms == 1 && x[2].scenario.trace[0].home == 3);
	assert_int_equal(x[0].trace->users, 2);
	for (int i = 0; i < 3; i++)
		simulated_free(&x[i]);
	config_file_free(&c);
	fuzz_file_close(fd);
	fuzz_file_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given_is_taken),
		cmocka_unit_test(what_is_wrong_has_its_line),
		cmocka_unit_test(no_file_is_waited_for),
		cmocka_unit_test(points_share_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

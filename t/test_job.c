/* The job collector: names and units of libvirt's fields, and life without a libvirt that answers. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "collectors/collector.h"
#include "collectors/job.h"

#include <dirent.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* The cell of a row that stands under a column's name. */
static const char *cell(char *header, char *row, const char *column, char *buffer)
{
	char *name_end, *cell_end;
	for (char *name = header, *value = row; name && value; name = name_end, value = cell_end) {
		size_t length = strcspn(name, ","), size = strcspn(value, ",");
		name_end = name[length] ? name + length + 1 : NULL;
		cell_end = value[size] ? value + size + 1 : NULL;
		if (length == strlen(column) && strncmp(name, column, length) == 0) {
			memcpy(buffer, value, size);
			buffer[size] = '\0';
			return buffer;
		}
	}
	return "no such column";
}

static virTypedParameterPtr some_params(int *ret_count)
{
	virTypedParameterPtr p = NULL;
	int count = 0, room = 0;
	virTypedParamsAddInt(&p, &count, &room, VIR_DOMAIN_JOB_OPERATION, VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT);
	virTypedParamsAddULLong(&p, &count, &room, VIR_DOMAIN_JOB_TIME_ELAPSED, 1234);
	virTypedParamsAddULLong(&p, &count, &room, VIR_DOMAIN_JOB_DOWNTIME, 300);
	virTypedParamsAddULLong(&p, &count, &room, VIR_DOMAIN_JOB_MEMORY_TOTAL, 5000000000ULL);
	virTypedParamsAddULLong(&p, &count, &room, VIR_DOMAIN_JOB_MEMORY_ITERATION, 3);
	virTypedParamsAddULLong(&p, &count, &room, VIR_DOMAIN_JOB_TIME_REMAINING, UINT64_MAX);
	virTypedParamsAddInt(&p, &count, &room, VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE, 20);
	virTypedParamsAddBoolean(&p, &count, &room, VIR_DOMAIN_JOB_SUCCESS, 0);
	virTypedParamsAddString(&p, &count, &room, VIR_DOMAIN_JOB_ERRMSG, "migration, \"failed\"");
	virTypedParamsAddULLong(&p, &count, &room, "a_new_field", 9);
	*ret_count = count;
	return p;
}

static void active_job_is_a_row(void **state)
{
	(void)state;
	char header[2048], row[2048], buffer[2048];
	int count;
	virTypedParameterPtr p = some_params(&count);
	job_csv_header(header, sizeof(header));
	job_csv_row(77, p, count, row, sizeof(row));
	virTypedParamsFree(p, count);
	assert_string_equal(cell(header, row, "head_ns", buffer), "77");
	assert_string_equal(cell(header, row, "operation", buffer), "migration_out");
	assert_string_equal(cell(header, row, "time_elapsed_ns", buffer), "1234000000");
	assert_string_equal(cell(header, row, "downtime_expected_ns", buffer), "300000000");
	assert_string_equal(cell(header, row, "memory_total_bytes", buffer), "5000000000");
	assert_string_equal(cell(header, row, "memory_iteration", buffer), "3");
	assert_string_equal(cell(header, row, "auto_converge_throttle_percent", buffer), "20");
	assert_string_equal(cell(header, row, "memory_bps_bytes_per_s", buffer), "missing");
	assert_string_equal(cell(header, row, "time_remaining_ns", buffer), "missing"); /* out of range */
	assert_string_equal(cell(header, row, "errmsg", buffer), "no such column");
	assert_null(strchr(row, '"'));
}

static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(o, key, &value) ? json_object_get_string(value) : "absent";
}

static void completed_job_is_an_object(void **state)
{
	(void)state;
	int count;
	virTypedParameterPtr p = some_params(&count);
	struct json_object *o = job_stats_json(p, count);
	virTypedParamsFree(p, count);
	assert_string_equal(text_of(o, "downtime_ns"), "300000000");
	assert_string_equal(text_of(o, "downtime_expected_ns"), "absent");
	assert_string_equal(text_of(o, "time_elapsed_ns"), "1234000000");
	assert_string_equal(text_of(o, "operation"), "migration_out");
	assert_string_equal(text_of(o, "success"), "false");
	assert_string_equal(text_of(o, "errmsg"), "migration, \"failed\"");
	assert_string_equal(text_of(o, "time_remaining_ns"), "absent");
	assert_string_equal(text_of(o, "a_new_field"), "9");
	json_object_put(o);
}

/* No field twice, no column twice, all of them fit the buffers. */
static void table_is_sound(void **state)
{
	(void)state;
	char header[2048];
	assert_true(strlen(job_csv_header(header, sizeof(header))) < sizeof(header) - 1);
	for (size_t i = 0; i < job_column_count; i++)
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(job_columns[i].field, job_columns[k].field);
			assert_string_not_equal(job_columns[i].column, job_columns[k].column);
		}
}

/* Libvirt's built-in test driver has domain 'test', which never migrates; the other node has nobody that listens. */
static void dead_libvirt_is_a_fact(void **state)
{
	(void)state;
	char directory[] = "/tmp/test_job.XXXXXX", path[64];
	const struct watched_node nodes[] = {
		{ .name = "src", .core = -1, .libvirt_uri = "qemu+unix:///system?socket=/nonexistent/sock" },
		{ .name = "head", .core = -1 },
		{ .name = "dst", .core = -1, .libvirt_uri = "test:///default" },
	};
	struct watched_vm vms[] = { { .name = "test", .node = "src", .migrating = 1 },
		                    { .name = "neighbour", .node = "src" } };
	struct watch watch = { .directory = directory,
		               .nodes = nodes,
		               .node_count = 3,
		               .vms = vms,
		               .vm_count = 2,
		               .job_interval_ns = NS_PER_MS };
	struct json_object *facts = json_object_new_object(), *list, *value;
	struct err e = { 0 };
	void *collector = NULL;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(job_collector.start(&watch, &collector, &e), 0);
	clock_sleep(100 * NS_PER_MS);
	assert_int_equal(job_collector.stop(collector, facts, &e), 0);
	assert_true(json_object_object_get_ex(facts, "vms", &list));
	assert_int_equal(json_object_array_length(list), 1);
	struct json_object *vm = json_object_array_get_idx(list, 0);
	assert_true(json_object_object_get_ex(vm, "connections_failed", &value));
	assert_true(json_object_get_int64(value) >= 1);
	assert_true(json_object_object_get_ex(vm, "rows", &value));
	assert_int_equal(json_object_get_int64(value), 0);
	assert_non_null(strstr(text_of(vm, "trouble"), "/nonexistent/sock"));
	json_object_put(facts);

	vms[0].node = "head";
	collector = NULL;
	assert_int_equal(job_collector.start(&watch, &collector, &e), -1);
	assert_null(collector);
	assert_non_null(strstr(e.text, "node 'head' of VM 'test'"));
	snprintf(path, sizeof(path), "%s/job-test.csv", directory);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(directory), 0);
}

static int count_in(const char *path)
{
	DIR *d = opendir(path);
	int count = 0;
	assert_non_null(d);
	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

/* A libvirtd that takes the call and never answers: the watch ends without its thread, and that ends later, with all
 * that it kept (the leak checker sees the memory). */
static void hanging_libvirt_is_left_behind(void **state)
{
	(void)state;
	char directory[] = "/tmp/test_job.XXXXXX", path[96], uri[160];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	assert_non_null(mkdtemp(directory));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", directory);
	snprintf(uri, sizeof(uri), "qemu+unix:///system?socket=%s", address.sun_path);
	const struct watched_node node = { .name = "src", .core = -1, .libvirt_uri = uri };
	const struct watched_vm vm = { .name = "test", .node = "src", .migrating = 1 };
	const struct watch watch = { .directory = directory,
		                     .nodes = &node,
		                     .node_count = 1,
		                     .vms = &vm,
		                     .vm_count = 1,
		                     .job_interval_ns = NS_PER_MS };
	struct json_object *facts = json_object_new_object(), *list;
	struct err e = { 0 };
	void *collector = NULL;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	int threads = count_in("/proc/self/task"), files = count_in("/proc/self/fd");

	assert_int_equal(job_collector.start(&watch, &collector, &e), 0);
	int caller = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(caller >= 0);
	assert_int_equal(job_collector.stop(collector, facts, &e), 0);
	assert_true(json_object_object_get_ex(facts, "vms", &list));
	assert_string_equal(text_of(json_object_array_get_idx(list, 0), "trouble"),
	                    "libvirt did not answer to the end");
	json_object_put(facts);
	snprintf(path, sizeof(path), "%s/job-test.csv", directory);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(count_in("/proc/self/task"), threads + 1);

	close(caller);
	for (int i = 0; i < 2000 && count_in("/proc/self/task") > threads; i++)
		clock_sleep(5 * NS_PER_MS);
	assert_int_equal(count_in("/proc/self/task"), threads);
	assert_int_equal(count_in("/proc/self/fd"), files);
	close(listener);
	assert_int_equal(unlink(address.sun_path), 0);
	assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_job_is_a_row),
		cmocka_unit_test(completed_job_is_an_object),
		cmocka_unit_test(table_is_sound),
		cmocka_unit_test(dead_libvirt_is_a_fact),
		cmocka_unit_test(hanging_libvirt_is_left_behind),
	};
	if (virInitialize() < 0) /* libvirt's own error state is not there before */
		return 1;
	return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}

/* The feature table: complete, consistent, checked before anything starts, asked for and read back. */
#include "analysis/json_field.h"
#include "bench/base/err.h"
#include "bench/migrate/feature.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define V(major, minor, release) ((major)*1000000 + (minor)*1000 + (release))

static const struct feature_host debian12 = { V(9, 0, 0), V(7, 2, 22), false, false, true, true };
static const struct feature_host newest = { V(12, 0, 0), V(11, 0, 0), true, true, true, true };

static struct feature_set parsed(const char *text)
{
	struct feature_set set;
	struct err e = { 0 };
	if (option_defaults(feature_rows, &set, &e) < 0 || feature_parse(text, &set, &e) < 0)
		fail_msg("%s", e.text);
	return set;
}

static const struct feature *row(const char *key)
{
	for (const struct feature *f = features; f->key; f++)
		if (strcmp(f->key, key) == 0)
			return f;
	fail_msg("no feature '%s'", key);
	return NULL;
}

/* status 0: accepted */
static void check(const char *text, const struct feature_host *host, int status, const char *words)
{
	struct feature_set set = parsed(text);
	struct err e = { 0 };
	int result = host ? feature_check_host(&set, host, &e)
	                  : feature_check(&set, &(struct feature_also){ 0 }, true, &e);
	if (result != (status ? -1 : 0) || e.status != status || (words && !strstr(e.text, words)))
		fail_msg("'%s': %d, status %d, '%s'; wanted status %d and '%s'", text, result, e.status, e.text,
		         status, words ? words : "");
}

static void test_table_is_consistent(void **state)
{
	(void)state;
	for (const struct feature *f = features; f->key; f++) {
		if (f->option) {
			assert_string_equal(f->option->name, f->key);
			assert_true(f->libvirt_since || f->global);
			assert_true(f->qemu_since || strcmp(f->key, "peer2peer") == 0 ||
			            strcmp(f->key, "tunnelled") == 0);
		}
		assert_true(!f->option == !!f->also);
		assert_true(!f->qemu_gone || f->qemu_gone > f->qemu_since);
		assert_true(!f->param || f->param_type);
		assert_true(!f->unread == (f->capability || f->parameter || f->job));
		for (const char *word = f->excludes; word && *word;) {
			char key[64];
			size_t length = strcspn(word, " ");
			snprintf(key, sizeof(key), "%.*s", (int)length, word);
			if (strcmp(key, "postcopy") != 0)
				assert_non_null(row(key));
			word += length + strspn(word + length, " ");
		}
		if (f->needs && strcmp(f->needs, "postcopy") && strcmp(f->needs, "disks") && strcmp(f->needs, "kvm"))
			assert_non_null(row(f->needs));
	}
	struct feature_set set = parsed("none");
	for (const struct feature *f = features; f->key; f++)
		assert_false(feature_is_asked(f, &set));
}

static void test_values(void **state)
{
	(void)state;
	check("none", &debian12, 0, NULL);
	check("xbzrle+xbzrle_cache=64M", &debian12, 0, NULL);
	check("xbzrle+xbzrle_cache=48M", &debian12, EXIT_USAGE, "power of two");
	check("xbzrle+xbzrle_cache=2K", &debian12, EXIT_USAGE, "4K or more");
	check("xbzrle+xbzrle_cache=4K", &debian12, 0, NULL);
	check("xbzrle_cache=64M", &debian12, EXIT_USAGE, "needs migration.xbzrle");
	check("auto_converge_initial=30", &debian12, EXIT_USAGE, "needs migration.auto_converge");
	check("parallel=2+parallel_compression=zlib+zstd_level=3", &debian12, EXIT_USAGE, "zstd");
	check("parallel=2+parallel_compression=zstd+zlib_level=3", &debian12, EXIT_USAGE, "zlib");
	check("parallel=2+parallel_compression=zstd+zstd_level=3", &debian12, 0, NULL);
}

static void test_exclusions(void **state)
{
	(void)state;
	struct feature_host postcopy = debian12;
	postcopy.postcopy = true;
	check("xbzrle+parallel=2", NULL, EXIT_USAGE, "does not go with parallel");
	check("zero_copy", NULL, EXIT_USAGE, "needs migration.parallel");
	check("zero_copy+parallel=2+tls", NULL, EXIT_USAGE, "does not go with tls");
	check("peer2peer+tunnelled+copy_disks=full", NULL, EXIT_USAGE, "does not go with copy_disks");
	check("tunnelled", NULL, EXIT_USAGE, "needs migration.peer2peer");
	check("compress", &postcopy, EXIT_USAGE, "does not go with postcopy");
	check("compress", &debian12, 0, NULL);
	check("postcopy_bandwidth=5M", &debian12, EXIT_USAGE, "mode = postcopy");
	check("postcopy_bandwidth=5M", &postcopy, 0, NULL);
	check("dirty_limit=10M+auto_converge", &newest, EXIT_USAGE, "does not go with auto_converge");
	check("parallel=2", &postcopy, EXIT_CANNOT, "goes with post-copy from QEMU 10.1.0 on, and this is 7.2.22");
	check("parallel=2", &debian12, 0, NULL);
	check("parallel=2", &newest, 0, NULL);
	struct feature_host diskless = debian12;
	diskless.disks = false;
	check("copy_disks=full", &diskless, EXIT_USAGE, "disk");
	check("copy_disks=full", &debian12, 0, NULL);
}

static void test_versions(void **state)
{
	(void)state;
	char reason[160];
	struct feature_host host = debian12;
	assert_int_equal(feature_available(row("xbzrle"), &host, reason, sizeof(reason)), FEATURE_YES);
	assert_string_equal(reason, "");
	assert_int_equal(feature_available(row("parallel_compression"), &host, reason, sizeof(reason)),
	                 FEATURE_BY_QEMU);
	assert_non_null(strstr(reason, "older than 9.4.0"));
	assert_int_equal(feature_available(row("switchover_ack"), &host, reason, sizeof(reason)), FEATURE_NO);
	assert_string_equal(reason, "QEMU 7.2.22 is older than 8.1.0");
	assert_int_equal(feature_available(row("postcopy_preempt"), &host, reason, sizeof(reason)), FEATURE_NO);
	assert_int_equal(feature_available(row("postcopy_preempt"), &newest, reason, sizeof(reason)),
	                 FEATURE_BY_QEMU);
	assert_int_equal(feature_available(row("compress"), &newest, reason, sizeof(reason)), FEATURE_NO);
	assert_non_null(strstr(reason, "no more (since 9.1.0)"));
	assert_int_equal(feature_available(row("dirty_limit"), &newest, reason, sizeof(reason)), FEATURE_BY_QEMU);
	host = newest;
	host.kvm = false;
	assert_int_equal(feature_available(row("dirty_limit"), &host, reason, sizeof(reason)), FEATURE_NO);
	assert_int_equal(feature_available(row("parallel_compression"), &newest, reason, sizeof(reason)),
	                 FEATURE_YES);
	assert_int_equal(feature_available(row("zero_copy"), &newest, reason, sizeof(reason)), FEATURE_YES);
	host.may_lock = false;
	assert_int_equal(feature_available(row("zero_copy"), &host, reason, sizeof(reason)), FEATURE_NO);
	check("switchover_ack", &debian12, EXIT_CANNOT, "older than 8.1.0");
	/* switching something off that is not there needs nothing */
	host = debian12;
	host.kvm = false;
	check("async_page_faults=on", &host, EXIT_CANNOT, "needs KVM");
	check("async_page_faults=off", &host, 0, NULL);
	host.kvm = true;
	check("async_page_faults=on", &host, 0, NULL);
	host = newest;
	host.libvirt_version = V(1, 0, 0);
	check("xbzrle", &host, EXIT_CANNOT, "libvirt 1.0.0 is older than 1.3.4");
}

static void test_parse_refuses(void **state)
{
	(void)state;
	const char *const bad[] = {
		"xbzrl", "xbzrle+", "parallel=many", "parallel=-1", "copy_disks=some", "parallel"
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct feature_set set = parsed("auto_converge"), before = set;
		struct err e = { 0 };
		if (feature_parse(bad[i], &set, &e) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.status, EXIT_USAGE);
		assert_memory_equal(&set, &before, sizeof(set));
	}
}

static void test_asked_of_libvirt(void **state)
{
	(void)state;
	struct feature_set set = parsed("auto_converge+auto_converge_initial=30+xbzrle+xbzrle_cache=8M+"
	                                "postcopy_bandwidth=5M+copy_disks=incremental");
	virTypedParameterPtr params = NULL;
	int count = 0, room = 0, initial = 0;
	unsigned flags = VIR_MIGRATE_LIVE;
	unsigned long long cache = 0, bandwidth = 0;
	const char *method = NULL;
	struct err e = { 0 };
	assert_int_equal(feature_apply(&set, V(9, 0, 0), &flags, &params, &count, &room, &e), 0);
	assert_int_equal(flags, VIR_MIGRATE_LIVE | VIR_MIGRATE_AUTO_CONVERGE | VIR_MIGRATE_COMPRESSED |
	                                VIR_MIGRATE_NON_SHARED_INC);
	assert_int_equal(virTypedParamsGetInt(params, count, VIR_MIGRATE_PARAM_AUTO_CONVERGE_INITIAL, &initial), 1);
	assert_int_equal(initial, 30);
	assert_int_equal(virTypedParamsGetULLong(params, count, VIR_MIGRATE_PARAM_COMPRESSION_XBZRLE_CACHE, &cache),
	                 1);
	assert_int_equal(cache, 8 << 20);
	assert_int_equal(virTypedParamsGetULLong(params, count, VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, &bandwidth), 1);
	assert_int_equal(bandwidth, 5);
	assert_int_equal(virTypedParamsGetString(params, count, VIR_MIGRATE_PARAM_COMPRESSION, &method), 1);
	assert_string_equal(method, "xbzrle");
	virTypedParamsFree(params, count);
}

static void test_whole_units(void **state)
{
	(void)state;
	struct err e = { 0 };
	struct feature_host postcopy = debian12;
	postcopy.postcopy = true;
	check("postcopy_bandwidth=5M", &postcopy, 0, NULL);
	check("postcopy_bandwidth=5500K", &postcopy, EXIT_USAGE, "whole MiB");
	check("postcopy_bandwidth=100K", &postcopy, EXIT_USAGE, "whole MiB");
	/* and of those that are no members of the set; QEMU takes a limit of the stop in any unit */
	const struct feature_set none = parsed("none");
	struct feature_also also = { .downtime_limit_ns = 1500000, .bandwidth_bytes_per_s = 6 << 20 };
	assert_int_equal(feature_check(&none, &also, false, &e), 0);
	also.bandwidth_bytes_per_s = 100 << 10;
	assert_int_equal(feature_check(&none, &also, false, &e), -1);
	assert_string_equal(e.text, "migration.bandwidth is in whole MiB");
	assert_int_equal(e.status, EXIT_USAGE);
}

static void test_past_an_old_libvirt(void **state)
{
	(void)state;
	struct feature_set set =
		parsed("parallel=2+parallel_compression=zstd+zstd_level=3+postcopy_preempt+dirty_limit=10M");
	char globals[16][64];
	int globals_count = 0, count = 0, room = 0;
	unsigned flags = 0;
	virTypedParameterPtr params = NULL;
	struct err e = { 0 };
	assert_int_equal(feature_globals(&set, V(9, 0, 0), globals, &globals_count, 16, &e), 0);
	assert_int_equal(globals_count, 6);
	assert_string_equal(globals[0], "migration.multifd-compression=zstd");
	assert_string_equal(globals[1], "migration.multifd-zstd-level=3");
	assert_string_equal(globals[2], "migration.x-postcopy-ram=on");
	assert_string_equal(globals[3], "migration.x-postcopy-preempt=on");
	assert_string_equal(globals[4], "migration.x-dirty-limit=on");
	assert_string_equal(globals[5], "migration.vcpu-dirty-limit=10");
	assert_int_equal(feature_apply(&set, V(9, 0, 0), &flags, &params, &count, &room, &e), 0);
	assert_int_equal(flags, VIR_MIGRATE_PARALLEL);
	virTypedParamsFree(params, count);

	/* A new libvirt is asked for what it can, and no global is left for it. */
	const char *method = NULL;
	params = NULL, count = 0, room = 0, flags = 0;
	assert_int_equal(feature_apply(&set, V(9, 4, 0), &flags, &params, &count, &room, &e), 0);
	assert_int_equal(flags, VIR_MIGRATE_PARALLEL | VIR_MIGRATE_COMPRESSED);
	assert_int_equal(virTypedParamsGetString(params, count, VIR_MIGRATE_PARAM_COMPRESSION, &method), 1);
	assert_string_equal(method, "zstd");
	virTypedParamsFree(params, count);
	globals_count = 0;
	assert_int_equal(feature_globals(&set, V(9, 4, 0), globals, &globals_count, 16, &e), 0);
	assert_int_equal(globals_count, 4);
	globals_count = 0;
	assert_int_equal(feature_globals(&set, V(9, 0, 0), globals, &globals_count, 3, &e), -1);
	struct json_object *past = feature_past_libvirt(&set, V(9, 0, 0));
	assert_string_equal(json_object_get_string(past),
	                    "[ \"parallel_compression\", \"zstd_level\", \"postcopy_preempt\", \"dirty_limit\" ]");
	json_object_put(past);
}

static void kept_also(const char *text, const struct feature_also *also, const char *on, const char *job,
                      const char *key, const char *value, int kept_or_missing)
{
	struct feature_set set = parsed(text);
	struct json_object *features_on = on ? json_tokener_parse(on) : NULL, *all, *entry, *member;
	struct json_object *completed = job ? json_tokener_parse(job) : NULL;
	all = feature_kept(&set, also, features_on, completed);
	assert_true(json_object_object_get_ex(all, key, &entry));
	assert_true(json_object_object_get_ex(entry, "on", &member));
	assert_string_equal(json_object_get_string(member), value);
	assert_int_equal(json_object_object_get_ex(entry, "kept", &member) ? json_object_get_boolean(member) : -1,
	                 kept_or_missing);
	json_object_put(all);
	json_object_put(features_on);
	json_object_put(completed);
}

static void kept_of_job(const char *text, const char *on, const char *job, const char *key, const char *value,
                        int kept_or_missing)
{
	kept_also(text, &(struct feature_also){ 0 }, on, job, key, value, kept_or_missing);
}

static void kept(const char *text, const char *on, const char *key, const char *value, int kept_or_missing)
{
	kept_of_job(text, on, NULL, key, value, kept_or_missing);
}

static void test_read_back(void **state)
{
	(void)state;
	static const char on[] =
		"{\"capabilities\":[\"xbzrle\",\"multifd\"],\"parameters\":{\"xbzrle-cache-size\":8388608,"
		"\"multifd-channels\":2,\"multifd-compression\":\"zstd\",\"max-postcopy-bandwidth\":5242880}}";
	kept("xbzrle", on, "xbzrle", "yes", 1);
	kept("auto_converge", on, "auto_converge", "no", 0);
	kept("xbzrle+xbzrle_cache=8M", on, "xbzrle_cache", "8388608", 1);
	kept("xbzrle+xbzrle_cache=64M", on, "xbzrle_cache", "8388608", 0);
	kept("parallel=2", on, "parallel", "2", 1);
	kept("parallel=4", on, "parallel", "2", 0);
	kept("parallel=2+parallel_compression=zstd", on, "parallel_compression", "zstd", 1);
	kept("parallel=2+parallel_compression=zlib", on, "parallel_compression", "zstd", 0);
	kept("postcopy_bandwidth=5M", on, "postcopy_bandwidth", "5242880", 1);
	kept("postcopy_bandwidth=6M", on, "postcopy_bandwidth", "5242880", 0);
	kept("peer2peer", on, "peer2peer", "missing", -1);
	kept("xbzrle", NULL, "xbzrle", "missing", -1);
	kept_of_job("copy_disks=full", on, "{\"disk_total_bytes\":33554432}", "copy_disks", "33554432", 1);
	kept_of_job("copy_disks=full", on, "{\"disk_total_bytes\":0}", "copy_disks", "missing", -1);
	kept("copy_disks=full", on, "copy_disks", "missing", -1);
	static const char also_on[] = "{\"capabilities\":[\"postcopy-ram\"],\"parameters\":{\"downtime-limit\":250,"
				      "\"max-bandwidth\":6291456}}";
	const struct feature_also also = { true, 250000000, 6 << 20 }, more = { true, 300000000, 7 << 20 };
	kept_also("none", &also, also_on, NULL, "mode", "yes", 1);
	kept_also("none", &also, on, NULL, "mode", "no", 0);
	kept_also("none", &also, also_on, NULL, "downtime_limit", "250", 1);
	kept_also("none", &more, also_on, NULL, "downtime_limit", "250", 0);
	kept_also("none", &also, also_on, NULL, "bandwidth", "6291456", 1);
	kept_also("none", &more, also_on, NULL, "bandwidth", "6291456", 0);
	kept_also("none", &more, NULL, NULL, "bandwidth", "missing", -1);
	struct feature_set set = parsed("xbzrle+xbzrle_cache=8M");
	struct json_object *all = feature_kept(&set, &also, NULL, NULL);
	static const struct {
		const char *path, *asked;
	} texts[] = { { "/mode/asked", "postcopy" },
		      { "/downtime_limit/asked", "250 ms" },
		      { "/bandwidth/asked", "6 MiB" },
		      { "/xbzrle/asked", "yes" },
		      { "/xbzrle_cache/asked", "8 MiB" } };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_string_equal(json_text_at(all, texts[i].path), texts[i].asked);
	json_object_put(all);
	struct json_object *asked = feature_asked(&set);
	assert_int_equal(json_object_object_length(asked), 2);
	json_object_put(asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_consistent), cmocka_unit_test(test_values),
		cmocka_unit_test(test_exclusions),          cmocka_unit_test(test_versions),
		cmocka_unit_test(test_parse_refuses),       cmocka_unit_test(test_asked_of_libvirt),
		cmocka_unit_test(test_past_an_old_libvirt), cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_whole_units),
	};
	/* libvirt's typed parameters reset its last error, which is not there before this. */
	if (virInitialize() < 0)
		return EXIT_CANNOT;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The settings that a guest gets on its command line. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "workloads/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void settings_survive_the_command_line(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
		{ "run", "00c0ffee12345678" },
		{ "vm", "3" },
		{ "interval", "1000000" },
		{ "mgmt", "52:54:00:aa:bb:01,10.9.0.2/24" },
		{ "data", "52:54:00:aa:bb:02,192.168.7.2/16" },
		{ "head", "10.9.0.1" },
		{ "headdata", "192.168.7.1" },
		{ "fill", "random" },
		{ "workload", "memdirty+dutycycle" },
		{ "memdirty.rate", "20MB" },
		{ "memdirty.pattern", "hotcold" },
		{ "memdirty.exponent", "1.2" },
		{ "dutycycle.schedule", "0:60, 50%:60,\"'100:60" },
	};
	struct guest_settings s, t;
	struct err e = { 0 };
	char line[GUEST_COMMAND_LINE_ROOM], again[GUEST_COMMAND_LINE_ROOM], with_more[GUEST_COMMAND_LINE_ROOM + 64];
	guest_settings_init(&s);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++)
		if (guest_settings_set(&s, pairs[i][0], pairs[i][1], &e) < 0)
			fail_msg("%s", e.text);
	assert_int_equal(guest_settings_format(&s, line, sizeof(line), &e), 0);
	assert_null(strpbrk(line, "\"'"));
	snprintf(with_more, sizeof(with_more), "console=ttyS0 quiet  %s\n", line);
	guest_settings_init(&t);
	if (guest_settings_parse(&t, with_more, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(t.run_id == UINT64_C(0x00c0ffee12345678));
	assert_int_equal(t.vm, 3);
	assert_true(t.interval_ns == NS_PER_MS);
	assert_int_equal(t.management.address, 0x0a090002);
	assert_int_equal(t.management.mac[5], 1);
	assert_int_equal(t.data.prefix, 16);
	assert_int_equal(t.head_address, 0x0a090001);
	assert_true(t.fill_random);
	assert_int_equal(t.workload_count, 2);
	assert_int_equal(guest_settings_format(&t, again, sizeof(again), &e), 0);
	assert_string_equal(line, again);
	assert_int_equal(guest_settings_format(&t, again, strlen(line), &e), -1);
	guest_settings_free(&s);
	guest_settings_free(&t);
}

static void bad_settings_are_named_and_the_rest_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *words, *text;
	} cases[] = {
		{ "migmeter.workload=intad", "'intadd'" },
		{ "migmeter.workload=intadd+intadd", "twice" },
		{ "migmeter.workload=intadd migmeter.workload=idle", "given twice" },
		{ "migmeter.workload=intadd migmeter.intadd.jub=3", "'job'" },
		{ "migmeter.workload=intadd migmeter.intadd.job=-3", "below" },
		{ "migmeter.workload=intadd migmeter.idle.x=3", "no workload 'idle'" },
		{ "migmeter.intervall=3", "'interval'" },
		{ "migmeter.interval=100", "'100'" },
		{ "migmeter.vm=65536", "'65536'" },
		{ "migmeter.run=xyz", "'xyz'" },
		{ "migmeter.run=11223344556677889", "'11223344556677889'" },
		{ "migmeter.mgmt=52:54:00:00:00:01,10.0.0.1", "MAC" },
		{ "migmeter.mgmt=52:54:00:00:00:01,10.0.0.1/33", "MAC" },
		{ "migmeter.mgmt=52:54:00:00:00:01,10.0.0.256/24", "IPv4" },
		{ "migmeter.data=52:54:00:00:00:01,10.0.0.1/24x", "MAC" },
		{ "migmeter.fill=zero", "none|random" },
		{ "migmeter.vm", "no value" },
		{ "migmeter.=1", "''" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char line[256];
		struct err e = { 0 };
		struct guest_settings s;
		guest_settings_init(&s);
		snprintf(line, sizeof(line), "quiet %s migmeter.head=10.9.0.1", cases[i].words);
		assert_int_equal(guest_settings_parse(&s, line, &e), -1);
		if (!strstr(e.text, cases[i].text))
			fail_msg("'%s': %s", cases[i].words, e.text);
		assert_int_equal(s.head_address, 0x0a090001);
		guest_settings_free(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_survive_the_command_line),
		cmocka_unit_test(bad_settings_are_named_and_the_rest_is_taken),
	};
	return cmocka_run_group_tests_name("guest settings", tests, NULL, NULL);
}

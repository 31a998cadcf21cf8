/* Studies of migration between LANs, made as the claims have it and contrary to them. */
#include "t/claimed.h"

/* As the paper has them; or with a connection that dies, live ones that grow, half of the packets counted. */
static void make_lans(int contrary)
{
	static const struct {
		const char *point;
		double seconds, contrary_seconds;
	} points[] = { { "live-256M", 6, 6 },   { "live-512M", 6, 12 }, { "live-768M", 6, 18 },
		       { "live-1G", 6, 24 },    { "block-256M", 9, 5 }, { "block-512M", 12, 5 },
		       { "block-768M", 15, 5 }, { "block-1G", 18, 5 },  { "vxlan", 6, 6 },
		       { "geneve", 6, 6 },      { "bridge", 6, 6 } };
	made_study(scratch, "openflow");
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++)
		for (int repeat = 1; repeat <= 3; repeat++) {
			double counted = (contrary ? 50 : 99.9) + 0.01 * repeat;
			double s = (contrary ? points[i].contrary_seconds : points[i].seconds) + 0.01 * repeat;
			const struct made_loop_metric m[] = {
				{ "migration_time", "vm1", "completion", s * 1e9 },
				{ "connection_alive", "vm1", "tcp", contrary ? 0 : 1 },
				{ "stream_gap", "vm1", "udp:from-guest", 300e6 },
				{ "stream_gap", "vm1", "udp:to-guest", 200e6 },
				{ "stream_gap_part", "vm1", "from-guest:stopped", 150e6 },
				{ "flow_counted", "vm1", "udp:to-guest", counted },
				{ "flow_counted", "vm1", "udp:from-guest", counted },
			};
			made_case_run(scratch, points[i].point, repeat, m, sizeof(m) / sizeof(*m));
		}
}

static void test_lans(void **state)
{
	(void)state;
	for (int contrary = 0; contrary < 2; contrary++) {
		make_lans(contrary);
		struct csv_table *t = claims_made();
		assert_claims(t, "O1", contrary ? "disagrees" : "agrees");
		assert_claims(t, "O2", contrary ? "disagrees" : "agrees");
		assert_claims(t, "O3", contrary ? "disagrees" : "agrees");
		csv_table_free(t);
	}
}

static void test_lans_page(void **state)
{
	(void)state;
	static const char *const wanted[] = {
		"O1, O2, O3: agrees",
		"With a disk as large as its memory, a VM that takes it along moves longer, by a factor of 2",
		"Figure 11", "the study has no run of"
	};
	make_lans(0);
	csv_table_free(claims_made());
	char *page = page_made(scratch);
	for (size_t i = 0; i + 1 < sizeof(wanted) / sizeof(*wanted); i++)
		if (!strstr(page, wanted[i]))
			fail_msg("not there: %s", wanted[i]);
	assert_null(strstr(page, wanted[3]));
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = { IN_SCRATCH(test_lans), IN_SCRATCH(test_lans_page) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

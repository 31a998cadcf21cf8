/* Studies of migration between LANs, made as the claims have it and contrary to them. */
#include "t/claimed.h"

/* The connection that dies, of this point in this repeat. */
struct dead {
	const char *point;
	int repeat; /* 0: of every point and repeat */
};

/* As the paper has them; or with live ones that grow and that cannot be accessed, block ones that can, half of the packets
 * counted. */
static void make_lans(int contrary, const struct dead *dead)
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
			int dies = dead && (!dead->repeat ||
			                    (dead->repeat == repeat && strcmp(dead->point, points[i].point) == 0));
			int silent = contrary != (strncmp(points[i].point, "block", 5) == 0);
			const struct made_loop_metric m[] = {
				{ "migration_time", "vm1", "completion", s * 1e9 },
				{ "connection_alive", "vm1", "tcp", !dies },
				{ "stream_gap", "vm1", "udp:from-guest", silent ? 0.9e9 * s : 300e6 },
				{ "stream_gap", "vm1", "udp:to-guest", 200e6 },
				{ "switch_over_gap", "vm1", "udp:from-guest", 441e6 },
				{ "stream_gap_part", "vm1", "from-guest:before", 0.671e6 },
				{ "stream_gap_part", "vm1", "from-guest:stopped", 338e6 },
				{ "stream_gap_part", "vm1", "from-guest:starting", 67.4e6 },
				{ "stream_reordered", "vm1", "udp:from-guest", repeat == 1 ? 2 : 0 },
				{ "settled_share", "vm1", "seqread", 12.5 },
				{ "flow_counted", "vm1", "udp:to-guest", counted },
				{ "flow_counted", "vm1", "udp:from-guest", counted },
			};
			made_case_run(scratch, points[i].point, repeat, m, sizeof(m) / sizeof(*m));
		}
}

static void test_lans(void **state)
{
	(void)state;
	static const struct dead all = { "", 0 };
	for (int contrary = 0; contrary < 2; contrary++) {
		make_lans(contrary, contrary ? &all : NULL);
		struct csv_table *t = claims_made();
		assert_claims(t, "O1", contrary ? "disagrees" : "agrees");
		assert_claims(t, "O2", contrary ? "disagrees" : "agrees");
		assert_claims(t, "O3", contrary ? "disagrees" : "agrees");
		assert_claims(t, "O4", contrary ? "disagrees" : "agrees");
		csv_table_free(t);
	}
}

/* One death in one repeat refutes; with another tunnel, or a disk that is copied, it is a figure. */
static void test_mixed_outcomes(void **state)
{
	(void)state;
	static const struct {
		struct dead dead;
		const char *verdict;
	} cases[] = {
		{ { "live-512M", 2 }, "disagrees" }, { { "live-1G", 3 }, "disagrees" }, { { "vxlan", 1 }, "agrees" },
		{ { "bridge", 1 }, "agrees" },       { { "block-512M", 1 }, "agrees" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		make_lans(0, &cases[i].dead);
		struct csv_table *t = claims_made();
		assert_claims(t, "O1", cases[i].verdict);
		assert_claims(t, "O4", "agrees");
		for (int row = 0; row < csv_table_rows(t); row++) {
			const char *formula = csv_table_text(t, row, "formula");
			if (strcmp(formula, "connection_alive(vxlan, vm1, tcp)") == 0) {
				assert_string_equal(csv_table_text(t, row, "verdict"), "");
				assert_true(csv_table_number(t, row, "high") <= 1); /* counted, too */
				assert_float_equal(csv_table_number(t, row, "value"), i == 2 ? 2 / 3. : 1, 1e-5);
			}
			if (strcmp(formula, "connection_alive(live-512M, vm1, tcp)") == 0) {
				assert_string_equal(csv_table_text(t, row, "n"), "3");
				assert_string_equal(csv_table_text(t, row, "rule"), "1 in every repeat");
				assert_float_equal(csv_table_number(t, row, "value"), i ? 1 : 2 / 3., 1e-5);
			}
		}
		csv_table_free(t);
	}
}

static void test_lans_page(void **state)
{
	(void)state;
	/* The connection, the gap and its parts; two of them are not known. */
	static const char row[] =
		"3 of 3</td><td class=\"number\">441\u00a0± 0</td><td class=\"number\">0.67</td><td class=\"number\">338</td>"
		"<td class=\"number\">67.4</td><td class=\"number missing\">-</td><td class=\"number missing\">-</td>";
	static const char *const wanted[] = {
		"O1, O2, O3, O4: agrees",
		"With a disk as large as its memory, a VM that takes it along moves longer, by a factor of 2",
		"Figure 11",
		"connection outlived the move in 33 of 33; around the VM&#39;s stop the client heard nothing for 441 ms",
		"<figure role=\"img\" aria-label=\"What the client&#39;s gap around the VM&#39;s stop consists of\"",
		row,
		"<td class=\"number\">0.67</td>",
		"work after, of before",
		"<td class=\"number\">12.5\u00a0± 0.0</td>",
		"the study has no run of"
	};
	static const struct dead one = { "live-512M", 2 };
	const size_t count = sizeof(wanted) / sizeof(*wanted) - 1;
	make_lans(0, NULL);
	csv_table_free(claims_made());
	char *page = page_made(scratch);
	for (size_t i = 0; i < count; i++)
		if (!strstr(page, wanted[i]))
			fail_msg("not there: %s", wanted[i]);
	assert_null(strstr(page, wanted[count]));
	free(page);
	make_lans(0, &one);
	csv_table_free(claims_made());
	page = page_made(scratch);
	assert_non_null(strstr(page, "outlived the move in 32 of 33"));
	assert_non_null(strstr(page, "2 of 3</td>"));
	free(page);
}

/* However many conversations there are, the last one is told of as the first is. */
static void test_a_large_study(void **state)
{
	enum { MORE = 80 };
	char point[16];
	(void)state;
	make_lans(0, NULL);
	for (int i = 0; i < MORE; i++) {
		const struct made_loop_metric m[] = { { "connection_alive", "vm1", "tcp", i < MORE - 1 },
			                              { "switch_over_gap", "vm1", "udp:from-guest",
			                                i < MORE - 1 ? 441e6 : 500e6 } };
		snprintf(point, sizeof(point), "more-%02d", i);
		made_case_run(scratch, point, 1, m, sizeof(m) / sizeof(*m));
	}
	csv_table_free(claims_made());
	char *page = page_made(scratch);
	assert_non_null(strstr(page,
	                       "outlived the move in 112 of 113; around the VM&#39;s stop the client heard nothing "
	                       "for 441 ms to 500 ms"));
	assert_non_null(strstr(page, "more-79</th>"));
	assert_non_null(strstr(page, ">more-79</text>") || strstr(page, ">more-79</tspan>"));
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = { IN_SCRATCH(test_lans), IN_SCRATCH(test_mixed_outcomes),
		                            IN_SCRATCH(test_lans_page), IN_SCRATCH(test_a_large_study) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

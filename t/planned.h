/* planned.h - what a policy plans for a table of cluster states. */
#ifndef T_PLANNED_H
#define T_PLANNED_H

#include "t/made_cluster.h"

struct plan_case {
	const char *what, *options, *nodes, *vms, *expected;
};

/* Three sites; from 2 to 0 is not known. */
static const int sites_rtt_ms[] = { 0, 20, 30, 20, 0, 21, -1, 6, 0 };

static void plan_checked(const struct policy_ops *ops, const struct plan_case *k)
{
	struct err e = { 0 };
	struct plan plan;
	char text[1024];
	struct cluster *c = made_cluster(k->nodes, k->vms, 3, sites_rtt_ms);
	void *options = made_options(ops, k->options);
	struct policy *p = policy_new(ops, options, c, &e);
	assert_non_null(p);
	for (int explain = 0; explain < 2; explain++) {
		assert_int_equal(plan_init(&plan, c, explain, &e), 0);
		if (policy_plan(p, 1000 * NS_PER_S, &plan, &e) < 0)
			fail_msg("%s: %s", k->what, e.text);
		const char *got = made_plan_text(&plan, text, sizeof(text));
		if (strcmp(got, k->expected) != 0)
			fail_msg("%s: planned '%s', expected '%s'", k->what, got, k->expected);
		for (int32_t i = 0; explain && i < plan.count; i++)
			assert_string_not_equal(plan_why(&plan, i), "");
		plan_free(&plan);
	}
	policy_free(p);
	free(options);
	cluster_free(c);
}

#define CHECK_CASES(ops, cases)                                                                                      \
	for (size_t i = 0; i < sizeof(cases) / sizeof(*(cases)); i++)                                                \
	plan_checked(ops, &(cases)[i])

#endif

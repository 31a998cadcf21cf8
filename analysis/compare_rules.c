#include "analysis/compare_rules.h"

#include "analysis/metrics.h"
#include "bench/base/err.h"
#include "bench/base/option.h"
#include "bench/base/quantity.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NEVER "never converged*"
#define UNRECOVERED "no 500 ms at 95 % of the baseline*"

/* Shares are what repeats of one run on a quiet machine stay within; the least of a time is what its estimator cannot tell
 * apart (migmeter calibrate). Columns: share, least, by default. */
const struct compare_rule compare_rules[] = {
	{ "converged", "*", 0, 0, 1, CENTER_MEAN, NULL },
	{ "migration_time", "completion", 0.05, 100e6, 1, CENTER_MEDIAN, NEVER },
	{ "migration_time", "*", 0.05, 100e6, 0, CENTER_MEDIAN, NEVER },
	{ "downtime", "stop_resume", 0.10, 5e6, 1, CENTER_MEDIAN, NEVER },
	{ "downtime", "network", 0.10, 10e6, 1, CENTER_MEDIAN, NEVER },
	{ "downtime", "work", 0.10, 10e6, 1, CENTER_MEDIAN, NEVER },
	{ "downtime", "*", 0.10, 5e6, 0, CENTER_MEDIAN, NEVER },
	{ "bytes_to_memory", "on_wire", 0.05, 0.01, 1, CENTER_MEDIAN, NEVER },
	{ "bytes_*", "*", 0.10, 0, 0, CENTER_MEDIAN, NEVER },
	{ "baseline_rate", "*", 0.05, 0, 1, CENTER_MEDIAN, NULL },
	{ "mean_rate", "*", 0.05, 0, 1, CENTER_MEDIAN, NULL },
	{ "connection_alive", "*", 0, 0, 1, CENTER_MEAN, NULL },
	{ "stream_gap", "*", 0.10, 20e6, 0, CENTER_MEDIAN, NULL },
	{ "switch_over_gap", "*", 0.10, 20e6, 0, CENTER_MEDIAN, NULL },
	{ "lost_work", "*", 0.10, 0.1, 1, CENTER_MEDIAN, NEVER },
	{ "recovery_time", "*", 0.20, 100e6, 1, CENTER_MEDIAN, UNRECOVERED },
	{ "worst_op_p99", "*:migration", 0.20, 1e6, 1, CENTER_MEDIAN, NULL },
	{ "overload_time", "*", 0.10, 1e9, 1, CENTER_MEDIAN, NULL },
	{ "overload_seen_time", "*", 0.10, 1e9, 1, CENTER_MEDIAN, NULL },
	{ "overload_resolve_time", "*", 0.10, 100e6, 1, CENTER_MEDIAN, NULL },
	{ "loop_switch_time", "*", 0.10, 100e6, 1, CENTER_MEDIAN, NULL },
	{ "job_time", "*", 0.05, 100e6, 1, CENTER_MEDIAN, NULL },
	{ "good_responses", "*", 0, 1, 1, CENTER_MEDIAN, NULL },
	{ "response_time", "*", 0.10, 10e6, 1, CENTER_MEDIAN, NULL },
	{ "cpu_per_gib", "threads", 0.10, 0, 1, CENTER_MEDIAN, NULL },
	{ "degradation", "*", 0.10, 2, 0, CENTER_MEDIAN, NULL },
	{ "cpu_*", "*", 0.10, 0.01, 0, CENTER_MEDIAN, NULL },
	{ "*", "*", 0.10, 0, 0, CENTER_MEDIAN, NULL },
	{ 0 },
};

/* What is known however the migration ended: from before it, or of the measurement. */
static const char *const anyway[][2] = {
	{ "converged", "*" }, { "baseline_rate", "*" }, { "*", "*:baseline" }, { "*_floor", "*" },
	{ "*_error", "*" },   { "setup_time", "*" },    { "samples_*", "*" },  { "slots_missed", "*" },
};

/* Of what was measured, where there is no such value. */
static const char *const data[] = {
	NEVER,
	UNRECOVERED,
	"there was no stop",
	"its job ended before the migration did",
	"the VM did not move",
	"no VM was moved away from others",
	"no node's VMs were gathered on another",
	"at no time did two nodes with VMs have too little to do",
	"no overload of the node was seen",
	"no move was decided meanwhile*",
	"the loop ended before the overload did",
	"no request was meant for the migration phase",
	"no samples with an operation in this phase",
	"no such gap has the VM's stop in it",
	"not above that of the baseline",
	"less than 500 ms between the recovery and the end of settle",
};

static int fits(const char *pattern, const char *text)
{
	return fnmatch(pattern, text, 0) == 0;
}

const struct compare_rule *compare_rule_find(const char *metric, const char *estimator)
{
	const struct compare_rule *r = compare_rules;
	while (!fits(r->metric, metric) || !fits(r->estimator, estimator))
		r++;
	return r;
}

/* Whether it is of a whole migration. */
static int is_of_whole(const char *metric, const char *estimator)
{
	for (size_t i = 0; i < sizeof(anyway) / sizeof(*anyway); i++)
		if (fits(anyway[i][0], metric) && fits(anyway[i][1], estimator))
			return 0;
	return 1;
}

enum value_worth compare_value_worth(const char *metric, const char *estimator, int known, const char *reason,
                                     int never_converged)
{
	const char *endless = compare_rule_find(metric, estimator)->endless;
	int aborted = never_converged && is_of_whole(metric, estimator);
	if (endless && (aborted || (!known && fits(endless, reason))))
		return VALUE_ENDLESS;
	return aborted ? VALUE_ABORTED : known ? VALUE_KNOWN : VALUE_MISSING;
}

int compare_is_of_data(const char *reason)
{
	for (size_t i = 0; i < sizeof(data) / sizeof(*data); i++)
		if (fits(data[i], reason))
			return 1;
	return 0;
}

/* Whether "METRIC" or "METRIC:ESTIMATOR" is about this value; an estimator may have colons itself. */
static int is_about(const char *text, const char *metric, const char *estimator)
{
	char name[128];
	size_t length = strcspn(text, ":");
	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	return fits(name, metric) && (!text[length] || fits(text + length + 1, estimator));
}

/* Whether any metric that can be better or worse is called so. */
static int check_name(const char *text, struct err *e)
{
	const char *names[128];
	size_t count = 0;
	char name[128];
	int known = 0;
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, ":"), text);
	for (const struct metric_definition *d = metric_definitions; d->name; d++) {
		known |= fits(name, d->name);
		if (fits(name, d->name) && d->better != BETTER_NONE)
			return 0;
		if (d->better != BETTER_NONE && count < 128)
			names[count++] = d->name;
	}
	if (known)
		return err_set(e, EXIT_USAGE, "metric '%s' has no better and no worse: it cannot be compared", name);
	const char *near = nearest_name(name, names, count);
	return err_set(e, EXIT_USAGE, "unknown metric '%s'%s%s%s; 'migmeter list metrics' has all", name,
	               near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

int compare_choose_metric(struct compare_choices *c, const char *text, struct err *e)
{
	if (c->metric_count == COMPARE_CHOICES_MAX)
		return err_set(e, EXIT_USAGE, "more than %d metrics asked for: use a pattern, such as 'cpu_*'",
		               COMPARE_CHOICES_MAX);
	if (strcmp(text, "all") == 0)
		text = "*";
	if (check_name(text, e) < 0)
		return -1;
	c->metrics[c->metric_count++] = text;
	return 0;
}

int compare_choose_threshold(struct compare_choices *c, const char *text, struct err *e)
{
	const char *equals = strrchr(text, '='), *share = equals ? equals + 1 : text;
	double value;
	if (c->threshold_count == COMPARE_CHOICES_MAX)
		return err_set(e, EXIT_USAGE, "more than %d thresholds given", COMPARE_CHOICES_MAX);
	if (fraction_parse(share, &value, e) < 0)
		return err_prefix(e, "--threshold");
	/* "5" would be taken for five times as much, and is meant as 5 %. */
	if (value >= 10 || (value >= 1 && !strchr(share, '%')) ||
	    (equals && equals - text >= (long)sizeof(c->thresholds[0].metric)))
		return err_set(e, EXIT_USAGE, "--threshold '%.100s': expected a share such as 5%% or downtime=5%%",
		               text);
	snprintf(c->thresholds[c->threshold_count].metric, sizeof(c->thresholds[0].metric), "%.*s",
	         equals ? (int)(equals - text) : 0, text);
	if (equals && check_name(c->thresholds[c->threshold_count].metric, e) < 0)
		return err_prefix(e, "--threshold");
	c->thresholds[c->threshold_count++].share = value;
	return 0;
}

int compare_is_chosen(const struct compare_choices *c, const char *metric, const char *estimator)
{
	const struct metric_definition *d = metric_find(metric);
	if (!d || d->better == BETTER_NONE)
		return 0;
	for (int i = 0; i < c->metric_count; i++)
		if (is_about(c->metrics[i], metric, estimator))
			return 1;
	return c->metric_count == 0 && compare_rule_find(metric, estimator)->by_default;
}

double compare_threshold(const struct compare_choices *c, const char *metric, const char *estimator, double center)
{
	const struct compare_rule *rule = compare_rule_find(metric, estimator);
	double share = rule->share, least = rule->least, base = isfinite(center) ? fabs(center) : 0;
	for (int i = 0; i < c->threshold_count; i++)
		if (!c->thresholds[i].metric[0] || is_about(c->thresholds[i].metric, metric, estimator)) {
			share = c->thresholds[i].share;
			least = c->thresholds[i].metric[0] ? 0 : rule->least;
		}
	return fmax(share * base, least);
}

/* migmeter calibrate: inject what is known, and see how far each estimator is from it. */
#include "bench/base/clock.h"
#include "bench/base/data.h"
#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/calibrate_links.h"
#include "bench/command.h"
#include "bench/experiment/config_file.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/injection.h"
#include "bench/experiment/progress.h"
#include "bench/experiment/run.h"
#include "bench/study.h"
#include "reports/calibration.h"
#include "reports/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { POINTS_MAX = 32 };

static const int64_t lengths_ns[] = {
	5 * NS_PER_MS,   10 * NS_PER_MS,  20 * NS_PER_MS,   50 * NS_PER_MS,   100 * NS_PER_MS,
	200 * NS_PER_MS, 500 * NS_PER_MS, 1000 * NS_PER_MS, 5000 * NS_PER_MS,
};
static const int64_t quick_lengths_ns[] = { 10 * NS_PER_MS, 50 * NS_PER_MS, 200 * NS_PER_MS };
static const double shares[] = { 0.10, 0.25, 0.50, 0.75 };
static const int64_t taking_ns = 2 * NS_PER_S; /* how long a share of the CPU is taken away */
#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

struct calibration {
	bool quick, unclaimed;
	const struct machine_wait *wait;
	int64_t repeat;
	char config_path[4096], directory[400], command_line[1024];
	struct config_file config;
	struct experiment experiment;
	struct injection_plan plan;
};

static int override(struct calibration *c, const char *key, const char *value, struct err *e)
{
	char text[300];
	snprintf(text, sizeof(text), "%s=%s", key, value);
	return config_override(&c->config, text, e);
}

static int options_read(const struct arguments *a, struct calibration *c, struct err *e)
{
	const char *text, *idle = arguments_option(a, "idle"), *seed = arguments_option(a, "seed");
	c->quick = arguments_option(a, "quick") != NULL;
	c->wait = arguments_option(a, "wait") ? &run_patience : NULL;
	c->repeat = c->quick ? 3 : 20;
	if ((text = arguments_option(a, "repeat")) &&
	    (integer_parse(text, &c->repeat, e) < 0 || c->repeat < 1 || c->repeat > 200))
		return err_set(e, EXIT_USAGE, "--repeat '%s': expected 1 to 200", text);
	const char *config = arguments_option(a, "cpu")    ? "configs/calibrate-cpu.conf"
	                     : arguments_option(a, "busy") ? "configs/calibrate-busy.conf"
	                                                   : "configs/calibrate.conf";
	if (data_path(config, c->config_path, sizeof(c->config_path), e) < 0 ||
	    config_file_read(&c->config, c->config_path, e) < 0)
		return -1;
	if (c->quick &&
	    (override(c, "experiment.warmup", "1s", e) < 0 || override(c, "experiment.baseline", "10s", e) < 0))
		return -1;
	if ((idle && override(c, "experiment.baseline", idle, e) < 0) ||
	    (seed && override(c, "experiment.seed", seed, e) < 0))
		return -1;
	for (int i = 0; (text = arguments_option_at(a, "set", i)); i++)
		if (config_override(&c->config, text, e) < 0)
			return -1;
	return experiment_build(&c->experiment, &c->config, 1, e);
}

/* What is injected: a point for each kind and length, or for each share of the CPU. */
static int points_list(const struct calibration *c, bool cpu, struct injection ret[POINTS_MAX])
{
	const int64_t *lengths = c->quick ? quick_lengths_ns : lengths_ns;
	size_t count = c->quick ? LENGTH(quick_lengths_ns) : LENGTH(lengths_ns);
	int n = 0;
	for (size_t i = 0; cpu && i < LENGTH(shares); i++)
		ret[n++] = (struct injection){ .kind = INJECT_CPU, .length_ns = taking_ns, .share = shares[i] };
	for (size_t i = 0; !cpu && i < count; i++) {
		ret[n++] = (struct injection){ .kind = INJECT_STOP, .length_ns = lengths[i] };
		ret[n++] = (struct injection){ .kind = INJECT_CUT, .length_ns = lengths[i] };
	}
	return n;
}

static int prepare(const struct arguments *a, struct calibration *c, struct err *e)
{
	static const char *const kept[] = { "quick", "busy", "cpu", "links", "repeat", "idle", "seed", "set", NULL };
	struct injection points[POINTS_MAX];
	if (arguments_folder(a, c->directory, sizeof(c->directory), e) < 0 || options_read(a, c, e) < 0)
		return -1;
	c->unclaimed = !c->directory[0];
	if (c->unclaimed)
		study_folder_name(c->directory, sizeof(c->directory), c->experiment.general.name);
	arguments_line(a, "calibrate", kept, c->command_line, sizeof(c->command_line));
	int count = points_list(c, arguments_option(a, "cpu") != NULL, points);
	return injection_plan_make(&c->plan, points, count, (int)c->repeat, c->experiment.general.seed, e);
}

/* Also after an interrupt: what was measured until then is shown. */
static int results_show(const struct calibration *c, struct err *e)
{
	progress_phase("analysis and report", 0);
	int result = study_results_write(c->directory, e);
	progress_end();
	if (result < 0 || report_calibration(stdout, c->directory, REPORT_TEXT, e) < 0)
		return -1;
	printf("\nreport: %s/report.html\n", c->directory);
	return 0;
}

/* Whether this machine can do it; then the folder is ours. */
static int begin(struct calibration *c, struct err *e)
{
	if (c->experiment.hosts.kind != HOSTS_LOCAL)
		return err_set(e, EXIT_USAGE, "a calibration stops VMs of this machine: set hosts.kind = local");
	if (run_preflight(&c->experiment, c->directory, c->wait, e) < 0)
		return -1;
	return c->unclaimed ? study_folder_claim(c->directory, sizeof(c->directory), e) : 0;
}

static int run_links(struct calibration *c, struct err *e)
{
	struct testbed_spec spec = experiment_testbed(&c->experiment);
	if (begin(c, e) < 0)
		return -1;
	if (calibrate_links(c->directory, &spec, (int)(c->quick ? 1 : c->repeat), c->wait, e) < 0)
		return -1;
	printf("\n%s/links.csv\n", c->directory);
	return 0;
}

static void say_plan(const struct calibration *c)
{
	const struct experiment_general *g = &c->experiment.general;
	int64_t sum_ns = g->warmup_ns + g->baseline_ns + injection_plan_duration_ns(&c->plan) + g->settle_ns;
	progress_note("%d injections: about %.0f min besides booting", c->plan.count,
	              ceil((double)sum_ns / (60. * NS_PER_S)));
}

static int run_command_calibrate(const struct arguments *a)
{
	static struct calibration c;
	struct err e = { 0 }, showing = { 0 };
	progress_quiet(arguments_option(a, "quiet") != NULL);
	run_catch_signals();
	int prepared = prepare(a, &c, &e);
	if (prepared == 0 && arguments_option(a, "links")) {
		run_links(&c, &e);
	} else if (prepared == 0) {
		const struct run_order order = { .experiment = &c.experiment,
			                         .config_path = c.config_path,
			                         .directory = c.directory,
			                         .command_line = c.command_line,
			                         .label = "",
			                         .repeat = 1,
			                         .injections = &c.plan,
			                         .wait = c.wait };
		say_plan(&c);
		bool began = begin(&c, &e) == 0;
		if (began)
			run_execute(&order, &e);
		/* What was refused or could not begin has nothing to show. */
		if (began && e.status != EXIT_CANNOT && e.status != EXIT_USAGE && results_show(&c, &showing) < 0)
			err_report(&showing);
	}
	injection_plan_free(&c.plan);
	experiment_free(&c.experiment);
	config_file_free(&c.config);
	return e.status ? err_report(&e) : showing.status;
}

static const struct command_option options[] = {
	{ "output", 'o', "DIR", "results folder (must not exist, or be empty); default results/calibrate-TIME",
	  NULL },
	{ "quick", 0, NULL, "three lengths, three injections each, 10 s of idling: a minute", NULL },
	{ "busy", 0, NULL, "while another VM migrates over a link that it fills, and both cores are busy", NULL },
	{ "cpu", 0, NULL,
	  "take shares of its CPU from a guest that computes, and watch another that is busy in known shares", NULL },
	{ "links", 0, NULL, "only measure links of known rate and round trip, each N times", NULL },
	{ "repeat", 0, "N", "injections of a kind and length; default 20", NULL },
	{ "idle", 0, "DURATION", "how long the guest is watched without any injection; default 10min", NULL },
	{ "seed", 0, "N", "of the order and the pauses", NULL },
	{ "set", 's', "SECTION.KEY=VALUE",
	  "change a key of configs/calibrate.conf, calibrate-busy.conf or calibrate-cpu.conf", NULL },
	{ "wait", 0, NULL, "while another migmeter is at work on this machine, wait for it", NULL },
	{ "quiet", 'q', NULL, "no progress on stderr", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command calibrate_command = {
	.name = "calibrate",
	.synopsis = "",
	.minimum = 0,
	.maximum = 0,
	.help = "Inject stops, network cuts and losses of CPU of known size; say how far each estimator is from them",
	.details =
		"An idle guest is left alone first: what an estimator then takes for a stop is its floor. After that it is\n"
		"stopped, and cut off the network, for 5 ms to 5 s, in random order; with --cpu one that computes loses 10\n"
		"to 75 % of its core for 2 s, and another is busy for 10 to 90 % of the time. The results folder is a run\n"
		"directory with calibration.json and tables besides; 'migmeter report DIR --format markdown' prints them.\n"
		"\n"
		"It takes 22 minutes (360 injections, 10 of them idle minutes), as does --busy; --cpu 5 minutes (80\n"
		"injections); each a minute with --quick.\n",
	.options = options,
	.run = run_command_calibrate,
};

#include "reports/verdict_many.h"

#include "reports/run_data.h"
#include "reports/sentence.h"

#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* "src was overloaded, which was seen after 8.1 s and over after another 6.5 s." */
static void say_overloads(struct sentence *s, const struct run_data *run)
{
	for (int i = 0; i < run->shown_count; i++) {
		const struct shown_metric *m = &run->shown[i];
		if (strcmp(m->metric, "overload_seen_time") != 0)
			continue;
		const char *node = strchr(m->estimator, ':') ? strchr(m->estimator, ':') + 1 : m->estimator;
		const struct shown_metric *over = run_metric(run, "overload_resolve_time", NULL, m->estimator);
		const struct shown_metric *lasted = run_metric(run, "overload_time", NULL, node);
		if (isnan(m->value) && lasted && !(lasted->value > 0))
			continue;
		say(s, " %s was overloaded", node);
		if (isnan(m->value)) {
			say(s, ", %s.", m->reason);
			continue;
		}
		say(s, ", which was seen after ");
		say_value(s, m, "");
		say(s, over && !isnan(over->value) ? " and over after another " : "; how long it lasted then is ");
		say_value(s, over, "not known");
		say(s, ".");
	}
}

void verdict_loop(struct sentence *s, const struct run_data *run)
{
	struct json_object *loop = json_at(run->manifest, "config.consolidate");
	bool dry = strcmp(json_text(loop, "dry_run"), "yes") == 0,
	     stand_in = strcmp(json_text(loop, "power"), "stand-in") == 0;
	int moves = 0, nodes = 0;
	say(s, "Policy %s%s ", json_text(loop, "policy"), dry ? ", which in a dry run may do nothing," : "");
	for (int i = 0; i < run->shown_count; i++) {
		const struct shown_metric *m = &run->shown[i];
		if (strcmp(m->metric, "move_time") != 0)
			continue;
		const char *way = strchr(m->estimator, ':'), *to = way ? strstr(way, "-to-") : NULL;
		const struct shown_metric *ran = run_metric(run, "move_switch_time", m->vm, m->estimator);
		say(s, "%s%s %s", moves++ ? "; " : "", isnan(m->value) ? "could not move" : "moved", m->vm);
		if (to)
			say(s, " from %.*s to %s", (int)(to - way - 1), way + 1, to + 4);
		if (isnan(m->value)) {
			say(s, "%s%s%s", *m->reason ? " (" : "", m->reason, *m->reason ? ")" : "");
			continue;
		}
		say(s, " in ");
		say_value(s, m, "");
		if (ran && !isnan(ran->value)) {
			say(s, ", running there after ");
			say_value(s, ran, "");
		}
	}
	say(s, moves ? "." : "moved nothing.");
	say_overloads(s, run);
	bool sleeps = strcmp(json_text(loop, "power"), "none") != 0;
	for (int i = 0; sleeps && i < run->shown_count; i++)
		if (strcmp(run->shown[i].metric, "node_active") == 0) {
			say(s, "%s%s was on for ", nodes++ ? ", " : " ", run->shown[i].estimator);
			say_value(s, &run->shown[i], "an unknown time");
		}
	say(s, "%s%s", nodes && stand_in ? " (sleep is a stand-in here)" : "", nodes ? "." : "");
}

/* At least this of the source's cores, and who stays gains by what leaves. */
static const double full = 0.9;

/* " (src was 100 % busy while all were there)": why VMs did more work than in the baseline, where that is why. */
static void say_room(struct sentence *s, const struct run_data *run)
{
	struct json_object *moves = json_at(run->manifest, "group.moves");
	bool some = json_object_is_type(moves, json_type_array) && json_object_array_length(moves);
	const char *source = some ? json_text(json_object_array_get_idx(moves, 0), "from") : "";
	char variant[96], path[96], text[96];
	snprintf(variant, sizeof(variant), "%s:baseline", source);
	snprintf(path, sizeof(path), "nodes.%s.cores", source);
	const struct shown_metric *busy = run_metric(run, "cpu_node", NULL, variant);
	double cores = json_number(run->manifest, path);
	double share = busy ? busy->value / (cores > 0 ? cores : 1) : NAN;
	if (share >= full)
		say(s, " (%s was %s busy while all were there)", source,
		    value_format(100 * fmin(1, share), "%", text, sizeof(text)));
}

void verdict_group(struct sentence *s, const struct run_data *run)
{
	const struct shown_metric *time = run_metric(run, "group_time", NULL, NULL),
				  *bound = run_metric(run, "group_bound", NULL, NULL),
				  *lost = run_metric(run, "group_lost_work", NULL, NULL);
	struct json_object *vms = json_at(run->manifest, "group.vms");
	size_t count = json_object_is_type(vms, json_type_array) ? json_object_array_length(vms) : 0;
	char rate[64];
	say(s, "Schedule %s: %.0f of %zu VMs moved", json_text(run->manifest, "config.group.schedule"),
	    json_number(run->manifest, "group.arrived"), count);
	if (time && !isnan(time->value)) {
		say(s, " in ");
		say_value(s, time, "");
	}
	if (!isnan(run_link_rate(run)))
		say(s, " over %s", value_format(run_link_rate(run), "bit/s", rate, sizeof(rate)));
	if (bound && !isnan(bound->value)) {
		say(s, " (their pages that are not zero, once each, take it ");
		say_value(s, bound, "");
		say(s, " at least)");
	}
	if (lost && !isnan(lost->value)) {
		say(s, "; together they ");
		if (say_lost(s, lost))
			say_room(s, run);
	}
	say(s, ".");
}

#include "reports/main_metric.h"

#include "reports/run_data.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

const struct main_metric main_metrics[] = {
	{ "migration_time", "completion", "migration time, to completion" },
	{ "migration_time", "switch_over", "migration time, to switch-over" },
	{ "group_time", "", "time for the group" },
	{ "group_bound", "", "the least it could have taken: pages that are not zero, once each" },
	{ "group_arrived", "", "share of the group that arrived" },
	{ "group_lost_work", "", "work lost by all of the group" },
	{ "move_time", "", "time of a move" },
	{ "move_switch_time", "", "time of a move, until it ran there" },
	{ "moves", "", "moves" },
	{ "overload_time", "", "overloaded" },
	{ "overload_seen_time", "", "overload, until it was seen" },
	{ "overload_resolve_time", "", "overload, from then until it was over" },
	{ "gather_seen_time", "", "idle nodes, until it was seen" },
	{ "node_in_use", "", "node in use" },
	{ "second_node_in_use", "", "two nodes or more in use" },
	{ "node_active", "", "node on" },
	{ "downtime", "stop_resume", "downtime, stop to resume" },
	{ "downtime", "guest_clock", "downtime, guest clock" },
	{ "downtime", "network", "downtime, network" },
	{ "downtime", "work", "downtime, work" },
	{ "downtime", "reported", "downtime, reported" },
	{ "connection_alive", "tcp", "client's connection alive (1: yes)" },
	{ "stream_gap", "udp:from-guest", "client's longest gap, from the VM" },
	{ "stream_gap", "udp:to-guest", "client's longest gap, to the VM" },
	{ "switch_over_gap", "udp:from-guest", "gap with the VM's stop in it, from the VM" },
	{ "stream_gap_part", "from-guest:before", "of it, before the stop" },
	{ "stream_gap_part", "from-guest:stopped", "of it, stopped" },
	{ "stream_gap_part", "from-guest:starting", "of it, VM runs, its program not yet" },
	{ "stream_gap_part", "from-guest:unreachable", "of it, not reachable yet" },
	{ "stream_gap_part", "from-guest:returning", "of it, coming back" },
	{ "switch_over_gap", "udp:to-guest", "gap with the VM's stop in it, to the VM" },
	{ "switch_over_gap", "tcp:from-guest", "the same over TCP, from the VM" },
	{ "switch_over_gap", "tcp:to-guest", "the same over TCP, to the VM" },
	{ "stream_lost", "udp:from-guest", "datagrams lost, from the VM" },
	{ "stream_lost", "udp:to-guest", "datagrams lost, to the VM" },
	{ "stream_reordered", "udp:from-guest", "datagrams overtaken, from the VM" },
	{ "stream_reordered", "udp:to-guest", "datagrams overtaken, to the VM" },
	{ "stream_retransmits", "tcp:from-guest", "segments sent again, by the VM" },
	{ "stream_retransmits", "tcp:to-guest", "segments sent again, to the VM" },
	{ "good_responses", "", "good responses" },
	{ "response_time", "p95", "response time, 95 % are within" },
	{ "lost_work", "", "lost work" },
	{ "degradation", "", "degradation while migrating" },
	{ "recovery_time", "", "recovery to 95 %" },
	{ "baseline_rate", "", "baseline rate" },
	{ "mean_rate", "", "mean rate while migrating" },
	{ "bytes_on_wire", "", "bytes on the wire" },
	{ "iterations", "", "iterations" },
};
const int main_metric_count = sizeof(main_metrics) / sizeof(*main_metrics);

int main_metric_find(const struct run_data *run, const struct shown_metric *m)
{
	const char *link = json_text(run->manifest, "migration.link");
	size_t length = strlen(link);
	/* Of the links, the one that the migration crosses. */
	if (length && strcmp(m->metric, "bytes_on_wire") == 0 && *m->estimator &&
	    (strncmp(m->estimator, link, length) != 0 || m->estimator[length] != ':'))
		return -1;
	for (int i = 0; i < main_metric_count; i++)
		if (strcmp(main_metrics[i].metric, m->metric) == 0 &&
		    (!*main_metrics[i].estimator || strcmp(main_metrics[i].estimator, m->estimator) == 0))
			return i;
	return -1;
}

char *main_metric_label(const struct run_data *run, const struct main_metric *main, const struct shown_metric *m,
                        char *buffer, size_t room)
{
	int same = 0;
	const char *colon = strchr(m->estimator, ':');
	for (int i = 0; !*main->estimator && i < run->shown_count; i++)
		same += strcmp(run->shown[i].metric, m->metric) == 0 && strcmp(run->shown[i].vm, m->vm) == 0;
	snprintf(buffer, room, "%s%s%s%s", main->label, same > 1 ? " (" : "",
	         same > 1 ? (colon ? colon + 1 : m->estimator) : "", same > 1 ? ")" : "");
	return buffer;
}

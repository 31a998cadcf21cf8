/*
 * bench_monitor.c - whether the cluster's monitor keeps its second, and what it costs: 200 VMs on 20 nodes, replayed;
 * or the VMs that are there, when nodes are named. Prints JSON.
 *
 * usage: bench_monitor [SECONDS [LIBVIRT_URI...]]     (20 s)
 *
 * A replayed node takes 10 ms a VM to answer, which is long for libvirt, and one of the 20 hangs in the second half.
 * The longest delays count from a second's beginning to the last answer and until it is in the database, there for the
 * half without and for all; the goal is that no second is lost, and that each is in the database before the next
 * begins. rows_missing are those of the node that hangs.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/monitor.h"
#include "bench/placement/monitor_replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NODES = 20, VMS_EACH = 10, ROWS = NODES * (1 + VMS_EACH) + 1, NODES_MAX = 64 };

static char names[NODES_MAX][8], vm_names[NODES * VMS_EACH][8];
static struct monitor_node nodes[NODES_MAX];
static struct monitor_replay_row rows[ROWS];

static void make_table(int seconds)
{
	int row = 0;
	for (int n = 0; n < NODES; n++) {
		rows[row] = (struct monitor_replay_row){ .node = names[n],
			                                 .vm = "",
			                                 .delay_ns = VMS_EACH * 10 * NS_PER_MS };
		for (int q = 0; q < MONITOR_QUANTITIES; q++)
			rows[row].rate[q] = 1e6 * (1 + q);
		row++;
		for (int v = 0; v < VMS_EACH; v++) {
			char *name = vm_names[n * VMS_EACH + v];
			snprintf(name, sizeof(vm_names[0]), "vm%d", n * VMS_EACH + v);
			rows[row] = rows[row - 1 - v];
			rows[row].vm = name;
			rows[row].state = MONITOR_RUNNING;
			row++;
		}
	}
	rows[row] = rows[0];
	rows[row].from_ns = seconds * NS_PER_S / 2;
	rows[row].delay_ns = MONITOR_REPLAY_HANG;
}

static int64_t cpu_time_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Returns what the file came to; removes it. */
static int64_t take_away(const char *directory, const char *path)
{
	struct stat s = { 0 };
	stat(path, &s);
	unlink(path);
	rmdir(directory);
	return s.st_size;
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 20, real = argc > 2 ? argc - 2 : 0;
	char directory[] = "/tmp/bench_monitor.XXXXXX", path[64];
	struct cluster_monitor_spec spec = { .nodes = nodes, .node_count = real ? real : NODES, .path = path };
	struct cluster_monitor_report half, report;
	struct cluster_monitor *monitor;
	struct monitor_replay *replay = NULL;
	struct err e = { 0 };
	if (seconds < 2 || seconds > 3600 || real > NODES_MAX) {
		fprintf(stderr, "usage: bench_monitor [SECONDS 2..3600 [LIBVIRT_URI...]]\n");
		return EXIT_USAGE;
	}
	if (!mkdtemp(directory))
		return EXIT_CANNOT;
	snprintf(path, sizeof(path), "%s/monitor.sqlite", directory);
	for (int i = 0; i < spec.node_count; i++) {
		snprintf(names[i], sizeof(names[i]), "n%d", i);
		nodes[i] = (struct monitor_node){ .name = names[i], .libvirt_uri = real ? argv[2 + i] : NULL };
	}
	make_table(seconds);
	if (monitor_replay_create(&replay, rows, ROWS, &e) < 0)
		return err_report(&e);
	spec.source = real ? &monitor_libvirt : &monitor_replay;
	spec.argument = replay;
	int64_t start_ns = clock_now_ns(), cpu_ns = cpu_time_ns();
	if (cluster_monitor_start(&monitor, &spec, &e) < 0)
		return err_report(&e);
	clock_sleep_until(start_ns + seconds * NS_PER_S / 2);
	cluster_monitor_report(monitor, &half);
	clock_sleep_until(start_ns + seconds * NS_PER_S);
	cpu_ns = cpu_time_ns() - cpu_ns;
	int64_t lasted_ns = clock_now_ns() - start_ns;
	monitor_replay_release(replay);
	int status = cluster_monitor_stop(monitor, &report, &e);
	monitor_replay_free(replay);
	int64_t file_bytes = take_away(directory, path);
	char text[256];
	fprintf(stderr, "%s\n", monitor_report_text(&report, text, sizeof(text)));
	printf("{\"benchmark\": \"monitor\", \"source\": \"%s\", \"nodes\": %d, \"rows_per_s\": %.0f, \"seconds\": %" PRId64
	       ", \"seconds_lost\": %" PRId64 ", \"rows_missing\": %" PRId64 ", \"longest_answer_s\": %.4f"
	       ", \"longest_write_s\": %.4f, \"longest_write_hanging_s\": %.4f, \"longest_write_hanging_s_goal\": 1"
	       ", \"file_bytes_per_row\": %.0f, \"head_cpu_percent_of_core\": %.2f}\n",
	       spec.source->name, spec.node_count, report.seconds ? (double)report.rows / (double)report.seconds : 0,
	       report.seconds, report.seconds_lost, report.rows_missing, (double)report.longest_answer_ns / NS_PER_S,
	       (double)half.longest_write_ns / NS_PER_S, (double)report.longest_write_ns / NS_PER_S,
	       report.rows ? (double)file_bytes / (double)report.rows : 0,
	       100.0 * (double)cpu_ns / (double)lasted_ns);
	if (status < 0)
		return err_report(&e);
	return report.seconds_lost || report.longest_write_ns >= NS_PER_S ? EXIT_MEASURED_BAD : EXIT_DONE;
}

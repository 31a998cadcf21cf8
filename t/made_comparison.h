/*
 * made_comparison.h - make folders of runs to compare, whose metrics and conditions are known.
 */
#ifndef T_MADE_COMPARISON_H
#define T_MADE_COMPARISON_H

#include "t/made_study.h"

/* What a manifest says of a run; members left out are those of an ordinary run. */
struct made_conditions {
	const char *point, *status, *reason, *rate, *cpu, *qemu, *mode, *flags, *workload, *policy, *overload, *think;
	double scale;
	int repeat; /* 0: the number of the run, as in a study */
};

#define MADE_OR(value, usual) ((value) ? (value) : (usual))

/* Run `number` in FOLDER, which is made when it is not there. Its metrics as JSON rows: made_row(). */
__attribute__((unused)) static void made_compared(const char *folder, int number, const struct made_conditions *c,
                                                  const char *rows)
{
	char run[4096];
	mkdir(folder, 0755);
	snprintf(run, sizeof(run), "%.3000s/%03d", folder, number);
	mkdir(run, 0755);
	made_file(
		run, "manifest.json",
		"{\"format\":1,\"run_id\":\"%016d\",\"clock_pairs\":[{\"wall_ns\":179529258%010d}],"
		"\"status\":\"%s\",\"reason\":\"%s\",\"name\":\"made\",\"point\":\"%s\",\"repeat\":%d,"
		"\"scale\":%g,\"host\":{\"machine\":\"x86_64\",\"cpu\":\"%s\",\"cores\":2,\"kernel\":\"6.1\"},"
		"\"accelerator\":\"tcg\",\"hypervisor\":{\"qemu\":\"%s\",\"libvirt\":\"9.0.0\"},"
		"\"link\":{\"asked\":{\"rate\":\"%s\",\"rtt\":\"0ns\"},\"flags\":[%s]},"
		"\"migration\":{\"vm\":\"vm1\",\"mode\":\"%s\"},\"config\":{\"consolidate\":{\"policy\":\"%s\"},"
		"\"sessions\":{\"think\":\"%s\"}},\"consolidate\":{\"policy_options\":{\"overload\":\"%s\"}},\"vms\":[{\"name\":\"vm1\",\"role\":\"migrating\","
		"\"memory_bytes\":100663296,\"workloads\":[{\"name\":\"%s\"}]}]}\n",
		number, number, MADE_OR(c->status, "complete"), MADE_OR(c->reason, ""), MADE_OR(c->point, ""),
		c->repeat ? c->repeat : number, c->scale > 0 ? c->scale : 1, MADE_OR(c->cpu, "a cpu"),
		MADE_OR(c->qemu, "7.2.22"), MADE_OR(c->rate, "100000000bit/s"), MADE_OR(c->flags, ""),
		MADE_OR(c->mode, "precopy"), MADE_OR(c->policy, "threshold"), MADE_OR(c->think, "6s"),
		MADE_OR(c->overload, "0.9"), MADE_OR(c->workload, "intadd"));
	if (!c->status || strcmp(c->status, "complete") == 0)
		made_file(run, "metrics.json", "{\"status\":\"complete\",\"metrics\":[%s]}\n", rows);
}

/* Append a row of metrics.json of vm1; value NAN: missing for the reason. */
__attribute__((unused)) static void made_row(char *rows, const char *metric, const char *estimator, const char *unit,
                                             double value, const char *reason)
{
	char number[40] = "null";
	if (!isnan(value))
		snprintf(number, sizeof(number), "%.15g", value);
	sprintf(rows + strlen(rows),
	        "%s{\"metric\":\"%s\",\"vm\":\"vm1\",\"role\":\"migrating\",\"estimator\":\"%s\",\"unit\":\"%s\","
	        "\"value\":%s,\"reason\":\"%s\"}",
	        *rows ? "," : "", metric, estimator, unit, number, reason);
}

/* count runs of which each has a rate of work (about `rate`, 1 % noise), a downtime (about `down_ms`), a migration time. */
__attribute__((unused)) static void made_set(const char *folder, int first, int count,
                                             const struct made_conditions *c, double rate, double down_ms)
{
	for (int i = 0; i < count; i++) {
		char rows[4096] = "";
		made_row(rows, "migration_time", "completion", "ns", 6e9 * (1 + 0.02 * (made_random() - 0.5)), "");
		made_row(rows, "converged", "", "ratio", 1, "");
		made_row(rows, "downtime", "stop_resume", "ns", down_ms * 1e6 * (1 + 0.04 * (made_random() - 0.5)),
		         "");
		made_row(rows, "baseline_rate", "intadd", "additions/s", rate * (1 + 0.03 * (made_random() - 0.5)),
		         "");
		made_row(rows, "worst_op_p50", "intadd:settle", "ns", 5e5 * (1 + 0.1 * made_random()), "");
		made_row(rows, "clock_drift", "", "ns/s", 100 * made_random(), "");
		made_compared(folder, first + i, c, rows);
	}
}

#endif

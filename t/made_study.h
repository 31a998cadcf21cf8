/*
 * made_study.h - make a study folder whose metrics are known, without any samples.
 */
#ifndef T_MADE_STUDY_H
#define T_MADE_STUDY_H

#include "t/made_run.h"

struct made_metric {
	const char *name, *role, *estimator;
	double value; /* NAN: missing */
};

enum { MADE_METRICS_MAX = 64 };

/* plan.json of a study of `paper` ("" none). */
__attribute__((unused)) static void made_study(const char *directory, const char *paper)
{
	mkdir(directory, 0755);
	made_file(directory, "plan.json",
	          "{\"scale\":0.0625,\"points\":18,\"repeats\":4,\"keys\":{\"experiment.study\":\"%s\"}}\n", paper);
}

__attribute__((unused)) static void made_metrics(const char *folder, const struct made_metric *metrics, int count)
{
	FILE *file = made_open(folder, "metrics.json");
	fputs("{\"metrics\":[", file);
	for (int i = 0; i < count; i++) {
		fprintf(file, "%s{\"metric\":\"%s\",\"vm\":\"\",\"role\":\"%s\",\"estimator\":\"%s\",\"unit\":\"\",",
		        i ? "," : "", metrics[i].name, metrics[i].role, metrics[i].estimator);
		if (isnan(metrics[i].value))
			fputs("\"value\":null,\"reason\":\"it was not there\"}", file);
		else
			fprintf(file, "\"value\":%.15g,\"reason\":\"\"}", metrics[i].value);
	}
	fputs("]}\n", file);
	fclose(file);
}

/* One run of it whose config says `general` of [experiment], as JSON members; count metrics. */
__attribute__((unused)) static void made_study_run_with(const char *directory, const char *general, int vms,
                                                        const char *workload, const char *rate, int repeat,
                                                        const char *status, const struct made_metric *metrics,
                                                        int count)
{
	static const char *const roles[] = { "migrating", "destination-neighbour", "source-neighbour" };
	char folder[4096], list[4096] = "";
	snprintf(folder, sizeof(folder), "%.3000s/%d-%s-%s-r%d", directory, vms, workload, rate, repeat);
	mkdir(folder, 0755);
	for (int i = 0; i < vms; i++)
		sprintf(list + strlen(list),
		        "%s{\"name\":\"vm%d\",\"role\":\"%s\",\"memory_bytes\":100663296,\"spare_bytes\":33554432,"
		        "\"workloads\":[{\"name\":\"%s\",\"options\":{\"job\":\"0\"}}]}",
		        i ? "," : "", i + 1, roles[i], workload);
	made_file(
		folder, "manifest.json",
		"{\"format\":1,\"status\":\"%s\",\"reason\":\"a reason\",\"name\":\"made\",\"question\":\"Does it?\","
		"\"point\":\"vms=%d load=%s rate=%s\",\"repeat\":%d,\"scale\":0.0625,\"link\":{\"asked\":{\"rate\":\"%s\"}},"
		"\"config\":{\"experiment\":{%s}},\"migration\":{\"vm\":\"vm1\",\"mode\":\"precopy\"},\"vms\":[%s]}\n",
		status, vms, workload, rate, repeat, rate, general, list);
	made_metrics(folder, metrics, count);
}

__attribute__((unused)) static void made_study_run(const char *directory, int vms, const char *workload,
                                                   const char *rate, int repeat, const char *status,
                                                   const struct made_metric *metrics, int count)
{
	made_study_run_with(directory, "", vms, workload, rate, repeat, status, metrics, count);
}

/* The same with the VM instead of a role. */
struct made_loop_metric {
	const char *name, *vm, *estimator;
	double value;
};

/* A run of a consolidation study at case=POINT. */
__attribute__((unused)) static void made_case_run(const char *directory, const char *point, int repeat,
                                                  const struct made_loop_metric *metrics, int count)
{
	char folder[4096];
	snprintf(folder, sizeof(folder), "%.3000s/%.200s-r%d", directory, point, repeat);
	mkdir(folder, 0755);
	made_file(
		folder, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"name\":\"made\",\"question\":\"Does it?\",\"point\":\"case=%s\","
		"\"repeat\":%d,\"link\":{\"asked\":{\"rate\":\"100M\"}},\"migration\":{\"mode\":\"precopy\"},\"vms\":"
		"[{\"name\":\"vm0\",\"role\":\"roaming\",\"memory_bytes\":134217728,\"workloads\":[{\"name\":"
		"\"dutycycle\",\"options\":{\"share\":\"0.2\"}}]}]}\n",
		point, repeat);
	FILE *file = made_open(folder, "metrics.json");
	fputs("{\"metrics\":[", file);
	for (int i = 0; i < count; i++)
		fprintf(file,
		        "%s{\"metric\":\"%s\",\"vm\":\"%s\",\"role\":\"roaming\",\"estimator\":\"%s\",\"unit\":\"\","
		        "\"value\":%.15g,\"reason\":\"\"}",
		        i ? "," : "", metrics[i].name, metrics[i].vm, metrics[i].estimator, metrics[i].value);
	fputs("]}\n", file);
	fclose(file);
}

/* plan.json of a study that compares feature with feature=plain, with further keys. */
__attribute__((unused)) static void made_comparison(const char *directory, const char *keys)
{
	mkdir(directory, 0755);
	made_file(directory, "plan.json",
	          "{\"scale\":1,\"points\":9,\"repeats\":3,\"keys\":{\"experiment.compare\":\"feature\","
	          "\"experiment.reference\":\"plain\"%s}}\n",
	          keys);
}

/* Run `number` of any study, at a point of its sweep. */
__attribute__((unused)) static void made_point_run(const char *directory, int number, const char *point, int repeat,
                                                   const char *status, const struct made_metric *metrics, int count)
{
	char folder[4096];
	snprintf(folder, sizeof(folder), "%.3000s/%03d-r%d", directory, number, repeat);
	mkdir(folder, 0755);
	made_file(
		folder, "manifest.json",
		"{\"format\":1,\"status\":\"%s\",\"reason\":\"a reason\",\"name\":\"made\",\"question\":\"Does it?\","
		"\"point\":\"%s\",\"repeat\":%d,\"link\":{\"asked\":{\"rate\":\"100M\"}},\"migration\":{\"vm\":\"vm1\","
		"\"mode\":\"precopy\"},\"vms\":[{\"name\":\"vm1\",\"role\":\"migrating\",\"workloads\":[{\"name\":"
		"\"memdirty\"}]}]}\n",
		status, point, repeat);
	made_metrics(folder, metrics, count);
}

#endif

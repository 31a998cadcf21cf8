#include "bench/migrate/page_waits.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/qmp.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BEGIN "mark_postcopy_blocktime_begin"
#define END "mark_postcopy_blocktime_end"

static int trace_set(struct qmp *m, bool on, struct err *e)
{
	return qmp_execute(m, "trace-event-set-state",
	                   on ? "{\"name\":\"mark_postcopy_blocktime_*\",\"enable\":true}"
	                      : "{\"name\":\"mark_postcopy_blocktime_*\",\"enable\":false}",
	                   e);
}

int page_waits_begin(struct qmp *m, const char *log, int *ret_traced, struct err *e)
{
	static const char on[] = "{\"capabilities\":[{\"capability\":\"postcopy-blocktime\",\"state\":true}]}";
	char arguments[400];
	struct err none = { 0 };
	if (qmp_execute(m, "migrate-set-capabilities", on, e) < 0)
		return -1;
	snprintf(arguments, sizeof(arguments), "{\"command-line\":\"logfile %s\"}", log);
	*ret_traced =
		qmp_execute(m, "human-monitor-command", arguments, &none) == 0 && trace_set(m, true, &none) == 0;
	return 0;
}

/* A number, or each of a list, in ns. */
static void keep(struct json_object *answer, const char *name, int64_t unit_ns, struct json_object *facts,
                 const char *as)
{
	struct json_object *value, *list;
	if (!json_object_object_get_ex(answer, name, &value))
		return;
	if (!json_object_is_type(value, json_type_array)) {
		json_object_object_add(facts, as, json_object_new_int64(json_object_get_int64(value) * unit_ns));
		return;
	}
	list = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(value); i++)
		json_object_array_add(
			list,
			json_object_new_int64(json_object_get_int64(json_object_array_get_idx(value, i)) * unit_ns));
	json_object_object_add(facts, as, list);
}

int page_waits_end(struct qmp *m, struct json_object **ret, struct err *e)
{
	struct json_object *answer = NULL;
	struct err none = { 0 };
	trace_set(m, false, &none);
	if (qmp_ask(m, "query-migrate", NULL, &answer, e) < 0)
		return -1;
	*ret = json_object_new_object();
	keep(answer, "postcopy-blocktime", NS_PER_MS, *ret, "all_ns");
	keep(answer, "postcopy-vcpu-blocktime", NS_PER_MS, *ret, "vcpu_ns");
	keep(answer, "postcopy-latency", 1, *ret, "latency_ns");
	keep(answer, "postcopy-vcpu-latency", 1, *ret, "vcpu_latency_ns");
	json_object_put(answer);
	return 0;
}

/* ---- its log ---- */

struct open_wait {
	uint64_t address;
	int64_t begin_ns; /* 0: it does not wait */
};

/* The number behind a name, such as "cpu: 1"; -1: there is none. */
static int64_t number_after(const char *line, const char *name)
{
	const char *at = strstr(line, name);
	return at ? strtoll(at + strlen(name), NULL, 0) : -1;
}

static void line_take(const char *line, struct open_wait waits[PAGE_WAITS_VCPUS], page_wait_fn *wait, void *context)
{
	int64_t seconds, micros, address = number_after(line, "addr: ");
	bool begins = strstr(line, ":" BEGIN " ") != NULL;
	if ((!begins && !strstr(line, ":" END " ")) || address < 0 ||
	    sscanf(line, "%*d@%" SCNd64 ".%6" SCNd64 ":", &seconds, &micros) != 2 || seconds < 0 ||
	    seconds >= INT64_MAX / NS_PER_S / 2)
		return;
	int64_t at_ns = clock_from_wall_ns(seconds * NS_PER_S + micros * NS_PER_US);
	if (begins) {
		int64_t vcpu = number_after(line, ", cpu: ");
		/* What has come meanwhile is not waited for. */
		if (vcpu >= 0 && vcpu < PAGE_WAITS_VCPUS && number_after(line, "already_received: ") <= 0)
			waits[vcpu] = (struct open_wait){ (uint64_t)address, at_ns };
		return;
	}
	for (int i = 0; i < PAGE_WAITS_VCPUS; i++) {
		if (!waits[i].begin_ns || waits[i].address != (uint64_t)address)
			continue;
		wait(context, i, waits[i].address, waits[i].begin_ns, at_ns - waits[i].begin_ns);
		waits[i].begin_ns = 0;
	}
}

int page_waits_read(const char *log, page_wait_fn *wait, void *context, struct err *e)
{
	struct open_wait waits[PAGE_WAITS_VCPUS] = { 0 };
	char *line = NULL;
	size_t room = 0;
	FILE *file = fopen(log, "re");
	if (!file)
		return err_errno(e, EXIT_CANNOT, "QEMU wrote no log to '%s'", log);
	while (getline(&line, &room, file) >= 0)
		line_take(line, waits, wait, context);
	int result = ferror(file) ? err_errno(e, EXIT_CANNOT, "cannot read '%s'", log) : 0;
	free(line);
	fclose(file);
	return result;
}

#include "collectors/job.h"

#include "bench/base/clock.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#define MS NS_PER_MS

const struct job_column job_columns[] = {
	{ VIR_DOMAIN_JOB_OPERATION, "operation", 1, JOB_OPERATION, NULL },
	{ VIR_DOMAIN_JOB_TIME_ELAPSED, "time_elapsed_ns", MS, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_TIME_ELAPSED_NET, "time_elapsed_net_ns", MS, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_TIME_REMAINING, "time_remaining_ns", MS, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DOWNTIME, "downtime_expected_ns", MS, JOB_NUMBER, "downtime_ns" },
	{ VIR_DOMAIN_JOB_DOWNTIME_NET, "downtime_net_ns", MS, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_SETUP_TIME, "setup_time_ns", MS, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DATA_TOTAL, "data_total_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DATA_PROCESSED, "data_processed_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DATA_REMAINING, "data_remaining_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_TOTAL, "memory_total_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_PROCESSED, "memory_processed_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_REMAINING, "memory_remaining_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_CONSTANT, "memory_constant_pages", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_NORMAL, "memory_normal_pages", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_NORMAL_BYTES, "memory_normal_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_BPS, "memory_bps_bytes_per_s", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, "memory_dirty_rate_pages_per_s", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE, "memory_page_size_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_ITERATION, "memory_iteration", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_MEMORY_POSTCOPY_REQS, "memory_postcopy_requests", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DISK_TOTAL, "disk_total_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DISK_PROCESSED, "disk_processed_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DISK_REMAINING, "disk_remaining_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DISK_BPS, "disk_bps_bytes_per_s", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DISK_TEMP_USED, "disk_temp_used_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_DISK_TEMP_TOTAL, "disk_temp_total_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_COMPRESSION_CACHE, "compression_cache_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_COMPRESSION_BYTES, "compression_bytes", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_COMPRESSION_PAGES, "compression_pages", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_COMPRESSION_CACHE_MISSES, "compression_cache_misses_pages", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_COMPRESSION_OVERFLOW, "compression_overflow_pages", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE, "auto_converge_throttle_percent", 1, JOB_NUMBER, NULL },
	{ VIR_DOMAIN_JOB_SUCCESS, "success", 1, JOB_FINAL, NULL },
	{ VIR_DOMAIN_JOB_ERRMSG, "errmsg", 1, JOB_FINAL, NULL },
};

const size_t job_column_count = sizeof(job_columns) / sizeof(job_columns[0]);

static const char *operation_name(int64_t operation)
{
	static const char *const names[] = {
		"unknown",  "start",           "save", "restore", "migration_in",    "migration_out",
		"snapshot", "snapshot_revert", "dump", "backup",  "snapshot_delete",
	};
	return operation >= 0 && operation < (int64_t)(sizeof(names) / sizeof(names[0])) ? names[operation]
	                                                                                 : "unknown";
}

/* A number in our unit. -1: it is none, or (libvirt's "not known" is at times 2^64 - 1) out of range. */
static int number_of(const virTypedParameter *p, int64_t scale, int64_t *ret)
{
	int64_t value;
	switch (p->type) {
	case VIR_TYPED_PARAM_INT:
		value = p->value.i;
		break;
	case VIR_TYPED_PARAM_UINT:
		value = p->value.ui;
		break;
	case VIR_TYPED_PARAM_LLONG:
		value = p->value.l;
		break;
	case VIR_TYPED_PARAM_ULLONG:
		value = p->value.ul > INT64_MAX ? -1 : (int64_t)p->value.ul;
		break;
	default:
		return -1;
	}
	if (value < 0 || value > INT64_MAX / scale)
		return -1;
	*ret = value * scale;
	return 0;
}

int job_operation(virTypedParameterPtr params, int count)
{
	int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
	virTypedParamsGetInt(params, count, VIR_DOMAIN_JOB_OPERATION, &operation);
	return operation;
}

char *job_csv_header(char *buffer, size_t room)
{
	size_t used = (size_t)snprintf(buffer, room, "head_ns");
	for (size_t i = 0; i < job_column_count && used < room; i++)
		if (job_columns[i].kind != JOB_FINAL)
			used += (size_t)snprintf(buffer + used, room - used, ",%s", job_columns[i].column);
	return buffer;
}

char *job_csv_row(int64_t head_ns, virTypedParameterPtr params, int count, char *buffer, size_t room)
{
	size_t used = (size_t)snprintf(buffer, room, "%" PRId64, head_ns);
	for (size_t i = 0; i < job_column_count && used < room; i++) {
		const struct job_column *column = &job_columns[i];
		const virTypedParameter *p = virTypedParamsGet(params, count, column->field);
		int64_t value = 0;
		if (column->kind == JOB_FINAL)
			continue;
		if (!p || number_of(p, column->scale, &value) < 0)
			used += (size_t)snprintf(buffer + used, room - used, ",missing");
		else if (column->kind == JOB_OPERATION)
			used += (size_t)snprintf(buffer + used, room - used, ",%s", operation_name(value));
		else
			used += (size_t)snprintf(buffer + used, room - used, ",%" PRId64, value);
	}
	return buffer;
}

static const struct job_column *find_column(const char *field)
{
	for (size_t i = 0; i < job_column_count; i++)
		if (strcmp(job_columns[i].field, field) == 0)
			return &job_columns[i];
	return NULL;
}

struct json_object *job_stats_json(virTypedParameterPtr params, int count)
{
	struct json_object *o = json_object_new_object();
	for (int i = 0; i < count; i++) {
		const virTypedParameter *p = &params[i];
		const struct job_column *column = find_column(p->field);
		const char *name = !column ? p->field : column->completed ? column->completed : column->column;
		struct json_object *value = NULL;
		int64_t number;
		if (p->type == VIR_TYPED_PARAM_STRING)
			value = json_object_new_string(p->value.s ? p->value.s : "");
		else if (p->type == VIR_TYPED_PARAM_BOOLEAN)
			value = json_object_new_boolean(p->value.b);
		else if (p->type == VIR_TYPED_PARAM_DOUBLE)
			value = json_object_new_double(p->value.d);
		else if (number_of(p, column ? column->scale : 1, &number) < 0)
			continue;
		else if (column && column->kind == JOB_OPERATION)
			value = json_object_new_string(operation_name(number));
		else
			value = json_object_new_int64(number);
		json_object_object_add(o, name, value);
	}
	return o;
}

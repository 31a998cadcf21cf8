#include "collectors/collector.h"

#include <json-c/json.h>
#include <stddef.h>
#include <string.h>

const struct collector_ops *const collectors[] = {
	[COLLECTOR_SAMPLES] = &samples_collector,
	[COLLECTOR_PACKETS] = &packets_collector,
	[COLLECTOR_CPU] = &cpu_collector,
	[COLLECTOR_LINK] = &link_collector,
	[COLLECTOR_JOB] = &job_collector,
	[COLLECTOR_PING] = &ping_collector,
	[COLLECTOR_WEB_SESSIONS] = &web_sessions_collector,
	[COLLECTOR_TCP] = &tcp_collector,
	[COLLECTOR_CONTINUITY] = &continuity_collector,
	[COLLECTOR_FLOWS] = &flows_collector,
	[COLLECTOR_HOSTS] = &hosts_collector,
	[COLLECTOR_SEGMENTS] = &segments_collector,
	[COLLECTORS] = NULL,
};

const struct collector_ops *collector_find(const char *name)
{
	for (size_t i = 0; collectors[i]; i++)
		if (strcmp(collectors[i]->name, name) == 0)
			return collectors[i];
	return NULL;
}

void fact_number(struct json_object *facts, const char *name, int64_t value)
{
	json_object_object_add(facts, name, json_object_new_int64(value));
}

void fact_text(struct json_object *facts, const char *name, const char *value)
{
	json_object_object_add(facts, name, json_object_new_string(value));
}

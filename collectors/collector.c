#include "collectors/collector.h"

#include <json-c/json.h>
#include <stddef.h>
#include <string.h>

const struct collector_ops *const collectors[] = {
	&samples_collector, &packets_collector,      &cpu_collector, &link_collector,       &job_collector,
	&ping_collector,    &web_sessions_collector, &tcp_collector, &continuity_collector, &flows_collector,
	&hosts_collector,   &segments_collector,     NULL,
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

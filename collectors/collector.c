#include "collectors/collector.h"

#include <stddef.h>
#include <string.h>

const struct collector_ops *const collectors[] = {
	&samples_collector, &packets_collector, &cpu_collector, &link_collector,
	&job_collector,     &ping_collector,    NULL,
};

const struct collector_ops *collector_find(const char *name)
{
	for (size_t i = 0; collectors[i]; i++)
		if (strcmp(collectors[i]->name, name) == 0)
			return collectors[i];
	return NULL;
}

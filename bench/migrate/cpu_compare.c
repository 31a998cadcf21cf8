#include "bench/migrate/cpu_compare.h"

#include "bench/base/err.h"
#include "bench/migrate/hypervisor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *cpu_of_capabilities(const char *document)
{
	static const char open[] = "<cpu>", close[] = "</cpu>";
	/* In the topology a <cpu> has attributes. */
	const char *from = strstr(document, open), *to = from ? strstr(from, close) : NULL;
	return to ? strndup(from, (size_t)(to - from) + strlen(close)) : NULL;
}

static char *host_cpu(virConnectPtr connection, struct err *e)
{
	char *document = virConnectGetCapabilities(connection),
	     *cpu = document ? cpu_of_capabilities(document) : NULL;
	free(document);
	if (!cpu)
		hypervisor_error(e, "a node does not say what CPU it has");
	return cpu;
}

/* "Skylake-Client" of "<model ...>Skylake-Client</model>". */
static void model_of(const char *cpu, char *words, size_t room)
{
	const char *model = cpu ? strstr(cpu, "<model") : NULL, *text = model ? strchr(model, '>') : NULL;
	if (text)
		snprintf(words, room, "%.*s", (int)strcspn(text + 1, "<"), text + 1);
}

int cpu_compare(virConnectPtr source, virConnectPtr destination, enum cpu_answer *ret, char *words, size_t room,
                struct err *e)
{
	char *cpus[2] = { host_cpu(source, e), host_cpu(destination, e) }, *common = NULL;
	int result = -1, answer = VIR_CPU_COMPARE_ERROR;
	words[0] = '\0';
	if (cpus[0] && cpus[1])
		answer = virConnectCompareCPU(destination, cpus[0], 0);
	if (cpus[0] && cpus[1] && answer == VIR_CPU_COMPARE_ERROR)
		hypervisor_error(e, "the destination does not compare CPUs");
	if (answer == VIR_CPU_COMPARE_INCOMPATIBLE) {
		common = virConnectBaselineCPU(source, (const char **)(void *)cpus, 2, 0);
		model_of(common, words, room);
	}
	if (answer != VIR_CPU_COMPARE_ERROR) {
		*ret = answer == VIR_CPU_COMPARE_IDENTICAL  ? CPU_IDENTICAL
		       : answer == VIR_CPU_COMPARE_SUPERSET ? CPU_SUPERSET
		                                            : CPU_INCOMPATIBLE;
		result = 0;
	}
	free(common);
	free(cpus[0]);
	free(cpus[1]);
	return result;
}

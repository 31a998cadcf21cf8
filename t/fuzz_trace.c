/* A trace of arrivals, from bytes to VMs: an error has a message of one line, and what is accepted is in order. */
#include "bench/base/err.h"
#include "bench/experiment/simulated.h"
#include "t/fuzz.h"
#include "t/fuzz_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	enum { NODES = 3 };
	static const struct scenario scenario = { .sites = NODES,
		                                  .nodes_per_site = 1,
		                                  .node_memory_bytes = (int64_t)16 << 30,
		                                  .vm_memory_bytes = (int64_t)2 << 30 };
	struct simulated_vm *vms = NULL;
	struct err e = { 0 };
	int64_t count = 0;
	char path[64];
	int fd = fuzz_file(bytes, length, path, sizeof(path));
	if (trace_read(path, &scenario, &vms, &count, &e) < 0) {
		if (!e.status || !e.text[0] || strchr(e.text, '\n') || vms)
			abort();
	} else if (count < 1) {
		abort();
	}
	for (int64_t i = 0; i < count; i++)
		if (vms[i].arrival_ns < (i ? vms[i - 1].arrival_ns : 0) || vms[i].home < -1 || vms[i].home >= NODES ||
		    vms[i].kind < -1 || vms[i].kind >= SCENARIO_KINDS || vms[i].memory_bytes < 0 ||
		    vms[i].memory_bytes > scenario.node_memory_bytes || vms[i].used_bytes < 0 ||
		    !(vms[i].work_ns >= 0))
			abort();
	free(vms);
	fuzz_file_close(fd);
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	static const char *const heads[] = { "arrival_s,work_s,memory_bytes,used_bytes,home,kind",
		                             "kind,home,arrival_s,other", "\"arrival_s\"" };
	static const char *const rows[] = { "%d,60,1073741824,5e8,%d,small\n%d.5,,,,,\n", "large,%d,%d,x\n,,%d\n",
		                            "%d\n%d\n\"%d\"\n" };
	int length = snprintf((char *)buffer, FUZZ_ROOM, "%s\n", heads[which % 3]);
	length += snprintf((char *)buffer + length, FUZZ_ROOM - (size_t)length, rows[which % 3], which % 2,
	                   1 + which % 2, 2 + which % 5);
	return (size_t)length;
}

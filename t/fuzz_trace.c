/* A trace of arrivals, from bytes to VMs: an error has a message of one line, and what is accepted is in order. */
#include "bench/base/err.h"
#include "bench/experiment/trace_file.h"
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
	struct err e = { 0 };
	char path[64];
	int fd = fuzz_file(bytes, length, path, sizeof(path));
	struct trace *t = trace_read(path, &e);
	bool fits = t && trace_fits(t, &scenario, &e) == 0;
	if (!fits && (!e.status || !e.text[0] || strchr(e.text, '\n')))
		abort();
	if (fits && t->count < 1)
		abort();
	for (int64_t i = 0; fits && i < t->count; i++) {
		const struct simulated_vm *v = &t->vms[i];
		if (v->arrival_ns < (i ? v[-1].arrival_ns : 0) || v->home < -1 || v->home >= NODES || v->kind < -1 ||
		    v->kind >= SCENARIO_KINDS || v->memory_bytes < 0 ||
		    v->memory_bytes > scenario.node_memory_bytes || v->used_bytes < 0 ||
		    v->used_bytes > (v->memory_bytes ? v->memory_bytes : scenario.vm_memory_bytes) ||
		    !(v->work_ns >= 0))
			abort();
	}
	trace_free(t);
	fuzz_file_close(fd);
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	static const char *const heads[] = { "arrival_s,work_s,memory_bytes,used_bytes,home,kind",
		                             "kind,home,arrival_s,done_s", "\xef\xbb\xbf\"arrival_s\"" };
	static const char *const rows[] = { "%d,60,1073741824,5e8,%d,small\n%d.5,,,,,\n",
		                            "large,%d,%d,\n\r\n,,%d,missing\r\n", "%d\n%d\n\"%d\"\n" };
	int length = snprintf((char *)buffer, FUZZ_ROOM, "%s\n", heads[which % 3]);
	length += snprintf((char *)buffer + length, FUZZ_ROOM - (size_t)length, rows[which % 3], which % 2,
	                   1 + which % 2, 2 + which % 5);
	return (size_t)length;
}

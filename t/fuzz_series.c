/* A CSV series: numbers are within their limits or MISSING, texts within their room, rows are counted. */
#include "analysis/series_read.h"
#include "bench/base/err.h"
#include "t/fuzz.h"
#include "t/fuzz_file.h"

#include <inttypes.h>
#include <string.h>

enum { WORKLOAD, SEQ, HEAD, WORK, WANTED };

static const struct series_column wanted[WANTED] = {
	[WORKLOAD] = { "workload", COLUMN_TEXT, 0 },
	[SEQ] = { "seq", COLUMN_INTEGER, 0 },
	[HEAD] = { "head_ns", COLUMN_INTEGER, 0 },
	[WORK] = { "work", COLUMN_INTEGER, 1 },
};

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	int64_t *rows = context;
	++*rows;
	if (strlen(cells[WORKLOAD].text) >= SERIES_TEXT_ROOM)
		abort();
	for (int i = SEQ; i < WANTED; i++)
		if (cells[i].integer != MISSING &&
		    (cells[i].integer <= -SERIES_LIMIT || cells[i].integer >= SERIES_LIMIT))
			abort();
	return cells[SEQ].integer == 4242 ? err_set(e, EXIT_MEASURED_BAD, "row refused") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct series_facts facts = { 0 };
	struct err e = { 0 };
	int64_t rows = 0;
	char path[64];
	int fd = fuzz_file(bytes, length, path, sizeof(path));
	int result = series_read("/proc/self/fd", strrchr(path, '/') + 1, wanted, WANTED, on_row, &rows, &facts, &e);
	fuzz_file_close(fd);
	if ((result < 0) != (e.status != 0) || (result < 0 && !e.text[0]))
		abort();
	if (result == 0 && (facts.rows != rows || facts.bytes != (int64_t)length || facts.rows_dropped > 1))
		abort();
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	int used = snprintf((char *)buffer, FUZZ_ROOM, "%s",
	                    "workload,seq,guest_ns,head_ns,work,worst_op_ns,worst_service_ns\n");
	for (int i = 0; i < which % 20; i++)
		used += snprintf((char *)buffer + used, (size_t)(FUZZ_ROOM - used), "%s,%d,%" PRId64 ",%s,%d,-1,-1\n",
		                 i % 3 ? "intadd" : "\"a \"\"b\"\"\"", i, i * INT64_C(10000000),
		                 i % 4 ? "123456789012345678" : "missing", i * which);
	return (size_t)used;
}

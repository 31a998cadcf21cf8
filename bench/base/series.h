/*
 * series.h - append-only CSV series of a run directory.
 *
 *	struct series *s;
 *	series_create(&s, directory, "cpu.csv", "head_ns,node,vm,cpu_ns", &e);
 *	series_row(s, "%" PRId64 ",%s,%s,%" PRId64, now, node, vm, cpu);
 *	series_close(s, &e);
 *
 * Thread-safe; rows are buffered and written whole, at the latest with the first row that comes a second after the
 * last write, so that a killed run keeps what it had; series_flush() where rows are rare. A full disk is remembered
 * and returned by series_close(); rows after it are dropped and counted.
 */
#ifndef BENCH_BASE_SERIES_H
#define BENCH_BASE_SERIES_H

struct err;
struct series;

int series_create(struct series **ret, const char *directory, const char *name, const char *header, struct err *e);

/* Append one row; the newline is added. Text fields must not hold commas, quotes or newlines: field_text_copy(). */
void series_row(struct series *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

void series_flush(struct series *s);

/* Flush, fsync and free; s may be NULL. Returns -1 with the first write error. */
int series_close(struct series *s, struct err *e);

#endif

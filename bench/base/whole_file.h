/*
 * whole_file.h - a file that is complete or absent: written under a hidden name beside it, synced, renamed.
 *
 *	if (whole_file_open(&out, directory, "metrics.csv", &e) < 0)
 *		return -1;
 *	fprintf(out.file, ...);
 *	return whole_file_close(&out, result, &e);
 */
#ifndef BENCH_BASE_WHOLE_FILE_H
#define BENCH_BASE_WHOLE_FILE_H

#include <stddef.h>
#include <stdio.h>

struct err;

struct whole_file {
	FILE *file;
	char path[4096 + 256], temporary[4096 + 264];
};

/* directory NULL: name is a path. */
int whole_file_open(struct whole_file *f, const char *directory, const char *name, struct err *e);

/* For secrets: at no time may others than its owner read it. private_file.h reads it. */
int whole_file_open_private(struct whole_file *f, const char *path, struct err *e);

/* result 0: put it in place; -1: drop it, and what stood there before is unchanged. Returns -1 on a write error (a full
 * disk) or when result was -1, with e untouched then. */
int whole_file_close(struct whole_file *f, int result, struct err *e);

/* A whole file as a string, which the caller frees; NULL when it cannot be read or is longer than limit. */
char *whole_file_read(const char *path, size_t limit);

#endif

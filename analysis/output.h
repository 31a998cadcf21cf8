/*
 * output.h - files that are complete or absent: written under another name, fsynced, renamed.
 *
 *	if (output_open(&out, directory, "metrics.csv", &e) < 0)
 *		return -1;
 *	fprintf(out.file, ...);
 *	return output_close(&out, result, &e);
 */
#ifndef ANALYSIS_OUTPUT_H
#define ANALYSIS_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

struct err;

struct output {
	FILE *file;
	char path[4096 + 256], temporary[4096 + 272];
};

int output_open(struct output *out, const char *directory, const char *name, struct err *e);

/* result 0: put it in place; -1: drop it. Returns -1 on a write error (a full disk) or when result was -1. */
int output_close(struct output *out, int result, struct err *e);

/* A field of text, quoted as RFC 4180 asks when it must be. */
void output_text(FILE *file, const char *text);

/* Comma and number: `missing` for NAN; as few digits as tell it apart to 1e-15. */
void output_number(FILE *file, double value);

/* Comma and an instant in seconds from origin_ns, to the microsecond; `missing` for MISSING. */
void output_time(FILE *file, int64_t head_ns, int64_t origin_ns);

/* Comma and a time in ms, to the microsecond; `missing` for MISSING. */
void output_ms(FILE *file, int64_t ns);

#endif

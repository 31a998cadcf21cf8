/*
 * csv_field.h - fields of the CSV files that analysis writes: missing is a word; field_text() for texts.
 */
#ifndef ANALYSIS_CSV_FIELD_H
#define ANALYSIS_CSV_FIELD_H

#include "bench/base/field_text.h"

#include <stdint.h>
#include <stdio.h>

/* Comma and number: `missing` for NAN; as few digits as tell it apart to 1e-15. */
void field_number(FILE *file, double value);

/* Comma and an instant in seconds from origin_ns, to the microsecond; `missing` for MISSING. */
void field_time(FILE *file, int64_t head_ns, int64_t origin_ns);

/* Comma and a time in ms, to the microsecond; `missing` for MISSING. */
void field_ms(FILE *file, int64_t ns);

#endif

/*
 * json_field.h - members of the JSON files that analysis writes.
 */
#ifndef ANALYSIS_JSON_FIELD_H
#define ANALYSIS_JSON_FIELD_H

struct json_object;

/* Fifteen digits: a nanosecond in eleven days, and 0.1 stays 0.1. null for NAN and for what is infinite. */
struct json_object *json_of_number(double value);

/* "" for NULL. */
struct json_object *json_of_text(const char *text);

#endif

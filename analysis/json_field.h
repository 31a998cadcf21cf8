/*
 * json_field.h - members of the JSON files that analysis reads and writes.
 */
#ifndef ANALYSIS_JSON_FIELD_H
#define ANALYSIS_JSON_FIELD_H

struct json_object;

/* Fifteen digits: a nanosecond in eleven days, and 0.1 stays 0.1. null for NAN and for what is infinite. */
struct json_object *json_of_number(double value);

/* Whether it is a number, and a finite one: anything else is no value of a metric. */
int json_is_number(struct json_object *value);

/* "" for NULL. */
struct json_object *json_of_text(const char *text);

/* The member at a JSON pointer ("/link/asked/rate") as text, valid as long as the object; "" when there is none. */
const char *json_text_at(struct json_object *object, const char *pointer);

/* The same, an array; NULL when there is none. */
struct json_object *json_array_at(struct json_object *object, const char *pointer);

#endif

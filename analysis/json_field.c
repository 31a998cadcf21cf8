#include "analysis/json_field.h"

#include <json-c/json.h>
#include <math.h>
#include <stdio.h>

struct json_object *json_of_number(double value)
{
	char text[40];
	if (isnan(value) || isinf(value))
		return NULL;
	snprintf(text, sizeof(text), "%.15g", value);
	return json_object_new_double_s(value, text);
}

int json_is_number(struct json_object *value)
{
	return (json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int)) &&
	       isfinite(json_object_get_double(value));
}

struct json_object *json_of_text(const char *text)
{
	return json_object_new_string(text ? text : "");
}

const char *json_text_at(struct json_object *object, const char *pointer)
{
	struct json_object *found = NULL;
	return object && json_pointer_get(object, pointer, &found) == 0 && found ? json_object_get_string(found) : "";
}

struct json_object *json_array_at(struct json_object *object, const char *pointer)
{
	struct json_object *found = NULL;
	if (!object || json_pointer_get(object, pointer, &found) < 0 || !json_object_is_type(found, json_type_array))
		return NULL;
	return found;
}

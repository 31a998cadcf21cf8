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

struct json_object *json_of_text(const char *text)
{
	return json_object_new_string(text ? text : "");
}

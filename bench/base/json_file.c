#include "bench/base/json_file.h"

#include "bench/base/whole_file.h"

#include <errno.h>
#include <json-c/json.h>

int json_file_write(const char *directory, const char *name, struct json_object *object, struct err *e)
{
	struct whole_file out = { 0 };
	if (whole_file_open(&out, directory, name, e) < 0)
		return -1;
	fputs(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE),
	      out.file);
	putc('\n', out.file);
	return whole_file_close(&out, 0, e);
}

struct json_object *json_file_read(const char *directory, const char *name)
{
	char path[4096 + 256];
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	errno = 0;
	return json_object_from_file(path);
}

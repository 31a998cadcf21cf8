/*
 * json_file.h - a JSON object as a file that is complete or absent (whole_file.h).
 */
#ifndef BENCH_BASE_JSON_FILE_H
#define BENCH_BASE_JSON_FILE_H

struct err;
struct json_object;

/* directory NULL: name is a path. The object stays the caller's. -1 on a write error. */
int json_file_write(const char *directory, const char *name, struct json_object *object, struct err *e);

/* What a file holds, for the caller to put; NULL when it is not there (errno) or no JSON. */
struct json_object *json_file_read(const char *directory, const char *name);

#endif

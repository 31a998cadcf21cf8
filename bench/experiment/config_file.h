/*
 * config_file.h - an INI file as an ordered list of entries, each knowing where it stands.
 *
 * It knows no key; experiment.h gives them meaning. An entry may have several values ("rate = 1G, 100M"): which keys
 * may, and what a list means, is not decided here either.
 */
#ifndef BENCH_EXPERIMENT_CONFIG_FILE_H
#define BENCH_EXPERIMENT_CONFIG_FILE_H

#include <stddef.h>

struct err;
struct json_object;

struct config_entry {
	char section[64]; /* "link", "vm" */
	char subject[64]; /* the name in "[vm vm1]"; else empty */
	char key[64];
	char value[1024];
	char where[300]; /* "FILE:LINE" or "-s" for messages */
};

struct config_file {
	struct config_entry *entries; /* a later entry for the same key wins only when it came by config_override() */
	size_t count;
};

/*
 * Read a file. Errors name file and line: syntax, a key or a section given twice, a name, line (198 bytes) or value that is too
 * long. A line that begins with a blank continues the value before it.
 */
int config_file_read(struct config_file *c, const char *path, struct err *e);

/* Apply "section.key=value" (also "vm.key=value" for every VM, or "VMNAME.key=value"), replacing or adding. */
int config_override(struct config_file *c, const char *assignment, struct err *e);

/* The same for "section.key", from elsewhere; `where` is for messages. */
int config_assign(struct config_file *c, const char *name, const char *value, const char *where, struct err *e);

/* A copy of c with the same entries, so that it can be changed on its own. */
int config_file_copy(struct config_file *to, const struct config_file *from, struct err *e);

/* What it says, as {"section.key" or "section subject.key": value}; for the caller to put. */
struct json_object *config_file_json(const struct config_file *c);

void config_file_free(struct config_file *c);

#endif

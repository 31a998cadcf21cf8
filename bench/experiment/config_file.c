#include "bench/experiment/config_file.h"

#include "bench/base/err.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { NAME_LENGTH_MAX = 48 }; /* inih cuts names at 49 bytes and does not say so */

struct reading {
	struct config_file *config;
	const char *path;
	FILE *file;
	int line;          /* of the line that inih handles now */
	bool continuation; /* it begins with a blank: more text for the key before */
	bool header;       /* no key has come since the last [section] */
	struct err *e;
};

static bool at_end(FILE *file)
{
	int next = getc(file);
	return next == EOF || ungetc(next, file) == EOF;
}

/* inih's handlers are not told the line, so its reader counts; and what does not fit it would take as a next line. */
static char *read_line(char *buffer, int room, void *stream)
{
	struct reading *r = stream;
	char *line = r->e->status ? NULL : fgets(buffer, room, r->file);
	if (!line)
		return NULL;
	r->line++;
	r->continuation = isspace((unsigned char)line[0]) && line[strspn(line, " \t\r\n")];
	r->header |= line[0] == '[';
	if (!strchr(line, '\n') && !at_end(r->file)) {
		err_set(r->e, EXIT_USAGE,
		        "%s:%d: longer than %d bytes, or not text: continue a value on the next line, after a blank",
		        r->path, r->line, room - 2);
		return NULL;
	}
	return line;
}

/* Without a key: the section's first entry. */
static struct config_entry *entry_find(struct config_file *c, const char *section, const char *subject,
                                       const char *key)
{
	for (size_t i = 0; i < c->count; i++) {
		struct config_entry *entry = &c->entries[i];
		if (strcmp(entry->section, section) == 0 && strcmp(entry->subject, subject) == 0 &&
		    (!key || strcmp(entry->key, key) == 0))
			return entry;
	}
	return NULL;
}

static struct config_entry *entry_add(struct config_file *c, const char *section, const char *subject,
                                      const char *key, struct err *e)
{
	struct config_entry *more = realloc(c->entries, (c->count + 1) * sizeof(*more));
	if (!more) {
		err_errno(e, EXIT_CANNOT, "cannot keep the config");
		return NULL;
	}
	c->entries = more;
	struct config_entry *entry = &more[c->count++];
	memset(entry, 0, sizeof(*entry));
	snprintf(entry->section, sizeof(entry->section), "%s", section);
	snprintf(entry->subject, sizeof(entry->subject), "%s", subject);
	snprintf(entry->key, sizeof(entry->key), "%s", key);
	return entry;
}

/* "vm vm1" -> "vm" and "vm1". */
static void section_split(const char *whole, char *section, char *subject, size_t room)
{
	size_t length = strcspn(whole, " \t");
	const char *rest = whole + length + strspn(whole + length, " \t");
	snprintf(section, room, "%.*s", (int)length, whole);
	snprintf(subject, room, "%s", rest);
}

static int handle(void *user, const char *whole_section, const char *key, const char *value)
{
	struct reading *r = user;
	char section[64], subject[64];
	if (r->e->status)
		return 0;
	if (strlen(whole_section) > NAME_LENGTH_MAX || strlen(key) > NAME_LENGTH_MAX) {
		err_set(r->e, EXIT_USAGE, "%s:%d: the name of the %s is longer than %d bytes", r->path, r->line,
		        strlen(key) > NAME_LENGTH_MAX ? "key" : "section", NAME_LENGTH_MAX);
		return 0;
	}
	section_split(whole_section, section, subject, sizeof(section));
	if (!section[0]) {
		err_set(r->e, EXIT_USAGE, "%s:%d: key '%s' stands before any [section]", r->path, r->line, key);
		return 0;
	}
	struct config_entry *old = entry_find(r->config, section, subject, key);
	bool more = old && r->continuation;
	size_t used = more ? strlen(old->value) : 0;
	if (used + more + strlen(value) >= sizeof(old->value)) {
		err_set(r->e, EXIT_USAGE, "%s:%d: value of '%s' is too long", r->path, r->line, key);
		return 0;
	}
	if (more) {
		snprintf(old->value + used, sizeof(old->value) - used, " %s", value);
		return 1;
	}
	if (old) {
		err_set(r->e, EXIT_USAGE, "%s:%d: key '%s' of section [%s] is given twice (first at %s)", r->path,
		        r->line, key, whole_section, old->where);
		return 0;
	}
	struct config_entry *first = r->header ? entry_find(r->config, section, subject, NULL) : NULL;
	if (first) {
		err_set(r->e, EXIT_USAGE, "%s:%d: section [%s] is there twice (its first key is at %s)", r->path,
		        r->line, whole_section, first->where);
		return 0;
	}
	r->header = false;
	struct config_entry *entry = entry_add(r->config, section, subject, key, r->e);
	if (!entry)
		return 0;
	snprintf(entry->value, sizeof(entry->value), "%s", value);
	snprintf(entry->where, sizeof(entry->where), "%s:%d", r->path, r->line);
	return 1;
}

int config_file_read(struct config_file *c, const char *path, struct err *e)
{
	struct err local = { 0 };
	struct reading r = { .config = c, .path = path, .e = &local };
	struct stat st;
	memset(c, 0, sizeof(*c));
	r.file = fopen(path, "re");
	if (!r.file)
		return err_errno(e, EXIT_USAGE, "cannot read config '%s'", path);
	if (fstat(fileno(r.file), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(r.file);
		return err_set(e, EXIT_USAGE, "cannot read config '%s': it is a folder", path);
	}
	int line = ini_parse_stream(read_line, &r, handle, &r);
	fclose(r.file);
	if (line > 0 && !local.status)
		err_set(&local, EXIT_USAGE, "%s:%d: neither '[section]' nor 'key = value'", path, line);
	else if (line < 0)
		err_set(&local, EXIT_CANNOT, "cannot parse '%s': out of memory", path);
	if (!local.status)
		return 0;
	config_file_free(c);
	return err_set(e, local.status, "%s", local.text);
}

static int set_value(struct config_file *c, const char *section, const char *subject, const char *key,
                     const char *value, const char *where, struct err *e)
{
	struct config_entry *entry = entry_find(c, section, subject, key);
	if (!entry)
		entry = entry_add(c, section, subject, key, e);
	if (!entry)
		return -1;
	snprintf(entry->value, sizeof(entry->value), "%s", value);
	snprintf(entry->where, sizeof(entry->where), "%s", where);
	return 0;
}

int config_assign(struct config_file *c, const char *name, const char *value, const char *where, struct err *e)
{
	char section[64], key[64];
	const char *dot = strchr(name, '.');
	if (!dot || dot == name || !dot[1] || (size_t)(dot - name) >= sizeof(section) || strlen(dot) > sizeof(key))
		return err_set(e, EXIT_USAGE, "%s: '%s': expected section.key, such as link.rate", where, name);
	if (strlen(value) >= sizeof(c->entries->value))
		return err_set(e, EXIT_USAGE, "%s: value of '%s' is too long", where, name);
	snprintf(section, sizeof(section), "%.*s", (int)(dot - name), name);
	snprintf(key, sizeof(key), "%s", dot + 1);

	/* A VM's name, or "vm" for all of them, stands for its section. */
	char names[64][64];
	size_t named = 0;
	for (size_t i = 0; i < c->count && named < 64; i++) {
		const struct config_entry *entry = &c->entries[i];
		bool wanted = strcmp(entry->section, "vm") == 0 &&
		              (strcmp(section, "vm") == 0 || strcmp(section, entry->subject) == 0);
		for (size_t k = 0; wanted && k < named; k++)
			wanted = strcmp(names[k], entry->subject) != 0;
		if (wanted)
			snprintf(names[named++], sizeof(names[0]), "%s", entry->subject);
	}
	for (size_t k = 0; k < named; k++)
		if (set_value(c, "vm", names[k], key, value, where, e) < 0)
			return -1;
	return named ? 0 : set_value(c, section, "", key, value, where, e);
}

int config_override(struct config_file *c, const char *assignment, struct err *e)
{
	char name[128], where[300];
	const char *equals = strchr(assignment, '=');
	snprintf(where, sizeof(where), "-s %.250s", assignment);
	if (!equals || (size_t)(equals - assignment) >= sizeof(name))
		return err_set(e, EXIT_USAGE, "-s '%.100s': expected section.key=value, such as link.rate=1G",
		               assignment);
	snprintf(name, sizeof(name), "%.*s", (int)(equals - assignment), assignment);
	return config_assign(c, name, equals + 1, where, e);
}

int config_file_copy(struct config_file *to, const struct config_file *from, struct err *e)
{
	to->count = from->count;
	to->entries = malloc((from->count + 1) * sizeof(*to->entries));
	if (!to->entries)
		return err_errno(e, EXIT_CANNOT, "cannot copy the config");
	if (from->count)
		memcpy(to->entries, from->entries, from->count * sizeof(*to->entries));
	return 0;
}

struct json_object *config_file_json(const struct config_file *c)
{
	struct json_object *keys = json_object_new_object();
	for (size_t i = 0; i < c->count; i++) {
		const struct config_entry *entry = &c->entries[i];
		char name[256];
		snprintf(name, sizeof(name), "%s%s%s.%s", entry->section, entry->subject[0] ? " " : "",
		         entry->subject, entry->key);
		json_object_object_add(keys, name, json_object_new_string(entry->value));
	}
	return keys;
}

void config_file_free(struct config_file *c)
{
	free(c->entries);
	memset(c, 0, sizeof(*c));
}

#include "bench/testbed/guest_image.h"

#include "bench/base/err.h"
#include "bench/base/whole_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MODULES_MAX 64
#define LIST_MAX 256 /* modules.dep: dependencies of one module */

/* What a guest needs beyond the kernel proper; dependencies come by themselves. */
static const struct {
	const char *name, *parameters;
} wanted[] = {
	{ "virtio_pci", "" },
	{ "virtio_net", " napi_tx=0" }, /* no interrupt for each datagram sent */
	{ "virtio_blk", "" },
};

struct modules {
	char *path[MODULES_MAX]; /* relative to modules/, in loading order */
	size_t count;
};

/* The module's name of a path: no directory, no .ko, .ko.xz, ..., '-' as '_'. */
static void module_name(const char *path, char *buffer, size_t room)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path, *end = strstr(base, ".ko");
	snprintf(buffer, room, "%.*s", (int)(end ? (size_t)(end - base) : strlen(base)), base);
	for (char *c = buffer; *c; c++)
		if (*c == '-')
			*c = '_';
}

static bool is_module(const char *path, const char *name)
{
	char buffer[128];
	module_name(path, buffer, sizeof(buffer));
	return strcmp(buffer, name) == 0;
}

static int modules_add(struct modules *m, const char *path, struct err *e)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->path[i], path) == 0)
			return 0;
	if (m->count == MODULES_MAX)
		return err_set(e, EXIT_CANNOT, "the guest's drivers need more than %d modules", MODULES_MAX);
	m->path[m->count] = strdup(path);
	return m->path[m->count++] ? 0 : err_errno(e, EXIT_CANNOT, "list of modules");
}

static void modules_free(struct modules *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->path[i]);
}

/* "PATH: DEPENDENCY..." of modules.dep; the last dependency is to be loaded first, the module itself last. */
static int dependencies_add(struct modules *m, char *line, struct err *e)
{
	char *list[LIST_MAX], *save = NULL;
	size_t count = 0;
	for (char *word = strtok_r(line, ": \n", &save); word && count < LIST_MAX;
	     word = strtok_r(NULL, ": \n", &save))
		list[count++] = word;
	while (count > 0)
		if (modules_add(m, list[--count], e) < 0)
			return -1;
	return 0;
}

/* The line of `directory`/modules/`file` whose first word is module `name`; free() it. NULL: there is none. */
static char *find_line(const char *directory, const char *file, const char *name)
{
	char path[PATH_MAX], *line = NULL;
	size_t room = 0;
	snprintf(path, sizeof(path), "%s/modules/%s", directory, file);
	FILE *f = fopen(path, "re");
	if (!f)
		return NULL;
	while (getline(&line, &room, f) > 0) {
		size_t first = strcspn(line, ": \n");
		char after = line[first];
		line[first] = '\0';
		bool found = is_module(line, name);
		line[first] = after;
		if (found) {
			fclose(f);
			return line;
		}
	}
	free(line);
	fclose(f);
	return NULL;
}

static const char *parameters_of(const char *name)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		if (strcmp(wanted[i].name, name) == 0)
			return wanted[i].parameters;
	return "";
}

static int modules_resolve(struct modules *m, const char *directory, struct err *e)
{
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		char *line = find_line(directory, "modules.dep", wanted[i].name);
		int result = 0;
		if (line)
			result = dependencies_add(m, line, e);
		else if (!(line = find_line(directory, "modules.builtin", wanted[i].name)))
			result = err_set(e, EXIT_CANNOT, "the kernel in '%s' has no module '%s'; run make guest",
			                 directory, wanted[i].name);
		free(line);
		if (result < 0)
			return -1;
	}
	return 0;
}

struct bytes {
	char *at;
	size_t length;
};

/* Read a whole file, decompressed if it is compressed (libarchive finds out). */
static int file_read(const char *path, struct bytes *ret, struct err *e)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	struct bytes b = { NULL, 0 };
	ssize_t got = -1;
	archive_read_support_filter_all(a);
	archive_read_support_format_raw(a);
	if (archive_read_open_filename(a, path, 1 << 16) == ARCHIVE_OK &&
	    archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		do {
			char *more = realloc(b.at, b.length + (1 << 20));
			if (!more)
				break;
			b.at = more;
			got = archive_read_data(a, b.at + b.length, 1 << 20);
			b.length += got > 0 ? (size_t)got : 0;
		} while (got > 0);
	}
	if (got < 0) {
		const char *reason = archive_error_string(a);
		err_set(e, EXIT_CANNOT, "cannot read '%s': %s", path, reason ? reason : "no memory");
		free(b.at);
	}
	archive_read_free(a);
	if (got < 0)
		return -1;
	*ret = b;
	return 0;
}

/* One member; mode has the file type. content NULL: a directory or the console's node. */
static int member_write(struct archive *a, const char *name, mode_t mode, const struct bytes *content, struct err *e)
{
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, name);
	archive_entry_set_mode(entry, mode);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_nlink(entry, 1);
	archive_entry_set_size(entry, content ? (int64_t)content->length : 0);
	if (S_ISCHR(mode)) {
		archive_entry_set_rdevmajor(entry, 5);
		archive_entry_set_rdevminor(entry, 1);
	}
	bool ok = archive_write_header(a, entry) == ARCHIVE_OK &&
	          (!content || archive_write_data(a, content->at, content->length) == (ssize_t)content->length);
	archive_entry_free(entry);
	return ok ? 0
	          : err_set(e, EXIT_CANNOT, "cannot write '%s' into the guest image: %s", name,
	                    archive_error_string(a));
}

static int file_member_write(struct archive *a, const char *name, const char *path, struct err *e)
{
	struct bytes content;
	if (file_read(path, &content, e) < 0)
		return -1;
	int result = member_write(a, name, S_IFREG | 0755, &content, e);
	free(content.at);
	return result;
}

static int members_write(struct archive *a, const char *binary, const char *directory, const struct modules *m,
                         struct err *e)
{
	static const char *const directories[] = { "dev", "proc", "sys", "etc", "lib" };
	char order[MODULES_MAX * 160] = "", path[PATH_MAX], name[128], member[160];
	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++)
		if (member_write(a, directories[i], S_IFDIR | 0755, NULL, e) < 0)
			return -1;
	if (member_write(a, "dev/console", S_IFCHR | 0600, NULL, e) < 0 ||
	    file_member_write(a, "init", binary, e) < 0)
		return -1;
	for (size_t i = 0; i < m->count; i++) {
		module_name(m->path[i], name, sizeof(name));
		snprintf(member, sizeof(member), "lib/%s.ko", name);
		snprintf(path, sizeof(path), "%s/modules/%s", directory, m->path[i]);
		if (file_member_write(a, member, path, e) < 0)
			return -1;
		size_t used = strlen(order);
		snprintf(order + used, sizeof(order) - used, "/%s%s\n", member, parameters_of(name));
	}
	struct bytes content = { order, strlen(order) };
	return member_write(a, "etc/modules-order", S_IFREG | 0644, &content, e);
}

static int image_write(int fd, const char *binary, const char *directory, const struct modules *m, struct err *e)
{
	struct archive *a = archive_write_new();
	int result = 0;
	archive_write_set_format_cpio_newc(a);
	archive_write_add_filter_none(a);
	if (archive_write_open_fd(a, fd) != ARCHIVE_OK)
		result = err_set(e, EXIT_CANNOT, "cannot write the guest image: %s", archive_error_string(a));
	if (result == 0)
		result = members_write(a, binary, directory, m, e);
	if (result == 0 && archive_write_close(a) != ARCHIVE_OK)
		result = err_set(e, EXIT_CANNOT, "cannot write the guest image: %s", archive_error_string(a));
	archive_write_free(a);
	return result;
}

int guest_image_write(const char *binary, const char *kernel_directory, const char *output, struct err *e)
{
	struct modules m = { .count = 0 };
	struct whole_file out = { 0 };
	int result = modules_resolve(&m, kernel_directory, e);
	if (result == 0)
		result = whole_file_open(&out, NULL, output, e);
	if (result == 0)
		result = whole_file_close(&out, image_write(fileno(out.file), binary, kernel_directory, &m, e), e);
	modules_free(&m);
	return result;
}

int guest_kernel_version(const char *kernel_directory, char *buffer, size_t room, struct err *e)
{
	char path[PATH_MAX];
	snprintf(path, sizeof(path), "%s/version", kernel_directory);
	FILE *f = fopen(path, "re");
	char *line = f ? fgets(buffer, (int)room, f) : NULL;
	if (f)
		fclose(f);
	if (!line)
		return err_set(e, EXIT_CANNOT, "no guest kernel in '%s'; run make guest", kernel_directory);
	buffer[strcspn(buffer, "\n")] = '\0';
	return 0;
}

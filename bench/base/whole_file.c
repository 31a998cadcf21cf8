#include "bench/base/whole_file.h"

#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_with(struct whole_file *f, const char *directory, const char *name, bool private, struct err *e)
{
	snprintf(f->path, sizeof(f->path), "%s%s%s", directory ? directory : "", directory ? "/" : "", name);
	const char *slash = strrchr(f->path, '/'), *base = slash ? slash + 1 : f->path;
	snprintf(f->temporary, sizeof(f->temporary), "%.*s.%s.XXXXXX", (int)(base - f->path), f->path, base);
	int fd = mkostemp(f->temporary, O_CLOEXEC); /* nobody else's so far */
	if (fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", f->path);
	if (!private)
		fchmod(fd, 0644);
	f->file = fdopen(fd, "w");
	if (f->file)
		return 0;
	err_errno(e, EXIT_CANNOT, "cannot write '%s'", f->path);
	close(fd);
	unlink(f->temporary);
	return -1;
}

int whole_file_open(struct whole_file *f, const char *directory, const char *name, struct err *e)
{
	return open_with(f, directory, name, false, e);
}

int whole_file_open_private(struct whole_file *f, const char *path, struct err *e)
{
	return open_with(f, NULL, path, true, e);
}

int whole_file_close(struct whole_file *f, int result, struct err *e)
{
	errno = 0;
	int bad = result == 0 && (fflush(f->file) != 0 || ferror(f->file) || fsync(fileno(f->file)) < 0);
	int saved = errno;
	bad |= fclose(f->file) != 0;
	if (!bad && result == 0 && rename(f->temporary, f->path) == 0)
		return 0;
	errno = saved ? saved : errno;
	if (result == 0)
		err_errno(e, EXIT_CANNOT, "cannot write '%s'", f->path);
	unlink(f->temporary);
	return -1;
}

char *whole_file_read(const char *path, size_t limit)
{
	FILE *in = fopen(path, "re");
	if (!in)
		return NULL;
	char *text = malloc(limit + 1);
	size_t length = text ? fread(text, 1, limit + 1, in) : 0;
	fclose(in);
	if (!text || length > limit) {
		free(text);
		return NULL;
	}
	text[length] = '\0';
	return text;
}

#include "reports/page_file.h"

#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int page_file_open(struct page_file *f, const char *path, struct err *e)
{
	snprintf(f->path, sizeof(f->path), "%s", path);
	snprintf(f->temporary, sizeof(f->temporary), "%s.XXXXXX", f->path);
	int fd = mkostemp(f->temporary, O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	fchmod(fd, 0644);
	f->out = fdopen(fd, "w");
	if (f->out)
		return 0;
	err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
	close(fd);
	unlink(f->temporary);
	return -1;
}

int page_file_publish(struct page_file *f, struct err *e)
{
	int bad = ferror(f->out) || fflush(f->out) != 0 || fsync(fileno(f->out)) != 0;
	int saved = errno;
	bad |= fclose(f->out) != 0;
	if (!bad && rename(f->temporary, f->path) == 0)
		return 0;
	errno = bad && saved ? saved : errno;
	err_errno(e, EXIT_CANNOT, "cannot write '%s'", f->path);
	unlink(f->temporary);
	return -1;
}

void page_file_drop(struct page_file *f)
{
	fclose(f->out);
	unlink(f->temporary);
}

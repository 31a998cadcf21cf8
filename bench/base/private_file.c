#include "bench/base/private_file.h"

#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int private_file_open(const char *path, int flags, const char *what, struct err *e)
{
	struct stat st;
	/* One that is no file does not keep us waiting. */
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, S_IRUSR | S_IWUSR);
	if (fd < 0 || fstat(fd, &st) < 0) {
		int why = errno;
		err_errno(e, EXIT_CANNOT, "cannot open the %s '%s'", what, path);
		if (fd >= 0)
			close(fd);
		errno = why;
		return -1;
	}
	if (S_ISREG(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & (S_IRWXG | S_IRWXO)))
		return fd;
	close(fd);
	errno = EACCES;
	return err_set(e, EXIT_CANNOT, "the %s '%s' is not private: chmod 600, or remove it", what, path);
}

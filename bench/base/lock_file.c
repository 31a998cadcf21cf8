#include "bench/base/lock_file.h"

#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_its_name(int fd, const char *path)
{
	struct stat held, named;
	return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino;
}

static void owner_read(int fd, char *held, size_t room)
{
	ssize_t n = pread(fd, held, room - 1, 0);
	held[n > 0 ? n : 0] = '\0';
	if (!held[0])
		strcpy(held, "?"); /* it was just taken */
}

static int owner_write(int fd, const char *owner)
{
	ssize_t length = (ssize_t)strlen(owner);
	return ftruncate(fd, 0) == 0 && pwrite(fd, owner, (size_t)length, 0) == length ? 0 : -1;
}

int lock_file_try(const char *path, const char *owner, int *ret_fd, char *held, size_t room, struct err *e)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return err_errno(e, EXIT_CANNOT, "cannot open '%s'", path);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			owner_read(fd, held, room);
			close(fd);
			return 0;
		}
		if (has_its_name(fd, path)) {
			if (owner_write(fd, owner) == 0) {
				*ret_fd = fd;
				return 1;
			}
			err_errno(e, EXIT_CANNOT, "cannot write '%s'", path);
			close(fd);
			return -1;
		}
		close(fd);
	}
}

bool lock_file_is_held(const char *path, char *held, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
	if (is)
		owner_read(fd, held, room);
	if (fd >= 0)
		close(fd);
	return is;
}

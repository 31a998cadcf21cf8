#include "bench/base/unix_socket.h"

#include "bench/base/err.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 64 };

/* One that listens there, or is connected to it; -1: errno. */
static int attached(const char *path, bool listening)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(a.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(a.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (listening ? SOCK_NONBLOCK : 0), 0);
	if (fd < 0 || (listening ? bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, BACKLOG) == 0
	                         : connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0))
		return fd;
	int reason = errno;
	close(fd);
	errno = reason;
	return -1;
}

int unix_listen(const char *path, struct err *e)
{
	unlink(path);
	int fd = attached(path, true);
	return fd < 0 ? err_errno(e, EXIT_CANNOT, "cannot listen at '%s'", path) : fd;
}

int unix_connect(const char *path)
{
	return attached(path, false);
}

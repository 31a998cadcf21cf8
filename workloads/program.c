#include "workloads/program.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISK "/dev/vda"
#define MOUNT_POINT "/disk"
#define DISK_DEADLINE_NS (5 * NS_PER_S)

static const char *root_directory(const char *root)
{
	return root[0] ? root : MOUNT_POINT;
}

int system_mount(const char *root, struct err *e)
{
	/* The last two are of the kernel's, as programs expect them. */
	static const struct {
		const char *device, *where, *type;
	} mounts[] = { { DISK, MOUNT_POINT, "ext4" },
		       { "proc", MOUNT_POINT "/proc", "proc" },
		       { "devtmpfs", MOUNT_POINT "/dev", "devtmpfs" },
		       { "tmpfs", MOUNT_POINT "/run", "tmpfs" } };
	int64_t deadline_ns = clock_now_ns() + DISK_DEADLINE_NS;
	if (root[0])
		return access(root, X_OK) < 0 ? err_errno(e, EXIT_CANNOT, "cannot enter '%s'", root) : 0;
	while (access(DISK, F_OK) < 0 && clock_now_ns() < deadline_ns)
		clock_sleep(NS_PER_MS);
	mkdir(MOUNT_POINT, 0755);
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		if (mount(mounts[i].device, mounts[i].where, mounts[i].type, MS_NOATIME, NULL) < 0 && errno != EBUSY)
			return err_errno(e, EXIT_CANNOT, "cannot mount '%s' on '%s'", mounts[i].device,
			                 mounts[i].where);
	return 0;
}

/* In the child of a process with threads: nothing but system calls. */
_Noreturn static void child(const char *root, const char *directory, const char *const argv[], int output_fd)
{
	static const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C",
		"TMPDIR=/tmp", NULL
	};
	int null_fd;
	setpgid(0, 0);
	if ((strcmp(root, "/") != 0 && (chroot(root) < 0 || chdir("/") < 0)) || chdir(directory) < 0 ||
	    (null_fd = open("/dev/null", O_RDONLY)) < 0 || dup2(null_fd, 0) < 0 || dup2(output_fd, 1) < 0 ||
	    dup2(output_fd, 2) < 0)
		_exit(126);
	execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
	_exit(127);
}

int program_start(struct program *p, const char *root, const char *directory, const char *const argv[], struct err *e)
{
	int pipe_fds[2];
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot start '%s'", argv[0]);
	pid_t pid = fork();
	if (pid == 0)
		child(root_directory(root), directory, argv, pipe_fds[1]);
	close(pipe_fds[1]);
	if (pid < 0) {
		close(pipe_fds[0]);
		return err_errno(e, EXIT_CANNOT, "cannot start '%s'", argv[0]);
	}
	setpgid(pid, pid); /* whoever of the two comes first */
	*p = (struct program){ .pid = pid, .output_fd = pipe_fds[0] };
	return 0;
}

/* Take a whole line out of what is held; an overlong one is a line by itself. */
static bool line_take(struct program *p, char *buffer, size_t room)
{
	const char *end = memchr(p->line, '\n', p->held);
	if (!end && p->held < sizeof(p->line))
		return false;
	size_t length = end ? (size_t)(end - p->line) : p->held, used = end ? length + 1 : length;
	snprintf(buffer, room, "%.*s", (int)length, p->line);
	p->held -= used;
	memmove(p->line, p->line + used, p->held);
	return true;
}

int program_line(struct program *p, int64_t wait_ns, char *buffer, size_t room)
{
	struct pollfd output = { .fd = p->output_fd, .events = POLLIN };
	while (!line_take(p, buffer, room)) {
		if (poll(&output, 1, (int)(wait_ns / NS_PER_MS)) <= 0)
			return 0;
		ssize_t got = read(p->output_fd, p->line + p->held, sizeof(p->line) - p->held);
		if (got < 0 && errno == EINTR)
			return 0;
		if (got <= 0)
			return -1;
		p->held += (size_t)got;
	}
	return 1;
}

int program_wait(struct program *p)
{
	int status = 0;
	while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	close(p->output_fd);
	*p = (struct program){ .pid = 0 };
	return status;
}

void program_kill(struct program *p)
{
	if (!p->pid)
		return;
	kill(-p->pid, SIGKILL);
	program_wait(p);
}

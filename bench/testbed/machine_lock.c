#include "bench/testbed/machine_lock.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_PATH MACHINE_HOME "/lock"
#define POLL_NS (100 * NS_PER_MS)

/* The file is removed when all is undone: one that lost its name is no lock any more. */
static bool has_its_name(int fd)
{
	struct stat held, named;
	return fstat(fd, &held) == 0 && stat(LOCK_PATH, &named) == 0 && held.st_ino == named.st_ino;
}

static void owner_read(int fd, char owner[MACHINE_OWNER_ROOM])
{
	ssize_t n = pread(fd, owner, MACHINE_OWNER_ROOM - 1, 0);
	owner[n > 0 ? n : 0] = '\0';
	if (!owner[0])
		strcpy(owner, "?"); /* it was just taken */
}

static int owner_write(int fd)
{
	char owner[MACHINE_OWNER_ROOM];
	int length = snprintf(owner, sizeof(owner), "%d", (int)getpid());
	return ftruncate(fd, 0) == 0 && pwrite(fd, owner, (size_t)length, 0) == length ? 0 : -1;
}

/* 1: it is ours; 0: another's, whose pid is in owner; -1: the machine refuses. */
static int try_once(int *ret_fd, char owner[MACHINE_OWNER_ROOM], struct err *e)
{
	for (;;) {
		if (mkdir(MACHINE_HOME, 0700) < 0 && errno != EEXIST)
			return err_errno(e, EXIT_CANNOT, "cannot create '%s' (are you root?)", MACHINE_HOME);
		int fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 && errno == ENOENT) /* the one before us has just taken it away */
			continue;
		if (fd < 0)
			return err_errno(e, EXIT_CANNOT, "cannot open '%s' (are you root?)", LOCK_PATH);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			owner_read(fd, owner);
			close(fd);
			return 0;
		}
		if (has_its_name(fd)) {
			if (owner_write(fd) < 0) {
				err_errno(e, EXIT_CANNOT, "cannot write '%s'", LOCK_PATH);
				close(fd);
				return -1;
			}
			*ret_fd = fd;
			return 1;
		}
		close(fd);
	}
}

int machine_lock_take(int *ret_fd, const struct machine_wait *wait, struct err *e)
{
	char owner[MACHINE_OWNER_ROOM], text[100];
	int taken;
	for (bool told = false; (taken = try_once(ret_fd, owner, e)) == 0; told = true) {
		if (!wait)
			return err_set(e, EXIT_CANNOT,
			               "another migmeter (pid %s) is at work on this machine: --wait waits for it",
			               owner);
		if (wait->interrupted && *wait->interrupted)
			return err_set(e, EXIT_INTERRUPTED, "interrupted");
		snprintf(text, sizeof(text), "waiting: another migmeter (pid %s) is at work on this machine", owner);
		if (!told)
			wait->note(text);
		clock_sleep(POLL_NS);
	}
	return taken < 0 ? -1 : 0;
}

bool machine_lock_is_held(char owner[MACHINE_OWNER_ROOM])
{
	int fd = open(LOCK_PATH, O_RDONLY | O_CLOEXEC);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
	if (held)
		owner_read(fd, owner);
	if (fd >= 0)
		close(fd);
	return held;
}

void machine_lock_give(int fd, bool clean)
{
	if (clean) {
		unlink(LOCK_PATH);
		rmdir(MACHINE_HOME);
	}
	close(fd);
}

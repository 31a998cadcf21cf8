#include "bench/testbed/machine_lock.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/lock_file.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_PATH MACHINE_HOME "/lock"
#define POLL_NS (100 * NS_PER_MS)

/* 1: it is ours; 0: another's, whose pid is in owner; -1: the machine refuses. */
static int try_once(int *ret_fd, char owner[MACHINE_OWNER_ROOM], struct err *e)
{
	char own[MACHINE_OWNER_ROOM];
	int taken;
	snprintf(own, sizeof(own), "%d", (int)getpid());
	do {
		if (mkdir(MACHINE_HOME, 0700) < 0 && errno != EEXIST)
			return err_errno(e, EXIT_CANNOT, "cannot create '%s' (are you root?)", MACHINE_HOME);
		taken = lock_file_try(LOCK_PATH, own, ret_fd, owner, MACHINE_OWNER_ROOM, e);
	} while (taken < 0 && errno == ENOENT); /* the one before us has just taken it away, with its folder */
	return taken;
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
	return lock_file_is_held(LOCK_PATH, owner, MACHINE_OWNER_ROOM);
}

void machine_lock_give(int fd, bool clean)
{
	if (clean) {
		unlink(LOCK_PATH);
		rmdir(MACHINE_HOME);
	}
	close(fd);
}

/* stand_in_ssh.h - for tests: an ssh that runs on this machine what it is told to run on another; root@gone is nowhere. */
#ifndef T_STAND_IN_SSH_H
#define T_STAND_IN_SSH_H

#include "t/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A file in the test's folder. */
static void file_write(const char *name, const char *text)
{
	char path[100];
	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* From here on `ssh` is the stand-in. */
static void stand_in(void)
{
	char path[100], both[4096];
	file_write("ssh", "#!/bin/sh\nwhile [ \"$1\" != -- ]; do shift; done\n"
	                  "[ \"$2\" != root@gone ] || { echo no route >&2; exit 255; }\n"
	                  "shift 2\nexec sh -c \"$*\"\n");
	snprintf(path, sizeof(path), "%s/ssh", scratch);
	chmod(path, 0755);
	snprintf(both, sizeof(both), "%s:%s", scratch, getenv("PATH"));
	setenv("PATH", both, 1);
}

#endif

/* scratch.h - for tests: a fresh folder for a test or a group of them, gone afterwards with all that is in it. */
#ifndef T_SCRATCH_H
#define T_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char scratch[64];

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

static int folder_remove(const char *path)
{
	return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

__attribute__((unused)) static int scratch_make(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/migmeter-test-XXXXXX");
	return mkdtemp(scratch) ? 0 : -1;
}

__attribute__((unused)) static int scratch_remove(void **state)
{
	(void)state;
	return folder_remove(scratch);
}

#endif

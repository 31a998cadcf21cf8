/* fuzz_file.h - the input of a fuzz target as a file, for decoders that open a path. */
#ifndef T_FUZZ_FILE_H
#define T_FUZZ_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file in memory that holds the bytes, and its path. */
static int fuzz_file(const void *bytes, size_t length, char *path, size_t room)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length) {
		perror("fuzz_file");
		exit(1);
	}
	snprintf(path, room, "/proc/self/fd/%d", fd);
	return fd;
}

static void fuzz_file_close(int fd)
{
	close(fd);
}

#endif

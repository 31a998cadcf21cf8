/*
 * lock_file.h - a lock that goes with its process, however that ends: the kernel's, on a file that holds its owner's words.
 */
#ifndef BENCH_BASE_LOCK_FILE_H
#define BENCH_BASE_LOCK_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct err;

/*
 * Take the lock on the file at path, which is made when it is not there, and write the owner's words ("1234") into it.
 * Returns 1: it is ours until *ret_fd is closed; 0: it is another's, whose words are in held ("?" while they are not
 * known); -1 with EXIT_CANNOT and errno. A file that lost its name is no lock any more.
 */
int lock_file_try(const char *path, const char *owner, int *ret_fd, char *held, size_t room, struct err *e);

/* Whether anybody has it now, and whose it is; without taking part. */
bool lock_file_is_held(const char *path, char *held, size_t room);

#endif

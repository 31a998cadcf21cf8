/*
 * private_file.h - files of secrets: opened without following a link, and refused where they are somebody else's or others may
 * read them. New ones are made with whole_file_open_private(), or here with O_CREAT.
 */
#ifndef BENCH_BASE_PRIVATE_FILE_H
#define BENCH_BASE_PRIVATE_FILE_H

struct err;

/* what: "page store", for words. The descriptor, or -1: then errno is ENOENT where there is no such file. */
int private_file_open(const char *path, int flags, const char *what, struct err *e);

#endif

/*
 * page_file.h - a file that is complete or absent: written under a temporary name beside it, synced, renamed.
 */
#ifndef REPORTS_PAGE_FILE_H
#define REPORTS_PAGE_FILE_H

#include <stdio.h>

struct err;

struct page_file {
	FILE *out;
	char path[5000], temporary[5016];
};

int page_file_open(struct page_file *f, const char *path, struct err *e);

/* Close and rename; on failure nothing is left behind and what stood there before is unchanged. */
int page_file_publish(struct page_file *f, struct err *e);
void page_file_drop(struct page_file *f);

#endif

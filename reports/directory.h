/* directory.h - where the gnuplot scripts and the style sheet are. */
#ifndef REPORTS_DIRECTORY_H
#define REPORTS_DIRECTORY_H

struct err;

/* Found as bench/base/data.h says; NULL: e. */
const char *reports_directory(struct err *e);

#endif

/* tree.h - a folder with all that is in it. */
#ifndef BENCH_BASE_TREE_H
#define BENCH_BASE_TREE_H

/* Remove it, never crossing a mount. 0, also when there is none; -1 with errno. */
int tree_remove(const char *path);

#endif

/* loop_files.h - for tests of consolidation loops: responses of a made one's guests, and looks at what came of it. */
#ifndef T_LOOP_FILES_H
#define T_LOOP_FILES_H

#include "bench/base/whole_file.h"
#include "t/analysed.h"

static inline void assert_says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("not there: %s", wanted);
}

static inline char *plot_text(const char *name)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/plots/%s", run_path, name);
	return whole_file_read(path, 1 << 20);
}

/* In a run of MADE_LOOP: what is not of the loop does not count. */
static inline void make_responses(const char *directory)
{
	FILE *file = made_open(directory, "responses-vm0.csv");
	fputs("intended_ns,begin_ns,end_ns,session,page,status,bytes,class,reason\n", file);
	for (int i = 0; i < 1050; i++) { /* 8 are good, one ends after 3 s, one after 5 s */
		int64_t at_ns = MADE_HEAD + i * MADE_S / 10;
		int64_t took_ns = i % 10 < 8 ? MADE_S / 10 : i % 10 == 8 ? 3 * MADE_S : 5 * MADE_S;
		fprintf(file, "%" PRId64 ",%" PRId64 ",%" PRId64 ",0,login,200,1,%s,\n", at_ns, at_ns,
		        at_ns + took_ns,
		        i < 100 || i >= 1000 || i % 10 == 9 ? "failed"
		        : i % 10 == 8                       ? "tolerable"
		                                            : "good");
	}
	fclose(file);
}

#endif

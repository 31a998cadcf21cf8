/*
 * small_qemu.h - for tests: a QEMU of 16 MiB whose vCPU never runs, with pages of known content in its RAM.
 *
 *	if (!small_qemu_there())
 *		return small_qemu_skip();
 *	cmocka_run_group_tests(tests, small_qemu_setup, scratch_remove);
 *	small_qemu_start(&q, "src", NULL, &e);            // or with -incoming URI
 *	... a second monitor of it is at scratch/src.second ...
 *	small_qemu_say(&q, "migrate", "{\"uri\":\"...\"}");
 *	small_qemu_end(&q);
 */
#ifndef T_SMALL_QEMU_H
#define T_SMALL_QEMU_H

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/qmp.h"
#include "t/made_stream.h"
#include "t/scratch.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* At 1 MiB of the guest's memory: pages that are all different, copies of the first of them, pages of zeros. */
enum { PATTERN_AT = 1 << 20, PATTERN_DIFFERENT = 512, PATTERN_COPIES = 64, PATTERN_ZERO = 32 };
enum { PATTERN_PAGES = PATTERN_DIFFERENT + PATTERN_COPIES + PATTERN_ZERO };

struct small_qemu {
	pid_t pid;
	struct qmp *monitor;
};

static inline int small_qemu_there(void)
{
	return access("/usr/bin/qemu-system-x86_64", X_OK) == 0;
}

static inline int small_qemu_skip(void)
{
	printf("TAP version 13\n1..0 # SKIP no qemu-system-x86_64\n");
	return 0;
}

static inline void small_qemu_content(unsigned char content[MADE_PAGE_BYTES], int page)
{
	if (page < PATTERN_DIFFERENT + PATTERN_COPIES)
		made_content(content, 1000 + (uint64_t)(page < PATTERN_DIFFERENT ? page : page - PATTERN_DIFFERENT));
	else
		memset(content, 0, MADE_PAGE_BYTES);
}

static char small_qemu_pattern[96];

/* A group's setup: the scratch folder with the pattern's file in it. */
static inline int small_qemu_setup(void **state)
{
	unsigned char content[MADE_PAGE_BYTES];
	scratch_make(state);
	snprintf(small_qemu_pattern, sizeof(small_qemu_pattern), "%s/pattern", scratch);
	FILE *file = fopen(small_qemu_pattern, "we");
	for (int i = 0; file && i < PATTERN_PAGES; i++) {
		small_qemu_content(content, i);
		fwrite(content, sizeof(content), 1, file);
	}
	return file ? fclose(file) : -1;
}

/* incoming NULL: it has the pattern in its memory. -1: it did not start, e. */
static inline int small_qemu_start(struct small_qemu *q, const char *name, const char *incoming, struct err *e)
{
	char monitor[128], monitor_option[160], second_option[160], loader[256];
	snprintf(monitor, sizeof(monitor), "%s/%s.qmp", scratch, name);
	snprintf(monitor_option, sizeof(monitor_option), "unix:%s,server=on,wait=off", monitor);
	snprintf(second_option, sizeof(second_option), "unix:%s/%s.second,server=on,wait=off", scratch, name);
	snprintf(loader, sizeof(loader), "loader,file=%s,addr=%d,force-raw=on", small_qemu_pattern, PATTERN_AT);
	const char *const arguments[] = { "qemu-system-x86_64",
		                          "-S",
		                          "-machine",
		                          "pc,accel=tcg",
		                          "-m",
		                          "16",
		                          "-nodefaults",
		                          "-display",
		                          "none",
		                          "-qmp",
		                          monitor_option,
		                          "-qmp",
		                          second_option,
		                          "-device",
		                          loader,
		                          incoming ? "-incoming" : NULL,
		                          incoming,
		                          NULL };
	*q = (struct small_qemu){ .pid = fork() };
	if (q->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execv("/usr/bin/qemu-system-x86_64", (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	int64_t deadline_ns = clock_now_ns() + 20 * NS_PER_S;
	while (qmp_open(&q->monitor, monitor, e) < 0) {
		if (clock_now_ns() > deadline_ns)
			return -1;
		clock_sleep(20 * NS_PER_MS);
	}
	return 0;
}

static inline int small_qemu_say(const struct small_qemu *q, const char *command, const char *arguments,
                                 struct err *e)
{
	return qmp_execute(q->monitor, command, arguments, e);
}

static inline int small_qemu_capability(const struct small_qemu *q, const char *name, struct err *e)
{
	char arguments[160];
	snprintf(arguments, sizeof(arguments), "{\"capabilities\":[{\"capability\":\"%s\",\"state\":true}]}", name);
	return qmp_execute(q->monitor, "migrate-set-capabilities", arguments, e);
}

/* How many pages of the pattern are not what they should be in its memory. */
static inline int small_qemu_wrong_pages(const struct small_qemu *q, struct err *e)
{
	char arguments[256], path[96];
	unsigned char content[MADE_PAGE_BYTES], wanted[MADE_PAGE_BYTES];
	int wrong = 0;
	snprintf(path, sizeof(path), "%s/memory", scratch);
	snprintf(arguments, sizeof(arguments), "{\"val\":%d,\"size\":%d,\"filename\":\"%s\"}", PATTERN_AT,
	         PATTERN_PAGES * MADE_PAGE_BYTES, path);
	FILE *file = small_qemu_say(q, "pmemsave", arguments, e) < 0 ? NULL : fopen(path, "re");
	for (int i = 0; i < PATTERN_PAGES; i++) {
		small_qemu_content(wanted, i);
		wrong += !file || fread(content, sizeof(content), 1, file) != 1 ||
		         memcmp(content, wanted, sizeof(content)) != 0;
	}
	if (file)
		fclose(file);
	return wrong;
}

static inline void small_qemu_end(struct small_qemu *q)
{
	if (q->pid > 0) {
		kill(q->pid, SIGKILL);
		waitpid(q->pid, NULL, 0);
	}
	qmp_close(q->monitor);
	*q = (struct small_qemu){ 0 };
}

#endif

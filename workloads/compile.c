/* compile - configure and build a Linux kernel from the sources on the guest's disk: a job of files, CPU and many processes. */
#include "workloads/program.h"
#include "workloads/workload.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <cpuid.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define LOOK_NS (100 * NS_PER_MS) /* how soon it is seen that it shall stop */
#define JOB_BYTES (INT64_C(64) << 20)
#define SMALL "kernel/irq/" /* 10 objects: a minute or two where the whole kernel takes hours */

struct compile_options {
	char root[OPTION_STRING_ROOM], directory[OPTION_STRING_ROOM], target[OPTION_STRING_ROOM];
	int64_t jobs, delay_ns;
	int prepared; /* enum prepared */
};

enum prepared { PREPARED_AUTO, PREPARED_NO, PREPARED_YES };

static const struct option_row compile_options[] = {
	{ "target", OPTION_STRING, offsetof(struct compile_options, target), "auto", NULL, NULL,
	  "what make builds; auto: all, but " SMALL " where the guest is emulated (TCG)" },
	{ "jobs", OPTION_INTEGER, offsetof(struct compile_options, jobs), "2", "1", "64", "make -j" },
	{ "delay", OPTION_DURATION, offsetof(struct compile_options, delay_ns), "0s", "0s", "24h",
	  "it begins so long after the start of the guest's workloads" },
	{ "prepared", OPTION_CHOICE, offsetof(struct compile_options, prepared), "auto", "auto|no|yes", NULL,
	  "no: make allnoconfig while the guest boots, then all is built; yes: configured, tools built; auto: yes with TCG" },
	{ "root", OPTION_STRING, offsetof(struct compile_options, root), "", NULL, NULL,
	  "directory of a system with make and a compiler; empty: the guest's disk" },
	{ "directory", OPTION_STRING, offsetof(struct compile_options, directory), "/usr/src", NULL, NULL,
	  "where the trees linux and prepared are in that system" },
	OPTION_END,
};

static int64_t compile_memory_bytes(const void *options)
{
	return ((const struct compile_options *)options)->jobs * JOB_BYTES;
}

static bool emulated(void)
{
	unsigned signature[4] = { 0 };
	__cpuid(0x40000000, signature[3], signature[0], signature[1], signature[2]);
	return memcmp(signature, "TCGTCGTCGTCG", 12) == 0;
}

/* "  CC      kernel/fork.o": with make -O a line comes when its command is done. */
static bool is_object(const char *line)
{
	size_t length = strlen(line);
	return strncmp(line, "  ", 2) == 0 && length > 4 && strcmp(line + length - 2, ".o") == 0;
}

static bool is_prepared(const struct compile_options *o)
{
	return o->prepared == PREPARED_AUTO ? emulated() : o->prepared == PREPARED_YES;
}

/* One make to its end: 0; 1 when it was stopped before; -1 when it failed. */
static int make_run(struct workload *w, const char *const argv[], int64_t *work, struct err *e)
{
	const struct compile_options *o = w->options;
	char tree[OPTION_STRING_ROOM + 16];
	char line[PROGRAM_LINE_ROOM], last[PROGRAM_LINE_ROOM] = "it said nothing";
	struct program make;
	int got;
	snprintf(tree, sizeof(tree), "%s/%s", o->directory, is_prepared(o) ? "prepared" : "linux");
	if (program_start(&make, o->root, tree, argv, e) < 0)
		return -1;
	while ((got = program_line(&make, LOOK_NS, line, sizeof(line))) >= 0) {
		if (workload_stopped(w)) {
			program_kill(&make);
			return 1;
		}
		if (got == 0)
			continue;
		if (strncmp(line, "make", 4) != 0) /* whose words about an error come after the error */
			memcpy(last, line, sizeof(last));
		if (is_object(line)) {
			int64_t now_ns = clock_now_ns();
			workload_op_end(w, now_ns, ++*work);
			workload_op_begin(w, now_ns);
		}
	}
	int status = program_wait(&make);
	if (status == 0)
		return 0;
	return err_set(e, EXIT_MEASURED_BAD, "make %s: %s %d: %s", argv[2],
	               WIFEXITED(status) ? "exit status" : "signal",
	               WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), last);
}

static int compile_init(struct workload *w, struct err *e)
{
	static const char *const configure[] = { "/usr/bin/make", "-O", "allnoconfig", NULL };
	const struct compile_options *o = w->options;
	int64_t unused = 0;
	if (system_mount(o->root, e) < 0)
		return -1;
	return is_prepared(o) ? 0 : make_run(w, configure, &unused, e);
}

static void compile_run(struct workload *w)
{
	const struct compile_options *o = w->options;
	const char *target = strcmp(o->target, "auto") != 0 ? o->target : emulated() ? SMALL : "all";
	char jobs[16];
	const char *build[] = { "/usr/bin/make", "-O", target, jobs, NULL };
	int64_t begin_ns = clock_now_ns() + o->delay_ns, work = 0;
	struct err e = { 0 };
	snprintf(jobs, sizeof(jobs), "-j%d", (int)o->jobs);
	for (int64_t left_ns; (left_ns = begin_ns - clock_now_ns()) > 0 && !workload_stopped(w);)
		clock_sleep(left_ns < LOOK_NS ? left_ns : LOOK_NS);
	workload_op_begin(w, clock_now_ns());
	int result = make_run(w, build, &work, &e);
	int64_t now_ns = clock_now_ns();
	workload_op_end(w, now_ns, work);
	if (result == 0)
		workload_job_done(w, now_ns);
	if (result < 0)
		workload_fail(w, &e);
}

static bool compile_has_job(const void *options)
{
	(void)options;
	return true;
}

const struct workload_ops compile_workload = {
	.name = "compile",
	.unit = "objects",
	.operation = "the time from one finished object to the next",
	.help = "builds a Linux kernel from the sources on its disk (make allnoconfig, then make -j2)",
	.options = compile_options,
	.options_size = sizeof(struct compile_options),
	.has_job = compile_has_job,
	.image = "compile",
	.memory_bytes = compile_memory_bytes,
	.init = compile_init,
	.run = compile_run,
};

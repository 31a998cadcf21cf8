#include "bench/testbed/accelerator.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/base/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define QEMU "/usr/bin/qemu-system-x86_64"
#define CACHE_DIRECTORY "/var/cache/migmeter"
#define CACHE_PATH CACHE_DIRECTORY "/kvm" /* three lines: machine, kernel, yes or no with the reason */

enum { DEADLINE_S = 5, LINE_ROOM = 400 };

/* ---- the answer that is kept ---- */

/* Size and time of a file: another one has others. */
static void file_identity(const char *path, char *buffer, size_t room)
{
	struct stat st;
	if (stat(path, &st) < 0)
		snprintf(buffer, room, "none");
	else
		snprintf(buffer, room, "%lld@%lld.%09ld", (long long)st.st_size, (long long)st.st_mtim.tv_sec,
		         st.st_mtim.tv_nsec);
}

/* This boot of this machine, and its QEMU; -1 when the kernel has no boot id. */
static int machine_identity(char *buffer, size_t room)
{
	char boot[CLOCK_BOOT_ID_ROOM], qemu[100];
	if (clock_boot_id(boot) < 0)
		return -1;
	file_identity(QEMU, qemu, sizeof(qemu));
	snprintf(buffer, room, "%s %s", boot, qemu);
	return 0;
}

static bool line_read(FILE *f, char *line)
{
	if (!fgets(line, LINE_ROOM, f))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return true;
}

enum accelerator_answer accelerator_kvm_known(const char *kernel, char *reason, size_t room)
{
	char machine[LINE_ROOM], image[LINE_ROOM], line[3][LINE_ROOM];
	enum accelerator_answer answer = ACCELERATOR_UNTRIED;
	FILE *f = fopen(CACHE_PATH, "re");
	if (!f)
		return answer;
	if (line_read(f, line[0]) && line_read(f, line[1]) && line_read(f, line[2]) &&
	    machine_identity(machine, sizeof(machine)) == 0 && strcmp(machine, line[0]) == 0) {
		file_identity(kernel ? kernel : "", image, sizeof(image));
		if (!kernel || strcmp(image, line[1]) == 0)
			answer = strncmp(line[2], "yes ", 4) == 0  ? ACCELERATOR_YES
			         : strncmp(line[2], "no ", 3) == 0 ? ACCELERATOR_NO
			                                           : ACCELERATOR_UNTRIED;
	}
	fclose(f);
	if (answer != ACCELERATOR_UNTRIED)
		snprintf(reason, room, "%s", strchr(line[2], ' ') + 1);
	return answer;
}

/* What cannot be kept is tried again. */
static void answer_keep(const char *kernel, bool works, const char *reason)
{
	char machine[LINE_ROOM], image[LINE_ROOM];
	struct whole_file out = { 0 };
	if (machine_identity(machine, sizeof(machine)) < 0)
		return;
	mkdir(CACHE_DIRECTORY, 0755);
	if (whole_file_open(&out, NULL, CACHE_PATH, NULL) < 0)
		return;
	file_identity(kernel, image, sizeof(image));
	fprintf(out.file, "%s\n%s\n%s %s\n", machine, image, works ? "yes" : "no", reason);
	whole_file_close(&out, 0, NULL);
}

/* ---- trying ---- */

static bool guest_boots(const char *kernel, const char *initrd, char *reason, size_t room)
{
	char output[8192];
	struct err e = { 0 };
	/* clang-format off */
	const char *argv[] = { QEMU, "-accel", "kvm", "-cpu", "host", "-m", "128", "-nodefaults",
			       "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio", "-kernel", kernel,
			       "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1 migmeter.probe=1", NULL };
	/* clang-format on */
	int result = process_run(NULL, argv, DEADLINE_S * NS_PER_S, output, sizeof(output), &e);
	if (strstr(output, "migmeter: alive")) {
		snprintf(reason, room, "a guest boots under KVM");
		return true;
	}
	if (result < 0 && strstr(e.text, "did not end"))
		snprintf(reason, room, "/dev/kvm opens, but a guest said nothing within %d s", DEADLINE_S);
	else
		snprintf(reason, room, "a guest under KVM ended without a word: %.200s",
		         result < 0 ? e.text : "status 0");
	return false;
}

bool accelerator_kvm_works(const char *kernel, const char *initrd, char *reason, size_t room)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		snprintf(reason, room, "cannot open /dev/kvm: %s", strerror(errno));
		return false;
	}
	close(fd);
	bool works = guest_boots(kernel, initrd, reason, room);
	answer_keep(kernel, works, reason);
	return works;
}

void accelerator_forget(void)
{
	unlink(CACHE_PATH);
	rmdir(CACHE_DIRECTORY);
}

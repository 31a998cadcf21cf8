/*
 * A config file, from bytes to checked experiments: an error has a message of one line, and what is accepted is within
 * the tables' limits.
 */
#include "bench/base/err.h"
#include "bench/experiment/config_file.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/sweep.h"
#include "t/fuzz.h"
#include "t/fuzz_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void failed_well(const struct err *e)
{
	if (!e->status || !e->text[0] || strchr(e->text, '\n'))
		abort();
}

static void point_check(const struct config_file *c, long index)
{
	static struct experiment x;
	struct config_file point;
	struct err e = { 0 };
	char label[200];
	if (sweep_point(c, index, &point, label, sizeof(label), &e) < 0) {
		failed_well(&e);
		return;
	}
	if (experiment_build(&x, &point, 1, &e) < 0)
		failed_well(&e);
	else if (x.vm_count < 1 || x.vm_count > VMS_MAX || x.collect.sample_interval_ns < 1000000)
		abort();
	experiment_free(&x);
	config_file_free(&point);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct config_file c;
	struct err e = { 0 };
	char path[64];
	int fd = fuzz_file(bytes, length, path, sizeof(path));
	if (config_file_read(&c, path, &e) < 0) {
		failed_well(&e);
	} else {
		long points = sweep_count(&c, &e);
		if (points < 0)
			failed_well(&e);
		else if (points < 1 || points > SWEEP_POINTS_MAX)
			abort();
		for (long i = 0; i < points && i < 3; i++)
			point_check(&c, i);
		config_file_free(&c);
	}
	fuzz_file_close(fd);
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	static const char *const loads[] = { "idle", "intadd", "memdirty", "dutycycle", "intadd+memdirty" };
	return (size_t)snprintf((char *)buffer, FUZZ_ROOM,
	                        "# comment\n[experiment]\nname = a\nrepeat = %d\nwarmup = 1s\n[hosts]\n"
	                        "accelerator = tcg\n[link]\nrate = 1G, 100M,\n  10M\nrtt = 1.5ms\nloss = 0.1%%\n"
	                        "[vm vm1]\nmemory = %dM ; inline\nworkload = %s\nmemdirty.region = 16M\n"
	                        "dutycycle.schedule = 50:1s,100:2s\n[vm b]\nworkload=idle\nmemory=128M\n"
	                        "[migration]\nvm = vm1\nmode = precopy\nxbzrle = yes\n[collect]\n"
	                        "interval = 10ms\n",
	                        1 + which % 3, 128 + which, loads[which % 5]);
}

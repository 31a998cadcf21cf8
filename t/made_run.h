/*
 * made_run.h - make a run directory whose truth is known: stops, dips, losses, drift and jitter are asked for.
 * Head time of the run's second t is MADE_HEAD + t.
 */
#ifndef T_MADE_RUN_H
#define T_MADE_RUN_H

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MADE_HEAD INT64_C(7000000000000)
#define MADE_GUEST INT64_C(3000000000)
#define MADE_MS INT64_C(1000000)
#define MADE_S INT64_C(1000000000)

struct made_span {
	double from_s, to_s, share;
};

enum { MADE_BATCH_MAX = 64 };

struct made_vm {
	const char *name;
	const char *workload; /* NULL: intadd */
	double length_s;
	int64_t interval_ns;
	double rate;                /* work/s */
	double drift;               /* seconds of head clock more per guest second */
	double jitter_ms;           /* mean of the exponential delay above 0.15 ms */
	int batch;                  /* samples in a datagram; 0: one */
	double loss;                /* share of samples that are fetched later */
	struct made_span stops[8];  /* vCPUs and guest clock stand still */
	struct made_span dips[8];   /* work at `share` of the rate; later ones count over earlier */
	struct made_span stalls[8]; /* the agent takes no sample (post-copy: waits for a page) */
	struct made_span mute[8];   /* nothing arrives */
	double job_s;               /* work ends here, 0: never */
	int step_us;                /* of the simulation; 1000 when 0 */
};

static uint64_t made_state = 88172645463325252u;

static double made_random(void)
{
	made_state ^= made_state << 13;
	made_state ^= made_state >> 7;
	made_state ^= made_state << 17;
	return (double)(made_state >> 11) / 9007199254740992.0;
}

static const struct made_span *made_in(const struct made_span *spans, double t)
{
	const struct made_span *in = NULL;
	for (int i = 0; i < 8 && spans[i].to_s > 0; i++)
		if (t >= spans[i].from_s && t < spans[i].to_s)
			in = &spans[i];
	return in;
}

static FILE *made_open(const char *directory, const char *name)
{
	char path[4096];
	snprintf(path, sizeof(path), "%.3900s/%.100s", directory, name);
	FILE *file = fopen(path, "w");
	if (!file) {
		perror(path);
		exit(1);
	}
	return file;
}

__attribute__((unused, format(printf, 3, 4))) static void made_file(const char *directory, const char *name,
                                                                    const char *format, ...)
{
	FILE *file = made_open(directory, name);
	va_list args;
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fclose(file);
}

struct made_bin {
	FILE *file;
	int64_t number, packets, silence_ns, at_ns, last_ns;
};

static void made_bin_end(struct made_bin *b)
{
	if (!b->packets)
		return;
	fprintf(b->file, "%" PRId64 ",%" PRId64 ",%" PRId64 ",", b->at_ns, b->packets, b->packets * 60);
	if (b->silence_ns < 0)
		fputs("missing\n", b->file);
	else
		fprintf(b->file, "%" PRId64 "\n", b->silence_ns);
	b->packets = 0;
}

static void made_packet(struct made_bin *b, int64_t at_ns)
{
	int64_t silence_ns = b->last_ns ? at_ns - b->last_ns : -1;
	if (at_ns / (100 * MADE_MS) != b->number)
		made_bin_end(b);
	if (!b->packets || silence_ns > b->silence_ns) {
		b->silence_ns = silence_ns;
		b->at_ns = at_ns;
	}
	b->number = at_ns / (100 * MADE_MS);
	b->packets++;
	b->last_ns = at_ns;
}

/* Write samples-NAME.csv and packets-NAME.csv. */
__attribute__((unused)) static void made_samples(const char *directory, const struct made_vm *vm)
{
	char name[128];
	snprintf(name, sizeof(name), "samples-%s.csv", vm->name);
	FILE *file = made_open(directory, name);
	snprintf(name, sizeof(name), "packets-%s.csv", vm->name);
	struct made_bin bin = { .file = made_open(directory, name) };
	fputs("workload,seq,guest_ns,head_ns,work,worst_op_ns,worst_service_ns\n", file);
	fputs("head_ns,packets,bytes,longest_silence_ns\n", bin.file);
	struct late {
		int64_t seq, guest_ns, work;
	} *late = NULL, pending[MADE_BATCH_MAX];
	size_t late_count = 0;
	int pending_count = 0;

	double step_s = (vm->step_us ? vm->step_us : 1000) * 1e-6, work = 0, guest_s = 0, due_s = 0;
	int64_t seq = 0, sent_ns = 0;
	const char *workload = vm->workload ? vm->workload : "intadd";
	for (int64_t i = 0; (double)i * step_s < vm->length_s; i++) {
		double t = (double)i * step_s;
		if (made_in(vm->stops, t))
			continue;
		const struct made_span *dip = made_in(vm->dips, t);
		if (vm->job_s <= 0 || t < vm->job_s)
			work += vm->rate * step_s * (dip ? dip->share : 1);
		guest_s += step_s / (1 + vm->drift);
		if (guest_s < due_s || made_in(vm->stalls, t))
			continue;
		int64_t interval_ns = vm->interval_ns;
		due_s = (floor(guest_s * 1e9 / (double)interval_ns) + 1) * (double)interval_ns * 1e-9;
		int64_t guest_ns = MADE_GUEST + (int64_t)llround(guest_s * 1e9);
		int64_t head_ns = MADE_HEAD + (int64_t)llround((t + step_s) * 1e9);
		int64_t at_ns = head_ns + 150000 + (int64_t)(-log(1 - made_random()) * vm->jitter_ms * 1e6);
		if (made_in(vm->mute, t) || made_random() < vm->loss) {
			if ((late_count & (late_count - 1)) == 0)
				/* cppcheck-suppress memleakOnRealloc; a test that runs out of memory may */
				late = realloc(late, (late_count ? 2 * late_count : 1) * sizeof(*late));
			late[late_count++] = (struct late){ seq, guest_ns, (int64_t)work };
		} else {
			if (at_ns <= sent_ns)
				at_ns = sent_ns + 1000;
			sent_ns = at_ns;
			pending[pending_count++] = (struct late){ seq, guest_ns, (int64_t)work };
			if (pending_count >= vm->batch) {
				for (int k = 0; k < pending_count; k++)
					fprintf(file, "%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,15000\n",
					        workload, pending[k].seq, pending[k].guest_ns, at_ns, pending[k].work,
					        20000 + (int)(made_random() * 1000));
				pending_count = 0;
			}
			made_packet(&bin, at_ns);
		}
		seq++;
	}
	for (size_t i = 0; i < late_count; i++)
		fprintf(file, "%s,%" PRId64 ",%" PRId64 ",missing,%" PRId64 ",20000,15000\n", workload, late[i].seq,
		        late[i].guest_ns, late[i].work);
	made_bin_end(&bin);
	free(late);
	fclose(file);
	fclose(bin.file);
}

/*
 * manifest.json and events.csv: warmup 0..2, baseline 2..migrate_s, migration up to done_s, settle up to end_s. extra
 * are rows of events.csv made with made_event().
 */
__attribute__((unused)) static void made_run(const char *directory, const char *mode, const char *vms,
                                             double migrate_s, double done_s, double end_s, const char *extra)
{
	const double starts[] = { 0, 2, migrate_s, done_s, end_s };
	const char *const names[] = { "warmup", "baseline", "migration", "settle", "end" };
	mkdir(directory, 0755);
	FILE *file = made_open(directory, "events.csv");
	fputs("head_ns,vm,node,event,detail\n", file);
	for (int i = 0; i < 5; i++)
		fprintf(file, "%" PRId64 ",,,phase,%s\n", MADE_HEAD + (int64_t)(starts[i] * 1e9), names[i]);
	fputs(extra, file);
	fclose(file);
	made_file(
		directory, "manifest.json",
		"{\"format\":1,\"status\":\"complete\",\"reason\":\"\",\"name\":\"made\",\"run_id\":\"1f\",\"vms\":[%"
		"s],"
		"\"migration\":{\"vm\":\"vm1\",\"mode\":\"%s\",\"source\":\"src\",\"destination\":\"dst\","
		"\"link\":\"migration\",\"completed\":{\"downtime_ns\":205000000,\"data_processed_bytes\":134217728,"
		"\"setup_time_ns\":3000000,\"memory_iteration\":3}}}\n",
		vms, mode);
}

__attribute__((unused)) static char *made_event(char *into, double t, const char *vm, const char *node,
                                                const char *event, const char *detail)
{
	sprintf(into + strlen(into), "%" PRId64 ",%s,%s,%s,%s\n", MADE_HEAD + (int64_t)llround(t * 1e9), vm, node,
	        event, detail);
	return into;
}

#define MADE_VM1                                                                                                     \
	"{\"name\":\"vm1\",\"index\":0,\"role\":\"migrating\",\"node\":\"src\",\"memory_bytes\":134217728,"          \
	"\"workloads\":[{\"name\":\"intadd\",\"unit\":\"additions\"}],\"sample_interval_ns\":10000000}"

#endif

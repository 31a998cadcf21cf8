/*
 * bench_collectors.c - what the head pays for samples: replays many VMs' datagrams at their real rate to the real
 * collector, over the loopback of a network namespace of its own, and prints figures as JSON.
 *
 * usage: bench_collectors [VMS [SECONDS]]     (200 VMs, 5 s: 2 x 10^4 datagrams/s)
 *
 * Each datagram is as the agent sends it: the newest sample and the seven before it. lost counts datagrams that the
 * collector did not see, samples_missing samples that are not in its files' counts. head_cpu_* is the CPU time of
 * the collector's thread alone; the replay and the kernel's side of sending are not counted.
 */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "collectors/collector.h"
#include "collectors/samples.h"
#include "collectors/samples_state.h"
#include "t/loopback.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>

enum { SAMPLES_EACH = 8, MOST_VMS = 250 };
#define RUN_ID UINT64_C(42)
#define INTERVAL_NS (10 * NS_PER_MS)

static struct watched_vm vms[MOST_VMS];
static char names[MOST_VMS][16], addresses[MOST_VMS][16];
static int sockets[MOST_VMS];

static int open_guests(int count)
{
	struct sockaddr_in head = { .sin_family = AF_INET,
		                    .sin_port = htons(SAMPLE_WIRE_PORT),
		                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	for (int i = 0; i < count; i++) {
		struct sockaddr_in here = { .sin_family = AF_INET };
		snprintf(names[i], sizeof(names[i]), "vm%d", i);
		snprintf(addresses[i], sizeof(addresses[i]), "127.0.1.%d", i + 1);
		vms[i] = (struct watched_vm){
			.name = names[i], .index = i, .management_ip = addresses[i], .workloads = { "intadd" }
		};
		inet_pton(AF_INET, addresses[i], &here.sin_addr);
		sockets[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (sockets[i] < 0 || bind(sockets[i], (struct sockaddr *)&here, sizeof(here)) < 0 ||
		    connect(sockets[i], (struct sockaddr *)&head, sizeof(head)) < 0)
			return -1;
	}
	return 0;
}

static int send_sample(int vm, uint32_t seq)
{
	unsigned char bytes[MESSAGE_ROOM];
	struct message m = { .type = MESSAGE_SAMPLES, .run_id = RUN_ID, .vm = (uint16_t)vm };
	uint32_t first = seq < SAMPLES_EACH - 1 ? 0 : seq - (SAMPLES_EACH - 1);
	for (uint32_t s = first; s <= seq; s++)
		m.samples.sample[m.samples.count++] =
			(struct sample){ s, s * INTERVAL_NS, s * INT64_C(123456), 1000, 1000 };
	size_t length = message_encode(&m, bytes);
	return send(sockets[vm], bytes, length, 0) == (ssize_t)length ? 0 : -1;
}

/* VMs spread over the interval, as real guests are. Returns datagrams sent. */
static int64_t replay(int count, uint32_t seconds)
{
	int64_t sent = 0, start_ns = clock_now_ns();
	for (uint32_t seq = 0; seq < seconds * (NS_PER_S / INTERVAL_NS); seq++)
		for (int i = 0; i < count; i++) {
			if (i % 10 == 0)
				clock_sleep_until(start_ns + seq * INTERVAL_NS + i * INTERVAL_NS / count);
			sent += send_sample(i, seq) == 0;
		}
	return sent;
}

static int64_t thread_cpu_ns(pthread_t thread)
{
	clockid_t clock;
	struct timespec t;
	if (pthread_getcpuclockid(thread, &clock) || clock_gettime(clock, &t) < 0)
		return -1;
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int64_t fact(struct json_object *facts, const char *key)
{
	struct json_object *value;
	return json_object_object_get_ex(facts, key, &value) ? json_object_get_int64(value) : -1;
}

static void remove_files(const char *directory, int count)
{
	char path[96];
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/samples-%s.csv", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 200;
	int seconds = argc > 2 ? atoi(argv[2]) : 5;
	char directory[] = "/tmp/bench_collectors.XXXXXX";
	struct watch watch = { .directory = directory,
		               .run_id = RUN_ID,
		               .management_ip = "127.0.0.1",
		               .vms = vms,
		               .vm_count = count,
		               .sample_interval_ns = INTERVAL_NS };
	struct err e = { 0 };
	void *collector = NULL;
	if (count < 1 || count > MOST_VMS || seconds < 1 || seconds > 3600) {
		fprintf(stderr, "usage: bench_collectors [VMS 1..%d [SECONDS]]\n", MOST_VMS);
		return EXIT_USAGE;
	}
	if (loopback_enter() < 0 || !mkdtemp(directory)) {
		fprintf(stderr, "bench_collectors: needs a network namespace (root) and /tmp\n");
		return EXIT_CANNOT;
	}
	if (open_guests(count) < 0 || samples_collector.start(&watch, &collector, &e) < 0)
		return err_report(&e);
	int64_t start_ns = clock_now_ns();
	int64_t sent = replay(count, (uint32_t)seconds);
	int64_t lasted_ns = clock_now_ns() - start_ns;
	clock_sleep(100 * NS_PER_MS);
	int64_t cpu_ns = thread_cpu_ns(((struct samples *)collector)->worker.thread);
	struct json_object *facts = json_object_new_object();
	int status = samples_collector.stop(collector, facts, &e);
	remove_files(directory, count);
	int64_t received = fact(facts, "datagrams"), samples = fact(facts, "samples");
	double core_percent = 100.0 * (double)cpu_ns / (double)lasted_ns;
	printf("{\"benchmark\": \"samples\", \"vms\": %d, \"datagrams_per_s\": %.0f, \"sent\": %" PRId64
	       ", \"received\": %" PRId64 ", \"lost\": %" PRId64 ", \"samples_missing\": %" PRId64
	       ", \"kernel_drops\": %" PRId64 ", \"head_cpu_percent_of_core\": %.2f"
	       ", \"head_cpu_percent_of_core_per_vm\": %.4f}\n",
	       count, (double)sent * NS_PER_S / (double)lasted_ns, sent, received, sent - received, sent - samples,
	       fact(facts, "kernel_drops"), core_percent, core_percent / count);
	json_object_put(facts);
	for (int i = 0; i < count; i++)
		close(sockets[i]);
	return status < 0 ? err_report(&e) : sent == received && sent == samples ? EXIT_DONE : EXIT_MEASURED_BAD;
}

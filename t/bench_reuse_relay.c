/*
 * bench_reuse_relay.c - what a pair of reuse relays costs as processes, with sockets, proofs and stores in files: CPU of either one
 * for a stream made here, on a first visit and on a return (a tenth is new), and how fast it passes. Prints JSON.
 *
 * usage: bench_reuse_relay [MIB]        of memory (128)
 *
 * The goal is 125 MB of the raw stream a CPU second in each: with a core each they never are what a 1 Gbit/s link waits for.
 */
#include "t/loopback.h"
#include "t/made_stream.h"
#include "t/reuse_sites.h"

#include <pthread.h>

enum { GOAL = 125000000, DISK = 1 << 30, MEMORY = 64 << 20 };

struct cost {
	double near_s, far_s, time_s, share; /* share: of the stream, on the link */
};

/* CPU of a relay over its last connection. */
static double cpu_s(const struct site *s, const char *role, double before_s)
{
	return (double)site_number(s, role, SITE_CPU) / 1e9 - before_s;
}

static struct cost pass(const struct site *from, const struct site *to, const struct made_stream *s,
                        double near_before_s, double far_before_s)
{
	static unsigned char piece[1 << 16], back;
	struct cost cost = { 0 };
	int listening = loopback_socket(to->qemu, SITE_PORT, 1), source = loopback_socket(from->near, SITE_PORT, 0);
	int destination = accept(listening, NULL, NULL);
	struct loopback_bytes w = { source, s->bytes, s->length };
	pthread_t thread;
	int64_t begin_ns = clock_now_ns();
	if (destination < 0 || pthread_create(&thread, NULL, loopback_send, &w) != 0)
		exit(EXIT_CANNOT);
	size_t at = 0;
	for (ssize_t n; (n = recv(destination, piece, sizeof(piece), 0)) > 0; at += (size_t)n)
		if (at + (size_t)n > s->length || memcmp(piece, s->bytes + at, (size_t)n) != 0)
			exit(EXIT_MEASURED_BAD);
	cost.time_s = (double)(clock_now_ns() - begin_ns) / 1e9;
	pthread_join(thread, NULL);
	close(destination);
	if (at != s->length || recv(source, &back, 1, 0) != 0)
		exit(EXIT_MEASURED_BAD);
	close(source);
	close(listening);
	clock_sleep(300 * NS_PER_MS); /* they have written their last rows */
	cost.near_s = cpu_s(from, "near", near_before_s);
	cost.far_s = cpu_s(to, "far", far_before_s);
	cost.share = (double)site_number(from, "near", SITE_SENT) / (double)s->length;
	return cost;
}

int main(int argc, char **argv)
{
	long mib = argc > 1 ? atol(argv[1]) : 128;
	struct err e = { 0 };
	if (mib < 1 || mib > 512) {
		fprintf(stderr, "usage: bench_reuse_relay [MIB 1..512]\n");
		return EXIT_USAGE;
	}
	if (loopback_enter() < 0) {
		fprintf(stderr, "no right to make a network namespace (needs root)\n");
		return EXIT_CANNOT;
	}
	scratch_make(NULL);
	struct made_stream there = made_heap_stream((uint64_t)mib << 8, 0),
			   home = made_heap_stream((uint64_t)mib << 8, 1);
	if (site_start(&a, site_path("%s/%s.pages", &a), DISK, MEMORY, &e) < 0 ||
	    site_start(&b, site_path("%s/%s.pages", &b), DISK, MEMORY, &e) < 0) {
		site_end(&a);
		scratch_remove(NULL);
		return err_report(&e);
	}
	struct cost first = pass(&a, &b, &there, 0, 0), second = pass(&b, &a, &home, first.far_s, first.near_s);
	double bytes = (double)there.length, most_s = first.near_s;
	most_s = first.far_s > most_s ? first.far_s : most_s;
	most_s = second.near_s > most_s ? second.near_s : most_s;
	most_s = second.far_s > most_s ? second.far_s : most_s;
	printf("{\"benchmark\": \"reuse_relay\", \"stream_bytes\": %.0f, \"first_near_bytes_per_s\": %.0f"
	       ", \"first_far_bytes_per_s\": %.0f, \"return_near_bytes_per_s\": %.0f, \"return_far_bytes_per_s\": %.0f"
	       ", \"slowest_bytes_per_s\": %.0f, \"slowest_bytes_per_s_goal\": %d, \"first_wall_bytes_per_s\": %.0f"
	       ", \"return_wall_bytes_per_s\": %.0f, \"first_share\": %.3f, \"return_share\": %.3f}\n",
	       bytes, bytes / first.near_s, bytes / first.far_s, bytes / second.near_s, bytes / second.far_s,
	       bytes / most_s, GOAL, bytes / first.time_s, bytes / second.time_s, first.share, second.share);
	site_end(&a);
	site_end(&b);
	scratch_remove(NULL);
	free(there.bytes);
	free(home.bytes);
	return bytes / most_s >= GOAL ? EXIT_DONE : EXIT_MEASURED_BAD;
}

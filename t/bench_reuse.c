/*
 * bench_reuse.c - whether the pair of reuse.h keeps a 1 Gbit/s link full with one core at each end: CPU of the sender and of
 * the receiver for a stream that is made here, on a first visit (nothing is there) and on a return (a tenth is new).
 * Prints JSON.
 *
 * usage: bench_reuse [MIB]        of memory (128)
 *
 * The goal is 125 MB of the raw stream a CPU second at each end: then the relays never are what a 1 Gbit/s link waits for.
 * Memory is like a heap: zstd makes it 3 times smaller.
 */
#include "bench/base/clock.h"
#include "t/made_stream.h"
#include "t/reused.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { PIECE = 64 << 10, GOAL = 125000000 };

struct cost {
	double sender_s, receiver_s, share; /* of the raw bytes, on the link */
};

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct cost pass(const struct made_stream *s, struct page_store *near, struct page_store *far)
{
	struct cost cost = { 0 };
	struct reused u;
	page_store_session(far);
	reused_begin(&u, REUSE_MEMORY, near, far);
	size_t begun = reuse_sender_room(u.sender);
	reused_pass(&u, s->bytes, begun, begun);
	for (size_t at = begun; at < s->length; at += PIECE) {
		size_t length = s->length - at < PIECE ? s->length - at : PIECE;
		double begin_s = cpu_s();
		reuse_sender_take(u.sender, s->bytes + at, length, &u.frames);
		double sent_s = cpu_s();
		cost.sender_s += sent_s - begin_s;
		reused_exchange(&u, PIECE);
		cost.receiver_s += cpu_s() - sent_s;
	}
	reused_end(&u);
	if (u.raw.length != s->length || memcmp(u.raw.bytes, s->bytes, s->length) != 0)
		exit(EXIT_MEASURED_BAD);
	cost.share = (double)reuse_sender_report(u.sender)->frame_bytes / (double)s->length;
	reused_free(&u);
	return cost;
}

int main(int argc, char **argv)
{
	long mib = argc > 1 ? atol(argv[1]) : 128;
	if (mib < 1 || mib > 1024) {
		fprintf(stderr, "usage: bench_reuse [MIB 1..1024]\n");
		return EXIT_USAGE;
	}
	uint64_t pages = (uint64_t)mib << 8;
	struct made_stream there = made_heap_stream(pages, 0), back = made_heap_stream(pages, 1);
	struct page_store *a, *b;
	struct err e = { 0 };
	if (page_store_open(&a, NULL, (uint32_t)(4 * pages), 1, &e) < 0 ||
	    page_store_open(&b, NULL, (uint32_t)(4 * pages), 2, &e) < 0)
		return err_report(&e);
	struct cost first = pass(&there, a, b), second = pass(&back, b, a);
	const double bytes = (double)there.length;
	double slowest = bytes / first.sender_s;
	slowest = bytes / first.receiver_s < slowest ? bytes / first.receiver_s : slowest;
	slowest = bytes / second.sender_s < slowest ? bytes / second.sender_s : slowest;
	slowest = bytes / second.receiver_s < slowest ? bytes / second.receiver_s : slowest;
	printf("{\"benchmark\": \"reuse\", \"stream_bytes\": %.0f, \"first_sender_bytes_per_s\": %.0f"
	       ", \"first_receiver_bytes_per_s\": %.0f, \"return_sender_bytes_per_s\": %.0f"
	       ", \"return_receiver_bytes_per_s\": %.0f, \"slowest_bytes_per_s\": %.0f, \"slowest_bytes_per_s_goal\": %d"
	       ", \"first_share\": %.3f, \"return_share\": %.3f}\n",
	       bytes, bytes / first.sender_s, bytes / first.receiver_s, bytes / second.sender_s,
	       bytes / second.receiver_s, slowest, GOAL, first.share, second.share);
	page_store_close(a);
	page_store_close(b);
	free(there.bytes);
	free(back.bytes);
	return slowest >= GOAL ? EXIT_DONE : EXIT_MEASURED_BAD;
}

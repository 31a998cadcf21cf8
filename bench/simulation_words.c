#include "bench/simulation_words.h"

#include "bench/experiment/run_directory.h"

#include <inttypes.h>
#include <json-c/json.h>

void simulation_words_set(struct run_directory *d, const struct simulation_study *s, const struct simulated *results)
{
	int64_t beyond = 0, moves = 0;
	double moving_ns = 0, alone_ns = 0;
	unsigned of = 0;
	char inputs[300], text[500];
	for (long i = 0; i < s->point_count * s->runs; i++) {
		const struct simulated *r = &results[i];
		moves += r->moves + r->broken;
		beyond += r->beyond;
		of |= r->beyond_of;
		moving_ns += r->moving_ns;
		alone_ns += r->alone_ns;
	}
	if (beyond) {
		snprintf(text, sizeof(text),
		         "%" PRId64 " of %" PRId64 " moves: %s. What transfer.model says is a guess there", beyond,
		         moves, transfer_beyond_words(&s->points[0].transfer, of, inputs, sizeof(inputs)));
		run_directory_set(d, "simulation.beyond_model", json_object_new_string(text));
	}
	if (moving_ns > 1.001 * alone_ns) { /* below that it is nothing but whole ns */
		snprintf(text, sizeof(text),
		         "Moves took %.3g times as long as alone, since they shared links (transfer.shared)",
		         moving_ns / alone_ns);
		run_directory_set(d, "simulation.shared_links", json_object_new_string(text));
	}
}

#include "bench/simulation_words.h"

#include "bench/experiment/run_directory.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

/* A model's runs, of whatever point. */
struct of_model {
	int64_t beyond, moves;
	unsigned inputs;
};

static bool is_same_model(const struct simulation_study *s, long one, long other)
{
	return strcmp(s->points[one].texts.model, s->points[other].texts.model) == 0;
}

static struct of_model model_sums(const struct simulation_study *s, const struct simulated *results, long like)
{
	struct of_model sums = { 0 };
	for (long i = 0; i < s->point_count * s->runs; i++) {
		const struct simulated *r = &results[i];
		if (!is_same_model(s, i / s->runs, like))
			continue;
		sums.moves += r->moves + r->broken;
		sums.beyond += r->beyond;
		sums.inputs |= r->beyond_of;
	}
	return sums;
}

/* Each model that was used beyond what was measured for it; named, where there are several. */
static void beyond_set(struct run_directory *d, const struct simulation_study *s, const struct simulated *results)
{
	char text[2000] = "", inputs[300];
	size_t used = 0;
	bool several = false;
	for (long i = 1; i < s->point_count; i++)
		several |= !is_same_model(s, i, 0);
	for (long i = 0; i < s->point_count && used < sizeof(text); i++) {
		bool again = false;
		for (long k = 0; k < i && !again; k++)
			again = is_same_model(s, k, i);
		struct of_model sums = { 0 };
		if (!again)
			sums = model_sums(s, results, i);
		if (!sums.beyond)
			continue;
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%s%" PRId64 " of %" PRId64 " moves%s%s%s: %s",
			used ? "; " : "", sums.beyond, sums.moves, several ? " with '" : "",
			several ? s->points[i].texts.model : "", several ? "'" : "",
			transfer_beyond_words(&s->points[i].transfer, sums.inputs, inputs, sizeof(inputs)));
	}
	if (used < sizeof(text))
		snprintf(text + used, sizeof(text) - used, ". What transfer.model says is a guess there");
	if (used)
		run_directory_set(d, "simulation.beyond_model", json_object_new_string(text));
}

static void shared_set(struct run_directory *d, const struct simulation_study *s, const struct simulated *results)
{
	double moving_ns = 0, alone_ns = 0;
	char text[200];
	for (long i = 0; i < s->point_count * s->runs; i++) {
		moving_ns += results[i].moving_ns;
		alone_ns += results[i].alone_ns;
	}
	if (moving_ns <= 1.001 * alone_ns) /* that is nothing but whole ns */
		return;
	snprintf(text, sizeof(text),
	         "Moves took %.3g times as long as alone, since they shared links (transfer.shared)",
	         moving_ns / alone_ns);
	run_directory_set(d, "simulation.shared_links", json_object_new_string(text));
}

void simulation_words_set(struct run_directory *d, const struct simulation_study *s, const struct simulated *results)
{
	beyond_set(d, s, results);
	shared_set(d, s, results);
}

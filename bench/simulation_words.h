/*
 * simulation_words.h - what of a simulation's moves is to be said beside its numbers, into its manifest: that a transfer model
 * was used beyond what was measured (simulation.beyond_model), and that moves shared links (simulation.shared_links).
 */
#ifndef BENCH_SIMULATION_WORDS_H
#define BENCH_SIMULATION_WORDS_H

#include "bench/simulation.h"

struct run_directory;
struct simulated;

/* results: of every run, point by point. */
void simulation_words_set(struct run_directory *d, const struct simulation_study *s, const struct simulated *results);

#endif

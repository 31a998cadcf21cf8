#include "bench/experiment/simulated.h"

#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/placement/transfer_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 1000000 };

const struct option_row *simulated_section_rows(const char *name)
{
	for (const struct experiment_section *s = simulated_sections; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s->rows;
	return NULL;
}

static const struct experiment_section *section_find(const char *name, struct err *e)
{
	const char *names[16];
	size_t count = 0;
	for (const struct experiment_section *s = simulated_sections; s->name; s++) {
		if (strcmp(s->name, name) == 0)
			return s;
		names[count++] = s->name;
	}
	if (experiment_section_rows(name)) {
		err_set(e, EXIT_USAGE,
		        "section [%s] is of an experiment on machines, for 'migmeter run', and not of a simulation",
		        name);
		return NULL;
	}
	const char *near = nearest_name(name, names, count);
	err_set(e, EXIT_USAGE, "unknown section [%s] of a simulation%s%s%s", name, near ? ", did you mean [" : "",
	        near ? near : "", near ? "]?" : "");
	return NULL;
}

static int entry_apply(struct simulated_config *x, const struct config_entry *entry, bool policy_keys, struct err *e)
{
	const struct experiment_section *s = section_find(entry->section, e);
	if (!s)
		return -1;
	if (entry->subject[0])
		return err_set(e, EXIT_USAGE, "section [%s] takes no name", entry->section);
	bool of_policy = strcmp(s->name, "simulate") == 0 && strchr(entry->key, '.');
	if (of_policy != policy_keys)
		return 0;
	if (of_policy)
		return policy_key_set(x->policy, x->policy_options, entry->key, entry->value, e);
	return option_set(s->rows, (char *)x + s->offset, entry->key, entry->value, e);
}

/* The next word of text, which blanks, commas, semicolons and bars end; false: there is none. */
static bool next_word(const char **text, char *word, size_t room)
{
	*text += strspn(*text, " \t,;|");
	size_t length = strcspn(*text, " \t,;|");
	snprintf(word, room, "%.*s", (int)length, *text);
	*text += length;
	return length > 0;
}

static int rtt_choices_read(struct simulated_config *x, struct err *e)
{
	struct scenario *s = &x->scenario;
	const char *at = x->texts.rtt_choices;
	char word[64];
	for (; next_word(&at, word, sizeof(word)); s->rtt_choice_count++) {
		if (s->rtt_choice_count == SCENARIO_RTT_CHOICES)
			return err_set(e, EXIT_USAGE, "sites.rtt_choices: more than %d", SCENARIO_RTT_CHOICES);
		if (duration_parse(word, &s->rtt_choices_ns[s->rtt_choice_count], e) < 0)
			return err_prefix(e, "sites.rtt_choices");
		if (s->rtt_choice_count &&
		    s->rtt_choices_ns[s->rtt_choice_count] <= s->rtt_choices_ns[s->rtt_choice_count - 1])
			return err_set(e, EXIT_USAGE, "sites.rtt_choices: '%s' is not above the one before", word);
	}
	return s->rtt_choice_count || s->rtt == SCENARIO_RTT_GIVEN
	               ? 0
	               : err_set(e, EXIT_USAGE, "sites.rtt_choices is empty");
}

static int rtt_matrix_read(struct simulated_config *x, struct err *e)
{
	struct scenario *s = &x->scenario;
	const char *at = x->texts.rtt_matrix;
	char word[64];
	int64_t cells = s->sites * s->sites, count = 0;
	if (s->rtt != SCENARIO_RTT_GIVEN)
		return 0;
	s->rtt_given_ns = x->rtt_given_ns = calloc((size_t)cells, sizeof(*x->rtt_given_ns));
	if (!x->rtt_given_ns)
		return err_set(e, EXIT_CANNOT, "no memory for the distances of %lld sites", (long long)s->sites);
	for (; next_word(&at, word, sizeof(word)); count++) {
		if (count < cells && duration_parse(word, &x->rtt_given_ns[count], e) < 0)
			return err_prefix(e, "sites.rtt_matrix");
		if (count < cells && count % (s->sites + 1) == 0 && x->rtt_given_ns[count] != 0)
			return err_set(e, EXIT_USAGE, "sites.rtt_matrix: '%s' from site %lld to itself must be 0",
			               word, (long long)(count / (s->sites + 1)));
	}
	return count == cells ? 0
	                      : err_set(e, EXIT_USAGE,
	                                "sites.rtt_matrix has %lld round trips: %lld sites need %lld, row by row "
	                                "(in a file a blank and ';' begin a comment: part the rows with '|')",
	                                (long long)count, (long long)s->sites, (long long)cells);
}

static int trace_take(struct simulated_config *x, const struct simulated_config *others, long count, struct err *e)
{
	for (long i = 0; i < count && !x->trace; i++)
		if (others[i].trace && strcmp(others[i].trace->path, x->texts.trace) == 0)
			x->trace = trace_share(others[i].trace);
	if (!x->trace && !(x->trace = trace_read(x->texts.trace, e)))
		return -1;
	x->scenario.trace = x->trace->vms;
	x->scenario.vms = x->trace->count;
	return trace_fits(x->trace, &x->scenario, e);
}

static int texts_read(struct simulated_config *x, const struct simulated_config *others, long count, struct err *e)
{
	struct scenario *s = &x->scenario;
	if (rtt_choices_read(x, e) < 0 || rtt_matrix_read(x, e) < 0)
		return -1;
	if (x->texts.model[0] && transfer_file_read(x->texts.model, &x->transfer, e) < 0)
		return err_prefix(e, "transfer.model");
	if (s->arrival != SCENARIO_TRACE)
		return 0;
	if (!x->texts.trace[0])
		return err_set(e, EXIT_USAGE, "vms.arrival is trace, but vms.trace names no file");
	return trace_take(x, others, count, e) < 0 ? err_prefix(e, "vms.trace") : 0;
}

static int whole_check(struct simulated_config *x, struct err *e)
{
	const struct scenario *s = &x->scenario;
	double weights = 0;
	if (s->sites * s->nodes_per_site > NODES_MAX)
		return err_set(e, EXIT_USAGE, "%lld sites of %lld nodes: more than %d nodes", (long long)s->sites,
		               (long long)s->nodes_per_site, NODES_MAX);
	if (s->vm_memory_bytes > s->node_memory_bytes)
		return err_set(e, EXIT_USAGE, "vms.memory is more than nodes.memory: no VM would ever start");
	for (int i = 0; i < SCENARIO_KINDS; i++)
		weights += s->kinds[i].weight;
	if (!(weights > 0))
		return err_set(e, EXIT_USAGE, "jobs: all weights are 0");
	if (x->evacuation.memory_low_bytes > x->evacuation.memory_high_bytes)
		return err_set(e, EXIT_USAGE, "evacuation.memory is more than evacuation.memory_most");
	if (x->evacuation.vms && x->evacuation.rtt_ns && !x->transfer.window_bytes)
		return err_set(e, EXIT_USAGE,
		               "evacuation.rtt needs transfer.window, which bounds what is on the way");
	if (x->evacuation.vms && !x->transfer.shared)
		return err_set(e, EXIT_USAGE,
		               "transfer.shared = no is for a cluster: the moves of a group ([evacuation]) share a "
		               "link");
	if (x->policy->check && x->policy->check(x->policy_options, e) < 0)
		return err_prefix(e, "policy '%s'", x->policy->name);
	return 0;
}

static int fill(struct simulated_config *x, const struct config_file *c, struct err *e)
{
	for (const struct experiment_section *s = simulated_sections; s->name; s++)
		if (option_defaults(s->rows, (char *)x + s->offset, e) < 0)
			return -1;
	/* The policy must be known before its keys: two passes. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < c->count; i++)
			if (entry_apply(x, &c->entries[i], pass == 1, e) < 0)
				return err_prefix(e, "%s", c->entries[i].where);
		if (pass == 0 && !(x->policy = policy_find(x->general.policy, e)))
			return err_prefix(e, "simulate.policy");
		if (pass == 0 && !(x->policy_options = policy_options_new(x->policy, e)))
			return -1;
	}
	return 0;
}

int simulated_build(struct simulated_config *x, const struct config_file *c, const struct simulated_config *others,
                    long count, struct err *e)
{
	*x = (struct simulated_config){ 0 };
	if (fill(x, c, e) == 0 && texts_read(x, others, count, e) == 0 && whole_check(x, e) == 0)
		return 0;
	simulated_free(x);
	return -1;
}

void simulated_free(struct simulated_config *x)
{
	free(x->policy_options);
	free(x->rtt_given_ns);
	trace_free(x->trace);
	*x = (struct simulated_config){ 0 };
}

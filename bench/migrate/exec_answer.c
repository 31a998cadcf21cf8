#include "bench/migrate/exec_answer.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* What may be said; -1: it was not. */
struct said {
	int64_t downtime_ns, setup_ns, bytes, iterations;
	char reason[OPTION_STRING_ROOM];
};

static const struct option_row keys[] = {
	{ "downtime", OPTION_DURATION, offsetof(struct said, downtime_ns), NULL, "0s", "24h",
	  "the stop, as reported" },
	{ "setup_time", OPTION_DURATION, offsetof(struct said, setup_ns), NULL, "0s", "24h",
	  "before anything was sent" },
	{ "bytes", OPTION_SIZE, offsetof(struct said, bytes), NULL, "0", NULL, "sent for the migration" },
	{ "iterations", OPTION_INTEGER, offsetof(struct said, iterations), NULL, "0", NULL,
	  "passes over the memory" },
	{ "reason", OPTION_STRING, offsetof(struct said, reason), NULL, NULL, NULL, "why it failed" },
	OPTION_END
};

/* As a completed job's statistics have them. */
static const struct {
	size_t offset;
	const char *field;
	int64_t unit; /* ours in one of libvirt's */
} fields[] = {
	{ offsetof(struct said, downtime_ns), VIR_DOMAIN_JOB_DOWNTIME, NS_PER_MS },
	{ offsetof(struct said, setup_ns), VIR_DOMAIN_JOB_SETUP_TIME, NS_PER_MS },
	{ offsetof(struct said, bytes), VIR_DOMAIN_JOB_DATA_PROCESSED, 1 },
	{ offsetof(struct said, iterations), VIR_DOMAIN_JOB_MEMORY_ITERATION, 1 },
};

/* In place: without the blanks around it. */
static char *trim(char *text)
{
	text += strspn(text, " \t\r");
	for (size_t length = strlen(text); length && strchr(" \t\r", text[length - 1]); length--)
		text[length - 1] = '\0';
	return text;
}

static int state_read(enum exec_state *ret, const char *word, struct err *e)
{
	static const char *const words[] = { "running", "completed", "failed" };
	for (int i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0) {
			*ret = (enum exec_state)i;
			return 0;
		}
	return err_set(e, EXIT_MEASURED_BAD, "'%.100s' is none of running, completed, failed", word);
}

static int value_read(struct said *said, char *line, struct err *e)
{
	char *equals = strchr(line, '=');
	if (!equals)
		return err_set(e, EXIT_MEASURED_BAD, "'%.100s' is no KEY=VALUE", line);
	*equals = '\0';
	if (option_set(keys, said, trim(line), trim(equals + 1), e) == 0)
		return 0;
	e->status = EXIT_MEASURED_BAD;
	return -1;
}

static int statistics_make(struct exec_answer *answer, const struct said *said, struct err *e)
{
	int room = 0;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		int64_t value = *(const int64_t *)(const void *)((const char *)said + fields[i].offset);
		if (value >= 0 &&
		    virTypedParamsAddULLong(&answer->statistics, &answer->count, &room, fields[i].field,
		                            (unsigned long long)((value + fields[i].unit / 2) / fields[i].unit)) < 0)
			return err_set(e, EXIT_CANNOT, "no memory to keep it");
	}
	return 0;
}

int exec_answer_parse(struct exec_answer *ret, const char *text, struct err *e)
{
	struct said said = { -1, -1, -1, -1, "" };
	struct err unseen = { 0 };
	char copy[4096], *save = NULL;
	bool stated = false;
	*ret = (struct exec_answer){ 0 };
	e = e ? e : &unseen;
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		line = trim(line);
		if (!*line)
			continue;
		text_tame(line);
		if ((stated ? value_read(&said, line, e) : state_read(&ret->state, line, e)) < 0)
			return -1;
		stated = true;
	}
	if (!stated)
		return err_set(e, EXIT_MEASURED_BAD, "nothing was said");
	memcpy(ret->reason, said.reason, sizeof(ret->reason));
	if (statistics_make(ret, &said, e) < 0) {
		exec_answer_clear(ret);
		return -1;
	}
	return 0;
}

void exec_answer_clear(struct exec_answer *answer)
{
	virTypedParamsFree(answer->statistics, answer->count);
	*answer = (struct exec_answer){ 0 };
}

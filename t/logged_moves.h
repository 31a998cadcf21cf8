/* logged_moves.h - for tests: the events of a consolidation as one text, and a migration that moves nothing. */
#ifndef T_LOGGED_MOVES_H
#define T_LOGGED_MOVES_H

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/placement/mover.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE_NS (60 * NS_PER_S) /* for what comes soon, unless it never does */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char log_text[8192];
static size_t log_used;

static void sink(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                 const char *detail)
{
	(void)context;
	assert_true(head_ns > 0);
	pthread_mutex_lock(&log_lock);
	log_used += (size_t)snprintf(log_text + log_used, sizeof(log_text) - log_used, "%s %s %s: %s\n", vm, node,
	                             event, detail);
	assert_true(log_used < sizeof(log_text));
	pthread_mutex_unlock(&log_lock);
}

static void log_clear(void)
{
	log_used = 0;
	log_text[0] = '\0';
}

__attribute__((unused)) static void log_has(const char *text)
{
	pthread_mutex_lock(&log_lock);
	bool has = strstr(log_text, text);
	pthread_mutex_unlock(&log_lock);
	if (!has)
		fail_msg("no '%s' in:\n%s", text, log_text);
}

static int log_count(const char *text)
{
	int count = 0;
	pthread_mutex_lock(&log_lock);
	for (const char *at = log_text; (at = strstr(at, text)); at++)
		count++;
	pthread_mutex_unlock(&log_lock);
	return count;
}

static atomic_uint dirtied_pages_per_s; /* as the moves' statistics say, after virInitialize(); 0: there are none */
static atomic_int now_moving, most_moving, moved;
static atomic_bool hold;     /* migrations last until it is false, or they are aborted */
static atomic_bool switched; /* they are in post-copy: only INTERRUPT_BREAK_OFF ends them, and loses the VM */

__attribute__((unused)) static int fake_migrate(const struct mover_node *from, const struct mover_node *to,
                                                struct migration_spec *spec, struct migration_result *ret,
                                                struct err *e)
{
	(void)from;
	*ret = (struct migration_result){ 0 };
	assert_int_equal(spec->destination_core, to->core);
	int now = atomic_fetch_add(&now_moving, 1) + 1;
	if (now > atomic_load(&most_moving))
		atomic_store(&most_moving, now);
	const int limit = atomic_load(&switched) ? INTERRUPT_BREAK_OFF : INTERRUPT_END;
	while (atomic_load(&hold) && *spec->interrupted < limit)
		clock_sleep(NS_PER_MS);
	atomic_fetch_sub(&now_moving, 1);
	ret->lost = limit == INTERRUPT_BREAK_OFF && *spec->interrupted >= limit;
	if (*spec->interrupted >= limit)
		return err_set(e, EXIT_INTERRUPTED, "interrupted");
	if (strcmp(to->name, "bad") == 0)
		return err_set(e, EXIT_MEASURED_BAD, "it does not work");
	atomic_fetch_add(&moved, 1);
	int room = 0;
	if (!atomic_load(&dirtied_pages_per_s))
		return 0;
	virTypedParamsAddULLong(&ret->completed, &ret->completed_count, &room, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE,
	                        atomic_load(&dirtied_pages_per_s));
	virTypedParamsAddULLong(&ret->completed, &ret->completed_count, &room, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE, 4096);
	return 0;
}

#endif

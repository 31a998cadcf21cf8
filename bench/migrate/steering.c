#include "bench/migrate/steering.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/hang.h"
#include "bench/migrate/hypervisor.h"
#include "bench/migrate/read_back.h"

#include <libvirt/virterror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_NS (20 * NS_PER_MS)    /* how often *interrupted and the time limit are looked at */
#define RETRY_NS (2 * NS_PER_MS)    /* between two attempts that the hypervisor refuses as too early */
#define LIMIT_HIGHEST_MS 2000000ULL /* of the downtime, as QEMU takes it */
#define RELEASE_NS (5 * NS_PER_S)   /* how long the source may take to end after libvirt has returned */

struct steering {
	const struct migration_spec *spec;
	struct migration_result *result;
	virDomainPtr domain;
	int64_t start_ns;
	struct events *events;
	pthread_t thread;
	pthread_mutex_t lock; /* never held over a call to libvirt: the event thread takes it too */
	pthread_cond_t changed;
	/* set by events */
	bool active, switching, postcopy, paused, released, job_done;
	int pass;
	int64_t limit_ns; /* of the downtime, as it is set */
	struct attempt attempt;
	/* set by this module's thread */
	bool over, limits_done, stop_forced, requested, refused_said, waits_said, aborted;
	int64_t broken_off_ns; /* 0: it was not */
	struct hang hang;
	struct read_back *read_back;
	const char *abort_reason;
};

void migration_say(const struct migration_spec *spec, const char *event, const char *detail)
{
	spec->sink(spec->context, clock_now_ns(), spec->vm, spec->source_node, event, detail);
}

/* libvirt's call that is on when the connection breaks may hang like an attempt to recover. With the lock. */
static void pause_note(struct steering *s, const char *status)
{
	int64_t recover_ns = s->spec->features->postcopy_recover_ns, now_ns = clock_now_ns();
	bool breaks = strcmp(status, "postcopy-paused") == 0;
	s->paused = breaks || strncmp(status, "postcopy-recover", strlen("postcopy-recover")) == 0;
	if (breaks && recover_ns && !s->attempt.since_ns)
		s->attempt = (struct attempt){ now_ns, now_ns + recover_ns };
	else if (!s->paused)
		s->attempt = (struct attempt){ 0 };
}

static void on_event(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
                     const char *detail)
{
	struct steering *s = context;
	const struct migration_spec *spec = s->spec;
	const char *also = NULL;
	pthread_mutex_lock(&s->lock);
	if (strcmp(event, "migration-status") == 0) {
		if (strcmp(detail, "active") == 0)
			s->active = true;
		if (strcmp(detail, "pre-switchover") == 0 || strcmp(detail, "device") == 0)
			s->switching = true;
		pause_note(s, detail);
		if (strcmp(detail, "postcopy-active") == 0 && !s->postcopy) {
			s->postcopy = true;
			s->result->postcopy_start_ns = head_ns;
			also = "postcopy-start";
		}
	} else if (strcmp(event, "iteration") == 0) {
		s->pass = atoi(detail);
	} else if (strcmp(event, "lifecycle") == 0 && strncmp(detail, "stopped/", 8) == 0) {
		s->released = true;
		s->result->released_ns = head_ns;
		also = "source-released";
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (also)
		spec->sink(spec->context, head_ns, vm, node, also, "");
}

/* A copy of libvirt's parameters; *ret_count is 0 and NULL returned when memory is short. */
static virTypedParameterPtr params_copy(virTypedParameterPtr params, int count, int *ret_count)
{
	virTypedParameterPtr copy = NULL;
	int room = 0, bad = 0;
	*ret_count = 0;
	for (int i = 0; i < count; i++) {
		const virTypedParameter *p = &params[i];
		switch (p->type) {
		case VIR_TYPED_PARAM_ULLONG:
			bad |= virTypedParamsAddULLong(&copy, ret_count, &room, p->field, p->value.ul) < 0;
			break;
		case VIR_TYPED_PARAM_INT:
			bad |= virTypedParamsAddInt(&copy, ret_count, &room, p->field, p->value.i) < 0;
			break;
		case VIR_TYPED_PARAM_BOOLEAN:
			bad |= virTypedParamsAddBoolean(&copy, ret_count, &room, p->field, p->value.b) < 0;
			break;
		case VIR_TYPED_PARAM_STRING:
			bad |= virTypedParamsAddString(&copy, ret_count, &room, p->field, p->value.s) < 0;
			break;
		default: /* no job field has another type */
			break;
		}
	}
	if (bad) {
		virTypedParamsFree(copy, *ret_count);
		*ret_count = 0;
		return NULL;
	}
	return copy;
}

/* After post-copy nobody can be asked any more: the source's domain is gone, and the destination has no statistics.
 */
static void on_job(void *context, virTypedParameterPtr params, int count)
{
	struct steering *s = context;
	pthread_mutex_lock(&s->lock);
	/* A job that failed before a recovery has statistics too: the last one counts. */
	virTypedParamsFree(s->result->completed, s->result->completed_count);
	s->result->completed = params_copy(params, count, &s->result->completed_count);
	s->job_done = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static bool postcopy_due(const struct steering *s)
{
	if (s->requested || !s->active)
		return false;
	switch (s->spec->postcopy) {
	case POSTCOPY_NOW:
		return true;
	case POSTCOPY_AFTER_FIRST_PASS:
		return s->pass >= 2;
	case POSTCOPY_AFTER_TIME:
		return clock_now_ns() - s->start_ns >= s->spec->postcopy_after_ns;
	default:
		return false;
	}
}

/* Whether the second look at the downtime limit is due: some versions forget what was set before the job began. */
static void limits_set(struct steering *s)
{
	unsigned long long ms = (unsigned long long)(s->spec->downtime_limit_ns / NS_PER_MS), is = 0;
	if (!s->spec->downtime_limit_ns)
		return;
	ms = ms ? ms : 1;
	if (virDomainMigrateGetMaxDowntime(s->domain, &is, 0) < 0 || is != ms)
		virDomainMigrateSetMaxDowntime(s->domain, ms, 0);
}

/* Relays take the stream at another pace than the link does. */
static void limit_scale(struct steering *s)
{
	const struct migration_spec *spec = s->spec;
	char text[32];
	int64_t limit_ns =
		steering_limit_ns(spec->downtime_limit_ns, spec->carried(spec->carried_context), s->limit_ns);
	if (limit_ns == s->limit_ns ||
	    virDomainMigrateSetMaxDowntime(s->domain, (unsigned long long)(limit_ns / NS_PER_MS), 0) < 0)
		return;
	s->limit_ns = limit_ns;
	snprintf(text, sizeof(text), "%lld ms", (long long)(limit_ns / NS_PER_MS));
	migration_say(spec, "downtime-limit", text);
}

/* QEMU stops the VM at once when the stop may take for ever. */
static void stop_force(struct steering *s)
{
	if (virDomainMigrateSetMaxDowntime(s->domain, LIMIT_HIGHEST_MS, 0) < 0)
		return;
	s->stop_forced = true;
	migration_say(s->spec, "stop-forced", "");
}

static void postcopy_request(struct steering *s)
{
	/* Refused until the job is really active: asked again at the next round, until the call is over. */
	if (virDomainMigrateStartPostCopy(s->domain, 0) < 0)
		return;
	s->requested = true;
	s->result->postcopy_requested_ns = clock_now_ns();
	migration_say(s->spec, "postcopy-requested", "");
}

/* Try to abort; in post-copy only when break_off, which loses the VM. */
static void abort_try(struct steering *s, const char *reason, bool break_off)
{
	unsigned flags = 0;
#if LIBVIR_VERSION_NUMBER >= 8005000
	if (break_off)
		flags = VIR_DOMAIN_ABORT_JOB_POSTCOPY;
#else
	(void)break_off;
#endif
	if (virDomainAbortJobFlags(s->domain, flags) == 0) {
		pthread_mutex_lock(&s->lock);
		s->aborted = true;
		s->abort_reason = reason;
		pthread_mutex_unlock(&s->lock);
		migration_say(s->spec, "migrate-aborted", reason);
	} else if (!s->refused_said && s->postcopy) {
		s->refused_said = true;
		migration_say(s->spec, "abort-refused", virGetLastErrorMessage());
	}
}

static void let_end(struct steering *s)
{
	if (s->waits_said)
		return;
	s->waits_said = true;
	migration_say(s->spec, "interrupt-waits",
	              "the VM runs on its destination already, and the move is let end first; to interrupt once more "
	              "breaks it off, and the VM is lost");
}

static void end_if_due(struct steering *s, bool in_postcopy)
{
	const struct migration_spec *spec = s->spec;
	const struct steering_moment now = { .interrupted = spec->interrupted ? *spec->interrupted : INTERRUPT_NONE,
		                             .in_postcopy = in_postcopy,
		                             .taken_ns = clock_now_ns() - s->start_ns,
		                             .timeout_ns = spec->timeout_ns };
	const char *reason = NULL;
	if (s->aborted)
		return;
	enum steering_verdict verdict = steering_judge(&now, &reason);
	if (verdict == STEERING_BREAK_OFF && !s->broken_off_ns)
		s->broken_off_ns = clock_now_ns();
	if (verdict == STEERING_LET_END)
		let_end(s);
	else if (verdict == STEERING_BREAK_OFF)
		abort_try(s, reason, true);
	else if (verdict == STEERING_ABORT && (now.interrupted || !s->refused_said))
		abort_try(s, reason, false);
	if (verdict == STEERING_ABORT && !now.interrupted)
		s->result->timed_out = s->aborted;
}

static void hang_heed(struct steering *s, const char *reason)
{
	pthread_mutex_lock(&s->lock);
	if (reason && !s->abort_reason)
		s->abort_reason = reason;
	pthread_mutex_unlock(&s->lock);
}

/* What a round goes by. */
struct round {
	bool due, active, switching, in_postcopy;
	int pass;
	struct attempt attempt;
};

/* One round, without the lock. */
static void steer_once(struct steering *s, const struct round *now)
{
	bool active = now->active, sends = active && !now->switching && !now->in_postcopy;
	if (active)
		hang_ready(&s->hang);
	hang_heed(s, hang_look(&s->hang, &now->attempt, s->broken_off_ns));
	if (now->due)
		postcopy_request(s);
	if (active && !s->limits_done) {
		s->limits_done = true;
		limits_set(s);
	}
	if (active && !s->read_back)
		s->read_back = read_back_start(s->domain);
	if (sends && s->spec->carried && s->spec->downtime_limit_ns && !s->stop_forced)
		limit_scale(s);
	if (active && s->spec->stop_due && !s->stop_forced && s->spec->stop_due(s->spec->context))
		stop_force(s);
	end_if_due(s, now->in_postcopy);
	if (s->spec->tick)
		s->spec->tick(s->spec->context);
}

static void *steer(void *opaque)
{
	struct steering *s = opaque;
	pthread_mutex_lock(&s->lock);
	while (!s->over) {
		const struct round now = { .due = postcopy_due(s),
			                   .active = s->active,
			                   .switching = s->switching,
			                   .in_postcopy = s->postcopy,
			                   .pass = s->pass,
			                   .attempt = s->attempt };
		pthread_mutex_unlock(&s->lock);
		steer_once(s, &now);
		pthread_mutex_lock(&s->lock);
		/* What came meanwhile is looked at at once. */
		if (s->over || now.active != s->active || now.pass != s->pass)
			continue;
		struct timespec until =
			clock_to_timespec(clock_now_ns() + (now.due && !s->requested ? RETRY_NS : LOOK_NS));
		pthread_cond_timedwait(&s->changed, &s->lock, &until);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void steering_free(struct steering *s)
{
	hang_close(&s->hang);
	events_close(s->events);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int steering_start(struct steering **ret, const struct migration_spec *spec, virDomainPtr domain,
                   struct migration_result *result, struct err *e)
{
	struct steering *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, EXIT_CANNOT, "cannot migrate: out of memory");
	*s = (struct steering){ .spec = spec,
		                .domain = domain,
		                .result = result,
		                .start_ns = result->start_ns,
		                .limit_ns = spec->downtime_limit_ns,
		                .hang.spec = spec };
	pthread_mutex_init(&s->lock, NULL);
	clock_condition_init(&s->changed);
	if (events_open_domain(&s->events, domain, spec->source_node, on_event, on_job, s, e) < 0) {
		steering_free(s);
		return -1;
	}
	if (pthread_create(&s->thread, NULL, steer, s) != 0) {
		steering_free(s);
		return err_set(e, EXIT_CANNOT, "cannot start a thread to steer the migration");
	}
	*ret = s;
	return 0;
}

const char *steering_stop(struct steering *s, bool expect_release)
{
	struct timespec until = clock_to_timespec(clock_now_ns() + RELEASE_NS);
	pthread_mutex_lock(&s->lock);
	s->over = true;
	pthread_cond_broadcast(&s->changed);
	while (expect_release && (!s->released || !s->job_done))
		if (pthread_cond_timedwait(&s->changed, &s->lock, &until) != 0)
			break;
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->result->features_on = read_back_stop(s->read_back, expect_release);
	const char *reason = s->abort_reason;
	steering_free(s);
	return reason;
}

void steering_recovering(struct steering *s, int64_t until_ns)
{
	pthread_mutex_lock(&s->lock);
	s->attempt = (struct attempt){ until_ns ? clock_now_ns() : 0, until_ns };
	pthread_mutex_unlock(&s->lock);
}

const char *steering_aborted(struct steering *s)
{
	pthread_mutex_lock(&s->lock);
	const char *reason = s->abort_reason;
	pthread_mutex_unlock(&s->lock);
	return reason;
}

bool steering_goes_on(struct steering *s)
{
	pthread_mutex_lock(&s->lock);
	bool goes_on = s->postcopy && !s->paused && !s->released;
	pthread_mutex_unlock(&s->lock);
	return goes_on;
}

bool steering_in_postcopy(struct steering *s)
{
	pthread_mutex_lock(&s->lock);
	bool in_postcopy = s->postcopy;
	pthread_mutex_unlock(&s->lock);
	return in_postcopy;
}

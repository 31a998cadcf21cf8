/* The web session generator: one thread, one curl multi handle. Files and columns are in web_sessions.h. */
#include "collectors/web_sessions.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/netns.h"
#include "bench/base/series.h"
#include "collectors/collector.h"
#include "collectors/web_schedule.h"
#include "collectors/worker.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* The sessions of one VM. */
struct load {
	const struct watched_vm *vm;
	struct web_schedule schedule;
	int step;                     /* of the schedule, the next one; its first is 0 */
	struct web_session *sessions; /* schedule.most */
	struct series *responses, *seconds;
	int64_t counted[WEB_CLASSES], longest_ns; /* since the last row of a second */
	int64_t total[WEB_CLASSES], unfinished, latest_ns;
};

struct generator {
	const struct watch *watch;
	struct worker worker;
	CURLM *multi;
	struct load *loads;
	int load_count;
	_Atomic int64_t begin_ns; /* of the schedules; 0: not yet */
	struct err trouble;       /* what ended the thread early */
};

static void second_row(struct load *l, int64_t now_ns)
{
	int open = 0, in_flight = 0;
	for (int i = 0; i < l->schedule.most; i++) {
		open += l->sessions[i].open;
		in_flight += l->sessions[i].in_flight;
	}
	series_row(l->seconds, "%" PRId64 ",%d,%d,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64, now_ns, open,
	           in_flight, l->counted[WEB_GOOD], l->counted[WEB_TOLERABLE], l->counted[WEB_FAILED], l->longest_ns);
	for (int c = 0; c < WEB_CLASSES; c++)
		l->counted[c] = 0;
	l->longest_ns = 0;
}

static void response_row(struct load *l, int session, const struct web_response *r)
{
	char reason[sizeof(r->reason) + 3];
	int64_t latency_ns = r->end_ns - r->intended_ns, late_ns = r->begin_ns - r->intended_ns;
	l->counted[r->class]++;
	l->total[r->class]++;
	if (latency_ns > l->longest_ns)
		l->longest_ns = latency_ns;
	if (late_ns > l->latest_ns)
		l->latest_ns = late_ns;
	series_row(l->responses, "%" PRId64 ",%" PRId64 ",%" PRId64 ",%d,%s,%ld,%" PRId64 ",%s,%s", r->intended_ns,
	           r->begin_ns, r->end_ns, session, web_pages[r->page].name, r->status, r->bytes,
	           web_class_names[r->class], field_text_copy(r->reason, reason, sizeof(reason)));
}

/* Steps of the schedule that are due. Returns when the next one is, INT64_MAX: there is none. */
static int64_t follow_schedule(struct load *l, int64_t begin_ns, int64_t now_ns)
{
	for (; l->step < l->schedule.count; l->step++) {
		const struct web_step *step = &l->schedule.steps[l->step];
		int64_t at_ns = begin_ns + step->from_ns;
		int64_t held_ns = l->step + 1 < l->schedule.count ? step[1].from_ns - step->from_ns : INT64_MAX;
		if (at_ns > now_ns)
			return at_ns;
		for (int i = 0; i < l->schedule.most; i++) {
			struct web_session *s = &l->sessions[i];
			if (i >= step->sessions)
				s->open = false;
			else if (!s->open)
				web_session_open(s, at_ns, held_ns);
		}
	}
	return INT64_MAX;
}

/* Requests that are due. Returns when the next one is. */
static int64_t send_due(struct generator *g, struct load *l)
{
	int64_t next_ns = INT64_MAX;
	for (int i = 0; i < l->schedule.most && !g->trouble.status; i++) {
		struct web_session *s = &l->sessions[i];
		if (!s->open || s->in_flight)
			continue;
		int64_t now_ns = clock_now_ns();
		if (s->intended_ns <= now_ns)
			web_session_send(s, g->multi, now_ns, &g->trouble);
		else if (s->intended_ns < next_ns)
			next_ns = s->intended_ns;
	}
	return next_ns;
}

/* Returns how many there were. */
static int take_responses(struct generator *g)
{
	struct CURLMsg *message;
	int taken = 0, left;
	while ((message = curl_multi_info_read(g->multi, &left))) {
		char *private;
		struct web_response r;
		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
		struct web_session *s = (void *)private;
		struct load *l = s->owner;
		web_session_receive(s, g->multi, message->data.result, clock_now_ns(), &r);
		response_row(l, (int)(s - l->sessions), &r);
		taken++;
	}
	return taken;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What the schedules and sessions want now. Returns when they want something next. */
static int64_t act(struct generator *g)
{
	int64_t begin_ns = atomic_load(&g->begin_ns), next_ns = INT64_MAX;
	for (int i = 0; begin_ns && i < g->load_count; i++) {
		next_ns = least(next_ns, follow_schedule(&g->loads[i], begin_ns, clock_now_ns()));
		next_ns = least(next_ns, send_due(g, &g->loads[i]));
	}
	return next_ns;
}

/* Rows of a second that is over. Returns when the next one is. */
static int64_t keep_seconds(struct generator *g, int64_t second_ns)
{
	int64_t now_ns = clock_now_ns();
	if (now_ns < second_ns)
		return second_ns;
	for (int i = 0; i < g->load_count; i++)
		second_row(&g->loads[i], now_ns);
	return worker_next_tick(second_ns, NS_PER_S);
}

static void *generator_main(void *argument)
{
	struct generator *g = argument;
	struct curl_waitfd stop = { .fd = g->worker.stop_fd, .events = CURL_WAIT_POLLIN };
	int64_t second_ns = clock_now_ns() + NS_PER_S;
	while (!stop.revents && !g->trouble.status) {
		int64_t next_ns = least(act(g), second_ns), wait_ns = 0;
		int running;
		CURLMcode result = curl_multi_perform(g->multi, &running);
		if (take_responses(g) == 0)
			wait_ns = next_ns - clock_now_ns();
		if (result == CURLM_OK)
			result =
				curl_multi_poll(g->multi, &stop, 1,
			                        wait_ns > 0 ? (int)((wait_ns + NS_PER_MS - 1) / NS_PER_MS) : 0, NULL);
		if (result != CURLM_OK)
			err_set(&g->trouble, EXIT_MEASURED_BAD, "%s", curl_multi_strerror(result));
		second_ns = keep_seconds(g, second_ns);
	}
	return NULL;
}

/* What waits at the end: failed when it is late, else of no class. */
static void settle(struct generator *g, struct load *l)
{
	int64_t now_ns = clock_now_ns();
	for (int i = 0; i < l->schedule.most; i++) {
		struct web_session *s = &l->sessions[i];
		struct web_response r = { .intended_ns = s->intended_ns,
			                  .begin_ns = s->begin_ns,
			                  .end_ns = now_ns,
			                  .page = s->page,
			                  .class = WEB_FAILED,
			                  .reason = "unfinished" };
		if (!s->in_flight)
			continue;
		curl_multi_remove_handle(g->multi, s->easy);
		if (web_classify(s->options, now_ns - s->intended_ns) == WEB_FAILED)
			response_row(l, i, &r);
		else
			l->unfinished++;
	}
	second_row(l, now_ns);
}

static int load_open(struct load *l, const struct watch *watch, const struct watched_vm *vm, struct err *e)
{
	char name[256];
	l->vm = vm;
	if (web_schedule_parse(vm->sessions, &l->schedule, e) < 0)
		return err_prefix(e, "sessions of VM '%s'", vm->name);
	l->sessions = calloc((size_t)l->schedule.most + 1, sizeof(*l->sessions));
	if (!l->sessions)
		return err_errno(e, EXIT_CANNOT, "%d sessions", l->schedule.most);
	for (int i = 0; i < l->schedule.most; i++) {
		const struct web_visit visit = { .session = i, .sessions = l->schedule.most, .number = -1 };
		uint64_t random = (uint64_t)(watch->seed * 64 + vm->index) * WEB_SESSIONS_MAX + (uint64_t)i;
		if (web_session_init(&l->sessions[i], watch->web, vm->data_ip, &visit, random, e) < 0)
			return -1;
		l->sessions[i].owner = l;
	}
	snprintf(name, sizeof(name), "responses-%s.csv", vm->name);
	if (series_create(&l->responses, watch->directory, name,
	                  "intended_ns,begin_ns,end_ns,session,page,status,bytes,class,reason", e) < 0)
		return -1;
	snprintf(name, sizeof(name), "web-%s.csv", vm->name);
	return series_create(&l->seconds, watch->directory, name,
	                     "head_ns,sessions,in_flight,good,tolerable,failed,longest_ns", e);
}

static int generator_open(struct generator *g, const struct watch *watch, struct err *e)
{
	int sessions = 0;
	g->watch = watch;
	g->loads = calloc((size_t)watch->vm_count + 1, sizeof(*g->loads));
	g->multi = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? curl_multi_init() : NULL;
	if (!g->loads || !g->multi)
		return err_set(e, EXIT_CANNOT, "cannot prepare web sessions: out of memory");
	for (int i = 0; i < watch->vm_count; i++) {
		if (!watch->vms[i].sessions || !watch->vms[i].sessions[0])
			continue;
		struct load *l = &g->loads[g->load_count++];
		if (load_open(l, watch, &watch->vms[i], e) < 0)
			return -1;
		sessions += l->schedule.most;
	}
	/* The connections of thinking people stay open. */
	curl_multi_setopt(g->multi, CURLMOPT_MAXCONNECTS, (long)sessions + 1);
	return 0;
}

static int generator_free(struct generator *g, struct err *e)
{
	int result = 0;
	for (int i = 0; i < g->load_count; i++) {
		struct load *l = &g->loads[i];
		for (int s = 0; l->sessions && s < l->schedule.most; s++)
			web_session_end(&l->sessions[s]);
		free(l->sessions);
		result |= series_close(l->responses, result ? NULL : e);
		result |= series_close(l->seconds, result ? NULL : e);
	}
	curl_multi_cleanup(g->multi);
	free(g->loads);
	free(g);
	return result;
}

/* A thread's sockets are of the namespace it was made in. */
static int thread_start(void *argument, struct err *e)
{
	struct generator *g = argument;
	return worker_start(&g->worker, "mm-web", generator_main, g, e);
}

static int web_sessions_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct generator *g = calloc(1, sizeof(*g));
	if (!g)
		return err_errno(e, EXIT_CANNOT, "cannot start collector 'web-sessions'");
	if (generator_open(g, watch, e) < 0 ||
	    (g->load_count && netns_call(watch->head_netns, thread_start, g, e) < 0)) {
		generator_free(g, NULL);
		return -1;
	}
	*ret_state = g;
	if (g->load_count)
		return 0;
	*ret_state = NULL;
	return generator_free(g, e);
}

void web_sessions_begin(void *state)
{
	struct generator *g = state;
	if (!g)
		return;
	atomic_store(&g->begin_ns, clock_now_ns());
	curl_multi_wakeup(g->multi);
}

static struct json_object *load_facts(const struct load *l)
{
	struct json_object *into = json_object_new_object();
	fact_text(into, "vm", l->vm->name);
	for (int c = 0; c < WEB_CLASSES; c++)
		fact_number(into, web_class_names[c], l->total[c]);
	fact_number(into, "unfinished", l->unfinished);
	fact_number(into, "longest_late_ns", l->latest_ns);
	return into;
}

static int web_sessions_stop(void *state, struct json_object *facts, struct err *e)
{
	struct generator *g = state;
	struct json_object *vms = json_object_new_array();
	if (worker_stop(&g->worker, 10 * NS_PER_S) < 0) {
		json_object_put(vms);
		return err_set(e, EXIT_MEASURED_BAD, "collector 'web-sessions' does not end");
	}
	for (int i = 0; i < g->load_count; i++) {
		settle(g, &g->loads[i]);
		json_object_array_add(vms, load_facts(&g->loads[i]));
	}
	fact_number(facts, "begin_ns", atomic_load(&g->begin_ns));
	json_object_object_add(facts, "vms", vms);
	if (g->trouble.status)
		fact_text(facts, "trouble", g->trouble.text);
	return generator_free(g, e);
}

const struct collector_ops web_sessions_collector = {
	.name = "web-sessions",
	.files = "web-VM.csv, responses-VM.csv",
	.help = "web sessions that load the VMs with a bank, and the quality of their responses",
	.start = web_sessions_start,
	.stop = web_sessions_stop,
};

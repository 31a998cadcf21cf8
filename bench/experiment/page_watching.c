#include "bench/experiment/page_watching.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/series.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/run_directory.h"
#include "bench/migrate/migration.h"
#include "bench/testbed/storage.h"
#include "collectors/stream/kept_pages.h"
#include "collectors/stream/page_watch.h"
#include "collectors/stream/relay.h"

#include <json-c/json.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { NODES = 2, ROW_MS = 100 };

/* One page in four is compressed: enough to know by how much, and a quarter of the time. */
static const struct page_limits limits = { .zstd_level = 1, .zstd_each = 4 };

struct page_watching {
	const struct experiment *x;
	const struct testbed *testbed;
	struct run_directory *directory;
	struct series *series;
	struct page_pool *pools[NODES]; /* of NODE_SRC, NODE_DST */
	uint64_t seed;
	int64_t left_ns[NODES][VMS_MAX]; /* head time at which each VM left it last, also before this run; 0: never */
	pthread_mutex_t lock;
	struct json_object *told; /* of each VM's passages, under the lock */
	int endless; /* passages whose relay does not end, under the lock: they use the pools and the series for ever */
};

struct page_passage {
	struct page_watching *w;
	struct page_watch *watch;
	struct relay *relay;
	int vm, from, to;
	int64_t away_ns; /* since it had left where it goes to; 0: it was never there */
	char uri[64];
};

/* What the node keeps of a VM that leaves it. */
static char *kept_path(const struct page_watching *w, int node, int vm, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/%s-%s.kept", w->x->migration.stream_kept, w->testbed->nodes[node].name,
	         w->x->vms[vm].name);
	return buffer;
}

/* Hashes of earlier runs can only be compared with ours when the seed is theirs. */
static void seed_choose(struct page_watching *w)
{
	struct kept_facts facts;
	char path[512];
	if (getrandom(&w->seed, sizeof(w->seed), 0) != sizeof(w->seed))
		w->seed = (uint64_t)clock_now_ns();
	for (int node = 0; w->x->migration.stream_kept[0] && node < NODES; node++)
		for (int vm = 0; vm < w->x->vm_count; vm++)
			if (kept_pages_facts(kept_path(w, node, vm, path, sizeof(path)), &facts, NULL) == 0)
				w->seed = facts.seed;
}

/* What the node kept of the VM in an earlier run; what is no good is told and not used. */
static void kept_add(struct page_watching *w, int node, int vm)
{
	struct kept_facts facts;
	struct err why = { 0 };
	char path[512], name[160];
	int there = kept_pages_facts(kept_path(w, node, vm, path, sizeof(path)), &facts, &why);
	if (there == 1)
		return;
	if (there == 0)
		there = kept_pages_read(w->pools[node], path, &why);
	struct json_object *told = json_object_new_object();
	if (there < 0) {
		json_object_object_add(told, "refused", json_object_new_string(why.text));
	} else {
		int64_t age_ns = clock_wall_ns() - facts.wall_ns;
		w->left_ns[node][vm] = clock_now_ns() - age_ns;
		json_object_object_add(told, "pages", json_object_new_int64((int64_t)facts.pages));
		json_object_object_add(told, "age_ns", json_object_new_int64(age_ns));
	}
	snprintf(name, sizeof(name), "stream.kept.%s.%s", w->testbed->nodes[node].name, w->x->vms[vm].name);
	run_directory_set(w->directory, name, told);
}

/* Shared disks can be read from both nodes. */
static int images_add(struct page_watching *w, struct err *e)
{
	int64_t blocks = 0;
	char path[300];
	for (int vm = 0; vm < w->x->vm_count; vm++) {
		if (!w->x->vms[vm].disk_bytes || w->x->storage.kind != STORAGE_ISCSI)
			continue;
		storage_image_path(&w->testbed->nodes[NODE_STO], vm + 1, path, sizeof(path));
		for (int node = 0; node < NODES; node++) {
			int64_t added = kept_pages_of_image(w->pools[node], path, e);
			if (added < 0)
				return -1;
			blocks += node ? 0 : added;
		}
	}
	run_directory_set(w->directory, "stream.disk_blocks", json_object_new_int64(blocks));
	return 0;
}

static int fill(struct page_watching *w, struct err *e)
{
	struct page_limits with_seed = limits;
	seed_choose(w);
	with_seed.seed = w->seed;
	for (int node = 0; node < NODES; node++)
		if (page_pool_create(&w->pools[node], &with_seed, e) < 0)
			return -1;
	if (w->x->migration.stream_kept[0]) {
		if (directory_make(w->x->migration.stream_kept, e) < 0)
			return -1;
		for (int node = 0; node < NODES; node++)
			for (int vm = 0; vm < w->x->vm_count; vm++)
				kept_add(w, node, vm);
	}
	if (images_add(w, e) < 0)
		return -1;
	run_directory_set(w->directory, "stream.zstd_level", json_object_new_int(limits.zstd_level));
	return series_create(&w->series, w->directory->path, "pages.csv", PAGES_COLUMNS, e);
}

int page_watching_open(struct page_watching **ret, const struct experiment *x, const struct testbed *t,
                       struct run_directory *d, struct err *e)
{
	*ret = NULL;
	if (!x->migration.stream)
		return 0;
	struct page_watching *w = calloc(1, sizeof(*w));
	if (!w)
		return err_set(e, EXIT_CANNOT, "no memory to watch pages");
	w->x = x;
	w->testbed = t;
	w->directory = d;
	w->told = json_object_new_object();
	pthread_mutex_init(&w->lock, NULL);
	if (fill(w, e) < 0) {
		page_watching_close(w, NULL);
		return err_prefix(e, "migration.stream");
	}
	*ret = w;
	return 0;
}

/* In the order of the config, not of the ends. */
static void tell_all(const struct page_watching *w)
{
	struct json_object *facts;
	char name[96];
	for (int i = 0; i < w->x->vm_count; i++) {
		snprintf(name, sizeof(name), "stream.vms.%s", w->x->vms[i].name);
		if (json_object_object_get_ex(w->told, w->x->vms[i].name, &facts))
			run_directory_set(w->directory, name, json_object_get(facts));
	}
}

int page_watching_close(struct page_watching *w, struct err *e)
{
	if (!w)
		return 0;
	tell_all(w);
	if (w->endless) {
		series_flush(w->series);
		return err_set(e, EXIT_MEASURED_BAD,
		               "%d relays that watch migrations do not end: pages.csv may lack rows", w->endless);
	}
	int result = series_close(w->series, e);
	json_object_put(w->told);
	pthread_mutex_destroy(&w->lock);
	for (int node = 0; node < NODES; node++)
		page_pool_free(w->pools[node]);
	free(w);
	return result;
}

/* ---- one migration ---- */

int page_passage_begin(struct page_passage **ret, struct page_watching *w, int vm, int from, int to,
                       struct migration_spec *spec, struct err *e)
{
	*ret = NULL;
	if (!w)
		return 0;
	const struct node *there = &w->testbed->nodes[to];
	struct page_passage *p = calloc(1, sizeof(*p));
	if (!p)
		return err_set(e, EXIT_CANNOT, "no memory to watch pages");
	*p = (struct page_passage){ .w = w, .vm = vm, .from = from, .to = to };
	if (w->left_ns[to][vm])
		p->away_ns = clock_now_ns() - w->left_ns[to][vm];
	const struct page_watch_spec watch = { .vm = w->x->vms[vm].name,
		                               .from = w->testbed->nodes[from].name,
		                               .to = there->name,
		                               .number = vm,
		                               .pool = w->pools[to],
		                               .series = w->series,
		                               .interval_ns = ROW_MS * NS_PER_MS };
	struct relay_spec relay = { .netns = there->netns_path,
		                    .listen_ip = there->migration_ip,
		                    .target_ip = "127.0.0.1" };
	if (page_watch_create(&p->watch, &watch, e) == 0) {
		relay.tap = (struct relay_tap){ p->watch, page_watch_opened, page_watch_passed, page_watch_closed,
			                        page_watch_tick };
		if (relay_start(&p->relay, &relay, e) == 0) {
			snprintf(p->uri, sizeof(p->uri), "tcp://%s:%d", there->migration_ip, relay_port(p->relay));
			spec->uri = p->uri;
			spec->listen_ip = "127.0.0.1";
			*ret = p;
			return 0;
		}
	}
	page_watch_free(p->watch);
	free(p);
	return err_prefix(e, "migration.stream");
}

/* What was last sent is what the node that it left could have kept; or where it did not stay. */
static void keep(struct page_passage *p, bool moved, struct json_object *facts)
{
	const struct page_classes *c = page_watch_classes(p->watch);
	struct page_hash h;
	struct err e = { 0 };
	char path[512];
	for (uint64_t i = 0; c && i < page_classes_pages(c); i++)
		if (page_last(c, i, &h))
			page_pool_add(p->w->pools[moved ? p->from : p->to], h, EQUAL_KEPT);
	if (!c || !moved || !p->w->x->migration.stream_kept[0])
		return;
	kept_path(p->w, p->from, p->vm, path, sizeof(path));
	if (kept_pages_write(path, c, p->w->seed, &e) < 0)
		json_object_object_add(facts, "not_kept", json_object_new_string(e.text));
}

static void tell(struct page_watching *w, const char *vm, struct json_object *facts)
{
	struct json_object *last, *before = NULL;
	pthread_mutex_lock(&w->lock);
	if (json_object_object_get_ex(w->told, vm, &last)) {
		before = json_object_object_get_ex(last, "before", &before) ? json_object_get(before)
		                                                            : json_object_new_array();
		json_object_object_del(last, "before");
		json_object_array_add(before, json_object_get(last));
		json_object_object_add(facts, "before", before);
	}
	json_object_object_add(w->told, vm, facts);
	pthread_mutex_unlock(&w->lock);
}

/* What it has seen is not known, since it may be looking still. */
static void tell_endless(struct page_passage *p)
{
	struct json_object *facts = json_object_new_object();
	pthread_mutex_lock(&p->w->lock);
	p->w->endless++;
	pthread_mutex_unlock(&p->w->lock);
	json_object_object_add(facts, "verdict", json_object_new_string("not-understood"));
	json_object_object_add(facts, "reason", json_object_new_string("the relay that watches it does not end"));
	tell(p->w, p->w->x->vms[p->vm].name, facts);
}

void page_passage_end(struct page_passage *p, bool moved)
{
	struct relay_report report;
	if (!p)
		return;
	if (moved)
		p->w->left_ns[p->from][p->vm] = clock_now_ns();
	if (relay_stop(p->relay, &report) < 0) {
		tell_endless(p);
		return; /* its thread has it still */
	}
	struct json_object *facts = page_watch_end(p->watch);
	keep(p, moved, facts);
	if (p->away_ns)
		json_object_object_add(facts, "away_ns", json_object_new_int64(p->away_ns));
	json_object_object_add(facts, "relay_refused", json_object_new_int(report.refused));
	json_object_object_add(facts, "relay_broken", json_object_new_int(report.broken));
	json_object_object_add(facts, "watched_ns", json_object_new_int64(report.watched_ns));
	json_object_object_add(facts, "connected_ns", json_object_new_int64(report.connected_ns));
	tell(p->w, p->w->x->vms[p->vm].name, facts);
	page_watch_free(p->watch);
	free(p);
}

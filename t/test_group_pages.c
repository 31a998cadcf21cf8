/* Pages of a group's VMs that share a pool: made streams of two VMs with known equal pages, one after the other, in turn, at
 * once; what a full pool misses; and their relays, with a VM that is called back. */
#include "analysis/series_read.h"
#include "analysis/stream_metrics.h"
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/series.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/page_watching.h"
#include "bench/experiment/run_directory.h"
#include "bench/migrate/migration.h"
#include "bench/testbed/testbed.h"
#include "collectors/stream/kept_pages.h"
#include "collectors/stream/page_watch.h"
#include "t/loopback.h"
#include "t/made_stream.h"
#include "t/scratch.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

/* Pages of each VM, up to these: some that the other VM has, too; one of its own many times; one that both have many times;
 * its own; zeros. */
enum { SHARED = 40, COPIES = 50, COPIES_OF_BOTH = 60, PAGES = 100, WITH_ZEROS = 110, VMS = 2, PIECE = 1000 };

/* What is different in both, and what of one VM another page of it has. */
enum { DIFFERENT = 40 + 2 + 1 + 2 * 40, OWN = 9 + 9 };

static const char *const names[VMS] = { "vm1", "vm2" };

static uint64_t content_of(int vm, uint64_t page)
{
	return page < SHARED           ? page
	       : page < COPIES         ? 5000 + (uint64_t)vm
	       : page < COPIES_OF_BOTH ? 7000
	                               : 10000 * ((uint64_t)vm + 1) + page;
}

/* ret_half: where its first COPIES pages end. */
static struct made_stream stream_of(int vm, size_t *ret_half)
{
	struct made_stream s = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	made_vm_begin(&s, WITH_ZEROS);
	for (uint64_t i = 0; i < WITH_ZEROS; i++) {
		if (i == COPIES && ret_half)
			*ret_half = s.length;
		made_content(content, content_of(vm, i));
		if (i < PAGES)
			made_page(&s, "pc.ram", i * MADE_PAGE_BYTES, content);
		else
			made_zero(&s, "pc.ram", i * MADE_PAGE_BYTES);
	}
	made_vm_end(&s);
	return s;
}

/* ---- what pages.csv counts ---- */

struct counts {
	const char *vm; /* NULL: all */
	int64_t zeros, pages, unique, own, group, either, kept;
};

enum { VM, KIND, EQUAL, COUNT, WANTED };

static int on_row(void *context, const struct series_cell *cells, struct err *e)
{
	struct counts *c = context;
	int equal = page_equal_parse(cells[EQUAL].text);
	int64_t n = cells[COUNT].integer;
	(void)e;
	if (c->vm && strcmp(cells[VM].text, c->vm) != 0)
		return 0;
	c->zeros += strcmp(cells[KIND].text, "zero") == 0 ? n : 0;
	if (strcmp(cells[KIND].text, "page") != 0)
		return 0;
	c->pages += n;
	c->unique += equal ? 0 : n;
	c->own += equal & EQUAL_OWN ? n : 0;
	c->group += equal & EQUAL_GROUP ? n : 0;
	c->either += equal & (EQUAL_OWN | EQUAL_GROUP) ? n : 0;
	c->kept += equal & EQUAL_KEPT ? n : 0;
	return 0;
}

static struct counts counted(const char *directory, const char *vm)
{
	static const struct series_column wanted[WANTED] = { [VM] = { "vm", COLUMN_TEXT, 0 },
		                                             [KIND] = { "kind", COLUMN_TEXT, 0 },
		                                             [EQUAL] = { "equal", COLUMN_TEXT, 0 },
		                                             [COUNT] = { "pages", COLUMN_INTEGER, 0 } };
	struct counts c = { .vm = vm };
	struct err e = { 0 };
	if (series_read(directory, "pages.csv", wanted, WANTED, on_row, &c, NULL, &e) != 0)
		fail_msg("%s", e.text);
	return c;
}

/* ---- two watches ---- */

struct watched {
	struct page_watch *watch;
	struct made_stream stream;
	size_t at;
};

struct group {
	struct page_pool *pool;
	struct series *series;
	struct watched vms[VMS];
};

static struct group group_begin(uint64_t pool_pages_most)
{
	const struct page_limits limits = { .pool_pages_most = pool_pages_most, .zstd_level = 1, .seed = 5 };
	struct group g;
	struct err e = { 0 };
	char path[96];
	snprintf(path, sizeof(path), "%s/pages.csv", scratch);
	unlink(path);
	assert_int_equal(page_pool_create(&g.pool, &limits, &e), 0);
	assert_int_equal(series_create(&g.series, scratch, "pages.csv", PAGES_COLUMNS, &e), 0);
	for (int i = 0; i < VMS; i++) {
		const struct page_watch_spec spec = { names[i], "src", "dst", i, g.pool, g.series, NS_PER_MS };
		g.vms[i] = (struct watched){ .stream = stream_of(i, NULL) };
		assert_int_equal(page_watch_create(&g.vms[i].watch, &spec, &e), 0);
		page_watch_opened(g.vms[i].watch, 0);
	}
	return g;
}

/* The next so many bytes of its stream pass; false: there are no more. */
static bool pass_some(struct watched *w, size_t most)
{
	size_t left = w->stream.length - w->at, length = left < most ? left : most;
	page_watch_passed(w->watch, 0, false, w->stream.bytes + w->at, length);
	w->at += length;
	return length < left;
}

static void *pass_all(void *argument)
{
	while (pass_some(argument, PIECE))
		;
	return NULL;
}

static struct page_pool_facts group_end(struct group *g)
{
	struct err e = { 0 };
	for (int i = 0; i < VMS; i++) {
		struct json_object *facts = page_watch_end(g->vms[i].watch);
		assert_string_equal(json_object_get_string(json_object_object_get(facts, "verdict")), "complete");
		json_object_put(facts);
		page_watch_free(g->vms[i].watch);
		free(g->vms[i].stream.bytes);
	}
	assert_int_equal(series_close(g->series, &e), 0);
	const struct page_pool_facts facts = page_pool_facts(g->pool);
	page_pool_free(g->pool);
	return facts;
}

/* What does not depend on who was first. */
static void assert_all(void)
{
	struct counts all = counted(scratch, NULL);
	assert_int_equal(all.pages, VMS * PAGES);
	assert_int_equal(all.zeros, VMS * (WITH_ZEROS - PAGES));
	assert_int_equal(all.unique, DIFFERENT);
	assert_int_equal(all.own, VMS * OWN);
	assert_int_equal(all.either, VMS * PAGES - DIFFERENT);
}

static void one_after_the_other(void **state)
{
	(void)state;
	for (int first = 0; first < VMS; first++) {
		struct group g = group_begin(0);
		pass_all(&g.vms[first]);
		pass_all(&g.vms[!first]);
		struct page_pool_facts pool = group_end(&g);
		struct counts before = counted(scratch, names[first]), after = counted(scratch, names[!first]);
		assert_all();
		assert_int_equal(before.group, 0);
		assert_int_equal(before.unique, PAGES - OWN);
		assert_int_equal(after.group, SHARED + (COPIES_OF_BOTH - COPIES));
		assert_int_equal(after.own, OWN);
		assert_int_equal(after.either, SHARED + (COPIES_OF_BOTH - COPIES) + 9);
		assert_int_equal(pool.pages, DIFFERENT);
		assert_int_equal(pool.refused, 0);
	}
}

/* A piece of the one, a piece of the other, so that a page of the one is followed by the other's. */
static void in_turn(void **state)
{
	(void)state;
	struct group g = group_begin(0);
	for (bool more = true; more;) {
		more = pass_some(&g.vms[0], PIECE);
		more |= pass_some(&g.vms[1], PIECE);
	}
	group_end(&g);
	assert_all();
	struct counts one = counted(scratch, "vm1"), two = counted(scratch, "vm2");
	assert_int_equal(one.group, COPIES_OF_BOTH - COPIES - 1);
	assert_int_equal(one.unique, PAGES - OWN);
	assert_int_equal(two.group, SHARED + COPIES_OF_BOTH - COPIES);
}

static void at_once(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		pthread_t thread;
		struct group g = group_begin(0);
		assert_int_equal(pthread_create(&thread, NULL, pass_all, &g.vms[1]), 0);
		pass_all(&g.vms[0]);
		pthread_join(thread, NULL);
		group_end(&g);
		assert_all();
		assert_in_range(counted(scratch, NULL).group, SHARED + 10, SHARED + 19);
	}
}

/* What is in a full pool is still known; nothing else is, and it says how often. */
static void a_full_pool(void **state)
{
	(void)state;
	for (int first = 0; first < VMS; first++) {
		struct group g = group_begin(20);
		pass_all(&g.vms[first]);
		pass_all(&g.vms[!first]);
		struct page_pool_facts pool = group_end(&g);
		struct counts all = counted(scratch, NULL);
		assert_int_equal(all.group, 20);
		assert_int_equal(all.own, VMS * OWN);
		assert_int_equal(all.unique, VMS * (PAGES - OWN) - 20);
		assert_int_equal(pool.pages, 20);
		assert_int_equal(pool.refused, VMS * (PAGES - 20));
		assert_in_range(pool.bytes, 1, 64 << 10);
	}
}

/* ---- relays ---- */

struct passing {
	struct page_watching *watching;
	int vm;
	size_t bytes; /* of its stream, 0: all */
	bool moved;
	int result;
};

/* As a QEMU at the destination: takes what comes, to its end. */
static void *take_all(void *argument)
{
	char bytes[8192];
	int listening = *(int *)argument, fd = accept(listening, NULL, NULL);
	while (fd >= 0 && recv(fd, bytes, sizeof(bytes), 0) > 0)
		;
	close(fd);
	return NULL;
}

static void *pass_through(void *argument)
{
	struct passing *p = argument;
	struct page_passage *passage;
	struct migration_spec spec = { 0 };
	struct err e = { 0 };
	pthread_t target;
	p->result = page_passage_begin(&passage, p->watching, p->vm, NODE_SRC, NODE_DST, &spec, &e);
	if (p->result < 0)
		return NULL;
	struct made_stream s = stream_of(p->vm, NULL);
	int port = atoi(strrchr(spec.uri, ':') + 1), listening = loopback_socket(spec.listen_ip, port, 1);
	p->result = listening < 0 ? -1 : pthread_create(&target, NULL, take_all, &listening);
	struct loopback_bytes bytes = { loopback_socket("127.0.0.2", port, 0), s.bytes,
		                        p->bytes ? p->bytes : s.length };
	loopback_send(&bytes);
	if (p->result == 0)
		pthread_join(target, NULL);
	page_passage_end(passage, p->moved);
	close(bytes.fd);
	close(listening);
	free(s.bytes);
	return NULL;
}

static const char *said(const struct run_directory *d, const char *path)
{
	struct json_object *value;
	return json_pointer_get(d->manifest, path, &value) == 0 ? json_object_get_string(value) : NULL;
}

/* The first VM is called back when it has sent half, and then moves beside the other one. */
static void relays_of_a_group(void **state)
{
	static struct experiment x;
	static struct testbed t;
	struct run_directory d;
	struct err e = { 0 };
	struct kept_facts kept;
	char path[128], config[128];
	pthread_t thread;
	(void)state;
	if (loopback_enter() < 0)
		skip();
	snprintf(config, sizeof(config), "%s/group.conf", scratch);
	fclose(fopen(config, "we"));
	snprintf(path, sizeof(path), "%s/run", scratch);
	assert_int_equal(run_directory_create(&d, path, config, &e), 0);
	x = (struct experiment){ .vm_count = VMS, .migration.stream = true };
	snprintf(x.migration.stream_kept, sizeof(x.migration.stream_kept), "%s/kept", scratch);
	for (int i = 0; i < VMS; i++)
		strcpy(x.vms[i].name, names[i]);
	for (int node = NODE_SRC; node <= NODE_DST; node++) {
		strcpy(t.nodes[node].name, node == NODE_SRC ? "src" : "dst");
		strcpy(t.nodes[node].netns_path, "/proc/self/ns/net");
		strcpy(t.nodes[node].migration_ip, "127.0.0.2");
	}
	struct passing half = { .vm = 0 }, one = { .vm = 0, .moved = true }, two = { .vm = 1, .moved = true };
	struct made_stream s = stream_of(0, &half.bytes);
	free(s.bytes);
	if (page_watching_open(&half.watching, &x, &t, &d, &e) < 0)
		fail_msg("%s", e.text);
	one.watching = two.watching = half.watching;
	pass_through(&half);
	assert_int_equal(half.result, 0);
	assert_int_equal(pthread_create(&thread, NULL, pass_through, &one), 0);
	pass_through(&two);
	pthread_join(thread, NULL);
	assert_int_equal(one.result, 0);
	assert_int_equal(two.result, 0);
	assert_int_equal(page_watching_close(half.watching, &e), 0);

	struct counts all = counted(path, NULL), first = counted(path, "vm1"), second = counted(path, "vm2");
	assert_int_equal(all.pages, COPIES + VMS * PAGES);
	assert_int_equal(all.unique, DIFFERENT);
	assert_int_equal(first.kept, COPIES);
	assert_int_equal(second.kept, SHARED);
	assert_in_range(second.group, SHARED, SHARED + 10);
	assert_string_equal(said(&d, "/stream/vms/vm1/verdict"), "complete");
	assert_string_equal(said(&d, "/stream/vms/vm2/verdict"), "complete");
	assert_string_equal(said(&d, "/stream/vms/vm1/before/0/verdict"), "cut-off");
	assert_null(said(&d, "/stream/vms/vm1/before/1"));
	assert_null(said(&d, "/stream/vms/vm2/before"));
	snprintf(path, sizeof(path), "%s/kept/src-vm1.kept", scratch);
	assert_int_equal(kept_pages_facts(path, &kept, &e), 0);
	assert_int_equal(kept.pages, PAGES);
	assert_int_equal(run_directory_finish(&d, "complete", "", &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_after_the_other), cmocka_unit_test(in_turn),           cmocka_unit_test(at_once),
		cmocka_unit_test(a_full_pool),         cmocka_unit_test(relays_of_a_group),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

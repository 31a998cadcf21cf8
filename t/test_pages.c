/* Classes of pages of made migrations with known duplicates; the index; what was kept; images. */
#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/whole_file.h"
#include "collectors/stream/disk_blocks.h"
#include "collectors/stream/kept_pages.h"
#include "collectors/stream/page_class.h"
#include "t/made_stream.h"
#include "t/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static const struct page_limits limits = { .zstd_level = 1, .seed = 7 };

static struct page_pool *pool_make(const struct page_limits *l)
{
	struct page_pool *pool;
	struct err e = { 0 };
	assert_int_equal(page_pool_create(&pool, l, &e), 0);
	return pool;
}

static struct page_classes *classes_of(struct page_pool *pool, int vm, uint64_t pages)
{
	struct page_classes *c;
	struct err e = { 0 };
	assert_int_equal(page_classes_create(&c, pool, vm, pages, &e), 0);
	return c;
}

static struct page_classes *classes_make(struct page_pool *pool, uint64_t pages)
{
	return classes_of(pool, 0, pages);
}

/* Page `number` is sent with content `which`. */
static struct page_class sent(struct page_classes *c, uint64_t number, uint64_t which)
{
	unsigned char content[MADE_PAGE_BYTES];
	struct page_class class;
	made_content(content, which);
	page_classify(c, number, content, sizeof(content), &class);
	return class;
}

static void an_index(void **state)
{
	(void)state;
	enum { COUNT = 100000 };
	struct page_index *x;
	struct err e = { 0 };
	assert_int_equal(page_index_create(&x, 0, COUNT, &e), 0);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct page_hash h = page_hash_of(&i, sizeof(i), 1);
		assert_null(page_index_find(x, h));
		uint32_t *value = page_index_put(x, h);
		assert_non_null(value);
		assert_int_equal(*value, 0);
		*value = i + 1;
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		const uint32_t *value = page_index_find(x, page_hash_of(&i, sizeof(i), 1));
		assert_non_null(value);
		assert_int_equal(*value, i + 1);
	}
	uint32_t more = COUNT;
	assert_null(page_index_put(x, page_hash_of(&more, sizeof(more), 1)));
	more = 5;
	assert_non_null(page_index_put(x, page_hash_of(&more, sizeof(more), 1)));
	assert_int_equal(page_index_count(x), COUNT);
	assert_in_range(page_index_bytes(x), 20 * COUNT, 60 * COUNT);
	page_index_free(x);
}

/* Half of the hash is the same, or another seed. */
static void hashes_differ(void **state)
{
	(void)state;
	struct page_index *x;
	struct err e = { 0 };
	assert_int_equal(page_index_create(&x, 10, 10, &e), 0);
	*page_index_put(x, (struct page_hash){ 5, 6 }) = 1;
	assert_null(page_index_find(x, (struct page_hash){ 5, 7 }));
	assert_null(page_index_find(x, (struct page_hash){ 1029, 6 }));
	assert_non_null(page_index_find(x, (struct page_hash){ 5, 6 }));
	assert_false(page_hash_equal(page_hash_of("a", 1, 1), page_hash_of("a", 1, 2)));
	page_index_free(x);
}

/* Hashes chosen so that their low bits, or their high ones, are the same, or count up: each has a place of its own. */
static void chosen_hashes(void **state)
{
	(void)state;
	enum { COUNT = 20000, WAYS = 4 };
	for (int way = 0; way < WAYS; way++) {
		struct page_index *x;
		struct err e = { 0 };
		assert_int_equal(page_index_create(&x, 0, COUNT, &e), 0);
		for (uint64_t i = 0; i < COUNT; i++) {
			const struct page_hash ways[WAYS] = {
				{ i << 32, 0 }, { 0, i }, { i, i }, { ~(i << 20), i << 40 }
			};
			uint32_t *value = page_index_put(x, ways[way]);
			assert_non_null(value);
			*value = 1;
		}
		assert_int_equal(page_index_count(x), COUNT);
		assert_in_range(page_index_steps(x), COUNT, 8 * COUNT);
		page_index_free(x);
	}
}

static void within_a_migration(void **state)
{
	(void)state;
	struct page_pool *pool = pool_make(&limits);
	struct page_classes *c = classes_make(pool, 8);
	struct page_class class = sent(c, 0, 100);
	struct page_hash h;
	assert_int_equal(class.equal, 0);
	assert_false(class.again);
	class = sent(c, 0, 100);
	assert_int_equal(class.equal, EQUAL_SENT);
	assert_true(class.again);
	class = sent(c, 1, 100);
	assert_int_equal(class.equal, EQUAL_OWN);
	assert_false(class.again);
	class = sent(c, 0, 100);
	assert_int_equal(class.equal, EQUAL_SENT | EQUAL_OWN);
	class = sent(c, 0, 101);
	assert_int_equal(class.equal, 0);
	assert_true(class.again);
	/* What it had before is not what is there now, and another page has it. */
	class = sent(c, 0, 100);
	assert_int_equal(class.equal, EQUAL_OWN);
	/* Its own old content, that no other page had. */
	class = sent(c, 0, 101);
	assert_int_equal(class.equal, 0);
	page_classify_zero(c, 0, &class);
	assert_true(class.again);
	assert_false(page_last(c, 0, &h));
	class = sent(c, 0, 101);
	assert_int_equal(class.equal, 0);
	assert_true(class.again);
	assert_true(page_last(c, 0, &h));
	page_forget(c, 0, &class);
	assert_false(page_last(c, 0, &h));
	page_classify_zero(c, 7, &class);
	assert_false(class.again);
	page_classes_free(c);
	page_pool_free(pool);
}

/* A page that the VM does not have: whatever number it is given, nothing comes of it. */
static void beyond_the_last_page(void **state)
{
	(void)state;
	static const uint64_t numbers[] = { 8, 1000, UINT64_MAX };
	struct page_pool *pool = pool_make(&limits);
	struct page_classes *c = classes_make(pool, 8);
	struct page_class class;
	struct page_hash h;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		for (int again = 0; again < 2; again++) {
			class = sent(c, numbers[i], 100);
			assert_int_equal(class.equal, 0);
			assert_int_equal(class.zstd_bytes, 0);
			assert_false(class.again);
		}
		page_classify_zero(c, numbers[i], &class);
		page_forget(c, numbers[i], &class);
		assert_false(class.again);
		assert_false(page_last(c, numbers[i], &h));
	}
	assert_int_equal(page_pool_facts(pool).pages, 0);
	page_classes_free(c);
	page_pool_free(pool);
}

static void of_a_group(void **state)
{
	(void)state;
	struct page_pool *pool = pool_make(&limits);
	struct page_classes *one = classes_of(pool, 0, 8), *two = classes_of(pool, 1, 8),
			    *three = classes_of(pool, 2, 8);
	sent(one, 0, 1);
	assert_int_equal(sent(one, 1, 1).equal, EQUAL_OWN);
	assert_int_equal(sent(two, 5, 1).equal, EQUAL_GROUP);
	assert_int_equal(sent(two, 6, 1).equal, EQUAL_GROUP | EQUAL_OWN);
	/* Two has it now as well. */
	assert_int_equal(sent(one, 1, 1).equal, EQUAL_GROUP | EQUAL_OWN | EQUAL_SENT);
	sent(two, 0, 2);
	assert_int_equal(sent(three, 0, 2).equal, EQUAL_GROUP);
	assert_int_equal(sent(three, 1, 3).equal, 0);
	/* A later migration of the same VM: what it sent before is no other VM's. */
	page_classes_free(one);
	one = classes_of(pool, 0, 8);
	sent(one, 7, 1000);
	page_classes_free(one);
	one = classes_of(pool, 0, 8);
	assert_int_equal(sent(one, 7, 1000).equal, 0);
	page_classes_free(one);
	page_classes_free(two);
	page_classes_free(three);
	page_pool_free(pool);
}

/* A full pool forgets nothing that it has, and says that there was more. */
static void a_bounded_pool(void **state)
{
	(void)state;
	const struct page_limits small = { .pool_pages_most = 4, .seed = 1 };
	struct page_pool *pool = pool_make(&small);
	struct page_classes *one = classes_of(pool, 0, 100), *two = classes_of(pool, 1, 100);
	for (uint64_t i = 0; i < 100; i++)
		sent(one, i, i);
	assert_int_equal(page_pool_facts(pool).pages, 4);
	assert_int_equal(page_pool_facts(pool).refused, 96);
	assert_int_equal(sent(two, 0, 3).equal, EQUAL_GROUP);
	assert_int_equal(sent(two, 1, 50).equal, 0);
	page_classes_free(one);
	page_classes_free(two);
	page_pool_free(pool);
}

/* A VM that writes fast leaves room for the others: 4 contents a page. */
static void a_share_of_the_pool(void **state)
{
	(void)state;
	struct page_pool *pool = pool_make(&limits);
	struct page_classes *fast = classes_of(pool, 0, 10), *other = classes_of(pool, 1, 10);
	for (uint64_t i = 0; i < 1000; i++)
		sent(fast, i % 10, i);
	assert_int_equal(page_pool_facts(pool).pages, 40);
	assert_int_equal(page_pool_facts(pool).refused, 960);
	assert_in_range(page_classes_bytes(fast), 1, 200 << 10);
	assert_int_equal(sent(other, 0, 39).equal, EQUAL_GROUP);
	assert_int_equal(sent(other, 0, 40).equal, 0);
	assert_int_equal(page_pool_facts(pool).pages, 41);
	/* What is there by others costs it nothing. */
	assert_int_equal(sent(fast, 0, 40).equal, EQUAL_GROUP);
	page_classes_free(fast);
	page_classes_free(other);
	page_pool_free(pool);
}

static void compressed(void **state)
{
	(void)state;
	unsigned char text[MADE_PAGE_BYTES];
	struct page_limits some = limits;
	struct page_class class;
	struct page_pool *pool = pool_make(&limits);
	struct page_classes *c = classes_make(pool, 4096);
	assert_int_equal(sent(c, 0, 1).zstd_bytes, MADE_PAGE_BYTES); /* incompressible: never more than it is */
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (unsigned char)("the same words again and again, "[i % 32]);
	page_classify(c, 1, text, sizeof(text), &class);
	assert_in_range(class.zstd_bytes, 20, 200);
	page_classes_free(c);
	page_pool_free(pool);
	/* One in four, by its hash: the same ones each time. */
	some.zstd_each = 4;
	pool = pool_make(&some);
	c = classes_make(pool, 4096);
	int count = 0;
	for (uint64_t i = 0; i < 4096; i++) {
		uint32_t bytes = sent(c, i, i).zstd_bytes;
		assert_int_equal(bytes, sent(c, i, i).zstd_bytes);
		count += bytes != 0;
	}
	assert_in_range(count, 900, 1150);
	page_classes_free(c);
	page_pool_free(pool);
	some.zstd_level = 0;
	pool = pool_make(&some);
	c = classes_make(pool, 1);
	assert_int_equal(sent(c, 0, 0).zstd_bytes, 0);
	page_classes_free(c);
	page_pool_free(pool);
}

static void what_is_kept(void **state)
{
	(void)state;
	char path[128];
	struct stat st;
	struct err e = { 0 };
	struct kept_facts facts;
	struct page_class class;
	struct page_pool *pool = pool_make(&limits);
	struct page_classes *c = classes_make(pool, 1000);
	snprintf(path, sizeof(path), "%s/vm1.kept", scratch);
	assert_int_equal(kept_pages_facts(path, &facts, &e), 1);
	for (uint64_t i = 0; i < 700; i++)
		sent(c, i, i);
	sent(c, 3, 5000);
	page_classify_zero(c, 4, &class);
	int64_t before_ns = clock_wall_ns();
	assert_int_equal(kept_pages_write(path, c, limits.seed, &e), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	page_classes_free(c);
	page_pool_free(pool);

	assert_int_equal(kept_pages_facts(path, &facts, &e), 0);
	assert_int_equal(facts.pages, 699);
	assert_int_equal(facts.seed, limits.seed);
	assert_true(facts.wall_ns >= before_ns && facts.wall_ns <= clock_wall_ns());
	pool = pool_make(&limits);
	assert_int_equal(kept_pages_read(pool, path, &e), 0);
	assert_int_equal(page_pool_facts(pool).pages, 699);
	c = classes_make(pool, 1000);
	assert_int_equal(sent(c, 900, 0).equal, EQUAL_KEPT);
	assert_int_equal(sent(c, 900, 5000).equal, EQUAL_KEPT);
	assert_int_equal(sent(c, 901, 3).equal, 0);
	assert_int_equal(sent(c, 901, 4).equal, 0);
	assert_int_equal(sent(c, 902, 699).equal, EQUAL_KEPT);
	page_classes_free(c);
	page_pool_free(pool);
}

/* Another seed, a changed byte, a missing end: nothing of it is believed. */
static void what_is_kept_is_checked(void **state)
{
	(void)state;
	char path[128];
	struct err e = { 0 };
	struct kept_facts facts;
	struct page_limits other = { .seed = 8 };
	struct page_pool *pool = pool_make(&limits);
	struct page_classes *c = classes_make(pool, 10);
	snprintf(path, sizeof(path), "%s/vm2.kept", scratch);
	for (uint64_t i = 0; i < 10; i++)
		sent(c, i, i);
	assert_int_equal(kept_pages_write(path, c, limits.seed, &e), 0);
	page_classes_free(c);
	page_pool_free(pool);
	pool = pool_make(&other);
	assert_int_equal(kept_pages_read(pool, path, &e), -1);
	assert_non_null(strstr(e.text, "seed"));
	page_pool_free(pool);
	pool = pool_make(&limits);
	FILE *file = fopen(path, "r+");
	fseek(file, -5, SEEK_END);
	fputc('x', file);
	fclose(file);
	assert_int_equal(kept_pages_read(pool, path, &e), -1);
	assert_non_null(strstr(e.text, "changed"));
	assert_int_equal(truncate(path, 150), 0);
	assert_int_equal(kept_pages_read(pool, path, &e), -1);
	assert_int_equal(kept_pages_facts(path, &facts, &e), -1);
	assert_int_equal(truncate(path, 3), 0);
	assert_int_equal(kept_pages_facts(path, &facts, &e), -1);
	assert_int_equal(page_pool_facts(pool).pages, 0);
	page_pool_free(pool);
}

/* A link to it, one that others may read, and what is no file at all: nothing of it is believed, and nobody waits for it. */
static void what_is_kept_is_private(void **state)
{
	(void)state;
	char path[128], other[128];
	struct err e = { 0 };
	struct kept_facts facts;
	struct whole_file out = { 0 };
	struct stat st;
	struct page_pool *pool = pool_make(&limits);
	struct page_classes *c = classes_make(pool, 10);
	snprintf(path, sizeof(path), "%s/vm3.kept", scratch);
	snprintf(other, sizeof(other), "%s/vm4.kept", scratch);
	/* From its first byte on nobody else may read it. */
	assert_int_equal(whole_file_open_private(&out, path, &e), 0);
	assert_int_equal(stat(out.temporary, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(whole_file_close(&out, -1, &e), -1);
	sent(c, 0, 1);
	assert_int_equal(kept_pages_write(path, c, limits.seed, &e), 0);
	assert_int_equal(kept_pages_read(pool, path, &e), 0);
	assert_int_equal(symlink(path, other), 0);
	for (int turn = 0; turn < 3; turn++) {
		const char *looked_at = turn ? path : other;
		if (turn == 1)
			assert_int_equal(chmod(path, 0640), 0);
		if (turn == 2) {
			assert_int_equal(unlink(path), 0);
			assert_int_equal(mkfifo(path, 0600), 0);
		}
		e.text[0] = '\0';
		assert_int_equal(kept_pages_facts(looked_at, &facts, &e), -1);
		assert_non_null(strstr(e.text, turn ? "not private" : "cannot open"));
		e.text[0] = '\0';
		assert_int_equal(kept_pages_read(pool, looked_at, &e), -1);
		assert_non_null(strstr(e.text, turn ? "not private" : "cannot open"));
	}
	page_classes_free(c);
	page_pool_free(pool);
}

static bool block_count(void *context, const unsigned char *block)
{
	(void)block;
	*(uint64_t *)context += 1;
	return true;
}

static void of_an_image(void **state)
{
	(void)state;
	char path[128];
	struct err e = { 0 };
	unsigned char content[MADE_PAGE_BYTES];
	struct page_pool *pool = pool_make(&limits);
	snprintf(path, sizeof(path), "%s/disk.img", scratch);
	FILE *file = fopen(path, "w");
	for (uint64_t i = 0; i < 600; i++) {
		made_content(content, 10000 + i);
		if (i % 3 == 0)
			memset(content, 0, sizeof(content));
		fwrite(content, sizeof(content), 1, file);
	}
	/* A hole, a block after it, and less than a block. */
	fseek(file, 64 << 20, SEEK_SET);
	made_content(content, 77);
	fwrite(content, sizeof(content), 1, file);
	fwrite(content, 100, 1, file);
	fclose(file);
	assert_int_equal(kept_pages_of_image(pool, path, &e), 401);
	assert_int_equal(page_pool_facts(pool).pages, 401);
	struct page_classes *c = classes_make(pool, 10);
	assert_int_equal(sent(c, 0, 77).equal, EQUAL_DISK);
	assert_int_equal(sent(c, 1, 10597).equal, 0); /* was one of zeros */
	assert_int_equal(sent(c, 2, 10598).equal, EQUAL_DISK);
	assert_int_equal(sent(c, 3, 10598).equal, EQUAL_DISK | EQUAL_OWN);
	assert_int_equal(kept_pages_of_image(pool, "/nowhere", &e), -1);
	page_classes_free(c);
	/* A MiB at a time it is the same, and nothing of it is read before it is asked for. */
	struct disk_blocks *d;
	uint64_t seen = 0;
	assert_int_equal(disk_blocks_open(&d, path, &e), 0);
	assert_true(disk_blocks_some(d, block_count, &seen));
	assert_in_range(seen, 1, 256);
	for (bool more = true; more;) {
		uint64_t before = seen;
		more = disk_blocks_some(d, block_count, &seen);
		assert_in_range(seen - before, 0, 256);
	}
	assert_int_equal(seen, 401);
	assert_false(disk_blocks_some(d, block_count, &seen));
	assert_int_equal(disk_blocks_close(d), 401);
	page_pool_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_index),
		cmocka_unit_test(hashes_differ),
		cmocka_unit_test(chosen_hashes),
		cmocka_unit_test(within_a_migration),
		cmocka_unit_test(beyond_the_last_page),
		cmocka_unit_test(of_a_group),
		cmocka_unit_test(a_bounded_pool),
		cmocka_unit_test(a_share_of_the_pool),
		cmocka_unit_test(compressed),
		cmocka_unit_test(what_is_kept),
		cmocka_unit_test(of_an_image),
		cmocka_unit_test(what_is_kept_is_checked),
		cmocka_unit_test(what_is_kept_is_private),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

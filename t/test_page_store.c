/* The store of the reuse relays: its bounds, its file, and what it bears. */
#include "bench/migrate/reuse/page_store.h"
#include "t/reused_streams.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void the_store(void **state)
{
	(void)state;
	unsigned char content[MADE_PAGE_BYTES];
	struct page_store *s, *other;
	struct stat st;
	struct err e = { 0 };
	char path[96];
	snprintf(path, sizeof(path), "%s/store", scratch);
	assert_int_equal(page_store_open(&s, path, 100, 9, &e), 0);
	page_store_session(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(page_store_open(&other, path, 100, 9, &e), -1);
	assert_non_null(strstr(e.text, "in use"));
	for (uint64_t i = 0; i < 101; i++)
		assert_int_equal(put(s, REUSE_MEMORY, i), i < 100 ? 0 : -1);
	assert_int_equal(page_store_room(s, REUSE_MEMORY), 0);
	/* In the next session half of it makes room; what was used in this one stays longest. */
	page_store_session(s);
	assert_int_equal(page_store_count(s), 50);
	int found = 0, kept = -1;
	for (int i = 0; i < 100; i++) {
		made_content(content, (uint64_t)i);
		const unsigned char *there = page_store_find(s, page_hash_of(content, sizeof(content), 9));
		found += there != NULL;
		kept = there ? i : kept;
		if (there)
			assert_memory_equal(there, content, sizeof(content));
	}
	assert_int_equal(found, 50);
	page_store_close(s);
	assert_int_equal(page_store_open(&s, path, 100, 9, &e), 0);
	assert_int_equal(page_store_count(s), 50);
	made_content(content, (uint64_t)kept);
	assert_non_null(page_store_find(s, page_hash_of(content, sizeof(content), 9)));
	page_store_close(s);
	/* Another seed or size: it begins anew. */
	assert_int_equal(page_store_open(&s, path, 100, 10, &e), 0);
	assert_int_equal(page_store_count(s), 0);
	page_store_close(s);
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(page_store_open(&s, path, 100, 10, &e), -1);
	assert_non_null(strstr(e.text, "private"));
}

/* How many of so many pages, from `from` on, a kind gets into the store. */
static int put_all(struct page_store *s, enum reuse_kind kind, uint64_t from, int count)
{
	int stored = 0;
	for (int i = 0; i < count; i++)
		stored += put(s, kind, from + (uint64_t)i) == 0;
	return stored;
}

static void assert_counts(const struct page_store *s, uint32_t memory, uint32_t disks)
{
	assert_int_equal(page_store_count_of(s, REUSE_MEMORY), memory);
	assert_int_equal(page_store_count_of(s, REUSE_DISK), disks);
	assert_int_equal(page_store_count(s), memory + disks);
}

/* A disk larger than the store, copied along move after move, and what its VM's memory has beside it. */
static void a_disk_and_memory_share_the_store(void **state)
{
	(void)state;
	struct page_store *s = store_open("parts", 100);
	page_store_share(s);
	page_store_session(s);
	assert_int_equal(page_store_room(s, REUSE_DISK), 50);
	assert_int_equal(page_store_room(s, REUSE_MEMORY), 50);
	assert_int_equal(put_all(s, REUSE_DISK, 1000, 300), 50);
	assert_int_equal(page_store_room(s, REUSE_MEMORY), 50);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, 40), 40);
	assert_counts(s, 40, 50);
	/* Both come down to a quarter; the disk gets half of what is free, and not what memory leaves. */
	page_store_session(s);
	assert_counts(s, 25, 25);
	assert_int_equal(put_all(s, REUSE_DISK, 2000, 300), 25);
	assert_int_equal(put_all(s, REUSE_MEMORY, 500, 300), 25);
	assert_int_equal(put_all(s, REUSE_DISK, 3000, 1), 0);
	assert_counts(s, 50, 50);
	/* What a page came with outlives the process. */
	page_store_close(s);
	s = store_open("parts", 100);
	assert_counts(s, 25, 25);
	page_store_share(s);
	/* A page is there for both, whoever brought it. */
	page_store_session(s);
	assert_int_equal(put(s, REUSE_MEMORY, 7000), 0);
	assert_int_equal(put(s, REUSE_DISK, 7000), 0);
	assert_counts(s, 26, 25);
	page_store_close(s);
	/* Memory alone has had all of it: a disk that comes finds a quarter, and memory keeps half. */
	s = store_open(NULL, 100);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, 300), 100);
	page_store_share(s);
	page_store_session(s);
	assert_counts(s, 50, 0);
	assert_int_equal(put_all(s, REUSE_DISK, 1000, 300), 25);
	assert_int_equal(put_all(s, REUSE_MEMORY, 500, 300), 25);
	assert_counts(s, 75, 25);
	/* Memory has more: it is what is forgotten, what was used longest ago first. */
	page_store_session(s);
	assert_counts(s, 25, 25);
	assert_int_equal(put_all(s, REUSE_MEMORY, 500, 25), 25);
	assert_counts(s, 25, 25);
	page_store_close(s);
}

/* Of this process. */
static int64_t resident_bytes(void)
{
	long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %lld", &pages), 1);
	fclose(file);
	return pages * sysconf(_SC_PAGESIZE);
}

/* Much is kept in the file, and little of it in memory, be it written, looked for, or opened again. */
static void a_store_stays_small(void **state)
{
	enum { KEPT = 8000 };
	int64_t before = resident_bytes(), most = 0;
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct page_store *s = store_open("small", 2 * KEPT);
		for (uint64_t i = 0; i < KEPT; i++) {
			/* In turn the first time, then leaping about. */
			assert_int_equal(put(s, REUSE_MEMORY, turn ? i * 1237 % KEPT : i), 0);
			most = i % 50 || resident_bytes() < most ? most : resident_bytes();
		}
		assert_int_equal(page_store_count(s), KEPT);
		page_store_close(s);
	}
	print_message("# %lld bytes more in memory at most\n", (long long)(most - before));
	assert_true(most - before < KEPT * MADE_PAGE_BYTES / 4);
}

static int64_t bytes_read(void)
{
	char line[80];
	long long bytes = -1;
	FILE *file = fopen("/proc/self/io", "re");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "rchar: %lld", &bytes);
	if (file)
		fclose(file);
	return bytes;
}

/* However many pages are there: a relay that is started again is up at once. */
static void opening_reads_no_page(void **state)
{
	(void)state;
	enum { KEPT = 4000 };
	struct page_store *s = store_open("table", 2 * KEPT);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, KEPT), KEPT);
	page_store_close(s);
	int64_t before = bytes_read();
	if (before < 0)
		skip();
	s = store_open("table", 2 * KEPT);
	assert_true(bytes_read() - before < KEPT * MADE_PAGE_BYTES / 16);
	assert_int_equal(page_store_count(s), KEPT);
	assert_false(page_store_check_some(s));
	page_store_close(s);
}

/* Somebody cuts the file short, or makes it longer again, while it is open: pages are lost, and nothing else is. */
static void a_store_that_is_cut_short(void **state)
{
	(void)state;
	enum { KEPT = 100 };
	struct page_store *s = store_open("cut", 2 * KEPT);
	char path[96];
	snprintf(path, sizeof(path), "%s/cut", scratch);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, KEPT), KEPT);
	assert_int_equal(truncate(path, 100 * MADE_PAGE_BYTES), 0);
	page_store_session(s);
	unsigned char content[MADE_PAGE_BYTES];
	int found = 0;
	for (uint64_t i = 0; i < KEPT; i++) {
		made_content(content, i);
		found += page_store_find(s, page_hash_of(content, sizeof(content), page_store_seed(s))) != NULL;
	}
	assert_in_range(found, 90, KEPT - 1);
	assert_counts(s, (uint32_t)found, 0);
	assert_int_equal(truncate(path, 0), 0);
	/* None is there now; what is put is. */
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, 2 * KEPT), 2 * KEPT);
	assert_int_equal(put_all(s, REUSE_MEMORY, 0, 2 * KEPT), 2 * KEPT);
	assert_int_equal(put_all(s, REUSE_MEMORY, 1000, 1), 0);
	assert_counts(s, 2 * KEPT, 0);
	page_store_close(s);
}

/* A disk that is too small is told at the beginning, and not by a signal later on. */
static void a_full_disk(void **state)
{
	(void)state;
	struct page_store *s;
	struct err e = { 0 };
	char path[96];
	snprintf(path, sizeof(path), "%s/disk", scratch);
	assert_int_equal(mkdir(path, 0700), 0);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", path, "tmpfs", 0, "size=1M") < 0)
		skip();
	strcat(path, "/store");
	assert_int_equal(page_store_open(&s, path, 1000, 1, &e), -1);
	assert_non_null(strstr(e.text, "no room"));
	unlink(path);
	assert_int_equal(page_store_open(&s, path, 100, 1, &e), 0);
	page_store_close(s);
	unlink(path);
	path[strlen(path) - strlen("/store")] = '\0';
	assert_int_equal(umount(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_store),
		cmocka_unit_test(a_full_disk),
		cmocka_unit_test(a_disk_and_memory_share_the_store),
		cmocka_unit_test(a_store_stays_small),
		cmocka_unit_test(opening_reads_no_page),
		cmocka_unit_test(a_store_that_is_cut_short),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}

#include "bench/migrate/reuse/page_store.h"

#include "bench/base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char mark[16] = "migmeter pages1";

/* The file: head, table of slots, then the pages, each part on whole pages. */
struct head {
	char mark[16];
	uint64_t seed;
	uint32_t slots, session;
};

struct slot {
	struct page_hash hash;
	uint32_t used_in; /* the session in which it was last used; 0: free */
	uint32_t kind;    /* enum reuse_kind */
};

struct page_store {
	int fd; /* -1: memory only */
	unsigned char *map;
	size_t map_bytes;
	struct head *head;
	struct slot *slots;
	unsigned char *pages;
	struct page_index *index; /* value: 1 + slot */
	uint32_t *free_slots;     /* a stack */
	uint32_t free_count;
	uint32_t count[REUSE_KINDS];
	bool shared;
	uint32_t disks_most; /* where it is shared */
	/* Since pages were last unmapped; resident_most 0: they never are. */
	uint64_t touched, resident_most; /* bytes */
	bool *windows;                   /* what of the map was touched, by the system's steps */
};

static size_t table_bytes(uint32_t slots)
{
	return (sizeof(struct head) + slots * sizeof(struct slot) + STORE_PAGE_BYTES - 1) / STORE_PAGE_BYTES *
	       STORE_PAGE_BYTES;
}

static int file_open(struct page_store *s, const char *path, struct err *e)
{
	struct stat st;
	s->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot open the page store '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_mode & (S_IRWXG | S_IRWXO))
		return err_set(e, EXIT_CANNOT, "the page store '%s' is not private: chmod 600, or remove it", path);
	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0)
		return err_errno(e, EXIT_CANNOT, "the page store '%s' is in use", path);
	if ((size_t)st.st_size != s->map_bytes &&
	    (ftruncate(s->fd, 0) < 0 || ftruncate(s->fd, (off_t)s->map_bytes) < 0))
		return err_errno(e, EXIT_CANNOT, "cannot make the page store '%s'", path);
	/* A mapped page without room on the disk would be the end of the process. */
	if (fallocate(s->fd, 0, 0, (off_t)s->map_bytes) < 0 && errno != EOPNOTSUPP)
		return err_errno(e, EXIT_CANNOT, "no room on the disk for the page store '%s'", path);
	return 0;
}

static int map_open(struct page_store *s, const char *path, uint32_t slots, struct err *e)
{
	s->map_bytes = table_bytes(slots) + (size_t)slots * STORE_PAGE_BYTES;
	if (path && file_open(s, path, e) < 0)
		return -1;
	s->map = mmap(NULL, s->map_bytes, PROT_READ | PROT_WRITE,
	              path ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, s->fd, 0);
	if (s->map == MAP_FAILED) {
		s->map = NULL;
		return err_errno(e, EXIT_CANNOT, "cannot map a page store of %u pages", slots);
	}
	s->head = (struct head *)(void *)s->map;
	s->slots = (struct slot *)(void *)(s->map + sizeof(struct head));
	s->pages = s->map + table_bytes(slots);
	return 0;
}

/* Around a page that is read the system maps those of the file that it has in memory (fault-around). */
enum { WINDOW_BYTES = 64 << 10 };

static size_t window_of(const struct page_store *s, const unsigned char *at)
{
	return (size_t)((uintptr_t)at / WINDOW_BYTES - (uintptr_t)s->map / WINDOW_BYTES);
}

static unsigned char *page_of(const struct page_store *s, uint32_t slot)
{
	return s->pages + (size_t)slot * STORE_PAGE_BYTES;
}

static void unmap(struct page_store *s)
{
	madvise(s->map, s->map_bytes, MADV_DONTNEED);
	s->touched = 0;
	if (s->windows)
		memset(s->windows, 0, window_of(s, s->map + s->map_bytes) + 1);
}

/* A page was looked at, and what the system maps with it. What is written stays in the file, so that what was found is found there
 * again. */
static void touch(struct page_store *s, const unsigned char *page)
{
	size_t window = window_of(s, page);
	if (!s->resident_most || (s->windows && s->windows[window]))
		return;
	if (s->touched + WINDOW_BYTES > s->resident_most)
		unmap(s);
	s->touched += WINDOW_BYTES;
	if (s->windows)
		s->windows[window] = true;
}

void page_store_resident(struct page_store *s, uint64_t most_bytes)
{
	s->resident_most = s->fd < 0 ? 0 : most_bytes < 4 << 20 ? 4 << 20 : most_bytes;
	if (!s->resident_most)
		return;
	if (!s->windows) /* without them, the same is counted again and again */
		s->windows = calloc(window_of(s, s->map + s->map_bytes) + 1, sizeof(*s->windows));
	unmap(s);
}

static enum reuse_kind kind_of(const struct page_store *s, uint32_t slot)
{
	return s->slots[slot].kind == REUSE_DISK ? REUSE_DISK : REUSE_MEMORY;
}

static bool is_intact(const struct page_store *s, uint32_t slot)
{
	return page_hash_equal(page_hash_of(page_of(s, slot), STORE_PAGE_BYTES, s->head->seed), s->slots[slot].hash);
}

/* Begin anew, or with what is there and intact. */
static int slots_load(struct page_store *s, uint32_t slots, uint64_t seed, struct err *e)
{
	if (memcmp(s->head->mark, mark, sizeof(mark)) != 0 || (seed && s->head->seed != seed) ||
	    s->head->slots != slots) {
		if (!seed && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			return err_errno(e, EXIT_CANNOT, "no random seed for a page store");
		memset(s->slots, 0, slots * sizeof(*s->slots));
		*s->head = (struct head){ .seed = seed, .slots = slots };
		memcpy(s->head->mark, mark, sizeof(mark));
	}
	if (page_index_create(&s->index, slots, slots, e) < 0)
		return -1;
	s->free_slots = malloc(slots * sizeof(*s->free_slots));
	if (!s->free_slots)
		return err_set(e, EXIT_CANNOT, "no memory for a page store of %u pages", slots);
	for (uint32_t i = slots; i-- > 0;) {
		uint32_t *value =
			s->slots[i].used_in && is_intact(s, i) ? page_index_put(s->index, s->slots[i].hash) : NULL;
		if (value && !*value) {
			*value = i + 1;
			s->count[kind_of(s, i)]++;
			continue;
		}
		s->slots[i].used_in = 0;
		s->free_slots[s->free_count++] = i;
	}
	return 0;
}

int page_store_open(struct page_store **ret, const char *path, uint32_t slots, uint64_t seed, struct err *e)
{
	struct page_store *s = calloc(1, sizeof(*s));
	if (!s || !slots) {
		free(s);
		return err_set(e, EXIT_CANNOT, "no memory for a page store");
	}
	s->fd = -1;
	if (map_open(s, path, slots, e) < 0 || slots_load(s, slots, seed, e) < 0) {
		page_store_close(s);
		return -1;
	}
	s->head->session++;
	*ret = s;
	return 0;
}

void page_store_close(struct page_store *s)
{
	if (!s)
		return;
	if (s->map)
		munmap(s->map, s->map_bytes);
	if (s->fd >= 0)
		close(s->fd);
	page_index_free(s->index);
	free(s->free_slots);
	free(s->windows);
	free(s);
}

/* An index has no way to take one out: it is made again. */
static void index_again(struct page_store *s)
{
	struct page_index *fresh;
	if (page_index_create(&fresh, s->head->slots, s->head->slots, NULL) < 0)
		return; /* then nothing is found of what was forgotten, since it is hashed */
	page_index_free(s->index);
	s->index = fresh;
	for (uint32_t i = 0; i < s->head->slots; i++) {
		uint32_t *value = s->slots[i].used_in ? page_index_put(s->index, s->slots[i].hash) : NULL;
		if (value)
			*value = i + 1;
	}
}

/* So many of a kind, those that were used longest ago. */
static void forget(struct page_store *s, enum reuse_kind kind, uint32_t count)
{
	uint32_t slots = s->head->slots;
	s->count[kind] -= count;
	while (count) {
		uint32_t oldest = UINT32_MAX;
		for (uint32_t i = 0; i < slots; i++)
			if (s->slots[i].used_in && kind_of(s, i) == kind && s->slots[i].used_in < oldest)
				oldest = s->slots[i].used_in;
		for (uint32_t i = 0; count && i < slots; i++)
			if (s->slots[i].used_in == oldest && kind_of(s, i) == kind) {
				s->slots[i].used_in = 0;
				s->free_slots[s->free_count++] = i;
				count--;
			}
	}
}

void page_store_share(struct page_store *s)
{
	s->shared = true;
}

void page_store_session(struct page_store *s)
{
	uint32_t half = s->head->slots / 2, quarter = (half + 1) / 2, before[REUSE_KINDS] = { 0 };
	memcpy(before, s->count, sizeof(before));
	for (int kind = 0; page_store_count(s) > half && kind < REUSE_KINDS; kind++) {
		uint32_t other = before[!kind], kept = half - (other < quarter ? other : quarter);
		forget(s, (enum reuse_kind)kind, before[kind] > kept ? before[kind] - kept : 0);
	}
	uint32_t disks = s->count[REUSE_DISK] + s->free_count / 2;
	s->disks_most = disks < half ? disks : half;
	index_again(s);
	s->head->session++;
}

const unsigned char *page_store_find(struct page_store *s, struct page_hash h)
{
	const uint32_t *value = page_index_find(s->index, h);
	if (!value || !s->slots[*value - 1].used_in || !page_hash_equal(s->slots[*value - 1].hash, h) ||
	    !is_intact(s, *value - 1))
		return NULL;
	touch(s, page_of(s, *value - 1));
	s->slots[*value - 1].used_in = s->head->session;
	return page_of(s, *value - 1);
}

int page_store_put(struct page_store *s, enum reuse_kind kind, struct page_hash h, const unsigned char *content)
{
	if (page_store_find(s, h))
		return 0;
	if (!page_store_room(s, kind))
		return -1;
	uint32_t *value = page_index_put(s->index, h);
	if (!value)
		return -1;
	/* One that was there and is damaged keeps its slot. */
	bool damaged = *value && s->slots[*value - 1].used_in;
	uint32_t slot = damaged ? *value - 1 : s->free_slots[--s->free_count];
	if (damaged)
		s->count[kind_of(s, slot)]--;
	s->count[kind]++;
	*value = slot + 1;
	touch(s, page_of(s, slot));
	memcpy(page_of(s, slot), content, STORE_PAGE_BYTES);
	s->slots[slot] = (struct slot){ .hash = h, .used_in = s->head->session, .kind = kind };
	return 0;
}

uint32_t page_store_room(const struct page_store *s, enum reuse_kind kind)
{
	uint32_t disks = s->disks_most > s->count[REUSE_DISK] ? s->disks_most - s->count[REUSE_DISK] : 0;
	disks = disks < s->free_count ? disks : s->free_count;
	if (!s->shared)
		return s->free_count;
	return kind == REUSE_DISK ? disks : s->free_count - disks;
}

uint32_t page_store_free(const struct page_store *s)
{
	return s->free_count;
}

uint32_t page_store_count(const struct page_store *s)
{
	return s->head->slots - s->free_count;
}

uint32_t page_store_count_of(const struct page_store *s, enum reuse_kind kind)
{
	return s->count[kind];
}

uint64_t page_store_seed(const struct page_store *s)
{
	return s->head->seed;
}

int page_store_next(const struct page_store *s, uint32_t *at, struct page_hash *ret)
{
	while (*at < s->head->slots && !s->slots[*at].used_in)
		++*at;
	if (*at == s->head->slots)
		return 0;
	*ret = s->slots[(*at)++].hash;
	return 1;
}

#include "bench/migrate/reuse/page_store.h"

#include "bench/base/err.h"
#include "bench/base/private_file.h"

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

enum { CHECKED_AT_ONCE = 256 };

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
	struct head head;
	struct slot *slots;
	unsigned char *pages;     /* without a file: all of them */
	struct page_index *index; /* value: 1 + slot */
	uint32_t *free_slots;     /* a stack */
	uint32_t free_count;
	uint32_t count[REUSE_KINDS];
	bool shared;
	uint32_t disks_most; /* where it is shared */
	uint64_t forgotten;  /* pages, since it was opened */
	uint32_t unchecked;  /* slots still to be looked at, from the last on: one that was found was damaged */
	unsigned char page[STORE_PAGE_BYTES]; /* the last one that was read of the file */
};

static size_t table_bytes(uint32_t slots)
{
	return (sizeof(struct head) + slots * sizeof(struct slot) + STORE_PAGE_BYTES - 1) / STORE_PAGE_BYTES *
	       STORE_PAGE_BYTES;
}

/* ---- the file ---- */

static off_t slot_at(uint32_t slot)
{
	return (off_t)(sizeof(struct head) + slot * sizeof(struct slot));
}

static off_t page_at(const struct page_store *s, uint32_t slot)
{
	return (off_t)(table_bytes(s->head.slots) + (size_t)slot * STORE_PAGE_BYTES);
}

/* All of it, or -1. */
static int read_at(int fd, void *bytes, size_t length, off_t at)
{
	unsigned char *to = bytes;
	while (length) {
		ssize_t n = pread(fd, to, length, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		to += n;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

static int write_at(int fd, const void *bytes, size_t length, off_t at)
{
	const unsigned char *from = bytes;
	while (length) {
		ssize_t n = pwrite(fd, from, length, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		from += n;
		at += n;
		length -= (size_t)n;
	}
	return 0;
}

/* Pages are believed by their hash alone: a line of the table that could not be written is a page less. */
static void head_write(const struct page_store *s)
{
	if (s->fd >= 0)
		write_at(s->fd, &s->head, sizeof(s->head), 0);
}

static void slot_write(const struct page_store *s, uint32_t slot)
{
	if (s->fd >= 0)
		write_at(s->fd, &s->slots[slot], sizeof(*s->slots), slot_at(slot));
}

static int table_write(const struct page_store *s)
{
	return s->fd < 0 ? 0 : write_at(s->fd, s->slots, s->head.slots * sizeof(*s->slots), slot_at(0));
}

/* Good until the next one is read; NULL: the file has it no more, or cannot be read there. */
static const unsigned char *page_read(struct page_store *s, uint32_t slot)
{
	if (s->fd < 0)
		return s->pages + (size_t)slot * STORE_PAGE_BYTES;
	return read_at(s->fd, s->page, STORE_PAGE_BYTES, page_at(s, slot)) < 0 ? NULL : s->page;
}

static int page_write(struct page_store *s, uint32_t slot, const unsigned char *content)
{
	if (s->fd >= 0)
		return write_at(s->fd, content, STORE_PAGE_BYTES, page_at(s, slot));
	memcpy(s->pages + (size_t)slot * STORE_PAGE_BYTES, content, STORE_PAGE_BYTES);
	return 0;
}

static const unsigned char *intact(struct page_store *s, uint32_t slot)
{
	const unsigned char *page = page_read(s, slot);
	bool is = page && page_hash_equal(page_hash_of(page, STORE_PAGE_BYTES, s->head.seed), s->slots[slot].hash);
	return is ? page : NULL;
}

static enum reuse_kind kind_of(const struct page_store *s, uint32_t slot)
{
	return s->slots[slot].kind == REUSE_DISK ? REUSE_DISK : REUSE_MEMORY;
}

/* ---- opening ---- */

static int file_open(struct page_store *s, const char *path, size_t bytes, struct err *e)
{
	struct stat st;
	s->fd = private_file_open(path, O_RDWR | O_CREAT, "page store", e);
	if (s->fd < 0)
		return -1;
	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0 || fstat(s->fd, &st) < 0)
		return err_errno(e, EXIT_CANNOT, "the page store '%s' is in use", path);
	if ((size_t)st.st_size != bytes && (ftruncate(s->fd, 0) < 0 || ftruncate(s->fd, (off_t)bytes) < 0))
		return err_errno(e, EXIT_CANNOT, "cannot make the page store '%s'", path);
	/* Told now, and not page by page later. */
	if (fallocate(s->fd, 0, 0, (off_t)bytes) < 0 && errno != EOPNOTSUPP)
		return err_errno(e, EXIT_CANNOT, "no room on the disk for the page store '%s'", path);
	return 0;
}

static int pages_open(struct page_store *s, const char *path, uint32_t slots, struct err *e)
{
	const size_t bytes = (size_t)slots * STORE_PAGE_BYTES;
	s->slots = calloc(slots, sizeof(*s->slots));
	s->free_slots = malloc(slots * sizeof(*s->free_slots));
	if (!s->slots || !s->free_slots)
		return err_set(e, EXIT_CANNOT, "no memory for a page store of %u pages", slots);
	if (path)
		return file_open(s, path, table_bytes(slots) + bytes, e);
	s->pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->pages != MAP_FAILED)
		return 0;
	s->pages = NULL;
	return err_errno(e, EXIT_CANNOT, "cannot map a page store of %u pages", slots);
}

/* What the file says that it has; 1: it is of another kind, and all zeros now. */
static int table_read(struct page_store *s, const char *path, uint32_t slots, uint64_t seed, struct err *e)
{
	if (s->fd < 0)
		return 1;
	if (read_at(s->fd, &s->head, sizeof(s->head), 0) < 0 ||
	    read_at(s->fd, s->slots, slots * sizeof(*s->slots), slot_at(0)) < 0)
		return err_errno(e, EXIT_CANNOT, "cannot read the page store '%s'", path);
	if (memcmp(s->head.mark, mark, sizeof(mark)) == 0 && (!seed || s->head.seed == seed) &&
	    s->head.slots == slots)
		return 0;
	memset(s->slots, 0, slots * sizeof(*s->slots));
	s->head.slots = slots;
	return table_write(s) < 0 ? err_errno(e, EXIT_CANNOT, "cannot make the page store '%s'", path) : 1;
}

/* Begin anew, or with what the file says that it has; whether it has it is seen when it is looked for. */
static int slots_load(struct page_store *s, const char *path, uint32_t slots, uint64_t seed, struct err *e)
{
	int anew = table_read(s, path, slots, seed, e);
	if (anew < 0)
		return -1;
	if (anew) {
		if (!seed && getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			return err_errno(e, EXIT_CANNOT, "no random seed for a page store");
		s->head = (struct head){ .seed = seed, .slots = slots };
		memcpy(s->head.mark, mark, sizeof(mark));
	}
	if (page_index_create(&s->index, slots, slots, e) < 0)
		return -1;
	for (uint32_t i = slots; i-- > 0;) {
		uint32_t *value = s->slots[i].used_in ? page_index_put(s->index, s->slots[i].hash) : NULL;
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
	struct page_store *s = slots ? calloc(1, sizeof(*s)) : NULL;
	if (!s)
		return err_set(e, EXIT_CANNOT, "no memory for a page store");
	s->fd = -1;
	s->head.slots = slots;
	if (pages_open(s, path, slots, e) < 0 || slots_load(s, path, slots, seed, e) < 0) {
		page_store_close(s);
		return -1;
	}
	s->head.session++;
	head_write(s);
	*ret = s;
	return 0;
}

void page_store_close(struct page_store *s)
{
	if (!s)
		return;
	if (s->pages)
		munmap(s->pages, (size_t)s->head.slots * STORE_PAGE_BYTES);
	if (s->fd >= 0)
		close(s->fd);
	page_index_free(s->index);
	free(s->slots);
	free(s->free_slots);
	free(s);
}

/* ---- a session ---- */

/* An index has no way to take one out: it is made again. */
static void index_again(struct page_store *s)
{
	struct page_index *fresh;
	if (page_index_create(&fresh, s->head.slots, s->head.slots, NULL) < 0)
		return; /* then nothing is found of what was forgotten, since it is hashed */
	page_index_free(s->index);
	s->index = fresh;
	for (uint32_t i = 0; i < s->head.slots; i++) {
		uint32_t *value = s->slots[i].used_in ? page_index_put(s->index, s->slots[i].hash) : NULL;
		if (value)
			*value = i + 1;
	}
}

/* So many of a kind, those that were used longest ago. */
static void forget(struct page_store *s, enum reuse_kind kind, uint32_t count)
{
	uint32_t slots = s->head.slots;
	s->count[kind] -= count;
	s->forgotten += count;
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
	uint32_t half = s->head.slots / 2, quarter = (half + 1) / 2, before[REUSE_KINDS] = { 0 };
	memcpy(before, s->count, sizeof(before));
	bool full = page_store_count(s) > half;
	for (int kind = 0; page_store_count(s) > half && kind < REUSE_KINDS; kind++) {
		uint32_t other = before[!kind], kept = half - (other < quarter ? other : quarter);
		forget(s, (enum reuse_kind)kind, before[kind] > kept ? before[kind] - kept : 0);
	}
	if (full)
		table_write(s);
	uint32_t disks = s->count[REUSE_DISK] + s->free_count / 2;
	s->disks_most = disks < half ? disks : half;
	index_again(s);
	s->head.session++;
	head_write(s);
}

static void used(struct page_store *s, uint32_t slot)
{
	if (s->slots[slot].used_in == s->head.session)
		return;
	s->slots[slot].used_in = s->head.session;
	slot_write(s, slot);
}

/* Its index entry stays, and leads nowhere. */
static void forget_one(struct page_store *s, uint32_t slot)
{
	s->count[kind_of(s, slot)]--;
	s->forgotten++;
	s->slots[slot].used_in = 0;
	slot_write(s, slot);
	s->free_slots[s->free_count++] = slot;
}

const unsigned char *page_store_find(struct page_store *s, struct page_hash h)
{
	const uint32_t *value = page_index_find(s->index, h);
	if (!value || !s->slots[*value - 1].used_in || !page_hash_equal(s->slots[*value - 1].hash, h))
		return NULL;
	uint32_t slot = *value - 1;
	const unsigned char *page = intact(s, slot);
	if (page) {
		used(s, slot);
	} else {
		forget_one(s, slot);
		s->unchecked = s->head.slots;
	}
	return page;
}

bool page_store_check_some(struct page_store *s)
{
	for (int i = 0; i < CHECKED_AT_ONCE && s->unchecked; i++) {
		uint32_t slot = --s->unchecked;
		if (s->slots[slot].used_in && !intact(s, slot))
			forget_one(s, slot);
	}
	return s->unchecked > 0;
}

/* Where a page can be put into the index; made again where it is full of what is not there any more. */
static uint32_t *index_put(struct page_store *s, struct page_hash h)
{
	uint32_t *value = page_index_put(s->index, h);
	if (value)
		return value;
	index_again(s);
	return page_index_put(s->index, h);
}

int page_store_put(struct page_store *s, enum reuse_kind kind, struct page_hash h, const unsigned char *content)
{
	if (page_store_find(s, h))
		return 0;
	if (!page_store_room(s, kind) || page_write(s, s->free_slots[s->free_count - 1], content) < 0)
		return -1;
	uint32_t *value = index_put(s, h), slot = s->free_slots[s->free_count - 1];
	if (!value)
		return -1;
	*value = slot + 1;
	s->free_count--;
	s->count[kind]++;
	s->slots[slot] = (struct slot){ .hash = h, .used_in = s->head.session, .kind = kind };
	slot_write(s, slot);
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

uint64_t page_store_forgotten(const struct page_store *s)
{
	return s->forgotten;
}

uint32_t page_store_count(const struct page_store *s)
{
	return s->head.slots - s->free_count;
}

uint32_t page_store_count_of(const struct page_store *s, enum reuse_kind kind)
{
	return s->count[kind];
}

uint64_t page_store_seed(const struct page_store *s)
{
	return s->head.seed;
}

int page_store_next(const struct page_store *s, uint32_t *at, struct page_hash *ret)
{
	while (*at < s->head.slots && !s->slots[*at].used_in)
		++*at;
	if (*at == s->head.slots)
		return 0;
	*ret = s->slots[(*at)++].hash;
	return 1;
}

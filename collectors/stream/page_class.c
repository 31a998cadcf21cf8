#include "collectors/stream/page_class.h"

#include "bench/base/err.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum { PAGE_BYTES_MAX = 65536 };
enum { CONTENTS_MOST = 4 }; /* different ones of a migration, times its pages */

#define POOL_PAGES_MOST (UINT64_C(1) << 26)

/* A value in the pool: the VM that sent it first (1 and up), and what else is known of the page. */
enum { POOL_SENDER = 0xffffff, POOL_SEVERAL = 1 << 24, POOL_KEPT = 1 << 25, POOL_DISK = 1 << 26 };

/* A value of a migration's own index: 1 + the page that was sent first, and whether others were. */
#define OWN_SEVERAL (UINT32_C(1) << 31)

/* Of a page's last content where it is no hash: in low, and high is 0. */
enum { LAST_NONE, LAST_ZERO, LAST_UNKNOWN };

struct page_pool {
	struct page_limits limits;
	pthread_mutex_t lock;
	struct page_index *pages;
	uint64_t refused;
};

struct page_classes {
	struct page_pool *pool;
	uint32_t sender;
	uint64_t pages;
	uint64_t pooled; /* contents that it was the first to send */
	struct page_index *own;
	struct page_hash *last; /* a page */
	ZSTD_CCtx *zstd;
	size_t room;
	unsigned char *compressed;
};

const char *page_equal_name(int bit)
{
	static const char *const names[EQUAL_KINDS] = { "sent", "own", "group", "kept", "disk" };
	return names[bit];
}

/* ---- the pool ---- */

int page_pool_create(struct page_pool **ret, const struct page_limits *limits, struct err *e)
{
	struct page_pool *pool = calloc(1, sizeof(*pool));
	if (!pool)
		return err_set(e, EXIT_CANNOT, "no memory for a pool of pages");
	pool->limits = *limits;
	if (!pool->limits.pool_pages_most)
		pool->limits.pool_pages_most = POOL_PAGES_MOST;
	if (pool->limits.zstd_each < 1)
		pool->limits.zstd_each = 1;
	pthread_mutex_init(&pool->lock, NULL);
	if (page_index_create(&pool->pages, 0, pool->limits.pool_pages_most, e) < 0) {
		page_pool_free(pool);
		return -1;
	}
	*ret = pool;
	return 0;
}

void page_pool_free(struct page_pool *pool)
{
	if (!pool)
		return;
	page_index_free(pool->pages);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int page_pool_add(struct page_pool *pool, struct page_hash h, enum page_equal how)
{
	pthread_mutex_lock(&pool->lock);
	uint32_t *value = page_index_put(pool->pages, h);
	if (value)
		*value |= how == EQUAL_KEPT ? POOL_KEPT : POOL_DISK;
	pool->refused += !value;
	pthread_mutex_unlock(&pool->lock);
	return value ? 0 : -1;
}

uint64_t page_pool_seed(const struct page_pool *pool)
{
	return pool->limits.seed;
}

struct page_pool_facts page_pool_facts(struct page_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	const struct page_pool_facts facts = { .bytes = sizeof(*pool) + page_index_bytes(pool->pages),
		                               .pages = page_index_count(pool->pages),
		                               .refused = pool->refused };
	pthread_mutex_unlock(&pool->lock);
	return facts;
}

/* The pool's value of a page that is sent, put in if there is room. */
static uint32_t *pool_value(struct page_classes *c, struct page_hash h)
{
	uint32_t *value = page_index_find(c->pool->pages, h);
	if (value)
		return value;
	if (c->pooled < CONTENTS_MOST * c->pages)
		value = page_index_put(c->pool->pages, h);
	c->pooled += value != NULL;
	c->pool->refused += !value;
	return value;
}

/* What the pool knows of a page that is sent by this migration; from now on it is there. */
static unsigned pool_equal(struct page_classes *c, struct page_hash h)
{
	unsigned equal = 0;
	uint32_t sender = c->sender;
	pthread_mutex_lock(&c->pool->lock);
	uint32_t *value = pool_value(c, h);
	if (value) {
		uint32_t first = *value & POOL_SENDER;
		equal |= (first && first != sender) || *value & POOL_SEVERAL ? EQUAL_GROUP : 0;
		equal |= *value & POOL_KEPT ? EQUAL_KEPT : 0;
		equal |= *value & POOL_DISK ? EQUAL_DISK : 0;
		if (!first)
			*value |= sender;
		else if (first != sender)
			*value |= POOL_SEVERAL;
	}
	pthread_mutex_unlock(&c->pool->lock);
	return equal;
}

/* ---- a migration ---- */

int page_classes_create(struct page_classes **ret, struct page_pool *pool, int vm, uint64_t pages, struct err *e)
{
	struct page_classes *c = calloc(1, sizeof(*c));
	if (!c)
		return err_set(e, EXIT_CANNOT, "no memory to classify pages");
	c->pool = pool;
	c->pages = pages;
	c->sender = ((uint32_t)vm + 1) & POOL_SENDER;
	c->last = pages < OWN_SEVERAL ? calloc(pages ? pages : 1, sizeof(*c->last)) : NULL;
	c->zstd = pool->limits.zstd_level ? ZSTD_createCCtx() : NULL;
	c->room = ZSTD_compressBound(PAGE_BYTES_MAX);
	c->compressed = malloc(c->room);
	int result = page_index_create(&c->own, 0, CONTENTS_MOST * pages, e);
	if (result == 0 && (!c->last || !c->compressed || (pool->limits.zstd_level && !c->zstd)))
		result = err_set(e, EXIT_CANNOT, "no memory to classify %llu pages", (unsigned long long)pages);
	if (result < 0) {
		page_classes_free(c);
		return -1;
	}
	if (c->zstd)
		ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, pool->limits.zstd_level);
	*ret = c;
	return 0;
}

void page_classes_free(struct page_classes *c)
{
	if (!c)
		return;
	page_index_free(c->own);
	ZSTD_freeCCtx(c->zstd);
	free(c->compressed);
	free(c->last);
	free(c);
}

/* Whether another page of the VM had this content; this one has it now. */
static unsigned own_equal(struct page_classes *c, struct page_hash h, uint64_t number)
{
	uint32_t *value = page_index_put(c->own, h);
	if (!value)
		return 0;
	uint32_t first = *value & ~OWN_SEVERAL, several = *value & OWN_SEVERAL;
	if (!first) {
		*value = (uint32_t)number + 1;
		return 0;
	}
	if (first != number + 1)
		*value |= OWN_SEVERAL;
	return first != number + 1 || several ? EQUAL_OWN : 0;
}

static uint32_t compressed_bytes(struct page_classes *c, struct page_hash h, const void *content, size_t length)
{
	if (!c->zstd || length > PAGE_BYTES_MAX || h.high % (unsigned)c->pool->limits.zstd_each != 0)
		return 0;
	size_t bytes = ZSTD_compress2(c->zstd, c->compressed, c->room, content, length);
	return (uint32_t)(ZSTD_isError(bytes) || bytes > length ? length : bytes);
}

void page_classify(struct page_classes *c, uint64_t number, const void *content, size_t length,
                   struct page_class *ret)
{
	*ret = (struct page_class){ 0 };
	if (number >= c->pages)
		return;
	struct page_hash h = page_hash_of(content, length, c->pool->limits.seed), *last = &c->last[number];
	h.high += h.high == 0; /* so that page_last() can tell */
	ret->again = last->high || last->low != LAST_NONE;
	ret->equal = page_hash_equal(*last, h) ? EQUAL_SENT : 0;
	ret->equal |= own_equal(c, h, number) | pool_equal(c, h);
	ret->zstd_bytes = compressed_bytes(c, h, content, length);
	*last = h;
}

static void replace_last(struct page_classes *c, uint64_t number, uint64_t by, struct page_class *ret)
{
	*ret = (struct page_class){ 0 };
	if (number >= c->pages)
		return;
	struct page_hash *last = &c->last[number];
	ret->again = last->high || last->low != LAST_NONE;
	*last = (struct page_hash){ .low = by };
}

void page_classify_zero(struct page_classes *c, uint64_t number, struct page_class *ret)
{
	replace_last(c, number, LAST_ZERO, ret);
}

void page_forget(struct page_classes *c, uint64_t number, struct page_class *ret)
{
	replace_last(c, number, LAST_UNKNOWN, ret);
}

bool page_last(const struct page_classes *c, uint64_t number, struct page_hash *ret)
{
	*ret = number < c->pages ? c->last[number] : (struct page_hash){ 0, 0 };
	return ret->high != 0;
}

uint64_t page_classes_pages(const struct page_classes *c)
{
	return c->pages;
}

uint64_t page_classes_bytes(const struct page_classes *c)
{
	return sizeof(*c) + c->room + c->pages * sizeof(*c->last) + page_index_bytes(c->own);
}

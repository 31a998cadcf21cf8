#include "bench/migrate/reuse/reuse_site.h"

#include "bench/base/err.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	KNOWN_LEAST = 1 << 18, /* pages of the peer: those of 1 GiB */
	ADDITIONS_MOST = 1 << 18,
	PLACES_MOST = 1 << 13, /* granted at a time: 32 MiB, more than is on its way over 1 Gbit/s and 100 ms */
	PLACES_LEAST = 64,
};

struct reuse_site {
	struct page_store *store;
	uint64_t epoch, added;
	uint64_t forgotten;          /* by the store, when the epoch began */
	struct page_hash *additions; /* the last ones */
	uint32_t additions_count, additions_room;
	uint32_t granted[REUSE_KINDS];
	/* Of the peer. Value: enum there; from THERE_ON_ITS_WAY on, by which way. */
	struct page_index *there;
	uint64_t peer_epoch, heard;
	uint32_t way;
	const void *asking;
};

static int epoch_begin(struct reuse_site *s, struct err *e)
{
	if (getrandom(&s->epoch, sizeof(s->epoch), 0) != sizeof(s->epoch))
		return err_errno(e, EXIT_CANNOT, "no random epoch for a page store");
	s->added = 1;
	s->additions_count = 0;
	s->forgotten = s->store ? page_store_forgotten(s->store) : 0;
	return 0;
}

int reuse_site_create(struct reuse_site **ret, struct page_store *store, struct err *e)
{
	struct reuse_site *s = calloc(1, sizeof(*s));
	if (!s)
		return err_set(e, EXIT_CANNOT, "no memory for a reuse relay");
	s->store = store;
	s->way = THERE_ON_ITS_WAY;
	if (epoch_begin(s, e) < 0) {
		free(s);
		return -1;
	}
	*ret = s;
	return 0;
}

void reuse_site_free(struct reuse_site *s)
{
	if (!s)
		return;
	page_index_free(s->there);
	free(s->additions);
	free(s);
}

void reuse_site_session(struct reuse_site *s)
{
	page_store_session(s->store);
	/* Should there be no random number now, the next one does: an epoch that differs is all that is needed. */
	if (page_store_forgotten(s->store) != s->forgotten && epoch_begin(s, NULL) < 0)
		s->epoch++;
}

struct page_store *reuse_site_store(const struct reuse_site *s)
{
	return s->store;
}

/* ---- at the destination ---- */

uint64_t reuse_site_epoch(const struct reuse_site *s)
{
	return s->epoch;
}

uint64_t reuse_site_added(const struct reuse_site *s)
{
	return s->added;
}

int reuse_site_addition(const struct reuse_site *s, uint64_t *position, struct page_hash *ret)
{
	if (*position >= s->added)
		return 0;
	if (!*position || s->added - *position > s->additions_count)
		return -1;
	*ret = s->additions[s->additions_count - (s->added - *position)];
	++*position;
	return 1;
}

/* Without memory for it, those who ask are told everything. */
static void addition(struct reuse_site *s, struct page_hash h)
{
	s->added++;
	if (s->additions_count == ADDITIONS_MOST) {
		s->additions_count /= 2;
		memmove(s->additions, s->additions + s->additions_count, s->additions_count * sizeof(*s->additions));
	}
	if (s->additions_count == s->additions_room) {
		uint32_t room = s->additions_room ? 2 * s->additions_room : 1024;
		struct page_hash *grown = realloc(s->additions, room * sizeof(*grown));
		if (!grown) {
			s->additions_count = 0;
			return;
		}
		s->additions = grown;
		s->additions_room = room;
	}
	s->additions[s->additions_count++] = h;
}

/* Places for pages of a kind that nobody was granted. */
static uint32_t places(const struct reuse_site *s, enum reuse_kind kind)
{
	uint32_t room = page_store_room(s->store, kind), all = page_store_free(s->store), granted = 0;
	for (int i = 0; i < REUSE_KINDS; i++)
		granted += s->granted[i];
	room -= s->granted[kind] < room ? s->granted[kind] : room;
	all -= granted < all ? granted : all;
	return room < all ? room : all;
}

uint32_t reuse_site_grant(struct reuse_site *s, enum reuse_kind kind, uint32_t has)
{
	uint32_t left = places(s, kind), aim = (left + has) / 4;
	aim = aim < PLACES_LEAST ? PLACES_LEAST : aim > PLACES_MOST ? PLACES_MOST : aim;
	uint32_t more = has > aim / 2 ? 0 : aim - has;
	more = more < left ? more : left;
	s->granted[kind] += more;
	return more;
}

void reuse_site_return(struct reuse_site *s, enum reuse_kind kind, uint32_t places)
{
	s->granted[kind] -= places;
}

/* ---- at the source ---- */

void reuse_site_keep(struct reuse_site *s, enum reuse_kind kind, struct page_hash h, const unsigned char *content)
{
	if (!page_store_find(s->store, h) && places(s, kind) && page_store_put(s->store, kind, h, content) == 0)
		addition(s, h);
}

uint32_t reuse_site_way(struct reuse_site *s)
{
	uint32_t way = s->way;
	s->way = way == UINT32_MAX ? THERE_ON_ITS_WAY : way + 1;
	return way;
}

/* So many pages of the peer are worth knowing. */
static uint64_t known_most(const struct reuse_site *s)
{
	uint64_t own = s->store ? (uint64_t)page_store_count(s->store) + page_store_free(s->store) : 0;
	return own < KNOWN_LEAST ? KNOWN_LEAST : own;
}

int reuse_site_meet(struct reuse_site *s, uint64_t epoch)
{
	if (reuse_site_meets(s, epoch))
		return 0;
	page_index_free(s->there);
	s->there = NULL;
	s->heard = 0;
	s->asking = NULL;
	s->peer_epoch = epoch;
	return page_index_create(&s->there, 0, known_most(s), NULL);
}

bool reuse_site_meets(const struct reuse_site *s, uint64_t epoch)
{
	return s->there && s->peer_epoch == epoch;
}

enum there reuse_site_there(const struct reuse_site *s, struct page_hash h, uint32_t way)
{
	const uint32_t *value = page_index_find(s->there, h);
	if (!value)
		return THERE_NOT;
	if (*value >= THERE_ON_ITS_WAY)
		return *value == way ? THERE_ON_ITS_WAY : THERE_NOT;
	return (enum there) * value;
}

int reuse_site_set(struct reuse_site *s, struct page_hash h, enum there there, uint32_t way)
{
	uint32_t *value = page_index_put(s->there, h);
	if (!value)
		return -1;
	*value = there == THERE_ON_ITS_WAY ? way : (uint32_t)there;
	return 0;
}

uint64_t reuse_site_heard(const struct reuse_site *s)
{
	return s->heard;
}

bool reuse_site_ask(struct reuse_site *s, const void *who)
{
	if (s->asking)
		return false;
	s->asking = who;
	return true;
}

bool reuse_site_asks(const struct reuse_site *s, const void *who)
{
	return s->asking == who;
}

void reuse_site_heard_to(struct reuse_site *s, uint64_t added)
{
	s->heard = added > s->heard ? added : s->heard;
}

void reuse_site_ask_no_more(struct reuse_site *s, const void *who)
{
	if (s->asking == who)
		s->asking = NULL;
}

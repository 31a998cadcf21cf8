/*
 * reuse_site.h - what all connections of one relay share: its store, how much of that is promised to whom, what was put there of
 * late, and what the peer's store has.
 *
 *	reuse_site_create(&site, store, &e);
 *	reuse_site_session(site);               // no connection is open
 *	reuse_sender_create(&s, kind, site, &e);  reuse_receiver_create(&r, kind, site, &e);  ...
 *	reuse_site_free(site);                  // after them
 *
 * As the destination: a page that is sent to be stored takes a place that its connection was granted before, so that there is room
 * for it whatever the other connections do. An epoch is a time in which the store forgets nothing: within it, one who knows what it
 * had is told only what has been added since. Additions are counted from 1, at the epoch's beginning; the last ones are remembered.
 *
 * As the source: one index for the one peer. What one connection got across, all may refer to as soon as the peer has proved it.
 * Memory: 27 to 54 bytes for each page that the peer has, of at most as many pages as the own store has room for (and of 2^18 in
 * any case), and 16 for each addition remembered, of 2^18 at most.
 */
#ifndef BENCH_MIGRATE_REUSE_REUSE_SITE_H
#define BENCH_MIGRATE_REUSE_REUSE_SITE_H

#include "bench/migrate/reuse/page_store.h"

#include <stdbool.h>
#include <stdint.h>

struct err;
struct reuse_site;

/* store: NULL where nothing comes and nothing is kept. It outlives the site. */
int reuse_site_create(struct reuse_site **ret, struct page_store *store, struct err *e);
void reuse_site_free(struct reuse_site *s);

/* A session of the store begins (page_store_session()): another epoch, where something was forgotten since this one began. */
void reuse_site_session(struct reuse_site *s);

struct page_store *reuse_site_store(const struct reuse_site *s);

/* ---- at the destination ---- */

uint64_t reuse_site_epoch(const struct reuse_site *s);
uint64_t reuse_site_added(const struct reuse_site *s);

/* Of the additions, from *position on: 1; 0: there are no more. -1: they are not remembered any more. */
int reuse_site_addition(const struct reuse_site *s, uint64_t *position, struct page_hash *ret);

/* So many places are for one who has `has` of them and has taken from them; at least a few, while there are any. */
uint32_t reuse_site_grant(struct reuse_site *s, enum reuse_kind kind, uint32_t has);

/* Places that were granted, given back: because a page takes one, or since they are not needed any more. */
void reuse_site_return(struct reuse_site *s, enum reuse_kind kind, uint32_t places);

/* ---- at the source ---- */

/* A page that was sent, for the day when it comes back: where there is room that nobody was granted. */
void reuse_site_keep(struct reuse_site *s, enum reuse_kind kind, struct page_hash h, const unsigned char *content);

/* How the peer has a page: as it said; as it proved; it has it no more; it was sent by this connection, or by another. */
enum there { THERE_NOT, THERE_LISTED, THERE_PROVED, THERE_GONE, THERE_ON_ITS_WAY };

/* A name for what a connection has on its way. */
uint32_t reuse_site_way(struct reuse_site *s);

/* The peer is in that epoch: another than before begins with an empty index. */
int reuse_site_meet(struct reuse_site *s, uint64_t epoch);
bool reuse_site_meets(const struct reuse_site *s, uint64_t epoch);

/* THERE_ON_ITS_WAY: on that way; on another one it is not there yet. */
enum there reuse_site_there(const struct reuse_site *s, struct page_hash h, uint32_t way);

/* -1: there is no room to know more. */
int reuse_site_set(struct reuse_site *s, struct page_hash h, enum there there, uint32_t way);

/* Up to which addition the peer's list is known; 0: nothing. One at a time asks for more. */
uint64_t reuse_site_heard(const struct reuse_site *s);
bool reuse_site_ask(struct reuse_site *s, const void *who);
bool reuse_site_asks(const struct reuse_site *s, const void *who);
void reuse_site_heard_to(struct reuse_site *s, uint64_t added);
void reuse_site_ask_no_more(struct reuse_site *s, const void *who);

#endif

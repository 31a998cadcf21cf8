/*
 * reuse_passage.h - one connection of a migration through one relay of the pair in reuse.h: two sockets and what is between.
 *
 *	at the source:          QEMU <-> near passage <-> the link
 *	at the destination:     the link <-> far passage <-> QEMU
 *
 *	reuse_passage_create(&p, PASSAGE_NEAR, REUSE_MEMORY, qemu, link, site, &e);
 *	do {
 *		reuse_passage_poll(p, fds);
 *		poll(fds, 2, ...);
 *	} while (reuse_passage_serve(p, fds) == PASSAGE_GOES_ON);
 *	reuse_passage_free(p);
 *
 * Sockets do not block. Little waits here: more is read from QEMU only when the link has taken what there was but for
 * PASSAGE_UNSENT_BYTES, so that pages that a vCPU of post-copy waits for do not queue behind others, and QEMU knows how
 * fast the link is. An end that breaks off, or a peer that does not keep to the protocol, is broken off at the other
 * end, so that QEMU at either side sees a broken connection, never a stream that ends early. (A Unix socket can only end;
 * of NBD that is enough, since its client says goodbye.)
 */
#ifndef BENCH_MIGRATE_REUSE_REUSE_PASSAGE_H
#define BENCH_MIGRATE_REUSE_REUSE_PASSAGE_H

#include "bench/migrate/reuse/reuse.h"

#include <poll.h>

struct err;
struct reuse_passage;

enum passage_role { PASSAGE_NEAR, PASSAGE_FAR };
enum passage_state { PASSAGE_GOES_ON, PASSAGE_PLAIN, PASSAGE_ENDED, PASSAGE_BROKEN };

enum { PASSAGE_UNSENT_BYTES = 128 << 10 };

/* "near", "far"; "reuse", "plain", "ended", "broken". */
const char *passage_role_name(enum passage_role role);
const char *passage_state_name(enum passage_state state);

/* The sockets are the passage's from now on, also when this fails. The site outlives it. */
int reuse_passage_create(struct reuse_passage **ret, enum passage_role role, enum reuse_kind kind, int qemu, int link,
                         struct reuse_site *site, struct err *e);

/* Close both, broken off where it has not ended. p may be NULL. */
void reuse_passage_free(struct reuse_passage *p);

void reuse_passage_poll(const struct reuse_passage *p, struct pollfd fds[2]);
enum passage_state reuse_passage_serve(struct reuse_passage *p, const struct pollfd fds[2]);

enum passage_role reuse_passage_role(const struct reuse_passage *p);
enum reuse_kind reuse_passage_kind(const struct reuse_passage *p);
enum passage_state reuse_passage_state(const struct reuse_passage *p);
const struct reuse_report *reuse_passage_report(const struct reuse_passage *p);

/* Bytes that the link has taken from here, and given. */
void reuse_passage_link_bytes(const struct reuse_passage *p, uint64_t *ret_sent, uint64_t *ret_received);

/* Why it broke, or came to plain bytes; "". */
const char *reuse_passage_reason(const struct reuse_passage *p);

#endif

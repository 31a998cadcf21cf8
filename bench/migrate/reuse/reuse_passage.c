#include "bench/migrate/reuse/reuse_passage.h"

#include "bench/base/err.h"
#include "bench/base/tcp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PIECE = 64 << 10, KEPT_ROOM = 1 << 20, WORDS_MOST = 256 << 10, BACK_MOST = 32 << 10, RAW_MOST = 256 << 10 };

/* One end, and what is to be written to it. */
struct end {
	int fd;
	struct reuse_bytes to;
	size_t sent;
	uint64_t bytes_sent, bytes_received;
	bool ended; /* nothing more comes from it */
	bool shut;  /* it was told that nothing more comes */
};

struct reuse_passage {
	enum passage_role role;
	enum reuse_kind kind;
	enum passage_state state;
	struct end qemu, link;
	struct reuse_sender *sender;     /* near */
	struct reuse_receiver *receiver; /* far */
	char reason[160];
	unsigned char piece[PIECE];
	unsigned char frames[PIECE]; /* far: of the link, */
	size_t frame_at, frames_end; /* of which these are to be taken when QEMU has what came of those before */
};

static int broken(struct reuse_passage *p, const char *reason)
{
	if (!p->reason[0])
		snprintf(p->reason, sizeof(p->reason), "%s", reason);
	return -1;
}

static size_t waiting(const struct end *x)
{
	return x->to.length - x->sent;
}

/* ---- writing ---- */

static int end_write(struct reuse_passage *p, struct end *x)
{
	while (waiting(x)) {
		ssize_t n = send(x->fd, x->to.bytes + x->sent, waiting(x), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && tcp_later())
			return 0;
		/* A source that has written everything may be gone: what its return path has does not matter then. */
		if (n < 0 && x == &p->qemu && p->role == PASSAGE_NEAR && x->ended)
			n = (ssize_t)waiting(x);
		if (n < 0)
			return broken(p, x == &p->qemu ? "QEMU broke off" : "the link broke");
		x->sent += (size_t)n;
		x->bytes_sent += (uint64_t)n;
	}
	x->to.length = x->sent = 0;
	if (x->to.room > KEPT_ROOM) {
		free(x->to.bytes);
		x->to = (struct reuse_bytes){ 0 };
	}
	return 0;
}

/* Whether this side has nothing more to say over the link: while bytes wait for their proof, they may be wanted again, plain, and
 * while the stream comes, its proofs are to be answered. */
static bool link_is_over(const struct reuse_passage *p)
{
	return p->qemu.ended &&
	       (p->role == PASSAGE_NEAR ? reuse_sender_all_proved(p->sender) : reuse_receiver_ended(p->receiver));
}

/* And to QEMU. */
static bool qemu_is_over(const struct reuse_passage *p)
{
	return p->role == PASSAGE_NEAR ? reuse_sender_back_ended(p->sender) : reuse_receiver_ended(p->receiver);
}

/* Say that nothing more comes, once all is written. */
static void end_shut(struct end *x, bool over)
{
	if (!over || x->shut || waiting(x))
		return;
	shutdown(x->fd, SHUT_WR); /* of one that is gone, that is known by now or soon */
	x->shut = true;
}

/* ---- reading ---- */

/* What came of it is in piece; 0: nothing now, or it has ended; -1: it broke. */
static ssize_t end_read(struct reuse_passage *p, struct end *x, unsigned char piece[PIECE], size_t room)
{
	ssize_t n = recv(x->fd, piece, room < PIECE ? room : PIECE, MSG_DONTWAIT);
	if (n < 0)
		return tcp_later() ? 0 : broken(p, x == &p->qemu ? "QEMU broke off" : "the link broke");
	x->ended = n == 0;
	x->bytes_received += (uint64_t)n;
	return n;
}

static int from_qemu(struct reuse_passage *p)
{
	bool near = p->role == PASSAGE_NEAR;
	ssize_t n = end_read(p, &p->qemu, p->piece, near ? reuse_sender_room(p->sender) : PIECE);
	if (n < 0)
		return -1;
	if (n > 0 && near)
		reuse_sender_take(p->sender, p->piece, (size_t)n, &p->link.to);
	else if (n > 0)
		reuse_back(p->piece, (size_t)n, &p->link.to);
	else if (p->qemu.ended && near)
		reuse_sender_end(p->sender, &p->link.to);
	else if (p->qemu.ended)
		reuse_back_end(&p->link.to);
	return 0;
}

static bool frames_wait(const struct reuse_passage *p)
{
	return p->frame_at < p->frames_end;
}

static void take_frames(struct reuse_passage *p)
{
	p->frame_at += reuse_receiver_take(p->receiver, p->frames + p->frame_at, p->frames_end - p->frame_at,
	                                   &p->qemu.to, RAW_MOST, &p->link.to);
}

static int check(struct reuse_passage *p)
{
	const struct reuse_report *r = reuse_passage_report(p);
	return r->broken ? broken(p, r->reason) : 0;
}

static int from_link(struct reuse_passage *p)
{
	bool near = p->role == PASSAGE_NEAR;
	ssize_t n = end_read(p, &p->link, near ? p->piece : p->frames, PIECE);
	if (n < 0)
		return -1;
	if (near && n > 0)
		reuse_sender_hear(p->sender, p->piece, (size_t)n, &p->link.to, &p->qemu.to);
	if (!near) {
		p->frame_at = 0;
		p->frames_end = (size_t)n;
		take_frames(p);
	}
	if (p->link.ended && !(near ? reuse_sender_back_ended(p->sender) && reuse_sender_all_proved(p->sender)
	                            : reuse_receiver_ended(p->receiver)))
		return broken(p, "the other relay went away");
	return check(p);
}

/* ---- both ---- */

static bool qemu_is_wanted(const struct reuse_passage *p)
{
	if (p->role == PASSAGE_FAR) /* a piece of what there is does not stand in its way */
		return !p->qemu.ended && waiting(&p->link) <= BACK_MOST;
	return !p->qemu.ended && !waiting(&p->link) && reuse_sender_room(p->sender) > 0;
}

/* Frames make words: one who sends frames and does not read words must wait. (Frames that wait near the source do not keep it
 * from hearing words: they make none but once, and without them nothing would ever be proved.) */
static bool link_is_wanted(const struct reuse_passage *p)
{
	return !p->link.ended && !waiting(&p->qemu) && !frames_wait(p) &&
	       (p->role == PASSAGE_NEAR || waiting(&p->link) <= WORDS_MOST);
}

static bool has_more(const struct reuse_passage *p)
{
	return p->role == PASSAGE_NEAR ? reuse_sender_has_more(p->sender) : reuse_receiver_has_more(p->receiver);
}

/* What is not wanted at once is made when the link has taken the last of it; and other connections may have heard meanwhile what this
 * one waits for. */
static void make_more(struct reuse_passage *p)
{
	if (waiting(&p->link))
		return;
	if (p->role == PASSAGE_NEAR)
		reuse_sender_turn(p->sender, &p->link.to);
	else if (reuse_receiver_has_more(p->receiver))
		reuse_receiver_words(p->receiver, &p->link.to);
}

void reuse_passage_poll(const struct reuse_passage *p, struct pollfd fds[2])
{
	short qemu = 0, link = 0;
	qemu |= qemu_is_wanted(p) ? POLLIN : 0;
	qemu |= waiting(&p->qemu) ? POLLOUT : 0;
	link |= link_is_wanted(p) ? POLLIN : 0;
	link |= waiting(&p->link) || has_more(p) ? POLLOUT : 0;
	fds[0] = (struct pollfd){ .fd = qemu ? p->qemu.fd : -1, .events = qemu };
	fds[1] = (struct pollfd){ .fd = link ? p->link.fd : -1, .events = link };
}

/* As much as it takes, and then of what waits for that. */
static int to_qemu(struct reuse_passage *p)
{
	while (waiting(&p->qemu)) {
		if (end_write(p, &p->qemu) < 0)
			return -1;
		if (waiting(&p->qemu) || !frames_wait(p))
			return 0;
		take_frames(p);
		if (check(p) < 0)
			return -1;
	}
	return 0;
}

/* The link is written to when poll() says that it has little left, QEMU at once. */
static int serve(struct reuse_passage *p, const struct pollfd fds[2])
{
	short in = POLLIN | POLLERR | POLLHUP, out = POLLOUT | POLLERR | POLLHUP;
	if (waiting(&p->link) && fds[1].revents & out && end_write(p, &p->link) < 0)
		return -1;
	make_more(p);
	if (link_is_wanted(p) && fds[1].events & POLLIN && fds[1].revents & in && from_link(p) < 0)
		return -1;
	if (to_qemu(p) < 0)
		return -1;
	if (qemu_is_wanted(p) && fds[0].events & POLLIN && fds[0].revents & in && from_qemu(p) < 0)
		return -1;
	if (p->qemu.to.failed || p->link.to.failed)
		return broken(p, "out of memory");
	end_shut(&p->link, link_is_over(p));
	end_shut(&p->qemu, qemu_is_over(p));
	return 0;
}

enum passage_state reuse_passage_serve(struct reuse_passage *p, const struct pollfd fds[2])
{
	if (serve(p, fds) < 0)
		p->state = PASSAGE_BROKEN;
	else if (p->qemu.ended && p->link.ended && p->qemu.shut && p->link.shut)
		p->state = PASSAGE_ENDED;
	else if (reuse_passage_report(p)->plain)
		p->state = PASSAGE_PLAIN;
	return p->state == PASSAGE_PLAIN ? PASSAGE_GOES_ON : p->state;
}

/* ---- all ---- */

const char *passage_role_name(enum passage_role role)
{
	return role == PASSAGE_NEAR ? "near" : "far";
}

const char *passage_state_name(enum passage_state state)
{
	static const char *const names[] = { "reuse", "plain", "ended", "broken" };
	return names[state];
}

enum passage_role reuse_passage_role(const struct reuse_passage *p)
{
	return p->role;
}

enum reuse_kind reuse_passage_kind(const struct reuse_passage *p)
{
	return p->kind;
}

enum passage_state reuse_passage_state(const struct reuse_passage *p)
{
	return p->state;
}

const struct reuse_report *reuse_passage_report(const struct reuse_passage *p)
{
	return p->role == PASSAGE_NEAR ? reuse_sender_report(p->sender) : reuse_receiver_report(p->receiver);
}

void reuse_passage_link_bytes(const struct reuse_passage *p, uint64_t *ret_sent, uint64_t *ret_received)
{
	*ret_sent = p->link.bytes_sent;
	*ret_received = p->link.bytes_received;
}

const char *reuse_passage_reason(const struct reuse_passage *p)
{
	return p->reason[0] ? p->reason : reuse_passage_report(p)->reason;
}

int reuse_passage_create(struct reuse_passage **ret, enum passage_role role, enum reuse_kind kind, int qemu, int link,
                         struct reuse_site *site, struct err *e)
{
	int unsent = PASSAGE_UNSENT_BYTES;
	struct reuse_passage *p = calloc(1, sizeof(*p));
	if (!p) {
		tcp_break_off(qemu);
		tcp_break_off(link);
		return err_set(e, EXIT_CANNOT, "no memory for a reuse relay");
	}
	p->role = role;
	p->kind = kind;
	p->qemu.fd = qemu;
	p->link.fd = link;
	setsockopt(link, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
	if (role == PASSAGE_NEAR ? reuse_sender_create(&p->sender, kind, site, e) < 0
	                         : reuse_receiver_create(&p->receiver, kind, site, e) < 0) {
		reuse_passage_free(p);
		return -1;
	}
	if (role == PASSAGE_FAR)
		reuse_receiver_words(p->receiver, &p->link.to);
	*ret = p;
	return 0;
}

void reuse_passage_free(struct reuse_passage *p)
{
	if (!p)
		return;
	if (p->state == PASSAGE_ENDED) {
		close(p->qemu.fd);
		close(p->link.fd);
	} else {
		tcp_break_off(p->qemu.fd);
		tcp_break_off(p->link.fd);
	}
	reuse_sender_free(p->sender);
	reuse_receiver_free(p->receiver);
	free(p->qemu.to.bytes);
	free(p->link.to.bytes);
	free(p);
}

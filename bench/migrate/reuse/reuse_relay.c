#include "bench/migrate/reuse/reuse_relay.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/field_text.h"
#include "bench/base/helper.h"
#include "bench/base/process.h"
#include "bench/base/series.h"
#include "bench/base/tcp.h"
#include "bench/base/unix_socket.h"
#include "bench/migrate/reuse/reuse_caller.h"
#include "bench/migrate/reuse/reuse_pace.h"
#include "bench/migrate/reuse/reuse_passage.h"
#include "collectors/stream/disk_blocks.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { ROLES = 2, LISTENING = ROLES * REUSE_KINDS * REUSE_LANES };
/* Each socket bears so many connections, whatever comes to the others: QEMU's, and those that broke while it goes on with a new one. */
enum { AT_ONCE = 8, PASSAGES = LISTENING * AT_ONCE };
enum { ROW_MS = 100, RECEIVE_BYTES = 64 << 10 };
enum { DISK_PATH_ROOM = 300 };
enum { FD_STOP, FD_LISTENING, FDS = FD_LISTENING + LISTENING };

struct site;

/* One whose other side is not there yet. */
struct caller {
	struct reuse_caller caller;
	struct site *site;
	int listening;
};

struct site {
	const struct reuse_relay_spec *spec;
	const struct process_place *place;
	int listening[LISTENING]; /* of a lane, its near and its far side; lanes of memory, then of disks */
	int listening_count;
	int stop_fd;
	struct page_store *store;
	const char *const *images; /* to be read still */
	struct disk_blocks *image; /* that is being read; NULL: none */
	struct reuse_site *shared;
	struct series *series;
	struct caller *callers[PASSAGES];
	int caller_count;
	struct reuse_passage *open[PASSAGES];
	int number[PASSAGES], lane[PASSAGES], open_count, count;
};

static int64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void row_write(struct site *s, int i, int64_t now_ns)
{
	const struct reuse_passage *p = s->open[i];
	const struct reuse_report *r = reuse_passage_report(p);
	uint64_t sent, received;
	char reason[200];
	reuse_passage_link_bytes(p, &sent, &received);
	series_row(s->series,
	           "%" PRId64 ",%s,%d,%s,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
	           ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",%" PRIu32 ",%" PRId64 ",%s",
	           now_ns, passage_role_name(reuse_passage_role(p)), s->number[i],
	           reuse_kind_name(reuse_passage_kind(p)), passage_state_name(reuse_passage_state(p)), r->raw_bytes,
	           sent, received, r->pages, r->referenced, r->stored, r->zstd_raw_bytes, r->zstd_bytes,
	           r->resent_bytes, page_store_count(s->store), page_store_free(s->store), cpu_ns(),
	           field_text_copy(reuse_passage_reason(p), reason, sizeof(reason)));
}

/* ---- connections ---- */

static enum reuse_kind kind_of(const struct site *s, int lane)
{
	return lane < s->spec->lanes ? REUSE_MEMORY : REUSE_DISK;
}

static const char *disk_path(const struct site *s, const char *beginning, int lane, char path[DISK_PATH_ROOM])
{
	snprintf(path, DISK_PATH_ROOM, "%s%d", beginning, lane - s->spec->lanes);
	return path;
}

/* The other side of a connection that was accepted: at a near relay the link, at a far one QEMU. */
static int other_side(void *context)
{
	const struct caller *c = context;
	const struct reuse_relay_spec *spec = c->site->spec;
	int lane = c->listening / ROLES;
	char path[DISK_PATH_ROOM];
	if (c->listening % ROLES == PASSAGE_NEAR)
		return tcp_connect_begin(spec->peer_ip, spec->link_port + lane);
	if (kind_of(c->site, lane) == REUSE_DISK)
		return unix_connect(disk_path(c->site, spec->disks_qemu, lane, path));
	return tcp_connect_begin(spec->qemu_ip, spec->port + lane);
}

static void refuse(int listening, const char *reason)
{
	fprintf(stderr, "%s: a connection was refused: %s\n", passage_role_name(listening % ROLES), reason);
}

/* Connections that came to a socket, and are here still. */
static int came_to(const struct site *s, int listening)
{
	int count = 0;
	for (int i = 0; i < s->caller_count; i++)
		count += s->callers[i]->listening == listening;
	for (int i = 0; i < s->open_count; i++)
		count += ROLES * s->lane[i] + (int)reuse_passage_role(s->open[i]) == listening;
	return count;
}

static void caller_accept(struct site *s, int listening)
{
	int accepted = tcp_accept(s->listening[listening]);
	if (accepted < 0)
		return;
	struct caller *c = came_to(s, listening) < AT_ONCE ? calloc(1, sizeof(*c)) : NULL;
	if (!c) {
		refuse(listening, "there are too many");
		tcp_break_off(accepted);
		return;
	}
	*c = (struct caller){ .site = s, .listening = listening };
	s->callers[s->caller_count++] = c;
	reuse_caller_begin(&c->caller, accepted, other_side, c, s->spec->patience_ns);
}

static void passage_open(struct site *s, const struct caller *c)
{
	struct err e = { 0 };
	enum passage_role role = c->listening % ROLES;
	bool near = role == PASSAGE_NEAR;
	int fd = c->caller.fd, other = c->caller.other;
	if (!s->open_count)
		reuse_site_session(s->shared);
	if (reuse_passage_create(&s->open[s->open_count], role, kind_of(s, c->listening / ROLES), near ? fd : other,
	                         near ? other : fd, s->shared, &e) < 0) {
		fprintf(stderr, "%s\n", e.text);
		return;
	}
	s->number[s->open_count] = s->count++;
	s->lane[s->open_count] = c->listening / ROLES;
	row_write(s, s->open_count++, clock_now_ns());
	/* Who reads the last row must not take the connection before this one for it. */
	series_flush(s->series);
}

static void caller_serve(struct site *s, int i, const struct pollfd fds[2])
{
	struct caller *c = s->callers[i];
	enum caller_state state = reuse_caller_serve(&c->caller, fds);
	if (state == CALLER_WAITS)
		return;
	if (state == CALLER_REACHED) {
		passage_open(s, c);
	} else {
		refuse(c->listening, state == CALLER_LEFT ? "it has gone" : "its other side does not answer");
		reuse_caller_end(&c->caller);
	}
	free(c);
	s->callers[i] = s->callers[--s->caller_count];
}

/* How far it is, for whoever steers the migration. */
static void live_write(const struct site *s, int i)
{
	const struct reuse_passage *p = s->open[i];
	const struct reuse_report *r = reuse_passage_report(p);
	if (!s->spec->live || reuse_passage_role(p) == PASSAGE_FAR || reuse_passage_kind(p) == REUSE_DISK)
		return;
	atomic_store(&s->spec->live[s->lane[i]].raw_bytes, r->raw_bytes);
	atomic_store(&s->spec->live[s->lane[i]].referenced_bytes, r->referenced * STORE_PAGE_BYTES);
}

static void passage_close(struct site *s, int i)
{
	row_write(s, i, clock_now_ns());
	series_flush(s->series);
	reuse_passage_free(s->open[i]);
	s->open[i] = s->open[--s->open_count];
	s->number[i] = s->number[s->open_count];
	s->lane[i] = s->lane[s->open_count];
}

/* ---- the process ---- */

static int listen_at(struct site *s, int listening, struct err *e)
{
	const struct reuse_relay_spec *spec = s->spec;
	bool near = listening % ROLES == PASSAGE_NEAR;
	char path[DISK_PATH_ROOM];
	int lane = listening / ROLES, port = (near ? spec->port : spec->link_port) + lane;
	bool disk = near && kind_of(s, lane) == REUSE_DISK;
	int fd = disk ? unix_listen(disk_path(s, spec->disks_near, lane, path), e)
	              : tcp_listen(NULL, near ? spec->near_ip : spec->far_ip, port, &port, e);
	/* What waits in a socket before the relay is time that a stopped VM waits. */
	if (fd >= 0 && near && !disk)
		tcp_wait_little(fd, RECEIVE_BYTES);
	s->listening[listening] = fd;
	return fd < 0 ? -1 : 0;
}

static int store_open(struct site *s, struct err *e)
{
	const struct reuse_relay_spec *spec = s->spec;
	uint32_t on_disk = (uint32_t)(spec->disk_bytes / STORE_PAGE_BYTES),
		 in_memory = (uint32_t)(spec->memory_bytes / STORE_PAGE_BYTES);
	int opened = spec->store_path ? page_store_open(&s->store, spec->store_path, on_disk, 0, e) : -1;
	if (opened < 0 && spec->store_path)
		fprintf(stderr, "pages are kept in memory only: %s\n", e->text);
	if (opened < 0) {
		*e = (struct err){ 0 };
		opened = page_store_open(&s->store, NULL, in_memory, 0, e);
	}
	if (opened < 0)
		return -1;
	if (spec->disks_near)
		page_store_share(s->store);
	return 0;
}

static bool block_store(void *context, const unsigned char *block)
{
	const struct site *s = context;
	reuse_site_keep(s->shared, REUSE_DISK, page_hash_of(block, STORE_PAGE_BYTES, page_store_seed(s->store)),
	                block);
	return page_store_room(s->store, REUSE_DISK) && page_store_free(s->store) > page_store_count(s->store);
}

static bool image_open(struct site *s)
{
	struct err e = { 0 };
	const char *path = *s->images++;
	if (disk_blocks_open(&s->image, path, &e) == 0)
		return true;
	fprintf(stderr, "%s\n", e.text);
	return false;
}

/* Guests have in their page cache what is on their disks. A MiB of an image; one that cannot be read is said, and done without.
 * Returns whether there is more. */
static bool images_some(struct site *s)
{
	if (!s->images || (!s->image && !*s->images))
		return false;
	if (s->images == s->spec->images)
		reuse_site_session(s->shared);
	if ((!s->image && !image_open(s)) || disk_blocks_some(s->image, block_store, s))
		return true;
	fprintf(stderr, "%" PRId64 " blocks of '%s'\n", disk_blocks_close(s->image), s->images[-1]);
	s->image = NULL;
	return true;
}

/* While nothing passes, and nobody waits: what the far side has is told once, and the near one counts on the room that is left.
 * Returns whether there is more to do. */
static bool at_leisure(struct site *s)
{
	return !s->open_count && !s->caller_count && (images_some(s) || page_store_check_some(s->store));
}

static int begin(struct site *s, struct err *e)
{
	char name[128];
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->stop_fd = signalfd(-1, &ends, SFD_CLOEXEC);
	if (s->stop_fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot wait for signals");
	snprintf(name, sizeof(name), "reuse-%s.csv", s->spec->site);
	if (process_enter(s->place, e) < 0)
		return -1;
	s->listening_count = ROLES * (s->spec->disks_near ? REUSE_KINDS : 1) * s->spec->lanes;
	for (int i = 0; i < s->listening_count; i++)
		if (listen_at(s, i, e) < 0)
			return -1;
	if (store_open(s, e) < 0 || reuse_site_create(&s->shared, s->store, e) < 0)
		return -1;
	return series_create(&s->series, s->spec->directory, name, REUSE_COLUMNS, e);
}

static bool turn(struct site *s)
{
	struct pollfd fds[FDS + 2 * PASSAGES];
	int served = s->open_count, called = s->caller_count;
	struct pollfd *passages = fds + FDS, *callers = passages + 2 * (size_t)served;
	fds[FD_STOP] = (struct pollfd){ .fd = s->stop_fd, .events = POLLIN };
	for (int i = 0; i < LISTENING; i++)
		fds[FD_LISTENING + i] =
			(struct pollfd){ .fd = i < s->listening_count ? s->listening[i] : -1, .events = POLLIN };
	for (int i = 0; i < served; i++)
		reuse_passage_poll(s->open[i], passages + 2 * (size_t)i);
	for (int i = 0; i < called; i++)
		reuse_caller_poll(&s->callers[i]->caller, callers + 2 * (size_t)i);
	nfds_t count = (nfds_t)(FDS + 2 * (served + called));
	if (poll(fds, count, at_leisure(s) ? 0 : served || called ? ROW_MS : -1) < 0 && errno != EINTR)
		return false;
	if (fds[FD_STOP].revents)
		return false;
	/* From the last on: one that is closed is replaced by one that was served. */
	for (int i = served - 1; i >= 0; i--) {
		enum passage_state state = reuse_passage_serve(s->open[i], passages + 2 * (size_t)i);
		live_write(s, i);
		if (state != PASSAGE_GOES_ON)
			passage_close(s, i);
	}
	for (int i = called - 1; i >= 0; i--)
		caller_serve(s, i, callers + 2 * (size_t)i);
	for (int i = 0; i < s->listening_count; i++)
		if (fds[FD_LISTENING + i].revents)
			caller_accept(s, i);
	return true;
}

static void serve(struct site *s)
{
	int64_t row_ns = 0;
	while (turn(s)) {
		int64_t now_ns = clock_now_ns();
		if (now_ns < row_ns)
			continue;
		for (int i = 0; i < s->open_count; i++)
			row_write(s, i, now_ns);
		row_ns = now_ns + ROW_MS * NS_PER_MS;
	}
}

static int relay_run(void *argument, int channel, struct err *e)
{
	struct site *s = argument;
	int result = begin(s, e);
	if (result == 0) {
		helper_ready(channel);
		serve(s);
	}
	while (s->open_count)
		passage_close(s, 0);
	while (s->caller_count) {
		reuse_caller_end(&s->callers[--s->caller_count]->caller);
		free(s->callers[s->caller_count]);
	}
	disk_blocks_close(s->image);
	reuse_site_free(s->shared);
	page_store_close(s->store);
	return series_close(s->series, e) < 0 ? -1 : result;
}

int reuse_relay_start(const struct reuse_relay_spec *spec, const struct process_place *place, const char *log_path,
                      struct undo *undo, pid_t *ret_pid, struct err *e)
{
	if (spec->lanes < 1 || spec->lanes > REUSE_LANES)
		return err_set(e, EXIT_USAGE, "a pair of relays carries 1 to %d VMs, not %d", REUSE_LANES,
		               spec->lanes);
	const struct helper_spec helper = { "mm-reuse", "reuse relay", log_path, undo };
	struct site s = { .spec = spec, .place = place, .images = spec->images, .count = spec->first_connection };
	return helper_start(&helper, relay_run, &s, ret_pid, e);
}

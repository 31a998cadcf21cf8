/*
 * reuse_relay.h - the relay of one site: both ends of the pair in reuse.h, for migrations that leave and that come, over one
 * store of pages. A process of its own: it can be killed, pinned and watched.
 *
 *	struct reuse_relay_spec spec = { .site = "src", ... };
 *	reuse_relay_start(&spec, &place, log_path, undo, &pid, &e);
 *	... QEMU that sends goes to near_ip:port; its stream comes out at qemu_ip:port of the other site ...
 *	process_end(pid, 0, NS_PER_S);
 *
 *	QEMU -> near_ip:port, near relay -> peer_ip:link_port, far relay -> qemu_ip:port, QEMU
 *
 * It has `lanes` of these, at the next ports, so that as many QEMUs can receive at a time, each at a port of its own; and as many
 * for the disks that they copy along (NBD), whose QEMUs are at Unix sockets and whose ports of the link are the next ones:
 *
 *	QEMU -> disks_near<LANE>, near relay -> peer_ip:link_port + lanes, far relay -> disks_qemu<LANE>, QEMU
 *
 * A lane bears eight connections of a kind in each direction, and refuses the ninth; they are told apart by nothing, so one that is
 * made of several (multifd, post-copy's urgent pages) would not come out in its order.
 *
 * Where the other side of a connection is not there, it is waited for (reuse_caller.h).
 *
 * A store is one for all of them; a page that came through one lane is known to the other ones as soon as it has been proved. Where
 * several at a time would store more than there is room for, each has what it was granted of it, and what finds no place is
 * compressed. Where disks are carried, they and memory have a part of it each (page_store_share()).
 *
 * Where the store's file cannot be used, the log says why, and pages are kept in memory only, memory_bytes of them.
 *
 * Pages are secrets of guests: the store's file is its owner's only (page_store.h). The relays do not know each other: whoever
 * reaches far_ip can speak to QEMU and ask for kept pages by their hash, as whoever reaches QEMU's own port can send it a VM.
 * Have them on a link that is trusted, or in a tunnel. A stream under TLS stays secret, and nothing of it can be kept.
 *
 * At the beginning of the first connection the far relay says what it has, 16 bytes a page: 4 MiB for a store of 1 GiB; later on, what
 * was added since, as long as it has forgotten nothing. QEMU waits so long, the VM does not; a connection that takes post-copy up
 * again neither asks nor waits. What the far side has is remembered in memory (reuse_site.h): 14 MiB at most for a store of 1 GiB.
 *
 * DIRECTORY/reuse-SITE.csv has a row each 100 ms for each connection, and one when it ends; numbers are of the connection so
 * far:
 *	head_ns            CLOCK_MONOTONIC
 *	role,connection    near, far; from 0
 *	kind               memory, disk
 *	state              reuse; plain (nothing but plain bytes from now on); ended; broken
 *	raw_bytes          of QEMU's stream, or of a disk's: near: taken from QEMU; far: rebuilt and proved
 *	sent_bytes         written to the link, of all kinds
 *	received_bytes     read from the link
 *	pages              of the stream that are pages as they are
 *	referenced         of them sent as a reference
 *	stored             new in the store of the far side
 *	zstd_raw_bytes     near: what was compressed,
 *	zstd_bytes         and how small it became
 *	resent_bytes       near: what was sent again
 *	store_pages        that the site's store has
 *	store_room         and can take still
 *	cpu_ns             of the whole process
 *	reason             of plain, broken, or what was sent again
 */
#ifndef BENCH_MIGRATE_REUSE_REUSE_RELAY_H
#define BENCH_MIGRATE_REUSE_REUSE_RELAY_H

#include <stdint.h>
#include <sys/types.h>

struct err;
struct process_place;
struct reuse_live;
struct undo;

#define REUSE_COLUMNS                                                                                                \
	"head_ns,role,connection,kind,state,raw_bytes,sent_bytes,received_bytes,pages,referenced,stored,"            \
	"zstd_raw_bytes,zstd_bytes,resent_bytes,store_pages,store_room,cpu_ns,reason"

enum { REUSE_LANES = 16 };

struct reuse_relay_spec {
	const char *site;                                 /* "src" */
	const char *directory;                            /* of the series */
	const char *near_ip, *qemu_ip, *far_ip, *peer_ip; /* IPv4 */
	int port, link_port, lanes;                       /* lanes: 1 to REUSE_LANES */
	const char *disks_near, *disks_qemu; /* paths, a number from 0 follows; NULL: no disks are carried */
	int64_t patience_ns;                 /* how long the other side of a connection is waited for */
	const char *store_path;              /* NULL: in memory only */
	int64_t disk_bytes;                  /* of the store's pages */
	int64_t memory_bytes;                /* of the pages that it holds without a file */
	/* Disk images that the site can read, NULL ends; may be NULL. From the beginning on, and while nothing passes, their blocks are
	 * put into the store, as long as less than half of it is used. */
	const char *const *images;
	/* Of each lane's memory, of the connection that left last (reuse_pace.h): in memory that is shared with children; may be NULL. */
	struct reuse_live *live;
	int first_connection; /* its number in the series, which one that is started again goes on with */
};

/* Returns when it listens. The caller ends it. place: its namespace and core. */
int reuse_relay_start(const struct reuse_relay_spec *spec, const struct process_place *place, const char *log_path,
                      struct undo *undo, pid_t *ret_pid, struct err *e);

#endif

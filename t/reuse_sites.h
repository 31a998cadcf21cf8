/*
 * reuse_sites.h - for tests: the relays of two sites, a and b, in one network namespace (loopback.h), each a process.
 *
 *	site_start(&a, store_path, disk_bytes, memory_bytes, &e);
 *	... QEMU that sends goes to a.near:SITE_PORT, its stream comes out at b.qemu:SITE_PORT; or the other way round; disks go from
 *	SITE_DISKS_NEAR of a to SITE_DISKS_QEMU of b ...
 *	site_number(&a, "near", SITE_SENT);
 *	site_end(&a);
 */
#ifndef T_REUSE_SITES_H
#define T_REUSE_SITES_H

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/process.h"
#include "bench/migrate/reuse/reuse_relay.h"
#include "t/scratch.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SITE_PORT = 4747, SITE_LINK_PORT = 4748 };

/* Its sockets for disks, to which the lane's number is added: 0. */
#define SITE_DISKS_NEAR "%s/%s-near-"
#define SITE_DISKS_QEMU "%s/%s-qemu-"

/* Columns of reuse-SITE.csv. */
enum {
	SITE_KIND = 3,
	SITE_STATE,
	SITE_RAW,
	SITE_SENT,
	SITE_REFERENCED = 9,
	SITE_ZSTD_RAW = 11,
	SITE_ZSTD,
	SITE_RESENT,
	SITE_STORE_PAGES,
	SITE_CPU = 16,
	SITE_COLUMNS = 18
};

/* Its loopback addresses. */
struct site {
	const char *name, *near, *qemu, *far, *peer;
	pid_t pid;
	const char *const *images;
	int64_t patience_ns; /* 0: 30 s */
	struct reuse_live *live;
};
static struct site a = {
	.name = "a", .near = "127.0.0.2", .qemu = "127.0.0.3", .far = "127.0.0.4", .peer = "127.0.0.14"
};
static struct site b = {
	.name = "b", .near = "127.0.0.12", .qemu = "127.0.0.13", .far = "127.0.0.14", .peer = "127.0.0.4"
};

/* format has the scratch folder and the site's name in it. */
static inline char *site_path(const char *format, const struct site *s)
{
	static char path[8][96];
	static int next;
	next = (next + 1) % 8;
	snprintf(path[next], sizeof(path[next]), format, scratch, s->name);
	return path[next];
}

/* store NULL: in memory. */
static inline int site_start(struct site *s, const char *store, int64_t disk_bytes, int64_t memory_bytes,
                             struct err *e)
{
	const struct reuse_relay_spec spec = { .site = s->name,
		                               .directory = scratch,
		                               .near_ip = s->near,
		                               .qemu_ip = s->qemu,
		                               .far_ip = s->far,
		                               .peer_ip = s->peer,
		                               .port = SITE_PORT,
		                               .link_port = SITE_LINK_PORT,
		                               .lanes = 1,
		                               .disks_near = site_path(SITE_DISKS_NEAR, s),
		                               .disks_qemu = site_path(SITE_DISKS_QEMU, s),
		                               .patience_ns = s->patience_ns ? s->patience_ns : 30 * NS_PER_S,
		                               .store_path = store,
		                               .disk_bytes = disk_bytes,
		                               .memory_bytes = memory_bytes,
		                               .images = s->images,
		                               .live = s->live };
	const struct process_place here = { .core = 0 };
	return reuse_relay_start(&spec, &here, site_path("%s/%s.log", s), NULL, &s->pid, e);
}

static inline void site_end(struct site *s)
{
	process_end(s->pid, 0, 10 * NS_PER_S);
	s->pid = 0;
}

/* A column of the last row about the connection with this role. */
static inline char *site_column(const struct site *s, const char *role, int index, char *buffer, size_t room)
{
	char line[1024];
	FILE *file = fopen(site_path("%s/reuse-%s.csv", s), "re");
	*buffer = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		char *rest = line, *cell = NULL, *found = NULL;
		for (int i = 0; (cell = strsep(&rest, ",\n")) && i < SITE_COLUMNS; i++) {
			if (i == 1 && strcmp(cell, role) != 0)
				break;
			if (i == index)
				found = cell;
		}
		if (found)
			snprintf(buffer, room, "%s", found);
	}
	if (file)
		fclose(file);
	return buffer;
}

static inline int64_t site_number(const struct site *s, const char *role, int index)
{
	char buffer[64];
	return atoll(site_column(s, role, index, buffer, sizeof(buffer)));
}

#endif

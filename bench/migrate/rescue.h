/*
 * rescue.h - a broken post-copy is taken up again past libvirt, where the destination's QEMU answers nobody.
 *
 * A device of a guest that touches a page which has not arrived waits with QEMU's big lock held, and so does QEMU's main loop. When
 * the connection breaks then, the page never comes, and QEMU cannot be told of a new connection: libvirt asks, and waits for ever.
 * QEMU has commands out of band for this, by a monitor that was there before (qmp.h), which libvirt does not use. Once the
 * page has come, libvirt's own attempt fails, and it sees the migration end by itself.
 *
 *	rescue_open(&r, &spec, &e);             // before the switch to post-copy
 *	... an attempt of libvirt's takes seconds ...
 *	rescue_try(r, &e);
 *	rescue_close(r);
 */
#ifndef BENCH_MIGRATE_RESCUE_H
#define BENCH_MIGRATE_RESCUE_H

struct err;
struct rescue;

struct rescue_spec {
	const char *source_monitor, *destination_monitor; /* paths; nobody else has them open */
	/* "tcp:10.77.3.3:49100": where the source's QEMU connects, where the destination's listens. */
	char connect_uri[64], listen_uri[64];
};

/* From a migration's URI ("tcp://10.77.3.3", with or without a port) and the address at which the destination listens instead, or
 * NULL. Returns 0 when it is none of TCP. */
int rescue_uris(struct rescue_spec *spec, const char *uri, const char *listen_ip);

int rescue_open(struct rescue **ret, const struct rescue_spec *spec, struct err *e);
void rescue_close(struct rescue *r); /* NULL is fine */

/* 0: the destination answers, and nothing was done; 1: both were told; -1: e. Takes up to 12 s. */
int rescue_try(struct rescue *r, struct err *e);

#endif

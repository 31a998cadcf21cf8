/*
 * hang.h - a call of libvirt's that does not return, since the destination's QEMU answers nobody (rescue.h says why): what is done
 * about it, and when. For steering.c only.
 *
 * After some seconds QEMU is told out of band. Where there is no more time to recover, or the move was broken off, and the call has
 * still not returned, a VM of the testbed's is ended at the destination, which ends the call; another one is left alone, and that is
 * said.
 */
#ifndef BENCH_MIGRATE_HANG_H
#define BENCH_MIGRATE_HANG_H

#include <stdbool.h>
#include <stdint.h>

struct migration_spec;
struct rescue;

/* A call that may hang. */
struct attempt {
	int64_t since_ns; /* it began, or the connection broke in it; 0: there is none */
	int64_t until_ns; /* so long there is time to recover */
};

struct hang {
	const struct migration_spec *spec;
	struct rescue *rescue;
	bool ready, ended;
	int64_t rescued_ns; /* since_ns of the last attempt for which QEMU was told */
};

enum hang_step { HANG_WAIT, HANG_RESCUE, HANG_END };

/* broken_off_ns: when the move was, 0: it was not. */
enum hang_step hang_judge(const struct hang *h, const struct attempt *attempt, int64_t broken_off_ns, int64_t now_ns);

/* Connect to both QEMUs, once, while the destination's answers. */
void hang_ready(struct hang *h);

/* Do what is due, which may take seconds. Returns why the VM was ended (static text), or NULL. */
const char *hang_look(struct hang *h, const struct attempt *attempt, int64_t broken_off_ns);

void hang_close(struct hang *h);

#endif

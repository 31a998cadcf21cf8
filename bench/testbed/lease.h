/*
 * lease.h - what a head changes on another machine is put back there even when the head dies: shell scripts, made here and
 * run there.
 *
 *	lease_take_script      /run/migmeter-lease with what is to be undone, and a shell that stays, waiting
 *	... tc ...             the change
 *	lease_renew_script     every now and then: the time begins anew
 *	lease_release_script   it undoes at once, and goes
 *
 * The waiting shell undoes everything when it was not renewed for so many seconds, whatever became of the head and of the
 * connection; it needs no clock but sleep, and no program but sh, sleep, rm, sed, tc and virsh. The directory is also the
 * machine's lock: another head is refused while that shell lives, and undoes what one that was killed left.
 *
 * What cannot be undone is never forgotten: the directory stays, every release fails and says which line did, and whoever
 * takes the lease next tries it again and is refused as long as it fails. Where all lines succeed, but what the lease was to
 * put back is not as it was, the release fails and tells both, once.
 */
#ifndef BENCH_TESTBED_LEASE_H
#define BENCH_TESTBED_LEASE_H

#include <stddef.h>

#define LEASE_DIRECTORY "/run/migmeter-lease"

enum { LEASE_SCRIPT_ROOM = 8192 };

/* Texts must hold no quotes and no line ends, but for `undo`. */
struct lease {
	const char *owner; /* who has it, for the message to others */
	int seconds;       /* without a renewal, until it ends */
	/* Lines of shell, each run whatever became of the others; `must WORDS` runs them as a command without which it is not
	 * undone. */
	const char *undo;
	/* A command that prints what `undo` puts back. Nothing is undone while it prints the same as when the lease was taken, and
	 * it has to afterwards. NULL: not known. */
	const char *state;
	const char *directory; /* removed with all that is in it, and refused when it is there before; NULL: none */
	const char *virsh_uri; /* through which domains named by lease_guest_script() are ended */
};

/* Each fills script and returns it; run with ssh_ask(). Taking prints "held by OWNER" and fails where another has it; it fails,
 * too, where what another left cannot be undone. */
char *lease_take_script(const struct lease *lease, char script[LEASE_SCRIPT_ROOM]);

/* A domain that ends with the lease, by its UUID. Before it is started. */
char *lease_guest_script(const char *uuid, char script[LEASE_SCRIPT_ROOM]);

/* Fails when the lease is over, another's, or nobody waits any more. */
char *lease_renew_script(const char *owner, char script[LEASE_SCRIPT_ROOM]);

/* Ends when all is undone; fails after 20 s, or with words on its last line when it is not as before. A lease that is over
 * already is success, and another's is left alone. */
char *lease_release_script(const char *owner, char script[LEASE_SCRIPT_ROOM]);

#endif

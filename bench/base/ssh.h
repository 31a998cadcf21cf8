/*
 * ssh.h - a shell on another machine, through OpenSSH's client.
 *
 *	ssh_open(&s, "root@host1", "-p 2222", "/var/lib/migmeter/remote/src", &e);
 *	ssh_ask(s, "tc qdisc show dev eth1", 10 * NS_PER_S, text, sizeof(text), NULL, &e);
 *	ssh_put(s, "build/guest/kernel/vmlinuz", "/var/lib/libvirt/migmeter/vmlinuz", &e);
 *	ssh_close(s);
 *
 * One connection, which is also the master for files (ControlMaster), and one shell that lives as long: bash where the
 * machine has it, else sh. What it is asked needs no new process there, so a round trip is one of the network. Host keys
 * and logins are the user's own ssh set-up; nothing is ever asked for (BatchMode). The connection dies with the thread
 * that opened it. All calls may come from any thread; one asks at a time.
 */
#ifndef BENCH_BASE_SSH_H
#define BENCH_BASE_SSH_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct ssh;

/* Between them the script ran: stamps of head time. */
struct ssh_asked {
	int64_t before_ns, after_ns;
};

/* Connect, at most 20 s. options: words for ssh, split at blanks. control_path: of the master's socket, at most 80 bytes.
 * EXIT_CANNOT with ssh's words when it fails. */
int ssh_open(struct ssh **ret, const char *target, const char *options, const char *control_path, struct err *e);

/*
 * Run a script (POSIX sh, of whole commands) in the shell, its stdin /dev/null. What it prints, stderr too, is in output
 * (may be NULL), cut at room - 1. Variables and functions stay for the next. asked may be NULL. Returns 0 when its status
 * was 0; else -1 with the last line it printed. One that does not answer in time is the end of the shell: every later call
 * fails at once.
 */
int ssh_ask(struct ssh *s, const char *script, int64_t deadline_ns, char *output, size_t room,
            struct ssh_asked *asked, struct err *e);

/* Copy a file there; complete or not at all. The second fills in what is run there for it, and returns buffer. */
int ssh_put(struct ssh *s, const char *local, const char *path, struct err *e);
char *ssh_put_script(const char *path, char *buffer, size_t room);

/* As given to ssh_open(). */
const char *ssh_target(const struct ssh *s);

/* s may be NULL. */
void ssh_close(struct ssh *s);

#endif

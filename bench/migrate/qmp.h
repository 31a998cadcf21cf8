/*
 * qmp.h - a QEMU monitor of our own (QMP on a Unix socket), beside libvirt's: a stop of 5 ms cannot be had through
 * a daemon whose calls take tens of milliseconds. libvirt learns of what is done here from QEMU's events.
 */
#ifndef BENCH_MIGRATE_QMP_H
#define BENCH_MIGRATE_QMP_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct json_object;
struct qmp;

/* Where the monitor of a VM is whose node has this state directory; returns buffer. */
char *qmp_path(const char *state_directory, const char *vm, char *buffer, size_t room);

int qmp_open(struct qmp **ret, const char *path, struct err *e);
void qmp_close(struct qmp *m); /* NULL is fine */

/* The same, for commands out of band as well: those few that QEMU carries out even when it answers nothing else (2.13 and later). */
int qmp_open_oob(struct qmp **ret, const char *path, struct err *e);
int qmp_execute_oob(struct qmp *m, const char *command, const char *arguments, struct err *e);

/* How long an answer is waited for, instead of 10 s. What comes later is taken for the answer to the next command. */
void qmp_patience(struct qmp *m, int64_t patience_ns);

/* A command ("stop") and its arguments (a JSON object, NULL: none); returns when QEMU has carried it out, at the latest
 * after 10 s. */
int qmp_execute(struct qmp *m, const char *command, const char *arguments, struct err *e);

/* The same; *ret_answer is what it returned, json_object_put() it. */
int qmp_ask(struct qmp *m, const char *command, const char *arguments, struct json_object **ret_answer,
            struct err *e);

#endif

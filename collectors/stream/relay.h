/*
 * relay.h - pass TCP connections on, unchanged, while somebody looks at the bytes.
 *
 *	relay_start(&r, &spec, &e);
 *	... tell the client to go to relay_port(r) ...
 *	relay_stop(r, &report);
 *
 * One thread. Bytes are written on before they are looked at; what looks too long slows the connection down, and
 * watched_ns says how much of the time that is. An end that closes one direction closes that direction at the other end;
 * one that breaks off is broken off at the other end, too, so that neither waits for a peer that is gone. A target that
 * cannot be reached ends the client's connection.
 */
#ifndef COLLECTORS_STREAM_RELAY_H
#define COLLECTORS_STREAM_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct relay;

enum { RELAY_CONNECTIONS = 64 };

/* All are called from the relay's thread; any may be NULL. Connections are numbered from 0. */
struct relay_tap {
	void *context;
	void (*opened)(void *context, int connection);
	/* back: from the target to the client */
	void (*passed)(void *context, int connection, bool back, const unsigned char *bytes, size_t length);
	void (*closed)(void *context, int connection);
	void (*tick)(void *context); /* about every 100 ms */
};

struct relay_spec {
	const char *netns;                 /* where it listens and connects; NULL: here */
	const char *listen_ip, *target_ip; /* IPv4 */
	int listen_port;                   /* 0: a free one */
	int target_port;                   /* 0: as it listens at */
	struct relay_tap tap;
	int64_t patience_ns; /* for which relay_stop() waits for the tap; 0: 10 s */
};

struct relay_report {
	int64_t bytes, bytes_back;
	int connections, refused; /* refused: the target could not be reached, or there were too many */
	int broken;               /* ended by an error, not by a close */
	int64_t watched_ns;       /* spent in the tap */
	int64_t connected_ns;     /* with at least one connection */
};

int relay_start(struct relay **ret, const struct relay_spec *spec, struct err *e);
int relay_port(const struct relay *r);

/* Break off what is still connected, end and free. r may be NULL; report too. -1: its thread does not end, since the tap does not
 * return; then there is no report, and what the tap uses must stay for ever, as the relay does. */
int relay_stop(struct relay *r, struct relay_report *report);

#endif

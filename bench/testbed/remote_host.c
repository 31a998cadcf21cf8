#include "bench/testbed/remote_host.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/ssh.h"

#include <stdio.h>
#include <string.h>

#define SHORT_NS (15 * NS_PER_S)
#define RELEASE_NS (40 * NS_PER_S)

char *remote_host_local_uri(const char *uri, char *buffer, size_t room)
{
	const char *machine = strstr(uri, "://");
	size_t driver = strcspn(uri, "+:");
	const char *path = machine ? strchr(machine + 3, '/') : NULL;
	snprintf(buffer, room, "%.*s://%.*s", (int)driver, uri, path ? (int)strcspn(path, "?") : 0, path ? path : "");
	return buffer;
}

int remote_host_qdisc(const struct remote_host *h, char *shown, size_t room, struct err *e)
{
	char script[600];
	if (!h->spec->device[0]) {
		shown[0] = '\0';
		return 0;
	}
	snprintf(script, sizeof(script), "tc qdisc show dev '%s' && { tc filter show dev '%s' 2>/dev/null || :; }",
	         h->spec->device, h->spec->device);
	return ssh_ask(h->ssh, script, SHORT_NS, shown, room, NULL, e) < 0 ? err_prefix(e, "node '%s'", h->name) : 0;
}

/* What puts everything back, from what is there now. */
struct undoing {
	char restore[QDISC_ROOM], trial[QDISC_ROOM + 40]; /* "": the kernel's own comes back by itself */
	char undo[QDISC_UNDO_ROOM], state[100], uri[600];
	struct lease lease;
};

static int undoing_make(const struct remote_host *h, const char *shown, const char *owner, int64_t lease_ns,
                        struct undoing *u, struct err *e)
{
	const char *device = h->spec->device;
	char words[QDISC_ROOM];
	memset(u, 0, sizeof(*u));
	if (device[0]) {
		if (qdisc_restore(shown, device, u->restore, e) < 0 || qdisc_restore(shown, "lo", words, e) < 0)
			return err_prefix(e, "node '%s'", h->name);
		if (u->restore[0])
			snprintf(u->trial, sizeof(u->trial), "unshare --net tc %s", words);
		qdisc_undo_script(u->restore, device, u->undo);
		/* how often it is referred to is none of its settings */
		snprintf(u->state, sizeof(u->state), "tc qdisc show dev %s | sed 's/ refcnt [0-9]*//'", device);
	}
	u->lease = (struct lease){ .owner = owner,
		                   .seconds = (int)(lease_ns / NS_PER_S),
		                   .undo = u->undo,
		                   .state = device[0] ? u->state : NULL,
		                   .directory = h->directory,
		                   .virsh_uri = remote_host_local_uri(h->spec->uri, u->uri, sizeof(u->uri)) };
	return 0;
}

/* One that is not the kernel's stands in the way of another. */
static int shape_lines(const struct remote_host *h, const struct link_shape *shape, enum link_backend backend,
                       int own, char lines[QDISC_LINES + 1][QDISC_ROOM])
{
	int before = 0;
	if (!h->spec->device[0])
		return 0;
	char wanted[QDISC_LINES][QDISC_ROOM];
	int count = qdisc_shape(backend, shape, h->spec->device, wanted);
	if (count && own)
		snprintf(lines[before++], QDISC_ROOM, "qdisc del dev %s root", h->spec->device);
	memcpy(lines[before], wanted, (size_t)count * sizeof(*wanted));
	return before + count;
}

static char *tc_line(const char *words, char *line, size_t room)
{
	snprintf(line, room, "tc %s", words);
	return line;
}

/* Guests' files are read by the user that QEMU runs as. */
static char *directory_line(const struct remote_host *h, char *line, size_t room)
{
	snprintf(line, room, "mkdir -p '%s' && chmod 755 '%s'", h->directory, h->directory);
	return line;
}

int remote_host_plan(const struct remote_host *h, const struct link_shape *shape, enum link_backend backend,
                     const char *shown, const char *owner, int64_t lease_ns,
                     void (*say)(void *context, const char *line), void *context, struct err *e)
{
	char lines[QDISC_LINES + 1][QDISC_ROOM], script[LEASE_SCRIPT_ROOM], line[QDISC_ROOM + 40];
	struct undoing u;
	if (undoing_make(h, shown, owner, lease_ns, &u, e) < 0)
		return -1;
	if (u.trial[0])
		say(context, u.trial);
	lease_take_script(&u.lease, script);
	for (char *save = NULL, *one = strtok_r(script, "\n", &save); one; one = strtok_r(NULL, "\n", &save))
		say(context, one);
	say(context, directory_line(h, line, sizeof(line)));
	int count = shape_lines(h, shape, backend, u.restore[0], lines);
	for (int i = 0; i < count; i++)
		say(context, tc_line(lines[i], line, sizeof(line)));
	return 0;
}

int remote_host_take(struct remote_host *h, const char *owner, int64_t lease_ns, struct err *e)
{
	char shown[4096], script[LEASE_SCRIPT_ROOM];
	struct undoing u;
	if (remote_host_qdisc(h, shown, sizeof(shown), e) < 0 || undoing_make(h, shown, owner, lease_ns, &u, e) < 0)
		return -1;
	if (u.trial[0] && ssh_ask(h->ssh, u.trial, SHORT_NS, NULL, 0, NULL, e) < 0)
		return err_prefix(e, "node '%s': its qdisc could not be put back, so it is left alone", h->name);
	if (ssh_ask(h->ssh, lease_take_script(&u.lease, script), SHORT_NS, NULL, 0, NULL, e) < 0) {
		e->status = EXIT_CANNOT;
		return err_prefix(e, "node '%s'", h->name);
	}
	h->leased = true;
	snprintf(h->owner, sizeof(h->owner), "%s", owner);
	return ssh_ask(h->ssh, directory_line(h, script, sizeof(script)), SHORT_NS, NULL, 0, NULL, e);
}

int remote_host_probe(const struct remote_host *h, enum link_backend backend, struct err *e)
{
	const char *tail = backend == LINK_NETEM ? "netem limit 10 delay 1ms" : "handle 1: htb default 1";
	char script[200];
	snprintf(script, sizeof(script), "unshare --net tc qdisc add dev lo root %s", tail);
	if (ssh_ask(h->ssh, script, SHORT_NS, NULL, 0, NULL, e) == 0)
		return 0;
	e->status = EXIT_CANNOT;
	return err_prefix(e, "no %s on node '%s'", link_backend_name(backend), h->name);
}

int remote_host_shape(struct remote_host *h, const struct link_shape *shape, enum link_backend backend, struct err *e)
{
	char lines[QDISC_LINES + 1][QDISC_ROOM], shown[4096], restore[QDISC_ROOM], script[QDISC_ROOM + 8];
	if (!h->spec->device[0])
		return 0;
	if (remote_host_qdisc(h, shown, sizeof(shown), e) < 0 ||
	    qdisc_restore(shown, h->spec->device, restore, e) < 0)
		return -1;
	int count = shape_lines(h, shape, backend, restore[0], lines);
	for (int i = 0; i < count; i++) {
		if (ssh_ask(h->ssh, tc_line(lines[i], script, sizeof(script)), SHORT_NS, NULL, 0, NULL, e) < 0) {
			e->status = EXIT_CANNOT;
			return err_prefix(e, "node '%s': '%s'", h->name, script);
		}
	}
	return 0;
}

int remote_host_put(struct remote_host *h, const char *local, const char *name, char *ret_path, size_t room,
                    struct err *e)
{
	snprintf(ret_path, room, "%s/%s", h->directory, name);
	return ssh_put(h->ssh, local, ret_path, e);
}

int remote_host_renew(struct remote_host *h, struct err *e)
{
	char script[LEASE_SCRIPT_ROOM];
	if (ssh_ask(h->ssh, lease_renew_script(h->owner, script), SHORT_NS, NULL, 0, NULL, e) == 0)
		return 0;
	e->status = EXIT_MEASURED_BAD;
	return err_prefix(e, "the lease on node '%s' is lost, and what it shaped with it", h->name);
}

int remote_host_release(struct remote_host *h, struct err *e)
{
	char script[LEASE_SCRIPT_ROOM];
	if (!h->leased)
		return 0;
	h->leased = false;
	return ssh_ask(h->ssh, lease_release_script(h->owner, script), RELEASE_NS, NULL, 0, NULL, e) < 0
	               ? err_prefix(e, "node '%s'", h->name)
	               : 0;
}

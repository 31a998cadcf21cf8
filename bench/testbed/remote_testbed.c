#include "bench/testbed/remote_testbed.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/ssh.h"
#include "bench/base/undo.h"
#include "bench/testbed/testbed.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOSTS = 2, ETHERNET_HEADER = 14, RENEWALS = 5 };

struct remote_testbed {
	struct remote_host hosts[HOSTS];
	struct undo *undo; /* of what is on the head */
	pthread_t renewer;
	bool renewing;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t change;
	bool ending;
	struct err trouble;
};

struct remote_host *remote_testbed_host(const struct testbed *t, int node)
{
	return t->remote && (node == NODE_SRC || node == NODE_DST) ? &t->remote->hosts[node] : NULL;
}

char *remote_testbed_owner(char *buffer, size_t room)
{
	char name[64] = "";
	gethostname(name, sizeof(name) - 1);
	snprintf(buffer, room, "migmeter on %s, pid %d", name, (int)getpid());
	return buffer;
}

/* ---- the lease ---- */

static void *renew_main(void *argument)
{
	struct testbed *t = argument;
	struct remote_testbed *r = t->remote;
	int64_t next_ns = clock_now_ns(), every_ns = t->spec.remote->lease_ns / RENEWALS;
	pthread_mutex_lock(&r->lock);
	while (!r->ending) {
		struct err e = { 0 };
		pthread_mutex_unlock(&r->lock);
		for (int i = 0; i < HOSTS && !e.status; i++)
			remote_host_renew(&r->hosts[i], &e);
		pthread_mutex_lock(&r->lock);
		if (e.status && !r->trouble.status)
			r->trouble = e;
		next_ns += every_ns;
		struct timespec until = clock_to_timespec(next_ns);
		while (!r->ending && pthread_cond_timedwait(&r->change, &r->lock, &until) != ETIMEDOUT)
			;
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

static void renewer_stop(struct remote_testbed *r)
{
	if (!r->renewing)
		return;
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_signal(&r->change);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->renewer, NULL);
	r->renewing = false;
}

int remote_testbed_trouble(const struct testbed *t, struct err *e)
{
	struct remote_testbed *r = t->remote;
	pthread_mutex_lock(&r->lock);
	int status = r->trouble.status;
	if (status)
		err_set(e, EXIT_MEASURED_BAD, "%s", r->trouble.text);
	pthread_mutex_unlock(&r->lock);
	return status ? -1 : 0;
}

/* ---- opening ---- */

void remote_testbed_name_nodes(struct testbed *t)
{
	static const char *const names[NODE_COUNT] = { [NODE_SRC] = "src", [NODE_DST] = "dst", [NODE_HEAD] = "head" };
	const struct remote_spec *spec = t->spec.remote;
	for (int i = 0; i < NODE_COUNT; i++) {
		struct node *n = &t->nodes[i];
		memset(n, 0, sizeof(*n));
		n->core = -1;
		snprintf(n->name, sizeof(n->name), "%s", names[i] ? names[i] : "");
	}
	for (int i = 0; i < HOSTS; i++) {
		struct node *n = &t->nodes[i];
		snprintf(n->libvirt_uri, sizeof(n->libvirt_uri), "%s", spec->hosts[i].uri);
		snprintf(n->migration_ip, sizeof(n->migration_ip), "%.15s", spec->hosts[i].address);
		snprintf(n->state_directory, sizeof(n->state_directory), "%.199s", spec->directory);
	}
	struct node *head = &t->nodes[NODE_HEAD];
	snprintf(head->management_ip, sizeof(head->management_ip), "%.15s", spec->head);
	snprintf(head->lan_ip, sizeof(head->lan_ip), "%.15s", spec->head_data[0] ? spec->head_data : spec->head);
}

static int link_fill(struct testbed *t, enum link_backend backend, struct err *e)
{
	struct testbed_link *l = &t->links[0];
	snprintf(l->name, sizeof(l->name), "%s", testbed_migration_link_name(&t->spec));
	snprintf(l->device, sizeof(l->device), "%.15s", t->spec.remote->hosts[NODE_SRC].device);
	snprintf(l->tx_name, sizeof(l->tx_name), "src-to-dst");
	snprintf(l->rx_name, sizeof(l->rx_name), "dst-to-src");
	l->link = calloc(1, sizeof(*l->link));
	if (!l->link)
		return err_errno(e, EXIT_CANNOT, "cannot keep a link");
	l->link->backend = backend;
	l->link->shape = t->spec.shape;
	l->link->frame_overhead = ETHERNET_HEADER;
	t->link_count = 1;
	return link_check_shape(&l->link->shape, e);
}

static bool is_shaped(const struct link_shape *s)
{
	return s->rate_bits_per_s || s->rtt_ns || s->jitter_ns || s->loss > 0;
}

int remote_backend_choose(const struct remote_host *hosts, const struct link_shape *shape, int wanted,
                          enum link_backend *ret, struct err *e)
{
	bool rate_only = !shape->rtt_ns && !shape->jitter_ns && !(shape->loss > 0), netem = true;
	*ret = LINK_HTB;
	if (!is_shaped(shape))
		return 0;
	if (wanted == LINK_EMULATOR || (wanted == LINK_HTB && !rate_only))
		return err_set(e, EXIT_CANNOT, "link backend '%s' cannot shape remote nodes%s",
		               link_backend_name((enum link_backend)wanted),
		               wanted == LINK_HTB ? " but in their rate" : ": use auto, netem or htb");
	for (int i = 0; i < HOSTS && netem && wanted != LINK_HTB; i++)
		netem = remote_host_probe(&hosts[i], LINK_NETEM, e) == 0;
	if (wanted != LINK_HTB && netem)
		*ret = LINK_NETEM;
	else if (wanted == LINK_NETEM || !rate_only)
		return -1;
	for (int i = 0; i < HOSTS && *ret == LINK_HTB; i++)
		if (remote_host_probe(&hosts[i], LINK_HTB, e) < 0)
			return -1;
	if (e)
		*e = (struct err){ 0 };
	return 0;
}

/* What one that was killed left is out of date. */
static int home_make(struct remote_testbed *r, struct err *e)
{
	if (access(REMOTE_HOME_REGISTER, F_OK) == 0) {
		if (undo_open(&r->undo, REMOTE_HOME_REGISTER, e) < 0 || undo_run(r->undo, e) < 0)
			return -1;
		undo_close(r->undo);
		r->undo = NULL;
	}
	if (undo_open(&r->undo, REMOTE_HOME_REGISTER, e) < 0 || undo_add(r->undo, UNDO_TREE, REMOTE_HOME, e) < 0)
		return -1;
	if (mkdir(REMOTE_HOME, 0700) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", REMOTE_HOME);
	return 0;
}

static int hosts_take(struct testbed *t, struct err *e)
{
	struct remote_testbed *r = t->remote;
	enum link_backend backend;
	char owner[200];
	for (int i = 0; i < HOSTS; i++) {
		struct remote_host *h = &r->hosts[i];
		char control[80];
		*h = (struct remote_host){ .name = t->nodes[i].name,
			                   .spec = &t->spec.remote->hosts[i],
			                   .directory = t->spec.remote->directory };
		snprintf(control, sizeof(control), REMOTE_HOME "/%s.ssh", h->name);
		if (ssh_open(&h->ssh, h->spec->ssh, h->spec->ssh_options, control, e) < 0)
			return err_prefix(e, "node '%s'", h->name);
	}
	remote_testbed_owner(owner, sizeof(owner));
	if (remote_backend_choose(r->hosts, &t->spec.shape, t->spec.backend, &backend, e) < 0 ||
	    link_fill(t, backend, e) < 0)
		return -1;
	for (int i = 0; i < HOSTS; i++)
		if (remote_host_take(&r->hosts[i], owner, t->spec.remote->lease_ns, e) < 0)
			return -1;
	errno = pthread_create(&r->renewer, NULL, renew_main, t);
	if (errno)
		return err_errno(e, EXIT_CANNOT, "cannot start a thread that renews the leases");
	r->renewing = true;
	for (int i = 0; i < HOSTS; i++)
		if (remote_host_shape(&r->hosts[i], &t->links[0].link->shape, backend, e) < 0)
			return -1;
	return 0;
}

int remote_testbed_open(struct testbed *t, const struct machine_wait *wait, struct err *e)
{
	if (machine_lock_take(&t->lock_fd, wait, e) < 0)
		return -1;
	t->remote = calloc(1, sizeof(*t->remote));
	if (!t->remote) {
		machine_lock_give(t->lock_fd, false);
		return err_errno(e, EXIT_CANNOT, "cannot keep a remote testbed");
	}
	pthread_mutex_init(&t->remote->lock, NULL);
	clock_condition_init(&t->remote->change);
	remote_testbed_name_nodes(t);
	if (home_make(t->remote, e) == 0 && hosts_take(t, e) == 0)
		return 0;
	struct err closing = { 0 };
	if (remote_testbed_close(t, &closing) < 0 && e)
		err_set(e, EXIT_CANNOT, "%.400s; and then: %.400s", e->text, closing.text);
	return -1;
}

int remote_testbed_close(struct testbed *t, struct err *e)
{
	struct remote_testbed *r = t->remote;
	int result = 0;
	renewer_stop(r);
	for (int i = 0; i < HOSTS; i++) {
		if (r->hosts[i].ssh && remote_host_release(&r->hosts[i], result ? NULL : e) < 0)
			result = -1;
		ssh_close(r->hosts[i].ssh);
	}
	if (r->undo && undo_run(r->undo, result ? NULL : e) < 0)
		result = -1;
	undo_close(r->undo);
	testbed_forget(t);
	pthread_cond_destroy(&r->change);
	pthread_mutex_destroy(&r->lock);
	free(r);
	t->remote = NULL;
	machine_lock_give(t->lock_fd, result == 0 && !testbed_is_there());
	return result;
}

/* ---- for the run ---- */

int remote_testbed_put(const struct testbed *t, const char *local, const char *name, char *ret_path, size_t room,
                       struct err *e)
{
	for (int i = 0; i < HOSTS; i++)
		if (remote_host_put(&t->remote->hosts[i], local, name, ret_path, room, e) < 0)
			return -1;
	return 0;
}

int remote_testbed_guest(const struct testbed *t, const char *uuid, struct err *e)
{
	char script[LEASE_SCRIPT_ROOM];
	lease_guest_script(uuid, script);
	for (int i = 0; i < HOSTS; i++)
		if (ssh_ask(t->remote->hosts[i].ssh, script, 15 * NS_PER_S, NULL, 0, NULL, e) < 0)
			return -1;
	return 0;
}

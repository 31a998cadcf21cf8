#include "bench/experiment/remote_checking.h"

#include "bench/base/err.h"
#include "bench/base/ssh.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/guests.h"
#include "bench/testbed/lease.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct telling {
	const struct check_sink *sink;
	const char *node;
};

static void tell(void *context, const char *line)
{
	const struct telling *t = context;
	t->sink->command(t->sink->context, t->node, line);
}

/* What guests of ours boot, and what ends them. */
static void show_files(const struct checking *c, struct telling *t)
{
	static const char *const files[] = { "vmlinuz", "guest.initrd" };
	char path[400], line[1024], script[LEASE_SCRIPT_ROOM];
	int guests = 0;
	for (int i = 0; i < c->x->vm_count; i++)
		guests += !c->x->vms[i].domain[0];
	for (size_t i = 0; guests && i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", c->x->remote.directory, files[i]);
		tell(t, ssh_put_script(path, line, sizeof(line)));
	}
	if (guests)
		tell(t, lease_guest_script("UUID of a guest", script));
}

static void show_commands(struct checking *c)
{
	const struct experiment *x = c->x;
	enum link_backend backend;
	struct link_shape shape = x->link.shape;
	struct err e = { 0 };
	char owner[200], shown[TEXT_ROOM], script[LEASE_SCRIPT_ROOM];
	if (link_check_shape(&shape, &e) < 0 ||
	    remote_backend_choose(c->hosts, &shape, x->link.backend, &backend, &e) < 0) {
		checking_say(c, "", "shaping", "no", "the link's shape", "%s", e.text);
		return;
	}
	remote_testbed_owner(owner, sizeof(owner));
	for (int i = 0; i < HOSTS; i++) {
		struct telling t = { c->sink, c->hosts[i].name };
		if (remote_host_qdisc(&c->hosts[i], shown, sizeof(shown), &e) == 0)
			remote_host_plan(&c->hosts[i], &shape, backend, shown, owner, x->remote.lease_ns, tell, &t,
			                 &e);
		show_files(c, &t);
		tell(&t, "# again and again while the run is on:");
		tell(&t, lease_renew_script(owner, script));
		tell(&t, "# at its end:");
		tell(&t, lease_release_script(owner, script));
	}
}

/* What moves the VMs, if commands do; they are not run. */
static void show_driver(struct checking *c)
{
	const struct experiment_migration *m = &c->x->migration;
	const char *const commands[] = { m->start, m->state, m->cancel };
	for (size_t i = 0; m->driver == DRIVER_EXEC && i < sizeof(commands) / sizeof(*commands); i++)
		if (commands[i][0])
			c->sink->command(c->sink->context, "this machine", commands[i]);
}

static void check_all(struct checking *c)
{
	int reached = 0;
	if (c->x->hosts.kind == HOSTS_OUTSIDE) {
		checking_domains(c);
		show_driver(c);
		return;
	}
	for (int i = 0; i < HOSTS; i++)
		reached += checking_reach(c, i) == 0;
	if (reached < HOSTS)
		return;
	for (int i = 0; i < HOSTS; i++)
		checking_node(c, i);
	checking_pair(c);
	checking_domains(c);
	show_commands(c);
	show_driver(c);
}

int remote_check(const struct experiment *x, const struct check_sink *sink, struct err *e)
{
	static const char *const names[HOSTS] = { "src", "dst" };
	struct checking c = { .x = x, .sink = sink, .directory = "/tmp/migmeter-XXXXXX" };
	if (!mkdtemp(c.directory))
		return err_errno(e, EXIT_CANNOT, "cannot make a folder in '/tmp'");
	if (hypervisor_init(e) < 0) {
		rmdir(c.directory);
		return -1;
	}
	for (int i = 0; i < HOSTS; i++)
		c.hosts[i] = (struct remote_host){ .name = names[i],
			                           .spec = &x->remote.hosts[i],
			                           .directory = x->remote.directory };
	check_all(&c);
	for (int i = 0; i < HOSTS; i++) {
		if (c.connections[i])
			virConnectClose(c.connections[i]);
		ssh_close(c.hosts[i].ssh);
	}
	rmdir(c.directory);
	return c.missing;
}

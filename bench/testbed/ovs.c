#include "bench/testbed/ovs.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#define SCHEMA "/usr/share/openvswitch/vswitch.ovsschema"
#define DATABASE_SOCKET "/run/openvswitch/db.sock"
#define START_NS (10 * NS_PER_S)

bool ovs_kernel_datapath(char *words, size_t room)
{
	/* Asking for the family has the kernel load its module, where there is one. */
	const char *const ask[] = { "genl", "ctrl", "get", "name", "ovs_datapath", NULL };
	struct utsname u = { .release = "this kernel" };
	bool there = process_run(NULL, ask, START_NS, NULL, 0, NULL) == 0;
	uname(&u);
	snprintf(words, room,
	         there ? "in the kernel (%s has the openvswitch module)"
	               : "in user space (%s has no openvswitch module)",
	         u.release);
	return there;
}

int ovs_vsctl(const struct node *node, struct err *e, const char *format, ...)
{
	const struct process_place place = node_place(node);
	char arguments[700];
	va_list args;
	va_start(args, format);
	vsnprintf(arguments, sizeof(arguments), format, args);
	va_end(args);
	return process_runf(&place, e, "ovs-vsctl --timeout=20 %s", arguments);
}

char *ovs_flow_socket(const struct node *node, const char *bridge, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/run/openvswitch/%s.mgmt", node->state_directory, bridge);
	return buffer;
}

/* Until the database is served: then it is prepared, too. */
static int database_wait(const struct node *node, pid_t pid, struct err *e)
{
	int64_t end = clock_now_ns() + START_NS;
	struct err not_yet = { 0 };
	while (ovs_vsctl(node, &not_yet, "--no-wait init") < 0) {
		if (clock_now_ns() > end || !process_start_time(pid))
			return err_set(e, not_yet.status, "ovsdb-server on node '%s' does not answer: %s", node->name,
			               not_yet.text);
		clock_sleep(20 * NS_PER_MS);
	}
	return 0;
}

int ovs_start(const struct node *node, struct daemons *daemons, struct undo *undo, struct err *e)
{
	char directory[300], database[300];
	snprintf(directory, sizeof(directory), "%s/run/openvswitch", node->state_directory);
	snprintf(database, sizeof(database), "%s/openvswitch.db", node->state_directory);
	const char *const server[] = { "ovsdb-server", database, "--remote=punix:" DATABASE_SOCKET, NULL };
	const char *const daemon[] = { "ovs-vswitchd", "unix:" DATABASE_SOCKET, "--pidfile", NULL };
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return err_errno(e, EXIT_CANNOT, "cannot create '%s'", directory);
	if (process_runf(NULL, e, "ovsdb-tool create %s " SCHEMA, database) < 0 ||
	    daemons_start(daemons, node, server[0], server, undo, e) < 0 ||
	    database_wait(node, daemons->list[daemons->count - 1].pid, e) < 0)
		return -1;
	return daemons_start(daemons, node, daemon[0], daemon, undo, e);
}

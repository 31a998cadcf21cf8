/* migmeter testbed up|down|status|exec */
#include "bench/base/err.h"
#include "bench/base/option.h"
#include "bench/base/process.h"
#include "bench/base/quantity.h"
#include "bench/command.h"
#include "bench/experiment/experiment.h"
#include "bench/testbed/testbed.h"
#include "bench/testbed/two_lans.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void note_print(const char *text)
{
	fprintf(stderr, "migmeter: %s\n", text);
}

static const struct machine_wait patience = { .note = note_print };

/* The link of `up` is given as in a config: -s link.rate=1G. */
static int spec_fill(const struct arguments *a, struct testbed_spec *spec, struct err *e)
{
	struct experiment_link link;
	const struct option_row *rows = experiment_section_rows("link");
	const char *assignment;
	memset(&link, 0, sizeof(link));
	if (option_defaults(rows, &link, e) < 0)
		return -1;
	for (int i = 0; (assignment = arguments_option_at(a, "set", i)); i++) {
		char key[64];
		const char *equals = strchr(assignment, '=');
		if (strncmp(assignment, "link.", 5) != 0 || !equals || (size_t)(equals - assignment) >= sizeof(key))
			return err_set(e, EXIT_USAGE, "-s '%s': a testbed has only link.KEY=VALUE", assignment);
		snprintf(key, sizeof(key), "%.*s", (int)(equals - assignment - 5), assignment + 5);
		if (option_set(rows, &link, key, equals + 1, e) < 0)
			return -1;
	}
	*spec = experiment_link_testbed(&link);
	spec->storage = spec->pinned = true;
	return experiment_link_check(&link, e);
}

static int status_print(void)
{
	struct testbed t;
	struct err e = { 0 };
	if (testbed_load(&t, &e) < 0) {
		printf("%s\n", e.text);
		return EXIT_MEASURED_BAD;
	}
	for (int i = 0; i < NODE_COUNT; i++) {
		const struct node *n = &t.nodes[i];
		printf("%-5s namespace %-8s management %-12s lan %-12s", n->name, n->netns, n->management_ip,
		       n->lan_ip);
		if (n->core >= 0)
			printf(" core %d", n->core);
		if (n->libvirt_uri[0])
			printf(" libvirtd %s", process_start_time(n->keeper) ? "runs" : "IS GONE");
		printf("\n");
		if (n->libvirt_uri[0])
			printf("      %s\n", n->libvirt_uri);
	}
	for (int i = 0; i < t.link_count; i++) {
		const struct link_shape *shape = &t.links[i].link->shape;
		char rate[32], rtt[32];
		printf("link  %-12s %s, %s, RTT %s\n", t.links[i].name, t.links[i].device,
		       shape->rate_bits_per_s ? rate_format(shape->rate_bits_per_s, rate, sizeof(rate)) : "unshaped",
		       duration_format(shape->rtt_ns, rtt, sizeof(rtt)));
	}
	if (t.datapath[0])
		printf("switch br-lan of src and dst, %s; datapath %s\n", tunnel_name((enum tunnel)t.spec.tunnel),
		       t.datapath);
	testbed_forget(&t);
	return EXIT_DONE;
}

static int exec_run(const struct arguments *a, struct err *e)
{
	struct testbed t;
	const struct node *node = NULL;
	if (arguments_count(a) < 3)
		return err_set(e, EXIT_USAGE, "usage: migmeter testbed exec NODE CMD...");
	if (testbed_load(&t, e) < 0)
		return -1;
	testbed_forget(&t);
	for (int i = 0; i < NODE_COUNT; i++)
		if (strcmp(t.nodes[i].name, arguments_at(a, 1)) == 0)
			node = &t.nodes[i];
	if (!node)
		return err_set(e, EXIT_USAGE, "there is no node '%s': src, dst, sto and head are",
		               arguments_at(a, 1));
	const struct process_place place = node_place(node);
	if (process_enter(&place, e) < 0)
		return -1;
	execvp(arguments_at(a, 2), arguments_raw(a) + 2);
	return err_errno(e, EXIT_CANNOT, "cannot run '%s'", arguments_at(a, 2));
}

static int testbed_run(const struct arguments *a)
{
	struct err e = { 0 };
	struct testbed_spec spec;
	bool was_there;
	const char *what = arguments_at(a, 0);
	if (arguments_count(a) > 1 && strcmp(what, "exec") != 0) {
		err_set(&e, EXIT_USAGE, "testbed %s takes no further argument, such as '%s'", what,
		        arguments_at(a, 1));
		return err_report(&e);
	}
	const struct machine_wait *wait = arguments_option(a, "wait") ? &patience : NULL;
	if (strcmp(what, "up") == 0) {
		if (spec_fill(a, &spec, &e) < 0 || testbed_up(&spec, wait, note_print, &e) < 0)
			return err_report(&e);
		return status_print();
	}
	if (strcmp(what, "down") == 0) {
		if (testbed_down(wait, &was_there, &e) < 0)
			return err_report(&e);
		printf("%s\n", was_there ? "testbed is down; nothing of it is left" : "there was no testbed");
		return EXIT_DONE;
	}
	if (strcmp(what, "status") == 0)
		return status_print();
	if (strcmp(what, "exec") == 0)
		exec_run(a, &e);
	else
		err_set(&e, EXIT_USAGE, "testbed '%s': expected up, down, status or exec", what);
	return err_report(&e);
}

static const struct command_option options[] = {
	{ "set", 's', "link.KEY=VALUE", "shape of the link, for up (see 'migmeter list keys')", NULL },
	{ "wait", 0, NULL, "for up and down: while another migmeter is at work on this machine, wait for it", NULL },
	{ NULL, 0, NULL, NULL, NULL },
};

const struct command testbed_command = {
	.name = "testbed",
	.synopsis = "up|down|status|exec NODE CMD...",
	.minimum = 1,
	.maximum = -1,
	.help = "Make, remove, show or enter the local testbed",
	.details =
		"up      makes namespaces, networks, shaped link, storage and libvirtd, and leaves them up for 'run'\n"
		"down    removes everything migmeter made, also what a killed run left behind, and nothing else\n"
		"status  shows nodes, addresses, libvirt URIs and links\n"
		"exec    runs a command on a node (src, dst, sto, head)\n",
	.options = options,
	.run = testbed_run,
};

#include "bench/testbed/testbed_state.h"

#include "bench/base/err.h"
#include "bench/base/json_file.h"
#include "bench/testbed/testbed.h"

#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_NAME "testbed.json"

/* The file is a list of members: name, where it is, what it is. Written and read by the same rows. */
enum member_type { TEXT, NUMBER_INT, NUMBER_INT64, NUMBER_DOUBLE, FLAG };

struct member {
	const char *name;
	enum member_type type;
	size_t offset, room;
};

/* clang-format off */
#define SPEC(field, type) { #field, type, offsetof(struct testbed_spec, field), 0 }
#define TEXT_OF(whole, field) { #field, TEXT, offsetof(struct whole, field), sizeof(((struct whole *)0)->field) }
/* clang-format on */
#define NODE_TEXT(field) TEXT_OF(node, field)
#define LINK_TEXT(field) TEXT_OF(testbed_link, field)
#define DAEMON_TEXT(field) TEXT_OF(testbed_daemon, field)
#define PLAIN_TEXT(field) TEXT_OF(link, field)

static const struct member spec_members[] = {
	SPEC(topology, NUMBER_INT),
	SPEC(backend, NUMBER_INT),
	SPEC(network, NUMBER_INT),
	SPEC(tunnel, NUMBER_INT),
	SPEC(storage, FLAG),
	SPEC(tls, FLAG),
	SPEC(pinned, FLAG),
	{ "rate_bits_per_s", NUMBER_INT64, offsetof(struct testbed_spec, shape.rate_bits_per_s), 0 },
	{ "rtt_ns", NUMBER_INT64, offsetof(struct testbed_spec, shape.rtt_ns), 0 },
	{ "jitter_ns", NUMBER_INT64, offsetof(struct testbed_spec, shape.jitter_ns), 0 },
	{ "loss", NUMBER_DOUBLE, offsetof(struct testbed_spec, shape.loss), 0 },
	{ "congestion_control", TEXT, offsetof(struct testbed_spec, congestion_control), 32 },
	SPEC(tcp_buffer_bytes, NUMBER_INT64),
	{ "queue_bytes", NUMBER_INT64, offsetof(struct testbed_spec, shape.queue_bytes), 0 },
	{ NULL, TEXT, 0, 0 },
};

static const struct member node_members[] = {
	NODE_TEXT(name),
	NODE_TEXT(netns),
	NODE_TEXT(netns_path),
	NODE_TEXT(state_directory),
	NODE_TEXT(mntns_path),
	NODE_TEXT(utsns_path),
	NODE_TEXT(libvirt_uri),
	NODE_TEXT(peer_uri),
	NODE_TEXT(qemu_pid_directory),
	NODE_TEXT(flow_socket),
	NODE_TEXT(management_ip),
	NODE_TEXT(lan_ip),
	NODE_TEXT(migration_ip),
	{ "core", NUMBER_INT, offsetof(struct node, core), 0 },
	{ "holder", NUMBER_INT, offsetof(struct node, holder), 0 },
	{ "keeper", NUMBER_INT, offsetof(struct node, keeper), 0 },
	{ NULL, TEXT, 0, 0 },
};

static const struct member daemon_members[] = {
	DAEMON_TEXT(name),
	DAEMON_TEXT(node),
	DAEMON_TEXT(log_path),
	{ "pid", NUMBER_INT, offsetof(struct testbed_daemon, pid), 0 },
	{ "start_time", NUMBER_INT64, offsetof(struct testbed_daemon, start_time), 0 },
	{ NULL, TEXT, 0, 0 },
};

static const struct member link_members[] = {
	LINK_TEXT(name),    LINK_TEXT(netns_path), LINK_TEXT(device),
	LINK_TEXT(tx_name), LINK_TEXT(rx_name),    { NULL, TEXT, 0, 0 },
};

static const struct member switch_members[] = {
	TEXT_OF(testbed, datapath),
	TEXT_OF(testbed, learned_path),
	{ NULL, TEXT, 0, 0 },
};

/* The link's plain data, so that a later process can measure it and read the emulator's counters. */
static const struct member plain_members[] = {
	{ "backend", NUMBER_INT, offsetof(struct link, backend), 0 },
	{ "frame_overhead", NUMBER_INT, offsetof(struct link, frame_overhead), 0 },
	PLAIN_TEXT(netns_a),
	PLAIN_TEXT(netns_b),
	PLAIN_TEXT(netns_name_a),
	PLAIN_TEXT(netns_name_b),
	PLAIN_TEXT(device_a),
	PLAIN_TEXT(device_b),
	PLAIN_TEXT(stats_path),
	{ NULL, TEXT, 0, 0 },
};

static json_object *members_write(const struct member *rows, const void *from)
{
	json_object *into = json_object_new_object();
	for (; rows->name; rows++) {
		const char *at = (const char *)from + rows->offset;
		json_object *value = NULL;
		switch (rows->type) {
		case TEXT:
			value = json_object_new_string(at);
			break;
		case NUMBER_INT:
			value = json_object_new_int(*(const int *)(const void *)at);
			break;
		case NUMBER_INT64:
			value = json_object_new_int64(*(const int64_t *)(const void *)at);
			break;
		case NUMBER_DOUBLE:
			value = json_object_new_double(*(const double *)(const void *)at);
			break;
		case FLAG:
			value = json_object_new_boolean(*(const bool *)(const void *)at);
			break;
		}
		json_object_object_add(into, rows->name, value);
	}
	return into;
}

static void members_read(const struct member *rows, json_object *from, void *into)
{
	for (; rows->name; rows++) {
		char *at = (char *)into + rows->offset;
		json_object *value;
		if (!json_object_object_get_ex(from, rows->name, &value))
			continue;
		switch (rows->type) {
		case TEXT:
			snprintf(at, rows->room, "%s", json_object_get_string(value));
			break;
		case NUMBER_INT:
			*(int *)(void *)at = json_object_get_int(value);
			break;
		case NUMBER_INT64:
			*(int64_t *)(void *)at = json_object_get_int64(value);
			break;
		case NUMBER_DOUBLE:
			*(double *)(void *)at = json_object_get_double(value);
			break;
		case FLAG:
			*(bool *)(void *)at = json_object_get_boolean(value);
			break;
		}
	}
}

static void state_path(const char *directory, char *buffer, size_t room)
{
	snprintf(buffer, room, "%s/" STATE_NAME, directory);
}

bool testbed_state_is_up(const char *directory)
{
	char path[300];
	state_path(directory, path, sizeof(path));
	return access(path, F_OK) == 0;
}

int testbed_state_write(const struct testbed *t, const char *directory, struct err *e)
{
	json_object *root = json_object_new_object(), *nodes = json_object_new_array(),
		    *links = json_object_new_array(), *daemons = json_object_new_array();
	json_object_object_add(root, "spec", members_write(spec_members, &t->spec));
	json_object_object_add(root, "switches", members_write(switch_members, t));
	for (int i = 0; i < NODE_COUNT; i++)
		json_object_array_add(nodes, members_write(node_members, &t->nodes[i]));
	for (int i = 0; i < t->daemons.count; i++)
		json_object_array_add(daemons, members_write(daemon_members, &t->daemons.list[i]));
	for (int i = 0; i < t->link_count; i++) {
		json_object *link = members_write(link_members, &t->links[i]);
		json_object_object_add(link, "plain", members_write(plain_members, t->links[i].link));
		json_object_array_add(links, link);
	}
	json_object_object_add(root, "nodes", nodes);
	json_object_object_add(root, "links", links);
	json_object_object_add(root, "daemons", daemons);
	int result = json_file_write(directory, STATE_NAME, root, e);
	json_object_put(root);
	return result;
}

int testbed_state_read(struct testbed *t, const char *directory, struct err *e)
{
	char path[300];
	state_path(directory, path, sizeof(path));
	json_object *root = json_object_from_file(path), *part;
	if (!root)
		return err_set(e, EXIT_CANNOT, "cannot read '%s': run 'migmeter testbed down'", path);
	if (json_object_object_get_ex(root, "spec", &part))
		members_read(spec_members, part, &t->spec);
	if (json_object_object_get_ex(root, "switches", &part))
		members_read(switch_members, part, t);
	if (json_object_object_get_ex(root, "nodes", &part))
		for (size_t i = 0; i < json_object_array_length(part) && i < NODE_COUNT; i++)
			members_read(node_members, json_object_array_get_idx(part, i), &t->nodes[i]);
	if (json_object_object_get_ex(root, "daemons", &part))
		for (size_t i = 0; i < json_object_array_length(part) && i < DAEMONS_ROOM; i++)
			members_read(daemon_members, json_object_array_get_idx(part, i),
			             &t->daemons.list[t->daemons.count++]);
	if (json_object_object_get_ex(root, "links", &part))
		for (size_t i = 0; i < json_object_array_length(part) && i < LINK_ROOM; i++) {
			struct testbed_link *l = &t->links[t->link_count++];
			json_object *from = json_object_array_get_idx(part, i), *plain;
			members_read(link_members, from, l);
			l->link = calloc(1, sizeof(*l->link));
			if (!l->link) {
				json_object_put(root);
				return err_errno(e, EXIT_CANNOT, "cannot read '%s'", path);
			}
			l->link->shape = testbed_link_shape(&t->spec, l->name);
			link_check_shape(&l->link->shape, NULL); /* the queue that was left to it */
			if (json_object_object_get_ex(from, "plain", &plain))
				members_read(plain_members, plain, l->link);
		}
	json_object_put(root);
	return 0;
}

int testbed_state_fits(const struct testbed *t, const struct testbed_spec *wanted, struct err *e)
{
	const struct testbed_spec *is = &t->spec;
	const char *what = NULL;
	if (is->network != wanted->network)
		what = "network";
	else if (is->network == NETWORK_OVS && is->tunnel != wanted->tunnel)
		what = "tunnel";
	else if (is->topology != wanted->topology)
		what = "topology";
	else if (is->shape.rate_bits_per_s != wanted->shape.rate_bits_per_s)
		what = "link rate";
	else if (is->shape.rtt_ns != wanted->shape.rtt_ns || is->shape.jitter_ns != wanted->shape.jitter_ns)
		what = "RTT";
	else if (is->shape.loss != wanted->shape.loss)
		what = "loss";
	else if (is->shape.queue_bytes != wanted->shape.queue_bytes)
		what = "link queue";
	else if (strcmp(is->congestion_control, wanted->congestion_control) != 0)
		what = "congestion control";
	else if (is->tcp_buffer_bytes != wanted->tcp_buffer_bytes)
		what = "TCP buffer size";
	else if (is->pinned != wanted->pinned)
		what = "pinning";
	else if (is->backend != wanted->backend)
		what = "link backend";
	else if (wanted->storage && !is->storage)
		what = "storage";
	else if (wanted->tls && !is->tls)
		what = "TLS";
	if (what)
		return err_set(
			e, EXIT_USAGE,
			"the testbed that is up has another %s than the experiment asks: run 'migmeter testbed down'",
			what);
	return 0;
}

/*
 * collector.h - a collector watches one thing and appends raw stamps and cumulative counters to a series.
 *
 * To add one: write collectors/NAME.c that ends with its `const struct collector_ops NAME_collector`, declare it
 * below and add it to the table in collectors/collector.c. It is then started by every run whose [collect] section
 * does not switch it off, listed by `migmeter list collectors` and described in the manifest.
 *
 * Rules: stamps are head time (bench/base/clock.h); counters are cumulative; nothing is derived here. What could not
 * be read is no row, and a fact that says how often. A collector never stops the run: trouble after start goes to
 * its facts.
 */
#ifndef COLLECTORS_COLLECTOR_H
#define COLLECTORS_COLLECTOR_H

#include <stdint.h>

struct err;
struct json_object;
struct ssh;
struct web_options;

struct watched_node {
	const char *name;               /* "src", "dst", ... as in config and series */
	const char *netns;              /* path of its network namespace; NULL: the machine's own */
	int core;                       /* the core of a local compute node, -1: not one */
	const char *libvirt_uri;        /* to open a connection of one's own; NULL: no libvirt there */
	const char *qemu_pid_directory; /* holds VMNAME.pid while a VM's QEMU runs on this node; NULL: none */
	const char *flow_socket;        /* Unix socket on which its switch speaks OpenFlow; NULL: none */
	int switch_number;              /* of that switch in learned_path */
	const char *migration_ip;       /* its address for migrations; NULL: none go from or to it */
	struct ssh *ssh;                /* a shell there, of a remote node; NULL: it is on this machine */
	const char *device;             /* of a remote node: the interface that migrations pass; NULL: not known */
};

struct watched_vm {
	const char *name;
	const char *domain;         /* what libvirt calls it; NULL: the same */
	int index;                  /* index in the experiment and on the wire */
	const char *node;           /* where it starts */
	const char *management_ip;  /* the agent listens here on SAMPLE_CONTROL_PORT */
	const char *data_ip;        /* its address on the data network; heartbeats come from it */
	const char *workloads[4];   /* names, in wire order; NULL ends */
	const char *data_mac;       /* of its card on that network */
	int64_t stream_interval_ns; /* of its workload `stream`; 0: it has none */
	const char *sessions;       /* web sessions that load it, see web_schedule.h; NULL or "": none */
	int migrating;              /* 1: this is a VM that moves */
};

struct watched_link {
	const char *name;  /* "migration", "src-uplink", ... */
	const char *netns; /* where the device is */
	const char *device;
	const char *tx_name; /* direction of the device's tx counter, such as "src-to-dst" */
	const char *rx_name;
};

/* What is there to watch. Lives, unchanged, from before start to after stop. */
struct watch {
	const char *directory; /* the run directory */
	uint64_t run_id;
	const char *head_netns;    /* NULL: the machine's own */
	const char *management_ip; /* the head's address on the management network */
	const char *data_device;   /* device in head_netns on which the guests' data traffic arrives */
	const struct watched_node *nodes;
	int node_count;
	const struct watched_vm *vms;
	int vm_count;
	const struct watched_link *links;
	int link_count;
	const char *
		learned_path; /* what the switches have learnt (bench/testbed/learning_switch.py); NULL: no switches */
	/* Something happened that belongs in events.csv; from any thread. NULL: nobody wants to know. */
	void (*event)(void *context, int64_t head_ns, const char *vm, const char *node, const char *event,
	              const char *detail);
	void *event_context;
	int64_t sample_interval_ns; /* of the guests' agents */
	int64_t job_interval_ns;
	int64_t cpu_interval_ns;
	int64_t link_interval_ns;
	int64_t tcp_interval_ns;
	int64_t packet_bin_ns;
	int64_t flow_interval_ns;
	const struct web_options *web; /* of web sessions; may be NULL where no VM has any */
	int64_t seed;
};

struct collector_ops {
	const char *name;  /* as in [collect] and `migmeter list collectors` */
	const char *files; /* what it writes */
	const char *help;  /* one line */
	/* Open everything and begin (threads are its own). 0, or -1: then nothing is left running. */
	int (*start)(const struct watch *watch, void **ret_state, struct err *e);
	/* End, flush and close the files; facts (counts, drops, trouble) are added to `facts`. Frees state. */
	int (*stop)(void *state, struct json_object *facts, struct err *e);
};

extern const struct collector_ops samples_collector;
extern const struct collector_ops packets_collector;
extern const struct collector_ops cpu_collector;
extern const struct collector_ops link_collector;
extern const struct collector_ops job_collector;
extern const struct collector_ops ping_collector;
extern const struct collector_ops web_sessions_collector;
extern const struct collector_ops continuity_collector;
extern const struct collector_ops flows_collector;
extern const struct collector_ops tcp_collector;
extern const struct collector_ops hosts_collector;
extern const struct collector_ops segments_collector;

/* Which is where in collectors[]. */
enum collector {
	COLLECTOR_SAMPLES,
	COLLECTOR_PACKETS,
	COLLECTOR_CPU,
	COLLECTOR_LINK,
	COLLECTOR_JOB,
	COLLECTOR_PING,
	COLLECTOR_WEB_SESSIONS,
	COLLECTOR_TCP,
	COLLECTOR_CONTINUITY,
	COLLECTOR_FLOWS,
	COLLECTOR_HOSTS,
	COLLECTOR_SEGMENTS,
	COLLECTORS,
};

/* All of them; NULL ends. */
extern const struct collector_ops *const collectors[];

const struct collector_ops *collector_find(const char *name);

/* One more fact. */
void fact_number(struct json_object *facts, const char *name, int64_t value);
void fact_text(struct json_object *facts, const char *name, const char *value);

#endif

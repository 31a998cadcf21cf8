/* Every key of a config file, a row a key. Help texts, lists and the man page print these rows. */
#include "bench/experiment/simulated.h"

#include <stddef.h>
#include <string.h>

#define GENERAL(member) offsetof(struct experiment_general, member)
static const struct option_row general_rows[] = {
	{ "name", OPTION_STRING, GENERAL(name), "experiment", NULL, NULL,
	  "short name; the results folder is called after it" },
	{ "question", OPTION_STRING, GENERAL(question), "", NULL, NULL,
	  "what the experiment asks, for the report's head" },
	{ "study", OPTION_STRING, GENERAL(study), "", NULL, NULL,
	  "the paper it repeats (kuno, hirofuchi, sakurai-rtt, openflow, wide-area-...): the report judges its claims" },
	{ "explains", OPTION_STRING, GENERAL(explains), "", NULL, NULL,
	  "claims (K3 K7) that the run is to explain: beside results in DIR, from DIR-explain" },
	{ "cause", OPTION_STRING, GENERAL(cause), "", NULL, NULL,
	  "what is another in it, for the report to say 'the same with ...'" },
	{ "compare", OPTION_STRING, GENERAL(compare), "", NULL, NULL,
	  "the list or group of cases (feature) whose members the report ranks, for each of the other lists apart" },
	{ "reference", OPTION_STRING, GENERAL(reference), "", NULL, NULL,
	  "the member (plain) that the others are measured against" },
	{ "sort", OPTION_STRING, GENERAL(sort), "migration_time:completion", NULL, NULL,
	  "METRIC or METRIC:ESTIMATOR that the ranking goes by, best first" },
	{ "vms", OPTION_INTEGER, GENERAL(vms), "0", "0", "16",
	  "how many of the VMs take part, the first ones; 0: all" },
	{ "repeat", OPTION_INTEGER, GENERAL(repeat), "1", "1", "1000",
	  "how often each point is run; a case may have its own" },
	{ "order", OPTION_CHOICE, GENERAL(order), "random", "random|listed", NULL,
	  "of the points of a sweep, in each repeat anew: drift of the machine then falls on all of them" },
	{ "seed", OPTION_INTEGER, GENERAL(seed), "1", "0", NULL, "seed of everything random" },
	{ "warmup", OPTION_DURATION, GENERAL(warmup_ns), "3s", "0s", "24h",
	  "time before the baseline; enters no number" },
	{ "warmup_limit", OPTION_DURATION, GENERAL(warmup_limit_ns), "10s", "0s", "24h",
	  "warm-up goes on up to here while a VM's work rate is not steady; not above warmup: it is only told" },
	{ "steady_window", OPTION_DURATION, GENERAL(steady_window_ns), "2s", "500ms", "1h",
	  "the end of warm-up in which work rates must not rise or fall" },
	{ "steady_change", OPTION_FRACTION, GENERAL(steady_change), "0.05", "0", "1",
	  "share of a work rate that it may rise or fall by in that window" },
	{ "baseline", OPTION_DURATION, GENERAL(baseline_ns), "8s", "1s", "24h",
	  "undisturbed time that everything is compared with" },
	{ "settle", OPTION_DURATION, GENERAL(settle_ns), "8s", "1s", "24h", "time after the migration" },
	{ "boot_timeout", OPTION_DURATION, GENERAL(boot_timeout_ns), "120s", "1s", "1h",
	  "longest wait for a guest's agent, memory fill included" },
	OPTION_END
};

#define HOSTS(member) offsetof(struct experiment_hosts, member)
static const struct option_row hosts_rows[] = {
	{ "kind", OPTION_CHOICE, HOSTS(kind), "local", "local|remote|outside", NULL,
	  "local: nodes made on this machine; remote: machines that are there, see [remote]; outside: they cannot be asked" },
	{ "accelerator", OPTION_CHOICE, HOSTS(accelerator), "auto", "auto|kvm|tcg", NULL,
	  "auto: KVM if a tiny guest boots under it, else TCG" },
	{ "pinned", OPTION_BOOLEAN, HOSTS(pinned), "yes", NULL, NULL, "one core for each compute node" },
	{ "urgent", OPTION_BOOLEAN, HOSTS(urgent), "no", NULL, NULL,
	  "guests come before all other work of this machine (SCHED_RR): for an idle guest beside other work" },
	OPTION_END
};

#define REMOTE(member) offsetof(struct remote_spec, member)
/* clang-format off */
#define REMOTE_TEXT(name, member, initial, help) { name, OPTION_STRING, REMOTE(member), initial, NULL, NULL, help }
#define REMOTE_HOST_ROWS(node, index) \
	REMOTE_TEXT(node "_uri", hosts[index].uri, "", \
		"libvirt on node " node ": qemu+ssh://root@HOST/system or qemu+tls://HOST/system"), \
	REMOTE_TEXT(node "_ssh", hosts[index].ssh, "", "the same machine for ssh: root@HOST"), \
	REMOTE_TEXT(node "_ssh_options", hosts[index].ssh_options, "", "words for ssh: -p 2222 -i KEY"), \
	REMOTE_TEXT(node "_address", hosts[index].address, "", "its IPv4 address that migrations are sent to"), \
	REMOTE_TEXT(node "_device", hosts[index].device, "", \
		"its interface that they leave by, the only one that is shaped; empty: none is")

static const struct option_row remote_rows[] = {
	REMOTE_HOST_ROWS("src", 0),
	REMOTE_HOST_ROWS("dst", 1),
	REMOTE_TEXT("management_bridge", management_bridge, "br-mgmt",
		"bridge on both nodes for the guests' samples"),
	REMOTE_TEXT("data_bridge", data_bridge, "br-lan",
		"bridge on both nodes for the guests' data"),
	REMOTE_TEXT("directory", directory, "/var/lib/libvirt/migmeter",
		"made and removed on both nodes: kernel and consoles of the guests"),
	REMOTE_TEXT("head", head, "",
		"this machine's address that guests send samples to"),
	REMOTE_TEXT("head_data", head_data, "",
		"and heartbeats, on the guests' data network; empty: the same"),
	REMOTE_TEXT("data_device", data_device, "br-lan",
		"this machine's interface on which the heartbeats arrive"),
	REMOTE_TEXT("guest_management", guest_management, "10.77.1.11/24",
		"address of the first guest for samples; the next ones follow"),
	REMOTE_TEXT("guest_data", guest_data, "10.77.2.11/24",
		"address of the first guest for data, likewise"),
	REMOTE_TEXT("run_id", run_id, "", "16 hex digits that the agents in domains of yours were started with (--run)"),
	{ "move_back", OPTION_BOOLEAN, REMOTE(move_back), "yes", NULL, NULL,
	  "after a run move domains of yours back to where they were" },
	{ "lease", OPTION_DURATION, REMOTE(lease_ns), "30s", "5s", "1h",
	  "so long after this machine was last heard a node undoes by itself what was changed on it" },
	OPTION_END
};
/* clang-format on */

#define LINK(member) offsetof(struct experiment_link, member)
static const struct option_row link_rows[] = {
	{ "rate", OPTION_RATE, LINK(shape.rate_bits_per_s), "100M", "0", "100G",
	  "of the migration link; 0: unshaped" },
	{ "rtt", OPTION_DURATION, LINK(shape.rtt_ns), "0ms", "0ms", "10s", "round trip added to the link" },
	{ "jitter", OPTION_DURATION, LINK(shape.jitter_ns), "0ms", "0ms", "10s", "the round trip varies by so much" },
	{ "loss", OPTION_FRACTION, LINK(shape.loss), "0", "0", "0.5", "share of the frames lost, each way" },
	{ "queue", OPTION_SIZE, LINK(shape.queue_bytes), "0", "0", "1G",
	  "before the bottleneck; 0: 50 ms of the rate" },
	{ "topology", OPTION_CHOICE, LINK(topology), "separate", "separate|shared", NULL,
	  "shared: storage and guest traffic on the shaped link too" },
	{ "network", OPTION_CHOICE, LINK(network), "bridge", "bridge|ovs", NULL,
	  "ovs: the nodes are in two LANs with a router between, and Open vSwitch tunnels the guests' LAN across" },
	{ "tunnel", OPTION_CHOICE, LINK(tunnel), "gre", "gre|vxlan|geneve", NULL,
	  "between the switches of network ovs" },
	{ "backend", OPTION_CHOICE, LINK(backend), "auto", "auto|netem|htb|emulator", NULL, "what shapes the link" },
	{ "congestion_control", OPTION_STRING, LINK(congestion_control), "auto", NULL, NULL,
	  "of TCP on all nodes; auto: cubic, or reno where there is none" },
	{ "tcp_buffer", OPTION_SIZE, LINK(tcp_buffer_bytes), "64M", "8K", "1G",
	  "highest send and receive buffer of a TCP connection on all nodes; about half of it can be on the way" },
	OPTION_END
};

#define STORAGE(member) offsetof(struct experiment_storage, member)
static const struct option_row storage_rows[] = {
	{ "kind", OPTION_CHOICE, STORAGE(kind), "none", "none|iscsi|copy", NULL,
	  "disks for the VMs; iscsi: shared; copy: each node's own, moved along by migration.copy_disks" },
	{ "changed", OPTION_FRACTION, STORAGE(changed), "0.1", "0", "1",
	  "kind copy: the share of a disk that its VM has changed; the rest is the same on both nodes" },
	OPTION_END
};

#define VM(member) offsetof(struct experiment_vm, member)
static const struct option_row vm_rows[] = {
	{ "node", OPTION_STRING, VM(node), "src", NULL, NULL, "where it starts: src or dst" },
	{ "domain", OPTION_STRING, VM(domain), "", NULL, NULL,
	  "a domain of yours that runs there, with the agent in it (hosts.kind = remote or outside); empty: one that comes with migmeter" },
	{ "address", OPTION_STRING, VM(address), "", NULL, NULL, "its IPv4 address, of a domain of yours" },
	{ "memory", OPTION_SIZE, VM(memory_bytes), "256M", "16M", "1T",
	  "RAM of the guest; one that comes with migmeter needs 96M and what its workloads hold" },
	{ "vcpus", OPTION_INTEGER, VM(vcpus), "1", "1", "64", "virtual CPUs" },
	{ "disk", OPTION_SIZE, VM(disk_bytes), "0", "0", "16T",
	  "size of its disk, filled with incompressible bytes; 0: none" },
	{ "memory_fill", OPTION_CHOICE, VM(fill), "random", "none|random", NULL,
	  "random: every free page is written once, so that zero pages flatter nothing" },
	{ "workload", OPTION_STRING, VM(workload), "intadd", NULL, NULL, "what it does; two at once as NAME+NAME" },
	{ "sessions", OPTION_STRING, VM(sessions), "", NULL, NULL,
	  "web sessions that load it (workload web): 100, or 20:60,+30/10s..200 (20 for 60 s, then every 10 s "
	  "30 more); its time counts from when all guests work, before the warm-up" },
	OPTION_END
};

#define MIGRATION(member) offsetof(struct experiment_migration, member)
static const struct option_row migration_rows[] = {
	{ "vm", OPTION_STRING, MIGRATION(vm), "", NULL, NULL, "the VM that moves; empty: the first one" },
	{ "mode", OPTION_CHOICE, MIGRATION(mode), "precopy", "precopy|postcopy|none", NULL, "none: nothing moves" },
	{ "driver", OPTION_CHOICE, MIGRATION(driver), "libvirt", "libvirt|exec", NULL,
	  "exec: the commands below move it, run by sh with what they need in their environment (MIGMETER_VM ...)" },
	{ "start", OPTION_STRING, MIGRATION(start), "", NULL, NULL,
	  "shell command that moves the VM, or has it moved (driver = exec)" },
	{ "state", OPTION_STRING, MIGRATION(state), "", NULL, NULL,
	  "asked when start has ended: prints running, completed or failed, and KEY=VALUE; empty: start's end is the end" },
	{ "cancel", OPTION_STRING, MIGRATION(cancel), "", NULL, NULL, "shell command that breaks the migration off" },
	{ "src_name", OPTION_STRING, MIGRATION(src_name), "", NULL, NULL,
	  "what these commands call node src; empty: src" },
	{ "dst_name", OPTION_STRING, MIGRATION(dst_name), "", NULL, NULL,
	  "what these commands call node dst; empty: dst" },
	{ "state_interval", OPTION_DURATION, MIGRATION(state_interval_ns), "1s", "20ms", "1h",
	  "between two questions; the end of the migration is known to this" },
	{ "command_timeout", OPTION_DURATION, MIGRATION(command_timeout_ns), "30s", "100ms", "1h",
	  "longest time for state and for cancel" },
	{ "switch", OPTION_CHOICE, MIGRATION(postcopy_switch), "now", "now|first-pass|time", NULL,
	  "when post-copy switches over" },
	{ "switch_after", OPTION_DURATION, MIGRATION(switch_after_ns), "1s", "0s", "24h", "for switch = time" },
	{ "downtime_limit", OPTION_DURATION, MIGRATION(downtime_limit_ns), "300ms", "1ms", "2000s",
	  "longest stop that pre-copy may plan" },
	{ "sent_limit", OPTION_FRACTION, MIGRATION(sent_limit), "0", "0", "100",
	  "pre-copy stops the VM when it has sent its memory so many times, as Xen does (3); 0: never" },
	{ "bandwidth", OPTION_SIZE, MIGRATION(bandwidth_bytes_per_s), "0", "0", "1T",
	  "bytes a second, whole MiB; 0: the link is the limit" },
	{ "timeout", OPTION_DURATION, MIGRATION(timeout_ns), "10min", "1s", "24h", "aborted when it takes longer" },
	{ "stream", OPTION_BOOLEAN, MIGRATION(stream), "no", NULL, NULL,
	  "decode the migration's stream as it passes: what need not have been sent, in pages.csv" },
	{ "stream_kept", OPTION_STRING, MIGRATION(stream_kept), "", NULL, NULL,
	  "folder in which a node keeps, from run to run, hashes of the pages of VMs that left it" },
	{ "reuse", OPTION_BOOLEAN, MIGRATION(reuse), "no", NULL, NULL,
	  "a relay on either node, which send over the link only what the other one has not kept of earlier visits; not with parallel "
	  "or postcopy_preempt" },
	{ "reuse_store", OPTION_STRING, MIGRATION(reuse_store), "", NULL, NULL,
	  "folder in which each relay keeps pages from run to run (secrets of guests); empty: in memory, for the run" },
	{ "reuse_memory", OPTION_SIZE, MIGRATION(reuse_memory_bytes), "512M", "4M", "256G",
	  "pages that a relay holds in memory, without a reuse_store; at most half are of disks; twice the VMs' memory and the disks: "
	  "it forgets none" },
	{ "reuse_disk", OPTION_SIZE, MIGRATION(reuse_disk_bytes), "1G", "4M", "256G",
	  "pages that it keeps in reuse_store" },
	{ "reuse_disks", OPTION_BOOLEAN, MIGRATION(reuse_disks), "yes", NULL, NULL,
	  "relays know the blocks of disks that both nodes can read ([storage] kind = iscsi)" },
	{ "moves_before", OPTION_INTEGER, MIGRATION(moves_before), "0", "0", "100",
	  "so often the VM moves between the nodes before the warm-up and the migration that is measured" },
	{ "stay", OPTION_DURATION, MIGRATION(stay_ns), "10s", "1s", "24h",
	  "it works so long where each of these moves took it" },
	{ "first_stay", OPTION_DURATION, MIGRATION(first_stay_ns), "10s", "1s", "24h",
	  "and so long before the first of them" },
	{ "page_waits", OPTION_BOOLEAN, MIGRATION(page_waits), "no", NULL, NULL,
	  "post-copy: have the destination's QEMU count and trace how long vCPUs wait for pages (waits-VM.csv)" },
	{ "suspend", OPTION_DURATION, MIGRATION(suspend_ns), "0s", "0s", "1h",
	  "stop the VM so long in the middle of the time in which it would migrate (mode none)" },
	OPTION_END
};

#define CONSOLIDATE(member) offsetof(struct experiment_consolidate, member)
static const struct option_row consolidate_rows[] = {
	{ "policy", OPTION_STRING, CONSOLIDATE(policy), "", NULL, NULL,
	  "which VMs move when and where ('migmeter list policies'); empty: one migration, as [migration] says" },
	{ "duration", OPTION_DURATION, CONSOLIDATE(duration_ns), "60s", "1s", "24h", "length of the loop" },
	{ "until", OPTION_CHOICE, CONSOLIDATE(until), "duration", "duration|jobs|gathered", NULL,
	  "jobs: the loop ends before its time when all jobs in the VMs have ended; gathered: and the VMs are on one node" },
	{ "node_cpu", OPTION_CHOICE, CONSOLIDATE(node_cpu), "all", "all|guests", NULL,
	  "what a node's CPU is: all that its cores do, or its VMs only (for a machine with other work)" },
	{ "node_memory", OPTION_SIZE, CONSOLIDATE(node_memory_bytes), "0", "0", "1T",
	  "RAM of a node for VMs; 0: its share of the machine's" },
	{ "power", OPTION_CHOICE, CONSOLIDATE(power), "none", "none|stand-in|command", NULL,
	  "how empty nodes sleep; stand-in: in the books only, since local nodes cannot" },
	{ "sleep", OPTION_STRING, CONSOLIDATE(sleep), "", NULL, NULL,
	  "shell command that puts the node $1 to sleep (power = command)" },
	{ "wake", OPTION_STRING, CONSOLIDATE(wake), "", NULL, NULL, "shell command that wakes the node $1" },
	{ "wake_delay", OPTION_DURATION, CONSOLIDATE(wake_delay_ns), "10s", "0s", "1h",
	  "so long the stand-in takes to wake a node" },
	{ "sleep_after", OPTION_DURATION, CONSOLIDATE(sleep_after_ns), "10s", "0s", "24h",
	  "a node sleeps when it has been empty for so long" },
	{ "wake_limit", OPTION_DURATION, CONSOLIDATE(wake_limit_ns), "60s", "1s", "1h",
	  "for a sleep or wake command to end, and then for a woken node to answer" },
	{ "keep", OPTION_DURATION, CONSOLIDATE(keep_ns), "0s", "0s", "48h",
	  "age at which the monitor's rows are deleted; 0: none of the run, and an hour at least" },
	{ "dry_run", OPTION_BOOLEAN, CONSOLIDATE(dry_run), "no", NULL, NULL,
	  "watch and plan, and say what would be done, but do nothing" },
	OPTION_END
};

static const struct option_row group_rows[] = {
	{ "vms", OPTION_STRING, offsetof(struct experiment_group, vms), "", NULL, NULL,
	  "the VMs that move together, from one node: 'vm1 vm2', or all; empty: one migration, as [migration] says" },
	GROUP_SCHEDULE_ROWS(struct experiment_group, schedule.),
	OPTION_END
};

#define FAULT(member) offsetof(struct experiment_fault, member)
static const struct option_row fault_rows[] = {
	{ "cut", OPTION_DURATION, FAULT(cut_ns), "0s", "0s", "1h",
	  "break the migration link for so long, its connections included; 0: not" },
	{ "cut_after", OPTION_DURATION, FAULT(cut_after_ns), "1s", "0s", "1h",
	  "so long after the migration's start, or in post-copy after the switch" },
	OPTION_END
};

#define BISECT(member) offsetof(struct experiment_bisect, member)
static const struct option_row bisect_rows[] = {
	{ "key", OPTION_STRING, BISECT(key), "", NULL, NULL,
	  "the key (vm1.memdirty.rate) whose highest value is looked for at which the migration converges" },
	{ "of", OPTION_STRING, BISECT(of), "1", NULL, NULL,
	  "from, to and until are multiples of this value (11.35M)" },
	{ "from", OPTION_FRACTION, BISECT(from), "0.1", "0", "1000000", "where it should converge" },
	{ "to", OPTION_FRACTION, BISECT(to), "2", "0", "1000000", "where it should not" },
	{ "until", OPTION_FRACTION, BISECT(until), "0.05", "0.0001", "1000000",
	  "how narrow the bracket about the boundary is to be" },
	{ "label", OPTION_STRING, BISECT(label), "", NULL, NULL, "what the multiple is, for the report's axis" },
	OPTION_END
};

#define SESSIONS(member) offsetof(struct web_options, member)
static const struct option_row sessions_rows[] = {
	{ "think", OPTION_DURATION, SESSIONS(think_ns), "6.5s", "0s", "1h",
	  "mean time between a response and the next request" },
	{ "good", OPTION_DURATION, SESSIONS(good_ns), "2s", "1ms", "1h", "a response is good up to here" },
	{ "tolerable", OPTION_DURATION, SESSIONS(tolerable_ns), "4s", "1ms", "1h",
	  "and tolerable up to here; later, or with an error, it has failed" },
	{ "timeout", OPTION_DURATION, SESSIONS(timeout_ns), "30s", "1ms", "1h",
	  "a request without a whole response is given up" },
	{ "start", OPTION_CHOICE, SESSIONS(start), "thinking", "thinking|at-once", NULL,
	  "sessions that a step of the schedule opens begin after a think time each, within the step; or all at its instant" },
	{ "tls", OPTION_BOOLEAN, SESSIONS(tls), "yes", NULL, NULL, "https on port 443; no: http on port 80" },
	OPTION_END
};

#define COLLECT(member) offsetof(struct experiment_collect, member)
static const struct option_row collect_rows[] = {
	{ "interval", OPTION_DURATION, COLLECT(sample_interval_ns), "10ms", "1ms", "10s",
	  "between two samples in a guest" },
	{ "heartbeat", OPTION_DURATION, COLLECT(heartbeat_ns), "50ms", "1ms", "10s",
	  "between two heartbeats of a guest, which the network's downtime is read from; not more often than samples" },
	{ "job_interval", OPTION_DURATION, COLLECT(job_interval_ns), "50ms", "1ms", "10s",
	  "between two looks at the migration job" },
	{ "cpu_interval", OPTION_DURATION, COLLECT(cpu_interval_ns), "100ms", "1ms", "10s",
	  "between two readings of CPU time" },
	{ "link_interval", OPTION_DURATION, COLLECT(link_interval_ns), "100ms", "1ms", "10s",
	  "between two readings of link counters" },
	{ "tcp_interval", OPTION_DURATION, COLLECT(tcp_interval_ns), "100ms", "1ms", "10s",
	  "between two looks at the TCP connections of migrations, and width of a row of their segments" },
	{ "packet_bin", OPTION_DURATION, COLLECT(packet_bin_ns), "10ms", "1ms", "10s", "width of a row of packets" },
	{ "flow_interval", OPTION_DURATION, COLLECT(flow_interval_ns), "1s", "100ms", "10min",
	  "between two readings of the switches' flows (network ovs)" },
	{ "events", OPTION_BOOLEAN, COLLECT(events), "yes", NULL, NULL,
	  "keep the hypervisor's events: stops, iterations (no: as where no hypervisor can be asked)" },
	{ "samples", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_SAMPLES]), "yes", NULL, NULL,
	  "collect samples (the run needs them to follow the guests)" },
	{ "packets", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_PACKETS]), "yes", NULL, NULL,
	  "collect packets at the client" },
	{ "cpu", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_CPU]), "yes", NULL, NULL, "collect CPU time of nodes and VMs" },
	{ "link", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_LINK]), "yes", NULL, NULL, "collect link counters" },
	{ "job", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_JOB]), "yes", NULL, NULL,
	  "collect the hypervisor's job statistics" },
	{ "ping", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_PING]), "no", NULL, NULL,
	  "ping the guests at 10, 100 and 200 ms too, for comparison" },
	{ "web-sessions", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_WEB_SESSIONS]), "yes", NULL, NULL,
	  "load VMs that have sessions with them (no: they are not loaded)" },
	{ "continuity", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_CONTINUITY]), "yes", NULL, NULL,
	  "talk to VMs with workload stream (no: they hear nothing)" },
	{ "flows", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_FLOWS]), "yes", NULL, NULL,
	  "collect the switches' flows (network ovs)" },
	{ "hosts", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_HOSTS]), "yes", NULL, NULL,
	  "collect CPU time, link counters and clocks of remote nodes, instead of cpu and link" },
	{ "tcp", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_TCP]), "no", NULL, NULL,
	  "collect windows, round trips and repeats of the TCP connections of migrations" },
	{ "segments", OPTION_BOOLEAN, COLLECT(on[COLLECTOR_SEGMENTS]), "no", NULL, NULL,
	  "capture the headers of migrations' TCP: bytes that went over the wire, again too, and the windows there" },
	OPTION_END
};

#define SECTION(member) offsetof(struct experiment, member)
const struct experiment_section experiment_sections[] = {
	{ "experiment", general_rows, SECTION(general), "name, question, repeats and phases" },
	{ "hosts", hosts_rows, SECTION(hosts), "the machines" },
	{ "remote", remote_rows, SECTION(remote),
	  "machines that are there already (hosts.kind = remote or outside)" },
	{ "link", link_rows, SECTION(link), "the link that migrations cross" },
	{ "storage", storage_rows, SECTION(storage), "disks of the VMs" },
	{ "vm", vm_rows, 0, "one section [vm NAME] a VM; a workload's keys as WORKLOAD.KEY" },
	{ "migration", migration_rows, SECTION(migration), "what moves, how, and hypervisor features" },
	{ "consolidate", consolidate_rows, SECTION(consolidate),
	  "VMs moved by a policy, again and again; a policy's keys as POLICY.KEY" },
	{ "group", group_rows, SECTION(group), "several VMs moved as one task, as a schedule says" },
	{ "fault", fault_rows, SECTION(fault), "what is broken on purpose" },
	{ "bisect", bisect_rows, SECTION(bisect),
	  "a boundary to be found with few runs, at each point of the sweep" },
	{ "sessions", sessions_rows, SECTION(sessions), "the web sessions of all VMs that have some" },
	{ "collect", collect_rows, SECTION(collect), "what is recorded, how often" },
	{ NULL, NULL, 0, NULL },
};

const struct option_row *experiment_section_rows(const char *name)
{
	for (const struct experiment_section *s = experiment_sections; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s->rows;
	return NULL;
}

/* Rows of "WORKLOAD.KEY" and "POLICY.KEY", NULL where there are none; *ret_key is then KEY. */
static const struct option_row *named_rows(const struct config_entry *entry, const char **ret_key)
{
	char name[64];
	size_t length = strcspn(entry->key, ".");
	if (!entry->key[length])
		return NULL;
	memcpy(name, entry->key, length);
	name[length] = '\0';
	*ret_key = entry->key + length + 1;
	if (strcmp(entry->section, "vm") == 0) {
		const struct workload_ops *ops = workload_find(name, NULL);
		return ops ? ops->options : NULL;
	}
	bool of_policy = strcmp(entry->section, "consolidate") == 0 || strcmp(entry->section, "simulate") == 0;
	const struct policy_ops *ops = of_policy ? policy_find(name, NULL) : NULL;
	return ops ? ops->options : NULL;
}

const struct option_row *experiment_list_row(const struct config_entry *entry)
{
	/* Texts are never lists (a schedule has commas of its own), but for those that name things to choose from. */
	static const char *const choices[] = { "workload", "policy", "congestion_control" };
	const char *key = entry->key;
	if (strcmp(entry->section, "bisect") == 0)
		return NULL;
	const struct option_row *rows = named_rows(entry, &key);
	if (!rows)
		rows = experiment_section_rows(entry->section);
	if (!rows)
		rows = simulated_section_rows(entry->section);
	const struct option_row *row = rows ? option_find(rows, key) : NULL;
	if (!row && strcmp(entry->section, "migration") == 0)
		row = option_find(feature_rows, key);
	bool sweeps = row && row->type != OPTION_STRING && row->type != OPTION_LONG;
	for (size_t i = 0; row && i < sizeof(choices) / sizeof(choices[0]); i++)
		sweeps |= strcmp(key, choices[i]) == 0;
	return sweeps ? row : NULL;
}

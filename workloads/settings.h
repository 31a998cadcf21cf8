/*
 * settings.h - what the head tells a guest, as words of its kernel command line. One codec for both sides.
 *
 *	migmeter.run=<16 hex digits>            run id
 *	migmeter.vm=<index>                     index of the VM in the experiment
 *	migmeter.interval=<ns>                  of the samples, 1 ms to 10 s
 *	migmeter.heartbeat=<ns>                 of the heartbeats, likewise; they go with samples, so not more often
 *	migmeter.mgmt=<mac>,<ip>/<prefix>       the NIC to the head, by its address
 *	migmeter.data=<mac>,<ip>/<prefix>       the NIC that is measured (may be absent)
 *	migmeter.head=<ip>                      samples go here
 *	migmeter.headdata=<ip>                  heartbeats go here (may be absent)
 *	migmeter.fill=none|random               memory_fill
 *	migmeter.workload=NAME[+NAME]           1 to WORKLOADS_PER_GUEST of them
 *	migmeter.NAME.KEY=VALUE                 an option of workload NAME
 *	migmeter.probe=1                        only say "migmeter: alive" on the console and power off
 * Blanks, quotes and percent signs in a value are written as in URLs (%20). Other words on the command line are the
 * kernel's and are skipped.
 */
#ifndef WORKLOADS_SETTINGS_H
#define WORKLOADS_SETTINGS_H

#include "bench/base/sample_wire.h"
#include "workloads/workload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define GUEST_COMMAND_LINE_ROOM 2048 /* x86's COMMAND_LINE_SIZE, the kernel cuts what is longer */

struct guest_nic {
	unsigned char mac[6];
	uint32_t address; /* IPv4, host byte order; 0: there is no such NIC */
	int prefix;       /* 1 to 32 */
};

struct guest_settings {
	uint64_t run_id;
	uint16_t vm;
	int64_t interval_ns, heartbeat_ns;
	struct guest_nic management, data;
	uint32_t head_address; /* IPv4, host byte order; 0: not given */
	uint32_t head_data_address;
	bool fill_random;
	int64_t empty_bytes; /* of the memory, zeroed instead of filled */
	bool probe;
	int workload_count;
	const struct workload_ops *workload[WORKLOADS_PER_GUEST];
	void *options[WORKLOADS_PER_GUEST]; /* through workload_options_new() */
};

/* Interval 10 ms, of heartbeats 50 ms, everything else absent. */
void guest_settings_init(struct guest_settings *s);

/* Frees the options. */
void guest_settings_free(struct guest_settings *s);

/*
 * Set one: key without "migmeter." ("interval", "intadd.job"). "workload" makes the options, so it comes before
 * options of workloads and is given once. Returns 0, or -1 with a message that names the key.
 */
int guest_settings_set(struct guest_settings *s, const char *key, const char *value, struct err *e);

/*
 * Read a kernel command line. Returns 0, or -1 with the first trouble; all that can be understood is set all the
 * same, so that a guest with a mistake in it can still say so.
 */
int guest_settings_parse(struct guest_settings *s, const char *command_line, struct err *e);

/* Is it enough to run an agent: run id, head, a workload? Checks the options of the workloads too. */
int guest_settings_check(const struct guest_settings *s, struct err *e);

/* Write the words for the kernel command line; options that have their default are left out. Returns 0,
 * or -1 when the buffer is too small. */
int guest_settings_format(const struct guest_settings *s, char *buffer, size_t room, struct err *e);

#endif

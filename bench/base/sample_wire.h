/*
 * sample_wire.h - the datagrams between a guest's agent and the head. Little endian, fixed sizes, one codec for
 * both sides; whatever arrives is hostile until message_decode() has said 0.
 *
 * Guest to head:
 *	HELLO    state of the agent, every 50 ms until START came, then every second (and on every change)
 *	SAMPLES  the newest samples plus a few older ones, so that single losses heal; also the answer to FETCH
 * Head to guest:
 *	START    begin the workloads (repeated until a HELLO says running; idempotent)
 *	FETCH    send samples first..first+count-1 of one workload again
 *	STOP     end the workloads; samples stay in memory for FETCH
 *	POWEROFF power the guest off
 *	PACE     sample every so many ns from now on, or not at all (what a benchmark of the sampling itself needs)
 * Head -> guest datagrams carry the run id too; either side drops what has another id.
 */
#ifndef BENCH_BASE_SAMPLE_WIRE_H
#define BENCH_BASE_SAMPLE_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define SAMPLE_WIRE_VERSION 2
#define SAMPLE_WIRE_PORT 7710      /* UDP, head side: samples and hellos come here */
#define SAMPLE_CONTROL_PORT 7711   /* UDP, guest side: START, FETCH, STOP */
#define SAMPLE_HEARTBEAT_PORT 7712 /* UDP, head's data-network side: small datagrams at an even pace */
#define SAMPLES_PER_MESSAGE 24
#define WORKLOADS_PER_GUEST 4
#define MESSAGE_ROOM 1400 /* longest encoded message, bytes */

/* Stamps, work and latencies are below it (36 years in ns), so that sums of a few never overflow. */
#define SAMPLE_VALUE_LIMIT (INT64_C(1) << 60)

#define SAMPLE_INTERVAL_MIN_NS INT64_C(1000000)
#define SAMPLE_INTERVAL_MAX_NS INT64_C(10000000000)

enum message_type {
	MESSAGE_HELLO = 1,
	MESSAGE_SAMPLES,
	MESSAGE_START,
	MESSAGE_FETCH,
	MESSAGE_STOP,
	MESSAGE_POWEROFF,
	MESSAGE_PACE
};

enum agent_state { AGENT_BOOTING, AGENT_PREPARING, AGENT_READY, AGENT_RUNNING, AGENT_DONE, AGENT_FAILED };

/* One sample: cumulative work of a workload at a guest instant. */
struct sample {
	uint32_t seq;        /* 0, 1, 2 ... per workload; one each sampling interval */
	int64_t guest_ns;    /* guest CLOCK_MONOTONIC */
	int64_t work;        /* cumulative, in the workload's unit (additions, bytes, busy ns, samples) */
	int64_t worst_op_ns; /* longest single operation that ended or is still going on since the sample before */
	int64_t worst_service_ns; /* the same from its real begin on, not the intended one; never above worst_op_ns */
};

struct message {
	enum message_type type;
	uint64_t run_id;
	uint16_t vm; /* index of the VM in the experiment, from 0 */
	union {
		struct {
			enum agent_state state;
			uint8_t workloads; /* how many run in this guest, 1..WORKLOADS_PER_GUEST */
			uint64_t boot_ns;  /* guest CLOCK_MONOTONIC now */
			uint32_t next_seq[WORKLOADS_PER_GUEST]; /* samples taken so far */
			/* when a fixed-size job ended; -1: none or still running */
			int64_t job_done_guest_ns[WORKLOADS_PER_GUEST];
			uint64_t slots_missed; /* sampling deadlines that had passed already and were dropped */
			/* in AGENT_FAILED what failed; else what it is doing (such as "filling 40 of 96 MiB") */
			char detail[128];
		} hello;
		struct {
			uint8_t workload; /* index in the guest, from 0 */
			uint8_t fetched;  /* 1: an answer to FETCH, whose arrival time means nothing */
			uint8_t count;    /* 1..SAMPLES_PER_MESSAGE, ascending seq */
			struct sample sample[SAMPLES_PER_MESSAGE];
		} samples;
		struct {
			uint8_t workload;
			uint32_t first;
			uint16_t count;
		} fetch;
		struct {
			int64_t interval_ns; /* SAMPLE_INTERVAL_MIN_NS to _MAX_NS, or 0: no sampling */
		} pace;
	};
};

/* Encode into buffer (MESSAGE_ROOM bytes); returns the length. The message must be valid. */
size_t message_encode(const struct message *m, unsigned char *buffer);

/*
 * Decode and check a datagram: magic, version, type, exact length, counts, ranges (work, stamps and latencies from 0
 * to below SAMPLE_VALUE_LIMIT, worst_service not above worst_op, seq ascending, states known, text printable). Returns
 * 0, or -1 with *ret_reason naming what was wrong; *ret is then undefined. The run id is returned, not judged.
 */
int message_decode(const unsigned char *bytes, size_t length, struct message *ret, const char **ret_reason);

#endif

/*
 * samples_state.h - the inside of the samples collector, shared by samples.c (receives, keeps, writes) and
 * samples_control.c (asks the agents). Nobody else includes it.
 */
#ifndef COLLECTORS_SAMPLES_STATE_H
#define COLLECTORS_SAMPLES_STATE_H

#include "collectors/collector.h"
#include "collectors/samples.h"
#include "bench/base/seen.h"
#include "collectors/worker.h"

#include <netinet/in.h>
#include <pthread.h>

#define CONTROL_INTERVAL_NS (50 * INT64_C(1000000)) /* between repetitions of START, STOP and POWEROFF */

struct json_object;
struct series;

struct workload_samples {
	struct seen seen;
	int64_t fetched; /* samples that came by FETCH only */
	struct samples_progress last;
};

struct vm_samples {
	const struct watched_vm *vm;
	struct in_addr address;
	struct series *series;
	int workload_count;
	struct workload_samples workload[WORKLOADS_PER_GUEST];
	struct samples_agent agent;
	int64_t hello_ns; /* arrival of the last HELLO */
	uint64_t boot_ns; /* the guest's clock in it; a step back is a reboot */
	int64_t guest_restarts;
	int commands_sent; /* of the command wanted now */
};

struct drop {
	const char *reason; /* constant text */
	int64_t count;
};

struct samples {
	const struct watch *watch;
	struct worker worker;
	int fd;
	int receive_buffer_bytes;
	int64_t start_ns;

	pthread_mutex_t lock;  /* everything below */
	pthread_cond_t change; /* a HELLO or a fetched sample came, or interrupted; CLOCK_MONOTONIC */
	int interrupted;
	enum message_type command;      /* what agents are told until they obey; 0: nothing */
	int64_t pace_ns;                /* what MESSAGE_PACE tells them */
	struct vm_samples *vms;         /* in the order of watch->vms */
	struct vm_samples **by_address; /* sorted by address */
	int64_t datagrams, samples, duplicates, fetched, send_failures;
	struct drop drops[32];
};

/* Samples of the workload that should exist, as far as is known. */
uint32_t samples_expected(const struct vm_samples *v, int workload);

/* Send a command to the agent; the lock is held. A failure is counted. */
void samples_send(struct samples *s, const struct vm_samples *v, struct message *m);

/* Repeat the command to all agents that have not obeyed; called by the receiver every CONTROL_INTERVAL_NS. */
void samples_repeat_command(struct samples *s);

/* What came, what was dropped and what is missing; the receiver has ended. */
void samples_facts(const struct samples *s, struct json_object *facts);

#endif

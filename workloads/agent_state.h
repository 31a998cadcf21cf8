/* agent_state.h - what agent.c and sampler.c share; nobody else includes it. */
#ifndef WORKLOADS_AGENT_STATE_H
#define WORKLOADS_AGENT_STATE_H

#include "bench/base/sample_wire.h"
#include "workloads/agent.h"
#include "workloads/heartbeat.h"
#include "workloads/store.h"
#include "workloads/workload.h"

#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>

struct guest_settings;

struct sampler {
	struct sampling sampling; /* what the workloads see of it */
	atomic_flag taken;        /* somebody is at it: what follows is theirs */
	int alarm_fd;             /* timerfd that wakes the sampler's thread */
	int64_t interval_ns;      /* in force; 0: no samples */
	int64_t patience_ns;      /* behind a deadline, for a workload to come by */
	int64_t beat_ns;          /* of the next heartbeat */
	struct slots slots;
	int send_every, count, unsent; /* samples: of a datagram that are new, in all, taken since the last one */
};

struct agent {
	const struct guest_settings *settings;
	struct agent_hooks hooks;
	int control_fd, wake_fd;
	struct heartbeat heartbeat;
	struct sockaddr_in head;
	pthread_t control;

	pthread_mutex_t lock; /* of state and detail together */
	_Atomic enum agent_state state;
	char detail[128];

	bool started, stopped;       /* START, STOP came; control thread only */
	sem_t start;                 /* posted on START, and again on STOP */
	_Atomic bool stop;           /* the sampler ends */
	_Atomic int64_t interval_ns; /* of the samples, as asked; 0: none are taken */
	_Atomic bool silent;         /* the control thread ends */
	struct sampler sampler;

	int count; /* workloads that are prepared */
	struct workload workload[WORKLOADS_PER_GUEST];
	struct store store[WORKLOADS_PER_GUEST];
	_Atomic int64_t slots_missed;
};

/* Fill in run id and VM, encode, send to the head with sendto's flags. */
void agent_send(struct agent *a, struct message *m, int flags);

/* Before any workload runs; nobody samples yet. sampler_free() in any case, once its thread and theirs have ended. */
int sampler_init(struct agent *a, struct err *e);
void sampler_free(struct agent *a);

/* The sampler's thread: struct agent, until a->stop. */
void *sampler_main(void *argument);

/* a->stop or a->interval_ns has changed. */
void sampler_wake(struct agent *a);

#endif
